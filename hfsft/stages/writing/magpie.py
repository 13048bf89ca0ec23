"""Written by a model that is shown nothing but the beginning of a user's turn: it goes on with what users say there.

Source: Xu et al. 2024, "Magpie: Alignment Data Synthesis from Scratch by Prompting Aligned LLMs with Nothing", arXiv
2406.08464, section 2.1: the chat template up to where the user's text begins is sent as a raw text, and what the model
writes up to the template's end mark is an instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field, model_validator

from hfsft.engine.resources import Work
from hfsft.engine.step import Step
from hfsft.errors import ModelError, Problem, unusable
from hfsft.hashing import sampling_seed
from hfsft.marks import FILE, PROSE, TEMPLATE
from hfsft.models.model import Request, Turns
from hfsft.pretrained.loaded_tokenizer import located, pretrained_tokenizer, template_of
from hfsft.prompts import Prompt
from hfsft.rows.batch import Row
from hfsft.rows.row import WRITTEN
from hfsft.sandbox import chat
from hfsft.sandbox.work import TooMuchWorkError
from hfsft.stages.base import Context, Template, rendered
from hfsft.stages.writing.base import ATTRIBUTES, SAID, Written
from hfsft.stages.writing.written_kind import written_kind

MARK = "\u241f7f3c41\u241f"  # stands where the user's text is to stand; no template has it
SYSTEM = "\u241f9b20d7\u241f"


class TurnOpening(NamedTuple):
    """What stands before a user's text in a chat, and the mark behind it."""

    prefix: str
    end: str


