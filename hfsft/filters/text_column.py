"""What filters of one text share: which column they read, what they call their measure."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import Field

from hfsft.engine.step import Bound
from hfsft.filters.base import Bounded, Filter
from hfsft.filters.cells import CONVERSATION, cells, optional, reads, text_of
from hfsft.plain import plain
from hfsft.rows.batch import Batch
from hfsft.rows.columns import FOUND
from hfsft.rows.views import OPTIONAL as QUESTION_OPTIONAL
from hfsft.rows.views import READS as QUESTION
from hfsft.rows.views import Question, questions

Share = Annotated[float, Field(ge=0, le=1)]

COLUMN = (
    "The text to measure: a column, `response` with the tools that are called in it, `reasoning` of all turns, or "
    "`conversation` for all that a trainer sees of the row."
)


class OneColumn(Filter):
    """A filter that looks at one column; what it writes is called by the filter and the column."""

    column: str = Field("response", description=COLUMN)

    @property
    def reads(self) -> tuple[str, ...]:
        """The column, or those that make up a conversation."""
        return reads(self.column)

    @property
    def optional(self) -> tuple[str, ...]:
        """The rest of a conversation."""
        return optional(self.column)

    @property
    def measured(self) -> str:
        """The column that it writes."""
        return f"{self.name}_{self.column}"


class OfColumn(OneColumn, Bounded):
    """A filter that measures one column, cell by cell."""

    kind: ClassVar[str] = "float64"  # type of the measure
    spoken: ClassVar[bool] = False  # whether what is thought and what tools are called with is left out

    @property
    def writes(self) -> dict[str, Any]:
        """The measure."""
        return {self.measured: self.kind}

    @abstractmethod
    def value(self, cell: Any) -> float:
        """The measure of one cell that is not empty: a text, or the turns of a conversation."""

    def measure(self, batch: Batch) -> Batch:
        """The measure of each cell, None of an empty one."""
        found = cells(batch, self.column, spoken=self.spoken)
        return {self.measured: [None if cell is None else self.value(cell) for cell in found]}

    def text(self, cell: Any) -> str:
        """A cell as text: of turns all that they say, and unless only that is measured what they think and call."""
        return text_of(cell, self.column, spoken=self.spoken) or ""


LONGEST = 300  # characters of what is said of one row


class TellingFilter(OfColumn):
    """A filter that measures one column and says in words what it found there, for the ledger.

    Of a conversation, calls of tools, what they give back and the context that belongs to the instruction are left out:
    these are written by programs and other people.
    """

    spoken: ClassVar[bool] = True
    by_turn: ClassVar[bool] = False  # whether the measure of a conversation is the sum of that of its turns

    @property
    def optional(self) -> tuple[str, ...]:
        """The rest of a conversation, and what was asked, which may be a reason for what was found."""
        return tuple(dict.fromkeys((*super().optional, *QUESTION, *QUESTION_OPTIONAL)))

    @property
    def writes(self) -> dict[str, Any]:
        """The measure, and what it found."""
        return {self.measured: self.kind, self.measured + FOUND: "string"}

    @abstractmethod
    def found(self, text: str, asked: Callable[[], Question]) -> tuple[float | None, str | None]:
        """The measure of a text, and in words what it counts; None where that is nothing.

        `asked` tells what the model was given, as far as the rows have it.
        """

    def bounds(self) -> list[Bound]:
        """The one comparison of the measure."""
        return [self.bound(self.measured)]

    def value(self, cell: Any) -> float:
        """The measure of one cell that nobody asked for."""
        return self._in(cell, lambda: Question("", "", ""))[0] or 0

    def measure(self, batch: Batch) -> Batch:
        """The measure of each cell and what was found, None of an empty one."""
        said = {name: values for name, values in batch.items() if name != "context" or self.column != CONVERSATION}
        every = cells(said, self.column, spoken=True)
        pairs = [
            (None, None) if cell is None else self._in(cell, partial(asked_in, batch, place))
            for place, cell in enumerate(every)
        ]
        return {
            self.measured: [value for value, _ in pairs],
            self.measured + FOUND: [what and plain(what, LONGEST) for _, what in pairs],
        }

    def _in(self, cell: Any, asked: Callable[[], Question]) -> tuple[float | None, str | None]:
        """The measure of a cell: of turns all that is said in them together, and what was found in the first."""
        if not isinstance(cell, list):
            return self.found(self.text(cell), asked)
        said = [{**turn, "tool_calls": None} for turn in cell if turn.get("role") != "tool"]
        if not self.by_turn:
            return self.found(self.text(said), asked)
        values, whats = zip(*(self.found(self.text([turn]), asked) for turn in said), strict=True) if said else ((), ())
        return sum(filter(None, values)), next(filter(None, whats), None)


class CountingFilter(TellingFilter):
    """A filter that counts, turn by turn, what should not be there; unless told otherwise none may be."""

    kind: ClassVar[str] = "int64"
    by_turn: ClassVar[bool] = True

    column: str = Field(CONVERSATION, description=COLUMN)
    at_least: float | None = Field(None, ge=0, description="Smallest number that is kept.")
    at_most: float | None = Field(0, ge=0, description="Largest number that is kept.")


def asked_in(batch: Batch, place: int) -> Question:
    """What the model was given in the row at a place; of rows that have no instruction nothing is known."""
    if "instruction" not in batch:
        return Question("", "", "")
    (question,) = questions({name: [batch[name][place]] for name in (*QUESTION, *QUESTION_OPTIONAL) if name in batch})
    return question
