"""Rows on datasets: the only file that calls `Dataset.map` and `Dataset.filter`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import pyarrow as pa
from datasets import Dataset, Features, IterableDataset, concatenate_datasets

from hfsft.engine.step import BATCH, Bound, Step
from hfsft.errors import UserError
from hfsft.hashing import digest
from hfsft.rows.batch import Batch
from hfsft.rows.features import features, values_of
from hfsft.without_datasets import quiet

Rows = TypeVar("Rows", Dataset, IterableDataset)


def features_of(dataset: Dataset | IterableDataset) -> Features:
    """The columns of a dataset and their types; a stream that does not say reads its first rows for them."""
    found: Features = dataset.features if dataset.features is not None else dataset._resolve_features().features
    return found


def apply(dataset: Rows, steps: tuple[Step, ...]) -> tuple[Rows, Rows]:
    """`(kept, rejected)` of steps that ask no model over a dataset with the columns they read; both with measures.

    Of a stream both are streams: rows are read and measured as they are asked for, once for each of the two. Raises
    `UserError` where a step must see all rows of a stream.
    """
    if isinstance(dataset, IterableDataset):
        return _streamed(dataset, steps)
    fingerprint, rejected = dataset._fingerprint, []
    with quiet():
        for step in steps:
            fingerprint = step.fingerprint(fingerprint)
            if step.bound is not None:
                dataset, gone = _cut(dataset, step, fingerprint)
                rejected.append(gone)
            else:
                dataset = _widened(dataset, step, fingerprint)
    return dataset, concatenate_datasets(rejected) if rejected else dataset.select([])


def _streamed(rows: IterableDataset, steps: tuple[Step, ...]) -> tuple[IterableDataset, IterableDataset]:
    if (whole := next((step for step in steps if step.sees != "row"), None)) is not None:
        name = whole.name.removesuffix(".measure")
        raise UserError(
            f"{name} compares rows with each other, and a stream never has them all: load the dataset without "
            "streaming, or take a part of it: Dataset.from_list(list(stream.take(100_000)))"
        )
    wanted = features_of(rows).copy()
    for step in steps:
        if step.bound is None:
            columns = step.given(wanted)
            wanted.update(features(step.writes))
            function = partial(_measured, step.function, columns)
            rows = rows.map(function, batched=True, batch_size=BATCH, features=wanted.copy())
    bounds = [step.bound for step in steps if step.bound is not None]
    return (
        rows.filter(partial(_stays, bounds, wanted=True), batched=True),
        rows.filter(partial(_stays, bounds, wanted=False), batched=True),
    )


def _measured(function: Callable[[Batch], Batch], columns: list[str], batch: Batch) -> Batch:
    return function({name: batch[name] for name in columns})


def _stays(bounds: list[Bound], batch: Batch, *, wanted: bool) -> list[bool]:
    """Of each row, whether its staying is as wanted."""
    count = len(next(iter(batch.values()), []))
    return [all(bound.keeps(batch[bound.column][row]) for bound in bounds) is wanted for row in range(count)]


def _widened(rows: Dataset, step: Step, fingerprint: str) -> Dataset:
    """The rows with the columns that a step makes of them."""
    function, columns = step.function, step.given(rows.column_names)
    wanted = rows.features.copy()
    wanted.update(features(step.writes))
    if not len(rows):  # map would ignore `features` here
        return Dataset.from_dict({name: [] for name in wanted}, features=wanted)
    schema = wanted.arrow_schema

    # Tables go through whole: given columns, map would cast each row by itself once a filter has cut any.
    def widen(table: pa.Table) -> pa.Table:
        made = function({name: values_of(table[name]) for name in columns})
        table = table.drop_columns([name for name in step.writes if name in table.column_names])
        for name in step.writes:
            table = table.append_column(name, pa.array(made[name], schema.field(name).type))
        return table

    size = BATCH if step.sees == "row" else None
    mapped = rows.with_format("arrow").map(
        widen, batched=True, batch_size=size, features=wanted, new_fingerprint=fingerprint
    )
    return mapped.with_format(None).remove_columns(list(step.drops))


def _cut(rows: Dataset, step: Step, fingerprint: str) -> tuple[Dataset, Dataset]:
    """The rows that a step's bound keeps, and those that it rejects."""
    bound = step.bound
    assert bound is not None
    if not len(rows):
        return rows, rows

    def stays(values: list[Any]) -> list[bool]:
        return [bound.keeps(value) for value in values]

    def goes(values: list[Any]) -> list[bool]:
        return [not bound.keeps(value) for value in values]

    # datasets finds a result in its cache by the fingerprint alone: the rows that go need another one than those that
    # stay, or each would be taken for the other.
    fingerprint_of_rejected = digest([fingerprint, "rejected"])
    rejected = _filtered(rows, goes, bound.column, fingerprint_of_rejected)
    # A dataset that was filtered is read row by row from then on, which is slow: where all stay, it is not filtered.
    return (_filtered(rows, stays, bound.column, fingerprint) if len(rejected) else rows), rejected


def _filtered(rows: Dataset, function: Callable[[list[Any]], list[bool]], column: str, fingerprint: str) -> Dataset:
    return rows.filter(function, batched=True, input_columns=[column], new_fingerprint=fingerprint)
