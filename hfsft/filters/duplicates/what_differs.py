"""What differs between two texts that open or end with the same long passage, and how alike that is.

A description of a tool, a document or an instruction that stands before every question makes all of them alike to an
embedder. Where two texts share at least 100 characters at their beginning or at their end, and these are at least half
of the shorter one, what is left of each is embedded for itself, and the pair is as alike as that.

An embedder that knows only the letters of a language takes all its texts for the same: there two texts must share half
of their runs of three characters too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from hfsft.similarity import normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONG = 100  # characters that two texts share, from which they are left out
HALF = 0.5  # share of the shorter text
SPELLED = 0.5  # share of runs of three characters, of which two texts in an unknown language are alike
MANY = 100_000  # pairs that are looked at together

Alike = tuple[int, int, float]


class KnowsWords(Protocol):
    """An embedder in this process."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A vector of length 1 for each text."""

    def knows(self, text: str) -> bool:
        """Whether it knows the words of a text, and not only the letters."""


def by_what_differs(
    alike: Iterable[Alike], texts: Mapping[int, str], embedder: KnowsWords, floor: float
) -> Iterator[Alike]:
    """The pairs, each at most as alike as what differs in it; those that are then below `floor` are left out."""
    left = iter(alike)
    vectors: dict[str, NDArray[np.float32]] = {}
    letters = _Letters(embedder.knows)
    while some := list(islice(left, MANY)):
        pairs = [rests_of(texts[first], texts[second]) for first, second, _ in some]
        new = list(dict.fromkeys(rest for pair in pairs if pair for rest in pair if rest not in vectors))
        if new:
            vectors.update(zip(new, embedder.embed(new), strict=True))
        for (first, second, similarity), pair in zip(some, pairs, strict=True):
            if pair:
                similarity = min(similarity, float(vectors[pair[0]] @ vectors[pair[1]]))
            if similarity >= floor and letters.share(*(pair or (texts[first], texts[second]))):
                yield first, second, similarity


class _Letters:
    """Whether two texts are spelled alike, where the embedder does not know the words of one."""

    def __init__(self, knows: Callable[[str], bool]) -> None:
        self._knows = cache(knows)
        self._runs = cache(_runs_of_three)

    def share(self, first: str, second: str) -> bool:
        """Whether both are known, or share enough."""
        if self._knows(first) and self._knows(second):
            return True
        one, other = self._runs(first), self._runs(second)
        return len(one & other) >= SPELLED * len(one | other)


def _runs_of_three(text: str) -> frozenset[str]:
    said = normalise(text)
    return frozenset(said[at : at + 3] for at in range(max(1, len(said) - 2)))


def rests_of(first: str, second: str) -> tuple[str, str] | None:
    """What is left of both without the passage that they share, cut between lines or sentences where that can be.

    None where they share little, or where nothing is left of one: then they are compared as they are.
    """
    shorter = min(len(first), len(second))
    start = _shared(shorter, lambda size: first[:size] == second[:size])
    end = _shared(shorter - start, lambda size: first[len(first) - size :] == second[len(second) - size :])
    start, end = (_border(first, start), len(first) - _border(first, len(first) - end, forward=True))
    start, end = (start if start >= LONG else 0), (end if end >= LONG else 0)
    if start + end < HALF * shorter or not start + end:
        return None
    rests = first[start : len(first) - end].strip(), second[start : len(second) - end].strip()
    return rests if all(rests) else None


def _shared(most: int, same: Callable[[int], bool]) -> int:
    """The largest size, up to `most`, at which they are the same."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if same(middle) else (low, middle - 1)
    return low


def _border(text: str, place: int, forward: bool = False) -> int:
    """The border of a line or a sentence nearest before a place (or behind it, or there); else that of a word."""
    for signs in (("\n", ". ", "? ", "! ", "。", "？"), (" ",)):
        if forward:
            found = [(text.find(sign, max(0, place - len(sign))), sign) for sign in signs]
        else:
            found = [(text.rfind(sign, 0, place), sign) for sign in signs]
        borders = [start + len(sign) for start, sign in found if start >= 0]
        if borders:
            return min(borders) if forward else max(borders)
    return len(text) if forward else 0
