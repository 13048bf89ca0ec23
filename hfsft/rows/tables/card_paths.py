"""Whether a folder that `datasets` reads names files of its own alone: its card may name any path, and any address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from hfsft.errors import SourceError
from hfsft.nested import texts_in

CARD, MORE = "README.md", ".huggingface.yaml"  # where `datasets` looks for the configurations of a folder
STATE, SPLITS = "state.json", "dataset_dict.json"  # of `save_to_disk`


def require_own(path: str, folder: Path) -> None:
    """Raise `SourceError` where the folder's own description names files outside it: they would become rows."""
    for file, name in _named(folder):
        if _outside(name):
            raise SourceError(
                f"{path}: its {file} names `{name}`, outside the folder", help="name files in it, or remove that"
            )


def _outside(name: str) -> bool:
    """Whether a path or pattern can be of another folder, or an address."""
    ways = (PurePosixPath(name), PureWindowsPath(name))
    elsewhere = any(way.is_absolute() or way.drive or way.root or ".." in way.parts for way in ways)
    return elsewhere or name.startswith("~") or "://" in name or "::" in name


def _named(folder: Path) -> Iterator[tuple[str, str]]:
    """Each file of the description with each path that it names."""
    for described in (folder, *(child for child in folder.iterdir() if child.is_dir())):
        for entry in _json(described / STATE).get("_data_files") or ():
            yield STATE, str(entry.get("filename", ""))
    for split in _json(folder / SPLITS).get("splits") or ():
        yield SPLITS, str(split)
    for file in (CARD, MORE):
        for config in _card(folder / file).get("configs") or ():
            for key in ("data_files", "data_dir"):
                yield from ((file, text) for _, text in texts_in(config.get(key)))


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found if isinstance(found, dict) else {}


def _card(path: Path) -> dict[str, Any]:
    """A card's front matter, as `datasets` reads it."""
    import yaml
    from huggingface_hub import DatasetCard

    if not path.is_file():
        return {}
    if path.name == CARD:
        return dict(DatasetCard.load(path).data.to_dict())
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}
