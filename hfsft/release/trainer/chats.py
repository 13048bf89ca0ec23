"""Rows as conversations: lists of messages with all that they say, and the dialects that put it into texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hfsft.release.trainer.message_style import MessageStyle, styled
from hfsft.rows.batch import Row
from hfsft.rows.inline import dialect
from hfsft.rows.messages import Message, held, system_apart
from hfsft.rows.shapes import hermes, sharegpt, smoltalk2
from hfsft.rows.shapes.openai import message_of
from hfsft.rows.views import tools

ROLES = {name: role for role, name in hermes.ROLES.items()}


def as_messages(row: Row, style: MessageStyle) -> Row:
    """`messages`, and `tools` and `chat_template_kwargs` where the row has any."""
    said, more = chat(row, style)
    return {"messages": said, **more}


def as_prompt_completion(row: Row, style: MessageStyle) -> Row:
    """All before the last answer that is to be trained on, and that answer; what comes after it trains nothing.

    Of several answers all but that one are prompt: a completion of more would train on questions too.
    """
    said, more = chat(row, style)
    last = last_trained(said)
    end = len(said) - 1 if last is None else last
    return {"prompt": [_unweighted(turn) for turn in said[:end]], "completion": [_unweighted(said[end])], **more}


def as_preference(chosen: Row, rejected: Row, style: MessageStyle) -> Row:
    """`prompt`, all up to the last question, `chosen` and `rejected`, what the assistant says to it in either row."""
    said, more = chat(chosen, style)
    other, _ = chat(rejected, style)
    found = [_parted(turns) for turns in (said, other)]
    return {"prompt": found[0][0], "chosen": found[0][1], "rejected": found[1][1], **more}


def _parted(said: Sequence[Message]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    asked = max((place for place, turn in enumerate(said, 1) if turn["role"] == "user"), default=0)
    turns = list(map(_unweighted, said))
    return turns[:asked], turns[asked:]


def as_sharegpt(row: Row, style: MessageStyle) -> Row:
    """`conversations` of `from` and `value`: calls are turns of `function_call`, results turns of `observation`."""
    return {**sharegpt.write(styled(row, style), ()), **_tools(row)}


def as_hermes(row: Row, style: MessageStyle) -> Row:
    """`messages` of role and content alone: tools stand in the system prompt, calls and results between XML tags."""
    return {"messages": _in_texts(row, styled(row, style))}


def chat(row: Row, style: MessageStyle) -> tuple[list[Message], Row]:
    """The messages as chat templates read them, and what stands beside them."""
    said = styled(row, style)
    if style.tool_calls == "xml":
        return _in_texts(row, said), _template_values(row)
    if style.tool_calls == "as_read" and smoltalk2.SMOLTALK2.name in dialect(row):
        item = smoltalk2.write(said, tools(row), dialect(row))
        return [message_of(message, style.words(row, message)) for message in system_apart(said)[1]], {
            smoltalk2.COLUMN: item[smoltalk2.COLUMN]
        }
    written = [message_of(message, style.words(row, message)) for message in said]
    return written, {**_tools(row), **_template_values(row)}


def template_input(row: Row, style: MessageStyle) -> tuple[list[Message], list[Any] | None, Mapping[str, Any] | None]:
    """What a chat template is given of a row: its messages, its tools, and more values by name."""
    said, more = chat(row, style)
    return said, loaded(more.get("tools")), more.get(smoltalk2.COLUMN)


def loaded(tools: str | None) -> list[Any] | None:
    """The tools of a written row, which are JSON text there."""
    return None if tools is None else json.loads(tools)


def last_trained(turns: Sequence[Message]) -> int | None:
    """Where the last answer stands that has a weight; None where there is none."""
    places = [n for n, turn in enumerate(turns) if turn["role"] == "assistant" and turn.get("weight") != 0]
    return places[-1] if places else None


def _in_texts(row: Row, said: list[Message]) -> list[Message]:
    """The messages as Hermes has them, but by the names of roles that chat templates know."""
    told = "<tools>" in (system_apart(said)[0] or "")  # as it was read
    turns = hermes.write(said, () if told else tools(row))["conversations"]
    return [
        {
            "role": ROLES[turn["from"]],
            "content": turn["value"],
            **held(turn, "weight"),
        }
        for turn in turns
    ]


def _tools(row: Row) -> Row:
    return {"tools": row["tools"]} if row.get("tools") else {}


def _template_values(row: Row) -> Row:
    """Whether the model is to think, where the row's source told its chat template so."""
    words = dialect(row)
    asked = [word == smoltalk2.THINKING for word in words if word in (smoltalk2.THINKING, smoltalk2.NO_THINKING)]
    return {smoltalk2.COLUMN: {smoltalk2.THINKING: asked[0]}} if asked else {}


def _unweighted(turn: Message) -> dict[str, Any]:
    return {name: value for name, value in turn.items() if name != "weight"}
