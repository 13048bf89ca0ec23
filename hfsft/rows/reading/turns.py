"""A conversation as people write it down -> its messages: whatever the keys, the roles and the list are called."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hfsft.rows.calls import ShapeError
from hfsft.rows.inline import marks_in
from hfsft.rows.messages import Message, Role
from hfsft.rows.reading.fields import read_turn
from hfsft.rows.reading.row_report import RowReport, brief
from hfsft.rows.shapes import harmony
from hfsft.rows.shapes.openai import DEVELOPER, OPENAI
from hfsft.rows.shapes.shape import Turn
from hfsft.rows.shapes.sharegpt import CALL_ROLES, RESULT_ROLES, SHAREGPT
from hfsft.rows.spelling import spelt
from hfsft.rows.values import absent, from_json, holds, one_by_one

LISTS = (
    "messages", "conversations", "conversation", "dialog", "dialogue", "dialogs", "dialogues", "turns", "chat",
    "chats", "chat_messages", "utterances", "contents",
)  # fmt: skip
ROLE_KEYS = ("role", "from", "speaker", "author", "sender", "participant", "type")
TEXT_KEYS = ("content", "value", "text", "message", "utterance", "body", "parts")
KNOWN_ROLES: dict[str, Role] = {
    **dict.fromkeys(("user", "human", "prompter", "customer", "client", "question", "questioner", "usr"), "user"),
    **dict.fromkeys(
        ("assistant", "gpt", "bot", "chatbot", "model", "agent", "ai", "chatgpt", "bard", "bing", "claude", "gemini",
         "llama", "answer", "answerer"),
        "assistant",
    ),
    **dict.fromkeys(("system", "developer", "sys"), "system"),
}  # fmt: skip
THOUGHT_ROLES = frozenset(("reasoning", "thinking", "thought"))


def read_turns(value: Any, column: str, roles: Mapping[str, Role], finding: RowReport) -> list[Message]:
    """The messages of one conversation; what is wrong with them and what was left goes to `finding`.

    A turn that says nothing has the content "". `roles` comes before the names that are known anyway.
    """
    known = {**KNOWN_ROLES, **{spelt(name): role for name, role in roles.items()}}
    messages: list[Message] = []
    open_thought = False  # the turn before was only thought: what is said next belongs to it
    items = _items(value, finding)
    if any(isinstance(item, Mapping) and {"from", "value"} <= set(item) for item in items):
        finding.wrote(SHAREGPT.name)
    elif any(isinstance(item, Mapping) and {"role", "content"} <= set(item) for item in items):
        finding.wrote(OPENAI.name)
    for item in items:
        said = _said(item, known)
        if said is None:
            finding.odd("a turn is not an object with a role and a text")
            continue
        for name, content, rest in said:
            turn = _turn(str(name), content, rest, known, finding)
            try:
                read = read_turn(turn, column, finding)
            except ShapeError as error:
                finding.odd(str(error))
                read = [{"role": turn.role, "content": ""}]
            for message in read:
                before = messages[-1] if messages else None
                joins = turn.joins or open_thought
                if before and joins and before["role"] == message["role"] == "assistant":
                    messages[-1] = joined(before, message)
                else:
                    messages.append(message)
            open_thought = turn.thought
    note_marks(messages, finding)
    return _weighed(messages)


def joined(before: Message, message: Message) -> Message:
    """Two messages of one role as one: texts and thoughts below each other, calls behind each other."""
    texts = {
        field: "\n\n".join(turn[field] for turn in (before, message) if turn.get(field))
        for field in ("content", "reasoning")
    }
    calls = [*before.get("tool_calls", ()), *message.get("tool_calls", ())]
    both = {**before, **message, "content": texts["content"]}
    both |= {"reasoning": texts["reasoning"]} if texts["reasoning"] else {}
    both |= {"tool_calls": calls} if calls else {}
    if "weight" in both:  # what is not to be trained on in one of them is not in both
        both["weight"] = min(turn.get("weight", 1.0) for turn in (before, message))
    return both


def _turn(name: str, content: Any, rest: Mapping[str, Any], known: Mapping[str, Role], finding: RowReport) -> Turn:
    """Whose turn it is, and what of it is known by the name of its role alone."""
    called = spelt(name)
    rest = {key: value for key, value in rest.items() if not (key == "type" and value in ("message", "function"))}
    if called in known:
        if called == DEVELOPER and known[called] == "system":
            finding.wrote(DEVELOPER)
        return harmony.channelled(Turn(known[called], content, rest))
    if called in CALL_ROLES:
        # As items of OpenAI's Responses have it, the call itself stands in the turn's fields.
        calls, rest = (content, rest) if not absent(content) else (rest, {})
        return Turn("assistant", None, {**rest, "tool_calls": calls}, joins=True)
    if called in RESULT_ROLES or called == "function_call_output":
        return Turn("tool", rest.get("output") if absent(content) else content, _without(rest, "output"))
    if called.startswith(harmony.FUNCTIONS):
        finding.wrote(harmony.NAME)
        kept = {key: value for key, value in rest.items() if key not in (harmony.CHANNEL, harmony.RECIPIENT)}
        return Turn("tool", content, {**kept, "name": name.strip()[len(harmony.FUNCTIONS) :]})
    if called in THOUGHT_ROLES:
        thought = content if not absent(content) else rest.get("summary")
        return Turn("assistant", None, {**_without(rest, "summary"), "reasoning": thought}, joins=True, thought=True)
    shown = brief(name)
    key = shown if re.fullmatch(r"[^\W\d][\w .-]*", shown) else json.dumps(shown, ensure_ascii=False)
    finding.odd(f"unknown role {shown} (`roles: {{{key}: user}}` or another says what it is)")
    return Turn(shown, content, rest)


def _without(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}


def note_marks(messages: list[Message], finding: RowReport) -> None:
    """Which marks stand within texts, which say what fields might have said."""
    for word in marks_in([turn["content"] for turn in messages if turn["role"] == "assistant"]):
        finding.wrote(word)


def _weighed(messages: list[Message]) -> list[Message]:
    """Weights only where one says something: that of 1 is what a turn without one has."""
    return [{key: value for key, value in turn.items() if key != "weight" or not value} for turn in messages]


def is_conversation(value: Any) -> bool:
    """Whether the value is a list of turns, the JSON or the columns of one, or a turn alone."""
    value = from_json(value)
    if isinstance(value, Mapping):
        return _is_turn(value) or one_by_one(value) is not None
    return isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value)


def has_turns(value: Any) -> bool:
    """Whether the value is a list that holds an object with a role and a text, whatever its column is called."""
    value = from_json(value)
    return isinstance(value, list) and any(isinstance(item, Mapping) and _is_turn(item) for item in value)


def _is_turn(value: Mapping[str, Any]) -> bool:
    return any(isinstance(value.get(key), str) for key in ROLE_KEYS) and any(key in value for key in TEXT_KEYS)


def _items(value: Any, finding: RowReport) -> list[Any]:
    value = from_json(value)
    if isinstance(value, Mapping):
        value = [value] if _is_turn(value) else one_by_one(value)
    if isinstance(value, list | tuple):
        return list(value)
    if not absent(value):
        finding.odd("not a list of turns")
    return []


def _said(item: Any, known: Mapping[str, Role]) -> list[tuple[Any, Any, Mapping[str, Any]]] | None:
    """Role, content and other fields of each turn that an item stands for; None where it is none."""
    if isinstance(item, list | tuple) and len(item) == 2 and isinstance(item[0], str) and spelt(item[0]) in known:
        return [(item[0], item[1], {})]
    if not isinstance(item, Mapping):
        return None
    text_key = next((key for key in TEXT_KEYS if item.get(key) is not None), None)
    text_key = text_key or next((key for key in TEXT_KEYS if key in item), None)
    role_key = next((key for key in ROLE_KEYS if key != text_key and not absent(item.get(key))), None)
    if role_key is None:
        # {"user": "Hi", "assistant": "Hello"}: each key a turn of its own
        held = {name: value for name, value in item.items() if holds(value)}
        if held and all(spelt(name) in known for name in held):
            return [(name, value, {}) for name, value in held.items()]
        return None
    rest = {name: value for name, value in item.items() if name not in (role_key, text_key)}
    role = item[role_key]
    if isinstance(role, Mapping):  # {"author": {"role": "user", "name": "Kim"}}
        rest |= {f"{role_key}.{name}": value for name, value in role.items() if name != "role"}
        role = role.get("role")
    return [(role, item[text_key] if text_key else None, rest)] if role is not None else None
