"""Several answers to one prompt, as the sections know them that choose among them."""

from __future__ import annotations

from collections.abc import Iterable

from hfsft.hashing import digest
from hfsft.rows.batch import Row
from hfsft.rows.columns import ranked_by, score_of

PROMPT, CANDIDATE = "prompt_id", "candidate"
MEAN = score_of("mean")


def rank(row: Row) -> float:
    """The score that it is chosen by: the mean, without the length of the answer where the row has such a one."""
    return row[ranked_by(row)] or 0.0


def best(rows: Iterable[Row]) -> Row:
    """The one with the highest score; of several a hash decides, so that no model of several is preferred."""
    return min(rows, key=lambda row: (-rank(row), digest([row["id"], "best"])))
