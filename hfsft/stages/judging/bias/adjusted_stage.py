"""The part of a judge's section that looks at scores once all rows have theirs: their places, and none by length."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hfsft.engine.step import Step
from hfsft.rows.columns import adjusted_of
from hfsft.stages.base import AskingStage, Context, Judging
from hfsft.stages.judging.bias import length_adjusted, measured

if TYPE_CHECKING:
    from hfsft.errors import Place


class AdjustedStage(AskingStage, ABC):
    """A judge of whose scores some have one beside them without the part that goes with the length of the answer."""

    @property
    @abstractmethod
    def adjusted(self) -> Sequence[str]:
        """The criteria, and `mean`, of which there is such a score; none where the recipe wants none."""

    def looked_at(self, place: Place) -> list[Step]:
        """The steps behind those that judge: the order in which rows were judged, and scores without length."""
        return [measured.placing_step("judge.place", place), *self._adjusting(place)]

    def _adjusting(self, place: Place) -> list[Step]:
        return [length_adjusted.adjusting_step("judge.adjust", self.adjusted, place)] if self.adjusted else []

    def later(self, context: Context) -> Mapping[str, Sequence[Step]]:
        """Scores are adjusted once more where `refine` has changed some, and the answers that they are of."""
        steps = self._adjusting(context.place(self.key))
        return {"refine": steps} if steps and "refine" in context.sections else {}

    def judging(self, context: Context) -> Judging | None:
        """How one row is scored again: by nothing that compares it with others."""
        found, adjusted = super().judging(context), set(map(adjusted_of, self.adjusted))
        columns = [each for each in found.columns if each.name not in adjusted] if found else []
        return found and found._replace(columns=columns, beside=[measured.PLACE])
