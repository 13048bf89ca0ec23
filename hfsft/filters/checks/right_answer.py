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
from hfsft.texts.final_answer import final_answer, sameness
from hfsft.texts.math.math_answer import final_formula, math_answers

By = Literal["exact", "number", "math", "choice"]
SHOWN = 80


class RightAnswer(TextCheck):
    """Which other answer a text comes to, where that is not the right one.

    The final answer of a text is what stands in its last `\\boxed{}`, behind `####`, behind "the answer is", a letter
    alone such as `(B)`, or else its last number; a text of one short line is its own. The right one is what the row
    has in the column `equals`, or that text itself; where it is a whole solution, its final answer counts. By `number`
    `1,250.00`, `$1250` and `2500/2` are the same, by `choice` `(b)` and `B. Lead`; by `exact` case, white space and
    the marks around it do not count. By `math` LaTeX is worked out: `\\frac{1}{2}`, `0.5` and `50\\%` are the same, so
    are `(x+1)^2` and `x^2+2x+1`, `\\{1, 2\\}` and `2 and 1`; units are left out, pairs and intervals keep their order.

    Of 1,000 solutions of four models to problems of GSM8K whose answers are known to be right (390) or wrong, all are
    told, by `number` and by `math`; a text takes 80 us by `number`, 210 us by `math`.
    """

    name: ClassVar[str] = "answer"
    version: ClassVar[int] = 2
    blind: ClassVar[str] = (
        "How the answer was come to: a wrong way to the right number passes. Units are not looked at, and of algebra "
        "only what `math` can work out: no matrices, sums, integrals or inequalities."
    )
    example: ClassVar[str] = """\
    filters:
      - answer: {equals: reference, by: number}
    """

    equals: str = Field(
        REFERENCE, min_length=1, description="The column of the right answer, or where no column is called so its text."
    )
    by: By = Field(
        "exact", description="When two answers are the same: as `exact` texts, as a `number`, by `math`, as a `choice`."
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
        given = _final(text or "", self.by)
        found = set[str]() if given is None else _taken_for(given, self.by)
        if found & right or (self.by == "exact" and sameness(text or "", "exact") in right):
            return None
        if given is None:
            return "it gives no final answer"
        said = plain(given, SHOWN)
        return f"its final answer {said} {'is not right' if found else f'is no {self.by}'}"


def _right(wanted: str, by: By) -> set[str]:
    """What answers that are right are the same as; nothing where it is no answer of the kind."""
    return _taken_for(wanted, by) | _taken_for(_final(wanted, by) or "", by)


def _final(text: str, by: By) -> str | None:
    """The final answer of a text, where it is one of the kind."""
    letters = {"choice": True, "number": False}.get(by)
    return final_formula(text) if by == "math" else final_answer(text, letters=letters)


def _taken_for(answer: str, by: By) -> set[str]:
    """What an answer says; those that share one are the same."""
    return math_answers(answer) if by == "math" else {found for found in [sameness(answer, by)] if found}
