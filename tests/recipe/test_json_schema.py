"""What editors and docs are told is what the models say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from hfsft.recipe.json_schema import dumps, filter_table, first_sentence, reachable, recipe_schema, undescribed
from tests.recipe.toy import FILTERS, Inline, Judge, Model, Price, Refusal, Table, Tokens, Toy


def resolved(schema: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    return whole["$defs"][schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema


def test_sections_are_described_in_order_and_take_no_other_key() -> None:
    schema = recipe_schema(Toy)
    assert list(schema["properties"]) == list(Toy.model_fields)
    assert schema["properties"]["size"]["description"] == "Rows wanted."
    objects = [schema, *schema["$defs"].values()]
    assert all(part["additionalProperties"] is False for part in objects)
    assert schema["title"] == "Toy"


def test_a_filter_is_one_key_or_a_bare_name() -> None:
    schema = recipe_schema(Toy)
    named, bare = schema["properties"]["filters"]["items"]["anyOf"]
    assert bare == {"enum": ["tokens", "refusal"]}
    assert (named["maxProperties"], named["additionalProperties"]) == (1, False)
    arguments, nothing = named["properties"]["tokens"]["anyOf"]
    assert nothing == {"type": "null"}
    assert list(resolved(arguments, schema)["properties"]) == ["column", "at_least", "at_most"]
    assert resolved(arguments, schema)["description"].startswith("Counts tokens.")


def test_a_model_may_be_its_bare_name() -> None:
    schema = recipe_schema(Toy)
    text, mapping = schema["properties"]["models"]["additionalProperties"]["anyOf"]
    assert text == {"type": "string"}
    assert resolved(mapping, schema)["required"] == ["model"]


def test_the_text_is_always_the_same() -> None:
    assert dumps(Toy) == dumps(Toy)
    assert dumps(Toy).endswith("}\n")


def test_the_table_of_filters() -> None:
    assert filter_table(FILTERS) == (
        "| filter | what it does | arguments |\n"
        "| --- | --- | --- |\n"
        "| `tokens` | Counts tokens. | `column: response`, `at_least`, `at_most` |\n"
        "| `refusal` | Finds answers that refuse. | `at_most: 0` |\n"
    )


def test_every_model_that_a_recipe_leads_to_is_found() -> None:
    assert {Toy, Model, Price, Inline, Table, Judge, Tokens, Refusal} <= set(reachable(Toy))


def test_every_field_is_described() -> None:
    assert undescribed(Toy) == []


def test_a_field_without_a_description_is_found_wherever_it_is() -> None:
    class Inner(BaseModel):
        silent: int = 0

    class Outer(BaseModel):
        parts: dict[str, list[Inner | None]] = Field({}, description="Parts.")

    assert undescribed(Outer) == ["Inner.silent"]


@pytest.mark.parametrize(
    ("doc", "expected"),
    [
        ("One. Two.", "One."),
        ("The share of\n    words. More.", "The share of words."),
        ("Uses e.g. this one", "Uses e.g. this one"),
        ("First line\n\nSecond.", "First line"),
        ("", ""),
    ],
)
def test_the_first_sentence_of_a_docstring(doc: str, expected: str) -> None:
    kind = type("Kind", (BaseModel,), {"__doc__": doc})
    assert first_sentence(kind) == expected


def test_keys_that_a_model_takes_beside_its_fields_are_followed() -> None:
    class Bounds(BaseModel):
        low: int = 0

    class Open(BaseModel, extra="allow"):
        __pydantic_extra__: dict[str, Bounds]

    globals()["Bounds"] = Bounds  # where a module's own classes stand
    assert undescribed(Open) == ["Bounds.low"]