@written_kind
class Magpie(Written):
    """What a chat model makes of the beginning of a user's turn: instructions as it was trained on, from no seed."""

    way: ClassVar[str] = "magpie"
    goes_on: ClassVar[bool] = True
    example: ClassVar[str] = """\
    seeds:
      - {from: magpie, count: 200}
    """

    system: Annotated[str | None, PROSE, TEMPLATE] = Field(
        None,
        description="Jinja, or a file of it beside the recipe, for the system prompt that the model is shown before "
        "it, which steers what it writes; left out: what its chat template has.",
    )
    prefix: str | None = Field(
        None,
        min_length=1,
        description="What the model is sent, in place of what its chat template begins a user's turn with.",
    )
    stop: list[str] | None = Field(
        None, min_length=1, description="Where the text ends, beside the template's end mark."
    )
    tokenizer: Annotated[str | None, FILE] = Field(
        None,
        min_length=1,
        description="Whose chat template it is: a Hub id or a folder; left out: the embedded model's own.",
    )

    @model_validator(mode="after")
    def _nothing_twice(self) -> Magpie:
        if self.templates is not None:
            raise ValueError("templates: the model is shown none; `system` steers what it writes")
        if self.prefix is not None and (self.system is not None or self.tokenizer is not None):
            raise ValueError("prefix: stands in place of what `system` and `tokenizer` would make")
        return self

    @property
    def weights(self) -> dict[str, float]:
        """None: it has no template."""
        return {}

    def prompts(self) -> dict[str, Prompt]:
        """The system prompt, if it has one."""
        return {"system": self._system()} if self.system else {}

    def _system(self) -> Prompt:
        return Prompt.parse(self.system or "", name="system")

    def renders(self) -> list[Template]:
        """The system prompt, if it has one."""
        return [Template(("system",), self._system, (*SAID, ATTRIBUTES))] if self.system else []

    def problems(self, context: Context) -> Iterator[Problem]:
        """That nothing says how a user's turn begins."""
        if self.prefix is not None:
            return
        try:
            self.opening(context)
        except ModelError as error:
            advice = "name the model's `tokenizer`, or give the `prefix` itself"
            yield Problem(context.place(self.key, "tokenizer" if self.tokenizer else "from"), str(error), advice)

    def opening(self, context: Context) -> TurnOpening:
        """How a user's turn begins, with a mark for the system prompt in it where there is one. Raises `ModelError`."""
        if self.prefix is not None:
            return TurnOpening(self.prefix, "")
        if self.tokenizer is not None:
            text = self._template_at(context.base) if context.opened else ""
        elif context.chat_template is not None:
            text = context.chat_template(self.model)
        else:
            text = ""
        if not text:
            return TurnOpening("", "")
        turns = [{"role": "system", "content": SYSTEM}] if self.system else []
        try:
            chat.check(text)
            # Servers put the mark of a text's begin there themselves.
            whole = chat.render(text, [*turns, {"role": "user", "content": MARK}], {"bos_token": ""}, opened=False)
        except (ValueError, TooMuchWorkError) as error:
            raise ModelError(f"the chat template cannot begin a user's turn: {error}") from None
        prefix, found, rest = whole.partition(MARK)
        if not found or not prefix or (self.system and SYSTEM not in prefix):
            raise ModelError("the chat template does not say where a user's turn begins")
        return TurnOpening(prefix, rest.strip().split("\n")[0].strip())

    def _template_at(self, base: Path) -> str:
        """The chat template of the tokenizer."""
        found = pretrained_tokenizer(located(self.tokenizer or "", base))
        if not found.chat_template:
            raise ModelError(f"the tokenizer {self.tokenizer} has no chat template")
        return template_of(found)

    def asking(self, context: Context, step: str = "", number: int = 0) -> Step:
        """The step that sends the beginning of a user's turn, and takes what comes behind it."""
        made = super().asking(context, step, number)
        try:
            opening = self.opening(context)
        except ModelError:  # told as a problem
            opening = TurnOpening("", "")
        told = self.arguments(self._values(context), self.kept(context), called=context.called, opening=list(opening))
        return replace(
            made,
            identity={**made.identity, "opening": list(opening), "stop": self.stop},
            work=Work("hfsft.stages.writing.magpie:going_on", told),
            version=3,
        )

    def go_on(
        self, row: Row, *, called: str, opening: TurnOpening, values: dict[str, Any], kept: tuple[str, ...]
    ) -> Turns:
        """Let the model go on with a user's turn."""
        if not self.mine(row, called):
            return {"instruction": row["instruction"]}
        prefix = opening.prefix
        if self.system:
            attributes = {name: row[name] for name in values[ATTRIBUTES] if row.get(name) is not None}
            columns = {name: row[name] for name in (*SAID, *kept)}
            system = rendered(self._system(), **{**values, **columns, ATTRIBUTES: attributes})
            prefix = prefix.replace(SYSTEM, system)
        stop = tuple(dict.fromkeys([*([opening.end] if opening.end else []), *(self.stop or ())]))
        answer = yield Request(
            model=self.model,
            prompt=prefix,
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            stop=stop,
            seed=sampling_seed(row["id"], WRITTEN),
            chosen=self.chosen,
        )
        text = went_on(answer.text, prefix, stop)
        if not text:
            raise unusable("empty", "the model wrote no instruction")
        return {"instruction": text}

    def _own(self, values: Mapping[str, Any], kept: Sequence[str]) -> dict[str, Collection[str]]:
        return {}


def went_on(text: str, prefix: str, stop: Sequence[str]) -> str:
    """What stands behind the text that was sent, which some servers give back, up to where others did not stop."""
    text = text.removeprefix(prefix)
    ends = [at for mark in stop if (at := text.find(mark)) >= 0]
    return text[: min(ends)].strip() if ends else text.strip()


def going_on(
    section: Mapping[str, Any], values: dict[str, Any], kept: Sequence[str], called: str, opening: Sequence[str]
) -> Callable[[Row], Turns]:
    """What lets the model go on with the users' turns of a source."""
    stage = Magpie.model_validate(section)
    return partial(stage.go_on, called=called, opening=TurnOpening(*opening), values=values, kept=tuple(kept))
