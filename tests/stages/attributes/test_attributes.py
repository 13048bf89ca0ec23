"""The section `attributes`: what its values may be, where they may stand, and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import RecipeError
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe

BASE: dict[str, Any] = {"name": "toy", "seeds": [{"prompts": ["a"]}]}


def shares(attributes: dict[str, Any], folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    section = load_recipe({**BASE, "attributes": attributes}).attributes
    assert section is not None
    found = section.distribution(folder).attributes
    return {each.name: {under: dict(weights) for under, weights in each.weights.items()} for each in found}


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (["a", "b"], {"": {"a": 1, "b": 1}}),
        ([1, 2.5, True], {"": {"1": 1, "2.5": 1, "true": 1}}),
        ({"a": 3, "b": 0.5}, {"": {"a": 3, "b": 0.5}}),
        ({"values": {"a": 3}}, {"": {"a": 3}}),
        ({"path": 2, "given": 1}, {"": {"path": 2, "given": 1}}),
        ({"path": "list.yaml"}, {"": {"no": 1, "1.0": 1, "x y": 1}}),
        ({"path": "weights.yaml"}, {"": {"no": 2, "off": 1.5}}),
        ({"path": "list.json"}, {"": {"1": 1, "b": 1}}),
        ({"path": "rows.csv"}, {"": {"a": 3, "b": 1}}),
        ({"path": "rows.csv", "column": "other"}, {"": {"x": 3, "y": 1}}),
        ({"path": "rows.jsonl"}, {"": {"a": 2, "b": 1}}),
        ({"path": "lines.txt"}, {"": {"a b": 1, "c": 1}}),
    ],
)
def test_values_stand_in_the_recipe_or_in_a_file(written: Any, found: Any, tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("- no\n- 1.0\n- x y\n")
    (tmp_path / "weights.yaml").write_text("no: 2\noff: 1.5\n")
    (tmp_path / "list.json").write_text('[1, "b"]')
    (tmp_path / "rows.csv").write_text("kind,other,weight\na,x,3\nb,y,1\n")
    (tmp_path / "rows.jsonl").write_text('{"kind": "a"}\n{"kind": "b"}\n{"kind": "a"}\n')
    (tmp_path / "lines.txt").write_text("a b\nc\n")
    assert shares({"kind": written}, tmp_path) == {"kind": found}


@pytest.mark.parametrize("form", ["inline", "yaml", "csv"])
def test_one_may_hang_on_another(form: str, tmp_path: Path) -> None:
    listed = {"retail": ["returns", "sizes"], "banking": {"cards": 2, "loans": 1}}
    (tmp_path / "t.yaml").write_text(json.dumps(listed))
    (tmp_path / "t.csv").write_text(
        "sector,topic,weight\nretail,returns,1\nretail,sizes,1\nbanking,cards,2\nbanking,loans,1\n"
    )
    topic = {"given": "sector", **({"values": listed} if form == "inline" else {"path": f"t.{form}"})}
    found = shares({"topic": topic, "sector": ["retail", "banking"]}, tmp_path)
    assert found["topic"] == {"retail": {"returns": 1, "sizes": 1}, "banking": {"cards": 2, "loans": 1}}


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({}, "needs an attribute"),
        ({"kind": []}, "must not be empty"),
        ({"kind": ["a", "a "]}, "`a` stands there twice"),
        ({"kind": {"a": 0}}, "must be above 0"),
        ({"kind": {"a": 1, "b": 1e-9}}, "less than once in 1,000,000 rows"),
        ({"kind": [{"a": 1}]}, "must be text"),
        ({"no name": ["a"]}, "begins with no digit"),
        ({"response": ["a"]}, "a column or a variable of templates is called so"),
        ({"score_x": ["a"]}, "a column or a variable of templates is called so"),
        ({"kind": {"given": "none", "values": {"a": ["b"]}}}, "is no other attribute"),
        ({"a": {"given": "b", "values": {"x": ["y"]}}, "b": {"given": "a", "values": {"y": ["x"]}}}, "must come first"),
        ({"a": ["x"], "b": {"given": "a", "values": ["y"]}}, "is a mapping from each of its values"),
        ({"a": ["x", "z"], "b": {"given": "a", "values": {"x": ["y"]}}}, "lists nothing under `z` of a"),
        ({"a": ["x"], "b": {"given": "a", "values": {"x": ["y"], "xx": ["y"]}}}, "no value of a .*did you mean `x`"),
        ({"kind": {"path": "none.yaml"}}, "none.yaml: no such file"),
        ({"kind": {"path": "a.yaml", "values": ["a"]}}, "not both"),
        ({"kind": {"path": "twice.yaml"}}, r"twice.yaml:2:1: .*`a` stands there twice"),
        ({"kind": {"path": "rows.csv", "column": "knd"}}, "did you mean `kind`"),
    ],
)
def test_what_is_wrong_is_told(attributes: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twice.yaml").write_text("a: 1\na: 2\n")
    (tmp_path / "rows.csv").write_text("kind,other\na,x\n")
    (tmp_path / "r.yaml").write_text(json.dumps({**BASE, "attributes": attributes}, indent=1))
    with pytest.raises(RecipeError, match=said):
        compile_recipe(load_recipe(tmp_path / "r.yaml"), weights=False, sources=False)
