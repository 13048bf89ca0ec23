"""Errors of pydantic in the words of a recipe's author."""

from __future__ import annotations

import pytest
import yaml

from hfsft.errors import RecipeError
from hfsft.recipe.recipe import load_recipe


def test_a_mapping_of_which_nobody_can_tell_what_it_is_may_have_the_keys_of_either() -> None:
    def said(examples: str) -> str:
        with pytest.raises(RecipeError) as caught:
            load_recipe({"name": "toy", "examples": yaml.safe_load(examples)})
        (problem,) = caught.value.problems
        return f"{problem.message} ({problem.help})"

    assert said("[{}]").startswith("examples[0] needs `rows` or `path` (rows: The rows; path: A .jsonl")
    assert said("[{share: 0.5}]").startswith("examples[0] needs `rows` or `path`")
    assert said("[{limit: 3}]").startswith("examples[0] needs `path` (A .jsonl")
    assert said("[5]").startswith("examples[0] must be a mapping, got 5 (allowed: name, share, rows, path,")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"seed": 42}, "models.writer.seed cannot be 42 (allowed: row, null)"),
        ({"prompt_cut": True}, "models.writer.prompt_cut cannot be true (allowed: fail, keep)"),
    ],
)
def test_null_is_told_where_it_says_more_than_a_key_left_out(fields: dict[str, object], said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe({"name": "toy", "seeds": [{"prompts": ["a"]}], "models": {"writer": {"model": "m", **fields}}})
    assert said in [f"{problem.message} ({problem.help})" for problem in caught.value.problems]
