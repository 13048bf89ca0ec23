"""Messages that end with the question, and its answer in a column of its own, as Dolphin-R1 has them.

{"messages": [{"role": "user", "content": "Is it cold in Oslo?"}], "reasoning": "3 degrees is cold.", "answer": "Yes."}
"""

from __future__ import annotations

from collections.abc import Mapping

from hfsft.rows.calls import ShapeError
from hfsft.rows.shapes.openai import REASONING_FIELDS
from hfsft.rows.shapes.shape import Item, Shape
from hfsft.rows.values import absent, listed

MESSAGES = "messages"
ANSWERS = ("answer", "response", "output", "completion")


def answer_of(item: Item) -> str | None:
    """The column that may hold the answer to the last message, which is the user's; None where there is none."""
    turns = listed(item.get(MESSAGES))
    last = turns[-1] if turns else None
    if not isinstance(last, Mapping) or last.get("role") != "user":
        return None
    return next((name for name in ANSWERS if isinstance(item.get(name), str) and not absent(item[name])), None)


def _tells(item: Item) -> bool:
    """Whether it has been thought before the answer: what stands there without may be the right answer to train for."""
    return answer_of(item) is not None and any(
        isinstance(item.get(name), str) and not absent(item[name]) for name in REASONING_FIELDS
    )


def _read(item: Item) -> Item:
    column = answer_of(item)
    if column is None:
        raise ShapeError("no `messages` that end with the user, or no `answer` beside them")
    rest = {name: value for name, value in item.items() if name != column}
    said = {"role": "assistant", "content": item[column]}
    return {**rest, MESSAGES: [*(listed(item[MESSAGES]) or ()), said]}


DOLPHIN_R1 = Shape(
    "dolphin_r1",
    "`messages` that end with the user, and `answer` with what the assistant says, beside its `reasoning`",
    read=_read,
    tells=_tells,
)
