"""Schemas of tools in all their forms, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.tooling.tool_schemas import tool_of, tools_in, unfit


@pytest.mark.parametrize(
    ("parameters", "schema"),
    [
        (None, {"type": "object"}),
        ({}, {"type": "object"}),
        ({"properties": {"a": {"type": "str"}}}, {"type": "object", "properties": {"a": {"type": "string"}}}),
        (
            {"type": "dict", "properties": {"a": {"type": "tuple", "items": {"type": "float"}}, "b": {"type": "any"}}},
            {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "number"}}, "b": {}}},
        ),
        (
            {"city": {"type": "str"}, "days": {"type": "int", "default": 3}, "unit": {"type": "str, optional"}},
            {
                "type": "object",
                "properties": {
                    "city": {"type": "string"},
                    "days": {"type": "integer", "default": 3},
                    "unit": {"type": "string"},
                },
                "required": ["city"],
            },
        ),
        (
            {"ids": {"type": "List[int]"}},
            {
                "type": "object",
                "properties": {"ids": {"type": "array", "items": {"type": "integer"}}},
                "required": ["ids"],
            },
        ),
        (
            {"a": {"type": ["str", "null"], "required": False}},
            {"type": "object", "properties": {"a": {"type": ["string", "null"]}}},
        ),
        (
            {"$ref": "#/$defs/a", "$defs": {"a": {"type": "dict"}}},
            {"type": "object", "$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}},
        ),
    ],
)
def test_parameters_become_one_schema(parameters: Any, schema: Any) -> None:
    assert tool_of({"name": "find", "parameters": parameters}).parameters == schema
    assert tool_of({"type": "function", "function": {"name": "find", "parameters": parameters}}).parameters == schema


def test_a_tool_is_offered_as_openai_has_it() -> None:
    found = tool_of({"name": "find", "description": "Finds.", "input_schema": {"type": "object"}}).as_openai()
    assert found == {
        "type": "function",
        "function": {"name": "find", "description": "Finds.", "parameters": {"type": "object"}},
    }


@pytest.mark.parametrize(
    ("tools", "said"),
    [
        ([{"parameters": {}}], "no name"),
        ([{"name": "a b"}], "no name"),
        ([{"name": "a", "parameters": []}], "no object"),
        ([{"name": "a"}, {"name": "a"}], "two tools are called a"),
    ],
)
def test_tools_that_cannot_be_offered_are_told(tools: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        tools_in(tools)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"type": "object", "properties": {"a": {"type": "string", "enum": "x"}}}, "properties.a.enum"),
        ({"type": "object", "properties": {"a": {}}, "required": ["a", "b"]}, "requires b"),
        ({"type": "object", "properties": {"a": {"default": float("nan")}}}, "cannot be written as JSON"),
        ({"type": "object", "properties": {"a": {"$ref": "http://x.example/a"}}}, "refers to `http://x.example/a`"),
        (
            {"type": "object", "properties": {"a": {"pattern": "(", "type": "string"}}},
            "of what find takes is no JSON Schema",
        ),
    ],
)
def test_schemas_by_which_nothing_can_be_checked_are_told(parameters: Any, said: str) -> None:
    assert any(said in wrong for wrong in unfit([tool_of({"name": "find", "parameters": parameters})]))
    assert not list(unfit([tool_of({"name": "find", "parameters": {"type": "object"}})]))
