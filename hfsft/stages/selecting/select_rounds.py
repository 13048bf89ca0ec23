"""A selection from rows that no process holds: their order is found by rounds, and the walk goes some way at a time.

This process holds the numbers of the rows that it takes, with the vectors of these where they are compared by meaning
(4 bytes for each dimension), and as many rows at a time as make 64 MB. All others are compared with the rows taken so
far where they lie. By words it holds the pairs of texts that are too alike, 48 bytes each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Resource, Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.near import FIRST, ITEM, KNOWN, SAID, known_of, near_pairs, said_of
from hfsft.rows.columns import OF, text_under
from hfsft.rows.features import arrow_schema, values_of
from hfsft.similarity import keys_of, sketches_of
from hfsft.stages.selecting.places import by_chance, in_walk
from hfsft.stages.selecting.select import UNSELECTED, behind, how_chosen, measures_in, room_in, too_like
from hfsft.stages.selecting.twin import CHOSEN
from hfsft.stages.selecting.walk import ROUNDING, VectorWalk, Walk, WordWalk, floor_of, likest

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered

VECTOR = "vector"
AT_ONCE = 1 << 26  # bytes of the rows that are walked along at a time, about
MOST = 1 << 22  # rows that are looked at to find these
UNKNOWN = 1_024  # dimensions of vectors of which nothing is told
THIN = 256  # bytes of one without a vector, about
WIDER = 4  # times as many rows are looked at next, at most, where few of them are left to be walked along
ALIKE = {NUMBER: "int64", "share": "float64", "other": "int64"}
WHY = {NUMBER: "int64", UNSELECTED: "string", f"{UNSELECTED}{OF}": "string", CHOSEN: "string"}


def walked(rows: Scattered, how: Mapping[str, Any]) -> Scattered:
    """Of each row whether it is taken, by the walk or by chance, and if not, why."""
    wanted, balanced, compared = how["rows"], how.get("balanced", ()), how.get("compared")
    walk = in_walk(rows, measures_in(rows.kinds, how["by"])).kept("the walk")
    rules = [rule for rule in balanced if rule["counted"] in rows.kinds]
    if compared is None and not rules:
        taken = min(wanted, walk.count())
        chosen = walk.through(Work(path_of(among_first), {"count": taken, "name": "chosen"}), _flag("chosen"))
        alike = rows.of(pa.table([[], [], []], schema=arrow_schema(ALIKE)), ALIKE)
    else:
        going = _Going(rows, walk, wanted, rules, compared, how.get("at_most", 1.0))
        taken, chosen, alike = going.gone()
    told = walk.only([NUMBER]).joined(chosen, [NUMBER], "left")
    if how["random"]:
        count = Work(path_of(among_first), {"count": taken, "name": "drawn"})
        told = told.joined(by_chance(rows).through(count, _flag("drawn")), [NUMBER], "left")
    names = rows.only({"other": NUMBER, "of": "id"})
    told = told.joined(alike.joined(names, ["other"]).only([NUMBER, "share", "of"]), [NUMBER], "left")
    return told.through(Work(path_of(saying), {"otherwise": behind(taken, balanced)}), WHY)


def _flag(name: str) -> dict[str, Any]:
    return {NUMBER: "int64", name: "bool"}


def among_first(count: int, name: str) -> Does:
    """The work that marks the first rows."""

    def does(table: pa.Table) -> pa.Table:
        numbers = table.filter(pc.less(table[ITEM], count))[NUMBER]
        return pa.table({NUMBER: numbers, name: pa.array([True] * len(numbers), pa.bool_())})

    return does


def saying(otherwise: str) -> Does:
    """The work that says what becomes of rows."""

    def does(table: pa.Table) -> pa.Table:
        blank = [None] * table.num_rows
        chosen, drawn = (
            table[name].to_pylist() if name in table.column_names else blank for name in ("chosen", "drawn")
        )
        ways = [how_chosen(bool(one), bool(other)) for one, other in zip(chosen, drawn, strict=True)]
        why, of = [], []
        for way, share, other in zip(ways, table["share"].to_pylist(), table["of"].to_pylist(), strict=True):
            why.append(None if way is not None else otherwise if share is None else too_like(share))
            of.append(other if way is None else None)
        return pa.table([table[NUMBER], why, of, ways], schema=arrow_schema(WHY))

    return does


@dataclass
class _PartOfWalk:
    """Rows along a part of the walk, of which some are too like one taken before it, and the rows taken along it."""

    rows: Scattered
    taken: list[Resource] = field(default_factory=list)


@dataclass
class _Going:
    """The walk over scattered rows, some at a time."""

    rows: Scattered
    walk: Scattered
    wanted: int
    rules: Sequence[Mapping[str, Any]]
    compared: str | None
    at_most: float
    taken: list[Resource] = field(default_factory=list)  # the vectors of rows that were taken
    pieces: list[_PartOfWalk] = field(default_factory=list)
    last: int = 0  # the place behind the last row that was walked along

    def gone(self) -> tuple[int, Scattered, Scattered]:
        """How many rows are taken, which, and which of the others are too like which of these."""
        walk = self._by_words() if self._vectors is None and self.compared else self._by_vectors()
        alike = [(row, share, other) for row, (share, other) in walk.alike.items()]
        found = self.rows.of(pa.table(_columns(alike, 3), schema=arrow_schema(ALIKE)), ALIKE)
        work = Work(path_of(too_alike), {"before": self.last, "at_most": self.at_most})
        for piece in self.pieces:
            found = found.also(piece.rows.through(work, ALIKE, piece.taken))
        rows = [(row, True) for row in walk.taken]
        chosen = self.rows.of(pa.table(_columns(rows, 2), schema=arrow_schema(_flag("chosen"))), _flag("chosen"))
        return len(walk.taken), chosen, found

    @property
    def _vectors(self) -> str | None:
        """The column of vectors that are compared, if they are."""
        return self.compared if self.compared is not None and text_under(self.compared) is not None else None

    @property
    def _at_once(self) -> int:
        """How many rows make so many bytes."""
        numbers = re.findall(r"[0-9]+", str(self.rows.kinds[self._vectors])) if self._vectors else [0]
        return max(1, AT_ONCE // (THIN + 4 * int((numbers or [UNKNOWN])[0])))

    def _by_vectors(self) -> Walk:
        walk = VectorWalk(self.wanted, self.at_most, room_in(self.wanted, self.rules))
        for name, table, columns in self._along(walk):
            vectors = dict(zip(columns[NUMBER], columns.get(VECTOR) or (), strict=False))
            first = len(walk.held)
            walk.go(columns[NUMBER], vectors.get, self._valued(columns), first)
            new = [*map(vectors.get, walk.held[first:])]
            if new:
                places = dict(zip(columns[NUMBER], columns[ITEM], strict=True))
                kinds = {NUMBER: "int64", ITEM: "int64", VECTOR: self.rows.kinds[self.compared or ""]}
                held = walk.held[first:]
                made = pa.table([held, [places[row] for row in held], new], schema=arrow_schema(kinds))
                self.taken.append(self.rows.shared(f"taken of {name}", made))
                self.pieces[-1].taken.append(self.taken[-1])
            self._ended(walk, table)
        return walk

    def _by_words(self) -> Walk:
        first, near = self._pairs()
        walk = WordWalk(self.wanted, self.at_most, near, room_in(self.wanted, self.rules))
        for _, table, columns in self._along(walk, first):
            firsts = {row: of for row, of in zip(columns[NUMBER], columns[FIRST], strict=True) if of is not None}
            walk.go(columns[NUMBER], firsts, self._valued(columns))
            self._ended(walk, table)
        return walk

    def _ended(self, walk: Walk, table: pa.Table) -> None:
        if walk.done:  # of those behind the last that is taken nothing is told
            places = dict(zip(table[NUMBER].to_pylist(), table[ITEM].to_pylist(), strict=True))
            self.last = places[walk.taken[-1]]

    def _valued(self, columns: Mapping[str, Sequence[Any]]) -> list[dict[int, Any]]:
        """The values of rows that there must be room for, by their numbers."""
        return [dict(zip(columns[NUMBER], columns[f"value {place}"], strict=True)) for place in range(len(self.rules))]

    def _along(
        self, walk: Walk, first: Scattered | None = None
    ) -> Iterator[tuple[str, pa.Table, dict[str, Sequence[Any]]]]:
        """The rows along the walk, some at a time, without those that are like one taken before or have no room."""
        names = {NUMBER: NUMBER, **{f"value {place}": rule["counted"] for place, rule in enumerate(self.rules)}}
        lie = self.rows.only({**names, **({VECTOR: self._vectors} if self._vectors else {})})
        kinds = {**lie.kinds, ITEM: "int64"}
        count, start, width = self.walk.count(), 0, self._at_once
        while start < count and not walk.done:
            self.last = end = min(start + width, count)
            name = f"rows {start} to {end} of the walk"
            between = Work(path_of(within), {"start": start, "end": end})
            numbers = self.walk.through(between, self.walk.kinds).collected()  # 16 bytes each, of at most `MOST`
            needs = [self.rows.shared(f"numbers of {name}", numbers.sort_by(NUMBER)), *self.taken]
            # A row for which there is no room may be too like one that is taken meanwhile, which is told of it then.
            full = walk.room.full() if walk.room and self.compared is None else []
            work = Work(path_of(looking), {"at_most": self.at_most, "full": full, "vectors": self._vectors is not None})
            piece = lie.through(work, {**kinds, "share": "float64", "other": "int64"}, needs).kept(name)
            self.pieces.append(_PartOfWalk(piece))
            left = piece.through(Work(path_of(unlike)), kinds)
            left = left if first is None else left.joined(first, [NUMBER], "left")
            table = left.collected().sort_by(ITEM)
            yield name, table, {each: values_of(table[each]) for each in table.column_names}
            start, width = (
                end,
                min(MOST, WIDER * width, max(self._at_once, self._at_once * width // max(len(table), 1))),
            )

    def _pairs(self) -> tuple[Scattered, Callable[[int], Iterable[tuple[float, int]]]]:
        """For each row the first along the walk that says the same, and for each first those that it is too like."""
        texts = self.rows.only({NUMBER: NUMBER, "text": self.compared or ""}).joined(self.walk, [NUMBER])
        floor = floor_of(self.at_most)
        known = texts.through(Work(path_of(knowing)), KNOWN)
        said = texts.only([NUMBER, "text"]).through(Work(path_of(sketching), {"floor": floor}), SAID)
        found = near_pairs(known, said, floor)
        over = Work(path_of(above), {"at_most": self.at_most + ROUNDING})
        pairs = found.pairs.through(over, found.pairs.kinds).collected()  # see the module
        ends = [pairs[name].to_numpy() for name in ("first", "second")]
        rows, others = np.concatenate(ends), np.concatenate(ends[::-1])
        order = np.argsort(rows, kind="stable")
        rows, others, shares = rows[order], others[order], np.tile(pairs["similarity"].to_numpy(), 2)[order]

        def near(row: int) -> Iterable[tuple[float, int]]:
            low, high = np.searchsorted(rows, [row, row + 1])
            return zip(shares[low:high].tolist(), others[low:high].tolist(), strict=True)

        return found.rows, near


def _columns(rows: Sequence[Sequence[Any]], count: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[]] * count


def within(start: int, end: int) -> Does:
    """The work that leaves rows along a part of the walk."""

    def does(table: pa.Table) -> pa.Table:
        return table.filter(pc.and_(pc.greater_equal(table[ITEM], start), pc.less(table[ITEM], end)))

    return does


def looking(numbers: Resource, *taken: Resource, at_most: float, full: Sequence[Sequence[str]], vectors: bool) -> Does:
    """The work that looks at rows with these numbers: how like rows that are taken those are which are too like one;
    rows with a value for which there is no room are left out.
    """
    places = numbers.load()
    there, items = places[NUMBER].to_numpy(), places[ITEM].to_numpy()
    filled = [frozenset(each) for each in full]

    def does(table: pa.Table) -> pa.Table:
        number = table[NUMBER].to_numpy()
        at = np.searchsorted(there, number)
        mine = np.flatnonzero(there[np.minimum(at, len(there) - 1)] == number)
        table = table.take(pa.array(mine)).append_column(ITEM, pa.array(items[at[mine]]))
        share, other = np.full(len(mine), -1.0), np.full(len(mine), -1)
        if vectors and len(mine) and taken:
            share, other = _likest(table[VECTOR], taken, at_most)
        alike = share > at_most + ROUNDING
        stays = alike | np.array(_has_room(table, filled), bool)
        told = {"share": pa.array(share, mask=~alike), "other": pa.array(other, mask=~alike)}
        made = pa.table({**{name: table[name] for name in table.column_names}, **told})
        return pc.filter(made, pa.array(stays))

    return does


def _has_room(table: pa.Table, full: Sequence[frozenset[str]]) -> list[bool]:
    """Of each row whether none of its values was taken as often as it may be."""
    columns = [table[f"value {place}"].to_pylist() for place in range(len(full))]
    rows = zip(*columns, strict=True) if columns else [()] * table.num_rows
    return [
        not any(value is not None and str(value) in each for value, each in zip(row, full, strict=True)) for row in rows
    ]


def _likest(column: pa.ChunkedArray, taken: Sequence[Resource], at_most: float) -> tuple[Any, Any]:
    """Of each vector how like one taken it is, and which: of those that are as like the first that was taken."""
    values = values_of(column)
    known = [place for place, value in enumerate(values) if value is not None]
    share, other = np.full(len(values), -1.0), np.full(len(values), -1)
    if known:
        made = np.asarray([values[place] for place in known], np.float32)
        mine, best = np.full(len(known), -1.0), np.full(len(known), -1)
        for each in taken:
            table = each.load()
            found, at = likest(made, np.asarray(values_of(table[VECTOR]), np.float32), at_most)
            better = found > mine
            mine[better], best[better] = found[better], table[NUMBER].to_numpy()[at[better]]
        share[known], other[known] = mine, best
    return share, other


def unlike() -> Does:
    """The work that leaves rows that are like none taken."""
    return lambda table: table.filter(table["share"].is_null()).drop_columns(["share", "other"])


def too_alike(*taken: Resource, before: int, at_most: float) -> Does:
    """The work that leaves rows that are too like one taken, and stand before a place of the walk.

    Of rows `taken` along the same part of it, those that stand before such a row may be more like it.
    """

    def does(table: pa.Table) -> pa.Table:
        there = pc.and_(table["share"].is_valid(), pc.less(table[ITEM], before))
        table = table.filter(there)
        if not taken or not table.num_rows:
            return table.select(list(ALIKE))
        held = taken[0].load()
        made, stored = (np.asarray(values_of(each[VECTOR]), np.float32) for each in (table, held))
        first = np.searchsorted(held[ITEM].to_numpy(), table[ITEM].to_numpy())
        found, at = likest(made, stored, at_most, first)
        share, other = table["share"].to_numpy(), table["other"].to_numpy()
        better = found > share
        share = np.where(better, found, share)
        other = np.where(better, held[NUMBER].to_numpy()[at], other)
        return pa.table([table[NUMBER], share, other], schema=arrow_schema(ALIKE))

    return does


def knowing() -> Does:
    """The work that tells by what rows with a text are known, and where along the walk they stand."""

    def does(table: pa.Table) -> pa.Table:
        told = zip(table[NUMBER].to_pylist(), _keys(table), table[ITEM].to_pylist(), strict=True)
        rows = [(number, key, place.to_bytes(8, "big")) for number, key, place in told if key is not None]
        return known_of(*_columns(rows, 3))

    return does


def sketching(floor: float) -> Does:
    """The work that tells what rows say."""

    def does(table: pa.Table) -> pa.Table:
        texts = [text or "" for text in table["text"].to_pylist()]
        keys, sketches = sketches_of(texts, floor)
        there = [place for place, key in enumerate(keys) if key is not None]
        numbers = table[NUMBER].to_pylist()
        return said_of(
            [numbers[place] for place in there],
            [sketches[place] or b"" for place in there],
            [texts[place] for place in there],
        )

    return does


def _keys(table: pa.Table) -> list[bytes | None]:
    return keys_of([text or "" for text in table["text"].to_pylist()])


def above(at_most: float) -> Does:
    """The work that leaves pairs that are too alike."""
    return lambda table: table.filter(pc.greater(table["similarity"], at_most))
