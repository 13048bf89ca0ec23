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
