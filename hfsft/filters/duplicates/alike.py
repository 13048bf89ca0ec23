"""What filters share that measure how alike rows are: pairs are found once, and decided by row for row."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.engine.step import Bound, Step
from hfsft.filters.duplicates.common import (
    ALIKE,
    NAME,
    NEAREST,
    RANK,
    Compared,
    Duplicates,
    OverAll,
    OverRounds,
)
from hfsft.filters.duplicates.row_by_row import FoundAlike, verdicts
from hfsft.filters.filter_work import work_of
from hfsft.rows.batch import Batch
from hfsft.rows.columns import Column
from hfsft.rows.features import arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.adding import Columns
    from hfsft.engine.spread.scattered import Scattered
    from hfsft.errors import Place


class AlikePairs(NamedTuple):
    """The rows that are compared, the preferred first, and which of them are alike; rows of other sets are under 0.

    Of `copies` each is the same as the row that it stands with; `alike` are the others, the preferred row in front.
    """

    order: Sequence[int]
    copies: Mapping[int, int]
    alike: Iterable[tuple[int, int, float]]


class AlikeRows(Duplicates):
    """A filter that measures how alike each row is to the rows that stay."""

    at_most: float
    floor: float

    @property
    def writes(self) -> dict[str, Any]:
        """The highest similarity to a row that stays, the id of that row, and what tells of all rows that are alike."""
        nearest = {f"{self.measured}{NEAREST}": "string", f"{self.measured}{ALIKE}": "float64"}
        return {self.measured: "float64", self.original: "string", self.cluster: "string", **nearest}

    @property
    def found(self) -> dict[str, Any]:
        """What is kept between measuring and deciding: columns that live from the one step to the next.

        They name rows by their ids: numbers would be others for all rows where one is put before them.
        """
        same, near, alike = (f"{self.measured}_{name}" for name in ("same", "near", "alike"))
        other = {f"{self.measured}_other": "string", f"{self.measured}_other_alike": "float64"} if self.against else {}
        return {same: "string", near: ["string"], alike: ["float64"], **other}

    @property
    def _about(self) -> tuple[Column, ...]:
        """What the columns are that tell of all rows."""
        name = self.measured
        nearest = Column(f"{name}{NEAREST}", "string", "lineage", "The row most like it, whether that stays or falls.")
        alike = Column(f"{name}{ALIKE}", "float64", "measure", f"How alike `{name}{NEAREST}` is.")
        return (self.about_cluster, nearest, alike)

    def steps(self, place: Place | None = None, label: str = "") -> list[Step]:
        """One step that measures pairs, one that decides by `at_most` which rows stay, one that keeps these."""
        measure, keep = super().steps(place, label)
        search = replace(measure, writes=self.found, work=work_of(self, "search"))
        decide = Step(
            name=f"{measure.name.removesuffix('measure')}decide",
            sees="all",
            reads=(*self.found, *self.reads),
            optional=measure.optional,
            writes=self.writes,
            drops=tuple(self.found),
            about=measure.about,
            known=self._about,
            identity={"at_most": self.at_most, **self._choice()},
            work=work_of(self, "decide"),
            place=place,
        )
        return [search, decide, keep]

    def _choice(self) -> dict[str, Any]:
        """Who is preferred, where that is chosen."""
        return {} if self.keep == "preferred" else {"keep": self.keep, "by": self.by}

    def measure(self, batch: Batch) -> Batch:
        """The similarity of each row to the row most like it of those that stay: all steps in one."""
        return self.decide({**batch, **self.search(batch)})

    @property
    def search(self) -> OverAll:
        """For each row which is the first with the same text, and which are nearly alike, with the similarity to each.

        These are preferred rows, and the similarity at least `floor`; None where nothing is compared.
        """
        return OverAll(self._searched)

    @property
    def decide(self) -> OverRounds:
        """Row by row, the preferred first: the similarity to the row most like it of those that stay so far."""
        return OverRounds(self._decided, rounds=self._spread)

    @abstractmethod
    def _pairs(self, rows: Columns, kept: pa.Table | None) -> tuple[AlikePairs, pa.Table | None]:
        """Which rows are alike, at least by `floor`, and what is to be kept of finding out."""

    def _others(self) -> list[tuple[int, Compared]]:
        """The rows of other sets in which there is something to compare, by their places there."""
        if self.others is None:
            return []
        return [(place, row) for place, row in enumerate(self.compared(self.others.texts)) if row is not None]

    def _searched(self, rows: Columns, kept: pa.Table | None) -> tuple[Batch, pa.Table | None]:
        found, kept = self._pairs(rows, kept)
        count, names = len(rows), self._names(rows)
        same: list[str | None] = [None] * count
        near: list[list[str] | None] = [None] * count
        alike: list[list[float] | None] = [None] * count
        others: list[tuple[int, float] | None] = [None] * count
        for place in found.order:
            near[place], alike[place] = [], []
        for copy, first in found.copies.items():
            if copy >= 0 and first >= 0:
                same[copy] = names[first]
            elif copy >= 0:
                others[copy] = first, 1.0
        for first, other, similarity in found.alike:
            if other < 0 or same[other] is not None:
                continue
            if first < 0:
                known = others[other]
                if known is None or (similarity, first) > (known[1], known[0]):
                    others[other] = first, similarity
                continue
            listed, values = near[other], alike[other]
            assert listed is not None, "only rows that are compared are alike"
            assert values is not None, "as above"
            listed.append(names[first])
            values.append(similarity)
        columns: list[Sequence[Any]] = [same, near, alike]
        if self.against and self.others is not None:
            told = self.others.names
            columns += [
                [each and told[-1 - each[0]] for each in others],
                [each and each[1] for each in others],
            ]
        elif self.against:
            columns += [[None] * count, [None] * count]
        return {name: list(values) for name, values in zip(self.found, columns, strict=True)}, kept

    def _decided(self, rows: Columns, _: pa.Table | None) -> tuple[Batch, None]:
        found = {name: rows[name] for name in self.found}
        _, nears, *_ = found.values()
        order = self.order(rows, [place for place, each in enumerate(nears) if each is not None])
        return self._verdicts(found, order, self._names(rows), self.names(rows)), None

    def _verdicts(self, found: Batch, order: Sequence[int], names: Sequence[str], called: Sequence[str]) -> Batch:
        """What becomes of rows, of which all that they are alike to are among them, by what was `found`, under `names`;
        `called` is what others are told that they are called.
        """
        sames, nears, alikes, *told = found.values()
        count = len(nears)
        places = {name: place for place, name in enumerate(names)}
        near = [None if each is None else [places[name] for name in each] for each in nears]
        same = [None if name is None else places[name] for name in sames]
        other = [name and (name, value) for name, value in zip(*told, strict=True)] if told else [None] * count
        made = verdicts(FoundAlike(near, alikes, same, other), order, self.at_most)

        def name(place: int | str | None) -> str | None:
            return called[place] if isinstance(place, int) else place

        columns = (
            made.highest,
            list(map(name, made.originals)),
            list(map(name, made.clusters)),
            [each and name(each[0]) for each in made.nearest],
            [each and each[1] for each in made.nearest],
        )
        return dict(zip(self.writes, columns, strict=True))

    def _spread(self, rows: Scattered) -> Scattered:
        """The same for scattered rows: those that are alike, directly or through others, are looked at together."""
        from hfsft.engine.spread.components import COMPONENT, components, of_its_own

        same, near, *_ = self.found
        ranked = self.ranking(rows, [near, *(name for name in self.found if name != near)]).kept("ranked")
        links = ranked.only([NUMBER, same, near]).through(work_of(self, "linked"), {"one": "int64", NAME: "string"})
        pairs = links.joined(ranked.only({NAME: NAME, "other": NUMBER}), [NAME]).only(["one", "other"])
        together = ranked.joined(components(pairs), [NUMBER], "left")
        kinds = {**together.kinds, COMPONENT: "int64"}
        apart = together.through(Work(path_of(of_its_own)), kinds)
        return apart.grouped([COMPONENT], work_of(self, "together"), {NUMBER: "int64", **self.writes})

    def linked(self, table: pa.Table) -> pa.Table:
        """Which row is alike to one of which name."""
        import pyarrow as pa

        same, near, *_ = self.found
        pairs = [
            (number, name)
            for number, first, others in zip(*(table[each].to_pylist() for each in (NUMBER, same, near)), strict=True)
            for name in ([first] if first is not None else others or ())
        ]
        numbers, names = zip(*pairs, strict=True) if pairs else ((), ())
        return pa.table({"one": pa.array(numbers, pa.int64()), NAME: pa.array(names, pa.string())})

    def together(self, table: pa.Table) -> pa.Table:
        """What becomes of rows, of which all that are alike are among them."""
        import pyarrow as pa

        table = table.sort_by(RANK)  # so that the order of preference is that of the rows
        names = table[NAME].to_pylist()
        found = {name: table[name].to_pylist() for name in self.found}
        made = self._verdicts(found, range(table.num_rows), names, names)
        schema = arrow_schema(self.writes)
        columns = {name: pa.array(values, schema.field(name).type) for name, values in made.items()}
        return pa.table({NUMBER: table[NUMBER], **columns})

    def _names(self, rows: Columns) -> list[str]:
        """What each row is called by: its id, or its number where ids are not there or not all different."""
        names = self.names(rows)
        return names if len(set(names)) == len(names) else list(map(str, range(len(names))))

    def bounds(self) -> list[Bound]:
        """At most so similar to a row that stays."""
        return [Bound(self.name, self.measured, at_most=self.at_most, missing="keep")]
