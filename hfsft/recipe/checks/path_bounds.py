"""Whether a path leads outside a folder, such as a recipe's, once links and `..` are followed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def leads_outside(path: str, base: Path) -> bool:
    """Whether reading `path`, relative to `base`, could read a file that is not in that folder.

    False where nothing is there: the name is then an id on the Hub, or a mistake that is told as such. What is written
    as a path to elsewhere is not looked at at all; of a folder, every link in it is followed.
    """
    from hfsft.rows.tables.folder import matches

    try:
        here = Path(os.path.normpath(base.absolute()))
        there = Path(os.path.normpath(here / Path(path).expanduser()))
        roots = [base.resolve(), *_blobs(base.resolve())]
        if not any(there.is_relative_to(root) for root in (here, roots[0])):
            return True
        asked = here / Path(path).expanduser()  # not yet without its `..`, which a link before it gives another meaning
        named = [asked] if os.path.lexists(asked) else [found for _, found in matches(base, path)]
        return any(
            not any(entry.resolve().is_relative_to(root) for root in roots)
            for each in named
            for entry in _entries(each)
        )
    except (OSError, ValueError, RuntimeError):  # a ring of links, a user who is not known, a name of no file
        return True


def from_the_hub(folder: Path) -> bool:
    """Whether a folder is a snapshot in the Hub's cache: what it holds was downloaded, and is somebody else's."""
    return folder.parent.name == "snapshots" and folder.parent.parent.name.startswith("datasets--")


def _blobs(base: Path) -> Iterator[Path]:
    """Where the Hub's cache keeps what the files of a snapshot are links to."""
    if from_the_hub(base):
        yield base.parent.parent / "blobs"  # not followed: a link of that name would lead anywhere


def _entries(path: Path) -> Iterator[Path]:
    """The path itself and, in a folder, what may lead out of it: links, and folders, which some systems link too."""
    yield path
    if path.is_dir():
        for folder, folders, files in os.walk(path):
            yield from (Path(folder, name) for name in folders)
            yield from (link for name in files if (link := Path(folder, name)).is_symlink())
