"""Checks of each row as a trainer gets it: what its format, its chat template and `max_length` leave out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from hfsft.filters.text.control_tokens import tokens_of
from hfsft.letters.template_tokens import control_tokens
from hfsft.release.trainer.chats import last_trained, loaded, template_input
from hfsft.release.trainer.dataset_writer import RowWriter
from hfsft.release.trainer.format_needs import beyond
from hfsft.release.trainer.formats import FORMATS
from hfsft.release.trainer.message_style import reasoning_of
from hfsft.release.trainer.tokenizer import ChatTokenizer
from hfsft.rows.batch import Row
from hfsft.rows.think import split
from hfsft.rows.views import answers, messages, tools

Cause = Literal[
    "refused", "untrained", "cut before its answer", "answer cut", "system prompt hidden", "reasoning hidden",
    "words hidden", "tools hidden", "calls hidden", "results hidden", "arguments written twice", "weights ignored",
    "left out",
]  # fmt: skip
"""Why a row will not be seen as it is:

- `refused`: the chat template takes it not.
- `untrained`: no token of it is trained on.
- `cut before its answer`: its last answer begins beyond `max_length`.
- `answer cut`: its last answer ends beyond `max_length`.
- `system prompt hidden`, `reasoning hidden`, `tools hidden`, `calls hidden`, `results hidden`: the chat template
  leaves them out, all or some.
