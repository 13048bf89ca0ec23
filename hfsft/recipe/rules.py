"""The filters of a recipe, and what those of them that rewrite texts make of a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeGuard

from hfsft import filters
from hfsft.filters.base import Filter
from hfsft.recipe.recipe import Recipe

if TYPE_CHECKING:
    from hfsft.filters.privacy.rewriting import Rewriting


def filters_of(recipe: Recipe) -> list[Filter]:
    """The recipe's filters, or the default ones where it has no such section."""
    return list(filters.DEFAULT_FILTERS) if recipe.filters is None else list(recipe.filters)


def is_rewriting(rule: Filter) -> TypeGuard[Rewriting]:
    """Whether a filter changes what rows say."""
    if not rule.everywhere:
        return False
    from hfsft.filters.privacy.rewriting import Rewriting  # few recipes have one

    return isinstance(rule, Rewriting)


def rewriting_of(recipe: Recipe) -> list[Rewriting]:
    """The rules of the recipe that rewrite, as its plan runs them; those that only count are left out."""
    languages = recipe.language or ()
    rules = (rule.speaking(languages) for rule in filters_of(recipe))
    return [rule for rule in rules if is_rewriting(rule) and rule.rewrites]


def cleaner(recipe: Recipe) -> Callable[[str], str]:
    """What makes of one text what the rules leave of it; the text itself where the recipe has none."""
    rules = rewriting_of(recipe)

    def clean(text: str) -> str:
        for rule in rules:
            text = rule.redacted_text(text)
        return text

    return clean
