"""What filters with vectors warn of where the packaged embedder does not know a recipe's language."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.recipe.checks.filter_languages import filter_warnings
from hfsft.recipe.recipe import load_recipe

HERE: dict[str, Any] = {"models": {"embedder": {"model": "./weights", "task": "embed"}}}


@pytest.mark.parametrize(
    ("rule", "language", "models", "said"),
    [
        ({"semantic_duplicate": {}}, ["en", "vi"], {}, ["filters[semantic_duplicate]: the embedder that comes with"]),
        ({"semantic_duplicate": {}}, ["en", "zh"], {}, []),
        ({"semantic_duplicate": {}}, ["vi"], HERE, []),
        ({"contamination": {"against": ["gsm8k"], "levels": ["meaning"]}}, ["vi"], {}, ["filters[contamination]: the"]),
        ({"contamination": {"against": ["gsm8k"], "levels": ["meaning"]}}, ["vi"], HERE, []),
        ({"contamination": {"against": ["gsm8k"]}}, ["vi"], {}, []),
    ],
)
def test_a_language_that_the_embedder_does_not_know(
    rule: dict[str, Any], language: list[str], models: dict[str, Any], said: list[str]
) -> None:
    made = {"name": "t", "language": language, "seeds": [{"prompts": ["a"]}], "filters": [rule], **models}
    found = filter_warnings(load_recipe(made))
    assert [each for each, start in zip(found, said, strict=True) if each.startswith(start)] == found
