"""Numbers that say how diverse a set of texts is; each goes by a sample of one size, so that sets can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from hfsft.similarity import DenseIndex, first_words, normalise, normalise_all, split_words, units

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


WORDS = 10_000  # of all texts together, that are looked at
SAMPLE = 2_000  # vectors of which each is compared with each
BLOCK = 200  # texts that are normalised at once
OPENING = 3  # words that open a text


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


def _normalised(texts: Sequence[str]) -> Iterator[str]:
    """Normal forms, some texts at a time: of a few thousand words not all texts need be looked at."""
    for start in range(0, len(texts), BLOCK):
        yield from normalise_all(texts[start : start + BLOCK])


def opening(texts: Sequence[str]) -> tuple[str, float] | None:
    """The words that open most texts, with the share of texts that they open; None without texts."""
    found = Counter(" ".join(first_words(text, OPENING)) for text in _normalised(texts))
    if not found:
        return None
    said, count = min(found.items(), key=lambda each: (-each[1], each[0]))
    return said, count / len(texts)


def vendi(vectors: NDArray[np.float32]) -> float | None:
    """As how many wholly different texts these vectors count, from 1 to their number or length; None without any.

    The exponential of the entropy of the eigenvalues of their cosines, divided by their number: Friedman and Dieng
    2023, "The Vendi Score" (arXiv 2210.02410), section 3. Taken from the products of their columns, which have the
    same eigenvalues, so that it is of all vectors and not of a sample.
    """
    import numpy as np

    found = units(vectors).astype(np.float64)
    found = found[found.any(axis=1)]
    if not len(found):
        return None
    shares = np.linalg.eigvalsh(found.T @ found / len(found))
    shares = shares[shares > 1e-12]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def apart(vectors: NDArray[np.float32]) -> float | None:
    """How far each vector is from the nearest other one, in the mean: 1 less their cosine; None below two vectors.

    Of the first `SAMPLE`, as it falls with their number.
    """
    some = vectors[:SAMPLE]
    if len(some) < 2:
        return None
    index: DenseIndex[int] = DenseIndex()
    index.add(range(len(some)), some)
    total = 0.0
    for number, near in enumerate(index.neighbours(some, most=2)):
        total += 1 - max((alike for other, alike in near if other != number), default=0.0)
    return total / len(some)