- `words hidden`: the same of what user or assistant say, as Qwen's takes what stands before a `</think>` for thought.
- `arguments written twice`: the template makes JSON of arguments that are JSON already.
- `weights ignored`: turns with the weight 0 are trained on.
- `left out`: the format has no place for it.
"""


LEFT_OUT: Cause = "left out"


class RowWarning(NamedTuple):
    """One thing about one row."""

    id: str
    cause: Cause
    detail: str


@dataclass
class TrainerFinding:
    """What is found of one row. It is JSON, so that it can be kept for the next build."""

    wrong_order: bool = False  # whether its roles do not take turns
    in_prompts: int = 0  # answers before the last that is trained on
    control: list[str] = field(default_factory=list)  # the control tokens in its texts
    refused: str | None = None  # why the chat template refuses it
    reopened: bool = False  # whether its prompt is rendered differently alone than within the whole
    length: int | None = None  # tokens, where a tokenizer counts them
    told: list[tuple[Cause, str]] = field(default_factory=list)  # why it will not be seen as it is, and a detail


@dataclass(frozen=True)
class _CheckedRow:
    """A row, and what is found of it so far."""

    row: Row
    finding: TrainerFinding = field(default_factory=TrainerFinding)

    def tell(self, cause: Cause, detail: str = "") -> None:
        self.finding.told.append((cause, detail))


@dataclass(frozen=True)
class _View:
    """A row as TRL gives it to the chat template: the prompt where it is apart, and the rest."""

    prompt: list[Any]
    rest: list[Any]
    tools: list[Any] | None
    more: Mapping[str, Any] | None

    @property
    def turns(self) -> list[Any]:
        return [*self.prompt, *self.rest]


class RowChecks:
    """Checks rows, each by itself; several at once, as a tokenizer counts many texts faster than one by one."""

    def __init__(self, writer: RowWriter, max_length: int) -> None:
        self.writer = writer
        self.tokenizer = writer.tokenizer
        self.max_length = max_length
        # What the template writes begins a turn in the text too, whether it is one token or several.
        known = self.tokenizer
        self.special = {*known.special_tokens, *control_tokens(known.template)} if known else None

    def see(self, rows: Sequence[tuple[Row, Row | None]]) -> list[TrainerFinding]:
        """What is found of rows; each comes with how it is written, or None where its texts are not to be counted."""
        checked = [(_CheckedRow(row), written) for row, written in rows]
        for one, _ in checked:
            self._look(one)
        if self.tokenizer:
            self._measure([(one, written) for one, written in checked if written is not None], self.tokenizer)
        return [one.finding for one, _ in checked]

    def _look(self, one: _CheckedRow) -> None:
        says, chosen, finding = beyond(one.row), FORMATS[self.writer.format], one.finding
        finding.wrong_order = "turns out of order" in says
        finding.control = sorted(set(tokens_of(one.row, self.special)))
        lost = sorted(says & chosen.loses - {"weights"})
        if lost:
            one.tell("left out", ", ".join(lost))
        said = answers(one.row)
        untrained = [turn for turn in said if turn.get("weight") == 0]
        finding.in_prompts = max(0, len(said) - len(untrained) - 1)  # that are to be trained on, and one of them is
        if untrained and (chosen.trains_on == "everything" or len(untrained) == len(said)):
            one.tell("weights ignored", f"{len(untrained)} of {len(said)} answers")

    def _measure(self, rows: Sequence[tuple[_CheckedRow, Row]], tokenizer: ChatTokenizer) -> None:
        chats = [(one, view) for one, written in rows if (view := _chat(written)) is not None]
        rendered = [(one, view, text) for one, view in chats if (text := _render(one, view, tokenizer)) is not None]
        sizes = tokenizer.lengths([text for *_, text in rendered], rendered=True) if rendered else []
        for (one, view, text), size in zip(rendered, sizes, strict=True):
            one.finding.length = size
            self._hidden(one, view, text, tokenizer)
            if size > self.max_length:
                self._cut(one, size, self._opening(view, tokenizer), tokenizer)
            elif not size:
                one.tell("untrained", NO_TEXT)
        if self.writer.format == "text":
            self._look_into([one for one, _ in rows], tokenizer)
        plain = [(one, *parts) for one, written in rows if (parts := _plain(written)) is not None]
        more = tokenizer.lengths([opening + rest for _, opening, rest in plain], rendered=False) if plain else []
        for (one, opening, _), size in zip(plain, more, strict=True):
            one.finding.length = size
            if size > self.max_length:
                self._cut(one, size, opening or self._before_answer(one.row, tokenizer), tokenizer)

    def _look_into(self, rows: Sequence[_CheckedRow], tokenizer: ChatTokenizer) -> None:
        """Tell what rows do not show that are published as rendered text."""
        for one in rows:
            view = self._view(one.row)
            text = _again(tokenizer, view, view.turns)
            if text is not None:
                self._hidden(one, view, text, tokenizer)

    def _view(self, row: Row) -> _View:
        said, tools, more = template_input(row, self.writer.style)
        return _View([], said, tools, more)

    def _cut(self, one: _CheckedRow, size: int, opening: str | None, tokenizer: ChatTokenizer) -> None:
        """Tell whether a row that is too long is cut before its last answer, or within it; `opening` is all before."""
        (before,) = tokenizer.lengths([opening], rendered=True) if opening else (0,)
        if before < self.max_length:
            one.tell("answer cut", f"{size:,} tokens")
            return
        trained = FORMATS[self.writer.format].trains_on
        cause: Cause = "untrained" if trained == "completion" else "cut before its answer"
        one.tell(cause, f"its answer begins after {before:,} tokens")

    def _opening(self, view: _View, tokenizer: ChatTokenizer) -> str | None:
        """All that the template writes before the last answer."""
        last = len(view.prompt) if view.prompt else last_trained(view.turns)
        if not last:
            return None
        try:
            return tokenizer.render(view.turns[:last], opened=True, tools=view.tools, more=view.more)
        except ValueError:
            return None

    def _before_answer(self, row: Row, tokenizer: ChatTokenizer) -> str | None:
        """The same of a row that is published as rendered text."""
        return self._opening(self._view(row), tokenizer) if self.writer.format == "text" else None

    def _hidden(self, one: _CheckedRow, view: _View, text: str, tokenizer: ChatTokenizer) -> None:
        """Tell what of reasoning, tools and calls the rendered text does not show."""
        turns = messages(one.row)
        thoughts = [thought.strip() for turn in turns if (thought := reasoning_of(turn))]
        missing = [thought for thought in thoughts if thought not in text]
        if missing and self.writer.style.reasoning != "drop":
            one.tell("reasoning hidden", f"{len(missing)} of {len(thoughts)} answers")
        if turns[0]["role"] == "system" and turns[0]["content"].strip() not in text:
            one.tell("system prompt hidden")
        spoken = [words for turn in view.turns if (words := _spoken(turn))]
        lost = [words for words in spoken if words not in text]
        if lost:
            one.tell("words hidden", f"{len(lost)} of {len(spoken)} turns")
        known = tools(one.row)
        typed = view.tools and text == _again(tokenizer, view, view.turns, None)
        if typed or (not view.tools and not all(name in text for name in map(_name, known))):
            one.tell("tools hidden", f"{len(known)} tools")
        calls = [(place, call) for place, turn in enumerate(view.turns) for call in turn.get("tool_calls") or ()]
        unseen = [call for place, call in calls if text == _again(tokenizer, view, _without(view.turns, place, call))]
        if unseen:
            one.tell("calls hidden", f"{len(unseen)} of {len(calls)} calls")
        twice = [call for _, call in calls if _twice(call["function"]["arguments"], text)]
        if twice:
            one.tell("arguments written twice", f"{len(twice)} of {len(calls)} calls")
        results = [turn["content"] for turn in turns if turn["role"] == "tool"]
        silent = [result for result in results if result.strip() not in text and _quoted(result) not in text]
        if silent:
            one.tell("results hidden", f"{len(silent)} of {len(results)} results")


def _spoken(turn: Mapping[str, Any]) -> str:
    """What user or assistant say in a turn, without space around it and what the assistant thinks before it."""
    said = turn.get("content")
    if turn["role"] in ("system", "developer", "tool") or not isinstance(said, str):
        return ""
    parts = split(said) if turn["role"] in ("assistant", "gpt") else None
    return (parts[1] if parts else said).strip()


NO_TEXT = "the chat template writes nothing of its answer"
_SAME: Any = object()


def _render(one: _CheckedRow, view: _View, tokenizer: ChatTokenizer) -> str | None:
    try:
        whole = tokenizer.render(view.turns, tools=view.tools, more=view.more)
        if view.prompt:
            opened = tokenizer.render(view.prompt, opened=True, tools=view.tools, more=view.more)
            one.finding.reopened = not whole.startswith(opened)
            if whole and opened.startswith(whole):
                one.tell("untrained", NO_TEXT)
    except ValueError as error:
        one.finding.refused = str(error)
        one.tell("refused", str(error))
        return None
    return whole


def _again(tokenizer: ChatTokenizer, view: _View, turns: list[Any], tools: Any = _SAME) -> str | None:
    """Other turns, or other tools, under the template; None where it refuses them."""
    try:
        return tokenizer.render(turns, tools=view.tools if tools is _SAME else tools, more=view.more)
    except ValueError:
        return None


def _without(turns: list[Any], place: int, call: Any) -> list[Any]:
    """The turns without one call of one of them."""
    calls = [other for other in turns[place]["tool_calls"] if other is not call]
    rest = {name: value for name, value in turns[place].items() if name != "tool_calls"}
    return [*turns[:place], rest | ({"tool_calls": calls} if calls else {}), *turns[place + 1 :]]


def _name(tool: Mapping[str, Any]) -> str:
    """What a tool is called, as JSON in a text has it."""
    function = tool.get("function")
    return _quoted(str((function if isinstance(function, Mapping) else tool).get("name", "")))


def _twice(arguments: Any, text: str) -> bool:
    return isinstance(arguments, str) and '"' in arguments and _quoted(arguments) in text


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _chat(written: Row) -> _View | None:
    tools, more = loaded(written.get("tools")), written.get("chat_template_kwargs")
    if "conversations" in written:
        turns = [{"role": turn["from"], "content": turn["value"]} for turn in written["conversations"]]
        return _View([], turns, tools, more)
    if isinstance(written.get("prompt"), list):
        return _View(written["prompt"], written["completion"], tools, more)
    return _View([], written["messages"], tools, more) if "messages" in written else None


def _plain(written: Row) -> tuple[str, str] | None:
    """A row as TRL tokenizes it where it is no chat: what is before its answer, where that is known, and the rest."""
    if isinstance(written.get("prompt"), str):
        return written["prompt"], written["completion"]
    if "output" in written:
        return written["text"].removesuffix(written["output"]), written["output"]
    return ("", written["text"]) if "text" in written else None
