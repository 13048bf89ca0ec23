"""Rows of later waves: each costs what is new, and all together come to what one build of all rows comes to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from hfsft.engine import run as engine
from hfsft.engine.executor import Executors, Rows
from hfsft.engine.ledger import Ledger, Wave
from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from hfsft.rows.batch import Row
from tests.engine.held import held
from tests.engine.parts.test_increments import Counted, at_most, ids
from tests.engine.test_engine import COLUMNS, MEASURE, Echo
from tests.engine.toys import BEST, CHILDREN


def source(name: str, numbers: range) -> Step:
    def rows() -> Iterator[Row]:
        for number in numbers:
            yield {"id": f"r{number}", "text": f"r{number} says so"}

    return Step(name, rows="source", writes=COLUMNS, identity={"rows": list(numbers)}, work=held(rows))


def steps(count: Counted) -> list[Step]:
    return [
        count.measure("first"),
        at_most("first", 80),
        count.measure("all", sees="all"),
        CHILDREN,
        MEASURE,
        BEST,
    ]


@pytest.mark.parametrize("executor", [None, OnDaft], ids=["local", "daft"])
def test_three_waves_are_one_build_of_all_rows(tmp_path: Path, executor: Executors | None) -> None:
    count, left = Counted(), list[int]()
    waves = [source("two", range(30, 60)), source("three", range(60, 90))]

    def more(rows: Rows) -> Step | None:
        left.append(len(rows))
        return waves.pop(0) if waves else None

    ledger = Ledger()
    plan = Plan("toy", (source("one", range(30)), *steps(count)))
    rows = engine.run(plan, Echo(), tmp_path / "waves", ledger, more=more, executor=executor)
    seen = count.take()
    assert seen["first"] == sorted(ids(*range(90))), "each row is measured once"
    ledger.finish({"train": rows["id"][:]})

    cold = Ledger()
    sources = (source("one", range(30)), source("two", range(30, 60)), source("three", range(60, 90)))
    at_once = engine.run(Plan("toy", (*sources, *steps(count))), Echo(), tmp_path / "cold", cold)
    cold.finish({"train": at_once["id"][:]})
    assert rows.to_list() == at_once.to_list()
    assert list(ledger.entries()) == list(cold.entries())
    assert [(line.step, line.rows_out) for line in ledger.funnel] == [
        (line.step, line.rows_out) for line in cold.funnel
    ]
    assert ledger.wave == 3
    assert [wave.rows_out for wave in ledger.waves] == left[:2]
    assert ledger.waves[0] == Wave(rows_in=ledger.waves[0].rows_in, rows_out=left[0], calls=30)


def test_what_waves_asked_and_took_is_told_of_all(tmp_path: Path) -> None:
    waves = iter([source("two", range(30, 40)), None])
    ledger, asker = Ledger(), Echo()
    plan = Plan("toy", (source("one", range(30)), CHILDREN))
    engine.run(plan, asker, tmp_path, ledger, more=lambda _: next(waves))
    (asked,) = (line for line in ledger.funnel if line.step == "letters")
    assert asked.calls == asker.asked
    assert not asked.cached


def test_the_same_waves_again_are_read_back(tmp_path: Path) -> None:
    count = Counted()
    for turn in range(2):
        second = partial(next, iter([source("two", range(30, 60)), None]))
        ledger, asker = Ledger(), Echo()
        plan = Plan("toy", (source("one", range(30)), *steps(count)))
        engine.run(plan, asker, tmp_path, ledger, more=lambda _, second=second: second())
        assert bool(count.take()) == (turn == 0)
        assert bool(asker.asked) == (turn == 0)
        assert all(line.cached for line in ledger.funnel) == (turn == 1)


def test_a_row_more_of_one_source_leaves_the_rows_of_all_as_they_are(tmp_path: Path) -> None:
    count = Counted()
    for last in (40, 41):
        sources = (source("one", range(30)), source("two", range(30, last)), source("three", range(50, 60)))
        rows = engine.run(Plan("toy", (*sources, count.measure("first"))), Echo(), tmp_path, Ledger())
        seen = count.take()["first"]
    assert seen == ["r40"]
    assert rows["id"] == ids(*range(41), *range(50, 60))
