"""An answer that says just what was asked for is read at once, and to the same as by all that mends others."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st

from hfsft.models.readings import fit_json

NAMES = st.sampled_from(["score", "reason", "tone", "tone_score", "scale", "max", "1", "Tone", "rating"])
PLAIN: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "minLength": 1},
        {"type": "string", "enum": ["yes", "no"]},
        {"type": "integer"},
        {"type": "integer", "minimum": 1, "maximum": 5},
        {"type": "number"},
        {"type": "boolean"},
    ]
)
SAID = st.sampled_from([4, 4.0, 9, True, None, "", "calm", "4", "4/5", "yes", fit_json.TWICE, [1], {"score": 3}])


def _object(properties: dict[str, Any], rest: bool) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": rest}


SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    PLAIN, lambda inner: st.builds(_object, st.dictionaries(NAMES, inner, max_size=4), st.booleans()), max_leaves=6
)
VALUES = st.recursive(SAID, lambda inner: st.dictionaries(NAMES, inner, max_size=4), max_leaves=6)
PLAIN_VALUES = {"string": st.sampled_from(["", "calm", "5"]), "integer": st.integers(0, 6)}


@st.composite
def asked_and_said(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """A schema and a value, which follows it more often than not."""
    schema: dict[str, Any] = draw(SCHEMAS)

    def fitting(schema: dict[str, Any]) -> Any:
        if schema["type"] == "object":
            return {name: fitting(inner) for name, inner in draw(st.permutations(list(schema["properties"].items())))}
        return draw(PLAIN_VALUES.get(schema["type"], SAID))

    return schema, fitting(schema) if draw(st.integers(0, 3)) else draw(VALUES)


def outcome(value: Any, schema: dict[str, Any]) -> tuple[bool, str]:
    """What is read, with the order of its names and the types of its numbers, or what is wrong."""
    try:
        return True, repr(fit_json.fit(value, schema))
    except ValueError as error:
        return False, str(error)


@given(asked_and_said())
@example(({"type": "integer", "minimum": 1, "maximum": 5}, 9))
@example(({"type": "integer"}, True))
@example((_object({"score": {"type": "integer"}}, False), {"rating": 4}))
def test_what_is_as_asked_is_read_as_by_the_long_way(both: tuple[dict[str, Any], Any]) -> None:
    schema, value = both
    at_once = outcome(value, schema)
    with patch.object(fit_json, "_as_asked", lambda *_: fit_json._ABSENT):
        assert at_once == outcome(value, schema)


def test_a_usual_verdict_is_read_at_once() -> None:
    part = _object({"reason": {"type": "string"}, "score": {"type": "integer", "minimum": 1, "maximum": 5}}, False)
    said = {"tone": {"score": 4, "reason": "calm"}}
    with patch.object(fit_json, "_object", side_effect=AssertionError("the long way")):
        read = fit_json.fit(said, _object({"tone": part}, False))
    assert repr(read) == "{'tone': {'reason': 'calm', 'score': 4}}"
