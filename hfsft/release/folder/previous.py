"""Puts a finished build in its folder, and keeps the one that was there as the previous build.

    build/refund-support             the build
    build/.previous/refund-support   the one before it, for `hfsft diff build/refund-support`

No file of a user is lost. A folder that is no build is not touched. Files that somebody put beside a build are carried
over to the next one, and a build whose own files somebody changed is moved aside where another would be deleted:

    build/.previous/refund-support.aside
"""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.errors import ReleaseError, UserError
from hfsft.release.folder.file_names import FUNNEL, LEDGER, LOCK, PREFERENCE, RANDOM, REPORT, RESOLVED, TRAINER
from hfsft.release.folder.staging import NEW, OLD, Move, move, recover
from hfsft.rows.columns import SIDES
from hfsft.section.late_module import LateModule

if TYPE_CHECKING:
    from hfsft.release.folder import lock
    from hfsft.release.hub import release_files
else:
    lock, release_files = LateModule("hfsft.release.folder.lock"), LateModule("hfsft.release.hub.release_files")

PREVIOUS = ".previous"
ASIDE = "aside"
SIGNED = "files"  # in the summary: the hash of each file as the build wrote it
ROWS_OF = "rows_of"  # in the summary: a hash of all that the files of `LENT` hang on
NOTED = (SIGNED, ROWS_OF)
LENT = ("data", "provenance", "rejected", LEDGER, TRAINER)  # what rows are written to, and nothing else
SAYS = ("data", "provenance", "rejected", PREFERENCE, RANDOM, RESOLVED)  # what a build is: its rows and its recipe


def place(out: Path, name: str) -> Path:
    """The folder of a build; of a link, what it leads to, so that the build lands there and the link stays.

    Raises `UserError` for a link that leads nowhere.
    """
    target = out / name
    if not target.is_symlink():
        return target
    if not target.exists():
        raise UserError(f"{target} is a link to nothing, where the build's folder must go (delete or mend the link)")
    return target.resolve()


def previous_of(folder: Path) -> Path:
    """Where the build before the one in `folder` is kept."""
    there = folder.resolve() if folder.is_symlink() else folder
    return there.parent / PREVIOUS / there.name


def figures(folder: Path) -> dict[str, Any]:
    """By section the figures of the build that stands in a folder; none where there is no build, or an older one."""
    try:
        found = json.loads((folder / FUNNEL).read_text(encoding="utf-8"))["figures"]
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, dict)} if isinstance(found, dict) else {}


def previous_path(where: str) -> str:
    """The build before the one in a folder, as `open_release` takes it. Raises `ReleaseError` where none is kept."""
    from hfsft.release.reader import HUB_SCHEME

    if where.startswith(HUB_SCHEME):
        raise ReleaseError(f"{where}: name two releases to compare, such as {where} and {where}@v1.0")
    folder = Path(where)
    former = previous_of(folder if folder.name not in ("", "..") else folder.resolve())
    if folder.is_dir() and not former.is_dir():
        raise ReleaseError(
            f"{where}: no build before it is kept in {former}: the next one that differs keeps this one there, "
            "and any two builds or releases can be named"
        )
    return str(former)


