"""tool_calls: which calls can be used, in fields and in texts, of tools in every form of schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from datasets import Dataset

from hfsft.filters import ToolCalls
from hfsft.rows.calls import as_json

WEATHER = {
    "name": "weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
        "required": ["city"],
    },
}
FORMS = {
    "openai": {"type": "function", "function": WEATHER},
    "bare": WEATHER,
    "anthropic": {"name": "weather", "input_schema": WEATHER["parameters"]},
    "xlam": {
        "name": "weather",
        "parameters": {"city": {"type": "str", "description": "Where."}, "days": {"type": "int, optional"}},
    },
}
USER, SAYS = {"role": "user", "content": "Is it cold in Oslo?"}, {"role": "assistant", "content": "It is."}


def call(arguments: Any, name: str = "weather", number: str = "a") -> dict[str, Any]:
    text = arguments if isinstance(arguments, str) else as_json(arguments)
    return {"id": number, "name": name, "arguments": text}


def result(number: str | None = "a") -> dict[str, Any]:
    return {"role": "tool", "content": "3 degrees", **({"tool_call_id": number} if number else {})}


def calls(*made: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": "", "tool_calls": list(made)}


def fault(turns: list[dict[str, Any]], tools: Any = (WEATHER,), rule: ToolCalls | None = None, **columns: Any) -> Any:
    batch = {"messages": [turns], "tools": [as_json(list(tools))], **{name: [value] for name, value in columns.items()}}
    return (rule or ToolCalls()).measure(batch)["tool_calls"][0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"city": "Oslo"}, None),
        ({"city": "Oslo", "days": 2}, None),
        ({"days": 2}, "missing_argument"),
        ({"city": "Oslo", "town": "Oslo"}, "unknown_argument"),
        ({"city": 7}, "wrong_argument"),
        ({"city": "Oslo", "days": "two"}, "wrong_argument"),
        ({"city": "<city name>"}, "placeholder"),
        ({"city": "<EMAIL_1>"}, None),  # what `pii` and `secrets` put in the place of a value
        ('{"city": "Oslo"', "not_json"),
        ("[1]", "not_json"),
    ],
)
def test_arguments_fit_the_schema_however_it_is_written(form: str, arguments: Any, found: str | None) -> None:
    said = ToolCalls().measure(
        {"messages": [[USER, _raw(arguments), result(), SAYS]], "tools": [as_json([FORMS[form]])]}
    )
    (value,) = said["tool_calls"]
    assert value is None if found is None else value.startswith(f"turn 2: {found}: ")


def _raw(arguments: Any) -> dict[str, Any]:
    return calls(call(arguments))


@pytest.mark.parametrize(
    ("turns", "found"),
    [
        ([USER, SAYS], None),
        ([USER, calls(call({"city": "Oslo"}))], None),
        ([USER, calls(call({"city": "Oslo"}, "wether")), result(), SAYS], "turn 2: unknown_tool: there is no tool"),
        ([USER, calls(call({"city": "Oslo"}), call({"city": "Rome"}, number="b")), result(), result("b"), SAYS], None),
        ([USER, calls(call({"city": "Oslo"}), call({"city": "Rome"}, number="b")), result("b"), result(), SAYS], None),
        ([USER, calls(call({"city": "Oslo"}), call({"city": "Oslo"}, number="b"))], "turn 2: repeated"),
        ([USER, calls(call({"city": "Oslo"})), SAYS], "turn 3: the call of weather has no result"),
        ([USER, calls(call({"city": "Oslo"})), result("z"), SAYS], "turn 3: a result that answers no call"),
        ([USER, calls(call({"city": "Oslo"})), result(), result(), SAYS], "turn 4: a result that answers no call"),
        ([USER, calls(call({"city": "Oslo"})), result(None), SAYS], None),
    ],
)
def test_calls_have_results_and_results_calls(turns: list[dict[str, Any]], found: str | None) -> None:
    said = fault(turns)
    assert said is None if found is None else said.startswith(found)
    if found and "result" in found:
        assert fault(turns, rule=ToolCalls(results=False)) is None


def test_calls_in_texts_count_where_the_source_writes_them_so() -> None:
    text = '<tool_call>\n{"name": "wether", "arguments": {"city": "Oslo"}}\n</tool_call>'
    turns = [USER, {"role": "assistant", "content": text}]
    assert fault(turns, dialect="hermes").startswith("turn 2: unknown_tool")
    assert fault(turns, dialect="messages") is None


@pytest.mark.parametrize(
    ("bounds", "kept"), [({}, 3), ({"at_least": 1}, 2), ({"at_least": 2}, 1), ({"at_most": 1}, 2), ({"at_most": 0}, 1)]
)
def test_the_number_of_calls_has_bounds(bounds: dict[str, int], kept: int) -> None:
    two = calls(call({"city": "Oslo"}), call({"city": "Rome"}, number="b"))
    rows = [[USER, SAYS], [USER, calls(call({"city": "Oslo"}))], [USER, two]]
    given = [
        [{"role": turn["role"], "content": turn["content"], "tool_calls": turn.get("tool_calls")} for turn in row]
        for row in rows
    ]
    dataset = Dataset.from_dict({"messages": given, "tools": [as_json([WEATHER])] * 3})
    assert len(ToolCalls(**bounds).apply(dataset)[0]) == kept


def test_messages_as_openai_has_them_are_read_too() -> None:
    turn = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "a", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
    }
    assert fault([USER, turn]).startswith("turn 2: missing_argument")


@pytest.mark.parametrize("tools", ["{", json.dumps([{"no": "name"}]), json.dumps([WEATHER, WEATHER])])
def test_tools_that_cannot_be_used_are_told(tools: str) -> None:
    batch = {"messages": [[USER, calls(call({"city": "Oslo"}))]], "tools": [tools]}
    assert ToolCalls().measure(batch)["tool_calls"][0].startswith("its tools cannot be used")


@pytest.mark.parametrize(
    "parameters",
    [
        {"type": "object", "properties": {"city": {"type": "strange"}}},
        {"type": "object", "properties": {"city": {"$ref": "http://nowhere.invalid/schema"}}},
        {"type": "object", "properties": {"city": {"type": "string", "pattern": "("}}},
        {"type": "object", "properties": {"city": {"type": "string", "pattern": "^(a+)+$"}}},
        {"type": "object", "properties": {"city": 7}},
    ],
)
def test_schemas_of_strangers_stop_nobody(parameters: dict[str, Any]) -> None:
    turns = [USER, calls(call({"city": "a" * 40 + "!"}))]
    said = fault(turns, [{"name": "weather", "parameters": parameters}])
    assert said is None or said.startswith("turn 2: wrong_argument")


def test_a_call_in_the_response_of_a_row_without_turns_is_looked_at() -> None:
    said = '<tool_call>{"name": "weather", "arguments": {"town": "Oslo"}}</tool_call>'
    batch = {"messages": [None], "instruction": ["Is it cold?"], "response": [said], "dialect": ["hermes"]}
    (fault,) = ToolCalls().measure({**batch, "tools": [as_json([WEATHER])]})["tool_calls"]
    assert str(fault).startswith("turn 2: missing_argument: ")
    assert ToolCalls(at_least=1).measure({**batch, "response": ["It is."], "tools": [None]})["tool_calls"] == [
        "0 calls of at least 1"
    ]
