"""Arguments of calls against the schemas of tools: what a schema does not say clearly asks nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hfsft.tooling.call_faults import faults
from hfsft.tooling.tool_schemas import tool_of

SLOW = "^(a|aa)+$"


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        (
            {"type": "integer"},
            "x",
            "wrong_argument: the arguments of find do not fit its schema: a: 'x' is not",
        ),
        ({"type": "string", "pattern": "^[0-9]+$"}, "x", "a: 'x' does not match '^[0-9]+$'"),
        ({"type": "string", "pattern": "("}, "x", None),
        ({"type": "string", "pattern": "(", "maxLength": 2}, "xyz", "a: 'xyz' is too long"),
        ({"type": "string", "pattern": SLOW}, "a" * 60 + "b", None),
        ({"$ref": "http://localhost:9/none.json"}, "x", None),
        ({"type": "number", "minimum": "x"}, 5, None),
    ],
)
def test_arguments_are_held_against_what_a_schema_says(schema: dict[str, Any], value: Any, said: str | None) -> None:
    tool = tool_of({"name": "find", "parameters": {"type": "object", "properties": {"a": schema}}})
    found = faults([{"name": "find", "arguments": json.dumps({"a": value})}], [tool])
    assert [str(fault) for fault in found if said is None or said not in str(fault)] == []
    assert bool(found) is (said is not None)
