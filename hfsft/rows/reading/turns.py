"""A conversation as people write it down -> its turns: whatever the keys, the roles and the list are called."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from hfsft.rows.reading.finding import Finding, brief
from hfsft.rows.reading.refused import bare, check_part, check_role, check_turn
from hfsft.rows.values import NOT_UNICODE, absent, broken, from_json, healed, holds, printable

Role = Literal["user", "assistant", "system"]
Turn = dict[str, str]  # role and content

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
TEXT_PARTS = ("text", "input_text", "output_text")


def read_turns(value: Any, column: str, roles: Mapping[str, Role], finding: Finding) -> list[Turn]:
    """The turns of one conversation; what is wrong with them and what was left goes to `finding`.

    A turn that says nothing has the content "". `roles` comes before the names that are known anyway.
    """
    known = {**KNOWN_ROLES, **{bare(name): role for name, role in roles.items()}}
    turns: list[Turn] = []
    for item in _items(value, finding):
        said = _said(item, known)
        if said is None:
            finding.odd("a turn is not an object with a role and a text")
            continue
        for name, content, rest in said:
            role = _role(name, known, finding)
            check_turn(rest, role, finding)
            for field, left in rest.items():
                finding.left(f"{column}[].{field}", left)
            turns.append({"role": role or brief(name), "content": _content(content, finding)})
    return turns


def is_conversation(value: Any) -> bool:
    """Whether the value is a list of turns, the JSON or the columns of one, or a turn alone."""
    value = from_json(value)
    if isinstance(value, Mapping):
        return _is_turn(value) or _columns(value) is not None
    return isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value)


def has_turns(value: Any) -> bool:
    """Whether the value is a list that holds an object with a role and a text, whatever its column is called."""
    value = from_json(value)
    return isinstance(value, list) and any(isinstance(item, Mapping) and _is_turn(item) for item in value)


def _is_turn(value: Mapping[str, Any]) -> bool:
    return any(isinstance(value.get(key), str) for key in ROLE_KEYS) and any(key in value for key in TEXT_KEYS)


def _items(value: Any, finding: Finding) -> list[Any]:
    value = from_json(value)
    if isinstance(value, Mapping):
        value = [value] if _is_turn(value) else _columns(value)
    if isinstance(value, list | tuple):
        return list(value)
    if not absent(value):
        finding.odd("not a list of turns")
    return []


def _columns(value: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Turns that are written as `{"from": [...], "value": [...]}`, one by one."""
    lists = list(value.values())
    if not lists or not all(isinstance(one, list) and len(one) == len(lists[0]) for one in lists):
        return None
    return [dict(zip(value, items, strict=True)) for items in zip(*lists, strict=True)]


def _said(item: Any, known: Mapping[str, Role]) -> list[tuple[Any, Any, Mapping[str, Any]]] | None:
    """Role, content and other fields of each turn that an item stands for; None where it is none."""
    if isinstance(item, list | tuple) and len(item) == 2 and isinstance(item[0], str) and bare(item[0]) in known:
        return [(item[0], item[1], {})]
    if not isinstance(item, Mapping):
        return None
    text_key = next((key for key in TEXT_KEYS if item.get(key) is not None), None)
    text_key = text_key or next((key for key in TEXT_KEYS if key in item), None)
    role_key = next((key for key in ROLE_KEYS if key != text_key and not absent(item.get(key))), None)
    if role_key is None:
        # {"user": "Hi", "assistant": "Hello"}: each key a turn of its own
        held = {name: value for name, value in item.items() if holds(value)}
        if held and all(bare(name) in known for name in held):
            return [(name, value, {}) for name, value in held.items()]
        return None
    rest = {name: value for name, value in item.items() if name not in (role_key, text_key)}
    role = item[role_key]
    if isinstance(role, Mapping):  # {"author": {"role": "user", "name": "Kim"}}
        rest |= {f"{role_key}.{name}": value for name, value in role.items() if name != "role"}
        role = role.get("role")
    return [(role, item[text_key] if text_key else None, rest)] if role is not None else None


def _role(name: Any, known: Mapping[str, Role], finding: Finding) -> Role | None:
    name = str(name)
    role = known.get(bare(name))
    if role is None and not check_role(name, finding):
        shown = brief(name)
        key = shown if re.fullmatch(r"[^\W\d][\w .-]*", shown) else json.dumps(shown, ensure_ascii=False)
        finding.odd(f"unknown role {shown} (`roles: {{{key}: user}}` or another says what it is)")
    return role


def _content(value: Any, finding: Finding) -> str:
    """The text of a turn: a text, or a list of parts that are all text."""
    if absent(value):
        return ""
    if isinstance(value, Mapping):
        value = [value]
    if isinstance(value, list):
        texts = [_part(part, finding) for part in value]
        value = "\n".join(text for text in texts if text is not None)
    if not isinstance(value, str):
        finding.odd("a turn is not text")
        return ""
    value = healed(value)
    if broken(value):
        finding.odd(NOT_UNICODE)
    return printable(value)


def _part(part: Any, finding: Finding) -> str | None:
    if isinstance(part, str):
        return part
    if isinstance(part, Mapping) and part.get("type", "text") in TEXT_PARTS:
        text = next((part[key] for key in TEXT_KEYS if isinstance(part.get(key), str)), None)
        for name, value in part.items():
            if name not in (*TEXT_KEYS, "type"):
                finding.left(f"part of a turn: {name}", value)
        if text is not None or not any(part.get(key) for key in TEXT_KEYS):
            return text
    check_part(part, finding)
    return None
