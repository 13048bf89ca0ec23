"""`hfsft audit`: what is wrong with the rows of existing data, without a recipe or a model."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import command
from hfsft.cli.console import count, duration, paint, remark, silent, table, tell, wrapped
from hfsft.cli.progress import Line
from hfsft.plain import plain

if TYPE_CHECKING:
    from hfsft.release.audit.audit import Audit
    from hfsft.release.audit.audit_findings import RuleFinding

WORDS = 60  # characters of what a rule found most often


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft audit data.jsonl\n"
        "  hfsft audit owner/name --split train --sample 20000\n"
        "  hfsft audit build/name --against held_out.jsonl\n"
        "  hfsft audit data/ --write recipe.yaml"
    )
    parser = command(commands, "audit", "tell what is wrong with existing rows, without a recipe", run, examples)
    parser.add_argument("dataset", help="a file, a folder, a build, or a dataset on the Hub as owner/name")
    parser.add_argument("--split", help="only this split (default: all, and what they share is told)")
    parser.add_argument("--config", help="the dataset's configuration")
    parser.add_argument("--revision", help="the dataset's revision on the Hub")
    parser.add_argument("--format", help="how rows are written (default: told by their columns)")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first so many rows of each split")
    parser.add_argument(
        "--sample", type=_sample, metavar="N", help="only so many rows of each split (20000), or such a share (0.1)"
    )
    parser.add_argument(
        "--language", action="append", default=[], metavar="CODE", help="a language of the rows, as en; may be repeated"
    )
    parser.add_argument(
        "--against", action="append", default=[], metavar="SET", help="a file or evaluation set that no row may repeat"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="write a recipe that takes these rows out")
    parser.add_argument("--page", type=Path, metavar="FILE", help="the page to write (default: <name>-audit.html)")
    parser.add_argument("--no-page", action="store_true", help="write no page")
    parser.add_argument("--force", action="store_true", help="write over files that are there")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    parser.add_argument("--quiet", "-q", action="store_true", help="show no progress")


def run(arguments: argparse.Namespace) -> None:
    """Audit, print what was found, write what is asked for."""
    from hfsft import pipeline

    line = Line()
    heard = silent if arguments.quiet else tell
    try:
        found = pipeline.audit(
            arguments.dataset,
            split=arguments.split,
            config=arguments.config,
            revision=arguments.revision,
            format=arguments.format,
            limit=arguments.limit,
            sample=arguments.sample,
            language=arguments.language,
            against=arguments.against,
            watcher=None if arguments.quiet else pipeline.Watcher(line.step, line.progress),
        )
    finally:
        line.clear()
    if arguments.json:
        print(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
    else:
        print(report(found))
    if not arguments.no_page:
        page = arguments.page or Path(f"{found.name}-audit.html")
        heard(f"page written to {found.write_page(page, arguments.force or arguments.page is None)}")
    if arguments.write:
        heard(f"recipe written to {found.write_recipe(arguments.write, arguments.force)}")


def report(found: Audit) -> str:
    """What was found, as people read it."""
    rows = [_row(finding) for finding in found.findings if finding.rows]
    clean = [finding.label for finding in found.findings if not finding.rows]
    lines = [f"{found.dataset}: {count(found.rows, 'row')}{_splits(found)}"]
    lines += [remark("warning", f"not read: {reason}") for reason in found.unread]
    lines.append("")
    if rows:
        head = ("filter", "would take", "share", "bound", "most often")
        lines += [table(head, rows, right=(1, 2), drop=(3, 4), styles={1: "bad"}), ""]
        lines.append(
            wrapped(
                f"The default filters would take {count(found.by_default, 'row')}, all of these "
                f"{found.by_any:,}; each is counted for itself. (+) is one of the default filters, (~) changes rows."
            )
        )
    if clean:
        lines.append(wrapped(f"Nothing found by: {', '.join(clean)}."))
    lines += ["", *_lengths(found), *_leaks(found), f"audited in {duration(found.seconds)}"]
    return "\n".join(lines)


def _row(finding: RuleFinding) -> tuple[str, ...]:
    mark = " (+)" if finding.default else " (~)" if finding.rewrites else ""
    most = f"{plain(finding.found[0][0], WORDS)} ({finding.found[0][1]:,})" if finding.found else ""
    return (f"{finding.label}{mark}", f"{finding.rows:,}", f"{finding.share:.1%}", finding.bound, most)


def _splits(found: Audit) -> str:
    return f" ({', '.join(f'{split} {rows:,}' for split, rows in found.splits.items())})" if found.splits else ""


def _lengths(found: Audit) -> list[str]:
    rows = [
        (
            each.column,
            *(f"{number:,}" for number in (each.rows, each.total, each.median, each.percentile_95, each.longest)),
        )
        for each in found.lengths
    ]
    return [table(("words of", "rows", "all", "median", "95 %", "longest"), rows, right=range(1, 6)), ""]


def _leaks(found: Audit) -> list[str]:
    if len(found.splits) < 2:
        return []
    if not found.leaks:
        return ["No row of one split stands in another.", ""]
    told = [
        f"{leak.rows:,} of {leak.split} ({leak.share:.1%}) stand in {leak.of} too, by {leak.by}: "
        f"{' and '.join(leak.examples[0])}"
        for leak in found.leaks
    ]
    return [*(paint(line, "bad") for line in map(wrapped, told)), ""]


def _sample(text: str) -> int | float:
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows and no share of them") from None
