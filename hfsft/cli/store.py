"""`hfsft store`: the answers on disk."""

from __future__ import annotations

import argparse
import json
import re
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hfsft.cli.arguments import command
from hfsft.cli.console import count, duration, table
from hfsft.errors import UserError

SECONDS = {"h": 3600, "d": 86_400, "w": 604_800}


def add(commands: Any) -> None:
    """Add the command and its own commands."""
    examples = (
        "  hfsft store list\n"
        "  hfsft store export answers.jsonl --recipe refund-support\n"
        "  hfsft store prune --older-than 90d\n"
        "  hfsft store verify"
    )
    parser = command(commands, "store", "list, export, prune and check the answers that were paid for", run, examples)
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    listing = actions.add_parser("list", help="what is kept, by recipe and model")
    listing.add_argument("--json", action="store_true", help="print it as JSON")
    exporting = actions.add_parser("export", help="write answers as JSON lines")
    exporting.add_argument("file", type=Path, help="the file to write")
    pruning = actions.add_parser("prune", help="delete answers; they are paid for again when asked again")
    for parser in (exporting, pruning):
        parser.add_argument("--recipe", help="only of this recipe, by its name")
        parser.add_argument("--model", help="only of this model, by its id")
        parser.add_argument("--older-than", type=_age, metavar="AGE", help="only older ones, such as 12h, 30d or 8w")
    pruning.add_argument("--all", action="store_true", help="delete every answer")
    actions.add_parser("verify", help="check every answer against its checksum")


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says."""
    from hfsft.models import archive
    from hfsft.models.store import Store

    with Store() as store:
        if arguments.action == "list":
            _list(store, archive, arguments.json)
        elif arguments.action == "verify":
            checked = archive.verify(store)
            print(f"{store.path}: {count(checked.answers, 'answer')}, {checked.damaged:,} damaged")
            if checked.file or checked.damaged:
                raise UserError(f"{store.path}: {checked.file or 'damaged answers will be asked for again'}")
        elif arguments.action == "export":
            which = _which(arguments)
            with arguments.file.open("w", encoding="utf-8") as file:
                print(f"wrote {count(archive.export(store, file, **which), 'answer')} to {arguments.file}")
        else:
            which = _which(arguments)
            if not any(value is not None for value in which.values()) and not arguments.all:
                raise UserError("prune: say which answers, with --recipe, --model, --older-than or --all")
            print(f"deleted {count(archive.prune(store, **which), 'answer')}")
    return 0


def _list(store: Any, archive: Any, as_json: bool) -> None:
    holdings = archive.holdings(store)
    if as_json:
        print(json.dumps([asdict(each) for each in holdings], indent=2))
        return
    now = time.time()
    rows = [
        (
            each.recipe,
            each.model,
            f"{each.answers:,}",
            f"{each.bytes / 1e6:.1f} MB",
            f"{each.input_tokens + each.output_tokens:,}",
            duration(now - each.newest),
            duration(now - each.oldest),
        )
        for each in holdings
    ]
    print(table(("recipe", "model", "answers", "size", "tokens", "newest", "oldest"), rows, right=(2, 3, 4, 5, 6)))
    print(f"\n{store.path}: {archive.size(store) / 1e6:.1f} MB on disk")


def _which(arguments: argparse.Namespace) -> dict[str, Any]:
    return {"recipe": arguments.recipe, "model": arguments.model, "older_than": arguments.older_than}


def _age(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([hdw])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no age (such as 12h, 30d or 8w)")
    return float(found[1]) * SECONDS[found[2]]
