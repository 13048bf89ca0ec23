"""Over Daft rows are worked on as in one list of this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.engine.on_daft.shuffles import Rounds, Shuffled, stored
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.resources import Work
from hfsft.engine.spread.scattered import Scattered
from hfsft.errors import InternalError, UserError
from hfsft.rows.features import arrow_schema
from tests.engine.spread.test_scattered import KINDS, here, rows, said
from tests.engine.spread.works import SIZES, WORKS
from tests.fuzz.bounds import tries


@pytest.fixture(scope="module")
def over(tmp_path_factory: pytest.TempPathFactory) -> Shuffled:
    return shuffled(tmp_path_factory.mktemp("rounds"))


def shuffled(folder: Path, key: str = "key") -> Shuffled:
    return Shuffled(lambda _: None, {}, Rounds(WorkFolder.of(folder), key))


def same(one: Scattered, other: Scattered) -> None:
    assert said(one) == said(other)
    assert one.kinds == other.kinds


@given(left=rows, right=rows)
@tries(8)
def test_all_words_mean_the_same(over: Shuffled, left: list[tuple[Any, ...]], right: list[tuple[Any, ...]]) -> None:
    mine, there = here(left), over.of(here(left).collected(), KINDS)
    others = here(right).only({"a": "a", "m": "n"})
    others_there = over.of(others.collected(), others.kinds)
    assert there.count() == len(left)
    for made in (
        lambda table, other: table.through(Work(WORKS + "doubling"), {"twice": "int64", "a": "string"}),
        lambda table, other: table.grouped(["a"], Work(WORKS + "sizes"), SIZES),
        lambda table, other: table.told(["a"], {"size": ("count", "a"), "all": ("sum", "n"), "most": ("max", "n")}),
        lambda table, other: table.distinct().also(table),
        lambda table, other: table.joined(other, ["a"]),
        lambda table, other: table.joined(other, ["a"], "left").only({"b": "m"}),
    ):
        same(made(mine, others), made(there, others_there))


BYTES = {"a": "binary", "n": "int64"}


@given(st.lists(st.tuples(st.sampled_from([b"\xff", b"", b"\x00a", None]), st.integers(0, 3)), max_size=9))
@tries(8)
def test_bytes_are_keys(over: Shuffled, values: list[tuple[Any, ...]]) -> None:
    mine = here(values, kinds=BYTES)
    there, other = (over.of(mine.collected(), BYTES) for _ in range(2))
    same(mine.told(["a"], {"least": ("min", "n")}), there.told(["a"], {"least": ("min", "n")}))
    same(mine.distinct(), there.distinct())
    for how in ("inner", "left"):
        more = {"a": "a", "m": "n"}
        same(mine.joined(mine.only(more), ["a"], how), there.joined(other.only(more), ["a"], how))
        same(mine.joined(mine, ["a", "n"], how), there.joined(other, ["a", "n"], how))


def test_values_of_any_type_come_through(over: Shuffled) -> None:
    kinds = {"j": "json", "v": "vector[2]", "w": "vector", "x": {"a": "string"}, "l": [{"a": "json"}], "n": "int64"}
    row = {"j": '{"a": 1}', "v": [1.0, 2.0], "w": [3.0], "x": {"a": "s"}, "l": [{"a": "1"}], "n": 1}
    plain = pa.schema(list(stored(kinds).items()))
    table = pa.Table.from_pylist([row, dict.fromkeys(kinds), {**row, "n": 2}], schema=plain).cast(arrow_schema(kinds))
    there = over.of(table, kinds)
    again = there.grouped(["n"], Work("tests.engine.spread.works:as_it_is"), kinds).kept("any")
    assert said(again) == said(there)
    empty = over.of(table.slice(0, 0), kinds).grouped(["n"], Work("tests.engine.spread.works:as_it_is"), kinds)
    assert empty.kept("empty").collected().num_rows == 0
    assert empty.kept("empty").count() == 0


def test_a_round_is_done_once_and_not_read_where_a_file_is_gone(tmp_path: Path) -> None:
    over, failing = shuffled(tmp_path), Work("tests.engine.spread.works:fewer")
    table = over.of(here([("x", 1), ("y", 2)]).collected(), KINDS)
    assert table.kept("one").count() == 2
    (tmp_path / "left-by-another.parquet").write_bytes(b"")
    never = table.through(failing, {"b": "string"})
    assert said(Shuffled(never.frame, KINDS, over.rounds).kept("one")) == said(table), "it is read back"
    with pytest.raises(InternalError, match="made the columns"):
        never.kept("two")
    assert said(shuffled(tmp_path, "other").of(table.collected(), KINDS).kept("one")) == said(table)
    for file in tmp_path.glob("*.parquet"):
        file.unlink()
    assert said(table.kept("one")) == said(table)


def test_an_error_of_the_user_comes_through(over: Shuffled) -> None:
    with pytest.raises(UserError, match=r"^nothing to do here$"):
        over.of(here([("x", 1)]).collected(), KINDS).through(Work(WORKS + "refusing"), KINDS).collected()
