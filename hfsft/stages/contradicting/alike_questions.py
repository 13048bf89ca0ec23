"""Pairs of rows whose questions are alike and whose answers are not the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.columns import vector_of
from hfsft.rows.views import questions, response
from hfsft.similarity import DenseIndex, LexicalIndex, normalise
from hfsft.stages.contradicting.chosen_pairs import PAIR, chosen, row_of_pair

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Scattered


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


def _by_vectors(batch: Batch, there: list[int], at_least: float) -> Iterator[tuple[int, int, float]]:
    import numpy as np

    vectors = batch[vector_of("instruction")]
    some = [place for place in there if vectors[place] is not None]
    index: DenseIndex[int] = DenseIndex()
    if some:
        index.add(some, np.array([vectors[place] for place in some], np.float32))
    return index.pairs(at_least)
