"""Warnings about filters that find nothing in a language that the recipe names."""

from __future__ import annotations

from hfsft.embedding import VECTORS
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.rules import filters_of


def filter_warnings(recipe: Recipe) -> list[str]:
    """One sentence for each filter that finds nothing in some language that the recipe names."""
    own = VECTORS in recipe.models  # what filters with vectors warn of is the packaged one
    rules = [rule for rule in filters_of(recipe) if not (own and rule.embeds)]
    found = [warning for rule in rules for warning in rule.warnings(recipe.language or ())]
    return list(dict.fromkeys(found))
