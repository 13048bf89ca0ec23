"""How long a server asks to be left alone, read from the headers of its answer, or from its body.

Knows `Retry-After` (RFC 9110, section 10.2.3), the rate limits that providers tell of in headers of their own, fields
such as `retryDelay`, and sentences such as "try again in 1m26s".
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from multidict import CIMultiDict

from hfsft.keys import letters
from hfsft.letters.late_patterns import at_first_use

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = r"(\d+(?:\.\d+)?)(ms|[dhms])"
# The same in prose: "2m3s", "1 minute and 20 seconds".
_WORD = (
    r"(\d{1,15}(?:\.\d{1,15})?)\s{0,2}"
    r"(milliseconds?|millis|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)(?![a-z])"
)
_AGAIN = at_first_use(
    rf"(?:try|retr(?:y|ies)|again|wait|resets?|available|come back|cool.?down)\w{{0,3}}\b[^.;\d\n]{{0,60}}?"
    rf"({_WORD}(?:(?:,|\s|and){{0,4}}{_WORD}){{0,3}})",
    re.IGNORECASE,
)
# Fields of an error's body, by their letters, and how many seconds their number counts; 0: a moment.
_FIELDS = {
    "retryafter": 1.0, "retryafterseconds": 1.0, "retryaftersecs": 1.0, "retryafterms": 0.001, "retrydelay": 1.0,
    "retryin": 1.0, "retryinseconds": 1.0, "resetin": 1.0, "resetinseconds": 1.0, "resetafter": 1.0,
    "waitseconds": 1.0, "secondstowait": 1.0, "estimatedtime": 1.0, "resetat": 0.0, "resetsat": 0.0, "resettime": 0.0,
}  # fmt: skip
_DEEPEST = 8
_RETRY_NAMES = ("retryafter", "retryafterseconds", "timeremaining")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from now that the server asks to be left alone, given as seconds, milliseconds or a date.

    None where it does not say so. `headers` must not tell upper from lower case.
    """
    if milliseconds := headers.get("retry-after-ms"):
        seconds = _number(milliseconds)
        return None if seconds is None else seconds / 1000
    # Some write it under a name of their own: `x-ratelimit-retry-after`, `x-ratelimit-timeremaining`.
    own = (value for name, value in headers.items() if letters(name).endswith(_RETRY_NAMES))
    value = headers.get("retry-after", next(own, None))
    return None if value is None else duration(value, _clock(headers))


def limit_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until the first of the limits that a refusal tells of begins anew, where none says what room it has."""
    told = {name.lower(): value for name, value in headers.items() if "ratelimit" in name.lower()}
    if any("remaining" in name for name in told):
        return None
    found = (duration(value, _clock(headers)) for name, value in told.items() if "reset" in name)
    return min((seconds for seconds in found if seconds is not None), default=None)


def limit_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds until the server's own rate limit lets the next request in; None while it has room.

    Knows `x-ratelimit-remaining-*`/`-reset-*`, `anthropic-ratelimit-*`, `ratelimit-*` and the structured
    `RateLimit: "default";r=0;t=12`.
    """
    pause: float | None = None
    for name, value in headers.items():
        lower = name.lower()
        if "ratelimit" not in lower:
            continue
        if lower == "ratelimit" and "=" in value:
            room = re.search(r"\b(?:r|remaining)=(\d+).*?\b(?:t|reset)=(\d+)", value[:1000])
            until = float(room[2]) if room and room[1] == "0" else None
        elif "remaining" in lower and (left := _number(value)) is not None and left <= 0:
            reset = headers.get(lower.replace("remaining", "reset"))
            until = duration(reset, _clock(headers)) if reset else None
        else:
            continue
        if until is not None:
            pause = max(pause or 0.0, until)
    return pause


def told_in(found: Any, sentence: str) -> float | None:
    """Seconds that the body of an error asks for, `found` in its fields or in its `sentence`; None where in neither.

    Where several fields tell of it, the longest counts: of two limits that were met, both must have room again.
    """
    told = [seconds for seconds in _told(found) if seconds is not None]
    if told:
        return max(told)
    match = _AGAIN.search(sentence)
    if match is None:
        return None
    return _in_words(match[1])


def _in_words(text: str) -> float:
    return sum(float(amount) * _UNITS[_unit(unit)] for amount, unit in re.findall(_WORD, text, re.IGNORECASE))


def _unit(word: str) -> str:
    return "ms" if word.lower() in ("ms", "millis") or word.lower().startswith("millisecond") else word[0].lower()


def _told(found: Any, depth: int = 0) -> Iterator[float | None]:
    if depth > _DEEPEST:
        return
    if isinstance(found, list):
        for item in found[:100]:
            yield from _told(item, depth + 1)
    elif isinstance(found, dict):
        for name, value in found.items():
            plain = letters(str(name))
            if plain in _FIELDS:
                yield _seconds(value, _FIELDS[plain])
            elif plain == "headers" and isinstance(value, dict):
                headers = CIMultiDict({str(key): str(each) for key, each in value.items()})
                yield retry_after(headers)
                yield limit_pause(headers)
            else:
                yield from _told(value, depth + 1)


def _seconds(value: Any, unit: float) -> float | None:
    """What one field says: a number, a duration, a moment, or the seconds of {"seconds": 3, "nanos": 0}."""
    if isinstance(value, dict):
        value = value.get("seconds")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    number = _number(str(value))
    if unit and number is not None and number < 1e9:
        return max(0.0, number * unit)
    return duration(str(value), time.time())


def duration(value: str, now: float) -> float | None:
    """Seconds from `now`, a Unix time, in `20`, `6m0s`, `350ms`, a Unix time or a date; None if it is none of these."""
    number = _number(value)
    if number is not None:
        # A large number is a moment, in milliseconds with some: no server asks for thirty years.
        moment = number / 1000 if number > 1e11 else number
        return max(0.0, moment - now if moment > 1e9 else moment)
    if re.fullmatch(f"({_PART})+", value.strip()):
        return sum(float(amount) * _UNITS[unit] for amount, unit in re.findall(_PART, value))
    if re.fullmatch(rf"\s*{_WORD}(?:[\s,]{{0,3}}{_WORD}){{0,3}}\s*", value[:100], re.IGNORECASE):
        return _in_words(value)
    date = _moment(value)
    return None if date is None else max(0.0, date - now)


def _clock(headers: Mapping[str, str]) -> float:
    """The time on the server's clock, by which it means its dates; ours may be minutes off."""
    said = _moment(headers.get("date", ""))
    return time.time() if said is None else said


def _moment(text: str) -> float | None:
    """The Unix time of a date as in HTTP or ISO 8601, taken for UTC where it names no zone; None if it is neither."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        try:
            moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
        except ValueError:
            return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if number == number and abs(number) != float("inf") else None
