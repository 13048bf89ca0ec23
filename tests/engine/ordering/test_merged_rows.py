"""Rows of many parts come in the order of columns, all or a piece of them, in any process and with little in memory."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.engine.on_daft.parquet_parts import PartRows
from hfsft.engine.on_daft.part_files import PartFiles
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.ordering.merged_rows import MergedRows
from hfsft.engine.ordering.merging import owners
from hfsft.engine.ordering.streamed_rows import OfDataset
from hfsft.engine.ordering.text_columns import TextColumn, twins

KINDS = {"id": "string", "split": "string", "text": "string", "vector": "vector[2]"}
BY = ("split", "id")


def rows(count: int, text: str = "") -> list[dict[str, Any]]:
    draw = Random(1)
    sides = ["train"] * 8 + ["validation", "test"]
    ids = [f"{number:06d}" for number in draw.sample(range(10 * count), count)]
    return [{"id": each, "split": draw.choice(sides), "text": text + each, "vector": [1.0, int(each)]} for each in ids]


@pytest.fixture
def ordered(tmp_path: Path) -> Iterator[Callable[[list[dict[str, Any]]], MergedRows]]:
    """Puts rows in order that lie in small parts."""
    with pytest.MonkeyPatch.context() as patch, OnDaft(tmp_path) as works:
        patch.setattr("hfsft.engine.on_daft.part_files.ROWS", 3000)
        patch.setattr("hfsft.engine.on_daft.part_files.BATCH", 500)

        def order(every: list[dict[str, Any]]) -> MergedRows:
            folder = WorkFolder.of(tmp_path)
            parts = PartFiles(folder).cut(iter(every), KINDS)
            return works.in_order(PartRows(folder, tuple(parts), KINDS), BY)

        yield order


def keys(found: Any) -> list[tuple[str, str]]:
    return [(row["split"], row["id"]) for row in found]


def test_runs_are_read_as_one(ordered: Callable[[list[dict[str, Any]]], MergedRows]) -> None:
    every = rows(29_000)
    wanted = sorted(keys(every))
    found = ordered(every)
    assert len(found.pieces) == 3
    assert keys(found) == wanted
    assert all(row["text"] == row["id"] and row["vector"] == [1.0, int(row["id"])] for row in found.slice(0, 2000))
    for start, stop in ((0, 0), (0, 1), (999, 1001), (8190, 20_001), (28_990, 40_000)):
        piece = found.slice(start, stop)
        assert keys(pickle.loads(pickle.dumps(piece))) == wanted[start:stop]
        assert keys(piece.slice(1, 3)) == wanted[start:stop][1:3]
    assert [len(table) for table in found.batches(["id"], 8000)] == [8000, 8000, 8000, 5000]
    assert keys(found.select([28_999, 3, 3])) == [wanted[28_999], wanted[3], wanted[3]]
    assert keys(ordered([])) == []


def test_texts_of_all_rows_are_never_in_memory_at_once(
    ordered: Callable[[list[dict[str, Any]]], MergedRows],
) -> None:
    found = ordered(rows(12_000, "long " * 2000))  # 120 MB
    before = pa.total_allocated_bytes()
    most = max(pa.total_allocated_bytes() - before for _ in found.batches(size=500))
    assert most < 60e6


def test_texts_that_stand_twice_are_found() -> None:
    assert twins(lambda: iter([["a", "b"], ["c"]])) == []
    assert twins(lambda: iter([["a", "b"], ["b", "c"], ["a"]])) == ["a", "b"]
    rows = OfDataset(Dataset.from_dict({"id": ["a", None, "c"]}))
    column = TextColumn(rows, "id")
    assert (len(column), list(column), column[2], column[1:]) == (3, ["a", None, "c"], "c", [None, "c"])
    assert (column[::-1], column[3:], column[-1]) == (["c", None, "a"], [], "c")


@given(st.lists(st.lists(st.text("ab\U0001f600\uffff\0", max_size=3)), max_size=5), st.integers(1, 3))
def test_runs_come_next_as_if_all_were_sorted_at_once(texts: list[list[str]], at_once: int) -> None:
    runs = [sorted(run) for run in texts]
    cut = [iter([run[start : start + at_once] for start in range(0, len(run), at_once)]) for run in runs]
    every = sorted(((text, number) for number, run in enumerate(runs) for text in run))
    assert [each for some in owners(cut) for each in some.tolist()] == [number for _, number in every]
