"""The staging folder: a build is written there, next to its target, and moved into place when it is whole.

    build/.refund-support-x3k1/
      of           the name of the build
      lock         held by the process that writes it
      moves.json   what is about to be moved, before the first move
      new/         the build
      old/...      what it displaces and nobody needs any more

A process that ends halfway, also one that is killed, leaves such a folder. The next build finds it there, moves back
what was moved, and deletes it: what stood there before stands there again.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

NEW, OLD = "new", "old"
_OF, _LOCK, _MOVES = "of", "lock", "moves.json"
_OURS = {_OF, _LOCK, _MOVES, NEW, OLD}

Move = tuple[Path, Path]  # from, to


@contextmanager
def staging_folder(target: Path) -> Iterator[Path]:
    """An empty folder on the disk of `target`, which is deleted afterwards."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    held = _lock(folder)
    try:
        with suppress(OSError, NotImplementedError):  # where nothing can be locked, nothing is ever set right
            held.acquire(blocking=False)
            (folder / _OF).write_text(target.name, encoding="utf-8")
        yield folder
    finally:
        held.release()
        # What has been moved away is not in here; a file that cannot be deleted is no reason to fail by now.
        shutil.rmtree(folder, ignore_errors=True)


def move(moves: list[Move], folder: Path) -> None:
    """Make the moves, in their order, or none of them; the last one is that of the new build.

    Raises `OSError` with everything as it was.
    """
    for _, to in moves:
        to.parent.mkdir(parents=True, exist_ok=True)
    (folder / _MOVES).write_text(json.dumps([[str(old), str(to)] for old, to in moves]), encoding="utf-8")
    try:
        for old, to in moves:
            old.rename(to)
    except OSError:
        _undo(moves)
        raise


def recover(target: Path) -> None:
    """Undo what a process left halfway that was about to put a build at `target`, and delete what it had written."""
    for folder in sorted(target.parent.glob(f".{target.name}-*")):
        # A lock is refused by an error of its own, which is an `OSError` too, while its process is at work. One that
        # ends takes its folder away meanwhile.
        with suppress(OSError, ValueError, NotImplementedError), ExitStack() as held:
            if not (folder / _OF).is_file() or {path.name for path in folder.iterdir()} - _OURS:
                continue  # somebody's own folder
            held.enter_context(_lock(folder).acquire(blocking=False))
            if (folder / _OF).read_text(encoding="utf-8") == target.name:
                if (folder / NEW).exists() and (folder / _MOVES).exists():
                    planned = json.loads((folder / _MOVES).read_text(encoding="utf-8"))
                    _undo([(Path(old), Path(to)) for old, to in planned])
                shutil.rmtree(folder, ignore_errors=True)


def _undo(moves: list[Move]) -> None:
    for old, to in reversed(moves):
        if to.exists() and not old.exists():
            to.rename(old)


def _lock(folder: Path) -> BaseFileLock:
    from filelock import FileLock

    return FileLock(folder / _LOCK, thread_local=False)
