"""Evolve: seeds grow into more instructions by Evol-Instruct's in-depth and in-breadth moves.

Source: Xu et al. 2023, "WizardLM: Empowering Large Language Models to Follow Complex Instructions", section 3.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import Field

from hfsft.engine.resources import Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import PromptError, unusable
from hfsft.hashing import digest, sampling_seed, unit
from hfsft.marks import PROSE
from hfsft.models.model import Request, Turns
from hfsft.plain import plain
from hfsft.prompts import Prompt
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.columns import variables
from hfsft.rows.row import child_id
from hfsft.stages.base import AskingStage, Context, Outcome, Template, Warn, rendered
from hfsft.texts.peel import peel
from hfsft.texts.prompt_faults import prompt_fault, template_runs

FOLDER = "evolve"
TURNS = ("user", "assistant")  # what a template may begin, so that demonstrations stand as turns of a chat
SAID = variables("response", "reasoning")  # what seeds say, who have no answer
READS = ("id", *SAID, "origin", "round", "template")
VARIABLES = (*SAID, "round", *TURNS)

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
        own = _own(prompts, context.values(), kept)
        steps = []
        for number in range(1, self.rounds + 1):
            grow = {"number": number, "variants": self.variants, "names": list(prompts)}
            steps += [
                Step(
                    name=f"evolve[{number}].branch",
                    rows="many",
                    reads=READS,
                    identity={"variants": self.variants, "templates": list(prompts)},
                    work=Work("hfsft.stages.evolve:growing", grow),
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
                    work=Work("hfsft.stages.evolve:asking", self.arguments(context.values(), kept, number=number)),
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
                    work=Work("hfsft.stages.evolve:checking", self.arguments(context.values(), kept)),
                    place=place,
                ),
            ]
            if self.eliminate:
                bound = Bound("fault", FAULT, absent=True)
                steps.append(compare(f"evolve[{number}].fault", bound, place))
        return steps

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
            messages=ask(prompts[row["template"]], {**values, **columns}),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            seed=sampling_seed(row["id"], "evolve"),
            chosen=self.chosen,
        )
        instruction = peel(answer.text)
        if not instruction:
            raise unusable("empty", "the model wrote no instruction")
        return {"instruction": instruction, GROWN_FROM: row["instruction"]}


def growing(number: int, variants: int, names: Sequence[str]) -> Callable[[Batch], Batch]:
    """What makes room for the rows of a round."""
    return partial(_grow, number=number, variants=variants, names=names)


def asking(
    section: Mapping[str, Any], values: dict[str, Any], kept: Sequence[str], number: int
) -> Callable[[Row], Turns]:
    """What asks for the instruction of a row of a round; `values` are what templates may use of the recipe."""
    stage = Evolve.model_validate(section)
    return partial(stage.ask, number=number, prompts=dict(stage.prompts()), values=values, kept=tuple(kept))


def checking(section: Mapping[str, Any], values: dict[str, Any], kept: Sequence[str]) -> Callable[[Batch], Batch]:
    """What looks for faults in what was just grown."""
    prompts = dict(Evolve.model_validate(section).prompts())
    return partial(_check, own=_own(prompts, values, kept))


def _check(batch: Batch, *, own: Mapping[str, Collection[str]]) -> Batch:
    """What is wrong with each row that was just grown, None where nothing is; rows of before are not looked at."""
    faults = [
        None if parent is None else prompt_fault(instruction, parent, own.get(template, ()))
        for instruction, parent, template in zip(
            batch["instruction"], batch[GROWN_FROM], batch["template"], strict=True
        )
    ]
    return {FAULT: faults}


def _own(prompts: Mapping[str, Prompt], values: Mapping[str, Any], kept: Sequence[str]) -> dict[str, Collection[str]]:
    """By name of a template, the runs of words that are its own and no row's."""
    blank = {**values, **dict.fromkeys(kept, "")}
    return {name: template_runs(_own_words(prompt, blank)) for name, prompt in prompts.items()}


def _own_words(prompt: Prompt, values: Mapping[str, Any]) -> str:
    """What a template says of itself, its demonstrations too: rendered around a row and a recipe that say nothing."""
    blank = {
        **dict.fromkeys(SAID, ""),
        **dict.fromkeys(TURNS, "\n"),
        "round": 1,
    }
    try:
        return prompt.render(**{**values, **blank, "description": "", "name": ""})
    except PromptError:  # it asks for more of a row than nothing
        return prompt.text


def _grow(batch: Batch, *, number: int, variants: int, names: Sequence[str]) -> Batch:
    """Every row, and behind each row of the round before its children, which hold their parent's text until asked."""
    rows: list[Row] = []
    for row in rows_of(batch):
        rows.append(row)
        if row["origin"] == "example" or row["round"] != number - 1:
            continue
        order = sorted(names, key=lambda name: unit(row["id"], "template", name))
        for variant in range(variants):
            name, again = order[variant % len(order)], variant // len(order)
            lineage = {"parent_id": row["id"], "origin": "evolved", "round": number, "template": name}
            rows.append({**row, **lineage, "id": child_id(row["id"], "evolve", name, again)})
    return {column: [row[column] for row in rows] for column in batch}


def ask(prompt: Prompt, values: dict[str, Any]) -> tuple[dict[str, str], ...]:
    """A rendered template as messages: one of the user, or where it names turns by {{ user }} and {{ assistant }},
    what stands before them as the system prompt and then a message for each.
    """
    # Row text cannot open a turn: the marks hang on all of it.
    fence = digest(values, 16)
    marks = {role: f"\0{role} {fence}\0" for role in TURNS}
    head, *turns = re.split(f"\0({'|'.join(TURNS)}) {fence}\0", rendered(prompt, **values, **marks))
    if not turns:
        return ({"role": "user", "content": head},)
    said = [{"role": role, "content": text.strip()} for role, text in zip(turns[::2], turns[1::2], strict=True)]
    return tuple([{"role": "system", "content": head.strip()}, *said] if head.strip() else said)


def parse(template: str) -> Prompt:
    """The template of that name, or inline Jinja itself."""
    return (
        Prompt.parse(template, name=template_name(template)) if is_inline(template) else Prompt.named(FOLDER, template)
    )


def is_inline(template: str) -> bool:
    """Whether the recipe holds the template itself; names have no braces and no spaces."""
    return bool(re.search(r"[\s{]", template))


def template_name(template: str) -> str:
    """What rows carry as `template`: the name, or for inline Jinja a hash of its text."""
    return f"inline-{digest(template, 8)}" if is_inline(template) else template
