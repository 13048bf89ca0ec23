"""`hfsft templates`: the templates that recipes may name, and what each reads."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import add_overrides, add_trust, command
from hfsft.cli.consent import trust
from hfsft.cli.console import paint, window
from hfsft.plain import harmless

if TYPE_CHECKING:
    from hfsft.pipeline.template_list import KnownTemplate

WIDEST = 100
IN = "  "
USED = "*"


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft templates                              all, by folder\n"
        "  hfsft templates evolve                       those of one folder\n"
        "  hfsft templates evolve deepen                one of them in full\n"
        "  hfsft templates --recipe recipe.yaml         marks those that the recipe uses"
    )
    parser = command(commands, "templates", "list the templates that recipes may name, or show one", run, examples)
    parser.add_argument("folder", nargs="?", help="the folder, such as evolve, or a recipe; left out: all")
    parser.add_argument("name", nargs="?", help="one template of it, shown in full")
    parser.add_argument("--recipe", help="a recipe: the templates that it uses are marked, its own ones listed too")
    add_overrides(parser)
    add_trust(parser)
    parser.add_argument("--json", action="store_true", help="print them as JSON, a list, with their texts")


def run(arguments: argparse.Namespace) -> None:
    """Print the list, or one template."""
    from hfsft.pipeline.template_list import template_list

    folder, recipe = arguments.folder, arguments.recipe
    if folder and recipe is None and (folder.endswith((".yaml", ".yml")) or "://" in folder):
        folder, recipe = None, folder
    found = template_list(
        folder,
        arguments.name,
        recipe,
        overrides=arguments.overrides,
        trust=trust(arguments) if recipe else None,
    )
    if arguments.json:
        print(json.dumps([each.as_dict() for each in found], ensure_ascii=False, indent=2))
    elif arguments.name is not None:
        print("\n".join(_whole(found[0])))
    else:
        folders = groupby(sorted(found, key=lambda each: each.folder), key=lambda each: each.folder)
        print("\n\n".join("\n".join(_folder(folder, list(group))) for folder, group in folders))
        if any(each.used for each in found):
            print(f"\n{USED} the recipe uses it")


def _folder(folder: str, found: Sequence[KnownTemplate]) -> Iterator[str]:
    """A folder's templates; what most of them read is told once."""
    yield paint(folder, "head")
    common, most = Counter(each.reads for each in found).most_common(1)[0]
    if most > 1:
        yield from _set_in(f"each reads {', '.join(common)}, where it says nothing else", IN)
    width = max(len(each.name) for each in found) + 2
    for each in found:
        reads = "" if most > 1 and each.reads == common else f" (reads {', '.join(each.reads)})"
        lines = _set_in(each.about + reads, "")
        yield f"{USED if each.used else ' '} {paint(each.name.ljust(width), 'name')}{lines[0]}"
        yield from (f"{IN}{' ' * width}{line}" for line in lines[1:])


def _whole(one: KnownTemplate) -> Iterator[str]:
    yield f"{paint(f'{one.folder} {one.name}', 'name')}" + (" (the recipe uses it)" if one.used else "")
    yield from _set_in(one.about, IN)
    yield from _set_in(one.source, IN)
    yield from _set_in(f"reads {', '.join(one.reads) or 'nothing'}", IN)
    yield ""
    yield harmless(one.text.rstrip("\n"))


def _set_in(text: str, indent: str) -> list[str]:
    width = max(min(window() or WIDEST, WIDEST) - (0 if indent else 22), 30)
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