def require(target: Path, force: bool = False) -> None:
    """Raise `UserError` where a build could not go to `target`: what stands there is none, or nothing may be written.

    With `force` a folder that is no build is allowed: `put` moves it aside. What a build that was killed left there is
    set right first.
    """
    recover(target)
    if target.exists() and not target.is_dir():
        raise UserError(f"{target} is a file, where the build's folder must go (move it, or name another --out)")
    if target.is_mount():
        raise UserError(f"{target} is a disk of its own, which cannot be moved (name a folder on it with --out)")
    if _foreign(target) and not force:
        found = sorted(path.name for path in target.iterdir())
        shown = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        raise UserError(
            f"{target} is there already and is no build: it has no {LOCK} that hfsft wrote (it holds {shown}). "
            "Name another folder with --out, or move it aside with --force, which deletes nothing"
        )
    previous = previous_of(target).parent
    if previous.exists() and not previous.is_dir():
        raise UserError(
            f"{previous} is a file, where the build before this one is kept (move it, or name another --out)"
        )
    parent = next(folder for folder in target.absolute().parents if folder.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        why = "nothing may be written to it" if parent.is_dir() else "it is a file"
        raise UserError(f"{target}: cannot be written: {parent} stands in the way: {why} (name another --out)")


def put(folder: Path, target: Path, force: bool = False) -> None:
    """Move the finished build in `folder`, see `staging`, to `target`; the build there becomes the previous one.

    Where it was changed by hand, or is no build, it is moved aside instead. Only the build before the previous one is
    deleted, and one that says the same as the new. Raises `OSError` with everything as it was.
    """
    require(target, force)
    new, moves = folder / NEW, list[Move]()
    if _foreign(target):
        moves.append((target, _free(target)))
    elif target.exists():
        for path in _beside(target):
            _carry(path, new / path.relative_to(target))
        former = previous_of(target)
        if _says_the_same(target, new) or (_is_build(former) and not _has_rows(target)) or not any(target.iterdir()):
            moves.append((target, _free(former) if _changed(target) else folder / OLD / "same"))
        else:
            if former.is_symlink() or former.exists():
                moves.append((former, folder / OLD / "former" if _is_spare(former, target) else _free(former)))
            moves.append((target, former))
    move([*moves, (new, target)], folder)


def sign(folder: Path, rows_of: str = "") -> None:
    """Note in a finished build what its files hold, so that it is known later what somebody changed by hand; and a hash
    of what the files of its rows hang on, see `lent`.
    """
    path = folder / FUNNEL
    summary = json.loads(path.read_text(encoding="utf-8"))
    summary[SIGNED] = hashes(folder)
    if rows_of:
        summary[ROWS_OF] = rows_of
    path.write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")


def signed(folder: Path) -> dict[str, str]:
    """The hashes that a finished build noted. Raises `OSError`, `ValueError` or `LookupError` where there are none."""
    found: dict[str, str] = json.loads((folder / FUNNEL).read_text(encoding="utf-8"))[SIGNED]
    return found


def _changed(folder: Path) -> bool:
    """Whether somebody changed, added or took away a file of a build, as far as it is signed."""
    try:
        signed = json.loads((folder / FUNNEL).read_text(encoding="utf-8")).get(SIGNED)
    except (OSError, ValueError, AttributeError):
        return True
    return signed is not None and signed != hashes(folder)


def hashes(folder: Path) -> dict[str, str]:
    """The hash of each file that a build wrote; of those that any command writes anew, none."""
    paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        name: release_files.sha256_of(path)
        for name, path in paths.items()
        if release_files.made(name) and name not in (FUNNEL, REPORT)
    }


def _is_build(folder: Path) -> bool:
    """Whether hfsft wrote the lock file there."""
    found = lock.read(folder)
    return isinstance(found.get("lock"), int) and isinstance(found.get(lock.PACKAGE), str) and bool(found.get("steps"))


def _foreign(target: Path, looks: int = 2) -> bool:
    """Whether something stands there that is no build. Another process may be moving a build there or away: what looks
    like none is looked at once more.
    """
    try:
        found = target.is_dir() and any(target.iterdir()) and not _is_build(target)
    except FileNotFoundError:
        found = False
    return found and (looks == 1 or _foreign(target, looks - 1))


def _is_spare(former: Path, target: Path) -> bool:
    """Whether the previous build may be deleted: nobody changed it, and `target` has what others put beside it."""
    if former.is_symlink() or not _is_build(former) or _changed(former):
        return False
    return all(_is_there(path, target / path.relative_to(former)) for path in _beside(former))


def _is_there(path: Path, other: Path) -> bool:
    if path.is_symlink() or other.is_symlink():
        return path.is_symlink() and other.is_symlink() and path.readlink() == other.readlink()
    return path.is_dir() or (other.is_file() and filecmp.cmp(path, other, shallow=False))


def _free(target: Path) -> Path:
    names = (f"{target.name}.{ASIDE}{number or ''}" for number in range(1_000_000))
    return next(path for name in names if not os.path.lexists(path := target.with_name(name)))


def _beside(folder: Path) -> Iterator[Path]:
    """The files in a build's folder that no build wrote, and the empty folders."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                yield path
        elif path.is_symlink() or not release_files.made(path.relative_to(folder).as_posix()):
            yield path


def _carry(path: Path, to: Path) -> None:
    """Copy to the same place of the new build, or to a free one beside that where a file of the build stands."""
    if path.is_dir() and not path.is_symlink():
        to.mkdir(parents=True, exist_ok=True)
        return
    while (taken := next((above for above in to.parents if os.path.lexists(above)), to)) != to and not taken.is_dir():
        to = _free(taken) / to.relative_to(taken)
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, _free(to) if os.path.lexists(to) else to, follow_symlinks=False)


def _has_rows(folder: Path) -> bool:
    try:
        fates = json.loads((folder / FUNNEL).read_text(encoding="utf-8"))["fates"]
        return any(fates.get(side) for side in SIDES)
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


def lent(target: Path, folder: Path, of: str) -> bool:
    """Copy the files of rows from the build in `target` to a new one, where they hang on the same (`of`) and are whole.

    So a build of which only figures of the run are new writes no row once more.
    """
    try:
        summary = json.loads((target / FUNNEL).read_text(encoding="utf-8"))
        if summary.get(ROWS_OF) != of or _changed(target):
            return False
        for name in summary[SIGNED]:
            if name.split("/")[0] in LENT:
                (folder / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(target / name, folder / name)
    except (OSError, ValueError, AttributeError, LookupError, TypeError):
        for name in LENT:
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).unlink(missing_ok=True)
        return False
    return True
