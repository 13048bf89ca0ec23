"""Ledger: the fate of every row. Funnel: its counts, step by step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from hfsft.errors import InternalError

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.plan.step import Step

Fate = Literal["train", "validation", "rejected", "failed"]


@dataclass(frozen=True)
class Fallen:
    """The rows that one step took out, with all columns they had, and why."""

    stage: str
    rule: str
    fate: Fate
    bound: str
    value_column: str
    rows: Dataset

    def entries(self) -> Iterator[dict[str, Any]]:
        """One ledger entry a row; `value` is the measure as text, so that every rule fits one column."""
        for row_id, value in zip(self.rows["id"][:], self.rows[self.value_column][:], strict=True):
            failed = self.fate == "failed"
            shown = None if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
            yield {
                "id": row_id,
                "fate": self.fate,
                "stage": self.stage,
                "rule": None if failed else self.rule,
                "value": None if failed else shown,
                "bound": None if failed else self.bound,
                "error": shown if failed else None,
            }


@dataclass(frozen=True)
class FunnelLine:
    """What one step did to the number of rows; calls are requests sent now, not answers read from the store."""

    step: str
    place: str
    rows_in: int
    added: int
    removed: int
    rows_out: int
    cached: bool
    calls: int
    seconds: float

    @property
    def share_removed(self) -> float:
        """Removed rows as a share (0 to 1) of the rows that the step could remove."""
        before = self.rows_in + self.added
        return self.removed / before if before else 0.0

    def as_dict(self) -> dict[str, Any]:
        """The line as JSON."""
        return {**asdict(self), "share_removed": round(self.share_removed, 4)}


@dataclass
class Ledger:
    """Rows in and what became of each; filled by the engine, closed by `finish`."""

    rows_in: int = 0
    fallen: list[Fallen] = field(default_factory=list)
    funnel: list[FunnelLine] = field(default_factory=list)
    # What all answers of a step took, by step that asks and by model; None where it is not known.
    spent: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    splits: dict[str, list[str]] = field(default_factory=dict)

    def record(self, step: Step, before: int, after: int, *, removed: int = 0, **facts: Any) -> None:
        """Add a step's line to the funnel and its new rows to the rows in."""
        added = after + removed - before
        self.rows_in += added
        self.funnel.append(
            FunnelLine(
                step=step.name,
                place=str(step.place or ""),
                rows_in=before,
                added=added,
                removed=removed,
                rows_out=after,
                **facts,
            )
        )

    def finish(self, splits: dict[str, list[str]]) -> None:
        """Close the ledger with the ids of each split.

        Raises `InternalError` when rows in is not the sum of all fates, or one row has two.
        """
        self.splits = splits
        counts = self.counts()
        if sum(counts.values()) != self.rows_in:
            raise InternalError(f"the ledger does not add up: {self.rows_in} rows in, but {dict(counts)}")
        twice = [row_id for row_id, times in Counter(entry["id"] for entry in self.entries()).items() if times > 1]
        if twice:
            raise InternalError(f"{len(twice)} rows have two fates, such as {twice[0]}")

    def counts(self) -> dict[str, int]:
        """Number of rows of each fate."""
        counts = {name: len(ids) for name, ids in self.splits.items()}
        for fate in ("rejected", "failed"):
            counts[fate] = sum(len(fallen.rows) for fallen in self.fallen if fallen.fate == fate)
        return counts

    def entries(self) -> Iterator[dict[str, Any]]:
        """One entry for each row that ever came in."""
        empty = dict.fromkeys(("stage", "rule", "value", "bound", "error"))
        for split, ids in self.splits.items():
            for row_id in ids:
                yield {"id": row_id, "fate": split, **empty}
        for fallen in self.fallen:
            yield from fallen.entries()
