"""`hfsft validate`: every problem of a recipe, at its line."""

from __future__ import annotations

import argparse
from typing import Any

from hfsft.cli.arguments import add_recipe, command


def add(commands: Any) -> None:
    """Add the command."""
    examples = "  hfsft validate recipe.yaml\n  hfsft validate recipe.yaml --set split.validation=0.2"
    add_recipe(command(commands, "validate", "check a recipe without asking any model", run, examples))


def run(arguments: argparse.Namespace) -> None:
    """Print that the recipe is valid; every problem is an error."""
    from hfsft.recipe.compile import compile_recipe
    from hfsft.recipe.recipe import load_recipe

    plan = compile_recipe(load_recipe(arguments.recipe, arguments.overrides), weights=False)
    print(f"{arguments.recipe}: valid, {len(plan.steps)} steps")
