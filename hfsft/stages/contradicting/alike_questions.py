"""Pairs of rows whose questions are alike and whose answers are not the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from hfsft.hashing import digest
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.columns import vector_of
from hfsft.rows.views import questions, response
from hfsft.similarity import DenseIndex, LexicalIndex, normalise

PAIR: dict[str, Any] = {
    "id": "string",
    **{f"{side}_{part}": "string" for side in ("one", "other") for part in ("id", "question", "answer")},
    "similarity": "float64",
}
"""The columns of a pair."""


def pairing(*, at_least: float, by: str, most: int) -> Callable[[Batch], Batch]:
    """What finds the pairs among all rows."""
    return partial(_paired, at_least=at_least, by=by, most=most)


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
    alike = sorted(found, key=lambda pair: (-pair[2], *sorted((str(ids[pair[0]]), str(ids[pair[1]])))))
    normal = {place: normalise(answers[place] or "") for place in there}
    taken: Counter[int] = Counter()
    rows = []
    for first, second, similarity in alike:
        one, other = sorted((first, second), key=lambda place: str(ids[place]))
        if settings[one] != settings[other] or normal[one] == normal[other]:
            continue
        if taken[one] >= most or taken[other] >= most:
            continue
        taken.update((one, other))
        texts = [(ids[place], said[place], answers[place]) for place in (one, other)]
        rows.append((digest([*texts[0], *texts[1]], 16), *texts[0], *texts[1], similarity))
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
