"""How long a server asks to be left alone, read from the headers of its answer.

Knows `Retry-After` (RFC 9110, section 10.2.3) and the rate limits that providers tell of in headers of their own.
"""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = r"(\d+(?:\.\d+)?)(ms|[dhms])"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from now that the server asks to be left alone, given as seconds, milliseconds or a date.

    None where it does not say so. `headers` must not tell upper from lower case.
    """
    if milliseconds := headers.get("retry-after-ms"):
        seconds = _number(milliseconds)
        return None if seconds is None else seconds / 1000
    value = headers.get("retry-after")
    return None if value is None else duration(value, _clock(headers))


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
        if lower == "ratelimit" and "r=" in value:
            room = re.search(r"\br=(\d+).*?\bt=(\d+)", value[:1000])
            until = float(room[2]) if room and room[1] == "0" else None
        elif "remaining" in lower and _number(value) == 0:
            reset = headers.get(lower.replace("remaining", "reset"))
            until = duration(reset, _clock(headers)) if reset else None
        else:
            continue
        if until is not None:
            pause = max(pause or 0.0, until)
    return pause


def duration(value: str, now: float) -> float | None:
    """Seconds from `now`, a Unix time, in `20`, `6m0s`, `350ms`, a Unix time or a date; None if it is none of these."""
    number = _number(value)
    if number is not None:
        # A large number is a moment, in milliseconds with some: no server asks for thirty years.
        moment = number / 1000 if number > 1e11 else number
        return max(0.0, moment - now if moment > 1e9 else moment)
    if re.fullmatch(f"({_PART})+", value.strip()):
        return sum(float(amount) * _UNITS[unit] for amount, unit in re.findall(_PART, value))
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
