"""`hfsft why`: of a recipe, which steps would run again; of a build and a row, how the row came to its fate."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import add_overrides, add_trust, command
from hfsft.cli.consent import trust
from hfsft.cli.console import count, paint, remark, tell
from hfsft.cli.record_view import INDENT, heading, sent, show
from hfsft.errors import UserError
from hfsft.plain import plain
from hfsft.release.folder.file_names import FUNNEL
from hfsft.release.step_titles import step_name

if TYPE_CHECKING:
    from hfsft.engine.why import Reason
    from hfsft.release.rows.history import RowHistory


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft why recipe.yaml\n"
        "  hfsft why recipe.yaml --set generate.temperature=0.3\n"
        "  hfsft why build/name 3f2a9c\n"
        "  hfsft why build/name tickets.jsonl:3"
    )
    says = "tell why steps would run again, or why one row of a build came to its fate"
    parser = command(commands, "why", says, run, examples)
    parser.add_argument("recipe", metavar="recipe|build", help="a recipe's file, or a build's folder (or its release)")
    parser.add_argument("row", nargs="?", help="of a build: a row's id, its first digits, or where it was read")
    add_overrides(parser)
    add_trust(parser)
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(arguments: argparse.Namespace) -> None:
    """Print the reasons, or the row's history."""
    built = Path(arguments.recipe).is_dir()
    if arguments.row is not None:
        _row(arguments)
    elif built and (Path(arguments.recipe) / FUNNEL).exists():
        raise UserError(
            f"{arguments.recipe} is a build: name one of its rows, by its id or by where it was read "
            f"(`hfsft rows {arguments.recipe}` lists them)"
        )
    else:
        _steps(arguments)


def _row(arguments: argparse.Namespace) -> None:
    from hfsft.release.reader import open_release
    from hfsft.release.rows.history import row_history
    from hfsft.release.rows.records import BuildRows

    if Path(arguments.recipe).is_file():
        raise UserError(f"{arguments.recipe} is a recipe; name the build that holds the row, such as build/name")
    if arguments.overrides:
        raise UserError("--set changes a recipe; a row that was built stays as it is")
    found = row_history(BuildRows(open_release(arguments.recipe, tell)), arguments.row)
    as_json = arguments.json
    print(json.dumps(_as_dict(found), ensure_ascii=False, indent=2, default=str) if as_json else history_text(found))


def history_text(found: RowHistory) -> str:
    """A row's history as text, from its source to its fate."""
    record = found.record
    lines = [show(record, hide=[measure.column for measure in found.measures])]
    if found.ancestors:
        lines.append(paint("it grew from", "head"))
        for depth, each in enumerate(found.ancestors, 1):
            if isinstance(each, str):
                lines.append(f"{INDENT * depth}{each}, which is not in this build")
            else:
                lines.append(f"{INDENT * depth}{heading(each)}: {plain(each.row.get('instruction') or '')}")
    if found.exchanges:
        lines += [paint("what was sent, and the answers in this machine's store", "head"), *sent(found.exchanges)]
    elif found.untold:
        lines.append(remark("note", f"the prompts cannot be worked out again: {found.untold}"))
    else:
        lines.append("no model was asked for it")
    if found.measures:
        lines.append(paint("what was measured, in the order that the rules cut", "head"))
        for measure in found.measures:
            value = f"{measure.value:.4g}" if isinstance(measure.value, float) else measure.value
            verdict = paint("falls", "bad") if measure.removed else paint("stays", "good")
            lines.append(f"{INDENT}{step_name(measure.step)}: {measure.column} {value}, {measure.bound}: {verdict}")
    if found.of:
        lines += [paint("it fell for", "head"), INDENT + heading(found.of)]
        lines.append(f"{INDENT * 2}{plain(found.of.row.get('instruction') or '')}")
    if found.grown:
        lines.append(paint(f"{count(len(found.grown), 'row')} grew from it", "head"))
        lines += [f"{INDENT}{heading(each)}" for each in found.grown]
    lines.append(f"so: {heading(record)}")
    return "\n".join(lines)


def _as_dict(found: RowHistory) -> dict[str, Any]:
    return {
        **found.record.as_dict(),
        "ancestors": [each if isinstance(each, str) else each.as_dict() for each in found.ancestors],
        "measures": [asdict(measure) for measure in found.measures],
        "fell_for": found.of.as_dict() if found.of else None,
        "grown": [each.id for each in found.grown],
        "exchanges": [asdict(each) for each in found.exchanges],
        "untold": found.untold,
    }


def _steps(arguments: argparse.Namespace) -> None:
    from hfsft.pipeline import why

    reasons = why(arguments.recipe, overrides=arguments.overrides, trust=trust(arguments))
    if arguments.json:
        print(json.dumps([asdict(reason) for reason in reasons], ensure_ascii=False, indent=2))
        return
    print("\n".join(_told(reasons)))


def _told(reasons: list[Reason]) -> list[str]:
    """A line for each step that changed or did not; those that only follow one are told together."""
    lines: list[str] = []
    width = max(len(step_name(reason.step)) for reason in reasons)
    behind: dict[tuple[str, bool], list[str]] = {}
    for reason in reasons:
        if reason.after and not reason.changes:
            behind.setdefault((reason.after, reason.only_new), []).append(step_name(reason.step))
            continue
        verdict = f"{paint('runs again', 'warning')}: {reason.reason}" if reason.reason else "as in the last build"
        lines.append(f"{step_name(reason.step).ljust(width)}  {verdict}")
        lines += [f"{' ' * width}    {change}" for change in reason.changes]
    for (cause, only_new), steps in behind.items():
        named = steps[0] if len(steps) == 1 else f"{steps[0]} to {steps[-1]}"
        number, cause = count(len(steps), "step"), step_name(cause)
        runs = "run only for rows that are new" if only_new else "run again because rows change"
        lines.append(f"\n{number} {runs} with {cause}: {named}")
    if behind:
        lines.append("what is in the store is not asked again (`hfsft plan` counts the calls)")
    return lines
