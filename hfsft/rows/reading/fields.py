"""What stands in one turn beside its role: its text, and each field that is known -> typed messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from hfsft.rows.calls import IDS, OBJECTS, Call, ShapeError, calls_of
from hfsft.rows.messages import Message
from hfsft.rows.reading.row_report import RowReport
from hfsft.rows.reading.unsupported import IMAGES, IMAGES_FIELDS, WEIGHT, weight_of
from hfsft.rows.shapes import openai
from hfsft.rows.shapes.parts import PARTS, Parts, are_parts, read_parts, result_text
from hfsft.rows.shapes.shape import Turn
from hfsft.rows.spelling import letters
from hfsft.rows.values import NOT_UNICODE, absent, broken, healed, holds, printable, unpadded

MODES = frozenset((
    "on", "off", "true", "false", "yes", "no", "none", "enabled", "disabled", "auto", "default", "minimal", "low",
    "medium", "high", "think", "no_think", "detailed",
))  # fmt: skip
NAME_FIELDS = ("name", "tool_name", "function_name")
CALLS_STAY = "tool calls, which `drop: [tools]` cannot take out of a conversation"


def read_turn(turn: Turn, column: str, finding: RowReport) -> list[Message]:
    """The messages that one turn comes to: one, or of results in parts one each, before what the user says with them.

    Raises `ShapeError` for what cannot be read.
    """
    if not turn.fields and isinstance(turn.content, str):  # as most turns are
        return [{"role": turn.role, "content": "" if absent(turn.content) else _clean(turn.content, finding)}]
    if finding.padded:
        turn = replace(turn, content=unpadded(turn.content), fields=unpadded(turn.fields))
    fields = _Fields(turn.fields)
    tool = turn.role == "tool"
    parts = Parts([result_text(turn.content)]) if tool and not are_parts(turn.content) else _parts(turn, finding)
    message: Message = {"role": turn.role, "content": _clean("\n".join(parts.texts), finding)}
    thoughts = [_clean(text, finding) for text in (*parts.thoughts, *_reasoning(turn, fields, column, finding))]
    if thoughts:
        message["reasoning"] = "\n\n".join(dict.fromkeys(thoughts))
    if calls := [*parts.calls, *_calls(turn, fields, parts, finding)]:
        message["tool_calls"] = [{name: _clean(value, finding) for name, value in call.items()} for call in calls]
        if "tools" in finding.drop:
            finding.odd(CALLS_STAY)
        if turn.role != "assistant":
            raise ShapeError(f"tool calls in a turn of the {turn.role}")
    if parts.objects:
        finding.wrote(OBJECTS)
    for name, value in fields.take(IMAGES_FIELDS):
        finding.refuse("images", IMAGES)
        finding.left(f"{column}[].{name}", value)
    for _, value in fields.take(openai.TOOLS_FIELDS):
        finding.tools.append(value)
    for name, value in fields.take(NAME_FIELDS):
        if isinstance(value, str) and "name" not in message:
            message["name"] = _clean(value, finding)
        else:
            finding.left(f"{column}[].{name}", value)
    _weight(turn, fields, message, column, finding)
    results = [*parts.results, *_results(fields)]
    if tool:
        for _, value in fields.take(IDS):
            message.setdefault("tool_call_id", _clean(str(value), finding))
    for name, value in (*fields.rest(), *((f"part of a turn: {name}", value) for name, value in parts.left.items())):
        finding.left(name if name.startswith("part of") else f"{column}[].{name}", value)
    if not results:
        return [message]
    if turn.role == "assistant":
        raise ShapeError("results of tools in a turn of the assistant")
    made = [{**one, "content": _clean(one["content"], finding)} for one in results]
    return made if tool or not message["content"].strip() else [*made, message]


class _Fields:
    """The fields of a turn that hold something, each to be taken once, however it is spelt."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._left = dict(fields)

    def take(self, names: tuple[str, ...], held: Callable[[Any], bool] = holds) -> Iterator[tuple[str, Any]]:
        """The fields of these names that hold something, in the order of the names."""
        for wanted in map(letters, names) if self._left else ():
            for name in [name for name in self._left if letters(name) == wanted and held(self._left[name])]:
                yield name, self._left.pop(name)

    def rest(self) -> list[tuple[str, Any]]:
        """What nobody took."""
        return list(self._left.items())


