"""The rows that a trainer will not see as they are, as the report lists them."""

from __future__ import annotations

import json
from typing import Any

from hfsft.plain import plain
from hfsft.release.folder.file_names import TRAINER
from hfsft.release.reader import Release

SHOWN = 20  # rows of each cause
DETAIL = 200  # characters


def unseen(release: Release) -> list[dict[str, Any]]:
    """Each cause with the ids of its rows, and some of them with what is told; empty where there are none."""
    path = release.folder / TRAINER
    if not path.is_file():
        return []
    found: dict[str, list[dict[str, str]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        found.setdefault(told["cause"], []).append({"id": told["id"], "detail": plain(told["detail"], DETAIL)})
    causes = [
        {"cause": cause, "ids": sorted({row["id"] for row in rows}), "shown": rows[:SHOWN]}
        for cause, rows in found.items()
    ]
    return sorted(causes, key=lambda told: (-len(told["ids"]), told["cause"]))
