"""How answers begin that were accepted: shown to who writes the next wave, so that they do not all sound alike.

Models asked the same way many times over drift towards a few openings; what was written before is shown as what to
avoid, as in Wang et al. 2023, "Self-Instruct", section 2.2, where new text must differ from what is in the pool.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hfsft.hashing import digest
from hfsft.plain import plain

OPENINGS = "openings"
"""The column of the openings that a row's writer is shown."""
WORDS, LETTERS = 8, 60  # of one opening, at most


def openings(values: Callable[[str], Sequence[Any]], most: int) -> list[str]:
    """At most so many different openings of the responses that stayed, picked by a hash of their rows' ids."""
    said = zip(values("id"), values("response"), strict=True)
    rows = sorted((digest([row_id, OPENINGS]), response) for row_id, response in said if response)
    return list(dict.fromkeys(map(opening, (response for _, response in rows))))[:most]


def opening(response: str) -> str:
    """The first words of a response, in a line."""
    return plain(" ".join(response.split()[:WORDS]), LETTERS)
