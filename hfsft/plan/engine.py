"""The engine: walks the steps of a plan over a dataset. The only file that calls `Dataset.map` and `Dataset.filter`."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets import (
    Dataset,
    are_progress_bars_disabled,
    concatenate_datasets,
    disable_progress_bars,
    enable_progress_bars,
    is_caching_enabled,
)
from datasets.arrow_writer import ArrowWriter

from hfsft.cache import SPENT
from hfsft.plan.ahead import Way, task_of, way_ahead
from hfsft.plan.features import features, placeholder
from hfsft.plan.ledger import Fallen, Ledger
from hfsft.plan.plan import Asked, Asker, Plan, Task, file_of
from hfsft.plan.step import Batch, Row, Step, digest, rows_of

PENDING = "pending"  # in a forecast: the row stands for one whose text is not known yet


@dataclass
class _State:
    """Where the walk stands: the rows, their fingerprint, and whether some rows only stand for unknown ones."""

    rows: Dataset
    fingerprint: str
    pending: bool = False


def run(
    plan: Plan,
    asker: Asker,
    cache: Path,
    ledger: Ledger,
    *,
    scratch: Path | None = None,
    before: Callable[[Step, int], None] | None = None,
    after: Callable[[Step, Dataset], None] | None = None,
) -> Dataset:
    """The rows that are left after the last step; those that are not are entered in `ledger`, step by step.

    Finished steps are read back from `cache` by fingerprint; what a forecast works out, from stored answers or over
    rows that are not known yet, goes to `scratch`. `before` is told each step and how many rows come in, `after` each
    step and the rows it left. Raises whatever `asker` raises; steps finished by then stay cached.
    """
    plan.check()
    cache.mkdir(parents=True, exist_ok=True)
    state: _State | None = None
    with quiet():
        for place, step in enumerate(plan.steps):
            if before:
                before(step, len(state.rows) if state else 0)
            folder = scratch if scratch and state and state.pending else cache
            way = way_ahead(plan.steps[place + 1 :], asker) if step.kind == "ask" else None
            state = _walk(step, state, asker, folder, scratch or cache, ledger, way)
            if after:
                after(step, state.rows)
    assert state is not None, "a plan starts with its source"
    return state.rows


def _walk(
    step: Step, state: _State | None, asker: Asker, cache: Path, scratch: Path, ledger: Ledger, way: Way | None
) -> _State:
    started = time.perf_counter()
    fingerprint = step.fingerprint(state.fingerprint if state else "")
    path = file_of(cache, fingerprint)
    cached, removed, calls, before = _finished(path), 0, 0, len(state.rows) if state else 0
    if state is None:
        after = _State(_source(step, fingerprint, path), fingerprint)
    elif step.kind == "keep":
        cached = _finished(file_of(cache, _of_fallen(fingerprint)))
        after, fallen = _keep(step, state, fingerprint, cache)
        removed = len(fallen.rows)
        ledger.fallen.append(fallen)
    elif step.kind == "ask":
        after, asked, failed = _ask(step, state, asker, fingerprint, cache, scratch, way)
        calls, ledger.spent[step.name] = asked.calls, asked.spent
        if failed is not None:
            removed = len(failed.rows)
            ledger.fallen.append(failed)
    elif step.kind == "expand":
        after = _State(_expand(step, state.rows, fingerprint, path), fingerprint, state.pending)
    else:
        after = _State(_map(state.rows, step, fingerprint, path), fingerprint, state.pending)
    seconds = round(time.perf_counter() - started, 4)
    ledger.record(step, before, len(after.rows), removed=removed, cached=cached, calls=calls, seconds=seconds)
    return after


def apply(dataset: Dataset, steps: tuple[Step, ...]) -> tuple[Dataset, Dataset]:
    """`(kept, rejected)` of steps that ask no model over a dataset with the columns they read; both with measures."""
    fingerprint, rejected = dataset._fingerprint, []
    with quiet():
        for step in steps:
            fingerprint = step.fingerprint(fingerprint)
            if step.kind == "keep":
                dataset, fallen = _cut(dataset, step, fingerprint, None)
                rejected.append(fallen)
            else:
                dataset = _map(dataset, step, fingerprint, None)
    return dataset, concatenate_datasets(rejected) if rejected else dataset.select([])


def rewrite(rows: Dataset, function: Callable[[Batch], Batch], reads: list[str], writes: dict[str, Any]) -> Dataset:
    """Rows with the columns of `writes` alone, made from those of `reads`; not cached."""
    texts = rows.select_columns(reads)
    with quiet():
        return texts.map(
            function,
            batched=True,
            remove_columns=reads,
            features=features(writes),
            keep_in_memory=True,
            new_fingerprint=digest(["rewrite", reads, list(writes), rows._fingerprint]),
        )


def _source(step: Step, fingerprint: str, path: Path) -> Dataset:
    assert step.fn is not None
    if not _finished(path):
        # On disk from the start: what is made from in-memory rows is never cached. Whole or not at all.
        draft = path.with_suffix(f".{os.getpid()}")
        try:
            with ArrowWriter(features=features(step.writes), path=str(draft), fingerprint=fingerprint) as writer:
                for row in step.fn():
                    writer.write(row)
                writer.finalize()
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    return Dataset.from_file(str(path))


def _map(rows: Dataset, step: Step, fingerprint: str, path: Path | None) -> Dataset:
    assert step.fn is not None
    size = None if step.kind == "whole" else 1000
    mapped = _mapped(rows, step.fn, step.writes, fingerprint, path, step.sees(rows.column_names), batch_size=size)
    return mapped.remove_columns(list(step.drops)) if step.drops else mapped


def _mapped(
    rows: Dataset,
    function: Callable[[Batch], Batch],
    writes: Any,
    fingerprint: str,
    path: Path | None,
    columns: list[str],
    batch_size: int | None = 1000,
) -> Dataset:
    wanted = rows.features.copy()
    wanted.update(features(writes))
    if not len(rows):  # map would ignore `features` here
        return Dataset.from_dict({name: [] for name in wanted}, features=wanted)
    schema = wanted.arrow_schema

    # Tables go through whole: given columns, map would cast each row by itself once a filter has cut any.
    def widen(table: pa.Table) -> pa.Table:
        made = function({name: table[name].to_pylist() for name in columns})
        table = table.drop_columns([name for name in writes if name in table.column_names])
        for name in writes:
            table = table.append_column(name, pa.array(made[name], schema.field(name).type))
        return table

    mapped = rows.with_format("arrow").map(
        widen,
        batched=True,
        batch_size=batch_size,
        features=wanted,
        new_fingerprint=fingerprint,
        cache_file_name=str(path) if path else None,
    )
    return mapped.with_format(None)


def _expand(step: Step, rows: Dataset, fingerprint: str, path: Path) -> Dataset:
    assert step.fn is not None
    if not len(rows):
        return rows
    return rows.map(
        step.fn,
        batched=True,
        features=rows.features,
        remove_columns=rows.column_names,
        new_fingerprint=fingerprint,
        cache_file_name=str(path),
    )


def _keep(step: Step, state: _State, fingerprint: str, cache: Path) -> tuple[_State, Fallen]:
    bound = step.bound
    assert bound is not None
    kept, fallen = _cut(state.rows, step, fingerprint, cache, spare=state.pending)
    return _State(kept, fingerprint, state.pending), Fallen(
        step.name, bound.rule, "rejected", str(bound), bound.column, fallen
    )


def _cut(
    rows: Dataset, step: Step, fingerprint: str, cache: Path | None, *, spare: bool = False
) -> tuple[Dataset, Dataset]:
    """What a keep step keeps and what falls; with `spare`, rows not known yet stay."""
    bound = step.bound
    assert bound is not None
    if not len(rows):
        return rows, rows
    columns = [bound.column, PENDING] if spare else [bound.column]

    def falls(values: list[Any], pending: list[Any] | None = None) -> list[bool]:
        verdicts = [not bound.keeps(value) for value in values]
        return verdicts if pending is None else [a and not b for a, b in zip(verdicts, pending, strict=True)]

    def stays(*values: list[Any]) -> list[bool]:
        return [not verdict for verdict in falls(*values)]

    fallen = _filtered(rows, falls, columns, _of_fallen(fingerprint), cache)
    # Rows that were filtered are read one by one from then on: those that none fell from stay as they are.
    kept = _filtered(rows, stays, columns, fingerprint, cache) if len(fallen) else rows
    return kept, fallen


def _of_fallen(fingerprint: str) -> str:
    return digest([fingerprint, "fallen"])


def _filtered(
    rows: Dataset, function: Callable[..., list[bool]], columns: list[str], fingerprint: str, cache: Path | None
) -> Dataset:
    return rows.filter(
        function,
        batched=True,
        input_columns=columns,
        new_fingerprint=fingerprint,
        cache_file_name=str(file_of(cache, fingerprint)) if cache else None,
    )


def _ask(
    step: Step, state: _State, asker: Asker, fingerprint: str, cache: Path, scratch: Path, way: Way | None
) -> tuple[_State, Asked, Fallen | None]:
    """Ask, then replay the answers in a plain map; rows that failed are cut out and not part of a cached step.

    What the answers took is kept beside the finished step.
    """
    assert step.fn is not None
    function = step.fn
    columns = step.sees(state.rows.column_names, "id", *([PENDING] if state.pending else []))
    path = file_of(cache, fingerprint)
    if _finished(path):
        asked = Asked(spent=_spent(path))
    else:
        asked = asker.ask(step, _tasks(state.rows, step, columns, way), len(state.rows))
        if asked.failures or asked.pending:
            # An incomplete step must not be taken for the whole one. Which rows are missing tells it apart, not the
            # words of a server, which change with each request.
            fingerprint = digest([fingerprint, sorted(asked.failures), sorted(asked.pending)])
        cache = scratch  # a forecast does not know what the answers took
        path = file_of(cache, fingerprint)
        if asked.spent is not None:
            _beside(path).write_text(json.dumps(asked.spent), encoding="utf-8")
    blank = dict.fromkeys(step.writes)
    unknown = {name: placeholder(kind) for name, kind in step.writes.items()}
    pending = state.pending or bool(asked.pending)

    def replay(batch: Batch) -> Batch:
        results: list[Row] = []
        for row in rows_of(batch):
            if row["id"] in asked.failures:
                result = dict(blank)
            elif row["id"] in asked.pending:
                result = dict(unknown)
            else:
                result = asker.replay(step, row["id"], partial(function, row))
            if pending:
                result[PENDING] = bool(row.get(PENDING)) or row["id"] in asked.pending
            results.append(result)
        return {name: [result[name] for result in results] for name in writes}

    writes = {**step.writes, **({PENDING: "bool"} if pending else {})}
    rows = _mapped(state.rows, replay, writes, fingerprint, path, columns)
    if not asked.failures:
        return _State(rows, fingerprint, pending), asked, None

    def failed(ids: list[str]) -> list[bool]:
        return [row_id in asked.failures for row_id in ids]

    def answered(ids: list[str]) -> list[bool]:
        return [row_id not in asked.failures for row_id in ids]

    kept = _filtered(rows, answered, ["id"], digest([fingerprint, "kept"]), cache)
    lost = _filtered(rows, failed, ["id"], digest([fingerprint, "failed"]), cache)
    fallen = Fallen(step.name, step.name, "failed", "", "", lost, asked.failures)
    return _State(kept, fingerprint, pending), asked, fallen


def _finished(path: Path) -> bool:
    """Whether the rows behind a step are read back from its file; never after `datasets.disable_caching()`."""
    return path.exists() and is_caching_enabled()


def _beside(path: Path) -> Path:
    return path.with_suffix(SPENT)


def _spent(path: Path) -> Mapping[str, Any] | None:
    """What the answers of a finished step took; None where that is not known."""
    try:
        found: Mapping[str, Any] = json.loads(_beside(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _tasks(rows: Dataset, step: Step, columns: list[str], way: Way | None) -> Iterator[Task]:
    carried = [name for name in rows.column_names if name in columns or (way and name in way.columns)]
    for batch in rows.select_columns(carried).iter(batch_size=1000):
        for whole in rows_of(batch):
            yield task_of(step, whole, way, pending=bool(whole.get(PENDING)))


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bars of datasets' own: hfsft shows one for the whole build."""
    shown = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            enable_progress_bars()
