"""Judge: a model scores every row against a rubric of named criteria, with scored anchors as its measure.

Source: Zheng et al. 2023, "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena", section 3.1 (single answer
grading); reasons before scores as in Liu et al. 2023, "G-Eval", section 2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from hfsft.engine.resources import Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import UNREADABLE, AnswerError, Problem, nearest
from hfsft.marks import CONTENTS, PROSE, is_contents
from hfsft.models.model import Model, Turns
from hfsft.prompts import Prompt
from hfsft.rows.batch import Row
from hfsft.rows.columns import EVIDENCE, REASON, REFERENCE, Column, criterion_of
from hfsft.rows.views import WHOLE, ended_earlier
from hfsft.stages.base import BEARS, CardPart, Context, Outcome, Stage
from hfsft.stages.judging.anchors import Anchor, apart_step, asked_before, faults, taking_out
from hfsft.stages.judging.jury import Jury
from hfsft.stages.judging.jury_stage import JuryStage
from hfsft.stages.judging.rubric import DEFAULT, READY, AnyCriterion, Criterion, Rubric, ready
from hfsft.stages.judging.score_columns import AGGREGATES, LOWEST, NO_VERDICT, UNSCORED, ScoreColumns, scores_of
from hfsft.stages.judging.verdict import Grader, Per, Score

NAME = r"^[a-z][a-z0-9_]*$"
OTHERWISE = ("model", "combine", "adjust", "rubric", "reasoning", "exam")
"""What the identity says in another way, or where it is of use."""


class Judge(JuryStage):
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

    rubric: Annotated[str | dict[str, AnyCriterion], CONTENTS, PROSE] = Field(
        DEFAULT,
        min_length=1,
        description="Criteria: a name and the question it asks, or more of it; a file rubric.yaml of them beside the "
        f"recipe; or a ready rubric: {', '.join(f'`{name}`' for name in READY)}.",
    )
    scale: tuple[int, int] = Field((1, 5), description="Lowest and highest score, both whole numbers.")
    anchors: Annotated[list[Anchor] | str, CONTENTS, PROSE] = Field(
        [],
        description="Scored examples, shown to the judge; or a file anchors.yaml or anchors.jsonl of them beside the "
        "recipe. No row of the data may ask what one of them asks.",
    )
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

    @model_validator(mode="after")
    def _fits(self) -> Judge:
        if isinstance(self.rubric, str) and self.rubric not in READY and not is_contents(self.rubric):
            helps = f"{nearest(self.rubric, READY)}, or a file such as rubric.yaml"
            raise ValueError(f"rubric: there is no rubric `{self.rubric}` ({helps})")
        for name in self.criteria:
            if not re.match(NAME, name) or name in AGGREGATES:
                reserved = " or ".join(AGGREGATES)
                raise ValueError(
                    f"rubric.{name}: `{name}` cannot name a criterion (small letters, digits and _; not {reserved})"
                )
        low, high = self.scale
        if self.turns and LOWEST in self.criteria:
            raise ValueError(f"rubric: {LOWEST!r} cannot name a criterion where `turns` are judged")
        if low >= high:
            raise ValueError(f"scale: {low} is not below {high}")
        for name, criterion in self.criteria.items():
            if off := [score for score in criterion.levels if not low <= score <= high]:
                raise ValueError(f"rubric.{name}.levels.{off[0]}: is off the scale {low} to {high}")
        return self

    @property
    def anchored(self) -> bool:
        """Whether there are any anchors."""
        return bool(self.anchors)

    @property
    def criteria(self) -> dict[str, Criterion]:
        """The criteria by their names, in their order; none where they stand in a file that was not read."""
        if isinstance(self.rubric, str):
            return ready(self.rubric) if self.rubric in READY else {}
        return self.rubric

    @property
    def measure(self) -> Rubric:
        """The criteria, and the scale of their scores."""
        return Rubric(self.criteria, *self.scale)

    @property
    def anchor_list(self) -> list[Anchor]:
        """The anchors; none where they stand in a file that was not read."""
        return [] if isinstance(self.anchors, str) else self.anchors

    def with_models(self, models: Mapping[str, Model]) -> Stage:
        """The section as it is; with one model that gives numbers another one."""
        asks = self.asks(models)
        model = models.get(asks[0].name) if len(asks) == 1 else None
        if model is None or model.task in self.tasks:
            return self
        from hfsft.stages.judging.rewards.reward_judge import RewardJudge

        return RewardJudge.in_place_of(self, asks[0].name, model) or self

    def standing_alone(self) -> dict[str, Any]:
        """The rubric itself in place of its name."""
        if not self.criteria:
            return {}
        return {"rubric": {name: criterion.written() for name, criterion in self.criteria.items()}}

    def problems(self, context: Context) -> Iterator[Problem]:
        """Files that were not read, and anchors that measure nothing or ask what the data asks."""
        for key in ("rubric", "anchors"):
            if is_contents(named := getattr(self, key)):
                yield Problem(
                    context.place(self.key, key), f"{self.key}.{key}: {named} was not read", "load the recipe"
                )
        for loc, said, helps in faults(self.anchor_list, self.measure):
            at = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc)
            yield Problem(context.place(self.key, "anchors", *loc), f"{self.key}.anchors{at}: {said}", helps)
        for number, place in asked_before(self.anchor_list, context.inline()):
            said = f"{self.key}.anchors[{number}] asks what {place} asks: the judge would be shown an answer to it"
            yield Problem(context.place(self.key, "anchors", number), said, "ask what no row asks")

    @property
    def expected(self) -> bool:
        """Whether scores are means of probabilities, where these are known."""
        return self.score == "expected"

    def ahead(self, context: Context) -> list[Step]:
        """What looks that no row asks what an anchor asks, and its exam."""
        places = [context.place(self.key, "anchors", number) for number in range(len(self.anchor_list))]
        return [*([apart_step(self.anchor_list, places)] if places else []), *super().ahead(context)]

    @property
    def columns(self) -> ScoreColumns:
        """The columns of scores, and of what goes with them."""
        return ScoreColumns(self.measure, self.turns, self.expected, self.several, bool(self.adjust))

    def writes(self) -> list[Column]:
        """The score of each criterion, their mean, and the lowest of them; of each score how sure it is."""
        return self.columns.all(f"{self.key}.scale")

    @classmethod
    def lacking(cls, column: str) -> str:
        """Nobody else gives scores."""
        return "nothing is judged" if criterion_of(column) else ""

    def steps(self, context: Context) -> list[Step]:
        """One step that asks for scores and reasons, one that takes out the rows it could not score."""
        models = self.judges(context.models)
        sees = context.reasoning if self.reasoning is None else self.reasoning
        writes = {
            **{name: "string" if name.startswith(REASON) else "float64" for name in self.columns.blank},
            UNSCORED: "string",
        }
        place = context.place(self.key)
        arguments = self.arguments(models=models, reasoning=sees)
        arguments["section"] |= self.standing_alone()
        asks = Step(
            name="judge",
            asks=True,
            reads=("id", "dialect", *WHOLE, REFERENCE),
            optional=(EVIDENCE,),
            writes=writes,
            role="score",
            known=tuple(self.columns.sure),
            identity=self._identity({name: context.models[name] for name in models}, sees),
            version=3,
            work=Work("hfsft.stages.judging.judge:asking", arguments),
            models=tuple(models),
            each_model=True,
            follows=len(models) * len(self.grader(models[0]).parts) - 1,
            max_failed_share=self.max_failed_share,
            lost=UNSCORED,
            losing="verdicts could not be read",
            max_lost_share=self.unscored_at_most,
            lost_key=f"{self.key}.unscored_at_most",
            place=place,
        )
        scored = compare(NO_VERDICT, Bound(UNSCORED, UNSCORED, absent=True), place)
        scores = [name for name, kind in writes.items() if kind == "float64"]
        anchors = taking_out(self.anchor_list, context.place(self.key, "anchors"))
        return [*anchors, *self.watched(asks, scored, scores), *self.looked_at(place)]

    def _identity(self, models: Mapping[str, Any], reasoning: bool) -> dict[str, Any]:
        """What its scores depend on beside the rows."""
        weights = {name: criterion.weight for name, criterion in self.criteria.items() if criterion.weight != 1}
        one_by_one = self.per == "question" and any(criterion.checklist for criterion in self.criteria.values())
        usual = {
            name
            for name in ("per", "score", "turns", "control")
            if getattr(self, name) == type(self).model_fields[name].default
        }
        return {
            **({"models": models, "combine": self.combine} if self.several else {"model": next(iter(models.values()))}),
            "template": template().identity,
            **({"question": question_template().identity} if one_by_one else {}),
            **self.model_dump(mode="json", exclude={*OTHERWISE, *BEARS, *usual}),
            "anchors": [anchor.model_dump(mode="json", exclude={"row_id"}) for anchor in self.anchor_list],
            "rubric": {name: criterion.text for name, criterion in self.criteria.items()},
            **({"weights": weights} if weights else {}),
            **({} if reasoning else {"reasoning": False}),
        }

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Whether it is a judge, whether it tells rows apart, what it could not say, and whom it may favour."""
        from hfsft.stages.judging import calibrated, judge_report

        yield from super().notes(outcome)
        yield from calibrated.notes(outcome.figures.get(self.key, {}))
        yield from judge_report.notes(self.judged(outcome, expected=self.expected))

    def card(self, outcome: Outcome) -> CardPart | None:
        """The scores of the rows that stayed, criterion by criterion, and its exam."""
        from hfsft.stages.judging import calibrated, judge_report
        from hfsft.stages.judging.exams import exam_report

        part = judge_report.card(self.judged(outcome, expected=self.expected))
        more = {**calibrated.card(outcome.figures.get(self.key, {})), **exam_report.card(outcome, self.key)}
        return part and part._replace(values={**part.values, **more})

    def jury(self, models: Sequence[str], reasoning: bool = True) -> Grader | Jury:
        """The model, or all of several, as judge."""
        graders = {name: self.grader(name, reasoning) for name in models}
        return Jury(graders, self.combine) if len(graders) > 1 else graders[models[0]]

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

    def ask(self, row: Row, grader: Grader | Jury) -> Turns:
        """Ask for the verdict on a row, and for the control that it carries, if any."""
        made: Row = yield from self._verdict(row, grader)
        return made | (yield from self.controls(row, grader, made))

    def _verdict(self, row: Row, grader: Grader | Jury) -> Turns:
        """Ask for the verdict on a row, and where turns are judged for one on each answer before the last."""
        earlier = list(ended_earlier(row)) if self.turns else []
        means: list[float] = []
        try:
            verdict = yield from grader.grade(row)
            for each in earlier:
                found = yield from grader.grade(each)
                means.append(self.measure.mean(scores_of(found)))
        except AnswerError as error:
            if error.cause not in UNREADABLE:
                raise
            # Never 0 and never a pass: what the judge could not say is a state of its own.
            return {**self.columns.blank, UNSCORED: str(error)}
        return {**self.columns.filled(verdict, means), UNSCORED: None}


def template() -> Prompt:
    """What the judge is asked."""
    return Prompt.named("judge", "rubric")


def question_template() -> Prompt:
    """What the judge is asked of one question of a checklist."""
    return Prompt.named("judge", "question")


def asking(section: Mapping[str, Any], models: Sequence[str], reasoning: bool) -> Callable[[Row], Turns]:
    """What asks the judges about a row; `reasoning` says whether they see what was thought."""
    stage = Judge.model_validate(section)
    return partial(stage.ask, grader=stage.jury(models, reasoning))
