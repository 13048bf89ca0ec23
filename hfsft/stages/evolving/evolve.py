"""Evolve: seeds grow into more instructions by Evol-Instruct's in-depth and in-breadth moves.

Source: Xu et al. 2023, "WizardLM: Empowering Large Language Models to Follow Complex Instructions", section 3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from hfsft.engine.resources import Work
from hfsft.engine.step import Step
from hfsft.errors import unusable
from hfsft.hashing import digest, sampling_seed, unit
from hfsft.marks import PROSE, TEMPLATE
from hfsft.models.model import Request, Turns
from hfsft.prompts import Prompt
from hfsft.rows.batch import Batch, Row
from hfsft.rows.columns import REFERENCE
from hfsft.stages import prompt_check
from hfsft.stages.base import AskingStage, Asks, Context, Outcome, Template
from hfsft.stages.evolving.children import children, grows
from hfsft.stages.evolving.template_prompts import PICK, PICKS, SAID, VARIABLES, messages_of, own_runs
from hfsft.stages.evolving.ways import Listed, check, parts, sampling, used
from hfsft.stages.several_answers import PROMPT
from hfsft.texts.peel import peel
from hfsft.texts.prompt_faults import prompt_fault

READS = ("id", *SAID, "origin", "round", "template")

GROWN_FROM = "grown_from"  # the parent's instruction, until the row was checked against it
FAULT = "evolve_fault"


class Evolve(AskingStage):
    """Grow seeds into more instructions."""

    key: ClassVar[str] = "evolve"
    changes: ClassVar[frozenset[str]] = frozenset({"instruction", REFERENCE})
    example: ClassVar[str] = """\
    evolve:
      rounds: 2
      variants: 2
      templates:
        - deepen
        - |
          Write one question that a customer might ask after this one.
          {{ instruction }}
    """

    rounds: int = Field(1, ge=1, le=10, description="Rounds of evolution; each grows the rows of the round before.")
    variants: int = Field(1, ge=1, le=50, description="New instructions for each row and round.")
    templates: Annotated[list[Listed], PROSE, TEMPLATE] = Field(
        ["deepen", "concretize", "broaden"],
        min_length=1,
        description="Names in templates/evolve/ (`hfsft templates evolve` lists them), files haggle.jinja beside the "
        "recipe, or inline Jinja; each row's are picked by a hash of its id. `{deepen: 2}` is picked twice as often as "
        "others, and `{deepen: {weight: 2, temperature: 1, model: second}}` written by another model, or at another "
        "temperature.",
    )
    model: str = Field("writer", description="Name under `models` of who writes the instructions.")
    temperature: float | None = Field(0.8, ge=0, le=2, description="Sampling temperature.")
    max_tokens: int = Field(512, ge=1, description="Most tokens in one instruction.")
    max_words: int | None = Field(
        None, ge=1, description="Most words of one instruction, a Chinese or Japanese sign counted as one."
    )
    max_growth: float | None = Field(
        8.0, gt=0, description="Most words of one instruction as a multiple of its parent's, of at least 20."
    )
    eliminate: bool = Field(
        True,
        description="Take out what is no instruction before it is answered or grown further: a copy of its parent, an "
        "answer, a refusal, words of the template, a list of several, another language, one that speaks of a text or a "
        "file that is not there, leans on an earlier message or is too long. false keeps and only marks it.",
    )

    @field_validator("templates")
    @classmethod
    def _each_once(cls, templates: list[Listed]) -> list[Listed]:
        check(templates)
        return templates

    def prompts(self) -> dict[str, Prompt]:
        """Each template by the name that its rows carry. Raises `PromptError` for one that does not parse."""
        return {each.name: each.prompt() for each in used(self.templates)}

    def renders(self) -> list[Template]:
        """Each template."""
        return [Template(each.loc, each.prompt, VARIABLES) for each in used(self.templates)]

    def asks(self, models: Collection[str]) -> list[Asks]:
        """The model of each template that names one, and that of all others."""
        ways = list(used(self.templates))
        own = [Asks((*each.loc, "model"), each.way.model) for each in ways if each.way.model]
        return own if len(own) == len(ways) else [Asks(("model",), self.model), *own]

    def steps(self, context: Context) -> list[Step]:
        """The steps of each round: room for the new rows, their instructions, a check of them, what falls by it."""
        prompts, shares = self.prompts(), parts(used(self.templates))
        models = tuple(dict.fromkeys(each.name for each in self.asks(())))
        ways = sampling(used(self.templates))
        identity = {
            "model": context.models[models[0]],
            **({"ways": ways} if ways else {}),
            **({"models": {name: context.models[name] for name in models}} if len(models) > 1 else {}),
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "templates": {name: context.template_identity(prompt) for name, prompt in prompts.items()},
        }
        place = context.place(self.key)
        kept = context.kept_in(*prompts.values())
        own = own_runs(prompts, context.values(), kept)
        steps = []
        for number in range(1, self.rounds + 1):
            grow = {"number": number, "variants": self.variants, "parts": shares}
            asks = self.arguments(context.values(), kept, number=number)
            steps += [
                Step(
                    name=f"evolve[{number}].branch",
                    rows="many",
                    reads=READS,
                    identity={
                        "variants": self.variants,
                        "templates": list(prompts) if set(shares.values()) == {1} else shares,
                    },
                    work=Work("hfsft.stages.evolving.children:growing", grow),
                    place=place,
                ),
                Step(
                    name=f"evolve[{number}]",
                    asks=True,
                    reads=(*READS, *kept),
                    writes={"instruction": "string", REFERENCE: "string", GROWN_FROM: "string"},
                    role="text",
                    identity=identity,
                    version=5,
                    work=Work("hfsft.stages.evolving.evolve:asking", asks),
                    models=models,
                    max_failed_share=self.max_failed_share,
                    place=place,
                ),
                Step(
                    name=f"evolve[{number}].check",
                    reads=("instruction", "context", "template", GROWN_FROM),
                    writes={FAULT: "string"},
                    role="verdict",
                    drops=(GROWN_FROM,),
                    identity={
                        "templates": {name: digest(sorted(runs)) for name, runs in own.items()},
                        "max_words": self.max_words,
                        "max_growth": self.max_growth,
                    },
                    version=4,
                    work=Work("hfsft.stages.evolving.evolve:checking", self.arguments(context.values(), kept)),
                    place=place,
                ),
            ]
            if self.eliminate:
                steps.append(prompt_check.fall(f"evolve[{number}]", FAULT, place))
        return steps

    def more_children(self, rows: Iterable[Row], start: int, stop: int) -> list[Row]:
        """The children that each of these rows would have in the first round as its variants `start` to `stop`.

        They are those that the step `evolve[1].branch` makes, for the variants below `variants`; examples have none.
        """
        shares = parts(used(self.templates))
        grown = (children(row, 1, range(start, stop), shares) for row in rows if grows(row, 1))
        return [child for family in grown for child in family]

    def losses(self, outcome: Outcome) -> Iterator[str]:
        """Rounds in which many evolutions were no instructions."""
        names = ("id", PROMPT, "origin", "round")
        rows = zip(*map(outcome.all_values, names), strict=True)
        # Of several answers to one prompt each is a row, and not all evolutions of waves are made by a branch.
        written = {(prompt or mine, at) for mine, prompt, origin, at in rows if origin == "evolved"}
        of_round = Counter(at for _, at in written)
        for number in range(1, self.rounds + 1):
            if line := outcome.lines.get(stage := f"{self.key}[{number}]"):
                yield from prompt_check.told(outcome, stage, FAULT, of_round[number] - line.removed, "evolutions")

    def ask(
        self,
        row: Row,
        *,
        number: int,
        prompts: Mapping[str, Prompt],
        ways: Mapping[str, Mapping[str, Any]],
        values: dict[str, Any],
        kept: tuple[str, ...],
    ) -> Turns:
        """Ask for the instruction of a row of round `number`; all other rows keep theirs."""
        if row["origin"] != "evolved" or row["round"] != number:
            return {"instruction": row["instruction"], REFERENCE: row[REFERENCE], GROWN_FROM: None}
        columns = {name: row[name] for name in (*SAID, "round", *kept)}
        way, pick = ways.get(row["template"], {}), int(unit(row["id"], PICK) * PICKS)
        answer = yield Request(
            model=way.get("model", self.model),
            messages=messages_of(prompts[row["template"]], {**values, **columns, PICK: pick}),
            temperature=way.get("temperature", self.temperature),
            max_tokens=self.max_tokens,
            seed=sampling_seed(row["id"], "evolve"),
            chosen=self.chosen - way.keys(),
        )
        instruction = peel(answer.text)
        if not instruction:
            raise unusable("empty", "the model wrote no instruction")
        # The right answer to the parent is none to what grew from it.
        return {"instruction": instruction, REFERENCE: None, GROWN_FROM: row["instruction"]}


def asking(
    section: Mapping[str, Any], values: dict[str, Any], kept: Sequence[str], number: int
) -> Callable[[Row], Turns]:
    """What asks for the instruction of a row of a round; `values` are what templates may use of the recipe."""
    stage = Evolve.model_validate(section)
    ways = sampling(used(stage.templates))
    return partial(stage.ask, number=number, prompts=stage.prompts(), ways=ways, values=values, kept=tuple(kept))


def checking(section: Mapping[str, Any], values: dict[str, Any], kept: Sequence[str]) -> Callable[[Batch], Batch]:
    """What looks for faults in what was just grown."""
    stage = Evolve.model_validate(section)
    return partial(
        _check,
        own=own_runs(stage.prompts(), values, kept),
        bounds={"max_words": stage.max_words, "max_growth": stage.max_growth},
    )


def _check(batch: Batch, *, own: Mapping[str, Collection[str]], bounds: Mapping[str, Any]) -> Batch:
    """What is wrong with each row that was just grown, None where nothing is; rows of before are not looked at."""
    columns = (batch[name] for name in ("instruction", GROWN_FROM, "template", "context"))
    faults = [
        None
        if parent is None
        else prompt_fault(instruction, parent, own.get(template, ()), beside=context or "", **bounds)
        for instruction, parent, template, context in zip(*columns, strict=True)
    ]
    return {FAULT: faults}
