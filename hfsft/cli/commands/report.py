"""`hfsft report`: the page of a build, written anew."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from hfsft.cli.arguments import command


def add(commands: Any) -> None:
    """Add the command."""
    examples = "  hfsft report build/name\n  hfsft report hf://datasets/you/name --out name.html"
    parser = command(commands, "report", "write the page of a build anew, from its folder", run, examples)
    parser.add_argument("build", help="the build's folder, or a release as hf://datasets/you/name")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the file to write (default: report.html of the build)"
    )
    parser.add_argument("--force", action="store_true", help="write over a file that is not the build's")


def run(arguments: argparse.Namespace) -> None:
    """Write the page, and say where it is."""
    from hfsft.release.report.page import rewrite

    print(f"written to {rewrite(arguments.build, arguments.out, arguments.force)}")
