"""How many rows of a stage came to nothing, and when that is so many that nothing more must be paid for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from hfsft.errors import AnswerError, StageError

# A share of losses among fewer rows is chance.
_LEAST_ROWS = 20
UNPAID = "budget"
"""The cause of rows that the budget does not pay for: they say nothing of the stage, and no share counts them."""
# Early rows may be unlucky: stop before the end only when the share is hardly chance.
_MARGIN = 2.0


class Bears(NamedTuple):
    """How large a share of its rows a stage may lose: by failures, and by what it made of answers."""

    failed: float = 0.05
    lost: float = 1.0
    why: Callable[[Any], str | None] = lambda _: None  # what a row came to -> why that is of no use, None where it is
    losing: str = "rows got nothing of use"
    key: str = ""  # of the recipe, that says how many may be lost
    unpaid: bool = False  # whether a row that the budget does not pay for is lost alone: else all stops with it


class Losses:
    """The rows of one stage that are done, and those among them that are lost."""

    def __init__(self, stage: str, bears: Bears) -> None:
        self.stage = stage
        self.done = 0
        self.failed: Counter[str] = Counter()  # by cause
        self._lost: Counter[str] = Counter()
        self._bears = bears
        self._last_failure = self._last_loss = ""

    def add(self, outcome: Any) -> str | None:
        """Count a row by what it came to, an `AnswerError` where it failed; why that is of no use, None where it is."""
        error = outcome if isinstance(outcome, AnswerError) else None
        why = self._bears.why(outcome) if error is None else None
        self.count(error, why)
        return why if error is None else str(error)

    def count(self, error: AnswerError | None, why: str | None, rows: int = 1) -> None:
        """Count so many rows that failed with `error`, or came to what is of no use, which `why` says."""
        self.done += rows
        if error is not None:
            self.failed[error.cause] += rows
            if error.cause != UNPAID:
                self._last_failure = str(error)
        elif why:
            cause, _, said = why.partition(": ")
            self._lost[cause] += rows
            self._last_loss = said or why

    def take_back(self, error: AnswerError) -> None:
        """Count a row that was done as failed: its answer turned out to be none."""
        self.done -= 1
        self.add(error)

    def check(self, *, last: bool = False) -> None:
        """Raise `StageError` if too many rows are lost; before the `last` one only where that is hardly chance."""
        margin = 0 if last else _MARGIN
        failed = self.failed.total() - self.failed[UNPAID]
        if self._too_many(failed, self._bears.failed, margin):
            raise StageError(
                f"{self.stage}: {failed} of {self._paid} rows failed, more than {self._bears.failed:.0%} "
                f"({counted(self.failed)}); the last with: {self._last_failure}"
            )
        if self._too_many(self._lost.total(), self._bears.lost, margin):
            raise StageError(
                f"{self.stage}: {self._lost.total()} of {self._paid} {self._bears.losing}; the last: {self._last_loss} "
                f"({counted(self._lost)}; more than {self._bears.lost:.0%}"
                + (f", see `{self._bears.key}`)" if self._bears.key else ")")
            )

    def last_check(self) -> StageError | None:
        """Why the stage ends as a failure, once no more rows come; None where it does not."""
        try:
            self.check(last=True)
        except StageError as error:
            return error
        return None

    def _too_many(self, lost: int, bearable: float, margin: float) -> bool:
        # A share of 0 bears not one loss, and need not wait to be sure of it.
        if lost <= bearable * self._paid or (bearable and self._paid < _LEAST_ROWS):
            return False
        share = lost / self._paid
        return share - margin * math.sqrt(share * (1 - share) / self._paid) > bearable

    @property
    def _paid(self) -> int:
        return self.done - self.failed[UNPAID]


def counted(causes: Counter[str]) -> str:
    """Causes and how often each, the most frequent first: `2 length, 1 timeout`."""
    ordered = sorted(causes.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count:,} {cause}" for cause, count in ordered)
