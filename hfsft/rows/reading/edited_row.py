"""What a row says once somebody has given some of its columns another text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hfsft.errors import nearest
from hfsft.plain import plain
from hfsft.rows.columns import TEXTS
from hfsft.rows.messages import MESSAGE, TOOL_CALL, bare, system_apart
from hfsft.rows.reading.order import Order, conversation, faults
from hfsft.rows.reading.row_report import RowReport
from hfsft.rows.values import broken

ORDER = Order(assistant_opens=True)
_ANSWER = {"content": "response", "reasoning": "reasoning"}
ROLES = ("system", "user", "assistant", "tool")


def fault(edit: Mapping[str, Any]) -> str:
    """Why no row can be edited so, in words; empty where one can be."""
    for name, value in edit.items():
        if name not in TEXTS:
            return f"`{name}` is no column of texts ({nearest(name, TEXTS)})"
        if name == "messages" and value is not None:
            if said := _not_turns(value):
                return f"messages {said}"
        elif name in ("instruction", "response") and not (isinstance(value, str) and value.strip()):
            return f"{name} says nothing"
        elif value is not None and not isinstance(value, str):
            return f"{name} is a text, not {plain(json.dumps(value, ensure_ascii=False), 60)}"
        if broken(json.dumps(value, ensure_ascii=False)):
            return f"{name} has half of a character in it"
    return ""


def edited(row: Mapping[str, Any], edit: Mapping[str, Any]) -> dict[str, Any]:
    """The texts of a row with those of an edit, of which `fault` has nothing to say, in their place.

    Of a row with turns of its own, a new instruction stands in the first turn of its user, a new response and what was
    thought before it in the last of its assistant; new turns say all of these.
    """
    said: dict[str, Any] = {name: row.get(name) for name in TEXTS}
    new = {name: value or None for name, value in edit.items()}
    if turns := new.pop("messages", None):
        system, spoken = system_apart([bare(turn) for turn in turns])
        texts = conversation(list(spoken), system, ORDER, RowReport())
        said |= {name: texts.get(name) for name in ("instruction", "response", "reasoning", "messages")}
        said["system"] = texts["system"] or said["system"]
        if not row.get("messages"):
            said["context"] = None  # which the first turn says
        return said | {name: value for name, value in new.items() if name not in texts}
    said |= new
    if said["messages"]:
        turns = [bare(turn) for turn in said["messages"]]
        first = next((place for place, turn in enumerate(turns) if turn["role"] == "user"), None)
        if first is not None and "instruction" in new:
            turns[first] = {**turns[first], "content": new["instruction"]}
        if turns[-1]["role"] == "assistant":
            answer = {"content": new.get("response"), "reasoning": new.get("reasoning")}
            given = {field: answer[field] for field, name in _ANSWER.items() if name in new}
            turns[-1] = bare({**turns[-1], **given})
        said["messages"] = turns
    return said


def _not_turns(value: Any) -> str:
    if not isinstance(value, list) or not all(isinstance(turn, Mapping) for turn in value):
        return "are a list of objects with a role and a content"
    for place, turn in enumerate(value, 1):
        if turn.get("role") not in ROLES:
            return f"{place}: role is one of {', '.join(ROLES)}"
        if strange := [name for name in turn if name not in MESSAGE]:
            return f"{place}: {strange[0]} is no field of a turn ({nearest(strange[0], list(MESSAGE))})"
        calls = turn.get("tool_calls") or []
        texts = [turn.get(name) for name, kind in MESSAGE.items() if kind == "string"]
        if not isinstance(calls, list) or not all(isinstance(call, Mapping) for call in calls):
            return f"{place}: tool_calls is a list of objects"
        texts += [call.get(name) for call in calls for name in TOOL_CALL]
        if not all(text is None or isinstance(text, str) for text in texts):
            return f"{place}: what stands in its fields is text"
        weight = turn.get("weight")
        if weight is not None and (isinstance(weight, bool) or not isinstance(weight, int | float)):
            return f"{place}: weight is a number"
    _, spoken = system_apart([bare(turn) for turn in value])
    wrong = next((each for _, each in faults(spoken, ORDER)), "")
    return f"cannot be trained on: {wrong}" if wrong else ""
