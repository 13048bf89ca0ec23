"""A judge's verdict on one row: what is asked, in which shape, and what is read of the answers."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from hfsft.errors import AnswerError, unusable
from hfsft.hashing import sampling_seed
from hfsft.models.model import Answer, Request
from hfsft.models.readings.yes_no import NO, YES
from hfsft.prompts import LARGEST, Prompt
from hfsft.rows.batch import Row
from hfsft.section.late_module import LateModule
from hfsft.stages.base import around, rendered
from hfsft.stages.judging.anchors import Anchor, question_of
from hfsft.stages.judging.prompt import CONVERSATION, shown, shown_anchors
from hfsft.stages.judging.rubric import Criterion, Rubric

if TYPE_CHECKING:
    from hfsft.models import probabilities, structured
    from hfsft.models.probabilities import Distribution
    from hfsft.models.structured import Rounding
    from hfsft.stages.judging import one_word
else:
    one_word, structured = LateModule("hfsft.stages.judging.one_word"), LateModule("hfsft.models.structured")
    probabilities = LateModule("hfsft.models.probabilities")

Per = Literal["row", "criterion", "question"]
Score = Literal["digit", "expected"]
WIDE = 11
"""Scores of a scale, from which only its ends are told once more."""
SHORT = 16
"""Most tokens of an answer that is one word, where no author says how many; one that thinks first is asked again."""


@dataclass(frozen=True)
class Grade:
    """What a judge says of a row by one criterion.

    `spread` is the standard deviation of the probabilities that the score is the mean of, `lost` the probability of
    all that is no score, from 0 to 1; both None where the score is what the judge wrote. `shares` are these
    probabilities: of each score, of a checklist that of yes for each question by its number. Of a jury the score is
    what those of its judges come to, `spread` the standard deviation of theirs, `by` the grade of each by its name.
    """

    score: float
    reason: str = ""
    spread: float | None = None
    lost: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    by: Mapping[str, Grade] = field(default_factory=dict)


@dataclass(frozen=True)
class VerdictPart:
    """What one request asks for: the scores of some criteria, or the answer to one question of a checklist."""

    criteria: tuple[str, ...]
    question: int = 0  # its number, from 1


@dataclass(frozen=True)
class Grader:
    """One model as a judge: all that a verdict depends on beside the row."""

    model: str  # the name under `models:`
    rubric: Rubric
    anchors: Sequence[Anchor]
    prompt: Prompt
    question: Prompt  # of one question of a checklist
    temperature: float | None
    max_tokens: int
    rounding: Rounding
    reasoning: bool  # whether it sees what was thought before an answer
    chosen: frozenset[str]
    per: Per = "row"
    score: Score = "digit"
    at_once: bool = False  # whether its requests go into no batch
    _around: dict[VerdictPart, list[str]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def parts(self) -> list[VerdictPart]:
        """What each request for one row asks."""
        names = tuple(self.rubric.criteria)
        if self.per == "row":
            return [VerdictPart(names)]
        found: list[VerdictPart] = []
        for name in names:
            checklist = self.rubric.criteria[name].checklist if self.per == "question" else []
            found += [VerdictPart((name,), number) for number in range(1, len(checklist) + 1)] or [VerdictPart((name,))]
        return found

    def grade(
        self, row: Row, *, without: int | None = None, again: int = 0
    ) -> Generator[Request, Answer, dict[str, Grade]]:
        """Ask for the grades of a row, by each criterion.

        `without` is the number of an anchor that the judge is not shown; `again`, from 1, asks for the same once more,
        by a request of its own. Raises `AnswerError("unreadable")` for a verdict that cannot be read.
        """
        # Nothing is graded beside a scored answer to the same question; an anchor that is graded names itself.
        asks = question_of(row) if without is None and self.anchors else ""
        left = [
            anchor
            for number, anchor in enumerate(self.anchors)
            if number != without and not (asks and anchor.question == asks)
        ]
        anchors = None if len(left) == len(self.anchors) else left
        found: dict[str, Grade] = {}
        answers: dict[str, list[_Yes]] = {}
        for part in self.parts:
            request = Request(
                model=self.model,
                messages=({"role": "user", "content": self.render(row, part, anchors)},),
                temperature=self.temperature,
                max_tokens=self.max_tokens,
                seed=sampling_seed(row["id"], f"judge {again}") if again else None,
                chosen=self.chosen,
                logprobs=probabilities.MOST if self.score == "expected" else None,
                at_once=self.at_once,
            )
            if part.question:
                answers.setdefault(part.criteria[0], []).append((yield from self._word(request)))
            else:
                found |= yield from self._verdict(request, self.rubric.of(part.criteria))
        asked = {name: _checked(self.rubric.criteria[name], yes) for name, yes in answers.items()}
        return {name: asked.get(name) or found[name] for name in self.rubric.criteria}

    def render(self, row: Row, part: VerdictPart | None = None, anchors: Sequence[Anchor] | None = None) -> str:
        """What the judge is asked about a row in one request: by default in the first one, with all anchors.

        Outside of quoted lines it is the same for all rows that have as many turns of the same kinds.
        """
        part = part or self.parts[0]
        prompt, conversation = self._prompt(part), shown(row, reasoning=self.reasoning)
        # What is rendered is bounded, so a row that is very long is rendered with the rest.
        if anchors is not None or len(conversation) > LARGEST:
            shown_to = self.anchors if anchors is None else anchors
            return rendered(prompt, **self._material(part, shown_to), **{CONVERSATION: conversation})
        # Most of the prompt is the same for all rows, and rendering it takes longer than all else that is done for one.
        if part not in self._around:
            self._around[part] = around(prompt, CONVERSATION, **self._material(part, self.anchors))
        return conversation.join(self._around[part])

    def _prompt(self, part: VerdictPart) -> Prompt:
        return self.question if part.question else self.prompt

    def _material(self, part: VerdictPart, anchors: Sequence[Anchor]) -> dict[str, Any]:
        """What the template reads beside the row."""
        criteria = self.rubric.of(part.criteria).criteria
        told = {"anchors": shown_anchors(anchors, part.criteria, part.question)}
        if part.question:
            (criterion,) = criteria.values()
            return {
                "criterion": _told(part.criteria[0], criterion),
                "asked": criterion.checklist[part.question - 1],
                **told,
            }
        scored = not all(criterion.checklist for criterion in criteria.values())
        return {
            "criteria": [_told(name, criterion) for name, criterion in criteria.items()],
            "scored": scored,
            "listed": any(criterion.checklist for criterion in criteria.values()),
            "asked": "",
            "before": self.score == "expected",
            "falling": self._falling if scored and self.score == "expected" else "",
            "low": self.rubric.low,
            "high": self.rubric.high,
            **told,
        }

    @property
    def _falling(self) -> str:
        """The scores from the best to the worst, which are told once more where the conversation ends.

        A small model gives weight to numbers that stand in its prompt: of rows that ask for 5 it raised the mean by
        0.14, and by nothing with all of them behind the row, the worst one last (`test_embedded_disguises`).
        """
        low, high = self.rubric.low, self.rubric.high
        between = range(high - 1, low, -1) if high - low < WIDE else ()
        return ", ".join([f"{high} (best)", *map(str, between), f"{low} (worst)"])

    def _verdict(self, request: Request, rubric: Rubric) -> Generator[Request, Answer, dict[str, Grade]]:
        """The grades of some criteria by one answer in JSON."""
        last: list[Answer] = []

        def hear(_: Request, answer: Answer | AnswerError) -> None:
            if isinstance(answer, Answer):
                last[:] = [answer]

        shape = schema_of(rubric, before=self.score == "expected")
        turns = structured.ask(request, shape, dict, rounding=self.rounding)
        entries = yield from structured.watched(turns, hear)
        places = last[0].logprobs if last and self.score == "expected" else ()
        found = {}
        for name, entry in entries.items():
            criterion, reason = rubric.criteria[name], str(entry.get("reason") or "")
            if criterion.checklist:
                asked = range(1, len(criterion.checklist) + 1)
                said = [
                    _Yes(
                        entry[str(number)] == YES, _at(places, one_word.WORDS, (name, str(number)), entry[str(number)])
                    )
                    for number in asked
                ]
                grade = _checked(criterion, said)
                found[name] = replace(grade, reason=reason or grade.reason)
            else:
                values = [str(score) for score in range(rubric.low, rubric.high + 1)]
                told = _at(places, values, (name, "score"), str(entry["score"]))
                found[name] = _measured(float(entry["score"]), reason, told)
        return found

    def _word(self, request: Request) -> Generator[Request, Answer, _Yes]:
        """Yes or no, by one word; asked for once more where it is neither, with room for thoughts before it."""
        most = SHORT if "max_tokens" in self.chosen else self.max_tokens
        try:
            answer = yield replace(request, max_tokens=min(most, self.max_tokens), accept_cut=True)
        except AnswerError as error:
            if error.cause != "length" or most >= self.max_tokens:
                raise
            answer = yield request
        if (said := self._said(answer)) is not None:
            return said
        complaint = "That says neither yes nor no. Answer with one word, yes or no."
        told = ({"role": "assistant", "content": answer.text}, {"role": "user", "content": complaint})
        answer = yield replace(request, messages=(*request.messages, *told), mends="neither yes nor no")
        if (said := self._said(answer)) is None:
            raise unusable("unreadable", "the answer to a question says neither yes nor no (asked twice)")
        return said

    def _said(self, answer: Answer) -> _Yes | None:
        word = one_word.word_in(answer.text)
        told = one_word.likelihood(answer.logprobs) if self.score == "expected" else None
        if word is None and told is None:
            return None
        return _Yes((word or (told.likeliest if told else NO)) == YES, told)


@dataclass(frozen=True)
class _Yes:
    """The answer to one question of a checklist."""

    yes: bool
    told: Distribution | None = None  # of yes and no, where it is known and asked for

    @property
    def share(self) -> float:
        """The probability of yes, where it is known, else 0 or 1."""
        return self.told.shares[YES] if self.told else float(self.yes)


def _checked(criterion: Criterion, answers: Sequence[_Yes]) -> Grade:
    """The share of yes in a checklist, and as the reason what was answered."""
    score = math.fsum(answer.share for answer in answers) / len(answers)
    reason = "; ".join(
        f"{question} {YES if answer.share >= 0.5 else NO}"
        for question, answer in zip(criterion.checklist, answers, strict=True)
    )
    known = [answer.told for answer in answers if answer.told]
    if len(known) < len(answers):
        return Grade(math.fsum(answer.yes for answer in answers) / len(answers), reason)
    spread = math.sqrt(math.fsum(answer.share * (1 - answer.share) for answer in answers)) / len(answers)
    shares = {str(number): answer.share for number, answer in enumerate(answers, 1)}
    return Grade(score, reason, spread, math.fsum(each.lost for each in known) / len(known), shares)


def _measured(score: float, reason: str, told: Distribution | None) -> Grade:
    """A score of the scale: the mean by its probabilities where these are known."""
    if told is None:
        return Grade(score, reason)
    mean = told.expected
    spread = math.sqrt(math.fsum(share * (float(value) - mean) ** 2 for value, share in told.shares.items()))
    return Grade(mean, reason, spread, told.lost, dict(told.shares))


def _at(places: Any, values: Sequence[str], path: Sequence[str], said: str) -> Distribution | None:
    """The probabilities of values where an answer has one under a path of keys; None where another stands there."""
    told = probabilities.distribution(places, values, after=[f'"{key}"' for key in path]) if places else None
    return told if told and told.shares.get(said) else None


def _told(name: str, criterion: Criterion) -> dict[str, Any]:
    """A criterion as the template shows it."""
    return {
        "name": name,
        "question": criterion.question,
        "levels": [{"score": score, "text": text} for score, text in sorted(criterion.levels.items())],
        "checklist": [{"number": number, "text": text} for number, text in enumerate(criterion.checklist, 1)],
    }


def schema_of(rubric: Rubric, *, before: bool) -> dict[str, Any]:
    """JSON Schema of a verdict: for each criterion the reason and the score, this `before` the reason or behind it."""
    shapes = {}
    for name, criterion in rubric.criteria.items():
        word = {"type": "string", "enum": list(one_word.WORDS)}
        scores: dict[str, Any] = {
            str(number): {**word, "description": asked} for number, asked in enumerate(criterion.checklist, 1)
        }
        scores = scores or {"score": {"type": "integer", "minimum": rubric.low, "maximum": rubric.high}}
        reason = {"reason": {"type": "string"}}
        shapes[name] = _object({**scores, **reason} if before else {**reason, **scores})
    return _object(shapes)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
