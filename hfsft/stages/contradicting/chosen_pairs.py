"""What a pair of rows with alike questions says, and which of the pairs are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hfsft.hashing import digest

PAIR: dict[str, Any] = {
    "id": "string",
    **{f"{side}_{part}": "string" for side in ("one", "other") for part in ("id", "question", "answer")},
    "similarity": "float64",
}
"""The columns of a pair."""


def row_of_pair(*told: Any) -> tuple[Any, ...]:
    """The columns of a pair: ids, questions and answers of both, and how alike they are, behind a hash of the texts."""
    return (digest(list(told[:-1]), 16), *told)


def chosen(
    pairs: Iterable[tuple[int, int, float]], called: Callable[[int], str], most: int
) -> Iterator[tuple[int, int, float]]:
    """Those of pairs in which each row is in so many at most, the most alike first, the row with the smaller id first.

    What is chosen of rows that no pair joins with others hangs on these alone.
    """
    taken: Counter[int] = Counter()
    for first, second, similarity in sorted(pairs, key=lambda pair: (-pair[2], *sorted(map(called, pair[:2])))):
        one, other = sorted((first, second), key=called)
        if taken[one] < most and taken[other] < most:
            taken.update((one, other))
            yield one, other, similarity
