"""The final answer of a text that works towards one, and when two of them are the same.

    so the two together cost $1,250.00.  -> 1250
    ... \\boxed{\\frac{3}{4}}            -> 3/4
    The answer is (C).                   -> C

Where a text says it: as GSM8K's solutions do after `####` (Cobbe et al. 2021, section 2), in the last `\\boxed{}` as
MATH's do (Hendrycks et al. 2021, section 3), behind "the answer is" as in chains of thought (Wei et al. 2022), as a
letter alone, or, where it says it in none of these ways, in its last number.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from hfsft.letters.late_patterns import at_first_use

By = Literal["exact", "number", "choice"]

LONGEST = 60  # characters of a text that is nothing but an answer
DIGITS = 60  # of a number; a longer one is a text

_HASHES = at_first_use(r"^[ \t>*]*####[ \t]*(\S[^\n]*)", re.MULTILINE)
_SAID = at_first_use(
    r"\b(?:final |correct |right |best )?(?:answer|choice|option)\b(?: to [^\n.:]{1,80})?"
    r"[*_]{0,2}[ \t]*(?:is|are|would be|must be|=|:)[*_]{0,2}[ \t]*(?:therefore |thus |: ?)?(\S[^\n]*)",
    re.IGNORECASE,
)
_LETTER = at_first_use(r"^[\s*_]*(?:\(([A-Ja-j])\)|([A-J])(?=[\s*_]*(?:[.):]|$))|([a-j])(?=[\s*_]*(?:\)|$)))")
_ANSWERED = at_first_use(r"[\s*_]{0,9}A:[\s*_$€£]{0,9}[-−]?\d[^\n]{0,40}\Z")
_NUMBER = at_first_use(
    r"(?<![\w.,/])[-−]?\$?[-−]?(?:\d{1,3}(?:[,'\u00a0\u202f ]\d{3})+(?!\d)(?:[.]\d+)?|\d{1,3}(?:\.\d{3})+,\d+"
    r"|\d+(?:[.,]\d+)?|\.\d+)(?:\s?/\s?\d+)?"
)
_FRACTION = at_first_use(r"\\d?t?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_WRAPPED = at_first_use(r"\\(?:text|mathrm|mathbf|textbf|mbox|left|right)\b\s*\{?|\\[,;!() ]|[{}$]")
_BEHIND = at_first_use(r"(?<=[^\s.\d])\.\s+(?=\S)|(?<=\d)\.\s+(?=[^\W\d])|,? (?:because|since|so that)\b")
_GROUPED = at_first_use(r"[-−]?\d{1,3}(?:[,'\u00a0\u202f ]\d{3})+(?:\.\d+)?")


def final_answer(text: str, *, letters: bool | None = None) -> str | None:
    """What a text gives as its final answer, as it stands there; None where it gives none.

    A line that begins with a letter gives that choice, but for a last one as `A: 18`, which says 18; with `letters`
    that is a choice too, and where they are False nothing is.
    """
    if said := said_answer(text):
        return said
    lines = [line for line in text.strip().splitlines() if line.strip()]
    for line in (lines[-1:] + lines[:1]) if len(lines) < 3 else lines[-1:]:
        answered = not letters and line is lines[-1] and _ANSWERED.match(line)
        if letters is not False and not answered and (letter := _LETTER.match(line)):
            return _upper(letter)
    if numbers := _NUMBER.findall(unicodedata.normalize("NFKC", text)):
        return str(numbers[-1]).strip()
    return _bare(lines[0]) if len(lines) == 1 and len(lines[0]) <= LONGEST else None


def said_answer(text: str) -> str | None:
    """What a text says is its answer, in a box, behind `####` or behind "the answer is"; None where it says none."""
    for found in (_boxed(text), _last(_HASHES, text), _last(_SAID, text)):
        if found and (said := _bare(found)):
            return said
    return None


def number_of(answer: str) -> Fraction | None:
    """The number that an answer is, with its unit or sign of money left out; None where it is none, or several."""
    text = unicodedata.normalize("NFKC", _FRACTION.sub(r"\1/\2", answer))
    text = _WRAPPED.sub("", text).rpartition("=")[2]
    found = list(dict.fromkeys(_NUMBER.findall(text)))
    return _value(found[0]) if len(found) == 1 else None


def choice_of(answer: str) -> str | None:
    """The letter that an answer begins with, as in `C`, `(c)` or `C. Lead`; None where it is no choice."""
    letter = _LETTER.match(answer)
    return _upper(letter) if letter else None


def sameness(answer: str, by: By | None = None) -> str | None:
    """What is the same for all answers that say the same; None where an answer is none of that kind.

    Left out, an answer is a number where it reads as one, else a text, of which case and white space do not count.
    """
    if by == "choice":
        return choice_of(answer)
    if by != "exact" and (number := number_of(answer)) is not None:
        return str(number)
    return None if by == "number" else _plain(answer)


def _value(text: str) -> Fraction | None:
    """A number as it is written in a text: 1,250.00, 1.250,00, 3/4, -7."""
    text = text.replace("−", "-").replace("$", "").replace(" ", "") if "/" in text else text.replace("−", "-")
    text = text.replace("$", "").strip()
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[,'\u00a0\u202f ]", "", text)
    elif "," in text:
        text = text.replace(".", "").replace(",", ".")
    top, _, bottom = text.partition("/")
    if len(text) > DIGITS:
        return None
    try:
        return Fraction(Decimal(top)) / (Fraction(int(bottom)) if bottom else 1)
    except (ArithmeticError, ValueError):
        return None


def _boxed(text: str) -> str | None:
    """What stands in the last `\\boxed{}`, braces within it included."""
    start = max(text.rfind("\\boxed{"), text.rfind("\\fbox{"))
    if start < 0:
        return None
    inside, depth = text[text.index("{", start) + 1 :], 1
    for place, sign in enumerate(inside):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth == 0:
            return inside[:place]
    return None


def _upper(letter: re.Match[str]) -> str:
    return str(letter[letter.lastindex or 0]).upper()


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.findall(text)
    return found[-1] if found else None


def _bare(text: str) -> str:
    """An answer without the marks around it and the sentence that follows it; a letter of a choice alone."""
    text = _BEHIND.split(text.strip(), maxsplit=1)[0]
    text = text.strip(" \t*_`\"'“”").rstrip(".,;!").strip(" \t*_`\"'“”")
    if text.startswith("$") and text.endswith("$") and len(text) > 2:
        text = text.strip("$").strip()
    letter = _LETTER.match(text)
    return _upper(letter) if letter and len(text) <= LONGEST else text


def _plain(text: str) -> str:
    text = _WRAPPED.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return " ".join(text.strip(" \t\n.*_`\"'").split())
