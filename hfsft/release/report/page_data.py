"""A build's folder as its report tells it: measures with their bounds, sampled rows, rules, clusters of duplicates.

Counted some rows at a time, so that it takes the same memory however many there are, and from the folder alone, so that
the page can be written anew at any time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from hashlib import blake2b
from itertools import chain, islice, repeat, starmap
from typing import TYPE_CHECKING, Any

from hfsft.plain import plain
from hfsft.release.reader import Release
from hfsft.release.report.clusters import CLUSTERS, clusters
from hfsft.release.report.split_rows import SplitRows
from hfsft.rows.columns import LEDGER, REFERENCE, Column, Role, named
from hfsft.rows.views import own_turns, said, setting_text
from hfsft.tallies.column_values import ColumnValues, chained
from hfsft.tallies.frequent import frequent
from hfsft.tallies.lowest import Lowest

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLES = {"train": 300, "validation": 100, "test": 100, "rejected": 300, "failed": 100, "not_chosen": 100}
"""Rows of each fate that the page shows at most, picked by a hash of their ids."""
EACH_RULE = 30  # rejected rows of every rule at least, however few of all it took
TOPICS = 50
DIFFERENT = 20_000  # texts of one column that are counted exactly; of more the most frequent are
LONGEST = 4_000  # characters of one text that the page shows
SHORTEST = 250  # to which texts are cut, where the page would be too large, before anything else is left out
LINE = 500  # characters of one name or bound
PARTS: Mapping[Role, str] = {
    **dict.fromkeys(("measure", "score"), "measures"),
    **dict.fromkeys(("attribute", "label", "kept"), "about"),
    "lineage": "lineage",
}
"""In which part of a row's facts the page shows the columns of which role."""
NOTHING: tuple[Any, ...] = (None, "", [])


