"""What became of each row from one release to another.

Both are read side by side in the order of ids, in which a release has the rows of each split, so that of each only some
rows are held. What is told of rows that changed lies on disk where they are many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, TypeVar

from hfsft.engine.ordering.spilled import Spilled
from hfsft.hashing import digest
from hfsft.release.report.page_data import PageData
from hfsft.release.step_titles import fate_name
from hfsft.rows.columns import TEXTS, criterion_of
from hfsft.rows.views import OPTIONAL, READS, in_lines, questions
from hfsft.tallies.exact_mean import ExactMean

if TYPE_CHECKING:
    from hfsft.release.reader import Release
    from hfsft.release.report.split_rows import SplitRows

Row = Mapping[str, Any]
V = TypeVar("V")
NEW, GONE = "new", "no longer made"
SHOWN = 10  # rows whose old and new texts are told
LONGEST = 4_000  # characters of each
AT_ONCE = 500  # rows that are read at once of each split
HELD = 20_000  # rows of each kind of change that memory holds


def on_disk(tell: Callable[[V], str], read: Callable[[str], V]) -> Spilled[V]:
    """A mapping by the ids of rows, in their order, of which memory holds but some."""
    return Spilled(tell, read, held=HELD)


def _texts() -> Spilled[str]:
    return on_disk(str, str)


def _moves() -> Spilled[tuple[str, str]]:
    return on_disk(" ".join, _move)


def _move(told: str) -> tuple[str, str]:
    old, new = told.split()
    return old, new


def _names() -> Spilled[tuple[str, ...]]:
    return on_disk(" ".join, lambda told: tuple(told.split()))


@dataclass
class ComparedMeans:
    """One criterion's scores of all old rows, of all new ones, and how far those moved that both builds judged."""

    old: ExactMean = field(default_factory=ExactMean)
    new: ExactMean = field(default_factory=ExactMean)
    shift: ExactMean = field(default_factory=ExactMean)


@dataclass
class RowChanges:
    """The same as `hfsft.release.comparison.Diff` has of rows."""

    counts: tuple[Counter[str], Counter[str]] = field(default_factory=lambda: (Counter(), Counter()))  # by split
    added: Spilled[str] = field(default_factory=_texts)
    removed: Spilled[str] = field(default_factory=_texts)
    changed: Spilled[tuple[str, ...]] = field(default_factory=_names)
    rewritten: Spilled[str] = field(default_factory=_texts)
    moved: Spilled[tuple[str, str]] = field(default_factory=_moves)
    texts: dict[str, Mapping[str, tuple[str, str]]] = field(default_factory=dict)
    scores: dict[str, ComparedMeans] = field(default_factory=dict)  # by the name of the column

    def see(self, before: Row | None, after: Row | None) -> None:
        """Count and compare a row as both builds have it."""
        for count, row in zip(self.counts, (before, after), strict=True):
            if row:
                count[row["split"]] += 1
        for name, means in self.scores.items():
            old, new = (row.get(name) if row else None for row in (before, after))
            if old is not None:
                means.old.add(old)
            if new is not None:
                means.new.add(new)
            if old is not None and new is not None:
                means.shift.add(new - old)

    def compare(self, row_id: str, before: Row, after: Row) -> None:
        """What changed of a row that both builds have."""
        if columns := _differing(before, after):
            self.changed[row_id] = columns
            if len(self.texts) < SHOWN:
                self.texts[row_id] = _said(before, after, columns)
        if before["split"] != after["split"]:
            self.moved[row_id] = before["split"], after["split"]


def row_changes(old: Release, new: Release) -> RowChanges:
    """What became of each row."""
    tables = PageData(old).kept, PageData(new).kept
    names = dict.fromkeys(name for each in tables for table in each for name in table.kinds if criterion_of(name))
    found = RowChanges(scores={name: ComparedMeans() for name in names})
    only, asked = (_texts(), _texts()), (_texts(), _texts())  # the rows that one build alone has
    for row_id, before, after in _beside(*map(_rows, tables)):
        found.see(before, after)
        if before and after:
            found.compare(row_id, before, after)
        for row, ids, questioned in zip((before, after), only, asked, strict=True):
            if row and not (before and after):
                ids[row_id] = row["split"]
                key = _asked(row)
                questioned[key] = "" if key in questioned else row_id  # nothing of one that several rows ask
    were = _texts()
    for key, row_id in asked[1].items():
        if row_id and (was := asked[0].get(key)):
            found.rewritten[row_id], were[was] = was, row_id
            sides = only[0][was], only[1][row_id]
            if sides[0] != sides[1]:
                found.moved[row_id] = sides
    for told, ids, those, why, release in (
        (found.added, only[1], found.rewritten, NEW, old),
        (found.removed, only[0], were, GONE, new),
    ):
        for row_id in ids:
            if row_id not in those:
                told[row_id] = why
        for row_id, fate in fates(release):
            if row_id in told:
                told[row_id] = fate
    _tell_rewritten(found, *tables)
    return found


