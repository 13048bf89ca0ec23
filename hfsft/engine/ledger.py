"""Ledger: the fate of every row. Funnel: its counts, step by step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import repeat
from json import JSONEncoder
from typing import TYPE_CHECKING, Any, Literal, get_args

from hfsft.engine.ordering.spilled import Spilled
from hfsft.errors import InternalError
from hfsft.plain import beside
from hfsft.rows.columns import FOUND, OF, Side
from hfsft.tallies.column_values import ColumnValues

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.engine.executor import Rows
    from hfsft.engine.step import Step
    from hfsft.rows.batch import Batch

Removed = Literal["rejected", "failed", "not_chosen"]
Fate = Side | Removed
REMOVED_FATES: tuple[Removed, ...] = get_args(Removed)


@dataclass(frozen=True)
class Removal:
    """The rows that one step took out, with all columns they had, and why."""

    stage: str
    rule: str  # empty where `value_column` says of each row by which of several it fell, see `Bound`
    fate: Removed
    bound: str
    value_column: str
    rows: Rows | Dataset
    errors: Mapping[str, str] = field(default_factory=dict)  # of rows that failed, by id
    instead: Mapping[str, str] = field(default_factory=dict)  # of rows that were not chosen: which was, by id

    @property
    def compared(self) -> str:
        """What a rule that compares rows looked at: its measure is called by the rule, then by the columns."""
        return self.value_column.removeprefix(self.rule)

    @property
    def told_by(self) -> tuple[str, ...]:
        """The columns that its entries are made of, as far as the rows have them."""
        return ("id", "source", *(f"{self.value_column}{behind}" for behind in ("", OF, FOUND)))

    def batches(self, names: Iterable[str]) -> Iterator[Batch]:
        """These columns of the rows, some rows at a time; None throughout where there is no such column."""
        from hfsft.engine.ordering.streamed_rows import streamed
        from hfsft.rows.features import values_of

        names = list(dict.fromkeys(names))
        there = [name for name in names if name in self.rows.column_names]
        for table in streamed(self.rows).batches(there or ["id"]):
            nothing = [None] * len(table)
            yield {name: values_of(table[name]) if name in there else nothing for name in names}

    def entries(self) -> Iterator[dict[str, Any]]:
        """One ledger entry a row."""
        return (entry for batch in self.batches(self.told_by) for entry in self.told(batch))

    def told(self, batch: Batch) -> Iterator[dict[str, Any]]:
        """The entries of rows with the columns `told_by`; `value` is what was found, or the measure as text: every rule
        fits one column.
        """
        failed = self.fate == "failed"
        for row_id, source, value, of, found in zip(*(batch[name] for name in self.told_by), strict=True):
            shown = None if value is None else str(value)
            if isinstance(value, float):
                shown = beside(self.bound, value, f"{value:.6g}")
            rule = self.rule
            if not rule and shown is not None:  # of several, the column says which
                rule, _, what = shown.partition(": ")
                shown = what or rule
            yield {
                "id": row_id,
                "source": source,
                "fate": self.fate,
                "stage": self.stage,
                "rule": None if failed else rule,
                "value": None if failed else found or shown,
                "bound": None if failed else self.bound,
                "of": self.instead.get(row_id, of),
                "error": self.errors[row_id] if failed else None,
            }

    def column(self, name: str) -> ColumnValues:
        """One column of the rows, read anew whenever somebody goes over it; None throughout where there is no such."""
        return ColumnValues(lambda: (value for batch in self.batches([name]) for value in batch[name]), len(self.rows))


@dataclass(frozen=True)
class FunnelLine:
    """What one step did to the number of rows; calls are requests sent now, not answers read from the store."""

    step: str
    place: str
    rows_in: int
    added: int
    removed: int
    rows_out: int
    cached: bool
    calls: int
    seconds: float

    @property
    def share_removed(self) -> float:
        """Removed rows as a share (0 to 1) of the rows that the step could remove."""
        before = self.rows_in + self.added
        return self.removed / before if before else 0.0

    def as_dict(self) -> dict[str, Any]:
        """The line as JSON."""
        return {**asdict(self), "share_removed": round(self.share_removed, 4)}


@dataclass(frozen=True)
class Wave:
    """What there was at the end of one wave, with all waves before it."""

    rows_in: int
    rows_out: int
    calls: int


@dataclass
class Ledger:
    """Rows in and what became of each; filled by the engine, closed by `finish`.

    Each wave of a build goes over all rows, so that it holds the fate of all; `waves` are those that ended before.
    """

    rows_in: int = 0
    told: list[Any] = field(default_factory=list)  # what sources say of their reading, as JSON, one after the other
    removals: list[Removal] = field(default_factory=list)
    funnel: list[FunnelLine] = field(default_factory=list)
    # What all answers of a step took, by step that asks and by model; None where it is not known.
    spent: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    splits: Mapping[str, Sequence[str]] = field(default_factory=dict)
    waves: list[Wave] = field(default_factory=list)
    ended: str = ""  # why no wave followed the last one
    earlier: Mapping[str, FunnelLine] = field(default_factory=dict)  # by step, what earlier waves took
    sources: Mapping[str, Sequence[str | None]] = field(default_factory=dict)  # by split, where its rows were read
    tables: Mapping[str, Rows] = field(default_factory=dict)  # the rows of each side table, which have no fate

    @property
    def wave(self) -> int:
        """The number of the wave that is at work, or was last; the first is 1."""
        return len(self.waves) + 1

    def next_wave(self, rows_out: int) -> None:
        """A wave has ended and left so many rows; the next begins. What it asked and the time it took is kept."""
        self.earlier = {line.step: line for line in self.funnel}
        self.waves.append(Wave(self.rows_in, rows_out, sum(line.calls for line in self.funnel)))
        self.rows_in, self.told, self.removals, self.funnel = 0, [], [], []

    def record(
        self,
        step: Step,
        before: int,
        after: int,
        *,
        removed: int = 0,
        cached: bool,
        calls: int,
        seconds: float,
        aside: bool = False,
    ) -> None:
        """Add a step's line to the funnel and its new rows to the rows in. Those of a side table are in no count of
        rows that came or went: the line says how many there were, and what was asked for them.
        """
        removed = 0 if aside else removed
        added = 0 if aside else after + removed - before
        self.rows_in += added
        if line := self.earlier.get(step.name):
            cached, calls, seconds = cached and line.cached, calls + line.calls, round(seconds + line.seconds, 4)
        self.funnel.append(
            FunnelLine(
                step=step.name,
                place=str(step.place or ""),
                rows_in=before,
                added=added,
                removed=removed,
                rows_out=after,
                cached=cached,
                calls=calls,
                seconds=seconds,
            )
        )

    def finish(
        self, splits: Mapping[str, Sequence[str]], sources: Mapping[str, Sequence[str | None]] | None = None
    ) -> None:
        """Close the ledger with the ids of each split, and where each of those rows was read.

        Raises `InternalError` when rows in is not the sum of all fates, or one row has two.
        """
        from hfsft.engine.ordering.text_columns import twins

        self.splits, self.sources = splits, sources or {}
        counts = self.counts()
        if sum(counts.values()) != self.rows_in:
            raise InternalError(f"the ledger does not add up: {self.rows_in} rows in, but {dict(counts)}")

        def ids() -> Iterator[Sequence[str | None]]:
            yield from splits.values()
            yield from (batch["id"] for removal in self.removals for batch in removal.batches(["id"]))

        if twice := twins(ids):
            raise InternalError(f"{len(twice)} rows have two fates, such as {twice[0]}")

    def counts(self) -> dict[str, int]:
        """Number of rows of each fate."""
        counts = {name: len(ids) for name, ids in self.splits.items()}
        for fate in REMOVED_FATES:
            rows = sum(len(removal.rows) for removal in self.removals if removal.fate == fate)
            if rows or fate != "not_chosen":  # only where rows are grouped at all
                counts[fate] = rows
        return counts

    def entries(self) -> Iterator[dict[str, Any]]:
        """One entry for each row that ever came in."""
        empty = dict.fromkeys(("stage", "rule", "value", "bound", "of", "error"))
        for split, row_id, source in self._kept():
            yield {"id": row_id, "source": source, "fate": split, **empty}
        for _, entries in self.removed():
            yield from entries

    def lines(self) -> Iterator[str]:
        """The same as JSON, each a line; most are of kept rows, which differ in two texts."""
        line = JSONEncoder(ensure_ascii=False).encode
        kept = dict.fromkeys(("stage", "rule", "value", "bound", "of", "error"))
        rest = {split: line({"fate": split, **kept})[1:] for split in self.splits}
        for split, row_id, source in self._kept():
            yield f'{{"id": {line(row_id)}, "source": {line(source)}, {rest[split]}\n'
        for _, entries in self.removed():
            yield from (f"{line(entry)}\n" for entry in entries)

    def _kept(self) -> Iterator[tuple[str, str, str | None]]:
        for split, ids in self.splits.items():
            for row_id, source in zip(ids, self.sources.get(split) or repeat(None, len(ids)), strict=True):
                yield split, row_id, source

    def removed(self) -> Iterator[tuple[Removal, Iterator[dict[str, Any]]]]:
        """The rows that each step took out, with their entries, which are made as they are read."""
        standing = self.standing()
        for removal in self.removals:
            yield removal, (standing(removal, entry) for entry in removal.entries())

    def standing(self) -> Callable[[Removal, dict[str, Any]], dict[str, Any]]:
        """What makes the entry of a row that was taken out say which row stands for it in the end.

        A row that was rejected as like a second one, which was itself rejected as like a third by the same columns, is
        `of` the third. Where other columns rejected the second, the third need not be like the first: `of` is then the
        second.
        """
        like = [each for each in self.removals if each.instead or each.value_column + OF in each.rows.column_names]
        after = Spilled[str](str, str)
        for removal in like:
            for entry in removal.entries():
                if entry["of"] is not None:
                    after[f"{removal.compared}\0{entry['id']}"] = entry["of"]

        def told(removal: Removal, entry: dict[str, Any]) -> dict[str, Any]:
            of, passed = entry["of"], set[str]()
            # Rows that name each other in a ring end where they began.
            while of is not None and of not in passed and (next_one := after.get(f"{removal.compared}\0{of}")):
                passed.add(of)
                of = next_one
            return {**entry, "of": of}

        return told

    def orphaned(self) -> dict[Removed, int]:
        """By fate, the number of rows that fell for another row (`of`) which was taken out by a later step.

        `rejected` rows were too like that one, `not_chosen` ones of a group of which it was to stay. What grew from a
        row stands for it in another way, and is not meant.
        """
        wanted = Spilled[str](str, str)  # the rows that others fell for, and of those that are gone what they grew from
        for _, entry in self._like():
            wanted[entry["of"]] = ""
        for removal in self.removals if wanted else ():
            for batch in removal.batches(["id", "parent_id"]):
                for row_id, parent in zip(batch["id"], batch["parent_id"], strict=True):
                    if row_id in wanted:
                        wanted[row_id] = f"gone {parent or ''}"
        fell = ((fate, wanted[entry["of"]], entry["id"]) for fate, entry in (self._like() if wanted else ()))
        return dict(Counter(fate for fate, became, row_id in fell if became and became != f"gone {row_id}"))

    def _like(self) -> Iterator[tuple[Removed, dict[str, Any]]]:
        for removal, entries in self.removed():
            if removal.instead or removal.value_column + OF in removal.rows.column_names:
                yield from ((removal.fate, entry) for entry in entries if entry["of"] is not None)
