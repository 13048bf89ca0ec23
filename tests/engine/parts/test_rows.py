"""Rows whose columns lie in several files read the same as a plain list of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.engine.parts import rows as columns
from hfsft.engine.parts.rows import Part, Rows, StoredColumn, column_of, picked, some, whole

KINDS = {"id": "string", "size": "int64"}


def part(name: str, length: int, chunk: int = 3) -> Part:
    ids = [f"{name}{index}" for index in range(length)]
    sizes = list(range(length))

    def chunks(values: list[Any], kind: pa.DataType) -> pa.ChunkedArray:
        parts = [values[start : start + chunk] for start in range(0, length, chunk)]
        return pa.chunked_array([pa.array(each, kind) for each in parts], type=kind)

    texts, numbers = chunks(ids, pa.string()), chunks(sizes[::-1], pa.int64())
    # The second column lies the other way round in its file.
    back = np.arange(length, dtype=np.int32)[::-1]
    return Part(name, length, {"id": StoredColumn(texts, None, name), "size": StoredColumn(numbers, back, name)})


def rows_of(*lengths: int) -> Rows:
    parts = tuple(part("abc"[index], length) for index, length in enumerate(lengths))
    owner = np.repeat(np.arange(len(lengths), dtype=np.int16), lengths)
    return Rows(parts, owner, np.concatenate([np.arange(each, dtype=np.int32) for each in lengths]), KINDS)


def expected(*lengths: int) -> list[dict[str, Any]]:
    return [{"id": f"{'abc'[i]}{place}", "size": place} for i, each in enumerate(lengths) for place in range(each)]


@given(
    data=st.data(), lengths=st.lists(st.integers(0, 40), min_size=1, max_size=3), block=st.sampled_from([2, 7, 8192])
)
def test_any_rows_in_any_order(data: st.DataObject, lengths: list[int], block: int) -> None:
    rows, plain = rows_of(*lengths), expected(*lengths)
    chosen = data.draw(st.lists(st.sampled_from(range(len(plain))), max_size=60, unique=True)) if plain else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "BLOCK", block)
        some_rows = rows.select(chosen)
        wanted = [plain[number] for number in chosen]
        assert some_rows.to_list() == wanted
        assert some_rows["size"] == [row["size"] for row in wanted]
        assert some_rows[:] == {name: [row[name] for row in wanted] for name in KINDS}
        assert some_rows.dataset().to_list() == wanted
        assert [row for table in some_rows.batches(["id"], 5) for row in table["id"].to_pylist()] == [
            row["id"] for row in wanted
        ]
        assert picked(rows.dataset(), chosen).to_list() == wanted


@settings(deadline=None, max_examples=30)
@given(chosen=st.lists(st.integers(0, 19), unique=True))
def test_a_column_of_just_these_rows(chosen: list[int]) -> None:
    rows = rows_of(12, 8).select(chosen)
    made = {"made": pa.chunked_array([pa.array([f"v{number}" for number in chosen], pa.string())])}
    wider = rows.aligned(made, {"made": "string"}, "lineage")
    assert wider.column_names == ["id", "size", "made"]
    assert wider.select(range(len(chosen))[::-1])["made"] == [f"v{number}" for number in chosen[::-1]]
    assert set(wider.emptied({"made": "string"})["made"]) <= {None}


def test_the_key_tells_rows_and_their_order() -> None:
    rows = rows_of(5, 5)
    keys = {rows.key, rows.select([0, 1]).key, rows.select([1, 0]).key, rows.select([0, 6]).key}
    assert len(keys) == 4
    assert rows.key == rows_of(5, 5).key


def test_rows_of_which_none_is_gone_are_not_copied() -> None:
    values = pa.chunked_array([pa.array([f"text {index}" for index in range(100)])])
    all_rows = whole(Part("a", 100, {"id": StoredColumn(values, None, "a")}), {"id": "string"})
    table = all_rows.dataset().data.table
    assert table["id"].chunk(0).buffers()[2].address == values.chunk(0).buffers()[2].address


def test_rows_that_were_picked_are_read_as_a_table_is() -> None:
    dataset = Dataset.from_dict({"id": list("abcdef")}).select([5, 3, 1, 0])
    again = picked(dataset, [3, 0, 1])
    assert (again["id"][:], again._indices) == (["a", "f", "d"], None)


def test_a_column_is_read_as_datasets_reads_it() -> None:
    rows = Dataset.from_dict({"id": ["a", "b", "c"], "size": [1, None, 3], "said": [{"x": "1"}, None, {"x": "2"}]})
    for each in (rows, rows.select([2, 0]), rows.select(range(1, 3)), rows.select([])):
        assert [column_of(each, name) for name in each.column_names] == [each[name][:] for name in each.column_names]
    assert column_of(rows_of(3), "size") == rows_of(3)["size"]


def test_no_rows_have_their_columns() -> None:
    none = some(part("a", 3), np.empty(0, np.int32), KINDS)
    assert (len(none), none.to_list(), none.dataset().column_names) == (0, [], ["id", "size"])
