"""Where a build keeps what it can make again: a folder in datasets' own cache."""

from __future__ import annotations

import os
import sys
from pathlib import Path

STEP = ".arrow"  # behind a fingerprint: the rows of a finished step
SPENT = ".spent.json"  # the same: what the answers of a step that asked took


def cache_folder(name: str) -> Path:
    """The folder for `name`, which need not be there yet."""
    return datasets_cache() / "hfsft" / name


def asking() -> list[Path]:
    """The folders that hold finished steps made from models' answers."""
    return sorted({spent.parent for spent in (datasets_cache() / "hfsft").glob(f"*/*{SPENT}")})


def forget(folder: Path) -> None:
    """Delete the finished steps of one folder; the next build makes them again."""
    for finished in [*folder.glob(f"*{STEP}"), *folder.glob(f"*{SPENT}")]:
        finished.unlink(missing_ok=True)


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
