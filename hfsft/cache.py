"""Where a build keeps what it can make again: a folder in datasets' own cache, with a size, and what to do about it.

A build touches each file that it reads or writes. When it has ended well, files go that neither it nor the build before
it used, unless they were used within the hour, or another build of the recipe is at work.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

STEP = ".arrow"  # ends the name of a file that begins with a fingerprint: columns that a step made
SPENT = ".spent.json"  # the same: what the answers of a step that asked took
SOURCE = ".source.json"  # the same: which rows a source came to
PART = ".parquet"  # the same, of another executor: columns of some rows
PARTS = ".parts.json"  # the same: the parts that a step came to, written last
MADE = (STEP, SPENT, SOURCE, PART, PARTS)
RUNNING = ".running"  # a file that a build holds locked while it works in the folder
DRAFT = "tmp"  # how the name of a file begins that is being written
OURS = uuid.uuid4().hex[:8]  # tells processes apart that have one number on two machines
BUILDS = "builds.json"  # the build that ended last and the one before it: what they built, and when they began
YOUNG = 3600.0  # seconds since its last use within which no file goes by itself


@dataclass(frozen=True)
class Cached:
    """What the cache holds of the dataset of one name."""

    name: str
    bytes: int
    files: int
    used: float  # when a build used one of them last


def cache_folder(name: str) -> Path:
    """The folder for `name`, which need not be there yet."""
    return datasets_cache() / "hfsft" / name


def has_rows(folder: Path) -> bool:
    """Whether a build read its sources before, whatever they held."""
    return any(folder.glob(f"*{SOURCE}")) or any(folder.glob(f"*{PARTS}"))


def has_made(folder: Path, fingerprint: str) -> bool:
    """Whether a build wrote columns of the step with this fingerprint, of any rows."""
    return any(folder.glob(f"{fingerprint}-*{STEP}"))


def asking() -> list[Path]:
    """The folders that hold finished steps made from models' answers."""
    return sorted({spent.parent for spent in (datasets_cache() / "hfsft").glob(f"*/*{SPENT}")})


def forget(folder: Path) -> None:
    """Delete the finished steps of one folder; the next build makes them again."""
    for path in made(folder):
        path.unlink(missing_ok=True)


def made(folder: Path) -> list[Path]:
    """The files of finished steps in a folder, and drafts of them."""
    found = []
    with suppress(OSError):
        found = [path for path in folder.iterdir() if path.name.endswith(MADE) or _is_draft(path)]
    return found


def holdings(names: Collection[str] = (), older_than: float | None = None) -> list[Cached]:
    """What the cache holds, by name; only of `names` where any are given, only files unused for so many seconds."""
    found = []
    for folder in sorted(path for path in (datasets_cache() / "hfsft").glob("*") if path.is_dir()):
        if (names and folder.name not in names) or not (files := _unused(folder, older_than)):
            continue
        sizes = [stat.st_size for _, stat in files]
        found.append(Cached(folder.name, sum(sizes), len(sizes), max(stat.st_mtime for _, stat in files)))
    return found


def prune(name: str, older_than: float | None = None) -> Cached | None:
    """Delete what the cache holds of a name, and say what that was; None where a build is at work there."""
    folder = cache_folder(name)
    if others_at_work(folder):
        return None
    size = count = 0
    last = 0.0
    for path, stat in _unused(folder, older_than):
        with suppress(FileNotFoundError):
            path.unlink()
            size, count, last = size + stat.st_size, count + 1, max(last, stat.st_mtime)
    return Cached(name, size, count, last)


def _unused(folder: Path, older_than: float | None) -> list[tuple[Path, os.stat_result]]:
    found = []
    for path in made(folder):
        with suppress(FileNotFoundError):  # another build has deleted it
            stat = path.stat()
            if older_than is None or time.time() - stat.st_mtime > older_than:
                found.append((path, stat))
    return found


def settle(folder: Path, built: str, began: float, clock: Callable[[], float] = time.time) -> None:
    """A build that began then has ended well, `built` being a hash of what: delete what it and the one before left.

    A build of the same as the last one counts as that one, so that moving a bound back and forth costs nothing.
    """
    try:
        builds = [(str(each[0]), float(each[1])) for each in json.loads((folder / BUILDS).read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError, LookupError):
        builds = []
    builds = [(built, began), *(each for each in builds if each[0] != built)][:2]
    put(folder / BUILDS, json.dumps(builds))
    if len(builds) < 2 or others_at_work(folder):
        return
    since = min(min(time for _, time in builds), clock() - YOUNG)
    for path, stat in _unused(folder, None):
        if stat.st_mtime < since:
            with suppress(OSError):
                path.unlink()


@contextmanager
def at_work(folder: Path) -> Iterator[None]:
    """Show others that a build works in the folder; drafts of builds that were killed are deleted first."""
    from filelock import FileLock

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{os.getpid()}-{uuid.uuid4().hex[:8]}{RUNNING}"
    lock = FileLock(path)
    with suppress(OSError):  # where nothing can be written or locked, nobody deletes anything either
        lock.acquire()
    try:
        # Of two builds that start at once each sees the other's lock, and neither deletes the other's drafts.
        if lock.is_locked and not others_at_work(folder, path):
            for draft in filter(_is_draft, folder.iterdir()):
                draft.unlink(missing_ok=True)
        yield
    finally:
        lock.release()
        with suppress(OSError):
            path.unlink()


def others_at_work(folder: Path, own: Path | None = None) -> bool:
    """Whether a build holds a lock in the folder; locks of builds that were killed are free, and are deleted."""
    from filelock import FileLock

    found = False
    for path in folder.glob(f"*{RUNNING}"):
        if path == own:
            continue
        try:
            with FileLock(path, timeout=0):
                path.unlink(missing_ok=True)
        except OSError:  # a `Timeout`, or whose it is cannot be told
            found = True
    return found


def put(path: Path, content: str | bytes) -> None:
    """Write a file, whole or not at all: another process may look for it at this moment."""
    draft = draft_of(path)
    draft.write_bytes(content.encode() if isinstance(content, str) else content)
    draft.replace(path)


def draft_of(path: Path) -> Path:
    """Where a file is written before it is put in its place; no other process writes there."""
    return path.with_name(f"{DRAFT}{os.getpid()}-{OURS}-{path.name}")


def _is_draft(path: Path) -> bool:
    return path.name.startswith(DRAFT)


def datasets_cache() -> Path:
    """Where datasets keeps what it has made of files."""
    # Importing datasets takes as long as all else that a command does before it begins; what only needs the place
    # reads the same settings.
    config = sys.modules.get("datasets.config")
    if known := getattr(config, "HF_DATASETS_CACHE", None):
        return Path(known)
    default = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "huggingface"
    home = Path(os.environ.get("HF_HOME", default)).expanduser()
    return Path(os.environ.get("HF_DATASETS_CACHE", home / "datasets"))
