"""`--trust` and `--untrusted`: what a recipe of others wants, shown to the user, who says yes or no."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hfsft.cli.confirm import said_yes
from hfsft.cli.console import remark, wrapped

if TYPE_CHECKING:
    from hfsft.recipe.checks.trust import Reach, Trust


def trust(arguments: argparse.Namespace) -> Trust:
    """How far the command's recipe is trusted; where there is a terminal, the user is asked."""
    from hfsft.recipe.checks.trust import Trust

    return Trust(arguments.trust, _ask if sys.stdin.isatty() and sys.stderr.isatty() else None)


def wants(reaches: Sequence[Reach]) -> list[str]:
    """What a build would ask for, where a command only tells."""
    return [remark("note", f"a build asks you first: {reach.what}") for reach in reaches]


def _ask(reaches: Sequence[Reach]) -> bool:
    """Show what the recipe wants; whether the user types y or yes."""
    lines = ["the recipe is not yours, and wants more than its own folder and the Hub:"]
    lines += [wrapped(f"  {reach.what} ({reach.place})", sys.stderr) for reach in reaches]
    print("\n".join(lines), file=sys.stderr)
    return said_yes("allow all of it?", sys.stderr)
