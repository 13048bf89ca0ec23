"""Evolve: seeds grow into more instructions by Evol-Instruct's in-depth and in-breadth moves.

Source: Xu et al. 2023, "WizardLM: Empowering Large Language Models to Follow Complex Instructions", section 3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import Field

from hfsft.engine.resources import Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import unusable
from hfsft.hashing import digest, sampling_seed
from hfsft.marks import PROSE
from hfsft.models.model import Request, Turns
from hfsft.plain import plain
from hfsft.prompts import Prompt
from hfsft.rows.batch import Batch, Row
from hfsft.stages.base import AskingStage, Context, Outcome, Template, Warn
from hfsft.stages.evolving.children import children, grows
from hfsft.stages.evolving.template_prompts import SAID, VARIABLES, messages_of, own_runs, parse, template_name
from hfsft.texts.peel import peel
from hfsft.texts.prompt_faults import prompt_fault

READS = ("id", *SAID, "origin", "round", "template")

GROWN_FROM = "grown_from"  # the parent's instruction, until the row was checked against it
FAULT = "evolve_fault"
FAULTY = 0.3  # share of the evolutions that are none, from which the writer deserves a look
EXAMPLE = 120  # characters of one that are shown


class Evolve(AskingStage):
    """Grow seeds into more instructions."""

    key: ClassVar[str] = "evolve"
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
    templates: Annotated[list[str], PROSE] = Field(
        ["deepen", "concretize", "broaden"],
        min_length=1,
        description="Names in templates/evolve/, or inline Jinja; each row's are picked by a hash of its id.",
    )
    model: str = Field("writer", description="Name under `models` of who writes the instructions.")
    temperature: float | None = Field(0.8, ge=0, le=2, description="Sampling temperature.")
    max_tokens: int = Field(512, ge=1, description="Most tokens in one instruction.")
    eliminate: bool = Field(
        True,
        description="Take out what is no instruction before it is answered or grown further: a copy of its parent, an "
        "answer, a refusal, words of the template, a list of several, another language. false keeps and only marks it.",
    )

    def prompts(self) -> list[tuple[str, Prompt]]:
        """Each template with the name that its rows carry. Raises `PromptError` for one that does not parse."""
        return [(name, parse(template)) for template in self.templates for name in [template_name(template)]]

    def renders(self) -> list[Template]:
        """Each template."""
        return [
            Template(("templates", place), partial(parse, template), VARIABLES)
            for place, template in enumerate(self.templates)
        ]

    def steps(self, context: Context) -> list[Step]:
        """The steps of each round: room for the new rows, their instructions, a check of them, what falls by it."""
        prompts = dict(self.prompts())
        identity = {
            "model": context.models[self.model],
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "templates": {name: context.template_identity(prompt) for name, prompt in prompts.items()},
        }
        place = context.place(self.key)
        kept = context.kept_in(*prompts.values())
        own = own_runs(prompts, context.values(), kept)
        steps = []
        for number in range(1, self.rounds + 1):
            grow = {"number": number, "variants": self.variants, "names": list(prompts)}
            asks = self.arguments(context.values(), kept, number=number)
            steps += [
                Step(
                    name=f"evolve[{number}].branch",
                    rows="many",
                    reads=READS,
                    identity={"variants": self.variants, "templates": list(prompts)},
                    work=Work("hfsft.stages.evolving.children:growing", grow),
                    place=place,
                ),
                Step(
                    name=f"evolve[{number}]",
                    asks=True,
                    reads=(*READS, *kept),
                    writes={"instruction": "string", GROWN_FROM: "string"},
                    role="text",
                    identity=identity,
                    version=3,
                    work=Work("hfsft.stages.evolving.evolve:asking", asks),
                    models=(self.model,),
                    max_failed_share=self.max_failed_share,
                    place=place,
                ),
                Step(
                    name=f"evolve[{number}].check",
                    reads=("instruction", "template", GROWN_FROM),
                    writes={FAULT: "string"},
                    role="verdict",
                    drops=(GROWN_FROM,),
                    identity={"templates": {name: digest(sorted(runs)) for name, runs in own.items()}},
                    version=2,
                    work=Work("hfsft.stages.evolving.evolve:checking", self.arguments(context.values(), kept)),
                    place=place,
                ),
            ]
            if self.eliminate:
                bound = Bound("fault", FAULT, absent=True)
                steps.append(compare(f"evolve[{number}].fault", bound, place))
        return steps

    def more_children(self, rows: Iterable[Row], start: int, stop: int) -> list[Row]:
        """The children that each of these rows would have in the first round as its variants `start` to `stop`.

        They are those that the step `evolve[1].branch` makes, for the variants below `variants`; examples have none.
        """
        names = [name for name, _ in self.prompts()]
        grown = (children(row, 1, range(start, stop), names) for row in rows if grows(row, 1))
        return [child for family in grown for child in family]

    def losses(self, outcome: Outcome) -> Iterator[str]:
        """Rounds in which many evolutions were no instructions: a writer too weak, or a template it takes wrongly."""
        for number in range(1, self.rounds + 1):
            stage, step = f"evolve[{number}]", f"evolve[{number}].fault"
            found = outcome.removed(FAULT, step)
            written = outcome.lines[f"{stage}.branch"].added - outcome.lines[stage].removed
            if not found or len(found) < FAULTY * written:
                continue
            faults = Counter(found)
            fault, _ = faults.most_common(1)[0]
            text = outcome.removed("instruction", step)[found.index(fault)]
            example = plain(text or "", EXAMPLE).replace("`", " ")
            shown = f"; {fault}, for example: `{example}`" if example and outcome.samples else ""
            yield Warn(
                f"{len(found):,} of {written:,} evolutions of {stage} fell ({len(found) / written:.0%}): "
                f"{', '.join(f'{name} {count:,}' for name, count in faults.most_common())}{shown} (a stronger writer "
                "or other templates write fewer of these)"
            )

    def ask(
        self, row: Row, *, number: int, prompts: dict[str, Prompt], values: dict[str, Any], kept: tuple[str, ...]
    ) -> Turns:
        """Ask for the instruction of a row of round `number`; all other rows keep theirs."""
        if row["origin"] != "evolved" or row["round"] != number:
            return {"instruction": row["instruction"], GROWN_FROM: None}
        columns = {name: row[name] for name in (*SAID, "round", *kept)}
        answer = yield Request(
            model=self.model,
            messages=messages_of(prompts[row["template"]], {**values, **columns}),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            seed=sampling_seed(row["id"], "evolve"),
            chosen=self.chosen,
        )
        instruction = peel(answer.text)
        if not instruction:
            raise unusable("empty", "the model wrote no instruction")
        return {"instruction": instruction, GROWN_FROM: row["instruction"]}


def asking(
    section: Mapping[str, Any], values: dict[str, Any], kept: Sequence[str], number: int
) -> Callable[[Row], Turns]:
    """What asks for the instruction of a row of a round; `values` are what templates may use of the recipe."""
    stage = Evolve.model_validate(section)
    return partial(stage.ask, number=number, prompts=dict(stage.prompts()), values=values, kept=tuple(kept))


def checking(section: Mapping[str, Any], values: dict[str, Any], kept: Sequence[str]) -> Callable[[Batch], Batch]:
    """What looks for faults in what was just grown."""
    prompts = dict(Evolve.model_validate(section).prompts())
    return partial(_check, own=own_runs(prompts, values, kept))


def _check(batch: Batch, *, own: Mapping[str, Collection[str]]) -> Batch:
    """What is wrong with each row that was just grown, None where nothing is; rows of before are not looked at."""
    faults = [
        None if parent is None else prompt_fault(instruction, parent, own.get(template, ()))
        for instruction, parent, template in zip(
            batch["instruction"], batch[GROWN_FROM], batch["template"], strict=True
        )
    ]
    return {FAULT: faults}
