"""What worker processes make of rows is what this process makes of them, and what fails there is told as it is here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from hfsft.engine.parts.local import Local
from hfsft.engine.processes import workers
from hfsft.engine.processes.workers import Workers, processes, told_as_data
from hfsft.engine.resources import Work
from hfsft.engine.step import Step
from hfsft.errors import UserError
from hfsft.filters import Filter, Repetition, Tokens
from hfsft.rows.batch import Batch, Row

ROWS = 2500


@pytest.fixture(autouse=True)
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "LEAST", 10)
    monkeypatch.setenv(workers.PROCESSES, "2")


def rows() -> Iterator[Row]:
    for number in range(ROWS):
        yield {"id": str(number), "response": f"say {number % 7} " * (number % 12)}


SOURCE = Step("source", rows="source", writes={"id": "string", "response": "string"}).doing(rows)


def measured(cache: Path, *steps: Step) -> Batch:
    with Local(cache) as works:
        found = works.source(SOURCE, None).rows
        for done in works.lane(found, steps, None):
            found = done.rows
        return {name: found[name] for name in found.column_names}


def test_other_processes_make_the_same_of_each_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [Repetition().steps()[0], Tokens(at_least=1).steps()[0]]
    asked: list[int] = []
    made = Workers._ask

    def counted(self: Workers, task: object) -> bytes:
        answer = made(self, task)  # type: ignore[arg-type]
        asked.append(len(answer))
        return answer

    monkeypatch.setattr(Workers, "_ask", counted)
    together = measured(tmp_path / "together", *steps)
    assert len(asked) == 6, "three batches of each step"
    assert all(asked)
    monkeypatch.setenv(workers.PROCESSES, "1")
    assert measured(tmp_path / "alone", *steps) == together
    assert len(asked) == 6


def test_an_error_of_the_rows_is_raised_as_it_is(tmp_path: Path) -> None:
    wrong = Step("wrong", reads=("id",), writes={"found": "float64"}, work=Work("hfsft.engine.step:no_such_thing"))
    with pytest.raises(Exception, match="no_such_thing cannot be imported"):
        measured(tmp_path, wrong)
    numbers = Step("source", rows="source", writes={"id": "string", "response": ["int64"]})
    with Local(tmp_path) as works:
        found = works.source(numbers.doing(lambda: iter([{"id": str(n), "response": [n]} for n in range(20)])), None)
        with pytest.raises(UserError, match="column response holds"):
            list(works.lane(found.rows, Repetition().steps()[:1], None))


def test_a_process_that_dies_costs_nothing_but_time(tmp_path: Path) -> None:
    step = Repetition().steps()[0]
    alive = Workers()
    schema = pa.schema({"repetition_response": pa.float64()})
    table = pa.table({"response": ["again and again and again, " * 9]})
    try:
        made = alive.made(step, schema, (table for _ in range(40)), lambda given: pa.table({"here": [given.num_rows]}))
        assert next(made).schema == schema
        for process in alive._processes:
            process.kill()
            process.wait()
        assert list(made)[-1] == pa.table({"here": [1]})
    finally:
        alive.end()


class Own(Filter):
    """One of the user's own."""

    name = "own"

    def measure(self, batch: Batch) -> Batch:
        return {}


def test_code_of_the_user_stays_here() -> None:
    assert told_as_data(Repetition().steps()[0])
    ours = Step("a", work=Work("hfsft.filters.filter_work:working", {"filter": "__main__:Own", "given": {}}))
    assert not told_as_data(ours)
    inside = {"function": "hfsft.filters.filter_work:working", "arguments": {"filter": "mine:Own"}, "columns": []}
    assert not told_as_data(Step("a", work=Work("hfsft.engine.step:rewriting", inside)))
    assert not told_as_data(Repetition().steps()[0].doing(lambda batch: batch))
    assert not told_as_data(Step("a"))


@pytest.mark.parametrize(("said", "count"), [("1", 1), ("3", 3), ("500", workers.MOST)])
def test_a_variable_says_how_many_there_are(said: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(workers.PROCESSES, said)
    assert processes() == count
    assert not Workers().serve(Repetition().steps()[0], 9)
