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
    from hfsft.pipeline import validate

    checked = validate(arguments.recipe, overrides=arguments.overrides)
    for note in checked.notes:
        print(f"note: {note}")
    print(f"{arguments.recipe}: valid, {len(checked.plan.steps)} steps")
