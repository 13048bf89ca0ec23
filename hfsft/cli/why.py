"""`hfsft why`: which steps would run again, and because of which change."""

from __future__ import annotations

import argparse
from typing import Any

from hfsft.cli.arguments import add_recipe, command


def add(commands: Any) -> None:
    """Add the command."""
    examples = "  hfsft why recipe.yaml\n  hfsft why recipe.yaml --set generate.temperature=0.3"
    add_recipe(command(commands, "why", "tell which steps would run again, and because of which change", run, examples))


def run(arguments: argparse.Namespace) -> None:
    """Print the reasons."""
    from hfsft.pipeline import why

    reasons = why(arguments.recipe, overrides=arguments.overrides)
    width = max(len(reason.step) for reason in reasons)
    for reason in reasons:
        verdict = f"runs again: {reason.reason}" if reason.reason else "as in the last build"
        print(f"{reason.step.ljust(width)}  {verdict}")
        for change in reason.changes:
            print(f"{' ' * width}    {change}")
