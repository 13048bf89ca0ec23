"""The bound on how much of a held-out row one row may say that is trained on, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import nsmallest
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from hfsft.engine.resources import Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import Place
from hfsft.plain import plain
from hfsft.rows.columns import OF
from hfsft.rows.reading.summaries import rows_said
from hfsft.rows.views import OPTIONAL as VIEWED
from hfsft.rows.views import READS
from hfsft.stages.base import Outcome, Section, ShownTable, Warn
from hfsft.stages.split.word_runs import OVERLAP, RUN

USUAL = 0.5  # of a row's runs: above that a warning, where the recipe says nothing
PAIRS, SHOWN = 10, 300  # pairs that the report shows, and the characters of each text
LEAK = "split.leak"


class Leak(Section):
    """How much of a held-out row one row may say, word for word, that models see more of."""

    example: ClassVar[str] = "split: {leak: {at_most: 0.5, do: reject}}"

    at_most: float = Field(
        USUAL,
        ge=0,
        le=1,
        description="Share of the runs of eight words of what a held-out row asks that one row trained on may ask too.",
    )
    do: Literal["stop", "reject"] = Field(
        "stop", description="What a row above it means: the build ends and publishes nothing, or the row falls."
    )


class Closest(NamedTuple):
    """The held-out row that has most in common with a row that models see more of."""

    share: float
    id: str
    side: str
    of: str
    above: int  # how many held-out rows are above the bound

    def __str__(self) -> str:
        return f"{self.id} ({self.side}) asks {self.share:.0%} of its runs of {RUN} words as {self.of} does"


def steps(leak: Leak | None, place: Place) -> list[Step]:
    """The step that measures held-out rows, and where those above a bound are to fall one that takes them out."""
    measure = Step(
        LEAK,
        sees="all",
        reads=("id", "split", *READS),
        optional=VIEWED,
        writes={OVERLAP: "float64", f"{OVERLAP}{OF}": "string"},
        about="Of a held-out row the share of its runs of eight words that one row of a split which models see more of "
        "asks too.",
        work=Work("hfsft.stages.split.overlap:measuring"),
        place=place,
    )
    if leak is None or leak.do != "reject":
        return [measure]
    return [measure, compare("split.leaks", Bound("leak", OVERLAP, at_most=leak.at_most, missing="keep"), place)]


def closest(outcome: Outcome, at_most: float) -> Closest | None:
    """The pair that has most in common across the split; None where nothing is held out, or nothing in common."""
    found = min(_pairs(outcome), key=_most_first, default=None)
    if found is None:
        return None
    share, row_id, side, of = found
    return Closest(share, row_id, side, of, sum(each > at_most for each in outcome.numbers(OVERLAP)))


def _pairs(outcome: Outcome) -> Iterator[tuple[float, str, str, str]]:
    """Each held-out row that has something in common: the share, its id, its side, and the row that it has it with."""
    columns = (outcome.values(name) for name in (OVERLAP, "id", "split", f"{OVERLAP}{OF}"))
    return ((share, *rest) for share, *rest in zip(*columns, strict=True) if share)


def _most_first(pair: tuple[float, str, str, str]) -> tuple[float, str, str, str]:
    share, row_id, side, of = pair
    return -share, row_id, side, of


def figures(outcome: Outcome, at_most: float) -> Mapping[str, Any]:
    """The same as JSON; the largest share is 0 where no run is in common."""
    if not any(share is not None for share in outcome.values(OVERLAP)):
        return {}
    found = closest(outcome, at_most)
    return {OVERLAP: 0.0} if found is None else {OVERLAP: round(found.share, 4), **found._asdict()}


def notes(outcome: Outcome, leak: Leak | None) -> Iterator[str]:
    """Whether some rows ask more of what a row trained on asks than is usual."""
    found = closest(outcome, USUAL)
    if leak is None and found and found.above:
        yield Warn(
            f"{rows_said(found.above)} held out that one row of a split which models see more of says for more than "
            f"{USUAL:.0%}, word for word: {found} (`split: {{leak: {{at_most: {USUAL}, do: reject}}}}` has them fall)"
        )


def stops(outcome: Outcome, leak: Leak | None) -> Iterator[str]:
    """Why the build must end, where the recipe bounds this and rows are above it."""
    found = closest(outcome, leak.at_most) if leak else None
    if leak and found and found.above:
        yield (
            f"the split leaks: {found}, and split.leak.at_most is {leak.at_most:g}; {rows_said(found.above)} held out "
            "above it (the report shows the pairs; a lower `split.similarity` makes one family of rows so alike, "
            "`leak: {do: reject}` lets the held-out ones fall)"
        )


def shown(outcome: Outcome) -> Iterator[str | ShownTable]:
    """The pairs that have most in common, for the report; without texts where none may be shown."""
    pairs = nsmallest(PAIRS, _pairs(outcome), key=_most_first)
    if not pairs:
        return
    named = {row_id for _, held_out, _, of in pairs for row_id in (held_out, of)}
    said_by = zip(outcome.values("id"), outcome.values(READS[0]), strict=True) if outcome.samples else ()
    texts = {row_id: text for row_id, text in said_by if row_id in named}

    def said(row_id: str) -> str:
        return f"{row_id} {plain(texts.get(row_id) or '', SHOWN)}".strip()

    yield (
        f"By a second count, of runs of {RUN} words one by one: the held-out rows of which one row of a split that "
        "models see more of says most."
    )
    yield ShownTable(
        ("share", "split", "held out", "says the same"),
        [(f"{share:.0%}", side, said(row_id), said(of)) for share, row_id, side, of in pairs],
        (0,),
        "Pairs across the split",
    )
