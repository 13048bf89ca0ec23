"""Where a recipe's filters are blind in its data."""

from __future__ import annotations

from hfsft.recipe.recipe import Recipe
from hfsft.recipe.rules import filters_of


def filter_warnings(recipe: Recipe) -> list[str]:
    """One sentence for each filter that finds nothing in some language that the recipe names."""
    found = [warning for rule in filters_of(recipe) for warning in rule.warnings(recipe.language or ())]
    return list(dict.fromkeys(found))
