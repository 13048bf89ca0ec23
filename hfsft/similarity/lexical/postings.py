"""Which texts have how much in common with one: for each run of characters the texts that it stands in.

Every text is counted, so that nothing is missed; time and memory of a look-up grow with the number of texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.shingles import Hashes, Places

    Shares = NDArray[np.float64]


class Postings:
    """An inverted index of sorted sets of hashes: for each hash the sets that hold it."""

    def __init__(self, sets: Sequence[Hashes]) -> None:
        import numpy as np

        self.sizes = np.array([len(one) for one in sets], np.intp)
        members = np.concatenate([*sets, np.zeros(0, np.uint64)])
        order = np.argsort(members, kind="stable")
        self.members: Hashes = members[order]
        self.owners: Places = np.repeat(np.arange(len(sets)), self.sizes)[order]

    def shares(self, one: Hashes) -> Shares:
        """The share of members that a set has in common with each; 0 where both are empty."""
        import numpy as np

        begins = np.searchsorted(self.members, one)
        ends = np.searchsorted(self.members, one, "right")
        found = [self.owners[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
        shared = np.bincount(np.concatenate([*found, np.zeros(0, np.intp)]), minlength=len(self.sizes))
        result: Shares = shared / np.maximum(len(one) + self.sizes - shared, 1)
        return result
