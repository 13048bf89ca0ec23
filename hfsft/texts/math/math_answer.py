"""What an answer to a problem of mathematics is, so that all ways to write it are the same.

\\frac{1}{2}, \\dfrac12, 1/2, 0.5, 0.50 and 50\\% are one; so are (x+1)^2 and x^2+2x+1, 10\\text{ cm} and 10, (1, 2) and
\\left(1,2\\right), \\{2, 1\\} and 1, 2. What is left out is what MATH's own comparison leaves out (Hendrycks et al. 2021,
"Measuring Mathematical Problem Solving With the MATH Dataset"): units, signs of money, degrees, spaces.
"""

from __future__ import annotations

import unicodedata
from contextlib import suppress

from hfsft.letters.late_patterns import at_first_use
from hfsft.texts.final_answer import final_answer, said_answer
from hfsft.texts.math.expressions import NoExpressionError, told, worth

_WORDS = at_first_use(r"\\(?:text|mathrm|textbf|mathbf|mbox|textit|operatorname)\s{0,3}\{([^{}]{0,200})\}")
_LAYOUT = at_first_use(
    r"\\(?:left|right|big|Big|bigg|displaystyle|limits)(?![a-zA-Z])|\\[,;:! ]|~|\$|\^\{?\\circ\}?|\\(?:degree|deg)\b|°"
)
_THOUSANDS = at_first_use(r"(?<![\d.,])(\d{1,3})((?:(?:\{,\}|,)\d{3})+)(?![\d,])")
_UNIT = at_first_use(
    r"(?<=[\d})\]])\s{0,9}(?:per\s{1,9}[a-zA-Z]{1,20}|(?:(?:square|cubic|sq\.?|cu\.?)\s{1,9})?[a-zA-Z]{2,20}\.?(?:\s{1,9}(?:per|of|an?|each)\s{1,9}[a-zA-Z]{1,20})?"
    r"(?:\s{0,9}\^\s{0,9}\{?[23]\}?)?)\s{0,9}$"
)
_MONEY = at_first_use(r"^\s{0,9}(?:[$€£¥₫]|\\\$|USD|EUR)\s{0,9}|\s{0,9}[€£¥₫]\s{0,9}$")
_NAMED = at_first_use(r"^\s{0,9}[a-zA-Z]\w{0,3}(?:\([a-zA-Z]\))?\s{0,9}(?:=|\\in(?![a-zA-Z]))\s{0,9}")
_LIST = at_first_use(r"\s{0,9}(?:,|;|\\text\{\s{0,9}(?:and|or)\s{0,9}\}|\band\b|\bor\b)\s{0,9}")
_MIXED = at_first_use(r"(?<![\d./])(\d+)\s+(\d+)\s*/\s*(\d+)")
_PLUS_MINUS = at_first_use(r"\\pm(?![a-zA-Z])|±")
_SPACES = at_first_use(r"\s+")
_FORMULA = at_first_use(  # as Pandoc tells one from two signs of money: no space within the signs, no digit behind
    r"\$\$?(?=\S)([^$\n]{1,200})(?<=\S)\$(?!\d)|\\\(([^\n]{1,200}?)\\\)|\\\[\s{0,9}([^\n]{1,200}?)\s{0,9}\\\]"
)
_PROSE = at_first_use(r"(?<![\\{a-zA-Z])[a-zA-Z]{3,}")
LAST = 300  # characters of a text in which its last formula is its answer
OPENED, CLOSED = "([{", ")]}"


def math_answers(answer: str) -> set[str]:
    """What an answer may be taken for: two that share one are the same. Of a percentage both `50` and `0.5`."""
    text = unicodedata.normalize("NFKC", answer).translate({0x2212: "-", 0x2044: "/"}).strip().strip(".").strip()
    text = _MONEY.sub("", _LAYOUT.sub(" ", text.replace("\\{", "⟨").replace("\\}", "⟩").replace("\\$", "")))
    percent = text.rstrip().endswith(("\\%", "%")) or text.rstrip().endswith("percent")
    text = text.replace("\\%", "").replace("%", "")
    text = text.rstrip().removesuffix("percent")
    found = {_answer(text)} - {""}
    if percent:
        with suppress(NoExpressionError):
            found.add(told(tuple(value / 100 for value in worth(_plain(text)))))
    return found


def final_formula(text: str) -> str | None:
    """What a text gives as its final answer; where it says none, the last formula of its end, else its last number."""
    if said := said_answer(text):
        return said
    end = text.rstrip()[-LAST:]
    for part in (end.rpartition("\n")[2], end):
        found = ("".join(each) for each in _FORMULA.findall(part))
        if formulas := [each for each in found if not _PROSE.search(each)]:
            return formulas[-1]
        if any(map(str.isdigit, part)):
            break
    return final_answer(text, letters=False)


def _answer(text: str) -> str:
    """One answer: what an expression is worth, those of a list, or where it is none its text."""
    text = _THOUSANDS.sub(lambda found: found[1] + found[2].replace("{,}", "").replace(",", ""), text).strip()
    text = _NAMED.sub("", text, count=1).strip()
    if _PLUS_MINUS.search(text):
        return _listed([_PLUS_MINUS.sub("+", text), _PLUS_MINUS.sub("-", text)])
    if text[:1] == "⟨" and text[-1:] == "⟩":
        return _listed(_parts(text[1:-1]))
    parts = _parts(text)
    if len(parts) > 1:
        return _listed(parts)
    inside = _parts(text[1:-1]) if text[:1] in OPENED[:2] and text[-1:] in CLOSED[:2] else []
    if len(inside) > 1:
        return f"{text[0]}{', '.join(map(_one, inside))}{text[-1]}"
    return _one(text)


def _listed(parts: list[str]) -> str:
    """Answers of which none comes first."""
    found = sorted(set(map(_one, parts)))
    return found[0] if len(found) == 1 else f"{{{', '.join(found)}}}"


def _one(text: str) -> str:
    plain = _plain(text)
    try:
        return told(worth(plain))
    except NoExpressionError:
        return _SPACES.sub("", _WORDS.sub(r"\1", text)).casefold()


def _plain(text: str) -> str:
    """An expression without its unit."""
    text = _MIXED.sub(r"(\1+\2/\3)", text)
    found = _WORDS.sub(" ", text).strip()
    text = found or _WORDS.sub(r"\1", text)
    return _UNIT.sub("", _NAMED.sub("", text, count=1))


def _parts(text: str) -> list[str]:
    """What stands between commas, `and` and `or` that are in no brackets."""
    found, start, deep = list[str](), 0, 0
    for place, sign in enumerate(text):
        deep += (sign in OPENED) - (sign in CLOSED)
        separator = _LIST.match(text, place) if not deep and place >= start and sign in ",; ao\\" else None
        if separator and place:
            found.append(text[start:place])
            start = separator.end()
    return [part.strip() for part in [*found, text[start:]] if part.strip()]
