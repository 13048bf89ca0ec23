"""What two builds must have in common: every file of the folder, but for the seconds that steps took."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TIMED = ("seconds", "cached", "rows_of")  # and by which names the executor keeps the rows


def said(folder: Path) -> dict[str, Any]:
    """What a build wrote, by file; the report shows the same figures, and times."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != "report.html":
            found[name] = path.read_bytes()
    if "funnel.json" in found:
        found["funnel.json"] = untimed(json.loads(found["funnel.json"]))
    return found


def untimed(value: Any) -> Any:
    """The same, with nothing for the seconds that steps took."""
    if isinstance(value, dict):
        return {name: 0 if name in TIMED else untimed(each) for name, each in value.items()}
    return [untimed(each) for each in value] if isinstance(value, list) else value


def differing(one: Path, other: Path) -> list[str]:
    """The files in which two builds differ."""
    first, second = said(one), said(other)
    return [name for name in {**first, **second} if first.get(name) != second.get(name)]
