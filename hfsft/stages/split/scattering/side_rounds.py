"""The sides of families that no process holds together: the same draw, by rounds.

Of each topic that is large enough to be drawn for itself this process holds six numbers, and of the families those that
may be drawn, with some 50 bytes each: for a share of a tenth every eighth family, about. It holds all that are on no
side yet where it hangs on others too which are held out, as where families are so large that the share cannot be met.
The sides that builds before gave are given to it, and take 30 bytes a key more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER, starts
from hfsft.rows.features import arrow_schema, values_of
from hfsft.stages.selecting.twin import BOTH, CHOSEN, RANDOM, SELECTED
from hfsft.stages.split.draw import FREE, SEEN, Group, Stood, group_of, hashes_of, strata, taken
from hfsft.stages.split.scattering.family_rounds import exploded

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered, Told

TRAIN, VALIDATION, HELD, TEST = range(len(SEEN))  # sides by their places in `SEEN`
AGAIN = len(SEEN)  # added to a side that counts for more than one without it
SIDED = {NUMBER: "int64", "family": "string", "key": "string", "side": "int64"}
OF_ROWS = {NUMBER: "int64", "family": "string", "topic": "string", CHOSEN: "string"}
STANDS = {"family": "string", "side": "int64"}
SIZES = {"family": "string", "topic": "string", "size": "int64"}
SUMS = ("size", "held", "free", "loose", "settled")
"""Rows, of them held out already and on no side yet, families on no side yet, and families held out already."""
STATE = {"family": "string", "topic": "string", **dict.fromkeys(SUMS, "int64")}
TOPICS = {"topic": "string", "group": "string", **dict.fromkeys(SUMS, "int64")}
OUT = {"family": "string", "out": "int64"}
DRAWN = {"family": "string", "split": "string"}
ENOUGH, SPARE, LEAST = 1.25, 6.0, 10.0  # times the families that are wanted, standard deviations, and families


def given_sides(
    rows: Scattered, keys: str, known: Mapping[str, Stood], shares: tuple[float, float], stratify: str
) -> Scattered:
    """`NUMBER` and `split`, as `give_sides` gives them. `rows` have a column `keys`, `shares` are those of validation
    and test.
    """
    columns = list(dict.fromkeys([NUMBER, "family", stratify, *([CHOSEN] if CHOSEN in rows.kinds else [])]))
    of_rows = rows.only(columns).through(Work(path_of(with_topics), {"stratify": stratify}), OF_ROWS)
    of_rows = of_rows.kept("topics of rows")
    stood = known_keys(rows, keys, known).told(["family"], {"side": ("min", "side")}).kept("sides of families")
    drawn = None
    # The rows of a selection meet the share by themselves, and so do those of its twin beside them.
    for those in ((SELECTED, BOTH), (BOTH, RANDOM)) if CHOSEN in rows.kinds else ():
        some = of_rows.through(Work(path_of(with_choice), {"those": list(those)}), OF_ROWS)
        found = drawn_sides(some, stood, *shares, " or ".join(those)).kept(f"sides of {' or '.join(those)}")
        again = stood.also(found.through(Work(path_of(standing)), STANDS)).told(["family"], {"side": ("max", "side")})
        stood = again.through(Work(path_of(counting_more)), STANDS).kept(f"sides behind {' or '.join(those)}")
        drawn = found if drawn is None else drawn.also(found).distinct()  # a family of both stands where it stood
    if drawn is None or not drawn.count():
        drawn = drawn_sides(of_rows, stood, *shares, "all")
    return of_rows.only([NUMBER, "family"]).joined(drawn, ["family"], "left").only([NUMBER, "split"])


def known_keys(rows: Scattered, keys: str, known: Mapping[str, Stood]) -> Scattered:
    """The keys of rows that stand on a side, with the family of each row: a row for each, `SIDED`."""
    codes = {side: code for code, side in enumerate(SEEN)}
    kinds = {"key": "string", "side": "int64"}
    sides = pa.table([list(known), [codes[side] for side in known.values()]], schema=arrow_schema(kinds))
    beside = [NUMBER, "family"]
    every = rows.only([*beside, keys]).through(
        Work(path_of(exploded), {"keys": keys, "beside": beside}), {name: SIDED[name] for name in (*beside, "key")}
    )
    return every.joined(rows.of(sides, kinds), ["key"]).only(list(SIDED))


def drawn_sides(rows: Scattered, stood: Scattered, validation: float, test: float, name: str) -> Scattered:
    """`DRAWN` for each family of some rows: `drawn` by rounds. What is kept is called by a `name`."""
    times = rows.told(["family", "topic"], {"rows": ("count", "topic")})
    sizes = times.grouped(["family"], Work(path_of(commonest)), SIZES)
    families = sizes.joined(stood, ["family"], "left").kept(f"families of {name}")
    share = validation + test
    first = families.through(Work(path_of(as_state), {"free": [], "held": [VALIDATION, HELD, TEST]}), STATE)
    held = held_families(first, share, f"{name}, held out")
    settled = families.only(["family", "side"]).joined(held, ["family"], "left")
    if test and validation:
        among = families.joined(held.only(["family"]), ["family"])
        second = among.through(Work(path_of(as_state), {"free": [HELD], "held": [TEST]}), STATE)
        tested = held_families(second, test / share, f"{name}, for a test")
        settled = settled.joined(tested.only({"family": "family", "tested": "out"}), ["family"], "left")
    return settled.through(
        Work(path_of(deciding), {"usual": "test" if test and not validation else "validation"}), DRAWN
    )


def held_families(state: Scattered, share: float, name: str) -> Scattered:
    """`OUT` for each family that is held out: `held_out` by rounds."""
    state = state.kept(f"families, {name}")
    settled = state.through(Work(path_of(held_already)), OUT)
    sums: dict[str, tuple[Told, str]] = {each: ("sum", each) for each in SUMS}
    topics = state.told(["topic"], {**sums, "families": ("count", "topic")})
    topics = topics.through(Work(path_of(in_a_group), {"share": share}), TOPICS).kept(f"topics, {name}")
    table = topics.told(["group"], sums).collected()  # those of fewer families than one in a share are in the pool
    groups = {row.pop("group"): row for row in table.to_pylist()}
    if not share or not any(each["loose"] for each in groups.values()):
        return settled
    free = state.joined(topics.only(["topic", "group"]), ["topic"]).through(Work(path_of(hashed)), FREE)
    free = free.kept(f"families that may be drawn, {name}")
    known = {group: Group(each["size"], each["held"], each["free"], each["loose"]) for group, each in groups.items()}
    kinds = {"group": "string", "limit": "float64"}
    limits = pa.table([list(known), list(_limits(known, share).values())], schema=arrow_schema(kinds))
    some = free.joined(free.of(limits, kinds), ["group"]).through(Work(path_of(below)), FREE)
    told = known, share, state.count(), sum(each["settled"] for each in groups.values())
    found = taken(some.collected(), *told)  # the share of them that are to be held out, and somewhat more
    if found is None:
        found = taken(free.collected(), *told)
        assert found is not None, "all families are given"
    names = pa.table({"family": found, "out": np.ones(len(found), np.int64)})
    return settled.also(state.of(names, OUT))


def _limits(groups: Mapping[str, Group], share: float) -> dict[str, float]:
    """Below which hash families are given, of each group: more of them than are to be held out."""
    wanted = share * sum(each.total for each in groups.values()) - sum(each.held for each in groups.values())

    def held_below(place: float) -> float:
        return sum(min(max(place * each.total - each.held, 0), each.free) for each in groups.values())

    level = share  # up to which place families are held out: above the share where some groups have too few for it
    while level < 1 and held_below(level) < wanted:
        level = min(1.0, level * 1.1)
    found = {}
    for name, (total, held, free, families) in groups.items():
        part = min(max(level * total - held, 0) / free, 1.0) if free else 0.0
        found[name] = part * ENOUGH + (SPARE * sqrt(part * families) + LEAST) / max(families, 1)
    return found


def with_topics(stratify: str) -> Does:
    """What tells of rows the topic as a text, and whether they were chosen, where a selection was made."""

    def does(table: pa.Table) -> pa.Table:
        topics = [topic or "" for topic in strata(values_of(table[stratify]))]
        chosen = table[CHOSEN] if CHOSEN in table.column_names else pa.nulls(len(table), pa.string())
        columns = [table[NUMBER], table["family"], pa.array(topics, pa.string()), chosen]
        return pa.table(columns, schema=arrow_schema(OF_ROWS))

    return does


def with_choice(those: Sequence[str]) -> Does:
    """What leaves the rows that were chosen so."""
    return lambda table: table.filter(pc.is_in(table[CHOSEN], pa.array(those)))


def standing() -> Does:
    """Drawn sides as those on which families stand, whatever these stood on."""

    def does(table: pa.Table) -> pa.Table:
        sides = pc.index_in(table["split"], pa.array(SEEN)).cast(pa.int64())
        return pa.table({"family": table["family"], "side": pc.add(sides, AGAIN)})

    return does


def counting_more() -> Does:
    """Sides without the mark that they count for more."""

    def does(table: pa.Table) -> pa.Table:
        return pa.table({"family": table["family"], "side": table["side"].to_numpy() % AGAIN})

    return does


def commonest() -> Does:
    """What tells the rows of families, and the topic that most of these have, of equally many the smallest."""

    def does(table: pa.Table) -> pa.Table:
        table = table.sort_by([("family", "ascending"), ("rows", "descending"), ("topic", "ascending")])
        first = starts(table, ["family"])
        sizes = np.add.reduceat(table["rows"].to_numpy(), first) if len(first) else np.zeros(0, np.int64)
        return table.select(["family", "topic"]).take(first).append_column("size", pa.array(sizes))

    return does


def as_state(free: Sequence[int], held: Sequence[int]) -> Does:
    """What tells of families what is settled by where they stand: where on no side, or on one of `free`, nothing is."""

    def does(table: pa.Table) -> pa.Table:
        side, size = table["side"], table["size"].to_numpy()
        loose = pc.or_(side.is_null(), pc.is_in(side, pa.array(free, pa.int64()))).to_numpy().astype(np.int64)
        settled = pc.is_in(side, pa.array(held, pa.int64())).to_numpy().astype(np.int64)
        numbers = [size, size * settled, size * loose, loose, settled]
        return pa.table([table["family"], table["topic"], *map(pa.array, numbers)], schema=arrow_schema(STATE))

    return does


def held_already() -> Does:
    """What leaves the families that are held out whatever is drawn."""

    def does(table: pa.Table) -> pa.Table:
        there = table.filter(pc.equal(table["settled"], 1))
        return pa.table({"family": there["family"], "out": there["settled"]})

    return does


def in_a_group(share: float) -> Does:
    """What tells of topics what their families are drawn with."""

    def does(table: pa.Table) -> pa.Table:
        topics = zip(table["topic"].to_pylist(), table["families"].to_pylist(), strict=True)
        groups = [group_of(topic, families, share) for topic, families in topics]
        return table.drop_columns(["families"]).append_column("group", pa.array(groups, pa.string()))

    return does


def hashed() -> Does:
    """What leaves the families that may be drawn, with their hashes."""

    def does(table: pa.Table) -> pa.Table:
        table = table.filter(pc.equal(table["loose"], 1)).select(["family", "group", "size"])
        hashes = np.array([hashes_of(family) for family in table["family"].to_pylist()]).reshape(-1, 2)
        for place, name in enumerate(("drawn", "place")):
            table = table.append_column(name, pa.array(hashes[:, place]))
        return table

    return does


def below() -> Does:
    """What leaves the families whose hashes are below the limits of their groups."""
    return lambda table: table.filter(pc.less(table["drawn"], table["limit"])).drop_columns(["limit"])


def deciding(usual: str) -> Does:
    """What tells the sides of families, where they stood and whether they are held out; with `tested`, which of them
    were drawn for a test. One that is held out and stood on no side of its own is on the `usual` one.
    """

    def does(table: pa.Table) -> pa.Table:
        out, side = table["out"].is_valid(), table["side"]
        if "tested" in table.column_names:
            tested = table["tested"].is_valid()
        elif usual == "test":
            tested = pc.fill_null(pc.not_equal(side, VALIDATION), fill_value=True)
        else:
            tested = pc.fill_null(pc.equal(side, TEST), fill_value=False)
        split = pc.if_else(out, pc.if_else(tested, "test", "validation"), "train")
        return pa.table({"family": table["family"], "split": split})

    return does
