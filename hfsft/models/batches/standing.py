"""How far a batch is, for whoever watches a build."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Standing:
    """How far one batch is, as a line of progress tells it."""

    name: str
    model: str
    server: str
    batch: str = ""  # the server's id
    status: str = "collecting"
    done: int = 0
    total: int = 0
