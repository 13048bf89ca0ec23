"""`hfsft review`: people look at rows in a page of this machine, and say what they think of each."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hfsft.cli.arguments import command, rows_wanted
from hfsft.cli.console import count, remark, table, tell, wrapped
from hfsft.errors import UserError
from hfsft.plain import plain
from hfsft.review.drawn.kinds_shown import ONLY

if TYPE_CHECKING:
    from hfsft.pipeline.opened_review import OpenedReview
    from hfsft.review.said.summary import Summary

COLUMNS = ("accept", "edit", "reject", "skip")
SHOWN = 10  # ids that are listed


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft review build/name\n"
        "  hfsft review recipe.yaml --as ann --rows 200\n"
        "  hfsft review build/name --only disagree --only bound\n"
        "  hfsft review build/name --summary\n"
        "  hfsft review build/name --anchors 8\n"
        "  hfsft review data.jsonl --quality --export rows.csv"
    )
    parser = command(commands, "review", "look at rows, and keep what people say of them", run, examples)
    parser.add_argument(
        "where", help="a build's folder, a recipe (its build), hf://datasets/you/name, or any dataset as in hfsft audit"
    )
    parser.add_argument("--rows", type=rows_wanted, metavar="N", help="rows of the random sample (default: 100)")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        choices=ONLY,
        metavar="KIND",
        help=f"only rows that deserve eyes for this: {', '.join(ONLY)}; may be repeated",
    )
    parser.add_argument(
        "--overlap", type=_share, metavar="SHARE", help="share of the sample that every reviewer sees (default: 0.1)"
    )
    parser.add_argument("--as", dest="reviewer", metavar="NAME", help="who reviews (default: who is logged in)")
    parser.add_argument(
        "--to", type=Path, metavar="FILE", help="the verdicts (default: NAME.review.jsonl by the recipe)"
    )
    parser.add_argument("--quality", action="store_true", help="score rows from 1 to 5 where no judge has criteria")
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="the page's port (default: a free one)")
    parser.add_argument("--no-open", action="store_true", help="open no browser, only print the page's address")
    parser.add_argument("--summary", action="store_true", help="only tell what was said so far")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument("--anchors", type=rows_wanted, metavar="N", help="write so many rows as anchors for the judge")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the anchors (default: NAME.anchors.jsonl)")
    parser.add_argument(
        "--export", type=Path, metavar="FILE", help="write rows and verdicts as .csv, or .json for Label Studio"
    )
    parser.add_argument("--import", dest="take", type=Path, metavar="FILE", help="take verdicts over from such a file")
    parser.add_argument("--force", action="store_true", help="write over files that are there")


def run(arguments: argparse.Namespace) -> None:
    """Open the page until Ctrl-C, or do what is asked for instead; then tell what was said."""
    from hfsft.cli.progress import Line
    from hfsft.pipeline.building import Watcher
    from hfsft.pipeline.opened_review import open_review

    line = Line()
    try:
        review = open_review(
            arguments.where,
            to=arguments.to,
            quality=arguments.quality,
            watcher=Watcher(line.step, line.progress),
            tell=tell,
            rows=arguments.rows,
            overlap=arguments.overlap,
            only=tuple(arguments.only) or None,
        )
    finally:
        line.clear()
    if not (arguments.summary or arguments.anchors or arguments.export or arguments.take):
        _serve(review, arguments)
    if arguments.take:
        _take(review, arguments)
    if arguments.export:
        _export(review, arguments)
    if arguments.anchors:
        _anchors(review, arguments)
    if not (arguments.export or arguments.anchors):
        found = review.summary()
        if arguments.json:
            print(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
        else:
            print(report(review, found))


def _serve(review: OpenedReview, arguments: argparse.Namespace) -> None:
    import asyncio
    import threading
    import webbrowser
    from contextlib import suppress
    from importlib import import_module

    from hfsft.review.page_server import serve

    reviewer = _reviewer(arguments)
    session = review.session(reviewer)
    waiting = session.progress()
    print(
        f"{review.asked.name}: {count(waiting['of'], 'row')} to look at as {plain(reviewer, 60)}, "
        f"{waiting['done']:,} of them done; verdicts go to {review.file.path}"
    )

    def ready(address: str) -> None:
        print(f"{address}\n{_reached(address)}(Ctrl-C ends it; what was kept stays)", flush=True)
        if sys.stdout.isatty() and not arguments.no_open and _has_windows():
            webbrowser.open(address)

    # What the error rate takes is loaded while the first row is read: no key waits for it.
    threading.Thread(target=import_module, args=("scipy.stats",), daemon=True).start()
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(session, arguments.port, ready))
    print()


def _has_windows() -> bool:
    """Whether a browser would open in a window, and not in this terminal."""
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _reached(address: str) -> str:
    """How the page is reached from the machine that somebody is logged in from; empty where that is this one."""
    if not os.environ.get("SSH_CONNECTION"):
        return ""
    port = urlsplit(address).port
    return f"(from where you are logged in: ssh -N -L {port}:127.0.0.1:{port} and this machine, then open it there)\n"


def report(review: OpenedReview, found: Summary) -> str:
    """What was said so far, as people read it."""
    lines = [remark("warning", told) for told in found.told]
    if not found.reviewers:
        lines.append(f"{review.asked.name}: nobody has said anything yet ({review.file.path})")
    else:
        lines.append(
            f"{review.asked.name}: {found.looked_at:,} of {count(found.sample, 'row')} of the sample looked at"
        )
        rows = [(plain(name, 40), *(by.get(word, 0) for word in COLUMNS)) for name, by in found.reviewers.items()]
        lines += ["", table(("reviewer", *COLUMNS), rows, right=range(1, 5)), ""]
    if found.rate_told:
        lines.append(wrapped(found.rate_told[0].upper() + found.rate_told[1:]))
    if found.reasons:
        told = ", ".join(f"{reason} {rows:,}" for reason, rows in found.reasons.items())
        lines.append(wrapped(f"Rejected for: {plain(told, 400)}"))
    if found.eyes:
        told = ", ".join(f"{plain(kind, 40)} {wrong:,} of {looked:,}" for kind, (looked, wrong) in found.eyes.items())
        lines.append(wrapped(f"Wrong of the rows that deserved eyes: {told}"))
    if found.disputed:
        more = f" and {len(found.disputed) - SHOWN:,} more" if len(found.disputed) > SHOWN else ""
        told = f"{', '.join(found.disputed[:SHOWN])}{more}"
        lines.append(remark("note", f"reviewers disagree on {told} (--only disputed shows them)"))
    for each in found.agreement:
        if isinstance(each, str):
            lines.append(wrapped(each[0].upper() + each[1:]))
        else:
            lines += ["", table(each.head, each.rows, right=tuple(each.right)), ""]
    if found.gone or found.changed:
        told = (
            f"{count(found.gone, 'verdict')} of rows that are not in the build, {found.changed:,} of texts that changed"
        )
        lines.append(remark("note", f"{told}: they count for nothing"))
    if found.replaced:
        lines.append(
            remark("note", f"{count(found.replaced, 'verdict')} given anew by their reviewers: the last counts")
        )
    return "\n".join([*lines, *_next(review, found)]).replace("\n\n\n", "\n\n")


def _next(review: OpenedReview, found: Summary) -> list[str]:
    if not found.reviewers:
        return []
    if review.recipe is None:
        told = f"Next: `review: {{verdicts: {review.file.path}}}` in a recipe over these rows applies them"
    elif review.applied:
        told = f"Next: hfsft build {review.recipe} applies them; no model is asked for what is known"
    else:
        told = f"Next: `review: {{}}` in {review.recipe} applies them with the next hfsft build"
    return ["", wrapped(told)]


def _take(review: OpenedReview, arguments: argparse.Namespace) -> None:
    taken = review.take(arguments.take, _reviewer(arguments))
    print(f"took {count(taken.new, 'verdict')} over from {arguments.take} into {review.file.path}")
    if taken.known:
        print(f"{count(taken.known, 'verdict')} stood there already, or a later one of the same reviewer")
    if taken.gone:
        print(remark("warning", f"{count(taken.gone, 'verdict')} of rows that are not in the build: left out"))
    if taken.changed:
        print(remark("warning", f"{count(taken.changed, 'verdict')} of texts that rows no longer have: no use so far"))


def _export(review: OpenedReview, arguments: argparse.Namespace) -> None:
    for told in review.export(arguments.export, force=arguments.force):
        print(wrapped(told))


def _anchors(review: OpenedReview, arguments: argparse.Namespace) -> None:
    for told in review.write_anchors(arguments.anchors, arguments.out, force=arguments.force):
        print(wrapped(told))


def _reviewer(arguments: argparse.Namespace) -> str:
    """Who reviews."""
    name = arguments.reviewer
    if name is None:
        try:
            name = getpass.getuser()
        except (OSError, KeyError, ImportError):
            raise UserError("nobody is logged in: say who reviews, with --as NAME") from None
    if not name.strip() or plain(name, 100) != name:
        raise UserError(f"--as {plain(name, 40)!r}: a name is one line of at most 100 letters")
    return str(name)


def _port(text: str) -> int:
    if not text.isdecimal() or not int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port (0 to 65535)")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share (0 to 1)")
    return share
