"""Judge: a model scores every row against a rubric of named criteria, with scored anchors as its measure.

Source: Zheng et al. 2023, "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena", section 3.1 (single answer
grading); reasons before scores as in Liu et al. 2023, "G-Eval", section 2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from functools import partial
from statistics import fmean
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from hfsft.engine.resources import Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import AnswerError
from hfsft.hashing import digest
from hfsft.marks import PROSE
from hfsft.models.model import Answer, Model, Request, Turns
from hfsft.models.structured import ask as ask_structured
from hfsft.plain import plain
from hfsft.prompts import Prompt
from hfsft.rows.batch import Row
from hfsft.rows.columns import Column, Scale, column, criterion_of, reason_of, score_of
from hfsft.rows.reading.summaries import rows_said
from hfsft.rows.views import WHOLE, ended_earlier, transcript
from hfsft.stages.base import (
    BEARS,
    AskingStage,
    CardPart,
    Context,
    Name,
    Outcome,
    Section,
    Shares,
    ShownTable,
    Warn,
    rendered,
)

UNSCORED = "unscored"
NO_VERDICT = "judge.unscored"
"""The step that takes out the rows that could not be scored."""
SAME = 0.9  # share of rows with one score, from which a judge hardly tells rows apart
WIDE = 11  # scores of a scale, from which a column for each is too many
AGGREGATES = ("mean", "min")  # of a row's scores; reserved as names of criteria
LOWEST = "turns"  # of the mean scores of a conversation's answers; reserved where these are asked for
NAME = r"^[a-z][a-z0-9_]*$"

RUBRIC = {
    "relevance": "Does the response address exactly what was asked?",
    "factual_consistency": "Are the claims plausible, consistent with each other and with the system prompt?",
    "format_quality": "Is it structured as the task asks?",
    "usefulness": "Would it help a real person act: concrete steps, times, numbers?",
}


class Anchor(Section):
    """A scored example that shows the judge what a score means."""

    example: ClassVar[str] = """\
    judge:
      rubric: {usefulness: Would it help a real person act?}
      anchors:
        - instruction: How long does a refund take?
          response: It depends.
          scores: {usefulness: 1}
          why: Nobody can act on it.
        - instruction: How long does a refund take?
          response: Five working days; after seven, ask your bank.
          scores: {usefulness: 5}
    """

    instruction: str = Field(min_length=1, description="What the user says.")
    response: str = Field(min_length=1, description="What the assistant answers.")
    context: str | None = Field(None, description="Text that belongs to the instruction.")
    scores: dict[str, float] = Field(min_length=1, description="The right score for each criterion.")
    why: str = Field("", description="The reason for these scores.")


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
                version=2,
                work=Work("hfsft.stages.judge:asking", self.arguments(model=model, reasoning=sees)),
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
        blind = []
        for name in self.rubric:
            values = outcome.numbers(score_of(name), fallen=True)
            top, times = Counter(values).most_common(1)[0] if values else (0, 0)
            if len(values) > 1 and times / len(values) >= SAME:
                blind.append(f"{name} ({times / len(values):.0%} got {top:g})")
        if blind:
            yield Warn(f"the judge hardly tells rows apart in {', '.join(blind)}")
        if unscored := self._unscored(outcome):
            why = outcome.why(NO_VERDICT)
            yield Warn(f"{rows_said(unscored)} fell because the judge's verdict could not be read: {why}")
        own = self._model(outcome).label
        for name, wrote in outcome.wrote.items():
            if outcome.models[name].label == own:
                yield Warn(f"the judge is the model that wrote in {' and '.join(wrote)}: models favour what they wrote")
        if not self.anchors:
            yield "the judge had no scored examples (judge.anchors) to measure by, so its scale is its own"

    def card(self, outcome: Outcome) -> CardPart | None:
        """The scores of the rows that stayed, criterion by criterion."""
        low, high = self.scale
        found = {name: values for name in self.rubric if (values := outcome.numbers(score_of(name)))}
        if not found:
            return None
        counts = {name: dict(sorted(Counter(values).items())) for name, values in found.items()}
        scale = range(low, high + 1)
        shown = scale if high - low < WIDE else ()
        rows = [
            (name, plain(self.rubric[name], 500), fmean(values), *(counts[name].get(score, 0) for score in shown))
            for name, values in found.items()
        ]
        head = ("criterion", "question", "mean", *map(str, shown))
        return CardPart(
            "scores",
            {
                "table": ShownTable(head, rows, range(2, len(head))),
                "low": low,
                "high": high,
                "model": Name(self._model(outcome).model),
                "anchors": len(self.anchors),
                "unscored": self._unscored(outcome),
                "picture": Shares(counts, scale, "criterion", "score"),
            },
        )

    def _model(self, outcome: Outcome) -> Model:
        return outcome.models[self.asks(outcome.models)[0].name]

    def _unscored(self, outcome: Outcome) -> int:
        return sum(each.rows for each in outcome.fell if each.rule == UNSCORED)

    def verdict_schema(self) -> dict[str, Any]:
        """JSON Schema of a verdict: for each criterion first the reason, then the score."""
        low, high = self.scale
        verdict = {
            "type": "object",
            "properties": {
                "reason": {"type": "string"},
                "score": {"type": "integer", "minimum": low, "maximum": high},
            },
            "required": ["reason", "score"],
            "additionalProperties": False,
        }
        return {
            "type": "object",
            "properties": dict.fromkeys(self.rubric, verdict),
            "required": list(self.rubric),
            "additionalProperties": False,
        }

    def _check(self, verdict: Any) -> dict[str, tuple[str, int]]:
        """Reason and score of each criterion. Raises `ValueError` in words for the judge."""
        low, high = self.scale
        found = {}
        for name in self.rubric:
            entry = verdict.get(name) if isinstance(verdict, Mapping) else None
            if not isinstance(entry, Mapping) or "score" not in entry:
                raise ValueError(f"{name} has no score")
            score = entry["score"]
            if isinstance(score, bool) or not isinstance(score, int | float) or score != int(score):
                raise ValueError(f"the score of {name} must be a whole number from {low} to {high}, not {score!r}")
            if not low <= score <= high:
                raise ValueError(f"the score of {name} must be from {low} to {high}, not {score!r}")
            found[name] = (str(entry.get("reason") or ""), int(score))
        return found

    def ask(self, row: Row, prompt: Prompt, model: str, reasoning: bool) -> Turns:
        """Ask for the verdict on a row, and where turns are judged for one on each answer before the last."""
        blank: Row = {**{reason_of(name): None for name in self.rubric}, **dict.fromkeys(self.columns)}
        earlier = list(ended_earlier(row)) if self.turns else []
        lowest = None
        try:
            verdict = yield from self._verdict(row, prompt, model, reasoning)
            scores = [score for _, score in verdict.values()]
            for each in earlier:
                found = yield from self._verdict(each, prompt, model, reasoning)
                mean = fmean(score for _, score in found.values())
                lowest = mean if lowest is None else min(lowest, mean)
        except AnswerError as error:
            if error.cause not in ("unreadable", "length", "empty"):
                raise
            # Never 0 and never a pass: what the judge could not say is a state of its own.
            return {**blank, UNSCORED: str(error)}
        mean = fmean(scores)
        return {
            **{reason_of(name): reason for name, (reason, _) in verdict.items()},
            **{score_of(name): float(score) for name, (_, score) in verdict.items()},
            score_of("mean"): mean,
            score_of("min"): float(min(scores)),
            **({score_of(LOWEST): mean if lowest is None else min(mean, lowest)} if self.turns else {}),
            UNSCORED: None,
        }

    def _verdict(
        self, row: Row, prompt: Prompt, model: str, reasoning: bool
    ) -> Generator[Request, Answer, dict[str, tuple[str, int]]]:
        request = Request(
            model=model,
            messages=({"role": "user", "content": self.render(prompt, row, reasoning)},),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            chosen=self.chosen,
        )
        found = yield from ask_structured(request, self.verdict_schema(), self._check, rounding=self.rounding)
        return found

    def render(self, prompt: Prompt, row: Row, reasoning: bool = True) -> str:
        """What the judge is asked about a row: all its turns, the tools that there are, and what was thought.

        Names of tools are one line each, and what they are called with is JSON in one line: neither can begin a turn.
        """
        turns = transcript(row, reasoning=reasoning)
        return rendered(
            prompt,
            rubric=self.rubric,
            low=self.scale[0],
            high=self.scale[1],
            anchors=[anchor.model_dump() for anchor in self.anchors],
            conversation=turns,
            # Row text cannot close its own block: the fence hangs on all of it.
            fence=digest(turns, 12),
        )


def template() -> Prompt:
    """What the judge is asked."""
    return Prompt.named("judge", "rubric")


def asking(section: Mapping[str, Any], model: str, reasoning: bool) -> Callable[[Row], Turns]:
    """What asks the judge about a row; `reasoning` says whether it sees what was thought."""
    return partial(Judge.model_validate(section).ask, prompt=template(), model=model, reasoning=reasoning)
