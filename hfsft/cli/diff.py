"""`hfsft diff`: what changed from one build or release to another."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import command
from hfsft.cli.console import count, table, tell

if TYPE_CHECKING:
    from hfsft.release.diff import Diff

SHOWN = 10  # ids of one kind that are named; all are in the JSON
LEAKED = 1


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft diff build/name build-before/name\n"
        "  hfsft diff hf://datasets/you/name build/name\n"
        "  hfsft diff hf://datasets/you/name@v1.0 hf://datasets/you/name@v1.1 --json"
    )
    parser = command(commands, "diff", "show what changed from one build or release to another", run, examples)
    parser.add_argument("old", help="a build's folder, or a release as hf://datasets/you/name, or with @revision")
    parser.add_argument("new", help="the same, for what is newer")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the difference; exit code 1 where a row moved from train to validation."""
    from hfsft.release.diff import diff
    from hfsft.release.reader import open_release

    found = diff(open_release(arguments.old, tell), open_release(arguments.new, tell))
    print(json.dumps(found.as_dict(), ensure_ascii=False, indent=2) if arguments.json else report(found))
    return LEAKED if found.leaked else 0


def report(found: Diff) -> str:
    """The difference as people read it."""
    parts = [f"old: {found.old}\nnew: {found.new}", _rows(found)]
    if found.columns[0] != found.columns[1]:
        parts.append("columns: " + " -> ".join(", ".join(names) for names in found.columns))
    if found.leaked:
        seen = f"{count(len(found.leaked), 'row')} moved from train to validation"
        parts.append(f"{seen}, so a model trained on the old rows has seen them: {_named(found.leaked)}")
    if freed := [row_id for row_id in found.moved if row_id not in found.leaked]:
        seen = f"{count(len(freed), 'row')} moved from validation to train"
        parts.append(
            f"{seen}, so results on the old validation rows and on the new are not of the same: {_named(freed)}"
        )
    parts += _scores(found)
    parts.append(_funnel(found))
    return "\n\n".join(parts)


def _rows(found: Diff) -> str:
    lines = [
        table(
            ("split", "old rows", "new rows", "change"),
            [(split, f"{old:,}", f"{new:,}", f"{new - old:+,}") for split, (old, new) in found.splits.items()],
            right=(1, 2, 3),
        ),
        "",
        f"added    {_why(found.added)}",
        f"removed  {_why(found.removed)}",
        f"changed  {_why({row_id: ', '.join(columns) for row_id, columns in found.changed.items()})}",
        f"moved    {len(found.moved):,}",
    ]
    return "\n".join(lines)


def _why(rows: Mapping[str, str]) -> str:
    """The number of rows, how many for each reason, and some ids."""
    if not rows:
        return "0"
    reasons = [f"{number:,} {reason}" for reason, number in Counter(rows.values()).most_common()]
    return f"{len(rows):,} ({'; '.join(reasons)}): {_named(rows)}"


def _named(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:SHOWN]) + (f" and {len(listed) - SHOWN:,} more" if len(listed) > SHOWN else "")


def _scores(found: Diff) -> list[str]:
    if not found.scores:
        return []
    rows = [
        (
            score.criterion,
            _number(score.old),
            _number(score.new),
            _number(score.shift, "+.2f"),
            f"{score.rows_compared:,}",
        )
        for score in found.scores
    ]
    head = ("score", "old mean", "new mean", "shift", "rows in both")
    return [table(head, rows, right=(1, 2, 3, 4))]


def _funnel(found: Diff) -> str:
    """The funnels side by side, without the steps that left the number of rows as it was in both."""
    rows: list[tuple[str, ...]] = []
    before: tuple[int, ...] = (0, 0)
    for pair in found.funnel:
        left = tuple(
            was if now is None else now for was, now in zip(before, (pair.old_rows, pair.new_rows), strict=True)
        )
        if left != before:
            values = (pair.old_rows, pair.new_rows, pair.old_removed, pair.new_removed)
            rows.append((pair.step, *(_number(value, ",") for value in values)))
        before = left
    return table(("step", "old left", "new left", "old removed", "new removed"), rows, right=(1, 2, 3, 4))


def _number(value: float | None, form: str = ".2f") -> str:
    return "-" if value is None else format(value, form)
