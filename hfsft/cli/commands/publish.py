"""`hfsft publish`: a build, on the Hub."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import add_output, command, fingerprint
from hfsft.cli.confirm import Consent
from hfsft.cli.console import count, silent, tell
from hfsft.errors import ReleaseError
from hfsft.release.hub.release_files import size

if TYPE_CHECKING:
    from hfsft.release.hub.upload import Changes, Published


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft publish build/refund-support\n"
        "  hfsft publish build/refund-support --repo-id you/refund-support --tag v1\n"
        "  hfsft publish build/refund-support --dry-run\n"
        "  hfsft publish build/refund-support --repo-id them/support --create-pr"
    )
    parser = command(commands, "publish", "put a build on the Hub, in one commit", run, examples)
    parser.add_argument("folder", help="the build, such as build/<name>")
    parser.add_argument("--repo-id", metavar="YOU/NAME", help="dataset on the Hub (default: the recipe's)")
    visible = parser.add_mutually_exclusive_group()
    visible.add_argument("--private", action="store_true", default=None, help="a new dataset is seen by you alone")
    visible.add_argument("--public", dest="private", action="store_false", help="a new dataset is seen by everybody")
    parser.add_argument("--tag", help="tag that the release gets, such as v1 (default: the recipe's)")
    parser.add_argument("--yes", "-y", action="store_true", help="publish to everybody without asking")
    parser.add_argument(
        "--not-secret",
        metavar="FINGERPRINT",
        type=fingerprint,
        action="append",
        default=[],
        help="a fingerprint, as the error names it, of what looks like a secret and is none; may be repeated",
    )
    parser.add_argument("--message", help="title of the commit")
    parser.add_argument("--create-pr", action="store_true", help="propose it to a dataset that you may not write")
    parser.add_argument(
        "--dry-run", action="store_true", help="list what would go, and say what would be done; write nothing"
    )
    add_output(parser)


def run(arguments: argparse.Namespace) -> None:
    """Publish, then print where it is and how to load it."""
    from hfsft.release.hub import listing, upload
    from hfsft.release.hub.permissions import NO_REPOSITORY
    from hfsft.release.hub.release_files import Build

    folder = Path(arguments.folder)
    given = {"repo_id": arguments.repo_id, "private": arguments.private, "tag": arguments.tag}
    section = upload.section_of(
        folder, {name: value for name, value in given.items() if value is not None}, arguments.not_secret
    )
    heard = silent if arguments.quiet else tell
    if arguments.dry_run:
        try:
            holds = listing.held(Build.read(folder))
        except (OSError, ValueError) as error:
            raise ReleaseError(f"{folder}: cannot be read: {error}") from None
        heard("\n".join(["this would go to the Hub:", *(line for each in holds for line in each.lines())]))
        found = upload.changes(folder, section, create_pr=arguments.create_pr, tell=heard)
        shown = {**found.summary(), "private": found.private, "holds": [asdict(each) for each in holds]}
        text = would(found)
        if not section.repo_id:
            heard(f"note: no repository is named, so this is what a new one would get ({NO_REPOSITORY})")
        elif found.snapshot is None:
            heard(f"note: {section.repo_id} is taken for new: it is not there, or you are not logged in to see it")
    else:
        done = upload.push(
            folder,
            section,
            create_pr=arguments.create_pr,
            message=arguments.message,
            tell=heard,
            confirm=Consent(arguments.yes, heard),
        )
        shown, text = asdict(done), report(done)
    if arguments.json:
        print(json.dumps(shown, ensure_ascii=False, indent=2))
    elif not arguments.quiet:
        print(text)


def report(done: Published) -> str:
    """Where the release is, what loads from there, and the line that loads it."""
    seen = "private" if done.private else "public"
    if done.pull_request:
        head = f"proposed to {done.repo_id}: {done.pull_request}"
    elif done.changed:
        head = f"published {count(len(done.files), 'file')} to {done.url} ({seen})"
    else:
        head = f"nothing to publish: {done.url} ({seen}) holds this build already"
    lines = [head, f"revision {done.revision}" + (f", tag {done.tag}" if done.tag else "")]
    for config, splits in done.rows.items():
        lines.append(f"loaded back {config}: " + ", ".join(f"{rows:,} {split}" for split, rows in splits.items()))
    lines += [f"note: {note}" for note in done.notes]
    revision = done.tag or done.revision
    return "\n".join([*lines, "", f'load_dataset("{done.repo_id}", revision="{revision}")'])


def would(found: Changes) -> str:
    """What a push would do, and who would see it."""
    if not found:
        return "nothing to publish: the Hub holds this build already"
    lines = [*(f"  write  {path}" for path in found.add), *(f"  delete {path}" for path in found.delete)]
    seen = "you alone, or your organization" if found.private else "everybody"
    return "\n".join([f"one commit, {size(found.size)}, seen by {seen}:", *lines, "", found.entry])
