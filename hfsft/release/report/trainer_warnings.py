"""The rows that a trainer will not see as they are, as the report lists them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from hfsft.plain import plain
from hfsft.release.folder.file_names import TRAINER
from hfsft.release.reader import Release

SHOWN = 20  # rows of each cause
DETAIL = 200  # characters


def unseen(release: Release) -> list[dict[str, Any]]:
    """Each cause with the number of its rows, and some of them with what is told; empty where there are none."""
    path = release.folder / TRAINER
    if not path.is_file():
        return []
    found: dict[str, _Cause] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            told = json.loads(line)
            cause = found.setdefault(told["cause"], _Cause())
            cause.add(told["id"], plain(told["detail"], DETAIL))
    causes = [{"cause": cause, "rows": rows.count, "shown": rows.shown} for cause, rows in found.items()]
    return sorted(causes, key=lambda told: (-told["rows"], told["cause"]))


@dataclass
class _Cause:
    """How many rows, and the first of them. The lines of one row stand together."""

    count: int = 0
    shown: list[dict[str, str]] = field(default_factory=list)
    last: str = ""

    def add(self, row_id: str, detail: str) -> None:
        self.count += row_id != self.last
        self.last = row_id
        if len(self.shown) < SHOWN:
            self.shown.append({"id": row_id, "detail": detail})
