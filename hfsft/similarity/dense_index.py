"""The index of vectors, such as embeddings of texts: by the angle between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Generic

from hfsft.similarity.dense_cells import near_in_cells
from hfsft.similarity.index import Key, nearest, number

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import ArrayLike, NDArray

    Vectors = NDArray[np.float32]
    Places = NDArray[np.intp]
    Shares = NDArray[np.float64]

MANY = 50_000  # vectors, of more of which not every pair is compared
BLOCK = 1024  # vectors that are multiplied at once with as many others
DOUBT = 1e-4  # by which a product of many vectors in single precision may be off


class DenseIndex(Generic[Key]):
    """Vectors of one length, which whoever has an embedder brings; alike by the cosine of their angle, never under 0.

    Up to 50,000 different ones every pair is compared, block by block: exact, in bounded memory, in time that grows
    with the square of their number. Of more, an index of cells finds the pairs (`dense_cells`), each of which is then
    reckoned exactly. `neighbours` compares all at any size. A vector of zeros, or None for one, is like nothing.
    """

    def __init__(self) -> None:
        import numpy as np

        self._places: dict[Key, int] = {}
        self._vectors: Vectors = np.zeros((0, 0), np.float32)

    @property
    def exact(self) -> bool:
        """Whether `pairs` finds every pair."""
        return len(self) <= MANY

    def __len__(self) -> int:
        """How many vectors there are."""
        return len(self._places)

    def add(self, keys: Sequence[Key], items: ArrayLike) -> None:
        """Put more vectors in, one a row. Raises `ValueError` where they are of another length, or no numbers."""
        import numpy as np

        vectors = self._checked(items)
        number(self._places, keys, len(vectors))
        self._vectors = np.concatenate([self._vectors, vectors]) if len(self._vectors) else vectors

    def pairs(self, at_least: float) -> Iterator[tuple[Key, Key, float]]:
        """The pairs at least so alike, more than 0; those that are the same as an earlier one with the first alone."""
        import numpy as np

        keys, copies = list(self._places), self._copies()
        for copy, original in copies.items():
            yield keys[original], keys[copy], 1.0
        some = [place for place in np.flatnonzero(self._vectors.any(axis=1)).tolist() if place not in copies]
        places = np.array(some, np.intp)
        some_vectors = self._vectors[places]
        few = len(places) <= MANY
        found = _every(units(some_vectors), at_least) if few else near_in_cells(some_vectors, at_least)
        for ones, others in found:
            for start in range(0, len(ones), BLOCK):
                left, right = places[ones[start : start + BLOCK]], places[others[start : start + BLOCK]]
                alike = cosines(self._vectors[left], self._vectors[right])
                for one, other, value in zip(left.tolist(), right.tolist(), alike.tolist(), strict=True):
                    if value > 0 and value >= at_least:
                        yield keys[one], keys[other], value

    def copies(self) -> dict[Key, Key]:
        """The vectors that are the same as one added earlier, each with the first such one."""
        keys = list(self._places)
        return {keys[copy]: keys[first] for copy, first in self._copies().items()}

    def _copies(self) -> dict[int, int]:
        first: dict[bytes, int] = {}
        there: list[bool] = [bool(vector.any()) for vector in self._vectors]
        found = ((place, first.setdefault(vector.tobytes(), place)) for place, vector in enumerate(self._vectors))
        return {place: original for place, original in found if place != original and there[place]}

    def neighbours(
        self, items: ArrayLike, at_least: float = 0.0, most: int | None = None
    ) -> list[list[tuple[Key, float]]]:
        """For each of some vectors those of the index that are like it."""
        keys, asked = list(self._places), self._checked(items)
        found: list[list[tuple[Key, float]]] = [[] for _ in asked]
        for start in range(0, len(keys), BLOCK):
            block = self._vectors[start : start + BLOCK]
            for begin in range(0, len(asked), BLOCK):
                for one, other, similarity in _alike(block, asked[begin : begin + BLOCK], at_least, most):
                    found[begin + other].append((keys[start + one], similarity))
            if most is not None:
                found = [nearest(each, most) for each in found]
        return [nearest(each, most) for each in found]

    def table(self) -> pa.Table:
        """The vectors with their keys, each a list of so many single-precision numbers."""
        import pyarrow as pa

        width = max(self._vectors.shape[1], 1)
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(self._vectors.reshape(-1)), width)
        return pa.table({"key": pa.array(list(self._places)), "vector": vectors})

    @classmethod
    def of(cls, table: pa.Table) -> DenseIndex[Key]:
        """The index that a table was made of, or that another made: its columns are `key` and `vector`."""
        index = cls()
        vectors = table["vector"].combine_chunks()
        if len(vectors):
            index.add(table["key"].to_pylist(), vectors.flatten().to_numpy().reshape(len(vectors), -1))
        return index

    def _checked(self, items: ArrayLike) -> Vectors:
        """Vectors as they are kept; what they are long does not count for their angle, and stays as it came."""
        import numpy as np

        width = self._vectors.shape[1] if len(self) else None
        if isinstance(items, list) and any(item is None for item in items):  # as a column has it where a text is blank
            lengths = {len(item) for item in items if item is not None}
            nothing = np.zeros(width or max(lengths, default=0), np.float32)
            items = [nothing if item is None else item for item in items]
        vectors = np.asarray(items, np.float32)
        if not vectors.size and vectors.ndim == 1:
            return np.zeros((0, width or 0), np.float32)
        if vectors.ndim != 2 or (width is not None and vectors.shape[1] != width):
            raise ValueError(f"vectors of shape {vectors.shape}, in an index of vectors of {width or 'one'} length")
        if not np.isfinite(vectors).all():
            raise ValueError("a vector with a number that is infinite, or none")
        return np.ascontiguousarray(vectors)


def _every(single: Vectors, at_least: float) -> Iterator[tuple[Places, Places]]:
    """Places of every two vectors, 1 long each, that may be so alike, the earlier first."""
    import numpy as np

    for start in range(0, len(single), BLOCK):
        for begin in range(0, start + 1, BLOCK):
            rough = single[begin : begin + BLOCK] @ single[start : start + BLOCK].T
            one, other = np.nonzero(rough >= at_least - DOUBT)
            ones, others = one + begin, other + start
            earlier = ones < others
            yield ones[earlier], others[earlier]


def _alike(
    earlier: Vectors, later: Vectors, at_least: float, most: int | None = None
) -> Iterator[tuple[int, int, float]]:
    """Places of two vectors that are at least so alike; for each later one at least the `most` that are most so.

    Each pair is reckoned again in double precision, so that it does not hang on which others stand beside it.
    """
    import numpy as np

    rough = units(earlier) @ units(later).T
    near = rough >= at_least - DOUBT
    if most is not None and 0 < most < len(earlier):
        near &= rough >= np.partition(rough, -most, axis=0)[-most] - 2 * DOUBT
    one, other = np.nonzero(near)
    for start in range(0, len(one), BLOCK):
        left, right = one[start : start + BLOCK], other[start : start + BLOCK]
        found = cosines(earlier[left], later[right])
        for first, second, value in zip(left.tolist(), right.tolist(), found.tolist(), strict=True):
            if value > 0 and value >= at_least:
                yield first, second, value


def units(vectors: Vectors) -> Vectors:
    """The same vectors, one a row, made 1 long in double precision; one of zeros, which is like nothing, stays."""
    import numpy as np

    exact = vectors.astype(np.float64)
    lengths = np.sqrt((exact * exact).sum(axis=-1, keepdims=True))
    made: Vectors = (exact / np.where(lengths, lengths, 1)).astype(np.float32)
    return made


def cosines(one: Vectors, other: Vectors) -> Shares:
    """The cosine of each vector to the one at the same place, in double precision; at most 1, 0 for one of zeros."""
    import numpy as np

    first, second = one.astype(np.float64), other.astype(np.float64)
    lengths = np.sqrt((first * first).sum(axis=1)) * np.sqrt((second * second).sum(axis=1))
    result: Shares = np.minimum((first * second).sum(axis=1) / np.where(lengths, lengths, 1), 1.0)
    return result
