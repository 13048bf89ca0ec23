"""`hfsft report`: the page of a build, written anew."""

from __future__ import annotations

import argparse
from typing import Any

from hfsft.cli.arguments import command


def add(commands: Any) -> None:
    """Add the command."""
    examples = "  hfsft report build/name"
    parser = command(commands, "report", "write the page of a build anew, from its folder", run, examples)
    parser.add_argument("build", help="the build's folder, or a release as hf://datasets/you/name")


def run(arguments: argparse.Namespace) -> None:
    """Write the page, and say where it is."""
    from hfsft.release.report.page import rewrite

    print(f"written to {rewrite(arguments.build)}")
