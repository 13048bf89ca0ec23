"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any


def command(
    commands: Any, name: str, help: str, run: Callable[[argparse.Namespace], int | None], examples: str
) -> argparse.ArgumentParser:
    """A command with its help, its examples and what it runs."""
    added: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help,
        description=help[0].upper() + help[1:] + ".",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    added.set_defaults(run=run)
    return added


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """The recipe and its overrides."""
    parser.add_argument("recipe", help="the recipe's file, or hf://datasets/you/name for a published one")
    parser.add_argument(
        "--set",
        dest="overrides",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="override a key of the recipe, such as generate.temperature=0.3; may be repeated",
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """How much is printed, and as what."""
    parser.add_argument("--quiet", "-q", action="store_true", help="print nothing but errors")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON on standard output")
