"""`hfsft init`: a commented recipe to start from."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from hfsft.cli.arguments import command
from hfsft.errors import UserError


def add(commands: Any) -> None:
    """Add the command."""
    examples = "  hfsft init refund-support\n  hfsft init cooking --language de --out recipes/cooking.yaml"
    parser = command(commands, "init", "write a commented recipe of your domain to start from", run, examples)
    parser.add_argument("name", help="name of the dataset, such as refund-support")
    parser.add_argument("--language", default="en", help="language of the data, as an ISO 639-1 code (default: en)")
    parser.add_argument("--out", type=Path, help="the file to write (default: <name>.yaml)")
    parser.add_argument("--force", action="store_true", help="write over a file that exists")


def run(arguments: argparse.Namespace) -> None:
    """Write the file, having checked that it is a valid recipe."""
    from hfsft.prompts import Prompt
    from hfsft.recipe.compile import compile_recipe
    from hfsft.recipe.recipe import load_recipe

    path: Path = arguments.out or Path(f"{arguments.name}.yaml")
    if path.exists() and not arguments.force:
        raise UserError(f"{path}: exists already (choose another with --out, or write over it with --force)")
    text = Prompt.named("init", "recipe").render(name=arguments.name, language=arguments.language, file=str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_text(text + "\n", encoding="utf-8")
        compile_recipe(load_recipe(path), weights=False, sources=False)
    except UserError:
        path.unlink()
        raise
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from None
    print(f"wrote {path}\nnext: hfsft preview {path}")
