"""What a recipe asks that no row could meet, or that the Hub does not know, is an error at its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import RecipeError
from hfsft.recipe.checks.licences import meant
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe

RECIPE = """\
name: toy
license: {licence}
seeds: [{{prompts: [Where is it?]}}]
judge: {{scale: [1, 5]}}
filters:
  - tokens: {{at_least: 1}}
  - score:
      usefulness:
        {bound}
"""


def problems(folder: Path, **values: Any) -> list[str]:
    path = folder / "r.yaml"
    path.write_text(RECIPE.format(**{"licence": "mit", "bound": "at_least: 3", **values}))
    try:
        compile_recipe(load_recipe(path), weights=False)
    except RecipeError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        ("at_least: 9", ":9:19: filters[score].usefulness: at_least 9 keeps no row: scores go from 1 to 5"),
        ("at_least: 5.1", ":9:19: filters[score].usefulness: at_least 5.1 keeps no row"),
        ("at_most: 0.5", ":9:18: filters[score].usefulness: at_most 0.5 keeps no row"),
        ("at_least: 5", ""),
        ("at_least: 0", ""),
        ("at_most: 9", ""),
    ],
)
def test_a_bound_off_the_scale_is_an_error_at_its_line(tmp_path: Path, bound: str, said: str) -> None:
    found = problems(tmp_path, bound=bound)
    assert [said in problem for problem in found] == ([True] if said else [])


@pytest.mark.parametrize("criterion", ["mean", "min"])
def test_bounds_of_the_mean_and_the_lowest_are_on_the_scale_too(tmp_path: Path, criterion: str) -> None:
    path = tmp_path / "r.yaml"
    text = RECIPE.format(licence="mit", bound="at_least: 6").replace("usefulness", criterion)
    path.write_text(text)
    with pytest.raises(RecipeError, match=f"{criterion}: at_least 6 keeps no row"):
        compile_recipe(load_recipe(path), weights=False)


@pytest.mark.parametrize(
    ("licence", "known"),
    [
        ("apache2", "apache-2.0"),
        ("Apache 2.0", "apache-2.0"),
        ("MIT", "mit"),
        ("CC BY-SA 4.0", "cc-by-sa-4.0"),
        ("cc0", "cc0-1.0"),
        ("mit", None),
        ("acme-internal", None),
        ("qwen-research", None),
    ],
)
def test_a_licence_that_is_only_spelt_otherwise_is_an_error(tmp_path: Path, licence: str, known: str | None) -> None:
    assert meant(licence) == known
    expected = [f"{tmp_path / 'r.yaml'}:2:10: license: the Hub has no licence `{licence}` (did you mean `{known}`?)"]
    assert problems(tmp_path, licence=licence) == (expected if known else [])
