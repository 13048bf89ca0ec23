"""Refine: answers that the judge scored low are written anew, judged again, and kept only where they are better.

Source: Madaan et al. 2023, "Self-Refine: Iterative Refinement with Self-Feedback", arXiv 2303.17651, with a judge of
its own in place of the writer's feedback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, PrivateAttr

from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Step, keeping_first
from hfsft.errors import UNREADABLE, AnswerError, Problem, nearest
from hfsft.hashing import digest, sampling_seed
from hfsft.marks import PROSE, TEMPLATE
from hfsft.models.model import Request, Turns
from hfsft.prompts import Prompt, standing_alone
from hfsft.rows.batch import Row
from hfsft.rows.columns import COLUMNS, Column, criterion_of, first_of, reason_of, score_of, variables
from hfsft.rows.limits import Limits
from hfsft.rows.views import WHOLE, answered_so, plain_answer, quoted_parts, quoted_turns, transcript, unanswered
from hfsft.stages.answers import checking
from hfsft.stages.base import (
    AskingStage,
    CardPart,
    Context,
    Judging,
    Name,
    Outcome,
    Panel,
    Template,
    Warn,
)
from hfsft.stages.evolving.template_prompts import TURNS, messages_of
from hfsft.stages.refining.better_answer import (
    AGAIN,
    BECAME,
    FATES,
    FAULT,
    GAIN,
    ROUND,
    TEXT,
    bare,
    counted,
    table,
)

FOLDER = "refine"
VARIABLES = variables()
TOLD = ("conversation", "criteria", "low", "high", "quoted", "fence")
ANSWER = "the answer to improve"
"""Causes of answers that are no new text: the row keeps the text that it has, and does not fail."""
FEW = 0.1  # share of the new answers that are better, below which they are not worth their price


class Refine(AskingStage):
    """Answers that the judge scored low are written anew with its reasons, and judged again.

    The new answer stays only where its mean score is higher, by `margin` at least, and no filter of the recipe that
    looks at one answer alone is against it; else the row keeps what it has. What stood there before and the scores of
    both stay in the provenance. Filters that read the response or a score run behind it, over the text that stays.
    Answers that call tools, or that came with their reasoning, are left as they are.
    """

    key: ClassVar[str] = "refine"
    changes: ClassVar[frozenset[str]] = frozenset({"response", "messages"})
    example: ClassVar[str] = """\
    judge:
      rubric: {usefulness: Would it help a real person act?}
    refine:
      when: {usefulness: {at_most: 3}}
      margin: 0.5
    """

    when: dict[str, Limits] = Field(
        min_length=1,
        description="Of which rows a new answer is written: criteria of the rubric, `mean` or `min`, with the scores "
        "that all of them must have.",
    )
    template: Annotated[str, PROSE, TEMPLATE] = Field(
        "polish",
        min_length=1,
        description="Jinja for what the writer is asked, or a file polish.jinja of it beside the recipe, or a name in "
        "templates/refine/; `response` is the answer, `criteria` are what the judge gave and why.",
    )
    model: str = Field("writer", description="Name under `models` of who writes the new answer.")
    rounds: int = Field(1, ge=1, le=5, description="How often an answer is written anew while `when` holds.")
    margin: float = Field(0, ge=0, description="By how much the mean score must be higher at least.")
    temperature: float | None = Field(0.7, ge=0, le=2, description="Sampling temperature.")
    max_tokens: int = Field(1024, ge=1, description="Most tokens in one answer; one cut there changes nothing.")

    _base: Path = PrivateAttr(default_factory=Path)

    def stands_in(self, base: Path) -> None:
        """Paths are relative to this folder."""
        self._base = base

    def standing_alone(self) -> dict[str, Any]:
        """What it says in place of naming a file. Raises `PromptError`."""
        return {"template": standing_alone(self.template, self._base)}

    def prompt(self) -> Prompt:
        """What the writer is asked. Raises `PromptError`."""
        return Prompt.chosen(self.template, FOLDER, self._base, "refine.template")

    def renders(self) -> list[Template]:
        """The template."""
        return [Template(("template",), self.prompt, (*VARIABLES, *TURNS, *TOLD))]

    def writes(self) -> list[Column]:
        """What became of the row, and by how much its mean score rose."""
        became = f"What became of a new answer: {', '.join(FATES)}; null: none was written."
        return [
            Column(BECAME, "string", "verdict", became, choices=FATES),
            Column(GAIN, "float64", "measure", "By how much the mean score rose by a new answer."),
        ]

    def problems(self, context: Context) -> Iterator[Problem]:
        """A recipe without a judge, criteria that it does not have, scores that it never gives."""
        if context.judge is None:
            yield Problem(context.place(self.key), "refine needs the judge's scores", "add a judge section")
            return
        scales = {criterion_of(each.name): each.scale for each in context.judge.columns}
        known = [name for name in scales if name]
        for name, limits in self.when.items():
            place = context.place(self.key, "when", name)
            if name not in known:
                yield Problem(place, f"refine.when: no criterion is called `{name}`", nearest(name, known))
                continue
            scale = scales[name]
            low, high = limits.at_least, limits.at_most
            if scale and ((low is not None and low > scale.high) or (high is not None and high < scale.low)):
                said = f"refine.when.{name} holds for no row: scores go from {scale.low:g} to {scale.high:g}"
                yield Problem(place, said)

    def steps(self, context: Context) -> list[Step]:
        """In each round a step that writes, one that judges again, and one that keeps the better text."""
        assert context.judge is not None, "its problems say so"
        found = []
        for number in range(1, self.rounds + 1):
            former = (ROUND, TEXT, FAULT) if number > 1 else ()
            found += [
                self._writing(context, context.judge, number, former),
                self._judging(context, context.judge.step(), number),
                self._keeping(context, context.judge.step(), number),
            ]
        return found

    def _writing(self, context: Context, judging: Judging, number: int, former: Sequence[str]) -> Step:
        prompt, judge = self.prompt(), judging.step()
        used = tuple(name for name in (*VARIABLES, *context.kept) if name in prompt.variables)
        scored = [name for name in judge.writes if criterion_of(name) or name.startswith(reason_of(""))]
        rubric = judge.identity.get("rubric")
        scale = next((each.scale for each in judging.columns if each.scale), None)
        told = {
            "questions": dict(rubric) if isinstance(rubric, Mapping) else {},
            "low": None if scale is None else scale.low,
            "high": None if scale is None else scale.high,
        }
        section = {**self.arguments()["section"], **self.standing_alone()}
        known = {*COLUMNS, *context.kept}
        rules = [rule for rule in context.rules() if not checking.unfit(rule) and known.issuperset(rule.reads)]
        checked = (name for rule in rules for name in (*rule.reads, *rule.optional) if name in known)
        return Step(
            name=f"refine[{number}]",
            asks=True,
            reads=tuple(dict.fromkeys(("id", "dialect", *WHOLE, *used, *scored, *checked, *former))),
            writes={TEXT: "string", FAULT: "string", ROUND: "int32"},
            role="text",
            about="The new answer that the judge compared with the one before.",
            known=(
                Column(ROUND, "int32", "lineage", "The round in which the last new answer was written."),
                Column(FAULT, "string", "verdict", "Which filter was against the new answer."),
            ),
            identity={
                "model": context.models[self.model],
                **context.template_identity(prompt),
                "when": {name: limits.model_dump(mode="json") for name, limits in self.when.items()},
                "temperature": self.temperature,
                "max_tokens": self.max_tokens,
                **told,
                **({"checks": checking.identity(rules)} if rules else {}),
            },
            work=Work(
                "hfsft.stages.refining.refine:asking",
                {
                    "section": section,
                    "values": context.values(),
                    "number": number,
                    "told": told,
                    "checks": checking.rules_as_json(rules),
                },
            ),
            needs=checking.needed(rules),
            models=(self.model,),
            max_failed_share=self.max_failed_share,
            place=context.place(self.key),
        )

    def _judging(self, context: Context, judge: Step, number: int) -> Step:
        """The judge's own step, over the row with the new answer in it."""
        assert judge.work is not None, "only a function asks"
        writes = {f"{AGAIN}{name}": kind for name, kind in judge.writes.items()}
        former = tuple(writes) if number > 1 else ()
        return replace(
            judge,
            name=f"refine[{number}].judge",
            reads=tuple(dict.fromkeys((*judge.reads, TEXT, FAULT, ROUND, *former))),
            writes=writes,
            about="What the judge said of the new answer.",
            work=Work(
                "hfsft.stages.refining.better_answer:judging",
                {**judge.work.as_dict(), "number": number, "columns": list(judge.writes)},
            ),
            lost=f"{AGAIN}{judge.lost}" if judge.lost else "",
            place=context.place(self.key),
        )

    def _keeping(self, context: Context, judge: Step, number: int) -> Step:
        scored = {name: kind for name, kind in judge.writes.items() if name != judge.lost}
        again = tuple(f"{AGAIN}{name}" for name in scored)
        texts = {name: COLUMNS[name] for name in ("response", "messages")}
        former = (BECAME, GAIN) if number > 1 else ()
        before = "What `{}` was before a better answer took its place."
        firsts = (Column(first_of(name), kind, "lineage", before.format(name)) for name, kind in scored.items())
        step = Step(
            name=f"refine[{number}].keep",
            reads=(*texts, *scored, *again, TEXT, FAULT, ROUND, *former),
            writes={**texts, **scored, BECAME: "string", GAIN: "float64"},
            role="verdict",
            known=(*self.writes(), *firsts),
            identity={"margin": self.margin},
            work=Work(
                "hfsft.stages.refining.better_answer:keeping",
                {"margin": self.margin, "number": number, "scored": list(scored)},
            ),
            place=context.place(self.key),
        )
        return keeping_first(step, [*texts, *scored])

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Whether it was worth its price."""
        tried, better, _ = counted(outcome)
        if not tried:
            yield "refine wrote no answer anew: no row was scored so that its `when` holds"
        elif better < FEW * tried:
            yield Warn(
                f"refine made {better:,} of {tried:,} answers better: a stronger writer, another template or a sharper "
                "rubric makes more of what they cost"
            )

    def card(self, outcome: Outcome) -> CardPart | None:
        """How many answers were written anew, how many of these stay, and what they gained."""
        if not (shown := table(outcome)):
            return None
        return CardPart("refine", {"table": shown, "model": Name(outcome.models[self.model].model)})

    def panel(self, outcome: Outcome) -> Panel | None:
        """The same."""
        text = "Answers that were scored low are written anew and judged again; the better one of both stays."
        return Panel("refine", "Refinement", [text, shown]) if (shown := table(outcome)) else None

    def holds(self, row: Row) -> bool:
        """Whether a new answer is to be written for a row."""
        for name, limits in self.when.items():
            score = row[score_of(name)]
            # None is of a forecast, in which it is not known yet: no row without scores comes here.
            if score is not None and limits.broken(score):
                return False
        return True

    def ask(
        self,
        row: Row,
        *,
        prompt: Prompt,
        values: Mapping[str, Any],
        number: int,
        told: Mapping[str, Any],
        rules: Sequence[checking.Rule],
    ) -> Turns:
        """Ask for a new answer to a row that was scored low; None where none can be read, or it is the same."""
        answer = plain_answer(row)
        if answer is None or not self.holds(row):
            return {name: row.get(name) for name in (TEXT, FAULT, ROUND)}
        turns = transcript(unanswered(row))
        criteria = [
            {"name": name, "score": row[column], "reason": row.get(reason_of(name)), "question": question}
            for column in row
            if (name := criterion_of(column)) and reason_of(name) in row
            for question in [told["questions"].get(name, "")]
        ]
        more = {
            "conversation": turns,
            "criteria": criteria,
            "low": told["low"],
            "high": told["high"],
            "quoted": f"{quoted_turns(unanswered(row))}\n{quoted_parts([(ANSWER, answer)])}",
            "fence": digest([turns, answer], 12),  # for a template that lists `conversation` as it is
        }
        request = Request(
            model=self.model,
            messages=messages_of(prompt, {**values, **row, "response": answer, **more}),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            seed=sampling_seed(row["id"], f"refine {number}"),
            chosen=self.chosen,
        )
        try:
            text = bare((yield request).text)
        except AnswerError as error:
            if error.cause not in UNREADABLE:
                raise
            text = ""
        if not text or text == answer:
            return {TEXT: None, FAULT: None, ROUND: number}
        faults = (rule.fault({**row, **answered_so(row, text)}) for rule in rules)
        return {TEXT: text, FAULT: next(filter(None, faults), None), ROUND: number}


def asking(
    *needs: Resource,
    section: Mapping[str, Any],
    values: Mapping[str, Any],
    number: int,
    told: Mapping[str, Any],
    checks: Sequence[Mapping[str, Any]],
) -> Callable[[Row], Turns]:
    """What asks for a new answer to a row in a round."""
    stage = Refine.model_validate(section)
    rules = checking.rules_of(checks, needs)
    return partial(stage.ask, prompt=stage.prompt(), values=values, number=number, told=told, rules=rules)
