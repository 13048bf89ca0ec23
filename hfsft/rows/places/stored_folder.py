"""The files of rows at an address: one, a folder of them, or those that a pattern matches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from hfsft.errors import SourceError, UserError
from hfsft.rows.tables.folder import ABOUT, holds_rows
from hfsft.rows.tables.text_files import plain_suffix
from hfsft.storage.file_systems import taken_apart
from hfsft.storage.storage_faults import told_of_reading
from hfsft.storage.stored_file import StoredFile, files_in, with_versions

SCHEMES = ("s3", "gs", "gcs", "az", "abfs", "hf", "memory")
"""How an address begins: of the stores of Amazon, Google, Microsoft and of their like, of the Hub, of one process."""
DATASET = re.compile(r"^hf://datasets/[^/]+(/[^/]+)?/?$")  # as a whole, which is no folder of files
MARKS = re.compile(r"\*|\[[^\]]*\]")  # of a pattern; a question mark begins what says how a store is reached


def is_address(path: str) -> bool:
    """Whether a path is an address of files: s3://bucket/rows/*.jsonl, and no dataset of the Hub as a whole."""
    scheme, mark, _ = path.partition("://")
    return bool(mark) and scheme in SCHEMES and not DATASET.match(path)


def stored_files(address: str, suffixes: tuple[str, ...], *, about: bool = False) -> list[tuple[str, StoredFile]]:
    """The files at an address, each with its name for rows: its own address. Of a folder those that hold rows, as in
    one on the disk.

    Raises `SourceError` where there are none, or the store does not let us read them.
    """
    try:
        place, settings = taken_apart(address)
        fixed = fixed_part(place)
        wanted = place.removeprefix(fixed).strip("/").split("/")
        found = files_in(fixed, settings, deep=fixed == place or len(wanted) > 1 or "**" in wanted)
        chosen = with_versions(_rows_among(found, place, fixed, wanted, suffixes, about=about))
    except OSError as error:
        raise SourceError(f"{own_part(address)}: {told_of_reading(error)}") from None
    except SourceError:
        raise
    except UserError as error:
        raise SourceError(str(error)) from None
    return [(each.place, each) for each in chosen]


def _rows_among(
    found: Sequence[StoredFile] | None,
    place: str,
    fixed: str,
    wanted: Sequence[str],
    suffixes: tuple[str, ...],
    *,
    about: bool,
) -> list[StoredFile]:
    """Those of the files that hold rows."""
    if fixed != place:
        held = [each for each in found or () if _fit(each.place.removeprefix(fixed).strip("/").split("/"), wanted)]
        held = [each for each in held if about or not ABOUT.match(each.name)]
        if not held:
            raise SourceError(f"{place}: no file of that name", help="* is any name, ** any folders")
        return held
    if not found:
        raise SourceError(f"{place}: no such file or folder", help="it must be there, and your keys must see it")
    if len(found) == 1 and found[0].place == place:
        return list(found)
    held = [each for each in found if holds_rows(each.place.removeprefix(f"{place}/"), suffixes, about=about)]
    if not held:
        raise SourceError(f"{place}: holds no file of rows", help=", ".join(suffixes))
    return [each for each in held if about or plain_suffix(each) != ".txt"] or held


def is_pattern(address: str) -> bool:
    """Whether an address is one of several files by a pattern."""
    return bool(MARKS.search(address.partition("?")[0]))


def own_part(address: str) -> str:
    """The address without what says how it is reached."""
    return address.partition("?")[0].rstrip("/")


def fixed_part(place: str) -> str:
    """What stands before the first part of a place that is a pattern."""
    scheme, _, path = place.partition("://")
    parts = path.split("/")
    pattern = next((number for number, part in enumerate(parts) if MARKS.search(part)), len(parts))
    if pattern == 0:
        raise UserError(f"{place}: names no bucket ({scheme}://bucket/folder)")
    return f"{scheme}://{'/'.join(parts[:pattern])}"


def _fit(names: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether folders and name are as a pattern says; a hidden one only where the pattern begins so, as on a disk."""
    if not wanted:
        return not names
    if wanted[0] == "**":
        skips = bool(names) and not names[0].startswith(".") and _fit(names[1:], wanted)
        return _fit(names, wanted[1:]) or skips
    if not names or (names[0].startswith(".") and not wanted[0].startswith(".")):
        return False
    return fnmatchcase(names[0], wanted[0]) and _fit(names[1:], wanted[1:])
