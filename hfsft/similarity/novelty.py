"""How much a written row is like what was there before it: by ROUGE-L, or by runs of characters.

ROUGE-L is twice the length of the longest common subsequence of words over the words of both texts (Lin 2004, "ROUGE: a
package for automatic evaluation of summaries", section 3.1, with equal weight for precision and recall), from 0 to 1:
the measure by which Self-Instruct takes an instruction as new (Wang et al. 2023, section 2). Words are runs of letters
and digits of whatever script, in lower case; of scripts that put no spaces, single characters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from hfsft.similarity.lexical_index import LexicalIndex
from hfsft.similarity.normalise import split_words

By = Literal["rouge_l", "near_duplicate"]
FLOOR = 0.3  # likeness by runs of characters below which nothing is measured
AT_ONCE = 256  # texts that are compared with all others at once

_SURROGATES = range(0xD800, 0xE000)


class Nearest(NamedTuple):
    """The most alike of the texts before, by its place among all, and how alike it is."""

    place: int
    likeness: float


def nearest_before(texts: Sequence[str], ranks: Sequence[int], by: By, below: float) -> list[Nearest | None]:
    """For each text the nearest of those that stand before it and are new themselves; None where there is none.

    A text stands before another where its rank is lower; of one rank, where it comes first. Those of rank 0 are new
    whatever they are like; others where they are less than `below` like all new ones before them.
    """
    order = sorted(range(len(texts)), key=lambda place: (ranks[place], place))
    compare = _by_words if by == "rouge_l" else _by_characters
    found = compare([texts[place] for place in order], sum(rank == 0 for rank in ranks), below)
    back: list[Nearest | None] = [None] * len(texts)
    for place, nearest in zip(order, found, strict=True):
        back[place] = nearest and Nearest(order[nearest.place], nearest.likeness)
    return back


def rouge_l(one: str, other: str) -> float:
    """How alike two texts are by ROUGE-L, from 0 to 1; 0 where one has no words."""
    from rapidfuzz.distance import Indel

    first, second = words(one), words(other)
    return Indel.normalized_similarity(first, second) if first and second else 0.0


def words(text: str) -> list[str]:
    """The words of a text as ROUGE-L compares them."""
    return split_words(text.lower())


def _by_words(texts: Sequence[str], given: int, below: float) -> Iterator[Nearest | None]:
    """By ROUGE-L, exactly: each text with all new ones before it."""
    import numpy as np
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    codes: dict[str, str] = {}
    spelt = ["".join(codes.setdefault(word, _letter(len(codes))) for word in words(text)) for text in texts]
    lengths = np.array([len(each) for each in spelt])
    new = list(range(given))
    yield from [None] * given
    for start in range(given, len(texts), AT_ONCE):
        chunk = range(start, min(start + AT_ONCE, len(texts)))
        among = [*new, *chunk]
        # Insertions and deletions between two texts are what of both is in no common subsequence.
        apart = cdist(
            [spelt[each] for each in chunk], [spelt[each] for each in among], scorer=Indel.distance, dtype=np.int32
        )
        total = lengths[chunk.start : chunk.stop, None] + lengths[among][None, :]
        likeness = np.where(total > 0, (total - apart) / np.maximum(total, 1), 0.0)
        known = np.zeros(len(among), dtype=bool)
        known[: len(new)] = True
        for row, place in enumerate(chunk):
            alike = np.where(known, likeness[row], -1.0)
            best = int(alike.argmax()) if len(among) else 0
            nearest = Nearest(among[best], float(alike[best])) if known.any() else None
            if nearest is None or nearest.likeness < below:
                known[len(among) - len(chunk) + row] = True
                new.append(place)
            yield nearest


def _by_characters(texts: Sequence[str], given: int, below: float) -> Iterator[Nearest | None]:
    """By the share of runs of four characters in common, from `FLOOR` on."""
    index: LexicalIndex[int] = LexicalIndex()
    index.add(range(len(texts)), [(text,) for text in texts])
    copies, alike = index.copies(), defaultdict[int, dict[int, float]](dict)
    for one, other, likeness in index.pairs(min(FLOOR, below), ranked=True):
        alike[one][other] = alike[other][one] = likeness
    new = set(range(given))
    for place in range(len(texts)):
        first = copies.get(place, place)  # of a copy only its likeness to the first is told
        near = {**alike[first], first: 1.0}
        found = [Nearest(other, likeness) for other, likeness in near.items() if other in new and other != place]
        nearest = max(found, key=lambda each: (each.likeness, -each.place), default=None)
        if place >= given and (nearest is None or nearest.likeness < below):
            new.add(place)
        yield nearest if place >= given else None


def _letter(number: int) -> str:
    """A character for each word, so that texts are compared as texts are; half of a surrogate pair is none."""
    return chr(number if number < _SURROGATES.start else number + len(_SURROGATES))
