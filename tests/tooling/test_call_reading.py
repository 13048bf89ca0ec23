"""Calls in an answer: in its fields, or in its text in the shapes that models write."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hfsft.models.model import Answer
from hfsft.tooling.call_reading import said_in

NAMES = ("weather", "refund")
OSLO = ("weather", {"city": "Oslo"})
JSON = '{"name": "weather", "arguments": {"city": "Oslo"}}'


def read(text: str, *calls: dict[str, Any]) -> tuple[str, list[tuple[str, Any]], str | None]:
    found = said_in(Answer(text, tool_calls=calls), NAMES)
    called = [(call["name"], json.loads(call["arguments"])) for call in found.calls]
    return found.text, called, found.fault.cause if found.fault else None


@pytest.mark.parametrize(
    ("text", "said", "calls"),
    [
        ("It is cold.", "It is cold.", []),
        (f"<tool_call>\n{JSON}\n</tool_call>", "", [OSLO]),
        (f"Let me look.\n<tool_call>{JSON}</tool_call>", "Let me look.", [OSLO]),
        (
            f"<tool_call>{JSON}</tool_call>\n<tool_call>{JSON.replace('Oslo', 'Rome')}</tool_call>",
            "",
            [OSLO, ("weather", {"city": "Rome"})],
        ),
        (f"<tool_call>{JSON}", "", [OSLO]),
        (f"<tool_call>{JSON.replace('arguments', 'parameters')}</tool_call>", "", [OSLO]),
        ("<tool_call>{'name': 'weather', 'arguments': {'city': 'Oslo',}}</tool_call>", "", [OSLO]),
        ('<function=weather>{"city": "Oslo"}</function>', "", [OSLO]),
        (
            "<tool_call>\n<function=weather>\n<parameter=city>\nOslo\n</parameter>\n</function>\n</tool_call>",
            "",
            [OSLO],
        ),
        (f"<|python_tag|>{JSON.replace('arguments', 'parameters')}<|eom_id|>", "", [OSLO]),
        (f"[TOOL_CALLS] [{JSON}]", "", [OSLO]),
        (f"<functioncall> {JSON} </functioncall>", "", [OSLO]),
        (JSON, "", [OSLO]),
        (f"[{JSON}, {JSON}]", "", [OSLO, OSLO]),
        (f"```json\n{JSON}\n```", "", [OSLO]),
        ('{"type": "function", "function": {"name": "weather", "arguments": "{\\"city\\": \\"Oslo\\"}"}}', "", [OSLO]),
        ('[weather(city="Oslo")]', "", [OSLO]),
        ('weather(city="Oslo")', "", [OSLO]),
        ('[weather(city="Oslo"), refund(amount=2.5)]', "", [OSLO, ("refund", {"amount": 2.5})]),
        ('[sing(city="Oslo")]', '[sing(city="Oslo")]', []),
        ("[weather('Oslo')]", "[weather('Oslo')]", []),
        ('{"name": "Ann", "age": 7}', '{"name": "Ann", "age": 7}', []),
        ("[1, 2]", "[1, 2]", []),
        (f"Such a call is {JSON}, which runs it.", f"Such a call is {JSON}, which runs it.", []),
    ],
)
def test_calls_are_found_in_texts_and_nothing_else_is(text: str, said: str, calls: Any) -> None:
    assert read(text) == (said, calls, None)


@pytest.mark.parametrize(
    "text",
    ["<tool_call>weather in Oslo</tool_call>", '<tool_call>{"arguments": {}}</tool_call>', "<tool_call></tool_call>"],
)
def test_what_is_marked_as_a_call_and_is_none_is_a_fault(text: str) -> None:
    assert read(text) == (text, [], "unreadable")


def test_calls_in_fields_are_taken_to_the_letter_with_what_is_said_beside_them() -> None:
    call = {"id": "c1", "name": "weather", "arguments": '{"city": "Oslo"'}
    found = said_in(Answer(f"Let me look.<tool_call>{JSON}</tool_call>", tool_calls=(call,)), NAMES)
    assert (found.text, found.calls) == ("Let me look.", [call])
