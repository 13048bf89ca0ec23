"""The engine: walks the steps of a plan over rows. It knows no stage and no filter by name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hfsft.cache import SPENT, at_work
from hfsft.engine.ledger import Fallen, Ledger
from hfsft.engine.lookahead import Way, task_of, way_ahead
from hfsft.engine.parts.files import Files
from hfsft.engine.parts.made import by_row, grown, of_all
from hfsft.engine.parts.on_datasets import BATCH, quiet
from hfsft.engine.parts.rows import Rows
from hfsft.engine.parts.source_rows import source_rows
from hfsft.engine.plan import Asked, Asker, Plan, Task
from hfsft.engine.step import Step
from hfsft.hashing import digest
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.features import placeholder

if TYPE_CHECKING:
    from datasets import Dataset

PENDING = "pending"  # in a forecast: the row stands for one whose text is not known yet
STAYS = "hfsft:stays"  # what a comparison came to, in its file


@dataclass
class _State:
    """Where the walk stands: the rows, and whether some only stand for unknown ones."""

    rows: Rows
    pending: bool = False


def run(
    plan: Plan,
    asker: Asker,
    cache: Path,
    ledger: Ledger,
    *,
    scratch: Path | None = None,
    before: Callable[[Step, int], None] | None = None,
    after: Callable[[Step, Rows], None] | None = None,
) -> Dataset:
    """The rows that are left after the last step; those that are not are entered in `ledger`, step by step.

    What steps made before is read back from `cache`; what a forecast works out, from stored answers or over rows that
    are not known yet, goes to `scratch`. `before` is told each step and how many rows come in, `after` each step and
    the rows it left. Raises whatever `asker` raises; steps finished by then stay cached.
    """
    plan.check()
    state: _State | None = None
    with quiet(), at_work(cache):
        files = Files(cache)
        drafts = Files(scratch) if scratch else files
        for place, step in enumerate(plan.steps):
            if before:
                before(step, len(state.rows) if state else 0)
            way = way_ahead(plan.steps[place + 1 :], asker) if step.asks else None
            state = _walk(step, state, asker, drafts if state and state.pending else files, drafts, ledger, way)
            if after:
                after(step, state.rows)
        assert state is not None, "a plan starts with its source"
        return state.rows.dataset()


def _walk(
    step: Step, state: _State | None, asker: Asker, files: Files, drafts: Files, ledger: Ledger, way: Way | None
) -> _State:
    started = time.perf_counter()
    removed, calls, before = 0, 0, len(state.rows) if state else 0
    if state is None:
        rows, cached = source_rows(step, step.fingerprint(""), files)
        after = _State(rows)
    elif step.bound is not None:
        after, fallen, cached = _keep(step, state, files)
        removed = len(fallen.rows)
        ledger.fallen.append(fallen)
    elif step.asks:
        after, asked, failed, cached = _ask(step, state, asker, files, drafts, way)
        calls, ledger.spent[step.name] = asked.calls, asked.spent
        if failed is not None:
            removed = len(failed.rows)
            ledger.fallen.append(failed)
    else:
        made = grown if step.rows == "many" else _map if step.sees == "row" else of_all
        rows, cached = made(step, state.rows, files)
        after = _State(rows.without(step.drops), state.pending)
    seconds = round(time.perf_counter() - started, 4)
    ledger.record(step, before, len(after.rows), removed=removed, cached=cached, calls=calls, seconds=seconds)
    return after


def _map(step: Step, rows: Rows, files: Files) -> tuple[Rows, bool]:
    return by_row(rows, step, step.function, step.given(rows.column_names), step.writes, files)


def _keep(step: Step, state: _State, files: Files) -> tuple[_State, Fallen, bool]:
    """What a comparison keeps, and what falls by it; of a forecast, rows that are not known yet stay."""
    bound = step.bound
    assert bound is not None
    columns = [bound.column, PENDING] if state.pending else [bound.column]

    def stays(batch: Batch) -> Batch:
        unknown = batch.get(PENDING) or [False] * len(batch[bound.column])
        return {STAYS: [a or bound.keeps(value) for value, a in zip(batch[bound.column], unknown, strict=True)]}

    compared, cached = by_row(state.rows, step, stays, columns, {STAYS: "bool"}, files, batch=100 * BATCH)
    kept = compared.table([STAYS])[STAYS].to_numpy()
    fallen = state.rows.select(np.flatnonzero(~kept))
    rows = state.rows.select(np.flatnonzero(kept)) if len(fallen) else state.rows
    told = Fallen(step.name, bound.rule, "rejected", str(bound), bound.column, fallen)
    return _State(rows, state.pending), told, cached


def _ask(
    step: Step, state: _State, asker: Asker, files: Files, drafts: Files, way: Way | None
) -> tuple[_State, Asked, Fallen | None, bool]:
    """Ask, then replay the answers in a plain map; rows that failed are cut out, and none of their columns is kept.

    What the answers took is kept too, for just these rows.
    """
    function, rows = step.function, state.rows
    columns = step.given(rows.column_names, "id", *([PENDING] if state.pending else []))
    lineages = [step.fingerprint(part.lineage(columns)) for part in rows.parts]
    spent = digest([rows.key, lineages]) + SPENT
    whole = all(
        files.covers(lineage, rows.of_part(index), part.length)
        for index, (part, lineage) in enumerate(zip(rows.parts, lineages, strict=True))
    )
    note = files.note(spent) if whole else None
    if note is not None:
        asked = Asked(spent=note["spent"])
    else:
        asked = asker.ask(step, _tasks(rows, step, columns, way), len(rows))
        # A forecast does not know what the answers took, so that what it reads from the store is a draft too. Costs
        # are written first: where there are answers, somebody can see it.
        if not asked.pending:
            drafts.keep(spent, {"spent": asked.spent})
    unknown = {name: placeholder(kind) for name, kind in step.writes.items()}
    pending = state.pending or bool(asked.pending)

    def replay(batch: Batch) -> Batch:
        results: list[Row] = []
        for row in rows_of(batch):
            if row["id"] in asked.pending:
                result = dict(unknown)
            else:
                result = asker.replay(step, row["id"], partial(function, row))
            if pending:
                result[PENDING] = bool(row.get(PENDING)) or row["id"] in asked.pending
            results.append(result)
        return {name: [result[name] for result in results] for name in writes}

    failed = None
    if asked.failures:
        lost = np.array([row_id in asked.failures for row_id in rows["id"]])
        gone = rows.select(np.flatnonzero(lost)).emptied(step.writes)
        failed = Fallen(step.name, step.name, "failed", "", "", gone, asked.failures)
        rows = rows.select(np.flatnonzero(~lost))
    writes = {**step.writes, **({PENDING: "bool"} if pending else {})}
    mark = digest(sorted(asked.pending)) if pending else ""
    answered, _ = by_row(rows, step, replay, columns, writes, files, mark=mark, drafts=drafts)
    return _State(answered, pending), asked, failed, note is not None


def _tasks(rows: Rows, step: Step, columns: list[str], way: Way | None) -> Iterator[Task]:
    carried = [name for name in rows.column_names if name in columns or (way and name in way.columns)]
    for table in rows.batches(carried, BATCH):
        for row in table.to_pylist():
            yield task_of(step, row, way, pending=bool(row.get(PENDING)))
