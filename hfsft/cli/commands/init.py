"""`hfsft init`: a commented recipe to start from."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from hfsft.cli.arguments import command
from hfsft.errors import UserError


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft init refund-support\n"
        "  hfsft init tickets --clean\n"
        "  hfsft init cooking --language de --out recipes/cooking.yaml"
    )
    parser = command(commands, "init", "write a commented recipe of your domain to start from", run, examples)
    parser.add_argument("name", help="name of the dataset, such as refund-support")
    parser.add_argument("--clean", action="store_true", help="a recipe that cleans rows you have, and asks no model")
    parser.add_argument("--language", default="en", help="language of the data, as an ISO 639-1 code (default: en)")
    parser.add_argument("--out", type=Path, help="the file to write (default: <name>.yaml)")
    parser.add_argument("--force", action="store_true", help="write over a file that exists")


def run(arguments: argparse.Namespace) -> None:
    """Write the file, once all that it will hold is known to be right."""
    from hfsft.prompts import Prompt
    from hfsft.recipe.checks.languages import LANGUAGES, advice
    from hfsft.recipe.recipe import NAME, Recipe
    from hfsft.recipe.recipe_file import parse, validate
    from hfsft.release.folder.outputs import require_free, writing

    if not re.match(NAME, arguments.name):
        raise UserError(
            f"{arguments.name!r} cannot name a dataset (letters, digits, dots, dashes and underscores, the first a "
            "letter or a digit)"
        )
    if arguments.language not in LANGUAGES:
        raise UserError(f"--language: {arguments.language!r} is no ISO 639-1 code ({advice(arguments.language)})")
    path: Path = arguments.out or Path(f"{arguments.name}.yaml")
    require_free(path, arguments.force)
    kind = "clean" if arguments.clean else "recipe"
    text = Prompt.named("init", kind).render(name=arguments.name, language=arguments.language, file=str(path)) + "\n"
    validate(parse(text, path), Recipe)
    with writing(path) as file:
        file.write(text)
    print(f"wrote {path}\nnext: say in it what your data is, then hfsft validate {path}")
