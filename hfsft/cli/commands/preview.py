"""`hfsft preview`: a few rows through the whole path."""

from __future__ import annotations

import argparse
from typing import Any

from hfsft.cli.arguments import add_recipe, command
from hfsft.cli.consent import trust
from hfsft.cli.console import count, money, remark, wrapped
from hfsft.cli.progress import Line
from hfsft.cli.record_view import show


def add(commands: Any) -> None:
    """Add the command."""
    examples = "  hfsft preview recipe.yaml\n  hfsft preview recipe.yaml --rows 1 --prompts"
    parser = command(commands, "preview", "take a few rows through the whole path, shown row by row", run, examples)
    add_recipe(parser)
    parser.add_argument("--rows", type=int, default=2, metavar="N", help="source rows to take (default: 2)")
    parser.add_argument("--prompts", action="store_true", help="show what each model was sent, and what it answered")


def run(arguments: argparse.Namespace) -> None:
    """Print each row with its fate, then what they took. Raises `UserError` with the causes where none is left."""
    from hfsft import pipeline
    from hfsft.errors import UserError
    from hfsft.models.dialects.dialect_table import notes_on
    from hfsft.release.removal_causes import causes, nothing_left

    line = Line()
    try:
        seen = pipeline.preview(
            arguments.recipe,
            arguments.rows,
            overrides=arguments.overrides,
            watcher=pipeline.Watcher(line.step, line.progress if line.live else None),
            trust=trust(arguments),
        )
    finally:
        line.clear()
    records = seen.records()
    sent = seen.exchanges() if arguments.prompts else {}
    for number, record in enumerate(records, 1):
        told = sent.get(record.id) if arguments.prompts else None
        measures = record.measures(seen.bounds)
        print(show(record, measures, number=f"{number} of {len(records)}", exchanges=told) + "\n")
    left = sum(not record.verdict for record in records)
    usage = seen.usage
    parts = [f"{left:,} of {count(len(records), 'row')} left", count(usage.calls, "model call")]
    if usage.stored:
        parts.append(f"{count(usage.stored, 'answer')} from the store")
    if usage.calls:
        parts += [usage.told(), money(usage.usd)]
    for note in notes_on(usage.dialects):
        print(remark("note", note))
    print(wrapped(f"{', '.join(parts)}; the build that follows uses the same answers"))
    if records and not left:
        raise UserError(nothing_left(causes(seen.ledger), len(records)))
