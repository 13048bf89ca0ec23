"""Rows as trainers and readers want them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hfsft.plan.features import features
from hfsft.plan.row import COLUMNS, MESSAGES, TEXTS, conversation
from hfsft.plan.step import Batch

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.release.built import Built


def default_rows(rows: Dataset) -> Dataset:
    """Only what a trainer reads: `messages`."""
    from hfsft.plan.engine import rewrite

    def convert(batch: Batch) -> Batch:
        listed = [dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)]
        return {"messages": [conversation(row) for row in listed]}

    return rewrite(rows, convert, ["id", *TEXTS], {"messages": MESSAGES})


def provenance_rows(rows: Dataset) -> Dataset:
    """Everything else, by id: lineage, measures, scores, reasons."""
    return rows.remove_columns(
        ["split", "defect", "unscored"] if "unscored" in rows.column_names else ["split", "defect"]
    )


def rejected_rows(built: Built) -> Dataset:
    """The rows that fell, with stage, rule, value, bound and error."""
    from datasets import Dataset

    wanted = {**COLUMNS, **dict.fromkeys(("fate", "stage", "rule", "value", "bound", "error"), "string")}
    found: list[dict[str, Any]] = []
    for fallen in built.ledger.fallen:
        for row, entry in zip(fallen.rows, fallen.entries(), strict=True):
            found.append({name: entry.get(name, row.get(name)) for name in wanted})
    return Dataset.from_list(found, features=features(wanted))
