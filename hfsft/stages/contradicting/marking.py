"""What verdicts on pairs say of rows: which contradicts one that is preferred to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfsft.engine.adding import InMemory
from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.filters.duplicates.order_bytes import bytes_of
from hfsft.filters.duplicates.who_stays import Keep, keys_of, read_by, refuse
from hfsft.plain import plain
from hfsft.rows.batch import Batch
from hfsft.rows.columns import OF, ranked_by
from hfsft.rows.features import values_of

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.spread.scattered import Does, Scattered

KEY = "contradictions"
CONTRADICTS = "contradiction"
VERDICTS = ("contradict", "agree", "unrelated")
LONGEST = 400  # characters of each text that is told
MARKS = {CONTRADICTS: "string", f"{CONTRADICTS}{OF}": "string"}
_LINK = {"one_id": "string", "other_id": "string", "why": "string"}
_SCORED = {NUMBER: "int64", "read": "bool", "first": "string"}
_RANKED = {NUMBER: "int64", "id": "string", "rank": "binary"}


@dataclass(frozen=True)
class Marking:
    """What tells of each row whether it contradicts one that is preferred to it and stays; with `every`, any such."""

    every: bool = False

    def __call__(self, batch: Batch, pairs: Batch) -> Batch:
        """Why each row contradicts another, and which; None where none does."""
        columns = (pairs.get(name) or [] for name in ("one_id", "other_id", "verdict", "reason"))
        places = {row: place for place, row in enumerate(batch["id"])}
        links = [
            (places[one], places[other], reason or "")
            for one, other, verdict, reason in zip(*columns, strict=True)
            if verdict == VERDICTS[0] and one in places and other in places
        ]
        scored = any(value is not None for value in batch.get(ranked_by(batch)) or ())
        key = keys_of(InMemory(batch), _keep(scored), None, KEY)
        order = sorted({place for link in links for place in link[:2]}, key=lambda at: (*key(at), str(batch["id"][at])))
        found = marks_of(links, order, self.every)
        whys = [found[place][0] if place in found else None for place in range(len(batch["id"]))]
        names = [batch["id"][found[place][1]] if place in found else None for place in range(len(batch["id"]))]
        return dict(zip(MARKS, (whys, names), strict=True))

    def spread(self, rows: Scattered, pairs: Scattered) -> Scattered:
        """The same of scattered rows: those that contradict one another, directly or through others, come together."""
        from hfsft.engine.spread.components import COMPONENT, components

        if "verdict" not in pairs.kinds:
            return rows.of(_table([], {NUMBER: "int64", **MARKS}), {NUMBER: "int64", **MARKS})
        scored = self._scored(rows)
        links = pairs.only(["one_id", "other_id", "verdict", "reason"]).through(Work(path_of(contradicting)), _LINK)
        for side in ("one", "other"):
            links = links.joined(rows.only({f"{side}_id": "id", side: NUMBER}), [f"{side}_id"])
        links = links.only(["one", "other", "why"]).kept("rows that contradict each other")
        together = components(links.only(["one", "other"]))
        choosing = [name for name in rows.kinds if name != "id"]
        ranked = rows.only(["id", *choosing]).joined(together, [NUMBER])
        ranking = Work(path_of(ranking_rows), {"scored": scored})
        known = ranked.through(ranking, {**_RANKED, COMPONENT: "int64"}).kept("rows that contradict others")
        theirs = links.joined(known.only({"one": NUMBER, COMPONENT: COMPONENT}), ["one"])
        both = {COMPONENT: "int64", NUMBER: "int64", "id": "string", "rank": "binary"}
        both |= {"one": "int64", "other": "int64", "why": "string"}
        every = theirs.through(Work(path_of(as_either), {"names": list(both)}), both)
        every = every.also(known.through(Work(path_of(as_either), {"names": list(both)}), both))
        work = Work(path_of(marking_groups), {"every": self.every})
        return every.grouped([COMPONENT], work, {NUMBER: "int64", **MARKS})

    def _scored(self, rows: Scattered) -> bool:
        """Whether any row has a score. Raises `UserError` where none of the scores is a number."""
        name = ranked_by(rows.kinds)
        if name not in rows.kinds:
            return False
        told = rows.only([NUMBER, name]).through(Work(path_of(scores_read), {"name": name}), _SCORED)
        found = told.collected().sort_by(NUMBER).to_pylist()  # a row for each time that the work was done
        if found and not any(each["read"] for each in found):
            refuse(KEY, "best", name, found[0]["first"])
        return bool(found)


def marks_of(links: Sequence[tuple[int, int, str]], order: Sequence[int], every: bool) -> dict[int, tuple[str, int]]:
    """By rows, which are in an `order` of preference: why one contradicts a row before it, and which; of several the
    first.

    What becomes of rows hangs on those that links join with them alone.
    """
    rank = {row: at for at, row in enumerate(order)}
    against: dict[int, list[tuple[int, int, str]]] = {row: [] for row in order}
    for one, other, why in links:
        first, second = sorted((one, other), key=rank.__getitem__)
        if first != second:
            against[second].append((rank[first], first, why))
    found: dict[int, tuple[str, int]] = {}
    for row in order:
        standing = [each for each in against[row] if every or each[1] not in found]
        if standing:
            _, first, why = min(standing)
            found[row] = plain(why, LONGEST) or "its answer disagrees", first
    return found


def _keep(scored: bool) -> Keep:
    return "best" if scored else "preferred"


def contradicting() -> Does:
    """The work that leaves the pairs that contradict each other."""

    def does(table: pa.Table) -> pa.Table:
        columns = (table[name].to_pylist() for name in ("one_id", "other_id", "verdict", "reason"))
        rows = [(one, other, why or "") for one, other, said, why in zip(*columns, strict=True) if said == VERDICTS[0]]
        return _table(rows, _LINK)

    return does


def scores_read(name: str) -> Does:
    """The work that tells whether any of some scores is a number, and what the first says; no row if all are empty."""

    def does(table: pa.Table) -> pa.Table:
        there = table.filter(table[name].is_valid()).sort_by(NUMBER)
        values = values_of(there[name])
        read = any(value is not None for value in read_by(values, "best"))
        return _table([(there[NUMBER][0].as_py(), read, str(values[0]))] if values else [], _SCORED)

    return does


def ranking_rows(scored: bool) -> Does:
    """The work that tells of rows what they are ordered by, as bytes."""
    from hfsft.engine.spread.components import COMPONENT

    def does(table: pa.Table) -> pa.Table:
        batch = {name: values_of(table[name]) for name in table.column_names if name not in (NUMBER, COMPONENT)}
        numbers = table[NUMBER].to_pylist()
        key = keys_of(InMemory(batch), _keep(scored), None, None, numbers)
        ranks = [bytes_of((*key(place), str(name))) for place, name in enumerate(batch["id"])]
        rows = list(zip(numbers, batch["id"], ranks, table[COMPONENT].to_pylist(), strict=True))
        return _table(rows, {**_RANKED, COMPONENT: "int64"})

    return does


def as_either(names: Sequence[str]) -> Does:
    """The work that gives rows all of these columns, empty where they have none."""

    def does(table: pa.Table) -> pa.Table:
        import pyarrow as pa

        there = set(table.column_names)
        columns = {name: table[name] if name in there else pa.nulls(table.num_rows) for name in names}
        return pa.table(columns)

    return does


def marking_groups(every: bool) -> Does:
    """The work that marks rows, of which all that contradict each other are among them."""

    def does(table: pa.Table) -> pa.Table:
        rows = [each for each in table.to_pylist() if each[NUMBER] is not None]
        links = [(each["one"], each["other"], each["why"]) for each in table.to_pylist() if each[NUMBER] is None]
        order = [each[NUMBER] for each in sorted(rows, key=lambda each: each["rank"])]
        names = {each[NUMBER]: each["id"] for each in rows}
        found = marks_of(links, order, every)
        return _table([(row, why, names[of]) for row, (why, of) in found.items()], {NUMBER: "int64", **MARKS})

    return does


def _table(rows: Sequence[tuple[Any, ...]], kinds: Mapping[str, Any]) -> pa.Table:
    import pyarrow as pa

    from hfsft.rows.features import arrow_schema

    schema = arrow_schema(kinds)
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return pa.table([pa.array(each, field.type) for each, field in zip(columns, schema, strict=True)], schema)
