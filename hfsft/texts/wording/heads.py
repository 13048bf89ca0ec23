"""The words before a colon at the start of a line: `### Response:`, `Human:`, `18. Instruction:`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hfsft.letters.late_patterns import at_first_use

_LONGEST = 40  # characters of a line before its colon
_COLON = at_first_use("[:：]")
_NUMBERED = at_first_use(r"(?:[#*_>|\[(<\s]|\d{1,3}[.):]?(?=[\s*]))*")
_NUMBER_BEHIND = at_first_use(r"[\s#(]{0,4}\d{1,3}[.)]?$")
_AROUND = " \t#*_>|[]()<"


class LineHead(NamedTuple):
    """Words in small letters that stand before a colon at the start of a line, without marks and numbers around them."""

    words: str
    start: int  # of the line
    end: int  # behind the colon
    marked: bool  # whether `##` stands before them
    numbered: bool  # whether a number stands before or behind them


def heads(text: str) -> Iterator[LineHead]:
    """What lines of a text begin with before a colon, from the first line to the last."""
    last = -1
    for colon in _COLON.finditer(text):
        at = colon.start()
        start = text.rfind("\n", max(0, at - _LONGEST), at) + 1
        if (start == 0 and at > _LONGEST) or start <= last:
            continue
        last = start
        line = text[start:at]
        opening = _NUMBERED.match(line)
        before = opening[0] if opening else ""
        said = line[len(before) :].rstrip(_AROUND)
        words = _NUMBER_BEHIND.sub("", said).rstrip(_AROUND)
        if words:
            numbered = words != said or any(map(str.isdigit, before))
            yield LineHead(words.casefold(), start, colon.end(), "##" in before, numbered)
