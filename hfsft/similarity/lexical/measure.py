"""The similarity of two texts, exactly: what they have in common, and that it is not merely their template.

It is the smaller of two shares: of all runs of 4 characters that the two have, each as often as it stands there, those
that both have (Jaccard); and, where a template covers part of either, one and a half times the same share of the runs
of 4 words in their rests (`templates`). So two prompts of one template are as alike as what was filled in, a word more
("please") in a twin does no harm, and texts without a template are compared by their characters alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from hfsft.similarity.lexical.shingles import Chunk, Chunks
from hfsft.similarity.lexical.templates import Templates

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.shingles import Hashes, Places

    Shares = NDArray[np.float64]

SLACK = 1.5  # how much more alike two texts may be than their rests


def every_pair(texts: Sequence[str]) -> Shares:
    """The similarity of each of some different texts to each, as a square of numbers from 0 to 1."""
    import numpy as np

    chunk, templates = Chunk(texts), Templates(Chunks(texts))
    alike = _square(chunk.shingles())
    if len(templates.runs):
        templated, rests = templates.rests(chunk)
        empty = np.array([not len(rest) for rest in rests])
        asked = (templated[:, None] | templated) & ~(empty[:, None] & empty)
        alike = np.where(asked, np.minimum(alike, SLACK * _square(rests)), alike)
    np.fill_diagonal(alike, 1.0)
    return alike


class Measured:
    """Different texts of which some pairs are compared."""

    def __init__(self, texts: Sequence[str], templates: Templates) -> None:
        self.texts, self._templates = texts, templates

    def each(self, ones: Places, others: Places) -> Shares:
        """The similarity of each text of `ones` to that at the same place of `others`; one text often stands in a row.

        The sets of all these texts are in memory at once.
        """
        import numpy as np

        sets = self._sets(np.unique(np.concatenate([ones, others])).tolist())
        borders = [*np.flatnonzero(np.diff(ones, prepend=-1)).tolist(), len(ones)]
        alike = np.ones(len(ones))
        for start, stop in pairwise(borders):
            alike[start:stop] = _among(sets[int(ones[start])], [sets[other] for other in others[start:stop].tolist()])
        return alike

    def _sets(self, places: Sequence[int]) -> dict[int, _Sets]:
        found: list[_Sets] = []
        for _, chunk in Chunks([self.texts[place] for place in places]):
            templated, rests = self._templates.rests(chunk)
            found += map(_Sets, chunk.shingles(), templated.tolist(), rests)
        return dict(zip(places, found, strict=True))


class _Sets(NamedTuple):
    """A text's runs of characters, whether a template covers part of it, and the runs of words in its rest."""

    whole: Hashes
    templated: bool
    rest: Hashes


def _among(one: _Sets, others: Sequence[_Sets]) -> Shares:
    """The similarity of one text to each of some others."""
    import numpy as np

    alike = _shares(one.whole, [other.whole for other in others])
    asked = np.array([other.templated for other in others]) | one.templated
    if not asked.any():
        return alike
    if not len(one.rest):
        asked &= np.array([bool(len(other.rest)) for other in others])
    return np.where(asked, np.minimum(alike, SLACK * _shares(one.rest, [other.rest for other in others])), alike)


def _shares(one: Hashes, others: Sequence[Hashes]) -> Shares:
    """The share of members that a sorted set has in common with each of some others; 0 where both are empty."""
    import numpy as np

    members = np.concatenate(others)
    sizes = np.array([len(other) for other in others])
    if not len(one) or not len(members):
        return np.zeros(len(others))
    at = np.minimum(np.searchsorted(one, members), len(one) - 1)
    both = np.concatenate([[0], np.cumsum(one[at] == members)])
    stops = np.cumsum(sizes)
    shared = both[stops] - both[stops - sizes]
    result: Shares = shared / (len(one) + sizes - shared)
    return result


def _square(sets: Sequence[Hashes]) -> Shares:
    """The share of members in common for each pair of sets; 0 where both are empty."""
    import numpy as np

    sizes = np.array([len(one) for one in sets], np.intp)
    _, numbers = np.unique(np.concatenate(sets), return_inverse=True)
    order = np.argsort(numbers, kind="stable")  # the sets that hold a member, list behind list, each in their order
    owners = np.repeat(np.arange(len(sizes)), sizes)[order]
    here = np.empty_like(order)
    here[order] = np.arange(len(order))
    counts = np.bincount(numbers)
    first = (np.cumsum(counts) - counts)[numbers]
    shared = np.zeros((len(sets), len(sets)), np.int32)
    start = 0
    for place, size in enumerate(sizes.tolist()):
        begin, end = first[start : start + size], here[start : start + size]
        found = end > begin  # in an earlier set too
        lists = [owners[a:b] for a, b in zip(begin[found].tolist(), end[found].tolist(), strict=True)]
        if lists:
            shared[place, :place] = np.bincount(np.concatenate(lists), minlength=place)
        start += size
    shared += shared.T
    union: Places = sizes[:, None] + sizes - shared
    return shared / np.maximum(union, 1)
