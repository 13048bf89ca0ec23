"""`hfsft cache`: what builds keep so that the next one makes nothing twice."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hfsft import cache
from hfsft.cli.arguments import Parser, age, command
from hfsft.cli.confirm import require_deletion
from hfsft.cli.console import count, duration, remark, table
from hfsft.errors import UserError, nearest
from hfsft.release.hub.release_files import size

if TYPE_CHECKING:
    from collections.abc import Sequence

SAFE = "answers of models are not in it (`hfsft store list`), so nothing is paid for again"


def add(commands: Any) -> None:
    """Add the command and its own commands."""
    examples = (
        "  hfsft cache\n"
        "  hfsft cache prune refund-support --dry-run\n"
        "  hfsft cache prune refund-support\n"
        "  hfsft cache prune --older-than 30d --yes"
    )
    parser = command(commands, "cache", "list and prune what builds keep to make no step twice", run, examples)
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    actions = parser.add_subparsers(dest="action", metavar="action", parser_class=Parser)
    listing = actions.add_parser("list", help="what is kept, by the name of the dataset (as without an action)")
    pruning = actions.add_parser("prune", help="delete it, when asked; the next build makes the steps again")
    pruning.add_argument("names", nargs="*", metavar="NAME", help="only of these datasets; left out: of all")
    pruning.add_argument("--older-than", type=age, metavar="AGE", help="only what no build used for so long, as 30d")
    pruning.add_argument("--dry-run", action="store_true", help="say what would be deleted; delete nothing")
    pruning.add_argument("--yes", "-y", action="store_true", help="delete without asking")
    for each in (listing, pruning):
        # What was given before the action stays.
        each.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print it as JSON")
        each.set_defaults(parser=each)


def run(arguments: argparse.Namespace) -> None:
    """Do what the action says; without one, list."""
    if arguments.action == "prune":
        _prune(arguments)
        return
    found = cache.holdings()
    if arguments.json:
        print(json.dumps([asdict(each) for each in found], indent=2))
        return
    if found:
        print(f"{_table(found)}\n")
    total = sum(each.bytes for each in found)
    print(f"{cache.cache_folder('')}: {size(total)} on disk; {SAFE}")


def _prune(arguments: argparse.Namespace) -> None:
    names, older_than = arguments.names, arguments.older_than
    known = [each.name for each in cache.holdings()]
    for name in names:
        if name not in known:
            hint = nearest(name, known) or "nor of any other"
            raise UserError(f"prune: nothing is kept of a dataset `{name}` ({hint})")
    going = cache.holdings(names, older_than)
    if not arguments.json:
        if not going:
            print("no such file: nothing to delete")
            return
        total = sum(each.bytes for each in going)
        files = count(sum(each.files for each in going), "file")
        print(f"{_table(going)}\n\n{files}, {size(total)}; the next build of each makes what it needs again\n{SAFE}")
    if arguments.dry_run:
        if arguments.json:
            print(json.dumps([asdict(each) for each in going], indent=2))
        return
    if going:
        require_deletion("files", arguments.yes)
    gone = []
    for each in going:
        deleted = cache.prune(each.name, older_than)
        if deleted is None:
            print(remark("warning", f"{each.name}: left as it is, as a build of it is running"))
        else:
            gone.append(deleted)
    if arguments.json:
        print(json.dumps([asdict(each) for each in gone], indent=2))
    else:
        total = sum(each.bytes for each in gone)
        print(f"deleted {count(sum(each.files for each in gone), 'file')}, {size(total)}")


def _table(found: Sequence[cache.Cached]) -> str:
    now = time.time()
    rows = [
        (each.name, f"{each.files:,}", size(each.bytes), f"{duration(max(0, now - each.used))} ago") for each in found
    ]
    return table(("dataset", "files", "size", "last used"), rows, right=(1, 2, 3), drop=(3, 1))
