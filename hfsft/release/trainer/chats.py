"""Rows as conversations: lists of messages with all that they say, and the dialects that put it into texts."""

from __future__ import annotations

import json
from typing import Any

from hfsft.release.trainer.style import Style, arguments, call_texts, thought, xml
from hfsft.rows.batch import Row
from hfsft.rows.messages import Message
from hfsft.rows.views import messages

SHAREGPT_ROLES = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}
TOOLS_PROMPT = (
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n{}\n</tools>\n\n"
    "For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML "
    'tags:\n<tool_call>\n{{"name": <function-name>, "arguments": <args-json-object>}}\n</tool_call>'
)
"""What models of the Hermes kind are told of their tools, as their chat templates say it."""


def as_messages(row: Row, style: Style) -> Row:
    """`messages`, and `tools` and `chat_template_kwargs` where the row has any."""
    said, more = chat(row, style)
    return {"messages": said, **more}


def as_prompt_completion(row: Row, style: Style) -> Row:
    """All before the last answer that is to be trained on, and that answer; what comes after it trains nothing.

    Of several answers all but that one are prompt: a completion of more would train on questions too.
    """
    said, more = chat(row, style)
    last = last_trained(said)
    end = len(said) - 1 if last is None else last
    return {"prompt": [_unweighted(turn) for turn in said[:end]], "completion": [_unweighted(said[end])], **more}


def as_sharegpt(row: Row, style: Style) -> Row:
    """`conversations` of `from` and `value`: calls are turns of `function_call`, results turns of `observation`."""
    turns: list[dict[str, Any]] = []
    for message in messages(row):
        text = message["content"] if style.reasoning == "drop" else thought(message)
        calls = message.get("tool_calls")
        if calls:
            spoken = message["content"]
            thinking = text.removesuffix(spoken) if not spoken else ""
            turns += [{"from": "gpt", "value": text}] if spoken else []
            turns.append({"from": "function_call", "value": thinking + call_texts(calls)})
        else:
            turns.append({"from": SHAREGPT_ROLES[message["role"]], "value": text})
        if "weight" in message:
            turns[-1]["weight"] = message["weight"]
    return {"conversations": turns, **_tools(row)}


def as_hermes(row: Row, style: Style) -> Row:
    """`messages` of role and content alone: tools stand in the system prompt, calls and results between XML tags."""
    said, _ = chat(row, Style("drop" if style.reasoning == "drop" else "inline", "xml"))
    return {"messages": said}


def chat(row: Row, style: Style) -> tuple[list[Message], Row]:
    """The messages as chat templates read them, and what stands beside them."""
    calls = style.calls(row)
    said = [_message(message, row, style) for message in messages(row)]
    more: Row = _template_values(row)
    if calls == "xml":
        return _with_tools_prompt(said, row), more
    return said, {**_tools(row), **more}


def last_trained(turns: list[Message]) -> int | None:
    """Where the last answer stands that has a weight; None where there is none."""
    places = [n for n, turn in enumerate(turns) if turn["role"] == "assistant" and turn.get("weight") != 0]
    return places[-1] if places else None


def _message(message: Message, row: Row, style: Style) -> Message:
    said: Message = {"role": message["role"], "content": message["content"]}
    reasoning, calls = message.get("reasoning"), message.get("tool_calls")
    if reasoning and style.reasoning != "drop":
        if style.inline(row):
            said["content"] = thought(message)
        else:
            said[style.reasoning_key(row)] = reasoning
    if style.calls(row) == "xml":
        if calls:
            said["content"] = "\n".join(text for text in (said["content"], xml(calls)) if text)
        if message["role"] == "tool":
            said["content"] = f"<tool_response>\n{message['content']}\n</tool_response>"
    else:
        if calls:
            said["tool_calls"] = [_call(call, row, style) for call in calls]
        said |= {name: message[name] for name in ("tool_call_id", "name") if name in message}
    return said | ({"weight": message["weight"]} if "weight" in message else {})


def _call(call: dict[str, Any], row: Row, style: Style) -> dict[str, Any]:
    """One call in OpenAI's shape."""
    function = {"name": call.get("name"), "arguments": arguments(call, style.calls(row))}
    named = {"id": call["id"]} if call.get("id") else {}
    return {**named, "type": "function", "function": function}


def _with_tools_prompt(said: list[Message], row: Row) -> list[Message]:
    """The messages with the row's tools in the system prompt, unless they stand there already."""
    system = said[0]["content"] if said and said[0]["role"] == "system" else ""
    if not row.get("tools") or "<tools>" in system:
        return said
    listed = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in json.loads(row["tools"]))
    prompt = "\n\n".join(text for text in (system, TOOLS_PROMPT.format(listed)) if text)
    return [{"role": "system", "content": prompt}, *(said[1:] if system else said)]


def _tools(row: Row) -> Row:
    return {"tools": row["tools"]} if row.get("tools") else {}


def _template_values(row: Row) -> Row:
    values = row.get("chat_template_kwargs")
    return {"chat_template_kwargs": json.loads(values)} if values else {}


def _unweighted(turn: Message) -> Message:
    return {name: value for name, value in turn.items() if name != "weight"}
