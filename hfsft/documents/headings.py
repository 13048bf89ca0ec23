"""Where a text may be cut: at headings, between paragraphs and sentences, else between words."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hfsft.letters.characters import IDEOGRAPHS, WORDLESS, signs
from hfsft.letters.late_patterns import at_first_use
from hfsft.similarity import IDEOGRAPH, LETTER, WORD

_TOKEN = at_first_use(
    f"([{signs(WORDLESS)}])|([{signs(IDEOGRAPHS)}])|[^\\s{signs(WORDLESS, IDEOGRAPHS)}]+",
)
_ATX = at_first_use(r"[ ]{0,3}(#{1,6})[ \t]+(\S.*?)[ \t]*#*[ \t]*$")
_UNDERLINE = at_first_use(r"\A([=\-~^*+])\1{2,}[ \t]*$")
_UNDERLINES = "=-~^*+"  # how deep the heading above is, as most texts use them
_FENCE = at_first_use(r"[ ]{0,3}(`{3,}|~{3,})")
_FRONT = at_first_use(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = at_first_use(r"^title:[ \t]*(['\"]?)(\S.*?)\1[ \t]*$", re.MULTILINE)
_SENTENCE = at_first_use(r"[.!?。！？؟।]{1,9}[\"'”’»)\]」』]{0,9}\s+|[。！？]{1,9}[」』”]{0,9}|\n")
LONGEST_HEADING = 200  # characters; a longer line is a paragraph that begins with such a mark

BETWEEN_WORDS, SENTENCE, PARAGRAPH, HEADING = range(4)
"""How good a place to cut is."""


class Heading(NamedTuple):
    """A line that is the title of what follows it."""

    start: int
    stop: int  # where what it is the title of begins
    path: tuple[str, ...]  # the titles above it, and its own
    level: int  # 1 for that of a whole text


@dataclass(frozen=True)
class Layout:
    """A text, and where its tokens and headings stand. Everything is told by places in the text."""

    text: str
    starts: Sequence[int]  # of each token: a word, or one sign of a script without spaces
    weights: Sequence[int]  # up to each token, in quarters of words, and behind the last of all; titles weigh nothing
    borders: Sequence[int]  # before each token: how good a place to cut it is
    headings: Sequence[Heading]

    def path_at(self, place: int) -> tuple[str, ...]:
        """The titles above what stands at a place of the text."""
        index = bisect_right(self.headings, place, key=lambda heading: heading.start) - 1
        return self.headings[index].path if index >= 0 else ()


def without_front_matter(text: str) -> tuple[str, str, int]:
    """The text without the YAML that some Markdown begins with, the title that stands there, and its lines."""
    found = _FRONT.match(text)
    if not found:
        return text, "", 0
    title = _FRONT_TITLE.search(found[1])
    return text[found.end() :], title[2] if title else "", found[0].count("\n")


def layout_of(text: str) -> Layout:
    """Where a text may be cut. Headings are those of Markdown and reStructuredText; in code there are none."""
    headings, blank, fenced = _lines(text)
    good: dict[int, int] = {}
    for found in _SENTENCE.finditer(text):
        good[found.end()] = SENTENCE
    for place in blank:
        good[place] = PARAGRAPH
    good = {place: border for place, border in good.items() if not _inside(place, fenced)}  # code stays in one piece
    good.update((heading.start, HEADING) for heading in headings)
    marks, ends = sorted(good), [heading.stop for heading in headings]
    starts, weights, borders, total, mark, titled = [], [0], [], 0, 0, 0
    for token in _TOKEN.finditer(text):
        starts.append(place := token.start())
        best = BETWEEN_WORDS
        while mark < len(marks) and marks[mark] <= place:
            best = max(best, good[marks[mark]])
            mark += 1
        behind = titled
        while titled < len(ends) and ends[titled] <= place:
            titled += 1
        if titled == len(headings) or place < headings[titled].start:  # titles do not count
            total += LETTER if token[1] else IDEOGRAPH if token[2] else WORD
        weights.append(total)
        # A title stays with what it is the title of.
        borders.append(BETWEEN_WORDS if titled > behind and best < HEADING else best)
    return Layout(text, starts, weights, borders, headings)


def _inside(place: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a place lies within one of some spans, which are sorted."""
    index = bisect_left(spans, (place,)) - 1
    return index >= 0 and place < spans[index][1]


def _lines(text: str) -> tuple[list[Heading], list[int], list[tuple[int, int]]]:
    """The headings; where a paragraph begins behind a blank line; where code between fences begins and ends."""
    headings: list[Heading] = []
    blank: list[int] = []
    fenced: list[tuple[int, int]] = []
    path: list[tuple[int, str]] = []
    place, fence, began, before, before_at, was_blank, opens = 0, "", 0, "", 0, False, True

    def add(start: int, stop: int, level: int, title: str) -> None:
        while path and path[-1][0] >= level:
            path.pop()
        path.append((level, " ".join(title.split())))
        headings.append(Heading(start, stop, tuple(each for _, each in path), level))

    for line in text.splitlines(keepends=True):
        end = place + len(line)
        bare = line.rstrip("\r\n")
        if found := _FENCE.match(bare):
            if not fence:
                fence, began = found[1], place
            elif bare.strip().startswith(fence) and not bare.strip().strip(fence[0]):
                fence = ""
                fenced.append((began, end))
        elif not fence:
            if (atx := _ATX.match(bare)) and len(bare) <= LONGEST_HEADING:
                add(place, end, len(atx[1]), atx[2])
            elif opens and (under := _UNDERLINE.match(bare)) and _titles(before, bare, under[1]):
                add(before_at, end, _UNDERLINES.index(under[1]) + 1, before)
        if was_blank and bare.strip():
            blank.append(place)
        opens, was_blank = was_blank or not place, not bare.strip()  # whether a blank line stands before this one
        before, before_at, place = bare, place, end
    if fence:
        fenced.append((began, len(text)))
    return headings, blank, fenced


def _titles(line: str, under: str, sign: str) -> bool:
    """Whether a line of signs makes the line above it a title, and is no rule, list or table."""
    above = line.strip()
    if not above or len(above) > LONGEST_HEADING or above[0] in "|+-*>#":
        return False
    return sign in "=-" or len(under.strip()) >= len(above)
