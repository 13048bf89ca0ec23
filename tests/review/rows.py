"""Rows under review, made in a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datasets import Dataset

from hfsft.review.drawn.reviewed_rows import DatasetTable, ReviewedRows
from hfsft.rows.columns import column
from tests.review.memory import a_row

FELL = {"fate": "rejected", "stage": "review", "rule": "wrong_answer"}


def reviewed(
    rows: Sequence[Mapping[str, Any]],
    fell: Sequence[Mapping[str, Any]] = (),
    bounds: Sequence[Mapping[str, Any]] = (),
    languages: Sequence[str] = (),
) -> ReviewedRows:
    """Rows that stand, and rows that fell, which say at which step."""
    tables = [("train", rows), ("", fell)]
    names = dict.fromkeys(name for row in [*rows, *fell] for name in row)
    made = [
        (fate, DatasetTable(Dataset.from_list([{name: row.get(name) for name in names} for row in each])))
        for fate, each in tables
        if each
    ]
    return ReviewedRows("build/shop", made, {name: column(name) for name in names}, bounds, tuple(languages))


def many(count: int = 40, **said: Any) -> list[dict[str, Any]]:
    """Rows whose judge gave them scores."""
    return [a_row(number, score_mean=float(number % 5 + 1), **said) for number in range(count)]
