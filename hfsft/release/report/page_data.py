"""A build's folder as its report tells it: measures with their bounds, sampled rows, rules, clusters of duplicates.

Read column by column, so that a hundred thousand rows take little memory, and from the folder alone, so that the page
can be written anew at any time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from heapq import nsmallest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.plain import plain
from hfsft.release.reader import Release
from hfsft.release.report.clusters import clusters
from hfsft.rows.columns import LEDGER, REFERENCE, Column, Role, named
from hfsft.rows.views import own_turns, said, setting_text

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyarrow.parquet import ParquetFile

SAMPLES = {"train": 300, "validation": 100, "test": 100, "rejected": 300, "failed": 100, "not_chosen": 100}
"""Rows of each fate that the page shows at most, picked by a hash of their ids."""
EACH_RULE = 30  # rejected rows of every rule at least, however few of all it took
TOPICS = 50
LONGEST = 4_000  # characters of one text that the page shows
NOTHING: tuple[Any, ...] = (None, "", [])


@dataclass(frozen=True)
class SplitRows:
    """One split's rows on disk."""

    split: str
    files: Sequence[Path]

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Column -> its type, in Arrow's words."""
        from pyarrow.parquet import read_schema

        return {field.name: str(field.type) for field in read_schema(self.files[0])} if self.files else {}

    def column(self, name: str) -> list[Any]:
        """One column's values, in the order of the rows; None throughout where there is no such column."""
        if name not in self.kinds:
            return [None] * sum(file.metadata.num_rows for file in self._open())
        return [value for batch in self._batches(columns=[name]) for value in batch.column(0).to_pylist()]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Every row."""
        for batch in self._batches(batch_size=1000):
            yield from batch.to_pylist()

    def rows(
        self, wanted: Sequence[int], columns: Collection[str] | None = None
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows at some places, with their places; all columns, or those of these that there are."""
        left, start = sorted(wanted), 0
        named = None if columns is None else [name for name in self.kinds if name in columns]
        if not left:
            return
        for file in self._open():
            for group in range(file.num_row_groups):
                stop = start + file.metadata.row_group(group).num_rows
                here = left[bisect_left(left, start) : bisect_left(left, stop)]
                if here:  # no other group is read
                    rows = file.read_row_group(group, columns=named, use_threads=False)
                    found = rows.take([place - start for place in here]).to_pylist()
                    yield from zip(here, found, strict=True)
                start = stop

    def _open(self) -> Iterator[ParquetFile]:
        from pyarrow.parquet import ParquetFile

        return (ParquetFile(path, memory_map=True) for path in self.files)

    def _batches(self, **how: Any) -> Iterator[RecordBatch]:
        for file in self._open():
            yield from file.iter_batches(use_threads=False, **how)  # each thread would hold a pool of its own


