"""`hfsft validate`: every problem of recipes, at its line."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from hfsft.cli.arguments import add_overrides, add_trust, command
from hfsft.cli.consent import trust, wants
from hfsft.cli.console import count, remark
from hfsft.cli.problems import told
from hfsft.errors import Place, Problem, RecipeError, UserError


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft validate recipe.yaml\n"
        "  hfsft validate recipe.yaml --set split.validation=0.2\n"
        "  hfsft validate recipes/*.yaml --offline --json"
    )
    parser = command(commands, "validate", "check recipes without asking any model", run, examples)
    parser.add_argument(
        "recipe",
        nargs="+",
        help="the recipes: files, hf://datasets/you/name for published ones, https:// addresses",
    )
    add_overrides(parser)
    add_trust(parser)
    parser.add_argument(
        "--offline", action="store_true", help="do not ask the Hub for datasets, models and repositories"
    )
    parser.add_argument("--json", action="store_true", help="print the problems as a JSON list, [] where there is none")


def run(arguments: argparse.Namespace) -> int:
    """Print which recipes are valid; every problem is an error. Exit code 1 where there is one."""
    found: list[Problem] = []
    for recipe in arguments.recipe:
        error = _check(recipe, arguments)
        if error:
            found += error.problems if isinstance(error, RecipeError) else [Problem(Place(recipe), str(error))]
    if arguments.json:
        print(json.dumps([problem.as_dict() for problem in found], ensure_ascii=False, indent=2))
    return UserError.exit_code if found else 0


def _check(recipe: str, arguments: argparse.Namespace) -> UserError | None:
    """Say whether one recipe is valid; its error, if any."""
    from hfsft.pipeline import validate

    try:
        checked = validate(recipe, overrides=arguments.overrides, hub=not arguments.offline, trust=trust(arguments))
    except UserError as error:
        if not arguments.json:
            print(told(error), file=sys.stderr)
        return error
    if not arguments.json:
        for warning in checked.warnings:
            print(remark("warning", str(warning)))
        for note in checked.notes:
            print(remark("note", note))
        print("".join(f"{line}\n" for line in wants(checked.wants)), end="")
        print(f"{recipe}: valid, {count(len(checked.plan.steps), 'step')}")
    return None
