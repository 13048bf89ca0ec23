"""The pairs of vectors that are nearly alike, by rounds: the very ones that `DenseIndex` finds in one process.

Of a group of at most `MANY` different vectors each is compared with each, in one place. Of a larger one the means of
cells are found in one place, by 160 vectors for each root of their number; this process holds them, four for each root,
of all large groups. Vectors then go where the cells lie that they look at, as points of a grid (two bytes a number),
and cells that are near one another lie in one place: so that few vectors go to more than one or two.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Resource, Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.near.blocks import in_groups
from hfsft.near.exact_counts import ALIKE
from hfsft.near.looked_at import KEY
from hfsft.near.near_by_rounds import FIRST, MOST, NearPairs, firsts
from hfsft.near.order_numbers import RANK
from hfsft.near.prepared import KNOWN
from hfsft.rows.features import arrow_schema
from hfsft.similarity import DenseIndex, cosines, dense_index
from hfsft.similarity import dense_cells as grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hfsft.engine.spread.scattered import Does, Scattered

GROUP, VECTOR = "group", "vector"
VECTORS = {NUMBER: "int64", RANK: "binary", GROUP: "binary", VECTOR: "binary"}
"""Vectors as their bytes (float32), with what they are ranked by; those of two groups are not alike."""
HASH, CELLS, PLACE = "hash", "cells", "place"
_ON_GRID = {NUMBER: "int64", GROUP: "binary", HASH: "int64", VECTOR: "binary"}
_IN_CELLS = {**_ON_GRID, CELLS: "binary"}
_MET = {"one": "int64", "other": "int64", "alike": "int64"}
_BOTH = {"one": "int64", "other": "int64"}
_MEANS = {GROUP: "binary", VECTOR: "binary", "width": "int64"}


class Same(NamedTuple):
    """Of rows that say the same `alone` has the `NUMBER` of the preferred one, `copies` the others with its number."""

    alone: Scattered
    copies: Scattered


def without_copies(known: Scattered, name: str) -> Same:
    """Rows, `KNOWN` by their keys and ranks, that are the same; `name` is what the round is called."""
    rows = known.grouped([KEY], Work(path_of(firsts)), {**KNOWN, FIRST: "int64"}).kept(name)
    copies = rows.through(Work(path_of(only_copies)), {NUMBER: "int64", FIRST: "int64"})
    return Same(rows.through(Work(path_of(only_first)), {NUMBER: "int64"}), copies)


def near_vectors(
    known: Scattered, at_least: float, *, among: Scattered | None = None, most: int | None = None
) -> NearPairs:
    """The rows whose vectors are the same, and the pairs of others whose cosine is at least so large, more than 0.

    `known` are `VECTORS`, worked out, whose ranks are all different: preferred rows have the smaller ones. With `among`
    these numbers alone are looked at. A vector of zeros is like nothing. So many bytes, about, are looked at together
    at `most`.
    """
    keyed = known.through(Work(path_of(keyed_vectors)), KNOWN)
    if among is not None:
        keyed = keyed.joined(among, [NUMBER])
    same = without_copies(keyed, "vectors that are the same")
    different = known.joined(same.alone, [NUMBER]).through(Work(path_of(there)), VECTORS).kept("different vectors")
    counts = different.told([GROUP], {"count": ("count", NUMBER)})
    large = counts.through(Work(path_of(larger), {"than": dense_index.MANY}), {GROUP: "binary", "count": "int64"})
    many = large.collected()  # of 50,000 rows at most one
    sizes = dict(zip(map(_text, many[GROUP].to_pylist()), many["count"].to_pylist(), strict=True))
    some = different.through(Work(path_of(of_groups), {"groups": list(sizes), "others": True}), VECTORS)
    pairs = some.grouped([GROUP], Work(path_of(comparing), {"at_least": at_least}), ALIKE)
    if sizes:
        of_many = different.through(Work(path_of(of_groups), {"groups": list(sizes)}), VECTORS)
        met = _met(of_many, sizes, at_least, most or MOST)
        sides = [of_many.only({side: NUMBER, **{f"{side}_{name}": name for name in (RANK, VECTOR)}}) for side in _BOTH]
        both = met.joined(sides[0], ["one"]).joined(sides[1], ["other"])
        pairs = pairs.also(both.through(Work(path_of(reckoning), {"at_least": at_least}), ALIKE))
    itself = same.alone.through(Work(path_of(of_itself)), {NUMBER: "int64", FIRST: "int64"})
    return NearPairs(same.copies.also(itself), pairs)


def _met(many: Scattered, sizes: Mapping[str, int], at_least: float, most: int) -> Scattered:
    """Who of large groups meets whom in cells, each pair once, in no order."""
    points = many.through(Work(path_of(placed_on_grid)), _ON_GRID).kept("vectors on a grid")
    told = {"sizes": dict(sizes)}
    means = points.through(Work(path_of(sampling), told), _ON_GRID).grouped(
        [GROUP], Work(path_of(training), told), _MEANS
    )
    found = means.collected()  # four for each root of a group's size
    needs = [points.shared("means of cells", found)]
    cells = points.through(Work(path_of(finding_cells)), _IN_CELLS, needs).kept("vectors in cells")
    homes = cells.through(Work(path_of(at_home)), {GROUP: "binary", "cell": "int64"})
    held = homes.told([GROUP, "cell"], {"count": ("count", "cell")}).collected()  # a row for each of these means
    needs = [cells.shared("places of cells", _places(found, held, most))]
    going = cells.through(Work(path_of(sending)), {**_IN_CELLS, PLACE: "int64"}, needs)
    met = going.grouped([GROUP, PLACE], Work(path_of(meeting), {"at_least": at_least}), _MET, needs)
    return met.grouped(["one"], Work(path_of(choosing)), _BOTH).distinct().kept("vectors that may be alike")


def keyed_vectors() -> Does:
    """What tells which vectors are the same: none of zeros is."""

    def does(table: pa.Table) -> pa.Table:
        numbers, groups, said = (table[name].to_pylist() for name in (NUMBER, GROUP, VECTOR))
        other: list[bool] = np.any(vectors_of(said), axis=1).tolist()
        rows = zip(numbers, groups, said, other, strict=True)
        keys = [_key(each if has else str(number).encode(), group) for number, group, each, has in rows]
        return pa.table({NUMBER: table[NUMBER], KEY: pa.array(keys, pa.binary()), RANK: table[RANK]})

    return does


def _key(said: bytes, group: bytes) -> bytes:
    return hashlib.blake2b(said, digest_size=16, key=hashlib.blake2b(group, digest_size=16).digest()).digest()


def only_first() -> Does:
    """What leaves the numbers of the preferred rows."""
    return lambda table: pc.filter(table.select([NUMBER]), pc.equal(table[NUMBER], table[FIRST]))


def only_copies() -> Does:
    """What leaves the others."""
    return lambda table: pc.filter(table.select([NUMBER, FIRST]), pc.not_equal(table[NUMBER], table[FIRST]))


def of_itself() -> Does:
    """What says of each row that it is the preferred one."""
    return lambda table: table.append_column(FIRST, table[NUMBER])


def there() -> Does:
    """What leaves the vectors that are not of zeros."""
    return lambda table: table.filter(pa.array(np.any(vectors_of(table[VECTOR].to_pylist()), axis=1)))


def larger(than: int) -> Does:
    """What leaves the groups that are larger."""
    return lambda table: pc.filter(table, pc.greater(table["count"], than))


def of_groups(groups: Sequence[str], others: bool = False) -> Does:
    """What leaves the rows of some groups, or those of all others."""
    known = pa.array(list(map(base64.b64decode, groups)), pa.binary())

    def does(table: pa.Table) -> pa.Table:
        inside = pc.is_in(table[GROUP], known)
        return table.filter(pc.invert(inside) if others else inside)

    return does


def comparing(at_least: float) -> Does:
    """What compares each vector of a group with each."""

    def does(table: pa.Table) -> pa.Table:
        found = [pa.Table.from_batches([], schema=arrow_schema(ALIKE))]
        for _, group in in_groups(table, [GROUP]):
            if group.num_rows > 1:
                ordered = group.take(pc.sort_indices(group, [(RANK, "ascending")]))
                index = DenseIndex[int]()
                index.add(ordered[NUMBER].to_pylist(), vectors_of(ordered[VECTOR].to_pylist()))
                found.append(_pairs(list(zip(*index.pairs(at_least), strict=True)) or [(), (), ()]))
        return pa.concat_tables(found)

    return does


def reckoning(at_least: float) -> Does:
    """What tells how alike two vectors are, the preferred in front."""

    def does(table: pa.Table) -> pa.Table:
        found = []
        for start in range(0, table.num_rows, dense_index.BLOCK):
            some = table.slice(start, dense_index.BLOCK)
            alike = cosines(*(vectors_of(some[f"{side}_{VECTOR}"].to_pylist()) for side in _BOTH))
            rows = zip(
                *(some[name].to_pylist() for name in ("one", f"one_{RANK}", "other", f"other_{RANK}")), strict=True
            )
            for (one, rank, other, its), value in zip(rows, alike.tolist(), strict=True):
                if value > 0 and value >= at_least:
                    found.append((one, other, value) if rank < its else (other, one, value))
        return _pairs(list(zip(*found, strict=True)) or [(), (), ()])

    return does


def placed_on_grid() -> Does:
    """What puts vectors on the grid of `dense_cells`."""

    def does(table: pa.Table) -> pa.Table:
        columns: dict[str, Any] = {name: table[name] for name in (NUMBER, GROUP)}
        vectors = vectors_of(table[VECTOR].to_pylist())
        points = _bytes_of(grid.on_grid(vectors).astype(np.int16))
        return pa.table({**columns, HASH: grid.hashes_of(vectors).view(np.int64), VECTOR: points})

    return does


def sampling(sizes: Mapping[str, int]) -> Does:
    """What draws the vectors of which means are found."""

    def does(table: pa.Table) -> pa.Table:
        groups, hashes = list(map(_text, table[GROUP].to_pylist())), table[HASH].to_numpy().view(np.uint64)
        chosen = np.zeros(len(groups), bool)
        for group in set(groups):
            mine = np.array([each == group for each in groups])
            chosen[mine] = grid.sampled(hashes[mine], sizes[group])
        return table.filter(pa.array(chosen))

    return does


def training(sizes: Mapping[str, int]) -> Does:
    """What finds the means of the cells of a group."""

    def does(table: pa.Table) -> pa.Table:
        found = []
        for (group,), some in in_groups(table, [GROUP]):
            points, hashes = _points(some[VECTOR]), some[HASH].to_numpy().view(np.uint64)
            means = grid.trained(points, hashes, grid.cells_for(sizes[_text(group)]))
            found.append({GROUP: group, VECTOR: means.astype(np.int16).tobytes(), "width": means.shape[1]})
        return pa.Table.from_pylist(found, schema=arrow_schema(_MEANS))

    return does


def finding_cells(means: Resource) -> Does:
    """What finds the cells that each vector looks at."""

    def does(table: pa.Table) -> pa.Table:
        found = [pa.Table.from_batches([], schema=arrow_schema(_IN_CELLS))]
        known = {each[GROUP]: _mean_points(each[VECTOR], each["width"]) for each in means.load().to_pylist()}
        for (group,), some in in_groups(table.sort_by(GROUP), [GROUP]):
            cells = grid.nearest_cells(_points(some[VECTOR]), known[group])
            found.append(some.append_column(CELLS, _bytes_of(cells)))
        return pa.concat_tables([each.cast(found[0].schema) for each in found])

    return does


@lru_cache(maxsize=64)
def _mean_points(said: bytes, width: int) -> NDArray[np.float32]:
    return np.frombuffer(said, np.int16).reshape(-1, width).astype(np.float32)


def at_home() -> Does:
    """What tells in which cell each vector lies."""

    def does(table: pa.Table) -> pa.Table:
        home = [int(np.frombuffer(each[:4], np.int32)[0]) for each in table[CELLS].to_pylist()]
        return pa.table({GROUP: table[GROUP], "cell": pa.array(home, pa.int64())})

    return does


def _places(means: pa.Table, held: pa.Table, most: int) -> pa.Table:
    """In which place each cell of each group lies, as numbers of the places: cells near one another together."""
    counts: dict[bytes, dict[int, int]] = {}
    for group, cell, count in zip(*(held[name].to_pylist() for name in (GROUP, "cell", "count")), strict=True):
        counts.setdefault(group, {})[cell] = count
    rows = []
    for each in means.to_pylist():
        points = np.frombuffer(each[VECTOR], np.int16).reshape(-1, each["width"]).astype(np.float64)
        sizes = np.zeros(len(points))
        mine = counts.get(each[GROUP], {})
        sizes[list(mine)] = list(mine.values())
        rows.append({GROUP: each[GROUP], PLACE: _halved(points, sizes * each["width"] * 2, most).tobytes()})
    return pa.Table.from_pylist(rows, schema=arrow_schema({GROUP: "binary", PLACE: "binary"}))


def _halved(points: NDArray[np.float64], sizes: NDArray[np.float64], most: int) -> NDArray[np.int32]:
    """For each point the number of its part: parts of about so much at most, halved where points differ most."""
    part, open_parts, made = np.zeros(len(points), np.int32), [np.arange(len(points))], 0
    while open_parts:
        mine = open_parts.pop()
        if sizes[mine].sum() <= most or len(mine) == 1:
            part[mine], made = made, made + 1
            continue
        apart = points[mine] - points[mine].mean(axis=0)
        way = apart[np.argmax((apart**2).sum(axis=1))]
        for _ in range(8):  # towards the direction in which they differ most: whichever is taken, pairs are the same
            way = apart.T @ (apart @ way)
            way /= np.sqrt(way @ way) or 1
        order = np.argsort(apart @ way, kind="stable")
        upto = np.cumsum(sizes[mine][order])
        half = int(np.clip(np.searchsorted(upto, upto[-1] / 2), 1, len(mine) - 1))
        open_parts += [mine[order[half:]], mine[order[:half]]]
    return part


def sending(places: Resource) -> Does:
    """What sends each vector where one of the cells lies that it looks at."""

    def does(table: pa.Table) -> pa.Table:
        known = _places_of(places)
        rows, to = [], []
        for at, (group, cells) in enumerate(zip(table[GROUP].to_pylist(), table[CELLS].to_pylist(), strict=True)):
            wanted = np.unique(known[group][np.frombuffer(cells, np.int32)]).tolist()
            rows += [at] * len(wanted)
            to += wanted
        return table.take(pa.array(rows, pa.int64())).append_column(PLACE, pa.array(to, pa.int64()))

    return does


def meeting(places: Resource, at_least: float) -> Does:
    """What lets the vectors of the cells of one place meet those that look at them."""

    def does(table: pa.Table) -> pa.Table:
        known, found = _places_of(places), [pa.Table.from_batches([], schema=arrow_schema(_MET))]
        for (group, place), some in in_groups(table, [GROUP, PLACE]):
            numbers, hashes = some[NUMBER].to_numpy(), some[HASH].to_numpy().view(np.uint64)
            cells = np.stack([np.frombuffer(each, np.int32) for each in some[CELLS].to_pylist()])
            here = known[group][cells] == place
            met = grid.best(grid.met_in_cells(_points(some[VECTOR]), hashes, cells, here, at_least))
            columns = [numbers[met.one], numbers[met.other], met.alike.view(np.int64)]
            found.append(pa.table(columns, names=list(_MET)))
        return pa.concat_tables(found)

    return does


def _places_of(places: Resource) -> dict[bytes, NDArray[np.int32]]:
    return {each[GROUP]: np.frombuffer(each[PLACE], np.int32) for each in places.load().to_pylist()}


def choosing() -> Does:
    """What leaves of each vector those most like it, whatever place they met in."""

    def does(table: pa.Table) -> pa.Table:
        numbers, one = np.unique(table["one"].to_numpy(), return_inverse=True)
        alike = table["alike"].to_numpy().view(np.uint64)
        met = grid.best(grid.Met(one, table["other"].to_numpy(), alike))
        first = numbers[met.one]
        return pa.table([np.minimum(first, met.other), np.maximum(first, met.other)], names=list(_BOTH))

    return does


def vectors_of(said: Sequence[bytes]) -> NDArray[np.float32]:
    """Vectors from their bytes."""
    return np.frombuffer(b"".join(said), np.float32).reshape(len(said), -1 if said else 1)


def _points(column: Any) -> NDArray[np.float32]:
    said = column.to_pylist()
    return np.frombuffer(b"".join(said), np.int16).reshape(len(said), -1 if said else 1).astype(np.float32)


def _bytes_of(rows: NDArray[Any]) -> pa.Array:
    return pa.array([row.tobytes() for row in rows], pa.binary())


def _pairs(columns: Sequence[Any]) -> pa.Table:
    return pa.table([pa.array(each) for each in columns], schema=arrow_schema(ALIKE))


def _text(group: bytes) -> str:
    return base64.b64encode(group).decode()