@dataclass(frozen=True)
class PageLimits:
    """How much of everything the page shows at most; `tighter` ones where it would be too large a file."""

    text: int = LONGEST  # characters of one text of a row
    turns: int = 200  # of a row
    entries: int = 100  # columns of a row
    samples: float = 1.0  # share of `SAMPLES`
    measures: int = 80
    clusters: int = CLUSTERS
    lines: int = 200  # of a table or a list
    panels: int = 60
    recipe: int = 200_000  # characters

    def tighter(self) -> PageLimits:
        """Half of it: of texts first, as nothing else is as long, then of all."""
        texts = replace(self, text=self.text // 2, turns=self.turns // 2, recipe=self.recipe // 2)
        if texts.text >= SHORTEST:
            return texts
        halves = {name: value // 2 for name, value in vars(texts).items() if name not in ("samples", "text", "turns")}
        return replace(texts, samples=self.samples / 2, **halves)


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

    @cached_property
    def rows_kept(self) -> int:
        """How many rows were kept."""
        return sum(map(len, self.kept))

    def values(self, column: str) -> ColumnValues:
        """A column over all kept rows; that of their splits stands in the names of files."""
        if column == "split":
            splits = [(table.split, len(table)) for table in self.kept]
            return ColumnValues(lambda: chain.from_iterable(starmap(repeat, splits)), self.rows_kept)
        return chained(*(table.column(column) for table in self.kept))

    def fell(self, column: str, step: str = "") -> ColumnValues:
        """A column over the rows that fell, at one step where it is named."""
        values = self.removed.column(column)
        if not step:
            return values
        both = self.removed.column("stage"), values
        return ColumnValues(lambda: (value for stage, value in zip(*both, strict=True) if stage == step))

    @cached_property
    def registry(self) -> dict[str, Column]:
        """Every column by its name."""
        return self.release.registry()

    def measures(self) -> list[str]:
        """The columns of numbers that filters and judges made."""
        kinds = {name: kind for table in [*self.kept, self.removed] for name, kind in table.kinds.items()}
        made = named(self.registry, "measure", "score")
        return [name for name, kind in kinds.items() if kind in ("int64", "double", "int32") and name in made]

    def numbers(self, column: str) -> Iterator[NDArray[Any]]:
        """The numbers in a column of the kept rows, some at a time."""
        for table in self.kept:
            for batch in table.batches([column]) if column in table.kinds else ():
                yield batch.column(0).drop_null().to_numpy(zero_copy_only=False)

    def removed_by(self, column: str) -> Iterator[NDArray[Any]]:
        """The values by which rows fell at a rule over that column, some at a time."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        steps = [bound["step"] for bound in self.summary["bounds"] if bound["column"] == column]
        values = column if column in self.removed.kinds else "value"  # which may say in words what was found
        for batch in self.removed.batches(["stage", values]) if self.removed and steps else ():
            found = batch.filter(pc.is_in(batch.column(0), pa.array(steps, batch.column(0).type))).column(1).drop_null()
            yield np.asarray(found.to_pylist() if values == "value" else found.to_numpy(zero_copy_only=False), float)

    def rules(self) -> list[dict[str, Any]]:
        """Each rule that took rows, with its bound and how many, the one that took most first."""
        columns = [self.removed.column(name) for name in ("fate", "stage", "bound")]
        counts = Counter(zip(*columns, strict=True))
        return [
            {"fate": fate, "stage": stage, "bound": plain(bound or "", LINE), "rows": rows}
            for (fate, stage, bound), rows in counts.most_common()
        ]

    def samples(self, limits: PageLimits = PageLimits()) -> list[dict[str, Any]]:
        """Rows of every fate and rule, as the page shows them."""
        found = []
        for table, places in zip(self.kept, self._drawn, strict=True):
            those = places[: round(SAMPLES[table.split] * limits.samples)]
            found += [self._shown(row, table.split, limits) for row in _rows(table, those)]
        wanted, fell = list[int](), self._fell[0]
        for (fate, _), drawn in list(fell.items())[: limits.lines]:
            share = drawn.added / sum(other.added for (name, _), other in fell.items() if name == fate)
            wanted += drawn.items()[: round(max(EACH_RULE, round(share * SAMPLES[fate])) * limits.samples)]
        return found + [self._shown(row, row["fate"], limits) for row in _rows(self.removed, wanted)]

    def _shown(self, row: Mapping[str, Any], fate: str, limits: PageLimits) -> dict[str, Any]:
        shown = shown_row(row, fate, self.registry, limits.text)
        turns, more = shown["turns"][: limits.turns], len(shown["turns"]) - limits.turns
        if more > 0:
            turns.append({"role": "context", "kind": "text", "title": "…", "text": f"{more:,} more turns"})
        some = {name: dict(islice(shown[name].items(), limits.entries)) for name in ("measures", "about", "lineage")}
        return {**shown, "turns": turns, **some}

    @cached_property
    def _drawn(self) -> list[list[int]]:
        """The places of the kept rows that are shown, split by split."""
        return [chosen(table.column("id"), SAMPLES[table.split]) for table in self.kept]

    @cached_property
    def _fell(self) -> tuple[dict[tuple[str, str], Lowest], int]:
        """Of the rows that fell the places of those that are shown, by fate and step, and how many say nothing."""
        found: dict[tuple[str, str], Lowest] = {}
        withheld = 0
        columns = (self.removed.column(name) for name in ("fate", "stage", "id"))
        silent = self.removed.silent(named(self.registry, "text"))
        for place, (fate, stage, row_id, says_nothing) in enumerate(zip(*columns, silent, strict=True)):
            if says_nothing:
                withheld += 1
                continue
            group = fate, stage
            if group not in found:
                found[group] = Lowest(SAMPLES[fate])
            found[group].add(_hash(row_id), place)
        return found, withheld

    @property
    def withheld(self) -> int:
        """The number of rows that fell and whose texts are not in the build."""
        return self._fell[1]

    def clusters(self, limits: PageLimits = PageLimits()) -> list[dict[str, Any]]:
        """The largest groups of rows that are duplicates of one row: its text, and those of some of them."""
        return [
            {
                **each,
                "text": cut(each["text"], limits.text),
                "members": [cut(member, limits.text) for member in each["members"]],
            }
            for each in self._clusters[: limits.clusters]
        ]

    @cached_property
    def _clusters(self) -> list[dict[str, Any]]:
        return clusters(self.kept, self.removed, {bound["step"]: bound["column"] for bound in self.summary["bounds"]})

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
        both = [partial(filter, None, of(column)) for of in (self.values, self.removed.column)]
        counts = [frequent(each, DIFFERENT) for each in both]
        kept, removed = (each.counts for each in counts)
        ordered = sorted({*kept, *removed}, key=lambda name: (-kept[name], -removed[name], name))[:TOPICS]
        if not (counts[0].exact and counts[1].exact):  # what one of them does not hold the other may
            kept, removed = (Counter(filter(set(ordered).__contains__, each())) for each in both)
        return [{"name": plain(name, LINE), "kept": kept[name], "removed": removed[name]} for name in ordered]


def chosen(ids: Iterable[str], count: int) -> list[int]:
    """At most `count` places, by a hash of the ids there: the same rows in every report."""
    drawn = Lowest(count)
    for place, row_id in enumerate(ids):
        drawn.add(_hash(row_id), place)
    return drawn.items()


def _hash(row_id: str) -> bytes:
    return blake2b(row_id.encode(), digest_size=8).digest()


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

    found: dict[str, dict[str, Any]] = {"measures": {}, "about": {}, "lineage": {}}
    for name, each in registry.items():
        if each.role in PARTS and (value := row.get(name)) not in NOTHING:
            found[PARTS[each.role]][name] = _plainly(value, longest)
    verdict = {name: row[name] for name in LEDGER if name != "fate" and row.get(name) is not None}
    reference = {REFERENCE: cut(row[REFERENCE], longest)} if row.get(REFERENCE) else {}
    return {
        "id": found["lineage"].pop("id"),
        "fate": fate,
        **verdict,
        "turns": [{**each, "text": cut(each["text"], longest)} for each in _turns(row)],
        **found,
        "about": {**found["about"], **reference},
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
