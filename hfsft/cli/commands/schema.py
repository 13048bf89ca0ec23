"""`hfsft schema`: the JSON Schema of recipes, for editors."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from hfsft.cli.arguments import command
from hfsft.cli.console import remark


def add(commands: Any) -> None:
    """Add the command."""
    examples = "  hfsft schema > recipe.schema.json"
    command(commands, "schema", "print the JSON Schema of recipes, for editors", run, examples)


def run(_: argparse.Namespace) -> None:
    """Print the schema, with the filters of other packages that are installed."""
    from hfsft.recipe.explain.subjects import installed
    from hfsft.recipe.json_schema import dumps

    model, unusable = installed()
    for said in unusable:
        print(remark("warning", said, sys.stderr), file=sys.stderr)
    print(dumps(model), end="")
