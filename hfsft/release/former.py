"""Where a build goes: what stands there already is never lost.

    build/refund-support             the build
    build/.previous/refund-support   the one before it, for `hfsft diff build/refund-support`

A folder that is no build is not touched. Files that somebody put beside a build are carried over to the next one.
"""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from hfsft.errors import ReleaseError, UserError
from hfsft.release.files import made
from hfsft.release.names import FUNNEL, LOCK, RESOLVED
from hfsft.release.reader import HUB

PREVIOUS = ".previous"
ASIDE = "aside"
SAYS = ("data", "provenance", "rejected", RESOLVED)  # what a build is: its rows and its recipe


def former_of(folder: Path) -> Path:
    """Where the build before the one in `folder` is kept."""
    return folder.parent / PREVIOUS / folder.name


def former_path(where: str) -> str:
    """The build before the one in a folder, as `open_release` takes it. Raises `ReleaseError` where none is kept."""
    if where.startswith(HUB):
        raise ReleaseError(f"{where}: name two releases to compare, such as {where} and {where}@v1.0")
    folder = Path(where)
    former = former_of(folder if folder.name not in ("", "..") else folder.resolve())
    if folder.is_dir() and not former.is_dir():
        raise ReleaseError(
            f"{where}: no build before it is kept in {former}: the next one that differs keeps this one there, "
            "and any two builds or releases can be named"
        )
    return str(former)


def require(target: Path, force: bool = False) -> None:
    """Raise `UserError` where a build could not go to `target`: what stands there is none, or nothing may be written.

    With `force` a folder that is no build is allowed: `put` moves it aside.
    """
    if target.exists() and not target.is_dir():
        raise UserError(f"{target} is a file, where the build's folder must go (move it, or name another --out)")
    if _foreign(target) and not force:
        found = sorted(path.name for path in target.iterdir())
        shown = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        raise UserError(
            f"{target} is there already and is no build: it has no {LOCK} (it holds {shown}). "
            "Name another folder with --out, or move it aside with --force, which deletes nothing"
        )
    parent = next(folder for folder in target.absolute().parents if folder.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        why = "nothing may be written to it" if parent.is_dir() else "it is a file"
        raise UserError(f"{target}: cannot be written: {parent} stands in the way: {why} (name another --out)")


def put(new: Path, target: Path, spare: Path, force: bool = False) -> None:
    """Put a finished build in its place; what stood there becomes the former build, or is set aside.

    `spare` is a folder on the same disk that is deleted afterwards: it gets the build before the former one, or one
    that says the same as the new. Raises `OSError` with everything as it was.
    """
    require(target, force)
    moved: list[tuple[Path, Path]] = []

    def move(old: Path, to: Path) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        old.rename(to)
        moved.append((to, old))

    try:
        if _foreign(target):
            move(target, _free(target))
        elif target.exists():
            for path in _beside(target):
                _carry(path, new / path.relative_to(target))
            former = former_of(target)
            if _says_the_same(target, new) or (former.exists() and not _has_rows(target)) or not any(target.iterdir()):
                move(target, spare / "same")
            else:
                if former.exists():
                    move(former, spare / "older")
                move(target, former)
        move(new, target)
    except OSError:
        for now, before in reversed(moved):
            now.rename(before)
        raise


def _foreign(target: Path) -> bool:
    """Whether something stands there that is no build."""
    return target.is_dir() and any(target.iterdir()) and not (target / LOCK).is_file()


def _free(target: Path) -> Path:
    names = (f"{target.name}.{ASIDE}{number or ''}" for number in range(1_000_000))
    return next(path for name in names if not (path := target.with_name(name)).exists())


def _beside(folder: Path) -> Iterator[Path]:
    """The files in a build's folder that no build wrote."""
    for path in sorted(folder.rglob("*")):
        if (path.is_symlink() or not path.is_dir()) and not made(path.relative_to(folder).as_posix()):
            yield path


def _carry(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, to, follow_symlinks=False)


def _has_rows(folder: Path) -> bool:
    try:
        fates = json.loads((folder / FUNNEL).read_text(encoding="utf-8"))["fates"]
        return bool(fates.get("train") or fates.get("validation"))
    except (OSError, ValueError, KeyError):
        return True


def _says_the_same(old: Path, new: Path) -> bool:
    """Whether two builds hold the same rows, made by the same recipe."""
    there, here = (
        {
            path.relative_to(folder)
            for name in SAYS
            for path in (folder / name, *folder.glob(f"{name}/*"))
            if path.is_file()
        }
        for folder in (old, new)
    )
    return there == here and all(filecmp.cmp(old / path, new / path, shallow=False) for path in here)
