"""A question and its answer in columns of their own, as texts or as lists of turns; also pairs and marks of answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hfsft.rows.calls import ShapeError
from hfsft.rows.messages import Message, in_one_text, system_apart
from hfsft.rows.shapes.marked import is_marked, turns_of
from hfsft.rows.shapes.openai import message_of
from hfsft.rows.shapes.shape import Item, Shape, Tools
from hfsft.rows.values import holds, listed

SIDES = ("chosen", "rejected")
OTHER_ANSWERS = ("response", "output", "completion", "answer")
LISTS = ("messages", "conversations", "conversation")


def _kto(item: Item) -> Item:
    """Marks as numbers or words are the same as true and false."""
    label = item.get("label")
    said = label.strip().lower() if isinstance(label, str) else label
    if said in ("0", "1", 0, 1) and not isinstance(said, bool):
        return {**item, "label": str(said) == "1"}
    return {**item, "label": {"bad": False, "undesirable": False}.get(str(said), label)}


def _preference(item: Item) -> Item:
    """Answers that are texts with marked turns, the question among them, are lists of turns."""
    made = {name: value for name, value in item.items() if name not in LISTS or value != item.get("chosen")}
    sides = [name for name in SIDES if is_marked(item.get(name))]
    return {**made, **{name: turns_of(item[name]) for name in sides}} if "prompt" not in item else made


def _is_preference(item: Item) -> bool:
    """Whether a better and a worse answer are all that answers; turns beside them are the question, or the better."""
    if not all(isinstance(item.get(side), str | list | Mapping) and holds(item[side]) for side in SIDES):
        return False
    if any(holds(item.get(name)) for name in OTHER_ANSWERS):
        return False
    return all(item[name] == item["chosen"] or _asks(item[name]) for name in LISTS if holds(item.get(name)))


def _asks(value: Any) -> bool:
    """Whether the value is a list of turns of which the last is the user's."""
    turns = listed(value)
    last = turns[-1] if turns else None
    return isinstance(last, Mapping) and (last.get("role") or last.get("from")) in ("user", "human")


def write_alpaca(messages: Sequence[Message], tools: Tools = (), _: Collection[str] = ()) -> dict[str, Any]:
    """The last question and answer, those before as `history`; reasoning stands in the text of the answer."""
    system, turns = system_apart(messages)
    if tools or [turn["role"] for turn in turns] != ["user", "assistant"] * (len(turns) // 2):
        raise ShapeError("alpaca has no tools, and user and assistant take turns in it")
    texts = list(map(in_one_text, turns))
    item: dict[str, Any] = {"instruction": texts[-2], "input": "", "output": texts[-1]}
    item |= {"system": system} if system is not None else {}
    history = [list(pair) for pair in zip(texts[:-2:2], texts[1:-2:2], strict=True)]
    return item | ({"history": history} if history else {})


def _write_pair(messages: Sequence[Message], tools: Tools, dialect: Collection[str]) -> dict[str, Any]:
    turns = [message_of(turn, dialect) for turn in messages]
    return {"prompt": turns[:-1], "completion": turns[-1:]} | ({"tools": list(tools)} if tools else {})


ALPACA = Shape(
    "alpaca",
    "`instruction`, `input` and `output`, with `system` and `history`",
    columns={"instruction": "instruction", "response": "output"},
    write=write_alpaca,
)
PROMPT_COMPLETION = Shape(
    "prompt_completion",
    "`prompt` and `completion`, texts or lists of turns",
    columns={"instruction": "prompt", "response": "completion"},
    write=_write_pair,
)
PREFERENCE = Shape(
    "preference",
    "`prompt`, `chosen` and `rejected`, of which the better answer is read (`response: rejected` reads the other)",
    columns={"instruction": "prompt", "response": "chosen"},
    read=_preference,
    tells=_is_preference,
    dropped="pair",
)
KTO = Shape(
    "kto",
    "`prompt`, `completion` and `label`, of which the answers that are marked as good are read",
    columns={"instruction": "prompt", "response": "completion"},
    read=_kto,
)
AYA = Shape(
    "aya",
    "`inputs` and `targets`, as Aya and xP3 have them",
    columns={"instruction": "inputs", "response": "targets"},
    tells=lambda item: all(isinstance(item.get(name), str) for name in ("inputs", "targets")),
)
