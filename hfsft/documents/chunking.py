"""A document in chunks: so many words each, cut at headings and paragraphs where that can be, with an overlap."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

from pydantic import Field, model_validator

from hfsft.documents.headings import HEADING, PARAGRAPH, SENTENCE, Heading, Layout, layout_of, without_front_matter
from hfsft.section import Section
from hfsft.similarity import WORD

ABOVE = " > "  # between a title and the one below it


class Chunking(Section):
    """How documents are cut."""

    example = """\
    documents:
      - {path: handbook/*.md, chunk: {words: 250, overlap: 40}}
    """

    words: int = Field(
        250,
        ge=20,
        le=10_000,
        description="Most words of a chunk; of scripts without spaces two characters of Chinese, Japanese and four of "
        "Thai, Lao, Khmer, Burmese count as one. It ends at a heading, else a paragraph, else a sentence.",
    )
    overlap: int | None = Field(
        None,
        ge=0,
        description="Words at most that a chunk repeats of the one before, none across a heading; left out: 40, of "
        "small chunks a fifth.",
    )

    @model_validator(mode="after")
    def _goes_on(self) -> Chunking:
        if self.overlap is not None and self.overlap > self.words // 2:
            raise ValueError(f"overlap: {self.overlap} is more than half of the {self.words} words of a chunk")
        return self

    @property
    def repeated(self) -> int:
        """Words at most that a chunk repeats of the one before."""
        return min(40, self.words // 5) if self.overlap is None else self.overlap


class Piece(NamedTuple):
    """A chunk before it is known what document it is of."""

    title: str  # of the document and the headings above it
    text: str
    line: int  # where it begins


def cut(text: str, title: str, chunking: Chunking) -> Iterator[Piece]:
    """The chunks of a text, in its order; none of a blank one.

    Each is as long as may be while it ends at the best place: behind a quarter of its words at a heading, behind half
    of them at a paragraph, a sentence, or a word. `title` stands for a text that has none of its own.
    """
    text, own, skipped = without_front_matter(text)
    layout = layout_of(text)
    above = (own,) if own else (title,) if title and not _titled(layout) else ()
    start, count, most = 0, len(layout.starts), chunking.words * WORD
    line, counted = skipped + 1, 0
    while start < count:
        stop = _stop(layout, start, most)
        first, last = layout.starts[start], layout.starts[stop] if stop < count else len(text)
        path, body = _titles(layout, first, last)
        if said := text[body:last].strip():
            place = body + len(text[body:last]) - len(text[body:last].lstrip())
            line += text.count("\n", counted, place) if place >= counted else -text.count("\n", place, counted)
            counted = place
            yield Piece(ABOVE.join(dict.fromkeys((*above, *path))), said, line)
        start = stop if stop >= count or layout.borders[stop] == HEADING else _again(layout, start, stop, chunking)


def _titled(layout: Layout) -> bool:
    """Whether one heading of the first level stands above all that the text says."""
    first = [heading for heading in layout.headings if heading.level == 1]
    return len(first) == 1 and bool(layout.starts) and first[0].start <= layout.starts[0]


def _stop(layout: Layout, start: int, most: int) -> int:
    """The token before which the chunk ends that begins at a token: it weighs `most` at most, unless it is one word."""
    weights, begun = layout.weights, layout.weights[start]
    end = max(bisect_right(weights, begun + most) - 1, start + 1)
    if end >= len(layout.starts):
        end = len(layout.starts)
    for border, share in ((HEADING, 4), (PARAGRAPH, 2), (SENTENCE, 2)):
        least = max(bisect_left(weights, begun + most / share), start + 1)
        if end == len(layout.starts) and border < HEADING:
            return end
        for place in range(min(end, len(layout.starts) - 1), least - 1, -1):
            if layout.borders[place] >= border:
                return place
    return end


def _titles(layout: Layout, first: int, last: int) -> tuple[tuple[str, ...], int]:
    """The titles that stand above all of a chunk, and where in the text it says something else than these."""
    index = bisect_left(layout.headings, first, key=lambda heading: heading.start)
    leading: list[Heading] = []
    behind = first
    for heading in layout.headings[index:]:
        if heading.start >= last or layout.text[behind : heading.start].strip():
            break
        leading.append(heading)
        behind = heading.stop
    paths = [layout.path_at(max(behind - 1, first))]
    for heading in layout.headings[index + len(leading) :]:
        if heading.start >= last:
            break
        paths.append(heading.path[:-1])
    shared = tuple(each for each, *_ in takewhile(lambda level: len(set(level)) == 1, zip(*paths, strict=False)))
    body = first
    for heading in leading:
        if heading.path != shared[: len(heading.path)]:  # the title of a part of the chunk stays in the text
            break
        body = heading.stop
    return shared, body


def _again(layout: Layout, start: int, stop: int, chunking: Chunking) -> int:
    """The token that the next chunk begins at: some words before the end of this one, at a sentence if there is one."""
    if not chunking.repeated:
        return stop
    least = max(bisect_left(layout.weights, layout.weights[stop] - chunking.repeated * WORD), start + 1)
    for border in (PARAGRAPH, SENTENCE):
        for place in range(least, stop):
            if layout.borders[place] >= border:
                return place
    return min(least, stop)
