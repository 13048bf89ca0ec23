"""Numbers that say how diverse a set of texts is: by a sample of one size, so that sets can be compared, or by all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from hfsft.similarity import first_words, normalise, split_words
from hfsft.tallies.frequent import frequent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


WORDS = 10_000  # of all texts together, that are looked at
SAMPLE = 2_000  # vectors of which each is compared with each
BLOCK = 200  # texts that are normalised at once
OPENING = 3  # words that open a text
OPENINGS = 100_000  # different ones that are counted at once


def words(text: str) -> list[str]:
    """The words of a text in their normal form; of scripts without spaces each sign."""
    return split_words(normalise(text))


def distinct(texts: Sequence[str], length: int = 2) -> float | None:
    """Of the runs of so many words in texts, the share that are different; None where there is no run.

    From 0 to 1; of the first `WORDS` words, as the share falls with their number. Li et al. 2016, "A
    Diversity-Promoting Objective Function for Neural Conversation Models" (arXiv 1510.03055), section 5: distinct-n.
    """
    runs: list[tuple[str, ...]] = []
    left = WORDS
    for said in map(split_words, _normalised(texts)):
        said = said[:left]
        left -= len(said)
        runs += zip(*(islice(said, start, None) for start in range(length)), strict=False)
        if left <= 0:
            break
    return len(set(runs)) / len(runs) if runs else None


def _normalised(texts: Iterable[str]) -> Iterator[str]:
    """Normal forms, some texts at a time: of a few thousand words not all texts need be looked at."""
    from hfsft.similarity import normalise_all

    for some in blocks(texts, BLOCK):
        yield from normalise_all(some)


def blocks(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    """The texts, so many at a time."""
    left = iter(texts)
    while some := list(islice(left, size)):
        yield some


def opening(texts: Iterable[str]) -> tuple[str, float] | None:
    """The words that open most texts, with the share of texts that they open; None without texts.

    Texts are gone over twice where they open in very many ways; None too where no way is met often among these.
    """
    found = frequent(lambda: (" ".join(first_words(text, OPENING)) for text in _normalised(texts)), OPENINGS)
    if not found.counts:
        return None
    said, count = min(found.counts.items(), key=lambda each: (-each[1], each[0]))
    return said, count / found.total


def vendi(vectors: Iterable[NDArray[np.float32]]) -> float | None:
    """As how many wholly different texts vectors count, given in blocks; from 1 to their number or length; None without
    any.

    The exponential of the entropy of the eigenvalues of their cosines, divided by their number: Friedman and Dieng
    2023, "The Vendi Score" (arXiv 2210.02410), section 3. Taken from the products of their columns, which have the
    same eigenvalues and can be added up, so that it is of all vectors and not of a sample.
    """
    import numpy as np

    from hfsft.similarity import units

    count, products = 0, np.zeros((1, 1))
    for some in vectors:
        found = units(some).astype(np.float64)
        count += int(found.any(axis=1).sum())
        products = products + found.T @ found
    if not count:
        return None
    shares = np.linalg.eigvalsh(products / count)
    shares = shares[shares > 1e-12]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def apart(vectors: NDArray[np.float32]) -> float | None:
    """How far each vector is from the nearest other one, in the mean: 1 less their cosine; None below two vectors.

    Of the first `SAMPLE`, as it falls with their number.
    """
    some = vectors[:SAMPLE]
    if len(some) < 2:
        return None
    from hfsft.similarity import DenseIndex

    index: DenseIndex[int] = DenseIndex()
    index.add(range(len(some)), some)
    total = 0.0
    for number, near in enumerate(index.neighbours(some, most=2)):
        total += 1 - max((alike for other, alike in near if other != number), default=0.0)
    return total / len(some)
