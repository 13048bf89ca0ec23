"""Several answers to one prompt, as the sections know them that choose among them."""

from __future__ import annotations

from collections.abc import Iterable

from hfsft.hashing import digest
from hfsft.rows.batch import Row
from hfsft.rows.columns import score_of

PROMPT, CANDIDATE = "prompt_id", "candidate"
MEAN = score_of("mean")


def best(rows: Iterable[Row]) -> Row:
    """The one with the highest mean score; of several a hash decides, so that no model of several is preferred."""
    return min(rows, key=lambda row: (-(row[MEAN] or 0.0), digest([row["id"], "best"])))
