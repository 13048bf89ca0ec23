"""What one section tells another, which goes on with its rows, of how it works."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.hashing import unit

if TYPE_CHECKING:
    from hfsft.engine.step import Step
    from hfsft.rows.columns import Column
    from hfsft.stages.tools.tools_section import Tools


class Answering(NamedTuple):
    """How rows are answered, for a section that goes on with them; what may hang on the row is worked out for it."""

    models: Sequence[str]
    temperature: Mapping[str, float | None]  # by topic, under "default" that of all others
    max_tokens: int
    reasons: bool  # whether what was thought before an answer becomes part of the row
    chosen: Sequence[str] = ()  # fields of the sampling that no author wrote
    writer: str = ""  # the column that says which of several models answered
    tools: Tools | None = None  # that answers may call

    def model_of(self, row: Mapping[str, Any]) -> str:
        """The model that goes on with a row: the one that answered it, else of several one by a hash of its id."""
        wrote = row.get(self.writer) if self.writer else None
        return wrote or min(self.models, key=lambda name: unit(row["id"], "model", name))

    def temperature_of(self, row: Mapping[str, Any]) -> float | None:
        """The sampling temperature of a row's answers."""
        return self.temperature.get(row["topic"] or "", self.temperature["default"])


class Judging(NamedTuple):
    """How rows are scored, for a section that has some scored again."""

    columns: Sequence[Column]  # of scores
    step: Callable[[], Step]  # that asks for them
    beside: Sequence[str] = ()  # other columns that say how the row was judged, and nothing of another text
