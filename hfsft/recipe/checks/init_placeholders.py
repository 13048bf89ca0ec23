"""What `hfsft init` wrote to be replaced: grown as it stands, it would be data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hfsft.errors import Problem
from hfsft.marks import Loc
from hfsft.recipe.recipe import Recipe

REPLACE = "Replace me "  # how the texts begin that a recipe of `hfsft init` is to lose


def untouched(recipe: Recipe) -> Iterator[Problem]:
    """Each text of the recipe that is still the template's own."""
    for loc in _texts(recipe.source.data, ()):
        advice = (
            "name a file, or a dataset on the Hub"
            if loc[-1] == "path"
            else "write your own, as your users would say it"
        )
        yield Problem(recipe.source.place(loc), "this is still the template's own text", advice)


def _texts(value: Any, loc: Loc) -> Iterator[Loc]:
    if isinstance(value, str):
        if value.startswith(REPLACE):
            yield loc
    elif isinstance(value, dict | list):
        for step, inside in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(inside, (*loc, step))
