"""How one row grows into a conversation: a simulated user and the assistant take turns, in one generator."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

from hfsft.errors import AnswerError
from hfsft.hashing import sampling_seed, unit
from hfsft.models.model import Answer, Request, Turns
from hfsft.prompts import Prompt
from hfsft.rows.batch import Row
from hfsft.rows.messages import Message, system_apart
from hfsft.rows.shapes.openai import message_of
from hfsft.rows.views import messages, own_turns
from hfsft.rows.views import said as in_parts
from hfsft.rows.views import tools as offers_tools
from hfsft.stages.base import Answering
from hfsft.stages.evolving.template_prompts import messages_of
from hfsft.stages.talking import user_turns
from hfsft.stages.tools.toolbox import CASE, FAULTS, TOLD, Toolbox
from hfsft.texts.loops import repeated_share
from hfsft.texts.prompt_faults import unchanged
from hfsft.texts.refusal import refusal

TURNS, ENDED, TEMPLATES, PERSONA, ASKED_AGAIN = (
    "user_turns", "conversation_end", "user_templates", "user_persona", "user_faults",
)  # fmt: skip
WRITES: dict[str, Any] = {
    TURNS: "int32", ENDED: "string", TEMPLATES: ["string"], PERSONA: "string", ASKED_AGAIN: ["string"],
}  # fmt: skip
ALL, USER = "turns", "user"
"""How conversations end that nothing was wrong with: after their number of turns, or because the user had enough."""
ALONE = dict.fromkeys(("system", "tools"))
"""What a user does not see of a row."""
SPEAK = ("user", "assistant")
"""Whose turns a user sees: calls of tools and what they give back are between these two."""
WORDS = 4  # of an answer, from which it is none where it says again what was said: below that, a greeting may
LOOPS = 0.4  # share of an answer that goes round in a loop, from which it is none
ENDING = "_end"
"""How names of ready templates end whose message is the last of the user: only the last turn is written by one."""


@dataclass(frozen=True)
class Conversing:
    """What a recipe says of how conversations grow."""

    least: int
    most: int
    prompts: Mapping[str, tuple[Prompt, float]]  # by name, with the weight
    own: Mapping[str, Collection[str]]  # by name, runs of words of the template alone
    personas: Sequence[str]
    model: str
    temperature: float | None
    max_tokens: int
    chosen: frozenset[str]
    tries: int
    eliminates: bool
    answering: Answering
    toolbox: Toolbox | None
    values: Mapping[str, Any]
    kept: Sequence[str]

    def grow(self, row: Row, columns: Mapping[str, Any]) -> Turns:
        """The columns of a row that grows; `columns` are those that its templates read.

        A turn that is faulty is asked again, `tries` times; then the conversation ends at the last good answer.
        """
        said = list(messages(row))
        goal = self.least + int(unit(row["id"], "converse", "turns") * (self.most - self.least + 1))
        persona = self._persona(row["id"])
        made = _Made([], [], list(row.get(FAULTS) or []))
        number, end = 1, ALL
        if why := self._faulty(_last(said), said[:-1]):
            return self._columns(row, said, number, f"answer: {why}", persona, made)
        while number < goal:
            number += 1
            seen = {**columns, "persona": persona, "turn": number, "turns": goal}
            turn = yield from self._user(row, said, seen, made)
            if isinstance(turn, str):
                number, end = number - 1, turn
                break
            if not turn.text:
                number, end = number - 1, USER
                break
            said.append({"role": "user", "content": turn.text})
            answer = yield from self._answer(row, said, number, made)
            if isinstance(answer, str):
                del said[-1], made.templates[-1]
                number, end = number - 1, answer
                break
            said += answer
            if turn.ends:
                end = USER if number < goal else ALL
                break
        return self._columns(row, said, number, end, persona, made)

    def _user(
        self, row: Row, said: Sequence[Message], seen: Mapping[str, Any], made: _Made
    ) -> Generator[Request, Answer, user_turns.UserTurn | str]:
        """The user's next message; why there is none where no try brought one."""
        name = self._template(row["id"], seen["turn"], last=seen["turn"] == seen["turns"])
        prompt, _ = self.prompts[name]
        seen_row = {**row, **ALONE, "messages": system_apart(said)[1]}
        spoken = [each for each in in_parts(seen_row, reasoning=False) if each.kind == "text" and each.text]
        turns = [{"role": each.role, "content": each.text} for each in spoken if each.role in SPEAK]
        asked = messages_of(prompt, {**self.values, **seen, "conversation": turns})
        why = ""
        for attempt in range(self.tries + 1):
            tag = f"converse.{seen['turn']}.user" + (f".again{attempt}" if attempt else "")
            try:
                answer = yield Request(
                    model=self.model,
                    messages=asked,
                    temperature=self.temperature,
                    max_tokens=self.max_tokens,
                    seed=sampling_seed(row["id"], tag),
                    chosen=self.chosen,
                )
            except AnswerError as error:
                why = _borne(error)
            else:
                turn = user_turns.read(answer.text)
                ended = turn.ends and not turn.text
                if ended or not (why := self._wrong(turn.text, said, name)):
                    if not ended:
                        made.templates.append(name)
                    return turn._replace(ends=turn.ends or name.endswith(ENDING))
            made.faults.append(f"user: {why}")
        return f"user: {why}"

    def _wrong(self, text: str, said: Sequence[Message], name: str) -> str:
        if not text:
            return "empty"
        return (self.eliminates and user_turns.fault(text, said, self.own[name])) or ""

    def _answer(
        self, row: Row, said: Sequence[Message], number: int, made: _Made
    ) -> Generator[Request, Answer, list[Message] | str]:
        """The assistant's turns that follow, calls of tools among them; why there are none."""
        why = ""
        for attempt in range(self.tries + 1):
            tag = f"converse.{number}.answer" + (f".again{attempt}" if attempt else "")
            try:
                turns = yield from self._answered(row, said, tag, made)
            except AnswerError as error:
                why = _borne(error)
            else:
                if not (why := self._faulty(_last(turns), said)):
                    return turns
            made.faults.append(f"answer: {why}")
        return f"answer: {why}"

    def _answered(
        self, row: Row, said: Sequence[Message], tag: str, made: _Made
    ) -> Generator[Request, Answer, list[Message]]:
        def asking(tag: str) -> Request:
            return Request(
                model=self.answering.model_of(row),
                temperature=self.answering.temperature_of(row),
                max_tokens=self.answering.max_tokens,
                seed=sampling_seed(row["id"], tag),
                chosen=frozenset(self.answering.chosen),
            )

        if self.toolbox is not None and offers_tools(row):
            exchange = self.toolbox.exchange(row, self.toolbox.of_row(row), reasons=self.answering.reasons)
            turned = yield from exchange.answer(said, asking, tag)
            made.calls.extend(turned.faults)
            return turned.turns
        sent = (message_of({**turn, "reasoning": None}, ()) for turn in said)
        answer = yield replace(asking(tag), messages=tuple(sent))
        turn: Message = {"role": "assistant", "content": answer.text.strip()}
        if self.answering.reasons and (thought := answer.reasoning.strip()):
            turn["reasoning"] = thought
        return [turn]

    def _faulty(self, text: str, before: Sequence[Message]) -> str:
        """What is wrong with an answer, in a word; empty where nothing is. `echoes`: it has just the words of what the
        user said last.
        """
        if not text.strip():
            return "empty"
        if not self.eliminates:
            return ""
        if refusal(text) == 1:
            return "refuses"
        if repeated_share(text) > LOOPS:
            return "loops"
        if len(text.split()) < WORDS:
            return ""
        asked = [each["content"] or "" for each in before if each["role"] == "user"]
        return "echoes" if any(unchanged(text, each) for each in asked[-1:]) else ""

    def _template(self, row_id: str, turn: int, *, last: bool) -> str:
        """The template of a turn: by a hash, in shares as the weights say; those that end only for the last turn."""
        names = [name for name in self.prompts if last or not name.endswith(ENDING)] or list(self.prompts)

        def place(name: str) -> float:
            number = unit(row_id, "converse", turn, name)
            return -log(1 - number) / self.prompts[name][1]

        return min(names, key=place)

    def _persona(self, row_id: str) -> str | None:
        return min(self.personas, key=lambda each: unit(row_id, "persona", each)) if self.personas else None

    def _columns(
        self, row: Row, said: Sequence[Message], number: int, end: str, persona: str | None, made: _Made
    ) -> dict[str, Any]:
        """What the row says now: its turns where it has several, and its last answer."""
        _, turns = system_apart(said)
        answer = turns[-1]
        grown = number > 1
        return {
            "messages": list(turns) if grown else own_turns(row),
            "response": answer["content"] if grown else row["response"],
            **({"reasoning": answer.get("reasoning") if grown else row["reasoning"]} if self.answering.reasons else {}),
            TURNS: number,
            ENDED: end,
            TEMPLATES: made.templates,
            PERSONA: persona,
            ASKED_AGAIN: made.faults,
            **({FAULTS: made.calls, CASE: row.get(CASE)} if self.toolbox is not None else {}),
        }


@dataclass(frozen=True)
class _Made:
    """What comes about on the way."""

    templates: list[str]
    faults: list[str]
    calls: list[str]


def left(row: Row, *, reasons: bool, tools: bool) -> dict[str, Any]:
    """The columns of a row that does not grow: what it has."""
    return {
        "messages": own_turns(row),
        "response": row["response"],
        **({"reasoning": row["reasoning"]} if reasons else {}),
        **dict.fromkeys((TURNS, ENDED, PERSONA)),
        TEMPLATES: [],
        ASKED_AGAIN: [],
        **({name: row.get(name) for name in TOLD} if tools else {}),
    }


def _last(turns: Sequence[Message]) -> str:
    return str(turns[-1]["content"] or "") if turns and turns[-1]["role"] == "assistant" else ""


def _borne(error: AnswerError) -> str:
    """The cause of an answer that is stored and cannot be used; any other error is raised, and the row asked again."""
    if error.cause not in ("length", "tool_calls"):
        raise error
    return error.cause
