"""`hfsft build`: the dataset of a recipe."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import add_output, add_recipe, askers_wanted, command
from hfsft.cli.confirm import Consent
from hfsft.cli.consent import trust
from hfsft.cli.console import count, duration, money, paint, remark, silent, table, tell, wrapped
from hfsft.cli.progress import Line, standing
from hfsft.cli.record_view import FATES
from hfsft.errors import HfsftError
from hfsft.release.step_titles import fate_name, step_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hfsft.engine.ledger import FunnelLine
    from hfsft.models.limits.usage import Progress
    from hfsft.release.result import Built
    from hfsft.stages.base import ShownTable


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft build recipe.yaml\n"
        "  hfsft build recipe.yaml --set models.judge.model=Qwen/Qwen3-32B --set models.judge.provider=auto\n"
        "  hfsft build recipe.yaml --out data --json\n"
        "  hfsft build hf://datasets/you/name"
    )
    parser = command(commands, "build", "build the dataset of a recipe", run, examples)
    add_recipe(parser)
    parser.add_argument("--out", default="build", help="folder that gets <name>/ (default: build)")
    parser.add_argument("--no-publish", action="store_true", help="do not push, even if the recipe names a repository")
    parser.add_argument(
        "--create-pr", action="store_true", help="propose the release to a repository you may not write"
    )
    parser.add_argument("--yes", "-y", action="store_true", help="publish to everybody without asking")
    parser.add_argument(
        "--force", action="store_true", help="move a folder that is no build out of the way; nothing is deleted"
    )
    parser.add_argument(
        "--engine",
        default="local",
        help="what works on the rows, which come out the same: local (default), daft (needs hfsft[scale]), or "
        "ray://HOST:PORT, a running Ray cluster (needs hfsft[cluster])",
    )
    parser.add_argument(
        "--work", metavar="FOLDER", help="with a cluster: a folder or s3:// address that every node of it sees"
    )
    parser.add_argument(
        "--askers", type=askers_wanted, metavar="N", help="with a cluster: processes of it that ask models (default: 1)"
    )
    add_output(parser)


def run(arguments: argparse.Namespace) -> None:
    """Build, then print the funnel."""
    from hfsft import pipeline

    line = Line()
    ended: dict[str, FunnelLine] = {}  # by step: each wave goes over all of them again

    def heard_of(step: FunnelLine) -> None:
        ended[step.step] = step

    watcher = None
    if not arguments.quiet:
        watcher = pipeline.Watcher(
            line.step,
            line.progress,
            heard_of,
            on_warning=_warn,
            on_wave=line.above,
            on_told=lambda told: line.above(_told(told)),
        )
    heard = silent if arguments.quiet else tell
    publishing = pipeline.Publishing(
        not arguments.no_publish, arguments.create_pr, heard, Consent(arguments.yes, heard)
    )
    try:
        built, folder = pipeline.run(
            arguments.recipe,
            overrides=arguments.overrides,
            out=arguments.out,
            watcher=watcher,
            publishing=publishing,
            force=arguments.force,
            trust=trust(arguments),
            executor=arguments.engine,
            work=arguments.work,
            askers=arguments.askers,
        )
    except (KeyboardInterrupt, HfsftError):
        line.clear()
        # A stage that has only begun has no answers; those before it may.
        if line.last and (line.last.answers + line.last.stored or any(step.calls for step in ended.values())):
            tell(so_far(list(ended.values()), line.last))
        raise
    finally:
        line.clear()
    shown = not (arguments.json or arguments.quiet)
    if shown:
        print(report(built, folder), flush=True)
    published = pipeline.publish(built.recipe, folder, publishing, built.shared)
    if arguments.json:
        release = asdict(published) if published else None
        summary = {**built.summary(), "folder": str(folder), "published": release}
        print(json.dumps(summary, ensure_ascii=False, indent=2))
    elif shown and published:
        from hfsft.cli.commands.publish import report as released

        print(f"\n{released(published)}")


def _told(told: str | ShownTable) -> str:
    """What a section says while a build is under way, as it is printed."""
    from hfsft.stages.base import Warn

    if isinstance(told, str):
        return remark("warning", told, sys.stderr) if isinstance(told, Warn) else wrapped(told, sys.stderr)
    rows = [["" if cell is None else cell for cell in row] for row in told.rows]
    return table(told.head, rows, tuple(told.right))


def _warn(text: str) -> None:
    tell(remark("warning", text, sys.stderr))


def report(built: Built, folder: Path) -> str:
    """The funnel and what the build came to, as people read it."""
    from hfsft.models.dialects.dialect_table import notes_on
    from hfsft.stages.base import Warn

    counts = built.ledger.counts()
    lines = [funnel(built.ledger.funnel), "", *sources(built)]
    fates = [f"{counts[fate]:,} {paint(fate_name(fate), FATES[fate])}" for fate in FATES if fate in counts]
    lines.append(f"{count(built.ledger.rows_in, 'row')} in = {' + '.join(fates)}")
    lines.append(wrapped(f"{usage_line(built)}, {duration(built.seconds)}"))
    lines += [remark("warning", note) for note in built.notes if isinstance(note, Warn)]
    lines += [remark("note", note) for note in built.notes if not isinstance(note, Warn)]
    lines += [remark("note", note) for note in notes_on(built.usage.dialects)]
    lines.append(f"nothing changed: {folder} stays as it is" if built.stands else f"written to {folder}")
    return "\n".join(lines)


def so_far(ended: Sequence[FunnelLine], progress: Progress) -> str:
    """How far a build came that did not reach its end: the steps that ended, and the one that asked models."""
    text = f"so far:\n\n{funnel(ended)}\n" if ended else "so far:\n"
    steps = {line.step for line in ended}
    if any(stage not in steps for stage in (progress.stage, *(ahead for ahead, _ in progress.prefetched))):
        left, of = progress.total - progress.done, ""
        if not left and progress.whole:  # stopped by what later steps would have asked
            left, of = progress.whole.planned - progress.whole.done, " of later steps"
        text += f"\n{standing(progress)}" + (f", {left:,}{of} not done\n" if left else "\n")
    return text


def funnel(lines: Sequence[FunnelLine]) -> str:
    """The funnel as a table: the steps that changed the number of rows or asked a model."""
    rows = [
        (
            step_name(entry.step),
            f"{entry.rows_in:,}",
            f"+{entry.added:,}" if entry.added else "",
            f"-{entry.removed:,}" if entry.removed else "",
            f"{entry.share_removed:.1%}" if entry.removed else "",
            f"{entry.rows_out:,}",
            f"{entry.calls:,}" if entry.calls else "",
            entry.place,
        )
        for entry in lines
        if entry.added or entry.removed or entry.calls
    ]
    head = ("step", "rows in", "added", "removed", "share", "left", "calls", "recipe")
    return table(head, rows, right=(1, 2, 3, 4, 5, 6), drop=(7, 4, 2, 1, 3, 6), styles={3: "bad", 7: "dim"})


def sources(built: Built) -> list[str]:
    """The counts of each source as a table, where they say more than the funnel."""
    from hfsft.release.by_source import as_table, worth_telling

    found = [each.as_dict() for each in built.by_source]
    if not worth_telling(found):
        return []
    head, rows = as_table(found)
    return [table(head, rows, right=range(1, len(head)), drop=range(len(head) - 2, 0, -1)), ""]


def usage_line(built: Built) -> str:
    """Calls, tokens and cost of this build in one line, and what all its answers cost where others paid for some."""
    usage, spent = built.usage, built.spent
    parts = [count(usage.calls, "model call") if usage.calls else "no model calls"]
    if usage.stored or usage.calls:
        shared = f" ({usage.total().shared:,} of a build that ran beside it)" if usage.total().shared else ""
        parts.append(f"{count(usage.stored, 'answer')} from the store{shared}")
    if usage.calls:
        parts += [usage.told(), money(usage.usd)]
    if (lost := usage.lost)["requests"]:
        most = f"at most {money(lost['usd_at_most'])}" if lost["usd_at_most"] is not None else "at an unknown cost"
        parts.append(f"{count(lost['requests'], 'request')} that broke off and may be billed too, {most}")
    if spent["usd"]:
        earlier = spent["answers"] > usage.total().answers
        whole = f"${spent['usd']:.4f} with earlier builds, " if earlier else ""
        parts.append(f"{whole}${built.usd_per_row:.6f} a kept row")
    return ", ".join(parts)
