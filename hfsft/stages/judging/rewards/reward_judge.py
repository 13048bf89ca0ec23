"""The judge where its model writes no verdict but gives a number: a reward model, a reranker, a classifier.

Source: Ouyang et al. 2022, "Training language models to follow instructions with human feedback", arXiv 2203.02155,
section 3.5 (a model whose one output is how good an answer to a prompt is); best of n by it as in Nakano et al. 2021,
"WebGPT", section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, PrivateAttr

from hfsft.engine.resources import Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import AnswerError, Problem
from hfsft.models.model import Task, Turns
from hfsft.models.vectors.text_turns import score_turns
from hfsft.rows.batch import Row
from hfsft.rows.columns import Column, column, score_of
from hfsft.rows.reading.summaries import rows_said
from hfsft.rows.views import WHOLE, asked_and_answered, spoken_text
from hfsft.stages.asking_part import AskingPart
from hfsft.stages.base import Asks, CardPart, Context, Name, Outcome, Panel, ShownTable, Warn
from hfsft.stages.judging import calibrated, judge_report
from hfsft.stages.judging.bias import bias_report, length_adjusted, measured
from hfsft.stages.judging.bias.adjusted_stage import AdjustedStage
from hfsft.stages.judging.judge_report import SAME, SOME, unscored
from hfsft.stages.judging.score_columns import NO_VERDICT, UNSCORED
from hfsft.tallies.frequent import frequent

if TYPE_CHECKING:
    from hfsft.models.model import Model
    from hfsft.section import Section

REWARD = "reward"
TASKS: tuple[Task, ...] = ("score", "rerank", "classify")
"""What a model does that gives numbers."""
SCORES = tuple(score_of(name) for name in (REWARD, "mean", "min"))
DIFFERENT = 1000  # numbers that are counted exactly; of more, those that most rows got are
NO_NUMBER = ("unreadable", "vector")
"""Causes of answers that hold no number: the row is unscored, and does not fail."""
ONE_OUTPUT = ("", "LABEL_0", REWARD)
"""What a classifier with one output calls it; any other name is that of a class."""
MEANT = frozenset((*AskingPart.model_fields, "model", "unscored_at_most", "reasoning", "adjust"))
"""Keys of the section that mean something here."""
ADJUSTED = (REWARD, "mean")
"""Of these there is a number without the length of the answer, where the section says so."""


class RewardJudge(AdjustedStage):
    """The section `judge` of a recipe whose judge is a model with `task: score`, `rerank` or `classify`.

    Its one criterion is `reward`, on no scale; it has no rubric and gives no reason. A scorer and a reranker are asked
    with what was asked and what was answered, a classifier with both in one text.
    """

    key: ClassVar[str] = "judge"
    tasks: ClassVar[tuple[str, ...]] = TASKS
    seeded: ClassVar[bool] = False

    model: str = Field(description="Name under `models`.")
    unscored_at_most: float = Field(0.5, description="Share of rows without a number above which the build stops.")
    reasoning: bool | None = Field(None, description="Whether the model sees what was thought before an answer.")
    adjust: Literal["length"] | None = Field(None, description="Whether there is a number without the length too.")

    _task: Task = PrivateAttr("score")
    _strange: tuple[str, ...] = PrivateAttr(())

    @classmethod
    def in_place_of(cls, section: Section, name: str, model: Model | None) -> RewardJudge | None:
        """The section as it is with its model, called `name`, which gives numbers; None with any other."""
        if model is None or model.task not in TASKS:
            return None
        fields = type(section).model_fields
        found = cls.model_validate({**{key: getattr(section, key) for key in MEANT}, "model": name})
        found._task = model.task
        found._strange = tuple(
            key
            for key, field in fields.items()
            if key not in MEANT and getattr(section, key) not in (field.get_default(), False)
        )
        return found

    def asks(self, models: Collection[str]) -> list[Asks]:
        """The model."""
        return [Asks(("model",), self.model)]

    @property
    def adjusted(self) -> Sequence[str]:
        """Of what there is a number without the length of the answer."""
        return ADJUSTED if self.adjust else ()

    def writes(self) -> list[Column]:
        """The number, also as the mean and the lowest of all scores, by which others choose."""
        about = "What the reward model gave: higher is better, on no scale."
        numbers = [Column(SCORES[0], "float64", "score", about), *(column(name, "float64") for name in SCORES[1:])]
        return [*numbers, *length_adjusted.columns(self.adjusted)]

    def problems(self, context: Context) -> Iterator[Problem]:
        """Keys that mean nothing to a model that gives numbers."""
        for key in self._strange:
            said = f"judge.{key} means nothing where the judge, `{self.model}`, gives numbers (task: {self._task})"
            yield Problem(context.place(self.key, key), said, "leave it out, or judge by a model that chats")

    def steps(self, context: Context) -> list[Step]:
        """One step that asks for a number, one that takes out the rows that got none."""
        sees, place = bool(self.reasoning), context.place(self.key)
        return [
            Step(
                name="judge",
                asks=True,
                reads=("id", "dialect", *WHOLE),
                writes={**dict.fromkeys(SCORES, "float64"), UNSCORED: "string"},
                role="score",
                known=tuple(self.writes()[:1]),
                identity={"model": context.models[self.model], "task": self._task, "reasoning": sees},
                work=Work(
                    "hfsft.stages.judging.rewards.reward_judge:rewarding",
                    {"model": self.model, "alone": self._task == "classify", "reasoning": sees},
                ),
                models=(self.model,),
                max_failed_share=self.max_failed_share,
                lost=UNSCORED,
                losing="answers hold no score",
                max_lost_share=self.unscored_at_most,
                lost_key=f"{self.key}.unscored_at_most",
                place=place,
            ),
            compare(NO_VERDICT, Bound(UNSCORED, UNSCORED, absent=True), place),
            *self.looked_at(place),
        ]

    def figures(self, outcome: Outcome) -> dict[str, Any]:
        """What the numbers go along with beside the worth of an answer."""
        found = measured.figures(outcome, {REWARD: SCORES[0]})
        return {**({"bias": found} if found else {}), **calibrated.figures(outcome)}

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Whether it tells rows apart, and how many rows got no number."""
        values = outcome.numbers(SCORES[0], fallen=True)
        if len(values) >= SOME:
            counted = frequent(lambda: values, DIFFERENT)
            ((top, times),) = counted.counts.most_common(1) or [(0.0, 0)]
            if times / len(values) >= SAME:
                yield Warn(f"the reward model hardly tells rows apart: {times / len(values):.0%} got {top:g}")
        if fell := unscored(outcome):
            yield Warn(f"{rows_said(fell)} fell because the reward model gave no number: {outcome.why(NO_VERDICT)}")
        yield from bias_report.notes(self._biases(outcome), adjusted=bool(self.adjust))
        yield from calibrated.notes(outcome.figures.get(self.key, {}))

    def _biases(self, outcome: Outcome) -> Mapping[str, Any]:
        found: Mapping[str, Any] = outcome.figures.get(self.key, {}).get("bias", {})
        return found

    def card(self, outcome: Outcome) -> CardPart | None:
        """Between which numbers the rows lie that stayed, and all that were scored."""
        kept, scored = outcome.numbers(SCORES[0]), outcome.numbers(SCORES[0], fallen=True)
        if not kept:
            return None
        rows = [
            (called, len(values), min(values), _median(values), fmean(values), max(values))
            for called, values in (("stayed", kept), ("were scored", scored))
        ]
        head = ("rows that", "rows", "lowest", "median", "mean", "highest")
        model = Name(outcome.models[self.model].model)
        shown = ShownTable(head, rows, range(1, len(head)), "scores of the reward model")
        told = bias_report.values(self._biases(outcome), adjusted=bool(self.adjust))
        told |= calibrated.card(outcome.figures.get(self.key, {}))
        values = {"model": model, "table": shown, "unscored": unscored(outcome), "about": bias_report.ABOUT, **told}
        return CardPart("rewards", values)

    def panel(self, outcome: Outcome) -> Panel | None:
        """What the numbers go along with."""
        figures = outcome.figures.get(self.key, {})
        pieces = [*calibrated.pieces(figures), *judge_report.pieces(figures)]
        return Panel("judge", "The reward model", pieces) if pieces else None


def rewarding(model: str, alone: bool, reasoning: bool) -> Callable[[Row], Turns]:
    """What asks for the number of a row; `alone` says whether in one text."""
    return partial(_reward, model=model, alone=alone, reasoning=reasoning)


def _median(values: Collection[float]) -> float:
    """The median; it holds 8 bytes for each number."""
    import numpy as np

    return float(np.median(np.fromiter(values, float, len(values))))


def _reward(row: Row, *, model: str, alone: bool, reasoning: bool) -> Turns:
    pair = tuple(spoken_text(row, turns, reasoning=reasoning) for turns in asked_and_answered(row))
    try:
        found = yield from score_turns(model, ("\n\n".join(pair),) if alone else pair)
        if found.label not in ONE_OUTPUT:
            raise AnswerError("unreadable", f"the model names a class, {found.label!r}, and says not how good it is")
    except AnswerError as error:
        if error.cause not in NO_NUMBER:
            raise
        return {**dict.fromkeys(SCORES), UNSCORED: str(error)}
    return {**dict.fromkeys(SCORES, found.value), UNSCORED: None}
