"""`hfsft store`: the answers on disk."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import Parser, age, command
from hfsft.cli.confirm import require_deletion
from hfsft.cli.console import count, duration, money, table
from hfsft.errors import UserError
from hfsft.release.hub.release_files import size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hfsft.models.store.archive import Holding
    from hfsft.models.store.store import Store


def add(commands: Any) -> None:
    """Add the command and its own commands."""
    examples = (
        "  hfsft store list\n"
        "  hfsft store export answers.jsonl --recipe refund-support\n"
        "  hfsft store prune --older-than 90d --dry-run\n"
        "  hfsft store prune --older-than 90d\n"
        "  hfsft store verify\n"
        "  hfsft store batches"
    )
    parser = command(commands, "store", "list, export, prune and check the answers that were paid for", run, examples)
    actions = parser.add_subparsers(dest="action", metavar="action", required=True, parser_class=Parser)
    listing = actions.add_parser("list", help="what is kept, by recipe and model, and what it cost")
    listing.add_argument("--json", action="store_true", help="print it as JSON")
    exporting = actions.add_parser("export", help="write answers as JSON lines")
    exporting.add_argument("file", type=Path, help="the file to write")
    exporting.add_argument("--force", action="store_true", help="write over a file that exists")
    pruning = actions.add_parser("prune", help="delete answers, when asked; they are paid for again when needed again")
    for parser in (exporting, pruning):
        parser.add_argument("--recipe", help="only of this recipe, by its name")
        parser.add_argument("--model", help="only of this model, by its id")
        parser.add_argument("--older-than", type=age, metavar="AGE", help="only older ones, such as 12h, 30d or 8w")
    pruning.add_argument("--all", action="store_true", help="delete every answer")
    pruning.add_argument("--dry-run", action="store_true", help="say what would be deleted; delete nothing")
    pruning.add_argument("--yes", "-y", action="store_true", help="delete without asking")
    checking = actions.add_parser("verify", help="check every answer against its checksum")
    waiting = actions.add_parser("batches", help="which batches are under way at their servers")
    waiting.add_argument("--json", action="store_true", help="print it as JSON")
    waiting.add_argument("--forget", metavar="ID", help="give one up, by either of its names; nothing is cancelled")
    for parser in (listing, exporting, pruning, checking, waiting):
        parser.set_defaults(parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says."""
    from hfsft.models.store import archive
    from hfsft.models.store.store import Store
    from hfsft.release.folder import outputs

    with Store() as store:
        if arguments.action == "list":
            _list(store, arguments.json)
        elif arguments.action == "batches":
            _batches(store, arguments)
        elif arguments.action == "verify":
            checked = archive.verify(store)
            print(f"{store.path}: {count(checked.answers, 'answer')}, {checked.damaged:,} damaged")
            if checked.file or checked.damaged:
                raise UserError(f"{store.path}: {checked.file or 'damaged answers will be asked for again'}")
        elif arguments.action == "export":
            outputs.require_free(arguments.file, arguments.force)
            with outputs.writing(arguments.file) as file:
                written = archive.export(store, file, **_which(arguments))
            print(f"wrote {count(written, 'answer')} to {arguments.file}")
        else:
            _prune(store, arguments)
    return 0


def _list(store: Store, as_json: bool) -> None:
    from hfsft.models.store import archive

    holdings = archive.holdings(store)
    if as_json:
        print(json.dumps([asdict(each) for each in holdings], indent=2))
        return
    print(_table(holdings))
    print(f"\n{store.path}: {size(archive.size(store))} on disk")


def _table(holdings: Sequence[Holding]) -> str:
    now = time.time()
    rows = [
        (
            each.recipe,
            each.model,
            f"{each.answers:,}",
            size(each.bytes),
            f"{each.input_tokens + each.output_tokens:,}",
            "unknown" if each.usd is None else money(each.usd),
            duration(max(0, now - each.newest)),
            duration(max(0, now - each.oldest)),
        )
        for each in holdings
    ]
    head = ("recipe", "model", "answers", "size", "tokens", "cost", "newest", "oldest")
    return table(head, rows, right=(2, 3, 4, 5, 6, 7), drop=(7, 6, 3, 4))


def _batches(store: Store, arguments: argparse.Namespace) -> None:
    """List the batches that are under way, or give one up."""
    from hfsft.models.batches import giving_up, state

    if arguments.forget:
        left = giving_up.forget(store, arguments.forget)
        print(
            f"gave {left.batch or left.name} up: {count(left.requests, 'request')} will be submitted again when needed"
        )
        return
    found = state.open_batches(store)
    if arguments.json:
        print(json.dumps([asdict(each) for each in found], indent=2))
    elif not found:
        print("no batch is under way")
    else:
        now = time.time()
        rows = [
            (
                each.recipe,
                each.stage,
                each.label,
                each.batch or each.name,
                each.state,
                f"{each.requests:,}",
                duration(max(0, now - each.created)),
                each.server,
            )
            for each in found
        ]
        head = ("recipe", "stage", "model", "batch", "state", "requests", "age", "server")
        print(table(head, rows, right=(5, 6), drop=(7, 1, 6, 2)))


def _prune(store: Store, arguments: argparse.Namespace) -> None:
    """Show what would go, ask, and delete it, with the finished steps that may be made from it."""
    from hfsft import cache
    from hfsft.models.store import archive

    which = _which(arguments)
    if not any(value is not None for value in which.values()) and not arguments.all:
        raise UserError("prune: say which answers, with --recipe, --model, --older-than or --all")
    going = archive.holdings(store, **which)
    if not going:
        print("no such answer: nothing to delete")
        return
    made = cache.asking()
    print(f"{_table(going)}\n\n{_bill(going)}")
    if made:
        print(f"finished steps of {', '.join(folder.name for folder in made)} are made again by the next build")
    if arguments.dry_run:
        return
    require_deletion("answers", arguments.yes)
    # Which answers a finished step was made from is not kept, and its fingerprint does not tell: all go, and first,
    # so that none is left should this be interrupted.
    for folder in made:
        cache.forget(folder)
    deleted = archive.prune(store, **which)
    print(f"deleted {count(deleted, 'answer')}")


def _bill(going: Sequence[Holding]) -> str:
    """What the answers come to, and what it costs to have them again."""
    answers, held = sum(each.answers for each in going), sum(each.bytes for each in going)
    costs = [each.usd for each in going]
    known, unknown = sum(cost or 0 for cost in costs), sum(cost is None for cost in costs)
    paid = money(known) if known or not unknown else ""
    if unknown:
        paid = f"{paid} and " * bool(paid) + f"an unknown cost of {count(unknown, 'model')}"
    return f"{count(answers, 'answer')}, {size(held)}, {paid} to pay again when they are needed again"


def _which(arguments: argparse.Namespace) -> dict[str, Any]:
    return {"recipe": arguments.recipe, "model": arguments.model, "older_than": arguments.older_than}
