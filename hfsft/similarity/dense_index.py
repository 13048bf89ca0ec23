"""The index of vectors, such as embeddings of texts: by the angle between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Generic

from hfsft.similarity.index import Key, nearest, number

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import ArrayLike, NDArray

    Vectors = NDArray[np.float32]
    Places = NDArray[np.intp]
    Shares = NDArray[np.float64]

BLOCK = 1024  # vectors that are multiplied at once with as many others
DOUBT = 1e-4  # by which a product of many vectors in single precision may be off


class DenseIndex(Generic[Key]):
    """Vectors of one length, which whoever has an embedder brings; alike by the cosine of their angle, never under 0.

    Every pair is compared, block by block: exact, in bounded memory, in time that grows with the square of their
    number. That is fast enough up to 50,000. A vector of zeros, or None for one, is like nothing.
    """

    exact = True

    def __init__(self) -> None:
        import numpy as np

        self._places: dict[Key, int] = {}
        self._vectors: Vectors = np.zeros((0, 0), np.float32)

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

        keys = list(self._places)
        first: dict[bytes, int] = {}
        some = [
            place
            for place, vector in enumerate(self._vectors)
            if vector.any() and first.setdefault(vector.tobytes(), place) == place
        ]
        for place, vector in enumerate(self._vectors):
            original = first.get(vector.tobytes(), place)
            if original != place:
                yield keys[original], keys[place], 1.0
        places = np.array(some, np.intp)
        for start in range(0, len(places), BLOCK):
            later = places[start : start + BLOCK]
            for begin in range(0, start + 1, BLOCK):
                earlier = places[begin : begin + BLOCK]
                for one, other, similarity in _alike(self._vectors[earlier], self._vectors[later], at_least):
                    if earlier[one] < later[other]:
                        yield keys[earlier[one]], keys[later[other]], similarity

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
        found = _cosines(earlier[left], later[right])
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


def _cosines(one: Vectors, other: Vectors) -> Shares:
    import numpy as np

    first, second = one.astype(np.float64), other.astype(np.float64)
    lengths = np.sqrt((first * first).sum(axis=1)) * np.sqrt((second * second).sum(axis=1))
    result: Shares = np.minimum((first * second).sum(axis=1) / np.where(lengths, lengths, 1), 1.0)
    return result
