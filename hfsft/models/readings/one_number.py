"""The one number that a few words say of a scale: `4/5`, `**4** (calm)`, `Score: 4 out of 5 points`, stars.

What needs a guess says none: another scale, a range, "about 4", a number that is taken back, one of something else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from hfsft.letters.late_patterns import at_first_use

_LONGEST = 2_000
_LEAD = at_first_use(
    r"(?:(?:my|the|final|overall)\s{1,3}){0,2}(?:score|rating|grade|mark|points|rated|graded|scored)"
    r"(?:\s{0,3}(?:is|of|[:=])){0,2}\s{0,3}|=\s{0,3}",
    re.IGNORECASE,
)
_CORE = at_first_use(r"([+-]?\d{1,9}(?:\.\d{1,9})?)(?:,0{1,2}(?!\d))?\ufe0f?\u20e3?(?![\d%\xbc-\xbe+~]|\.\d)")
_OF = (
    r"\s{0,3}(?:[/\uff0f]|(?:out )?of|von|sur|su|de|\u0438\u0437)\s{0,3}"
    r"(?:a )?(?:possible |maximum (?:of )?|max )?(\d{1,9})(?:[.,]0{1,2})?(?![\d.,]*\d)"
)
_OUT_OF = at_first_use(_OF, re.IGNORECASE)
_UNIT = at_first_use(
    r"\s{0,2}(?:points?|pts?\.?|stars?|marks?|Punkte?n?|[\u5206\u70b9\u661f\uc810])(?!\w)", re.IGNORECASE
)
# The scale told behind a number, in brackets or as one.
_RANGE = r"(\d{1,9})\s{0,3}(?:[-\u2013]|to|\.\.)\s{0,3}(\d{1,9})"
_SCALE = at_first_use(
    rf"\s{{0,3}}(?:[(\[]\s{{0,3}}(?:(?:on )?(?:a |the )?(?:scale )?(?:of |from )?{_RANGE}|{_OF})\s{{0,3}}[)\]]"
    rf"|on a scale (?:of|from) {_RANGE})",
    re.IGNORECASE,
)
_WHOLE, _EMPTY = "\u2605\u2b50\U0001f31f", "\u2606\u2729"
_STARS = at_first_use(rf"(?:([{_WHOLE}])\ufe0f?\s?){{1,10}}(?:[{_EMPTY}]\s?){{0,10}}")
_CIRCLED = {0x2460 + at: str(at + 1) for at in range(9)}
_ENDS = "|,;:.(\u2013\u2014-"
_AROUND = " \t\r\n*_`\"'$"
_PAIRS = (("(", ")"), ("[", "]"), ("<", ">"), ("\\boxed{", "}"), ("\\(", "\\)"))
_DIGIT = r"(?:\d|(?:one|two|three|four|five|six|seven|eight|nine|ten)\b)"
_AGAIN = (
    r"(?:no|wait|sorry|was|were|now|then|later|rather|actually|instead|better|revised|corrected|correction|changed?|"
    r"on reflection|on second thoughts?|i mean|make (?:it|that)|lowered|raised)"
)
# Behind a number: another one, a doubt, or that it is taken back.
_UNSURE = at_first_use(
    rf"[\s|,;:.(\u2013\u2014-]{{0,9}}(?:\d|[~>]|(?:or|maybe|perhaps|possibly|but|approx|approximately|roughly|probably|"
    rf"unsure|not sure|give or take|tentative|tentatively|at (?:best|most|least))\b|(?:to|and|up to)\s{{1,3}}{_DIGIT}"
    rf"|{_AGAIN}(?:\W{{1,3}}(?:{_AGAIN}|up|down|to|a|it is|it's)){{0,4}}\W{{1,3}}{_DIGIT})",
    re.IGNORECASE,
)
_LISTED = at_first_use(r"1[.)]\s.{0,500}?\s2[.)]\s", re.DOTALL)
# Behind what is said, its number: with the word for it, out of the most, or behind a dash.
_AT_END = at_first_use(
    r"(?:\b(?:score|rating|grade)\s{0,3}(?:of|is|[:=])?\s{0,3}|[(\[]|\s[-\u2013\u2014]\s)"
    rf"[*_]{{0,3}}([+-]?\d{{1,9}}(?:\.\d{{1,9}})?(?:{_OF})?)[*_]{{0,3}}[)\].!]{{0,2}}\Z",
    re.IGNORECASE,
)


class Number(NamedTuple):
    """A number in digits, and what is said beside it."""

    number: str
    remark: str = ""


def number_in(text: str, low: float, high: float) -> Number | None:
    """The number that a text says of a scale from `low` to `high`; it may lie off it. None where it says none."""
    if len(text) > _LONGEST:
        return None
    text = _bare(text)
    first, last = _first(text, low, high), _last(text, low, high)
    if first and last and first.number != last.number:
        return None
    return first or last


def alone(text: str, low: float, high: float) -> str | None:
    """The number of a text that says nothing else; None for any other."""
    told = number_in(text, low, high)
    return told.number if told and not told.remark and not re.fullmatch(r"\d+[.)]", text.strip()) else None


def _bare(text: str) -> str:
    """A text without what stands around all of it, its emphasis, and digits in circles."""
    text = re.sub(r"(?<![\w*])(\*{1,3})(?=\S)([^*\n]{1,200}?)(?<=\S)\1(?![\w*])", r"\2", text.translate(_CIRCLED))
    before = None
    while before != text:
        before = text = text.strip(_AROUND)
        for opening, closing in _PAIRS:
            if text.startswith(opening) and text.endswith(closing):
                inner = text[len(opening) : -len(closing)]
                text = text if any(sign in inner for sign in "()[]<>{}") and opening != inner[:1] else inner
    return text


def _first(text: str, low: float, high: float) -> Number | None:
    """The number that a text begins with, or with the word for it."""
    if _LISTED.match(text):
        return None
    text = text[lead.end() :] if (lead := _LEAD.match(text)) else text
    if stars := _stars(text, low, high):
        number, rest = stars
    elif core := _CORE.match(text):
        number, rest = core[1], text[core.end() :].lstrip("*_`\"'")
    else:
        return None
    for pattern in (_OUT_OF, _UNIT, _OUT_OF, _SCALE):
        if found := pattern.match(rest):
            if not _same_scale(found.groups(), low, high):
                return None
            rest = rest[found.end() :]
    behind = rest.strip(_AROUND)
    if not behind or all(sign in ".!" or unicodedata.category(sign) in ("So", "Mn", "Cf") for sign in behind):
        return Number(number)
    if behind[0] not in _ENDS or _UNSURE.match(behind):
        return None
    remark = behind.strip(_AROUND + _ENDS + ")")
    return Number(number, remark) if remark or behind[0] in ",;:." else None  # `4-` is less than 4


def _last(text: str, low: float, high: float) -> Number | None:
    """The number that a text ends with, behind what it is said of; where another number stands before, by its word."""
    found = _AT_END.search(text)
    if not found or not _same_scale([found[2]], low, high):
        return None
    before = text[: found.start()]
    sure = found[0][0].isalpha() or found[2]
    if not before.strip() or (not sure and re.search(r"\d", before)):
        return None
    core = _CORE.match(found[1])
    return Number(core[1], before.strip(_AROUND + _ENDS)) if core else None


def _same_scale(told: Iterable[str | None], low: float, high: float) -> bool:
    """Whether the numbers that tell a scale, its most or its least and its most, are those of the one asked for."""
    bounds = [float(number) for number in told if number]
    return not bounds or (bounds[-1] == high and bounds[0] in (low, high))


def _stars(text: str, low: float, high: float) -> tuple[str, str] | None:
    """How many stars there are, of as many as the scale has, and what stands behind them."""
    found = _STARS.match(text)
    if not found or low not in (0, 1):
        return None
    whole, empty = (sum(sign in signs for sign in found[0]) for signs in (_WHOLE, _EMPTY))
    if whole > high or (empty and whole + empty != high):
        return None
    return str(whole), text[found.end() :]
