"""What a path is: one on the Hub, a pattern of several files, an address; and what its source is called."""

from __future__ import annotations

import re
from pathlib import Path

from hfsft.errors import nearest
from hfsft.rows.places.stored_folder import MARKS, is_address, own_part
from hfsft.rows.tables.hub_dataset import HUB_DATASETS
from hfsft.rows.tables.readers import SUFFIXES
from hfsft.rows.tables.text_files import PACKED, plain_suffix
from hfsft.rows.tables.zipped import ZIP

HUB_ID = re.compile(r"^[A-Za-z0-9][\w.\-]*/[\w.\-]+$")
GLOB = re.compile(r"[*?]|\[[^\]]*\]")  # marks of a pattern that several files may match


def own_name(path: str) -> str:
    """What a source of that path is called where it has no name: its dataset, its folder, or its file alone."""
    marks = GLOB
    if is_address(path):
        path, marks = own_part(path), MARKS
    elif path.startswith(HUB_DATASETS):
        return path.removeprefix(HUB_DATASETS)
    parts = Path(path.rstrip("/")).parts
    if marks.search(path):
        folders = [part for part in parts[:-1] if not marks.search(part) and part not in ("/", "~", "..")]
        return folders[-1] if folders else parts[-1]
    if plain_suffix(Path(path)) not in (*SUFFIXES, ZIP) and HUB_ID.match(path):
        return path
    name = parts[-1] if parts else path
    suffixes = {*SUFFIXES, *PACKED, ZIP}
    while Path(name).suffix.lower() in suffixes and Path(name).stem:
        name = Path(name).stem
    return name


def guess(path: Path) -> str:
    """`did you mean ...?` of a file that is not there, by those that stand where it would."""
    near = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    found = nearest(path.name, near).partition(" allowed:")[0] if near else ""
    return found if found.startswith("did you") else ""
