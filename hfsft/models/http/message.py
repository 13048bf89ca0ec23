"""What a server's message says: the answer, what was thought before it, what it calls, wherever it was put.

{"role": "assistant", "content": null, "reasoning_content": "The order ...", "tool_calls": [{"id": "c1", ...}]}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hfsft.models.http.wire import sendable
from hfsft.rows import think
from hfsft.rows.calls import ShapeError, as_json
from hfsft.rows.reading.fields import is_mode, reasoning_text
from hfsft.rows.shapes.openai import REASONING_FIELDS
from hfsft.rows.shapes.parts import REDACTED, THOUGHTS
from hfsft.rows.spelling import spelt

_ENCRYPTED = (REDACTED, "reasoning.encrypted")


class MessageParts(NamedTuple):
    """What one message says."""

    text: str
    reasoning: str
    calls: tuple[dict[str, Any], ...]
    refused: bool  # whether it says no more than that the model will not answer
    unended: bool  # whether its text is a thought that never ends: then it is reasoning, and there is no text
    doubt: str  # why nobody can tell thought from answer; empty where they can be told apart


def read(message: Mapping[str, Any], model: str = "") -> MessageParts:
    """What a message says; `model`, where it is known, is what the server calls the model that wrote it.

    Raises `ShapeError` for a call without a name: nobody can tell what it calls. Of an answer that must be JSON the
    value may stand in `parsed`, as clients of OpenAI hand it on.
    """
    content, thoughts = _content(message.get("content") or message.get("parsed"))
    refused = not content and isinstance(message.get("refusal"), str)
    if refused:
        content = str(message["refusal"])
    # JSON may carry half of a surrogate pair, which neither the store nor a dataset can.
    text = sendable(content)
    thoughts = [bare for thought in (*_fields(message), *thoughts) if (bare := think.unmarked(sendable(thought)))]
    doubt, cut = think.doubt(text), think.unended(text)
    if cut is not None:
        thoughts.append(cut)
        text = ""
    elif parts := think.split(text, opened=bool(think.OPENERS.search(model))):
        thoughts.append(parts[0])
        text, doubt = parts[1], ""
    reasoning = "\n\n".join(dict.fromkeys(thought for thought in thoughts if thought))
    return MessageParts(text, reasoning, _calls(message), refused, cut is not None, doubt)


def _content(content: Any) -> tuple[str, list[str]]:
    """The text of a content, and the thoughts in it: of a text none, of parts those that are thoughts.

    Some gateways give JSON that was asked for as the object that it is.
    """
    if isinstance(content, str):
        return content, []
    if isinstance(content, Mapping):
        if "type" not in content or not isinstance(content.get("text"), str):
            return as_json(content), []
        content = [content]
    if not isinstance(content, list):
        return "", []
    texts: list[str] = []
    thoughts: list[str] = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Mapping):
            if spelt(str(part.get("type"))) in THOUGHTS:
                thoughts.append(reasoning_text(part) or "")
            elif isinstance(part.get("text"), str):
                texts.append(part["text"])
    return "".join(texts), thoughts


def _fields(message: Mapping[str, Any]) -> list[str]:
    """What was thought, of the first field for it that says it; what is encrypted says nothing."""
    for name in REASONING_FIELDS:
        if (value := message.get(name)) is None:
            continue
        if isinstance(value, list):
            value = [part for part in value if not (isinstance(part, Mapping) and part.get("type") in _ENCRYPTED)]
        if not is_mode(value) and (text := reasoning_text(value)):
            return [text]
    return []


def _calls(message: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """The calls, their arguments to the letter: whether these are JSON is looked at where they are used."""
    listed = message.get("tool_calls")
    if not listed and isinstance(message.get("function_call"), Mapping):  # as OpenAI wrote them first
        listed = [{"function": message["function_call"]}]
    return tuple(_call(call) for call in listed) if isinstance(listed, list) else ()


def _call(call: Any) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, Mapping) else None
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(name, str) or not name.strip():
        raise ShapeError("a tool call without a name")
    given = function.get("arguments")
    arguments = given if isinstance(given, str) and given.strip() else as_json({} if given in (None, "") else given)
    number = call.get("id")
    return {
        **({"id": sendable(str(number))} if number not in (None, "") else {}),
        "name": sendable(name),
        "arguments": sendable(arguments),
    }
