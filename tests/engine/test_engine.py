"""The engine over toy steps: it knows none of hfsft's own stages and filters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.parts.on_datasets import apply
from hfsft.engine.plan import Asked, Plan, Task
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import InternalError
from hfsft.models.model import Turns
from hfsft.rows.batch import Batch, Row
from tests.engine.held import held

COLUMNS = {"id": "string", "text": "string"}


class Echo:
    """Answers every row at once; fails and withholds the rows it is told to."""

    def __init__(self, fails: Iterable[str] = (), unknown: Iterable[str] = (), error: str = "timeout: 120 s") -> None:
        self.fails, self.unknown, self.asked, self.error = set(fails), set(unknown), 0, error

    def ask(self, step: Step, tasks: Iterable[Task], total: int) -> Asked:
        ids = [task.id for task in tasks]
        assert len(ids) == total
        self.asked += len(ids)
        failures = {row_id: self.error for row_id in ids if row_id in self.fails}
        return Asked(failures, frozenset(self.unknown & set(ids)), calls=len(ids))

    def awaits(self) -> bool:
        return False

    def may_prefetch(self, step: Step) -> bool:
        return False

    def replay(self, step: Step, row_id: str, start: Callable[[], Turns]) -> Any:
        turns = start()
        next(turns)
        try:
            turns.send("!")  # type: ignore[arg-type]
        except StopIteration as stop:
            return stop.value
        raise AssertionError("a toy asks once")


def source(texts: str) -> Step:
    def rows() -> Iterator[Row]:
        for index, text in enumerate(texts.split()):
            yield {"id": str(index), "text": text}

    return Step("source", rows="source", writes=COLUMNS, identity={"texts": texts}, work=held(rows))


def length(batch: Batch) -> Batch:
    return {"length": [len(text) for text in batch["text"]]}


def shout(row: Row) -> Turns:
    answer: Any = yield "request"  # type: ignore[misc]
    return {"shouted": row["text"].upper() + answer}


def twins(batch: Batch) -> Batch:
    twice = {name: [value for value in values for _ in "ab"] for name, values in batch.items()}
    return {**twice, "id": [f"{i}{c}" for i in batch["id"] for c in "ab"]}


MEASURE = Step("length", reads=("text",), writes={"length": "int64"}, work=held(length))
KEEP = compare("short", Bound("short", "length", at_most=3))
ASK = Step("shout", asks=True, reads=("text",), writes={"shouted": "string"}, work=held(shout))
TWINS = Step("twins", rows="many", reads=("text",), work=held(twins))


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def run(tmp_path: Any, *steps: Step, asker: Any = None, **more: Any) -> tuple[Dataset, Any]:
    ledger = Ledger()
    return engine.run(Plan("toy", tuple(steps)), asker or Echo(), tmp_path / "cache", ledger, **more), ledger


def test_what_falls_keeps_its_measure(tmp_path: Any) -> None:
    rows, ledger = run(tmp_path, source("a bbbb cc"), MEASURE, KEEP)
    assert rows["text"] == ["a", "cc"]
    (removal,) = ledger.removals
    assert list(removal.entries()) == [
        {
            "id": "1",
            "source": None,
            "fate": "rejected",
            "stage": "short",
            "rule": "short",
            "value": "4",
            "bound": "at_most 3",
            "of": None,
            "error": None,
        }
    ]


def test_a_second_run_asks_nothing_and_measures_nothing(tmp_path: Any) -> None:
    asker = Echo()
    first, _ = run(tmp_path, source("a bb"), MEASURE, ASK, asker=asker)
    second, ledger = run(tmp_path, source("a bb"), replace(MEASURE, work=held(pytest.fail)), ASK, asker=asker)
    assert asker.asked == 2
    assert second.to_list() == first.to_list()
    assert all(line.cached for line in ledger.funnel)


def test_a_moved_bound_measures_nothing_again(tmp_path: Any) -> None:
    run(tmp_path, source("a bb ccc"), MEASURE, KEEP)
    moved = replace(KEEP, bound=Bound("short", "length", at_most=1))
    rows, _ = run(tmp_path, source("a bb ccc"), replace(MEASURE, work=held(pytest.fail)), moved)
    assert rows["text"] == ["a"]


@pytest.mark.parametrize(
    "changed",
    [
        replace(MEASURE, version=2),
        replace(MEASURE, identity={"unit": "bytes"}),
        replace(MEASURE, name="other"),
        replace(MEASURE, writes={"length": "int32"}),
        replace(MEASURE, drops=("text",)),
    ],
    ids=["version", "identity", "name", "columns", "drops"],
)
def test_a_changed_step_runs_again(tmp_path: Any, changed: Step) -> None:
    run(tmp_path, source("a bb"), MEASURE)
    rows, _ = run(
        tmp_path, source("a bb"), replace(changed, work=held(lambda batch: {"length": [7] * len(batch["text"])}))
    )
    assert rows["length"] == [7, 7]


def test_what_follows_a_changed_step_over_all_rows_is_worked_out_anew_only_where_that_makes_something_else(
    tmp_path: Any,
) -> None:
    def kept(version: int, *sizes: int) -> list[bool]:
        def of_all(batch: Batch) -> Batch:
            return {"size": sizes[: len(batch["text"])]}

        def more(batch: Batch) -> Batch:
            return {"more": [size + 1 for size in batch["size"]]}

        def total(batch: Batch) -> Batch:
            return {"total": [sum(batch["more"])] * len(batch["more"])}

        every = Step("size", version=version, sees="all", reads=("text",), writes={"size": "int64"}, work=held(of_all))
        by_row = Step("more", reads=("size",), writes={"more": "int64"}, work=held(more))
        last = Step("total", sees="all", reads=("more",), writes={"total": "int64"}, work=held(total))
        rows, ledger = run(tmp_path, source("a bb ccc"), every, by_row, last)
        assert rows["size"] == list(sizes)
        assert rows["more"] == [size + 1 for size in sizes]
        assert rows["total"] == [sum(sizes) + 3] * 3
        return [line.cached for line in ledger.funnel]

    assert kept(1, 1, 2, 3) == [False] * 4
    assert kept(2, 1, 2, 3) == [True, False, True, True]
    assert kept(2, 1, 2, 3) == [True] * 4
    assert kept(3, 1, 2, 4) == [True, False, False, False]
    assert kept(4, 1, 2, 3) == [True, False, True, True]
    assert kept(3, 1, 2, 4) == [True] * 4


def test_a_row_without_an_answer_is_failed_and_asked_again(tmp_path: Any) -> None:
    rows, ledger = run(tmp_path, source("a bb ccc"), ASK, asker=Echo(fails=["1"]))
    assert rows["shouted"] == ["A!", "CCC!"]
    assert rows.column_names == ["id", "text", "shouted"]
    (entry,) = ledger.removals[0].entries()
    assert (entry["fate"], entry["stage"], entry["error"]) == ("failed", "shout", "timeout: 120 s")
    asker = Echo()
    rows, ledger = run(tmp_path, source("a bb ccc"), ASK, asker=asker)
    assert (asker.asked, len(rows), ledger.removals) == (3, 3, [])


def test_another_error_of_the_same_rows_measures_nothing_again(tmp_path: Any) -> None:
    steps = (source("a bb ccc"), ASK, MEASURE, KEEP)
    run(tmp_path, *steps, asker=Echo(["1"], error="server: HTTP 500 (request id: 1001)"))
    before = files(tmp_path / "cache")
    silent = replace(MEASURE, work=held(pytest.fail))
    rows, ledger = run(tmp_path, *steps[:2], silent, KEEP, asker=Echo(["1"], error="server: HTTP 500 (id: 1002)"))
    assert rows["id"] == ["0", "2"]
    assert [entry["error"] for entry in ledger.removals[0].entries()] == ["server: HTTP 500 (id: 1002)"]
    assert files(tmp_path / "cache") == before
    assert [line.cached for line in ledger.funnel] == [True, False, True, True]


def test_another_bound_compares_anew_whatever_a_filter_calls_its_identity(tmp_path: Any) -> None:
    for at_most, left in ((1, ["0"]), (9, ["0", "1"])):
        bound = Bound("short", "length", at_most=at_most)
        rows, _ = run(tmp_path, source("a bb"), MEASURE, replace(KEEP, bound=bound, identity={}))
        assert rows["id"] == left


def test_without_caching_every_step_is_worked_out_anew_from_the_store(tmp_path: Any, monkeypatch: Any) -> None:
    first, _ = run(tmp_path, source("a bb"), MEASURE, ASK)
    monkeypatch.setattr("datasets.fingerprint._CACHING_ENABLED", False)
    asker = Echo()
    rows, ledger = run(tmp_path, source("a bb"), MEASURE, ASK, asker=asker)
    assert (asker.asked, rows.to_list()) == (2, first.to_list())
    assert not any(line.cached for line in ledger.funnel)


def test_rows_not_known_yet_go_through_later_steps_and_leave_no_trace(tmp_path: Any) -> None:
    steps = (source("a bbbb"), ASK, TWINS, MEASURE, KEEP)
    asker = Echo(unknown=["1"])
    (tmp_path / "scratch").mkdir()
    run(tmp_path, source("a bbbb"))
    real = files(tmp_path / "cache")
    rows, _ = run(tmp_path, *steps, asker=asker, scratch=tmp_path / "scratch")
    assert [row["id"] for row in rows if row["pending"]] == ["1a", "1b"]
    assert (files(tmp_path / "cache"), len(files(tmp_path / "scratch"))) == (real, 4)
    rows, _ = run(tmp_path, *steps)
    assert rows["id"] == ["0a", "0b"]


def test_steps_over_no_rows_still_write_their_columns(tmp_path: Any) -> None:
    none = replace(KEEP, name="none", bound=Bound("none", "length", at_least=99))
    rows, ledger = run(tmp_path, source("a bb"), MEASURE, none, ASK, TWINS)
    assert len(rows) == 0
    assert rows.column_names == ["id", "text", "length", "shouted"]
    assert [line.removed for line in ledger.funnel] == [0, 0, 2, 0, 0]


def test_the_funnel_counts_rows_that_come_and_go(tmp_path: Any) -> None:
    _, ledger = run(tmp_path, source("a bbbb"), TWINS, MEASURE, KEEP)
    counted = [(line.step, line.rows_in, line.added, line.removed, line.rows_out) for line in ledger.funnel]
    assert counted == [("source", 0, 2, 0, 2), ("twins", 2, 2, 0, 4), ("length", 4, 0, 0, 4), ("short", 4, 0, 2, 2)]
    ledger.finish({"train": ["0a", "0b"], "validation": []})
    assert ledger.rows_in == 4


@pytest.mark.parametrize("ids", [["0"], ["0", "0"], ["0", "1", "2"]], ids=["lost", "twice", "invented"])
def test_a_ledger_that_does_not_add_up_is_an_error(tmp_path: Any, ids: list[str]) -> None:
    _, ledger = run(tmp_path, source("a b"))
    with pytest.raises(InternalError):
        ledger.finish({"train": ids})


def test_a_step_that_reads_what_nobody_writes_is_refused() -> None:
    with pytest.raises(InternalError, match="short reads length"):
        Plan("toy", (source("a"), KEEP)).check()


def test_filters_apply_to_any_dataset() -> None:
    kept, rejected = apply(Dataset.from_dict({"text": ["a", "bbbb"]}), (MEASURE, KEEP))
    assert (kept["text"], rejected["text"], rejected["length"]) == (["a"], ["bbbb"], [4])


def test_the_engine_works_inside_a_running_event_loop(tmp_path: Any) -> None:
    import asyncio

    async def notebook() -> int:
        return len(run(tmp_path, source("a b"), ASK)[0])

    assert asyncio.run(notebook()) == 2


def test_order_of_rows_does_not_hang_on_the_batch(tmp_path: Any) -> None:
    texts = " ".join(f"w{i}" for i in range(2500))
    rows, _ = run(tmp_path, source(texts), ASK)
    assert rows[2300] == {"id": "2300", "text": "w2300", "shouted": "W2300!"}
    assert partial(run, tmp_path, source(texts), ASK)()[0].to_list() == rows.to_list()
