"""What a shape writes, it reads again: the same messages, the same tools, and so a row of the same id."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.rows.calls import ShapeError
from hfsft.rows.messages import Message
from hfsft.rows.row import new_row
from hfsft.rows.shapes import SHAPES
from hfsft.rows.views import messages
from tests.rows.helpers import examples
from tests.rows.messages import full

WORD = st.text("ab \n{}<>\"'\\é你\u00a0", min_size=1, max_size=12).filter(str.strip)
NAME = st.sampled_from(["weather", "clock", "get_order"])
VALUE = st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | WORD, lambda inner: st.lists(inner, max_size=2))
ARGUMENTS = st.dictionaries(st.sampled_from(["city", "unit", "é"]), VALUE, max_size=2)


@st.composite
def conversations(draw: Any, *, ids: bool = True, thoughts: bool = True, calls: bool = True) -> list[Message]:
    """Canonical messages in a sound order, with or without ids of calls, reasoning, and calls at all."""
    made: list[Message] = [{"role": "system", "content": draw(WORD)}] if draw(st.booleans()) else []
    for number in range(draw(st.integers(1, 3))):
        made.append({"role": "user", "content": draw(WORD)})
        if calls and draw(st.booleans()):
            names = draw(st.lists(NAME, min_size=1, max_size=2))
            numbers = [f"{number}-{place}" for place in range(len(names))]
            asked = [{"name": name, "arguments": json.dumps(draw(ARGUMENTS), ensure_ascii=False)} for name in names]
            if ids:
                asked = [{"id": one, **call} for one, call in zip(numbers, asked, strict=True)]
            made.append({"role": "assistant", "content": draw(st.just("") | WORD), "tool_calls": asked})
            for one in numbers:
                made.append({"role": "tool", "content": draw(WORD), **({"tool_call_id": one} if ids else {})})
        made.append({"role": "assistant", "content": draw(WORD)})
        if thoughts and draw(st.booleans()):
            made[-1]["reasoning"] = draw(WORD)
    return made


TOOLS = st.lists(NAME, unique=True, max_size=2).map(
    lambda names: [{"type": "function", "function": {"name": name, "parameters": {}}} for name in names]
)
SAYS: dict[str, dict[str, bool]] = {
    "messages": {},
    "parts": {},
    "sharegpt": {"ids": False, "thoughts": False},
    "alpaca": {"calls": False, "thoughts": False},
    "prompt_completion": {"calls": False},
    "smoltalk2": {},
}
"""What of a conversation each shape can say to the letter, where it is not all."""


def read(item: Any) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        (one,) = examples(Path(folder), item)
    assert one.defect is None, (one.defect, item)
    return new_row("example", one.texts)


@pytest.mark.parametrize("name", SAYS)
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_a_shape_writes_it_reads_again(name: str, data: Any) -> None:
    said, tools = data.draw(conversations(**SAYS[name])), data.draw(TOOLS) if name != "alpaca" else []
    write = SHAPES[name].write
    assert write is not None
    row = read(write(said, tools, data.draw(st.sampled_from([(), ("objects",)]))))
    assert alike(messages(row)) == alike(said)
    found = json.loads(row["tools"] or "[]")
    assert [tool.get("function", tool)["name"] for tool in found] == [tool["function"]["name"] for tool in tools]


@pytest.mark.parametrize("text", ["{}", "[]", "null"])
def test_turns_that_look_like_empty_json_are_turns_all_the_same(text: str) -> None:
    said: list[Message] = [{"role": role, "content": each} for each in (text, "why?") for role in ("user", "assistant")]
    write = SHAPES["alpaca"].write
    assert write is not None
    assert messages(read(write(said, [], ()))) == said


def alike(turns: list[Message]) -> list[Message]:
    """Messages with arguments as what they mean: an object may be written with other spaces."""
    return [
        {**turn, "tool_calls": [{**call, "arguments": json.loads(call["arguments"])} for call in turn["tool_calls"]]}
        if "tool_calls" in turn
        else turn
        for turn in turns
    ]


@settings(max_examples=60, deadline=None)
@given(conversations(), TOOLS)
def test_a_row_that_is_read_as_it_was_stored_has_the_same_id(said: list[Message], tools: list[Any]) -> None:
    write = SHAPES["messages"].write
    assert write is not None
    row = read(write(said, tools, ()))
    assert messages(row) == said
    stored = {**row, "messages": row["messages"] and [full(turn) for turn in row["messages"]]}  # as columns hold them
    assert messages(stored) == said
    assert new_row("example", stored)["id"] == row["id"]
    assert read(write(messages(stored), json.loads(row["tools"] or "[]"), ()))["id"] == row["id"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("hermes", ["user", "assistant", "tool", "assistant"]),
        ("harmony", ["user", "assistant", "tool", "assistant"]),
    ],
)
def test_calls_in_texts_are_read_again_as_calls(name: str, wanted: list[str]) -> None:
    call = {"name": "weather", "arguments": '{"city": "Oslo"}'}
    said: list[Message] = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "", "reasoning": "Hm.", "tool_calls": [call]},
        {"role": "tool", "content": "3", "name": "weather"},
        {"role": "assistant", "content": "It is 3.", "reasoning": "So."},
    ]
    write = SHAPES[name].write
    assert write is not None
    row = read(write(said, [], ()))
    found = messages(row)
    assert [turn["role"] for turn in found] == wanted
    if name == "harmony":
        assert found == said
    else:
        assert row["dialect"] == "sharegpt think hermes"


def test_what_a_shape_cannot_say_is_an_error() -> None:
    for name in ("alpaca", "xlam"):
        write = SHAPES[name].write
        assert write is not None
        with pytest.raises(ShapeError):
            write([{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}], [], ())
