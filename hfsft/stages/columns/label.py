"""Label: named choices about each row, several by one call of a model, each in a column of its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, PrivateAttr

from hfsft.engine.resources import Work
from hfsft.engine.step import Step, keeping_first
from hfsft.errors import UNREADABLE, AnswerError, Problem, nearest
from hfsft.hashing import digest
from hfsft.marks import PROSE, TEMPLATE
from hfsft.models.model import Answer, Request, Turns
from hfsft.models.probabilities import MOST
from hfsft.models.structured import ask as ask_structured
from hfsft.models.structured import watched
from hfsft.prompts import Prompt, standing_alone
from hfsft.rows.batch import Row
from hfsft.rows.columns import NAME, TEXTS, UNLABELLED, Column, Scale, column, not_free, variables
from hfsft.rows.reading.summaries import rows_said
from hfsft.rows.views import WHOLE, quoted_parts, quoted_turns, response, transcript
from hfsft.stages.base import AskingStage, Context, Name, Outcome, Panel, ShownTable, Template, Warn
from hfsft.stages.columns.choices import CONVERSATION, AnyChoices, Choices, answer_schema, partly, probability
from hfsft.stages.evolving.template_prompts import TURNS, messages_of

FOLDER = "label"
RESPONSE, INSTRUCTION = "response", "instruction"
VARIABLES = variables()
TOLD = ("labels", "conversation", "column", "quoted", "fence")
CONFIDENCE = "confidence_"
SAME = 0.9  # share of rows with one choice, from which a label hardly tells rows apart
FEW = 10  # labelled rows, below which one choice for most of them says nothing
MANY = 0.05  # share of rows without a label, from which it is told
"""Causes of answers that say nothing of the row: it is left without a label, and does not fail."""


class Label(AskingStage):
    """Named choices about each row: `quality: [poor, fair, good, excellent]`, several labels by one call.

    Each is a column, which filters and templates of later sections read and whose shares stand in report and card. A
    label stands as early as what it looks at is final: one of the instruction before the answer is paid for. What the
    model chooses must be one of the choices, in any case; a row that gets none has null there, never a guess, and the
    cause in the column `unlabelled_conversation`, or whichever column is looked at.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, AnyChoices]

    key: ClassVar[str] = "label"
    early: ClassVar[bool] = True
    seeded: ClassVar[bool] = False
    structured: ClassVar[bool] = True
    example: ClassVar[str] = """\
    label:
      quality: [poor, fair, good, excellent]
      difficulty: {column: instruction, choices: [easy, medium, hard]}
    """

    model: str | None = Field(None, description="Name under `models`; `label` if there is one, else `writer`.")
    template: Annotated[str, PROSE, TEMPLATE] = Field(
        "choices",
        min_length=1,
        description="Jinja for what the model is asked, or a file tone.jinja of it beside the recipe, or a name in "
        "templates/label/; `labels` are the names with their choices, `conversation` is what is looked at.",
    )
    temperature: float | None = Field(0, ge=0, le=2, description="Sampling temperature.")
    max_tokens: int = Field(256, ge=1, description="Most tokens in one answer.")
    confidence: bool = Field(
        False,
        description="Whether the probability of each choice, by the tokens of the answer, is kept in a column such as "
        "`confidence_quality`, of servers that give it.",
    )
    unlabelled_at_most: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of rows without a label (after 20) above which the build stops, so that no more of them are "
        "paid for.",
    )

    _base: Path = PrivateAttr(default_factory=Path)

    def stands_in(self, base: Path) -> None:
        """Paths are relative to this folder."""
        self._base = base

    def standing_alone(self) -> dict[str, Any]:
        """What it says in place of naming a file. Raises `PromptError`."""
        return {"template": standing_alone(self.template, self._base)}

    @property
    def labels(self) -> dict[str, Choices]:
        """The labels by their names."""
        return dict(self.__pydantic_extra__ or {})

    def calls(self) -> dict[str, dict[str, Choices]]:
        """What is looked at -> the labels that are asked for in one call."""
        found: dict[str, dict[str, Choices]] = {}
        for name, label in self.labels.items():
            found.setdefault(label.column, {})[name] = label
        return found

    def prompt(self) -> Prompt:
        """What the model is asked. Raises `PromptError`."""
        return Prompt.chosen(self.template, FOLDER, self._base, "label.template")

    def renders(self) -> list[Template]:
        """The template."""
        return [Template(("template",), self.prompt, (*VARIABLES, *TURNS, *TOLD))]

    def writes(self) -> list[Column]:
        """A column of each label, and of how sure the model was, where that is kept."""
        found = []
        for name, label in self.labels.items():
            choices = tuple(label.meanings)
            about = label.about or f"Chosen by a model, by `label`: {', '.join(choices)}."
            known = replace(column(name), choices=choices) if name in TEXTS else None
            found.append(known or Column(name, "string", "label", about, choices=choices))
            if self.confidence:
                said = f"How probable the model took its choice of `{name}`."
                found.append(Column(CONFIDENCE + name, "float64", "measure", said, scale=Scale(0, 1, "probabilities")))
        return found

    @classmethod
    def lacking(cls, column: str) -> str:
        """Nobody else gives confidences."""
        return "nothing is labelled" if column.startswith((CONFIDENCE, UNLABELLED)) else ""

    def problems(self, context: Context) -> Iterator[Problem]:
        """Names that are taken, and columns that there are not."""
        if not self.labels:
            yield Problem(context.place(self.key), "label names no label", "as in quality: [poor, fair, good]")
        known = (CONVERSATION, *VARIABLES, *context.kept)
        for name, label in self.labels.items():
            place = partial(context.place, self.key, name)
            if why := _misnamed(name) or not_free(name, "topic"):
                yield Problem(place(), f"label: `{name}` {why}", "name it otherwise")
            elif name in context.kept:
                yield Problem(place(), f"label: another section writes `{name}` too", "name it otherwise")
            if label.column not in known:
                said = f"label.{name} looks at `{label.column}`, which no column is called"
                yield Problem(place("column"), said, nearest(label.column, known))

    def steps(self, context: Context) -> list[Step]:
        """One step for each column that is looked at."""
        return list(chain.from_iterable(self.groups(context)))

    def groups(self, context: Context) -> list[list[Step]]:
        """The same; each may stand elsewhere."""
        ((_, model),) = self.asks(context.models)
        return [[self._step(context, model, looked_at, labels)] for looked_at, labels in self.calls().items()]

    def early_columns(self) -> Iterator[tuple[Collection[str], Collection[str]]]:
        """Of each call what it looks at, and its labels with how sure the model was."""
        prompt = self.prompt()
        for looked_at, labels in self.calls().items():
            sure = [CONFIDENCE + name for name in labels] if self.confidence else []
            yield {*_reads(looked_at), *prompt.variables}, [*labels, *sure]

    def _step(self, context: Context, model: str, looked_at: str, labels: Mapping[str, Choices]) -> Step:
        prompt = self.prompt()
        used = tuple(name for name in (*VARIABLES, *context.kept) if name in prompt.variables)
        rewritten = [name for name in labels if name in TEXTS]
        section = {**self.arguments()["section"], **self.standing_alone()}
        step = Step(
            name=f"label[{looked_at}]",
            asks=True,
            reads=tuple(dict.fromkeys(("id", *_reads(looked_at), *used, *rewritten))),
            writes=self._written(looked_at, labels),
            role="label",
            about="Chosen by a model.",
            known=tuple(self.writes()),
            identity={
                "model": context.models[model],
                **context.template_identity(prompt),
                "temperature": self.temperature,
                "max_tokens": self.max_tokens,
                "column": looked_at,
                "labels": {name: label.model_dump(mode="json") for name, label in labels.items()},
                "confidence": self.confidence,
            },
            work=Work(
                "hfsft.stages.columns.label:asking",
                {"section": section, "values": context.values(), "model": model, "column": looked_at},
            ),
            models=(model,),
            max_failed_share=self.max_failed_share,
            lost=f"{UNLABELLED}{looked_at}",
            losing="rows got no label",
            max_lost_share=self.unlabelled_at_most,
            lost_key=f"{self.key}.unlabelled_at_most",
            place=context.place(self.key),
        )
        return keeping_first(step, rewritten) if rewritten else step

    def _written(self, looked_at: str, labels: Mapping[str, Choices]) -> dict[str, Any]:
        sure = {f"{CONFIDENCE}{name}": "float64" for name in labels} if self.confidence else {}
        return {**dict.fromkeys(labels, "string"), **sure, f"{UNLABELLED}{looked_at}": "string"}

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Labels that tell no rows apart, that many rows lack, and probabilities that no server gave."""
        for name, label in self.labels.items():
            chosen, causes = _told(outcome, name, label)
            rows = chosen.total() + causes.total()
            choice, times = chosen.most_common(1)[0] if chosen else ("", 0)
            if chosen.total() >= FEW and times >= SAME * chosen.total():
                share = f"{times / chosen.total():.0%}"
                yield Warn(f"the label {name} hardly tells rows apart: {share} of the rows that have it are `{choice}`")
            if causes and causes.total() >= MANY * rows:
                why, _ = causes.most_common(1)[0]
                yield Warn(f"{causes.total():,} of {rows_said(rows)} have no label {name}: {why}")
            if rows and self.confidence and not outcome.numbers(CONFIDENCE + name, fallen=True):
                yield Warn(f"no server gave probabilities of tokens, so `{CONFIDENCE}{name}` is empty")

    def panel(self, outcome: Outcome) -> Panel | None:
        """How many rows have which label, of those that stayed and of those that fell."""
        rows: list[tuple[object, ...]] = []
        for name, label in self.labels.items():
            (kept, kept_without), (fell, fell_without) = (
                _counted(read(name), read(f"{UNLABELLED}{label.column}")) for read in (outcome.values, outcome.removed)
            )
            if kept or fell or kept_without or fell_without:
                rows += [(Name(name), Name(choice), kept[choice], fell[choice]) for choice in label.meanings]
            if kept_without or fell_without:
                rows.append((Name(name), "none could be read", kept_without.total(), fell_without.total()))
        if not rows:
            return None
        text = "How many rows have which label, of those that stayed and of those that fell once they were labelled."
        shown = ShownTable(("label", "choice", "kept", "fell"), rows, (2, 3))
        return Panel("labels", "Labels", [text, shown], counts=list(self.labels))

    def ask(self, row: Row, *, prompt: Prompt, values: Mapping[str, Any], model: str, looked_at: str) -> Turns:
        """Ask for the labels of a row by one of its columns; one that says nothing there has none."""
        labels = self.calls()[looked_at]
        turns, quoted = _shown(row, looked_at)
        if not turns:
            return {name: row.get(name) for name in self._written(looked_at, labels)}
        told = {name: {"about": label.about, "choices": label.meanings} for name, label in labels.items()}
        more = {
            "labels": told,
            "conversation": turns,
            "column": looked_at,
            "quoted": quoted,
            "fence": digest(turns, 12),  # for a template that lists `conversation` as it is
        }
        request = Request(
            model=model,
            messages=messages_of(prompt, {**values, **row, **more}),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            chosen=self.chosen,
            logprobs=MOST if self.confidence else None,
        )
        answers: list[Answer] = []

        def hear(_: Request, came: Answer | AnswerError) -> None:
            if not isinstance(came, AnswerError):
                answers.append(came)

        why = None
        try:
            found = yield from watched(ask_structured(request, answer_schema(labels), dict), hear)
        except AnswerError as error:
            if error.cause not in UNREADABLE:
                raise
            found = partly(answers, labels)
            why = None if len(found) == len(labels) else str(error)
        asked = labels.items() if self.confidence else ()
        sure = {CONFIDENCE + name: probability(answers, name, label, found.get(name)) for name, label in asked}
        return {**{name: found.get(name) for name in labels}, **sure, f"{UNLABELLED}{looked_at}": why}


def _misnamed(name: str) -> str:
    return "" if re.match(NAME, name) else "cannot name a label (small letters, digits and _)"


def _told(outcome: Outcome, name: str, label: Choices) -> tuple[Counter[str], Counter[str]]:
    """How many rows have which choice, and how many have none for which cause, whatever became of them."""
    cause = f"{UNLABELLED}{label.column}"
    return _counted(outcome.all_values(name), outcome.all_values(cause))


def _counted(values: Iterable[Any], causes: Iterable[Any]) -> tuple[Counter[str], Counter[str]]:
    chosen, without = Counter[str](), Counter[str]()
    for value, why in zip(values, causes, strict=True):
        if value is not None:
            chosen[value] += 1
        elif why is not None:
            without[why] += 1
    return chosen, without


def _reads(looked_at: str) -> Sequence[str]:
    if looked_at == CONVERSATION:
        return ("dialect", *WHOLE)
    more = {RESPONSE: ("messages", "dialect"), INSTRUCTION: ("context",)}
    return (looked_at, *more.get(looked_at, ()))


def _shown(row: Row, looked_at: str) -> tuple[list[dict[str, str]], str]:
    """What the model is shown, as turns and as one quoted text; nothing where the row says nothing there."""
    if looked_at == CONVERSATION:
        return transcript(row), quoted_turns(row)
    texts = {RESPONSE: response(row)} if looked_at == RESPONSE else {name: row[name] for name in _reads(looked_at)}
    said = [(name, text) for name, text in texts.items() if text] if texts[looked_at] else []
    return [{"role": name, "content": text} for name, text in said], quoted_parts(said)


def asking(section: Mapping[str, Any], values: Mapping[str, Any], model: str, column: str) -> Callable[[Row], Turns]:
    """What asks for the labels of a row by one of its columns."""
    stage = Label.model_validate(section)
    return partial(stage.ask, prompt=stage.prompt(), values=values, model=model, looked_at=column)
