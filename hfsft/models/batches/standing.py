"""How far a batch is, for whoever watches a build, and for a row that waits for it."""

from __future__ import annotations

from dataclasses import dataclass


class PutOff(Exception):  # noqa: N818 (a state: the row goes on when the batch is back)
    """The row's next answer comes with a batch."""


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
