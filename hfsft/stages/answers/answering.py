"""Asks for the answer to one row: by which model, with what before the question, and again where it does not pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfsft.documents import retrieving
from hfsft.errors import AnswerError, unusable
from hfsft.hashing import digest, sampling_seed
from hfsft.models.model import Request, Turns
from hfsft.prompts import Prompt
from hfsft.rows.batch import Row
from hfsft.rows.columns import variables
from hfsft.rows.views import answered, prompt_messages
from hfsft.section.late_module import LateModule
from hfsft.stages.answers.answer_notes import FAULT, TRIES, WRITER
from hfsft.stages.answers.answer_openings import OPENINGS
from hfsft.stages.answers.by_topic import DEFAULT, of_topic
from hfsft.stages.answers.checking import Checks
from hfsft.stages.answers.demonstrations import turns_of
from hfsft.stages.base import rendered
from hfsft.stages.several_answers import CANDIDATE, PROMPT
from hfsft.stages.tools.answered_row import answered_row, calls_last

if TYPE_CHECKING:
    from hfsft.stages.answers.generate import Generate
    from hfsft.stages.tools import toolbox
else:
    toolbox = LateModule("hfsft.stages.tools.toolbox")

REASONING = "reasoning"
VARIABLES = variables("system", "response", REASONING)  # what the row says before it is answered
FOLDER = "generate"
READS = ("id", "system", "response", "messages", *VARIABLES)
TEMPERATURE = 0.7
CHANCE = frozenset({"length", "empty"})
"""Causes of failures that another sample may not have: it is one of the tries of a section that checks."""


@dataclass(frozen=True)
class RowAnswerer:
    """What asks; `values` are what templates may use of the recipe."""

    section: Generate
    prompts: Mapping[str, Prompt]
    values: Mapping[str, Any]
    kept: tuple[str, ...]
    checks: Checks | None = None
    tools: toolbox.Toolbox | None = None

    def writer_of(self, row: Row) -> str:
        """Who answers a row: the models stand in an order by a hash of the prompt, and candidates go through it."""
        if len(self.section.names) == 1:
            return self.section.names[0]
        prompt = row.get(PROMPT) or row["id"]
        order = sorted(self.section.names, key=lambda name: digest([prompt, "model", name]))
        return order[(row.get(CANDIDATE) or 0) % len(order)]

    def __call__(self, row: Row) -> Turns:
        """Ask for a response, where the row has none, until one passes the checks or there were enough."""
        columns = {name: row[name] for name in (*VARIABLES, *retrieving.tells(self.section.context), *self.kept)}
        system = row["system"]
        if not system and (prompt := self._system(row["topic"])):
            system = rendered(prompt, **self.values, **columns)
        left = toolbox.left(row) if self.tools else {}
        if answered(row):
            return {**self._told(row, system, row["response"], row.get(REASONING)), **left}
        if hopeless := self.checks and self.checks.hopeless(row):
            return {**self._told(row, system, None, None, tries=0, fault=hopeless), **left}
        messages = prompt_messages({**row, "system": system})
        if "template" in self.prompts:
            messages[-1] = {
                **messages[-1],
                "content": rendered(self.prompts["template"], **self.values, **columns, system=system),
            }
        told = retrieving.tells(self.section.context)
        if told and not ("template" in self.prompts and self.prompts["template"].variables.intersection(told)):
            messages[-1] = retrieving.told(row, messages[-1])
        if row.get(OPENINGS):
            said_before = rendered(Prompt.named(FOLDER, "openings"), openings=row[OPENINGS])
            messages[-1] = {**messages[-1], "content": f"{messages[-1]['content']}\n\n{said_before.strip()}"}
        messages[-1:-1] = turns_of(row)
        writer, said = self.writer_of(row), list[dict[str, Any]]()
        tries = self.checks.tries if self.checks else 1
        for number in range(tries):
            request = Request(
                model=writer,
                messages=(*messages, *said),
                temperature=of_topic(self.section.temperature, row["topic"], TEMPERATURE),
                max_tokens=self.section.max_tokens,
                seed=sampling_seed(row["id"], tag := f"generate again {number}" if number else "generate"),
                chosen=self.section.chosen,
            )
            try:
                found = yield from answered_row(self.tools, row, request, tag, reasons=self.section.reasons)
            except AnswerError as error:
                if error.cause not in CHANCE or number + 1 == tries:
                    raise
                continue
            response, thought, called = found
            fault = self._fault({**row, **called}, system, response, thought)
            if fault is None:
                return {**self._told(row, system, response, thought, writer, number + 1), **called}
            if self.checks and self.checks.repairs:
                said = [
                    {"role": "assistant", "content": response or "..."},
                    {"role": "user", "content": rendered(Prompt.named(FOLDER, "repair"), fault=fault)},
                ]
        if not response and not calls_last(called):
            raise unusable("empty", "the model wrote no response")
        return {**self._told(row, system, response, thought, writer, tries, fault), **called}

    def _system(self, topic: str | None) -> Prompt | None:
        if not isinstance(self.section.system, dict):
            return self.prompts.get("system")
        own = self.prompts.get(f"system.{topic}")
        return own or self.prompts.get(f"system.{DEFAULT}")

    def _fault(self, row: Row, system: str | None, response: str, thought: str | None) -> str | None:
        """What is wrong with an answer. Raises `AnswerError` where the row fails by it, as nobody checks it."""
        if not response and not calls_last(row):
            if not self.checks:
                raise unusable("empty", "the model wrote no response")
            return "it is empty"
        if self.section.reasoning == "require" and thought is None:
            advice = "turn its thinking on, or ask a model that thinks; `reasoning: keep` takes rows without any"
            raise unusable("no_reasoning", "the model thought nothing before its response", advice)
        said = {**row, "system": system, "response": response, REASONING: thought}
        return self.checks.fault(said) if self.checks else None

    def _told(
        self,
        row: Row,
        system: str | None,
        response: str | None,
        thought: str | None,
        writer: str | None = None,
        tries: int | None = None,
        fault: str | None = None,
    ) -> Row:
        """The columns of an answer."""
        return {
            "system": system,
            "response": response,
            **({REASONING: thought} if self.section.reasons else {}),
            **({WRITER: writer} if len(self.section.names) > 1 else {}),
            **({TRIES: tries, FAULT: fault} if self.checks else {}),
        }
