"""What a function over all rows keeps: given back to it and to all that keep the same, in few files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hfsft.engine import run as engine
from hfsft.engine.adding import Columns
from hfsft.engine.ledger import Ledger
from hfsft.engine.parts.facts import MOST, keep_facts, kept_facts
from hfsft.engine.parts.files import Files
from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from hfsft.rows.batch import Batch
from tests.engine.held import held
from tests.engine.parts.test_adding import source
from tests.engine.test_engine import Echo

Words = list[tuple[str, str, int]]


class Lengths:
    """How long each word is, which is found out once for each word, whatever row has it."""

    def __init__(self, keeps: str = "lengths") -> None:
        self.keeps, self.worked = keeps, list[str]()

    def __call__(self, batch: Batch) -> Batch:
        raise AssertionError("the engine gives it the rows")

    def over(self, rows: Columns, kept: pa.Table | None) -> tuple[Batch, pa.Table | None]:
        known = dict(zip(kept["word"].to_pylist(), kept["length"].to_pylist(), strict=True)) if kept else {}
        new = {word: len(word) for word in rows["word"] if word not in known}
        self.worked += new
        lengths = {**known, **new}
        table = pa.table({"word": pa.array(list(new), pa.string()), "length": pa.array(list(new.values()), pa.int64())})
        return {"length": [lengths[word] for word in rows["word"]]}, table if self.keeps else None


def build(folder: Path, rows: Words, function: Any, name: str = "lengths") -> list[int]:
    step = Step(name, sees="all", reads=("word",), writes={"length": "int64"}, work=held(function))
    found: list[int] = engine.run(Plan("toy", (source(rows), step)), Echo(), folder, Ledger())["length"][:]
    return found


def words(*said: str) -> Words:
    return [(word, word, 0) for word in said]


def test_what_was_found_out_is_given_back_whatever_the_step_is_called(tmp_path: Path) -> None:
    function = Lengths()
    assert build(tmp_path, words("a", "bb"), function) == [1, 2]
    assert build(tmp_path, words("ccc", "a"), function, "another") == [3, 1]
    assert function.worked == ["a", "bb", "ccc"]
    other = Lengths("other lengths")
    assert build(tmp_path, words("a", "dd"), other, "other") == [1, 2]
    assert other.worked == ["a", "dd"]


def test_a_function_may_keep_nothing(tmp_path: Path) -> None:
    function = Lengths("")
    for rows in (words("a", "bb"), words("bb", "a")):
        build(tmp_path, rows, function)
    assert function.worked == ["a", "bb", "bb", "a"]
    assert kept_facts("", Files(tmp_path)) is None


def table(*numbers: int) -> pa.Table:
    return pa.table({"number": pa.array(numbers, pa.int64())})


def test_many_files_become_one(tmp_path: Path) -> None:
    for number in range(3 * MOST):
        files = Files(tmp_path)
        keep_facts("numbers", f"call{number}", table(number), kept_facts("numbers", files), files)
        assert len(list(tmp_path.iterdir())) <= MOST
        kept = kept_facts("numbers", Files(tmp_path))
        assert kept is not None
        assert sorted(kept["number"].to_pylist()) == list(range(number + 1))
    keep_facts("numbers", "nothing new", table(), kept, files)
    assert not list(tmp_path.glob("*nothing new*"))


@pytest.mark.parametrize("how", ["cut", "other columns"])
def test_a_file_that_cannot_be_read_is_found_out_anew(tmp_path: Path, how: str) -> None:
    function = Lengths()
    build(tmp_path, words("a", "bb"), function)
    files = Files(tmp_path)
    keep_facts("lengths", "zz", table(1), kept_facts("lengths", files), files)
    if how == "cut":
        for path in tmp_path.glob("*-2.arrow"):
            path.write_bytes(path.read_bytes()[:-9])
    function.worked.clear()
    assert build(tmp_path, words("a", "ccc"), function) == [1, 3]
    assert set(function.worked) <= {"a", "ccc"}
