"""Pairs of rows whose questions are alike and whose answers are not the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfsft.hashing import digest
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.columns import vector_of
from hfsft.rows.views import questions, response
from hfsft.similarity import DenseIndex, LexicalIndex, normalise

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Scattered

PAIR: dict[str, Any] = {
    "id": "string",
    **{f"{side}_{part}": "string" for side in ("one", "other") for part in ("id", "question", "answer")},
    "similarity": "float64",
}
"""The columns of a pair."""


@dataclass(frozen=True)
class Pairing:
    """What finds the pairs among all rows: questions at least so alike, each in so many pairs at most."""

    at_least: float
    by: str
    most: int

    def __call__(self, batch: Batch) -> Batch:
        """The pairs, in the order of their ids."""
        return _paired(batch, at_least=self.at_least, by=self.by, most=self.most)

    def spread(self, rows: Scattered) -> Scattered:
        """The same pairs among scattered rows."""
        from hfsft.stages.contradicting.pairs_by_rounds import pairs_of

        return pairs_of(rows, self.at_least, self.by, self.most)


def _paired(batch: Batch, *, at_least: float, by: str, most: int) -> Batch:
    asked = questions(batch)
    said = ["\n\n".join(filter(None, (each.said, each.context))) for each in asked]
    answers = [response(row, spoken=True) for row in rows_of(batch)]
    ids = batch["id"]
    there = [place for place, answer in enumerate(answers) if answer and answer.strip() and said[place].strip()]
    there.sort(key=lambda place: str(ids[place]))
    settings = {place: normalise(asked[place].setting) for place in there}
    if by == "meaning":
        found = _by_vectors(batch, there, at_least)
    else:
        index = LexicalIndex[int]()
        index.add(there, [(asked[place].said, asked[place].context) for place in there])
        found = index.pairs(at_least)
    normal = {place: normalise(answers[place] or "") for place in there}
    rows = []
    for one, other, similarity in chosen(
        (pair for pair in found if settings[pair[0]] == settings[pair[1]] and normal[pair[0]] != normal[pair[1]]),
        lambda place: str(ids[place]),
        most,
    ):
        texts = [(ids[place], said[place], answers[place]) for place in (one, other)]
        rows.append(row_of_pair(*texts[0], *texts[1], similarity))
    columns = zip(*sorted(rows), strict=True) if rows else [()] * len(PAIR)
    return {name: list(values) for name, values in zip(PAIR, columns, strict=True)}


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


def _by_vectors(batch: Batch, there: list[int], at_least: float) -> Iterator[tuple[int, int, float]]:
    import numpy as np

    vectors = batch[vector_of("instruction")]
    some = [place for place in there if vectors[place] is not None]
    index: DenseIndex[int] = DenseIndex()
    if some:
        index.add(some, np.array([vectors[place] for place in some], np.float32))
    return index.pairs(at_least)
