"""Judge: a model scores every row against a rubric of named criteria, with scored anchors as its measure.

Source: Zheng et al. 2023, "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena", section 3.1 (single answer
grading); reasons before scores as in Liu et al. 2023, "G-Eval", section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from statistics import fmean
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from hfsft.engine.resources import Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import AnswerError
from hfsft.marks import PROSE
from hfsft.models.model import Turns
from hfsft.prompts import Prompt
from hfsft.rows.batch import Row
from hfsft.rows.columns import Column, Scale, column, criterion_of, reason_of, score_of
from hfsft.rows.views import WHOLE, ended_earlier
from hfsft.stages.base import (
    BEARS,
    AskingStage,
    CardPart,
    Context,
    Outcome,
)
from hfsft.stages.judging import judge_report
from hfsft.stages.judging.anchors import Anchor
from hfsft.stages.judging.judge_report import NO_VERDICT, UNSCORED
from hfsft.stages.judging.verdict import Grader

AGGREGATES = ("mean", "min")  # of a row's scores; reserved as names of criteria
LOWEST = "turns"  # of the mean scores of a conversation's answers; reserved where these are asked for
NAME = r"^[a-z][a-z0-9_]*$"

RUBRIC = {
    "relevance": "Does the response address exactly what was asked?",
    "factual_consistency": "Are the claims plausible, consistent with each other and with the system prompt?",
    "format_quality": "Is it structured as the task asks?",
    "usefulness": "Would it help a real person act: concrete steps, times, numbers?",
}


class Judge(AskingStage):
    """Score every row."""

    key: ClassVar[str] = "judge"
    seeded: ClassVar[bool] = False
    structured: ClassVar[bool] = True
    example: ClassVar[str] = """\
    judge:
      rubric:
        usefulness: Would it help a real person act?
        tone: Is it as calm and friendly as our desk?
      scale: [1, 5]
      temperature: 0
    """

    model: str | None = Field(None, description="Name under `models`; `judge` if there is one, else `writer`.")
    rubric: Annotated[dict[str, str], PROSE] = Field(
        RUBRIC, min_length=1, description="Criteria: a name and the question it asks."
    )
    scale: tuple[int, int] = Field((1, 5), description="Lowest and highest score, both whole numbers.")
    anchors: Annotated[list[Anchor], PROSE] = Field([], description="Scored examples, shown to the judge.")
    temperature: float | None = Field(0, ge=0, le=2, description="Sampling temperature.")
    max_tokens: int = Field(1024, ge=1, description="Most tokens in one verdict.")
    rounding: Literal["refuse", "nearest", "down", "up"] = Field(
        "refuse",
        description="What becomes of a score between two of the scale, such as 4.5: `nearest` (4.5 becomes 5), "
        "`down` or `up` takes a whole one for it; `refuse` leaves the row unscored.",
    )
    unscored_at_most: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of rows with a verdict that cannot be read (after 20) above which the build stops, so that "
        "no more of them are paid for.",
    )
    reasoning: bool | None = Field(
        None,
        description="Whether the judge sees what was thought before an answer. Left out: of rows that came with their "
        "reasoning where the release has it, and never where `generate` keeps what a model thought.",
    )

    turns: bool = Field(
        False,
        description="Whether each answer of a conversation is judged too, as if the conversation ended there: one "
        "request more for each but the last. The lowest of their means is kept as `turns`, for the filter `score`.",
    )

    @field_validator("rubric")
    @classmethod
    def _names(cls, rubric: dict[str, str]) -> dict[str, str]:
        import re

        for name in rubric:
            if not re.match(NAME, name) or name in AGGREGATES:
                raise ValueError(
                    f"{name!r} cannot name a criterion (small letters, digits and _; not {' or '.join(AGGREGATES)})"
                )
        return rubric

    @model_validator(mode="after")
    def _anchors_fit(self) -> Judge:
        low, high = self.scale
        if self.turns and LOWEST in self.rubric:
            raise ValueError(f"rubric: {LOWEST!r} cannot name a criterion where `turns` are judged")
        if low >= high:
            raise ValueError(f"scale: {low} is not below {high}")
        for number, anchor in enumerate(self.anchors):
            if set(anchor.scores) != set(self.rubric):
                raise ValueError(f"anchors[{number}].scores: needs exactly {', '.join(self.rubric)}")
            for name, score in anchor.scores.items():
                if not low <= score <= high:
                    raise ValueError(f"anchors[{number}].scores.{name}: {score:g} is off the scale {low} to {high}")
        if len(self.anchors) > 1 and len({tuple(anchor.scores.values()) for anchor in self.anchors}) == 1:
            raise ValueError("anchors: all have the same scores, so they show the judge no difference")
        return self

    @property
    def columns(self) -> list[str]:
        """The columns of scores."""
        return [score_of(name) for name in (*self.rubric, *AGGREGATES, *([LOWEST] if self.turns else []))]

    def writes(self) -> list[Column]:
        """The score of each criterion, their mean, and the lowest of them."""
        scale = Scale(*self.scale, "scores", f"{self.key}.scale")
        return [replace(column(name, "float64"), scale=scale) for name in self.columns]

    @classmethod
    def lacking(cls, column: str) -> str:
        """Nobody else gives scores."""
        return "nothing is judged" if criterion_of(column) else ""

    def steps(self, context: Context) -> list[Step]:
        """One step that asks for scores and reasons, one that takes out the rows it could not score."""
        ((_, model),) = self.asks(context.models)
        prompt = template()
        sees = context.reasoning if self.reasoning is None else self.reasoning
        writes = {
            **{reason_of(name): "string" for name in self.rubric},
            **dict.fromkeys(self.columns, "float64"),
            UNSCORED: "string",
        }
        identity = {
            "model": context.models[model],
            "template": prompt.identity,
            **self.model_dump(mode="json", exclude={"model", "reasoning", *BEARS, *(() if self.turns else ("turns",))}),
            **({} if sees else {"reasoning": False}),
        }
        place = context.place(self.key)
        return [
            Step(
                name="judge",
                asks=True,
                reads=("id", "dialect", *WHOLE),
                writes=writes,
                role="score",
                identity=identity,
                version=3,
                work=Work("hfsft.stages.judging.judge:asking", self.arguments(model=model, reasoning=sees)),
                models=(model,),
                max_failed_share=self.max_failed_share,
                lost=UNSCORED,
                losing="verdicts could not be read",
                max_lost_share=self.unscored_at_most,
                lost_key=f"{self.key}.unscored_at_most",
                place=place,
            ),
            compare(NO_VERDICT, Bound(UNSCORED, UNSCORED, absent=True), place),
        ]

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Whether it tells rows apart, what it could not say, and whom it may favour."""
        yield from judge_report.notes(self.judged(outcome))

    def card(self, outcome: Outcome) -> CardPart | None:
        """The scores of the rows that stayed, criterion by criterion."""
        return judge_report.card(self.judged(outcome))

    def judged(self, outcome: Outcome) -> judge_report.Judged:
        """What the build came to, for whoever tells it."""
        (asks,) = self.asks(outcome.models)
        low, high = self.scale
        return judge_report.Judged(outcome, self.rubric, low, high, len(self.anchors), outcome.models[asks.name])

    def grader(self, model: str, reasoning: bool = True) -> Grader:
        """A model as judge by this section; `reasoning` says whether it sees what was thought before an answer."""
        low, high = self.scale
        return Grader(
            model=model,
            rubric=self.rubric,
            low=low,
            high=high,
            anchors=self.anchors,
            prompt=template(),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            rounding=self.rounding,
            reasoning=reasoning,
            chosen=self.chosen,
        )

    def ask(self, row: Row, grader: Grader) -> Turns:
        """Ask for the verdict on a row, and where turns are judged for one on each answer before the last."""
        blank: Row = {**{reason_of(name): None for name in self.rubric}, **dict.fromkeys(self.columns)}
        earlier = list(ended_earlier(row)) if self.turns else []
        lowest = None
        try:
            verdict = yield from grader.grade(row)
            scores = [grade.score for grade in verdict.values()]
            for each in earlier:
                found = yield from grader.grade(each)
                mean = fmean(grade.score for grade in found.values())
                lowest = mean if lowest is None else min(lowest, mean)
        except AnswerError as error:
            if error.cause not in ("unreadable", "length", "empty"):
                raise
            # Never 0 and never a pass: what the judge could not say is a state of its own.
            return {**blank, UNSCORED: str(error)}
        mean = fmean(scores)
        return {
            **{reason_of(name): grade.reason for name, grade in verdict.items()},
            **{score_of(name): grade.score for name, grade in verdict.items()},
            score_of("mean"): mean,
            score_of("min"): min(scores),
            **({score_of(LOWEST): mean if lowest is None else min(mean, lowest)} if self.turns else {}),
            UNSCORED: None,
        }


def template() -> Prompt:
    """What the judge is asked."""
    return Prompt.named("judge", "rubric")


def asking(section: Mapping[str, Any], model: str, reasoning: bool) -> Callable[[Row], Turns]:
    """What asks the judge about a row; `reasoning` says whether it sees what was thought."""
    stage = Judge.model_validate(section)
    return partial(stage.ask, grader=stage.grader(model, reasoning))
