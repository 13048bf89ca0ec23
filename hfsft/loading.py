"""A recipe from wherever it is named, once the user allows what it is about to do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from hfsft.recipe.checks.trust import Kind, Trust, require, trust_of
from hfsft.recipe.recipe import Heard, Recipe, load_recipe

AnyRecipe = str | Path | Mapping[str, Any] | Recipe
"""A recipe's file, its content as a mapping, one already loaded, `hf://datasets/you/name`, or an https address."""
AnyTrust = Trust | bool | None
"""Whether a recipe may do whatever it says: True, False, or (None) a file may, one from the Hub or the web may not.

One that may not reads nothing outside its folder but the Hub, and what it sends or publishes needs the user's yes.
"""


def load(
    recipe: AnyRecipe,
    overrides: Sequence[str],
    trust: AnyTrust = None,
    kinds: Collection[Kind] = (),
    tell: Callable[[str], None] = lambda _: None,
    heard: Heard = lambda _: None,
) -> Recipe:
    """The recipe, once the user allows what it is about to do: `kinds`, and reading files, where it is not trusted.

    `heard` is told what its file says, before that is looked through.
    """
    trusted = trust_of(trust).covers(recipe)
    if isinstance(recipe, str) and "://" in recipe:
        from hfsft.release.reader import fetch_recipe

        recipe = fetch_recipe(recipe, tell)
    loaded = load_recipe(recipe, overrides, trusted=trusted, heard=heard)
    if not trusted:
        require(loaded, trust_of(trust), kinds)
    return loaded
