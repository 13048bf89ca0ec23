"""`hfsft rows`: the rows of a build, kept or not, with what they say and why they fell."""

from __future__ import annotations

import argparse
import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import command, rows_wanted
from hfsft.cli.console import count, tell
from hfsft.cli.record_view import show
from hfsft.engine.ledger import REMOVED_FATES
from hfsft.release.step_titles import step_of
from hfsft.rows.columns import SIDES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hfsft.release.rows.records import BuildRows, ReleaseRow

SHOWN = 10  # rows that are shown unless --limit says how many


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft rows build/name\n"
        "  hfsft rows build/name --fate rejected --by 'filters[tokens]'\n"
        "  hfsft rows build/name --find refund --topic billing --limit 3\n"
        "  hfsft rows build/name --source tickets.jsonl:3\n"
        "  hfsft rows hf://datasets/you/name --fate failed --json"
    )
    parser = command(commands, "rows", "show rows of a build, kept or not, and why each fell", run, examples)
    parser.add_argument("build", help="the build's folder, or a release as hf://datasets/you/name")
    parser.add_argument(
        "--fate",
        choices=(*SIDES, "kept", *REMOVED_FATES),
        help="only rows that ended so; kept is all splits together; not_chosen: others of the group stayed",
    )
    parser.add_argument(
        "--by", metavar="STEP", help="only rows that this step or rule took out, such as 'filters[tokens]' or too_long"
    )
    parser.add_argument("--topic", help="only rows of this topic")
    parser.add_argument("--source", metavar="TEXT", help="only rows read at a place with this text in it")
    parser.add_argument("--find", metavar="TEXT", help="only rows that say this, in small letters or capitals")
    parser.add_argument(
        "--limit", type=rows_wanted, metavar="N", help=f"at most so many rows (default: {SHOWN}, with --json all)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line, with every column")


def run(arguments: argparse.Namespace) -> None:
    """Print the rows that are wanted."""
    from hfsft.release.reader import open_release
    from hfsft.release.rows.records import BuildRows, Wanted

    rows = BuildRows(open_release(arguments.build, tell))
    wanted = Wanted(arguments.fate, step_of(arguments.by), arguments.topic, arguments.source, arguments.find)
    found = rows.find(wanted)
    if arguments.json:
        for record in islice(found, arguments.limit):
            print(json.dumps(record.as_dict(), ensure_ascii=False, default=str))
        return
    _print(rows, found, SHOWN if arguments.limit is None else arguments.limit)


def _print(rows: BuildRows, found: Iterator[ReleaseRow], limit: int) -> None:
    shown = 0
    for record in islice(found, limit):
        print(show(record, record.measures(rows.bounds)) + "\n")
        shown += 1
    more = sum(1 for _ in found)
    if more:
        print(f"{shown:,} of {count(shown + more, 'row')} (--limit {shown + more} shows all)")
    else:
        print(count(shown, "row") if shown else "no such row")
