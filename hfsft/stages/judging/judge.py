"""Judge: a model scores every row against a rubric of named criteria, with scored anchors as its measure.

Source: Zheng et al. 2023, "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena", section 3.1 (single answer
grading); reasons before scores as in Liu et al. 2023, "G-Eval", section 2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from hfsft.engine.resources import Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import AnswerError, nearest
from hfsft.marks import PROSE
from hfsft.models.model import Turns
from hfsft.prompts import Prompt
from hfsft.rows.batch import Row
from hfsft.rows.columns import (
    EVIDENCE,
    REFERENCE,
    Column,
    Scale,
    column,
    criterion_of,
    lost_of,
    reason_of,
    score_of,
    spread_of,
)
from hfsft.rows.views import WHOLE, ended_earlier
from hfsft.stages.base import (
    BEARS,
    CardPart,
    Context,
    Outcome,
)
from hfsft.stages.judging import judge_report
from hfsft.stages.judging.anchors import Anchor
from hfsft.stages.judging.exams import exam_report
from hfsft.stages.judging.exams.examined_stage import ExaminedStage
from hfsft.stages.judging.judge_report import NO_VERDICT, UNSCORED
from hfsft.stages.judging.rubric import DEFAULT, READY, SHARE, AnyCriterion, Criterion, Rubric, ready
from hfsft.stages.judging.verdict import Grade, Grader, Per, Score

AGGREGATES = ("mean", "min")  # of a row's scores; reserved as names of criteria
LOWEST = "turns"  # of the mean scores of a conversation's answers; reserved where these are asked for
NAME = r"^[a-z][a-z0-9_]*$"
SPREAD = "How far the probabilities of the score of {} lie apart: their standard deviation."
LOST = "The probability that the judge gives to what is no score of {}."


class Judge(ExaminedStage):
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
    rubric: Annotated[str | dict[str, AnyCriterion], PROSE] = Field(
        DEFAULT,
        min_length=1,
        description="Criteria: a name and the question it asks, or more of it; or a ready rubric: "
        f"{', '.join(f'`{name}`' for name in READY)}.",
    )
    scale: tuple[int, int] = Field((1, 5), description="Lowest and highest score, both whole numbers.")
    anchors: Annotated[list[Anchor], PROSE] = Field([], description="Scored examples, shown to the judge.")
    per: Per = Field(
        "row",
        description="What one request asks for: all scores of a row, those of one `criterion`, or one `question` of a "
        "checklist (and each criterion that has none by itself). What is asked by itself stays where others change.",
    )
    score: Score = Field(
        "digit",
        description="`digit`: the score that the judge writes; `expected`: the mean of the scale by the probabilities "
        "of its tokens, of a checklist that of yes. Where a server gives none, the digit, and it is told.",
    )
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
    def _names(cls, rubric: str | dict[str, Criterion]) -> str | dict[str, Criterion]:
        if isinstance(rubric, str):
            if rubric not in READY:
                raise ValueError(f"there is no rubric `{rubric}` ({nearest(rubric, READY)})")
            return rubric
        for name in rubric:
            if not re.match(NAME, name) or name in AGGREGATES:
                raise ValueError(
                    f"{name!r} cannot name a criterion (small letters, digits and _; not {' or '.join(AGGREGATES)})"
                )
        return rubric

    @model_validator(mode="after")
    def _anchors_fit(self) -> Judge:
        low, high = self.scale
        if self.turns and LOWEST in self.criteria:
            raise ValueError(f"rubric: {LOWEST!r} cannot name a criterion where `turns` are judged")
        if low >= high:
            raise ValueError(f"scale: {low} is not below {high}")
        for name, criterion in self.criteria.items():
            if off := [score for score in criterion.levels if not low <= score <= high]:
                raise ValueError(f"rubric.{name}.levels.{off[0]}: is off the scale {low} to {high}")
        for number, anchor in enumerate(self.anchors):
            if set(anchor.scores) != set(self.criteria):
                raise ValueError(f"anchors[{number}].scores: needs exactly {', '.join(self.criteria)}")
            for name, score in anchor.scores.items():
                least, most = self.measure.scale(name)[:2]
                if not least <= score <= most:
                    raise ValueError(
                        f"anchors[{number}].scores.{name}: {score:g} is off the scale {least:g} to {most:g}"
                    )
        if len(self.anchors) > 1 and len({tuple(anchor.scores.values()) for anchor in self.anchors}) == 1:
            raise ValueError("anchors: all have the same scores, so they show the judge no difference")
        return self

    @property
    def anchored(self) -> bool:
        """Whether there are any anchors."""
        return bool(self.anchors)

    @property
    def between(self) -> bool:
        """Whether scores are means of probabilities."""
        return self.score == "expected"

    @property
    def criteria(self) -> dict[str, Criterion]:
        """The criteria by their names, in their order."""
        return ready(self.rubric) if isinstance(self.rubric, str) else self.rubric

    @property
    def measure(self) -> Rubric:
        """The criteria, and the scale of their scores."""
        return Rubric(self.criteria, *self.scale)

    @property
    def anchor_list(self) -> list[Anchor]:
        """The anchors."""
        return self.anchors

    def standing_alone(self) -> dict[str, Any]:
        """The rubric itself in place of its name."""
        return {"rubric": {name: criterion.written() for name, criterion in self.criteria.items()}}

    @property
    def columns(self) -> list[str]:
        """The columns of scores."""
        return [score_of(name) for name in (*self.criteria, *AGGREGATES, *([LOWEST] if self.turns else []))]

    def writes(self) -> list[Column]:
        """The score of each criterion, their mean, and the lowest of them; of each score how sure it is."""
        of_all, said_by = self.measure.scale_of_all, f"{self.key}.scale"
        scales = {score_of(name): self.measure.scale(name) for name in self.criteria}
        found = []
        for name in self.columns:
            scale = scales.get(name, of_all)
            told = scale if scale == SHARE else scale._replace(said_by=said_by)
            found.append(replace(column(name, "float64"), scale=told))
        return found + self.sureness

    @property
    def sureness(self) -> list[Column]:
        """The columns of how sure a score is, where it is the mean of probabilities."""
        if self.score != "expected":
            return []
        return [
            each
            for name in self.criteria
            for each in (
                Column(spread_of(name), "float64", "score", SPREAD.format(name), scale=Scale(0, self._widest(name))),
                Column(lost_of(name), "float64", "score", LOST.format(name), scale=Scale(0, 1, "probabilities")),
            )
        ]

    def _widest(self, name: str) -> float:
        """The largest standard deviation that scores can have: half of them at either end."""
        low, high = self.measure.scale(name)[:2]
        return (high - low) / 2

    @classmethod
    def lacking(cls, column: str) -> str:
        """Nobody else gives scores."""
        return "nothing is judged" if criterion_of(column) else ""

    def steps(self, context: Context) -> list[Step]:
        """One step that asks for scores and reasons, one that takes out the rows it could not score."""
        ((_, model),) = self.asks(context.models)
        sees = context.reasoning if self.reasoning is None else self.reasoning
        writes = {
            **{reason_of(name): "string" for name in self.criteria},
            **dict.fromkeys([*self.columns, *(each.name for each in self.sureness)], "float64"),
            UNSCORED: "string",
        }
        place = context.place(self.key)
        arguments = self.arguments(model=model, reasoning=sees)
        arguments["section"] |= self.standing_alone()
        asks = Step(
            name="judge",
            asks=True,
            reads=("id", "dialect", *WHOLE, REFERENCE),
            optional=(EVIDENCE,),
            writes=writes,
            role="score",
            known=tuple(self.sureness),
            identity=self._identity(context.models[model], sees),
            version=3,
            work=Work("hfsft.stages.judging.judge:asking", arguments),
            models=(model,),
            max_failed_share=self.max_failed_share,
            lost=UNSCORED,
            losing="verdicts could not be read",
            max_lost_share=self.unscored_at_most,
            lost_key=f"{self.key}.unscored_at_most",
            place=place,
        )
        scored = compare(NO_VERDICT, Bound(UNSCORED, UNSCORED, absent=True), place)
        return self.watched(asks, scored, [name for name, kind in writes.items() if kind == "float64"])

    def _identity(self, model: Mapping[str, Any], reasoning: bool) -> dict[str, Any]:
        """What its scores depend on beside the rows."""
        weights = {name: criterion.weight for name, criterion in self.criteria.items() if criterion.weight != 1}
        one_by_one = self.per == "question" and any(criterion.checklist for criterion in self.criteria.values())
        usual = {
            name
            for name in ("per", "score", "turns", "control")
            if getattr(self, name) == type(self).model_fields[name].default
        }
        return {
            "model": model,
            "template": template().identity,
            **({"question": question_template().identity} if one_by_one else {}),
            **self.model_dump(mode="json", exclude={"model", "rubric", "reasoning", "exam", *BEARS, *usual}),
            "rubric": {name: criterion.text for name, criterion in self.criteria.items()},
            **({"weights": weights} if weights else {}),
            **({} if reasoning else {"reasoning": False}),
        }

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Whether it is a judge, whether it tells rows apart, what it could not say, and whom it may favour."""
        yield from super().notes(outcome)
        yield from judge_report.notes(self.judged(outcome))

    def card(self, outcome: Outcome) -> CardPart | None:
        """The scores of the rows that stayed, criterion by criterion, and its exam."""
        part = judge_report.card(self.judged(outcome))
        return part and part._replace(values={**part.values, **exam_report.card(outcome, self.key)})

    def judged(self, outcome: Outcome) -> judge_report.Judged:
        """What the build came to, for whoever tells it."""
        (asks,) = self.asks(outcome.models)
        return judge_report.Judged(
            outcome, self.measure, len(self.anchor_list), outcome.models[asks.name], expected=self.score == "expected"
        )

    def grader(self, model: str, reasoning: bool = True) -> Grader:
        """A model as judge by this section; `reasoning` says whether it sees what was thought before an answer."""
        return Grader(
            model=model,
            rubric=self.measure,
            anchors=self.anchor_list,
            prompt=template(),
            question=question_template(),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            rounding=self.rounding,
            reasoning=reasoning,
            chosen=self.chosen,
            per=self.per,
            score=self.score,
        )

    def ask(self, row: Row, grader: Grader) -> Turns:
        """Ask for the verdict on a row, and for the control that it carries, if any."""
        made: Row = yield from self._verdict(row, grader)
        return made | (yield from self.controls(row, grader, made))

    def _verdict(self, row: Row, grader: Grader) -> Turns:
        """Ask for the verdict on a row, and where turns are judged for one on each answer before the last."""
        blank: Row = dict.fromkeys(
            [*map(reason_of, self.criteria), *self.columns, *(each.name for each in self.sureness)]
        )
        earlier = list(ended_earlier(row)) if self.turns else []
        lowest = None
        try:
            verdict = yield from grader.grade(row)
            for each in earlier:
                mean = self.measure.mean(_scores((yield from grader.grade(each))))
                lowest = mean if lowest is None else min(lowest, mean)
        except AnswerError as error:
            if error.cause not in ("unreadable", "length", "empty"):
                raise
            # Never 0 and never a pass: what the judge could not say is a state of its own.
            return {**blank, UNSCORED: str(error)}
        mean = self.measure.mean(_scores(verdict))
        sure = verdict.items() if self.score == "expected" else ()
        return {
            **{reason_of(name): grade.reason for name, grade in verdict.items()},
            **{score_of(name): grade.score for name, grade in verdict.items()},
            **{spread_of(name): grade.spread for name, grade in sure},
            **{lost_of(name): grade.lost for name, grade in sure},
            score_of("mean"): mean,
            score_of("min"): self.measure.lowest(_scores(verdict)),
            **({score_of(LOWEST): mean if lowest is None else min(mean, lowest)} if self.turns else {}),
            UNSCORED: None,
        }


def _scores(verdict: Mapping[str, Grade]) -> dict[str, float]:
    return {name: grade.score for name, grade in verdict.items()}


def template() -> Prompt:
    """What the judge is asked."""
    return Prompt.named("judge", "rubric")


def question_template() -> Prompt:
    """What the judge is asked of one question of a checklist."""
    return Prompt.named("judge", "question")


def asking(section: Mapping[str, Any], model: str, reasoning: bool) -> Callable[[Row], Turns]:
    """What asks the judge about a row; `reasoning` says whether it sees what was thought."""
    stage = Judge.model_validate(section)
    return partial(stage.ask, grader=stage.grader(model, reasoning))