def fates(release: Release) -> Iterator[tuple[str, str]]:
    """The ids of the rows that fell, each with what became of it."""
    removed = PageData(release).removed
    for batch in removed.batches(["id", "fate", "stage"]) if removed else ():
        for row_id, fate, stage in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield row_id, f"{fate_name(fate)} {'at' if fate == 'failed' else 'by'} {stage}"


def _tell_rewritten(found: RowChanges, before: Iterable[SplitRows], after: Iterable[SplitRows]) -> None:
    """The texts of the first rows that say something else under another id."""
    pairs = iter(found.rewritten.items())
    while len(found.texts) < SHOWN and (some := dict(islice(pairs, AT_ONCE))):
        old, new = _of(before, some.values()), _of(after, some)
        for row_id, was in some.items():
            columns = _differing(old[was], new[row_id])
            if columns and len(found.texts) < SHOWN:
                found.texts[row_id] = _said(old[was], new[row_id], columns)


def _of(tables: Iterable[SplitRows], ids: Collection[str]) -> dict[str, Row]:
    """The texts of some rows."""
    wanted, found = set(ids), dict[str, Row]()
    for table in tables:
        places = [place for place, row_id in enumerate(table.column("id")) if row_id in wanted]
        found |= {row["id"]: row for _, row in table.rows(places, ("id", *TEXTS))}
    return found


def _rows(tables: Iterable[SplitRows]) -> Iterator[Row]:
    """Texts, scores and split of every row, in the order of the ids; of two of one id the last."""
    rows = merge(*map(_of_split, tables), key=lambda row: str(row["id"]))
    return (list(same)[-1] for _, same in groupby(rows, key=lambda row: row["id"]))


def _of_split(table: SplitRows) -> Iterator[Row]:
    import pyarrow as pa

    names = [name for name in table.kinds if name in ("id", *TEXTS) or criterion_of(name)]
    batches: Iterable[Any] = table.batches(names, AT_ONCE)
    if not _in_order(table):  # no release of ours: all of it is held, without its texts as Python has them
        batches = pa.Table.from_batches(batches).sort_by("id").to_batches(AT_ONCE)
    for batch in batches:
        for row in batch.to_pylist():
            yield {**row, "split": table.split}


def _in_order(table: SplitRows) -> bool:
    last = ""
    for row_id in table.column("id"):
        if row_id < last:
            return False
        last = row_id
    return True


def _beside(old: Iterator[Row], new: Iterator[Row]) -> Iterator[tuple[str, Row | None, Row | None]]:
    """The rows of both by their ids, None where one build has none of that id."""
    before, after = next(old, None), next(new, None)
    while before or after:
        row_id = min(row["id"] for row in (before, after) if row)
        mine = before if before and before["id"] == row_id else None
        other = after if after and after["id"] == row_id else None
        yield row_id, mine, other
        before, after = next(old, None) if mine else before, next(new, None) if other else after


def _asked(row: Row) -> str:
    (question,) = questions({name: [row.get(name)] for name in (*READS, *OPTIONAL)})
    return digest(list(question))


def _differing(old: Row, new: Row) -> tuple[str, ...]:
    return tuple(name for name in TEXTS if old.get(name) != new.get(name))


def _said(old: Row, new: Row, names: Iterable[str]) -> dict[str, tuple[str, str]]:
    return {name: (_text(old, name), _text(new, name)) for name in names}


def _text(row: Row, name: str) -> str:
    text = in_lines(row[name]) if isinstance(row.get(name), list) else str(row.get(name) or "")
    return text[:LONGEST]
