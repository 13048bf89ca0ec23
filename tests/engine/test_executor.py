"""Another executor, of plain lists, comes to the same rows, fates and fingerprints as that of this machine."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from datasets import Dataset, Features

from hfsft.engine import run as engine
from hfsft.engine.executor import DataTask, Done
from hfsft.engine.ledger import Ledger
from hfsft.engine.lookahead import Route, task_of
from hfsft.engine.outcome import ID, children, group_task, groups, of_group
from hfsft.engine.plan import Asker, Plan
from hfsft.engine.step import Bound, Step, compare
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.features import arrow_schema, features
from tests.engine.test_engine import ASK, KEEP, MEASURE, TWINS, Echo, source
from tests.engine.toys import BEST, CHILDREN, FOLDED, JUDGED, PAIRED, RANKED


@dataclass(frozen=True)
class Listed:
    """Rows in a list."""

    rows: list[Row]
    kinds: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, key: str | slice) -> Any:
        if isinstance(key, str):
            return [row[key] for row in self.rows]
        return {name: self[name][key] for name in self.kinds}

    def to_list(self) -> list[Row]:
        return self.rows

    @property
    def column_names(self) -> list[str]:
        return list(self.kinds)

    @property
    def features(self) -> Features:
        return features(self.kinds)

    def batches(self, names: Collection[str] | None = None, size: int = 8192) -> Iterator[pa.Table]:
        kinds = {name: self.kinds[name] for name in (self.kinds if names is None else names)}
        for start in range(0, len(self), size):
            some = [{name: row[name] for name in kinds} for row in self.rows[start : start + size]]
            yield pa.Table.from_pylist(some, schema=arrow_schema(kinds))

    def slice(self, start: int, stop: int) -> Listed:
        return replace(self, rows=self.rows[start:stop])

    def without(self, names: Collection[str]) -> Listed:
        kinds = {name: kind for name, kind in self.kinds.items() if name not in names}
        return Listed([{name: row[name] for name in kinds} for row in self.rows], kinds)

    def select(self, indices: Iterable[int]) -> Listed:
        return replace(self, rows=[self.rows[number] for number in indices])

    def of(self, step: Step, rows: list[Row], **more: Any) -> Listed:
        """Rows behind a step."""
        kinds = {name: kind for name, kind in {**self.kinds, **more, **step.writes}.items() if name not in step.drops}
        return Listed([{name: row.get(name) for name in kinds} for row in rows], kinds)

    def batch(self, step: Step, *more: str) -> Batch:
        return {name: self[name] for name in step.given(self.kinds, *more)}


class Lists:
    """Works over whole lists, keeps nothing."""

    def __init__(self) -> None:
        self.lanes: list[list[str]] = []

    def __call__(self, cache: Path, scratch: Path | None) -> AbstractContextManager[Lists]:
        return nullcontext(self)

    shared = None

    def source(self, step: Step, before: Listed | None) -> Done[Listed]:
        rows = [*(before.rows if before else []), *step.function()]
        return Done(Listed(rows, dict(step.writes)), cached=False)

    def lane(self, rows: Listed, steps: Sequence[Step], beside: Listed | None) -> Iterator[Done[Listed]]:
        self.lanes.append([step.name for step in steps])
        for step in steps:
            done = self._row_by_row(rows, step, beside)
            yield done
            rows = done.rows

    def ahead(self, rows: Listed, step: Step) -> None:
        """None: it keeps nothing."""

    def _row_by_row(self, rows: Listed, step: Step, beside: Listed | None) -> Done[Listed]:
        if bound := step.bound:
            stays = [bound.keeps(value) for value in rows[bound.column]]
            kept, removed = ([n for n, each in enumerate(stays) if each == what] for what in (True, False))
            return Done(rows.select(kept), cached=False, rejected=rows.select(removed))
        if step.rows == "many":
            grown = [each for row in rows for each in rows_of(step.function({name: [row[name]] for name in row}))]
            return Done(rows.of(step, grown), cached=False)
        return self._widened(rows, step, beside)

    def _widened(self, rows: Listed, step: Step, beside: Listed | None) -> Done[Listed]:
        more = [] if beside is None else [beside[:]]
        made = list(rows_of(step.function(rows.batch(step), *more)))
        return Done(rows.of(step, [{**row, **new} for row, new in zip(rows, made, strict=True)]), cached=False)

    def all(self, rows: Listed, step: Step, beside: Listed | None) -> Done[Listed]:
        if step.makes:
            return Done(Listed(list(rows_of(step.function(rows.batch(step)))), dict(step.writes)), cached=False)
        return self._widened(rows, step, beside)

    def group(self, rows: Listed, step: Step, beside: Listed | None) -> Done[Listed]:
        batch = rows.batch(step, ID)
        made = (
            (numbers, step.function({name: [values[n] for n in numbers] for name, values in batch.items()}))
            for numbers in groups(rows[ID], rows[step.group_by])
        )
        return self._parted(rows, step, made)

    def _parted(self, rows: Listed, step: Step, made: Iterable[tuple[list[int], Any]]) -> Done[Listed]:
        found = list(rows.rows)
        instead: dict[str, str] = {}
        for numbers, of in made:
            for number, told in zip(numbers, of_group(step, [rows[ID][n] for n in numbers], of), strict=True):
                found[number] = {**found[number], **(told.columns or {})}
                if told.instead:
                    instead[found[number][ID]] = told.instead
        left = rows.of(step, [row for row in found if row[ID] not in instead])
        over = rows.of(step, [row for row in found if row[ID] in instead]) if instead else None
        return Done(left, cached=False, passed_over=over, instead=instead)

    def ask(self, rows: Listed, step: Step, asker: Asker, route: Route | None) -> Done[Listed]:
        if step.sees == "group":
            members = groups(rows[ID], rows[step.group_by])
            tasks = [group_task(step, [rows.rows[n] for n in numbers]) for numbers in members]
        else:
            members = [[n] for n in range(len(rows))]
            tasks = [task_of(step, row) for row in rows]
        asked = asker.ask(step, iter(tasks), len(tasks))
        lost = {
            rows[ID][n]
            for task, numbers in zip(tasks, members, strict=True)
            if task.id in asked.failures
            for n in numbers
        }
        errors = {
            rows[ID][n]: asked.failures[t.id]
            for t, ns in zip(tasks, members, strict=True)
            if t.id in asked.failures
            for n in ns
        }
        answers = {t.id: asker.replay(step, t.id, t.start) for t in tasks if t.id not in asked.failures}
        left = rows.select(n for n, row in enumerate(rows) if row[ID] not in lost)
        failed = rows.of(step, [row for row in rows if row[ID] in lost]) if lost else None
        if step.sees == "group":
            places = {row_id: n for n, row_id in enumerate(left[ID])}
            made = [
                ([places[rows[ID][n]] for n in numbers], answers[task.id])
                for task, numbers in zip(tasks, members, strict=True)
                if task.id in answers
            ]
            done = self._parted(left, step, made)
        elif step.rows == "many":
            grown = [{**row, **each} for row in left for each in children(step, row, answers[row[ID]])]
            done = Done(left.of(step, grown, parent_id="string"), cached=False)
        else:
            done = Done(left.of(step, [{**row, **answers[row[ID]]} for row in left]), cached=False)
        return replace(done, failed=failed, errors=errors, calls=asked.calls, spent=asked.spent)

    def dataset(self, rows: Listed) -> Dataset:
        return Dataset.from_list(rows.rows, features=rows.features)

    def in_order(self, rows: Listed, by: Sequence[str]) -> Listed:
        return replace(rows, rows=sorted(rows.rows, key=lambda row: tuple(row[name] for name in by)))

    def each(self, tasks: Sequence[DataTask]) -> list[Any]:
        return [task.do() for task in tasks]


WORDS = "a bbbb cc ddd a eeeee cc"
PLANS = {
    "measures": (MEASURE, KEEP, TWINS, ASK),
    "all": (MEASURE, RANKED, compare("first", Bound("first", "rank", at_most=3))),
    "children": (CHILDREN, MEASURE, KEEP),
    "groups": (MEASURE, TWINS, BEST, ASK),
    "groups asked": (CHILDREN, MEASURE, JUDGED),
    "table": (MEASURE, *PAIRED, FOLDED, KEEP),
}


@pytest.mark.parametrize("fails", [(), ("2", "3")], ids=["all answered", "some failed"])
@pytest.mark.parametrize("steps", PLANS.values(), ids=PLANS)
def test_another_executor_comes_to_the_same(tmp_path: Path, steps: tuple[Step, ...], fails: tuple[str, ...]) -> None:
    plan = Plan("toy", (source(WORDS), *steps))
    found = []
    for executor in (None, Lists(), None):
        ledger = Ledger()
        rows = engine.run(plan, Echo(fails), tmp_path / "cache", ledger, executor=executor)
        ledger.finish({"train": rows["id"][:]})
        lines = [(line.step, line.rows_in, line.added, line.removed, line.rows_out) for line in ledger.funnel]
        found.append((rows.to_list(), list(ledger.entries()), lines, ledger.counts()))
    assert found[0] == found[1], "the other executor"
    assert found[0] == found[2], "read back from the cache"
    assert [step.name for step, _ in plan.fingerprints()] == [line[0] for line in found[1][2]]


def test_steps_that_look_at_one_row_come_together(tmp_path: Path) -> None:
    lists = Lists()
    plan = Plan("toy", (source(WORDS), MEASURE, KEEP, ASK, TWINS, RANKED, *PAIRED, FOLDED))
    engine.run(plan, Echo(), tmp_path, Ledger(), executor=lists)
    assert lists.lanes == [["length", "short"], ["twins"], ["alike", "unlike"], ["folded"]]