def _parts(turn: Turn, finding: RowReport) -> Parts:
    """The content of a turn as parts; a text is one."""
    value = turn.content
    if absent(value):
        return Parts([""])
    if isinstance(value, str):
        return Parts([value])
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list):
        raise ShapeError("a turn is not text")
    parts = read_parts(value, thoughts="reasoning" not in finding.drop)
    finding.wrote(PARTS.name)
    return parts


def _reasoning(turn: Turn, fields: _Fields, column: str, finding: RowReport) -> list[str]:
    """What the assistant thought, of the fields for it: the first that says it, unless another says something else."""
    found: dict[str, None] = {}
    for name, value in fields.take(openai.REASONING_FIELDS, says):
        if "reasoning" in finding.drop or turn.role != "assistant" or is_mode(value):
            finding.left(f"{column}[].{name}", value)
        elif (text := reasoning_text(value)) is None:
            raise ShapeError("reasoning is not text (`drop: [reasoning]` leaves it out)")
        elif not found:
            found[text] = None
            finding.wrote(name)
        elif text not in found:
            finding.left(f"{column}[].{name}", value)
    return list(found)


def reasoning_text(value: Any) -> str | None:
    """Reasoning as text: itself, or that of parts which are all text or thought; None where it is something else."""
    if isinstance(value, str):
        return value
    listed = [value] if isinstance(value, Mapping) else value
    if not isinstance(listed, list):
        return None
    texts: list[str] = []
    for part in listed:
        kind = str(part.get("type")) if isinstance(part, Mapping) else ""
        known = {**part, "type": "text" if kind.endswith("text") else "thinking"} if kind else part
        try:
            parts = read_parts([known])
        except ShapeError:
            return None
        texts += [*parts.texts, *parts.thoughts]
    return "\n\n".join(texts) or None


def is_mode(value: Any) -> bool:
    """Whether the value says no thought, but whether or how hard the model was to think."""
    return isinstance(value, bool) or (isinstance(value, str) and value.strip().lower() in MODES)


def says(value: Any) -> bool:
    """Whether a value says something, be it text that is no more than `{}`."""
    return not absent(value) if isinstance(value, str) else holds(value)


def _calls(turn: Turn, fields: _Fields, parts: Parts, finding: RowReport) -> list[Call]:
    found: list[Call] = []
    for name, value in fields.take(openai.CALLS_FIELDS):
        calls, objects = calls_of(value)
        found += calls
        parts.objects = parts.objects or objects
        if letters(name) == letters(openai.LEGACY) and not turn.joins:
            finding.wrote(openai.LEGACY)
    return found


def _results(fields: _Fields) -> list[Message]:
    """Results that stand in a field of the turn, as AutoGen has several in one."""
    made: list[Message] = []
    for _, value in fields.take(openai.RESULT_FIELDS):
        for one in value if isinstance(value, list) else [value]:
            result = one if isinstance(one, Mapping) else {"content": one}
            made += read_parts([{**result, "type": "tool_result"}]).results
    return made


def _weight(turn: Turn, fields: _Fields, message: Message, column: str, finding: RowReport) -> None:
    """Whether the assistant's turn is trained on; what others' turns say of it does not matter."""
    for name, value in fields.take(openai.TURN_WEIGHT_FIELDS):
        weight = weight_of(value)
        if turn.role != "assistant" and weight == 0:
            continue  # as it is anyway
        if turn.role != "assistant" or weight is None or "weight" in finding.drop:
            finding.left(f"{column}[].{name}", value)
        elif weight not in (0, 1):
            finding.odd(WEIGHT)
        else:
            message["weight"] = min(weight, message.get("weight", 1.0))


def _clean(text: str, finding: RowReport) -> str:
    text = healed(text)
    if broken(text):
        finding.odd(NOT_UNICODE)
    return printable(text)
