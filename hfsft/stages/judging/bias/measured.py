"""What a judge's scores go along with, measured over all rows that were judged: as JSON, for whoever tells it.

Length, items of lists, Markdown, hedges and filler phrases are counted in what the assistant says; the position is the
row's place among those that were judged. A correlation is no proof: longer answers may be better. It is told where it
is strong enough to matter and too strong to be chance, over all correlations that are looked at (Bonferroni): a judge
that errs at random is reproached with nothing. Longer answers have more of everything, so of what else is counted only
that is told which holds among answers of one length too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from heapq import nsmallest
from typing import TYPE_CHECKING, Any

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.engine.spread.two_ways import TwoWays
from hfsft.engine.step import Step
from hfsft.filters.text.tokens import words
from hfsft.hashing import unit
from hfsft.rows.batch import Batch
from hfsft.rows.columns import Column
from hfsft.stages.judging.bias.length_adjusted import answer_text, fitted
from hfsft.stages.judging.bias.rank_correlation import Correlation, at_equal, spearman
from hfsft.texts.style import Style, fillers_in, style_of

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered
    from hfsft.errors import Place
    from hfsft.stages.base import Outcome

PLACE = "judge_place"
LENGTH, POSITION = "length", "position"
MEASURES = (LENGTH, *Style._fields, POSITION)
STRONG = 0.3  # rank correlation, from which one is told: what Cohen 1988 calls a medium one
CHANCE = 0.001  # share of judges without any bias of which something would be told
MOST = 5_000  # rows that are looked at, picked by a hash of their ids
PHRASES = 5  # of the filler phrases the most frequent that are kept
_READ = ("id", "response", "messages", "dialect", PLACE)


def placing_step(name: str, place: Place | None = None) -> Step:
    """The step that writes the place of each row among those that were judged, in the order in which they were."""
    about = "The row's place among those that were judged, from 0, in the order in which the judge was asked."
    return Step(
        name,
        sees="all",
        reads=("id",),
        writes={PLACE: "int32"},
        known=(Column(PLACE, "int32", "lineage", about),),
        work=Work("hfsft.stages.judging.bias.measured:placing"),
        place=place,
    )


def placing() -> TwoWays:
    """What numbers rows."""
    return TwoWays(_placed, Work(path_of(numbered)))


def _placed(batch: Batch) -> Batch:
    return {PLACE: list(range(len(batch["id"])))}


def numbered(rows: Scattered) -> Scattered:
    """The same of scattered rows."""
    return rows.only([NUMBER]).through(Work(path_of(as_place)), {NUMBER: "int64", PLACE: "int32"})


def as_place() -> Does:
    """The work that takes the number of a row for its place."""
    return lambda table: table.append_column(PLACE, table[NUMBER])


def figures(outcome: Outcome, columns: Mapping[str, str]) -> dict[str, Any]:
    """The correlations of columns of scores, by what they are called, with each measure; empty without a judged row."""
    rows = _judged(outcome, list(columns.values()))
    if not rows:
        return {}
    texts = [answer_text(row) for row in rows]
    styles = [style_of(text) for text in texts]
    counted: dict[str, list[float]] = {
        LENGTH: [words(text) for text in texts],
        **{name: [getattr(style, name) for style in styles] for name in Style._fields},
    }
    if all(row[PLACE] is not None for row in rows):
        counted[POSITION] = [row[PLACE] for row in rows]
    found: dict[str, Any] = {"rows": len(rows), "correlations": {}, "doubled": {}, "told": []}
    for name, column in columns.items():
        given = [at for at, row in enumerate(rows) if row[column] is not None]
        scores = [rows[at][column] for at in given]
        values = {measure: [of[at] for at in given] for measure, of in counted.items()}
        lengths = values[LENGTH]
        told = {measure: spearman(scores, of) for measure, of in values.items()}
        found["correlations"][name] = {measure: _json(each) for measure, each in told.items()}
        found["doubled"][name] = round(fitted(scores, lengths).doubled, 4)
        for measure, each in told.items():
            if each is None or not _strong(each, len(columns)):
                continue
            held = each if measure in (LENGTH, POSITION) else at_equal(scores, values[measure], lengths)
            if held and each.rho * held.rho > 0 and _strong(held, len(columns)):
                found["told"].append([measure, name, round(held.rho, 4)])
    return {**found, "fillers": _fillers(texts, styles, shown=outcome.samples)}


def _judged(outcome: Outcome, scores: Sequence[str]) -> list[Mapping[str, Any]]:
    """The rows that have a score, in the order of their ids."""

    def read(column: str) -> Iterator[Any]:
        yield from outcome.values(column)
        yield from outcome.removed(column)

    scored = [any(each is not None for each in values) for values in zip(*map(read, scores), strict=True)]
    ids = [row_id for row_id, has in zip(read("id"), scored, strict=True) if has]
    chosen = set(nsmallest(MOST, ids, key=lambda row_id: unit(row_id, "bias"))) if len(ids) > MOST else set(ids)
    columns = (*_READ, *scores)
    found = [
        dict(zip(columns, values, strict=True))
        for values, has in zip(zip(*map(read, columns), strict=True), scored, strict=True)
        if has and values[0] in chosen
    ]
    return sorted(found, key=lambda row: str(row["id"]))


def _strong(found: Correlation, criteria: int) -> bool:
    return abs(found.rho) >= STRONG and found.surely(CHANCE / (len(MEASURES) * criteria))


def _json(found: Correlation | None) -> list[float] | None:
    return None if found is None else [round(each, 4) for each in found[:3]]


def _fillers(texts: Sequence[str], styles: Sequence[Style], *, shown: bool) -> dict[str, Any]:
    """The share of answers with a filler phrase, and the phrases that most have, if texts of rows may be `shown`."""
    phrases = [set(fillers_in(text)) if style.fillers else set() for text, style in zip(texts, styles, strict=True)]
    counts = Counter(phrase for each in phrases for phrase in each)
    most = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:PHRASES]
    share = sum(map(bool, phrases)) / len(texts)
    return {"share": round(share, 4), "most": [list(each) for each in most] if shown else []}
