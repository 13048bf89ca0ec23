"""Checks of what a text says: what falls, by which words, and that no pattern or schema runs for ever."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from hfsft.errors import ArgumentError, RecipeError
from hfsft.filters import Expr, Filter, JsonSchema, Matches, RightAnswer
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe

TRIP = {
    "type": "object",
    "required": ["city", "days"],
    "properties": {"days": {"type": "integer", "minimum": 1}, "city": {"pattern": "^[A-Z]"}},
}


def faults(rule: Filter, *responses: str | None, **columns: list[Any]) -> list[str | None]:
    """What the check says of each response, None of one that stays."""
    rows = Dataset.from_dict({"response": list(responses), **columns})
    kept, fallen = rule.apply(rows)
    fell = zip(fallen["response"], fallen[rule.bounds()[0].column], strict=True)
    said = {**dict.fromkeys(kept["response"][:]), **dict(fell)}
    return [said[response] for response in responses]


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        ({"any": ["yes", "no"]}, {"yes sir": None, "perhaps": "it lacks all of `yes`, `no`"}),
        ({"all": ["^1", "(?m)^2"]}, {"1\n2": None, "1 2": "it lacks `(?m)^2`"}),
        ({"none": ["(?i)sure"]}, {"Of course": None, "SURE": "it must not have `(?i)sure`"}),
        ({"any": [r"\p{Han}"]}, {"三天": None, "drei": r"it lacks all of `\p{Han}`"}),
        ({"none": ["x"]}, {None: None}),
        ({"all": ["x"]}, {None: "it lacks `x`"}),
    ],
)
def test_patterns(arguments: Any, texts: dict[str | None, str | None]) -> None:
    assert faults(Matches(**arguments), *texts) == list(texts.values())


def test_a_pattern_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hfsft.sandbox.patterns.SECONDS", 0.2)
    assert faults(Matches(none=["(a|a)*$"]), "a" * 60 + "b") == ["`(a|a)*$` takes longer than 0.2 seconds on it"]
    schema = {"patternProperties": {"(a|a)*$": True}}
    (said,) = faults(JsonSchema(inline=schema), json.dumps({"a" * 60 + "b": 1}))
    assert said == "`(a|a)*$` takes longer than 0.2 seconds on it"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"city": "Bern", "days": 2}', None),
        ('```json\n{"city": "Bern", "days": 2}\n```', None),
        ('{"city": "Bern", "days": 0}', "days: 0 is less than the minimum of 1"),
        ('{"city": "bern", "days": 1}', "city: 'bern' does not match '^[A-Z]'"),
        ('{"city": "Bern"}', "'days' is a required property"),
        ('Here: {"city": "Bern", "days": 2}', "it is no JSON: Expecting value: line 1 column 1 (char 0)"),
        ('{"city": "Bern", "city": "B", "days": 2}', "it is no JSON: an object has one name twice"),
        ('{"city": "Bern", "days": NaN}', "it is no JSON: NaN is no number of JSON"),
        ("[" * 100_000, "it is no JSON that can be read: nested too deep"),
        ("", "it is empty"),
        (None, "it is empty"),
    ],
)
def test_json_by_a_schema(text: str | None, said: str | None) -> None:
    assert faults(JsonSchema(inline=TRIP), text) == [said]


def test_a_schema_of_a_file_and_one_of_each_row(tmp_path: Path) -> None:
    (tmp_path / "trip.json").write_text(json.dumps(TRIP))
    assert faults(JsonSchema(file="trip.json").at(tmp_path), "[]") == ["[] is not of type 'object'"]
    schemas = ['{"type": "array"}', '{"type": "string"}', '{"type": "x"}', None]
    found = faults(JsonSchema(per_row="schema"), "[1]", "[2]", "[3]", "[4]", schema=schemas)
    assert found[:2] == [None, "[2] is not of type 'string'"]
    assert str(found[2]).startswith("the row's schema is no JSON Schema: ")
    assert found[3] == "the row has no schema"


def test_a_schema_that_leads_elsewhere_fetches_nothing() -> None:
    with pytest.raises(ArgumentError, match=r"refers to `http://127\.0\.0\.1:9/x\.json`: write what stands"):
        JsonSchema(inline={"$ref": "http://127.0.0.1:9/x.json"})
    (said,) = faults(JsonSchema(inline={"$ref": "#"}), "{}")
    assert str(said).startswith("the schema refers to itself without end")


def test_a_schema_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hfsft.sandbox.json_schemas.SECONDS", 0.2)
    defs: dict[str, Any] = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)}
    schema = {"$defs": {**defs, "a40": {}}, "$ref": "#/$defs/a0"}
    assert faults(JsonSchema(inline=schema), "{}") == ["the schema takes longer than 0.2 seconds on it"]


@pytest.mark.parametrize(
    ("by", "reference", "text", "said"),
    [
        ("number", "#### 42", "so 84/2", None),
        ("number", "42", "The answer is 41.", "its final answer 41 is not right"),
        ("number", "42", "The answer is red.", "its final answer red is no number"),
        ("number", "42", "", "it gives no final answer"),
        ("exact", "Paris", "The answer is **paris**.", None),
        ("exact", "Paris", "PARIS", None),
        ("exact", "#### 42", r"\boxed{42}", None),
        ("choice", "B", "(b)", None),
        ("choice", "B. Lead", "The answer is C.", "its final answer C is not right"),
        ("number", "#### 18", "so 2 * 9 = <<2*9=18>>18\nA: 18", None),
        ("exact", "18", "so it is\nA: 18", None),
        ("choice", "A", "A: 18", None),
        ("math", r"\frac{1}{2}", r"so it is $0.5$.", None),
        ("math", r"\boxed{(x+1)^2}", r"Thus the answer is $x^2 + 2x + 1$.", None),
        ("math", "18", "She has $16 + $2 left, so she has $18", None),
        ("math", r"\frac{1}{2}", "The answer is 1/3.", "its final answer 1/3 is not right"),
        ("math", "1/2", "", "it gives no final answer"),
        ("number", None, "42", "the row has no right answer to compare with"),
    ],
)
def test_the_right_answer_and_no_other(by: Any, reference: str | None, text: str, said: str | None) -> None:
    assert faults(RightAnswer(by=by), text, reference=[reference]) == [said]
    if reference is not None and said is not None:
        assert reference not in said  # whoever is told it may be asked again
    if reference is None:
        assert faults(RightAnswer(by=by, missing="keep"), text, reference=[reference]) == [None]


def test_an_expression_counts_and_compares() -> None:
    rule = Expr(that="response | words > 2 and (response | lines) < 3 and topic != 'spam'")
    texts = ["one two three", "one", "one two\nthree\nfour", "one two three four"]
    found = faults(rule, *texts, topic=["a", "a", "a", "spam"])
    assert [said is None for said in found] == [True, False, False, False]
    assert found[1] == f"`{rule.that}` is false"
    assert faults(Expr(that="words(response) > 2 and lines(response) < 3"), *texts[:3])[0] is None
    assert Expr(that="words > 2").reads == ("words",)  # a column of that name
    assert Expr.model_validate("response") == Expr(that="response")
    assert faults(Expr(that="n > 2"), "x", n=[None]) == ["cannot be worked out: `>` does not take null and a number"]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"expr": "respnse | words > 3"}, "filters[expr] reads respnse, which no stage writes"),
        ({"expr": "1 + 1"}, "filters[expr]: the expression reads no column of a row"),
        ({"json_schema": {"file": "none.json"}}, "filters[json_schema]: no file none.json can be read in"),
        ({"answer": {"equals": "referense", "by": "number"}}, "`referense` is no column, and no number"),
        ({"matches": {"column": "respons", "any": ["x"]}}, "filters[matches] reads respons, which no stage writes"),
    ],
)
def test_slips_are_told_before_anything_is_paid(rule: Any, said: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps({"name": "toy", "seeds": [{"prompts": ["Where?"]}], "filters": [rule]}))
    with pytest.raises(RecipeError) as raised:
        compile_recipe(load_recipe(path), weights=False)
    (problem,) = raised.value.problems
    assert said in problem.message
    assert problem.place.line == 1


def test_an_expression_counts_the_tokens_of_a_tokenizer(tmp_path: Path) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    made = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    made.pre_tokenizer = Whitespace()
    (tmp_path / "tokenizer").mkdir()
    made.save(str(tmp_path / "tokenizer" / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast"}
    (tmp_path / "tokenizer" / "tokenizer_config.json").write_text(json.dumps(config))
    rule = Expr(that="response | tokens > 2", tokenizer="tokenizer").at(tmp_path)
    assert [said is None for said in faults(rule, "a b c", "a")] == [True, False]
    (need,) = rule.steps()[0].needs
    assert need.kind == "tokenizer"
