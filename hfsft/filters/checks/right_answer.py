"""answer: whether a text comes to the right answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from hfsft.errors import Problem
from hfsft.filters.base import Around
from hfsft.filters.checks.fault import TextCheck
from hfsft.plain import plain
from hfsft.rows.batch import Batch
from hfsft.rows.columns import REFERENCE
from hfsft.texts.final_answer import By, final_answer, sameness

SHOWN = 80


class RightAnswer(TextCheck):
    """Which other answer a text comes to, where that is not the right one.

    The final answer of a text is what stands in its last `\\boxed{}`, behind `####`, behind "the answer is", a letter
    alone such as `(B)`, or else its last number; a text of one short line is its own. The right one is what the row
    has in the column `equals`, or that text itself; where it is a whole solution, its final answer counts. By `number`
    `1,250.00`, `$1250` and `2500/2` are the same, by `choice` `(b)` and `B. Lead`; by `exact` case, white space and
    the marks around it do not count.
    """

    name: ClassVar[str] = "answer"
    blind: ClassVar[str] = (
        "How the answer was come to: a wrong way to the right number passes. Units are not looked at, nor is algebra."
    )
    example: ClassVar[str] = """\
    filters:
      - answer: {equals: reference, by: number}
    """

    equals: str = Field(
        REFERENCE, min_length=1, description="The column of the right answer, or where no column is called so its text."
    )
    by: By = Field(
        "exact", description="When two answers are the same: as `exact` texts, as a `number`, as a `choice`."
    )
    missing: Literal["reject", "keep"] = Field(
        "reject", description="What becomes of a row that has no right answer to compare with."
    )

    @property
    def optional(self) -> tuple[str, ...]:
        """The column of the right answer, if it is one."""
        return (*super().optional, self.equals)

    @property
    def needed(self) -> tuple[str, ...]:
        """The right answer, unless rows without one are kept."""
        return (self.equals,) if self.missing == "reject" else ()

    def problems(self, around: Around) -> Iterator[Problem]:
        """A text that stands for no answer of the kind: most likely the name of a column, misspelt."""
        yield from super().problems(around)
        if self.equals not in around.columns and self.by != "exact" and not _right(self.equals, self.by):
            said = f"filters[{self.name}].equals: `{plain(self.equals, SHOWN)}` is no column, and no {self.by}"
            yield Problem(around.place("equals"), said, around.lacking(self.equals)[1])

    def measure(self, batch: Batch) -> Batch:
        """What is wrong with each row."""
        if self.equals not in batch:  # it is the answer itself
            count = len(next(iter(batch.values()), ()))
            batch = {**batch, self.equals: [self.equals] * count}
        return super().measure(batch)

    def wrong(self, text: str | None, row: Mapping[str, Any]) -> str | None:
        """The answer that is not the right one; the right one is not told, as whoever wrote it may be asked again."""
        wanted = row[self.equals]
        right = set[str]() if wanted is None else _right(str(wanted), self.by)
        if not right:
            return None if self.missing == "keep" else "the row has no right answer to compare with"
        given = final_answer(text or "")
        found = None if given is None else sameness(given, self.by)
        if found in right or (self.by == "exact" and sameness(text or "", "exact") in right):
            return None
        if given is None:
            return "it gives no final answer"
        said = plain(given, SHOWN)
        return f"its final answer {said} {f'is no {self.by}' if found is None else 'is not right'}"


def _right(wanted: str, by: By) -> set[str]:
    """What answers that are right are the same as; nothing where it is no answer of the kind."""
    found = (sameness(wanted, by), sameness(final_answer(wanted) or "", by))
    return {each for each in found if each}
