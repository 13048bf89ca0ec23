"""`hfsft preview`: a few rows through the whole path."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import add_recipe, command
from hfsft.cli.console import Line, count

if TYPE_CHECKING:
    from hfsft.plan.step import Step

WIDTH = 100
LONGEST = 600  # characters of one value that are shown


def add(commands: Any) -> None:
    """Add the command."""
    examples = "  hfsft preview recipe.yaml\n  hfsft preview recipe.yaml --rows 1"
    parser = command(commands, "preview", "take a few rows through the whole path, shown stage by stage", run, examples)
    add_recipe(parser)
    parser.add_argument("--rows", type=int, default=2, metavar="N", help="source rows to take (default: 2)")


def run(arguments: argparse.Namespace) -> None:
    """Print what each step wrote and took out."""
    from hfsft import pipeline

    line = Line()
    seen = pipeline.preview(
        arguments.recipe,
        arguments.rows,
        overrides=arguments.overrides,
        watcher=pipeline.Watcher(line.step, line.progress if line.live else None),
    )
    line.clear()
    before: dict[str, dict[str, Any]] = {}
    for step, rows in seen:
        now = {row["id"]: row for row in rows}
        text = changes(step, before, now)
        if text:
            print(f"== {step.name}  {step.place or ''}".rstrip() + f"\n{text}\n")
        before = now
    print(f"{count(len(before), 'row')} left; the build that follows uses the same answers")


def changes(step: Step, before: dict[str, dict[str, Any]], now: dict[str, dict[str, Any]]) -> str:
    """What a step did: new rows, new values, rows gone."""
    lines = []
    for row_id, row in now.items():
        old = before.get(row_id, {})
        wrote = {name: row[name] for name in (step.writes if old else row) if row.get(name) != old.get(name)}
        shown = {name: value for name, value in wrote.items() if value not in (None, "", []) and name != "id"}
        if shown:
            lines.append(f"[{row_id}]")
            lines += [_value(name, value) for name, value in shown.items()]
    lines += [f"[{row_id}] removed" for row_id in before if row_id not in now]
    return "\n".join(lines)


def _value(name: str, value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}… ({len(text):,} characters)"
    indent = "    "
    body = "\n".join(
        textwrap.fill(line, WIDTH, initial_indent=indent * 2, subsequent_indent=indent * 2)
        for line in text.splitlines()
    )
    return (
        f"{indent}{name}: {text}"
        if len(text) + len(name) < WIDTH - 8 and "\n" not in text
        else f"{indent}{name}:\n{body}"
    )
