"""`hfsft schema`: the JSON Schema of recipes, for editors."""

from __future__ import annotations

import argparse
from typing import Any

from hfsft.cli.arguments import command


def add(commands: Any) -> None:
    """Add the command."""
    examples = "  hfsft schema > recipe.schema.json"
    command(commands, "schema", "print the JSON Schema of recipes, for editors", run, examples)


def run(_: argparse.Namespace) -> None:
    """Print the schema."""
    from hfsft.recipe.json_schema import dumps
    from hfsft.recipe.recipe import Recipe

    print(dumps(Recipe), end="")
