"""A folder of data files: which of its files are rows, and which split each belongs to."""

from __future__ import annotations

import os
import re
from glob import glob
from pathlib import Path

from hfsft.errors import SourceError
from hfsft.rows.tables.text_files import plain_suffix
from hfsft.rows.tables.zipped import File

# As `datasets` tells splits by names: a word of these in the file's name or a folder's, or `name-00000-of-00001`.
SPLIT_WORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "dev", "val"),
    "test": ("test", "testing", "eval", "evaluation"),
}
SHARD = re.compile(r"(?:^|/)([\w.]+)-\d{5}-of-\d{5}")
ABOUT = re.compile(r"(readme|licen[cs]e|changelog|notice|citation|requirements|dataset_infos?|state)\b", re.IGNORECASE)
WHOLE = "train"  # what a folder without splits is, as for `datasets`


def data_files(folder: Path, suffixes: tuple[str, ...], *, about: bool = False) -> list[tuple[str, Path]]:
    """Name (relative to the folder) and path of each file that holds rows, sorted by name.

    Hidden files, and those that tell about the data, hold none; nor do notes in `.txt` beside files of rows. With
    `about` these hold some, too.
    """
    found = []
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if holds_rows(name, suffixes, about=about) and path.is_file():
            found.append((name, path))
    rows = [(name, path) for name, path in found if about or plain_suffix(path) != ".txt"]
    return sorted(rows or found)


def holds_rows(name: str, suffixes: tuple[str, ...], *, about: bool = False) -> bool:
    """Whether a file of that name holds rows: hidden files do not, and no file that tells `about` the data."""
    path = Path(name)
    hidden = any(part.startswith((".", "__")) for part in path.parts)
    return not hidden and plain_suffix(path) in suffixes and (about or not ABOUT.match(path.name))


def matches(base: Path, pattern: str, *, about: bool = False) -> list[tuple[str, Path]]:
    """Name (as the pattern is written: relative to the base, or not) and path of each file that a pattern matches;
    those that tell about the data only with `about`.
    """
    whole = os.path.expanduser(pattern)  # noqa: PTH111 - a pattern is no path
    found = ((name, base / name) for name in sorted(glob(whole, root_dir=base, recursive=True)))  # noqa: PTH207
    return [
        (Path(name).as_posix(), path)
        for name, path in found
        if path.is_file() and (about or not ABOUT.match(path.name))
    ]


def made_for_datasets(folder: Path) -> bool:
    """Whether a card in the folder says which of its files belong to which configuration."""
    card = folder / "README.md"
    if not card.is_file():
        return False
    text = card.read_text(encoding="utf-8", errors="replace")
    front = re.match(r"---\s*\n(.*?)\n---", text, re.DOTALL)
    return bool(front and re.search(r"^configs:", front[1], re.MULTILINE))


def of_split(path: str, files: list[tuple[str, File]], split: str | None) -> list[tuple[str, File]]:
    """The files of one split; all where none is asked for and the names tell of one at most.

    Raises `SourceError` naming the splits that there are.
    """
    splits = splits_in(files)
    named = [name for name in splits if name]
    if split is None:
        if len(named) > 1:
            raise SourceError(f"{path}: has the splits {', '.join(named)}", key="split", help="name one with split:")
        return files
    if split in splits:
        return splits[split]
    if split == WHOLE and not named:
        return files
    raise SourceError(f"{path}: no split {split!r}", key="split", help=f"it has {', '.join(named) or WHOLE}")


def splits_in(files: list[tuple[str, File]]) -> dict[str, list[tuple[str, File]]]:
    """The files of each split that their names tell, those of none under an empty name."""
    splits: dict[str, list[tuple[str, File]]] = {}
    for name, file in files:
        splits.setdefault(_split_of(name), []).append((name, file))
    return splits


def _split_of(name: str) -> str:
    """The split that a file's name tells; empty where it tells none."""
    shard = SHARD.search(name)
    if shard:
        return shard[1]
    words = re.split(r"[-._ 0-9/]+", name.lower())
    return next((split for word in words for split, known in SPLIT_WORDS.items() if word in known), "")