@dataclass(frozen=True)
class PageData:
    """What the page is made from."""

    release: Release

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Counts, funnel, usage and notes, as the build wrote them."""
        return self.release.summary()

    @cached_property
    def kept(self) -> list[SplitRows]:
        """The splits."""
        folder = self.release.folder / "provenance"
        return [SplitRows(split, sorted(folder.glob(f"{split}-*.parquet"))) for split in self.release.splits()]

    @cached_property
    def removed(self) -> SplitRows:
        """The rows that fell."""
        return SplitRows("rejected", sorted((self.release.folder / "rejected").glob("*.parquet")))

    def values(self, column: str) -> list[Any]:
        """A column over all kept rows; that of their splits stands in the names of files."""
        if column == "split":
            return [table.split for table in self.kept for _ in table.column("id")]
        return [value for table in self.kept for value in table.column(column)]

    @cached_property
    def registry(self) -> dict[str, Column]:
        """Every column by its name."""
        return self.release.registry()

    def measures(self) -> list[str]:
        """The columns of numbers that filters and judges made."""
        kinds = {name: kind for table in [*self.kept, self.removed] for name, kind in table.kinds.items()}
        made = named(self.registry, "measure", "score")
        return [name for name, kind in kinds.items() if kind in ("int64", "double", "int32") and name in made]

    def removed_by(self, column: str) -> list[float]:
        """The values by which rows fell at a rule over that column."""
        steps = {bound["step"] for bound in self.summary["bounds"] if bound["column"] == column}
        values = column if column in self.removed.kinds else "value"  # which may say in words what was found
        pairs = zip(self.removed.column("stage"), self.removed.column(values), strict=True)
        return [float(value) for stage, value in pairs if stage in steps and value is not None]

    def rules(self) -> list[dict[str, Any]]:
        """Each rule that took rows, with its bound and how many, the one that took most first."""
        columns = [self.removed.column(name) for name in ("fate", "stage", "bound")]
        counts = Counter(zip(*columns, strict=True))
        return [
            {"fate": fate, "stage": stage, "bound": bound or "", "rows": rows}
            for (fate, stage, bound), rows in counts.most_common()
        ]

    def samples(self) -> list[dict[str, Any]]:
        """Rows of every fate and rule, as the page shows them."""
        found = []
        for table in self.kept:
            places = chosen(table.column("id"), SAMPLES[table.split])
            found += [shown_row(row, table.split, self.registry) for row in _rows(table, places)]
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, group in enumerate(zip(self.removed.column("fate"), self.removed.column("stage"), strict=True)):
            if place not in self._silent:
                groups[group].append(place)
        ids, wanted = self.removed.column("id"), list[int]()
        for (fate, _), places in groups.items():
            share = len(places) / sum(len(other) for (name, _), other in groups.items() if name == fate)
            wanted += chosen(ids, max(EACH_RULE, round(share * SAMPLES[fate])), places)
        return found + [shown_row(row, row["fate"], self.registry) for row in _rows(self.removed, wanted)]

    @property
    def withheld(self) -> int:
        """The number of rows that fell and whose texts are not in the build."""
        return len(self._silent)

    @cached_property
    def _silent(self) -> set[int]:
        """The numbers of the rows that fell and whose texts are not in the build."""
        texts = zip(*(self.removed.column(name) for name in named(self.registry, "text")), strict=True)
        return {place for place, said in enumerate(texts) if not any(said)}

    def clusters(self) -> list[dict[str, Any]]:
        """The largest groups of rows that are duplicates of one row: its text, and those of some of them."""
        found = clusters(self.kept, self.removed)
        return [
            {**each, "text": cut(each["text"]), "members": [cut(member) for member in each["members"]]}
            for each in found
        ]

    def choices(self, without: Collection[str] = ()) -> list[dict[str, Any]]:
        """Of each attribute and label but those how many kept and removed rows have which, where any row has one."""
        wanted = [
            each
            for each in self.registry.values()
            if each.role in ("attribute", "label") and each.type == "string" and each.name not in without
        ]
        found = [{"name": each.name, "about": each.about, "rows": self._counted(each.name)} for each in wanted]
        return [each for each in found if each["rows"]]

    def _counted(self, column: str) -> list[dict[str, Any]]:
        """How many kept and removed rows have which text in a column, the most frequent first."""
        kept, removed = Counter(self.values(column)), Counter(self.removed.column(column))
        names = [name for name in {*kept, *removed} if name]
        ordered = sorted(names, key=lambda name: (-kept[name], -removed[name], name))
        return [{"name": plain(name), "kept": kept[name], "removed": removed[name]} for name in ordered[:TOPICS]]


def chosen(ids: Sequence[str], count: int, places: Sequence[int] | None = None) -> list[int]:
    """At most `count` places, by a hash of the ids there: the same rows in every report."""
    every = range(len(ids)) if places is None else places
    return nsmallest(count, every, key=lambda place: (blake2b(ids[place].encode(), digest_size=8).digest(), place))


def _rows(table: SplitRows, places: Sequence[int]) -> list[dict[str, Any]]:
    """The rows at some places, in the order of these."""
    found = dict(table.rows(places))
    return [found[place] for place in places]


def shown_row(
    row: Mapping[str, Any], fate: str, registry: Mapping[str, Column], longest: int | None = LONGEST
) -> dict[str, Any]:
    """A row as the page shows it: who says what, what was measured, what it is about, where it comes from.

    Of a text it has so many characters at most, of all texts all for None.
    """

    def holding(*roles: Role) -> dict[str, Any]:
        found = {name: row.get(name) for name in named(registry, *roles)}
        return {name: _plainly(value, longest) for name, value in found.items() if value not in NOTHING}

    verdict = {name: row[name] for name in LEDGER if name != "fate" and row.get(name) is not None}
    lineage = holding("lineage")
    reference = {REFERENCE: cut(row[REFERENCE], longest)} if row.get(REFERENCE) else {}
    return {
        "id": lineage.pop("id"),
        "fate": fate,
        **verdict,
        "turns": [{**each, "text": cut(each["text"], longest)} for each in _turns(row)],
        "measures": holding("measure", "score"),
        "about": {**holding("attribute", "label", "kept"), **reference},
        "lineage": lineage,
    }


def _turns(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """Who says what; the text that an instruction is asked over is told apart behind it."""
    context = None if own_turns(row) else setting_text(row)
    found = [
        {"role": each.role, "kind": each.kind, "title": plain(each.title), "text": each.text}
        for each in said({**row, "context": None} if context else row)
    ]
    if context:
        behind = next((place for place, each in enumerate(found) if each["role"] == "assistant"), len(found))
        found.insert(behind, {"role": "context", "kind": "text", "title": "context", "text": context})
    return found


def _plainly(value: Any, longest: int | None) -> Any:
    """A value that is no text of the row's turns, as the page writes it."""
    value = ", ".join(map(str, value)) if isinstance(value, list) else value
    return cut(value, longest) if isinstance(value, str) else value


def cut(text: str, longest: int | None = LONGEST) -> str:
    """A text as far as the page shows it."""
    more = 0 if longest is None else len(text) - longest
    return f"{text[:longest]} … ({more:,} more characters)" if more > 0 else text
