"""The kept rows by split, in the order of their ids. They stay where they lie: who reads them holds some at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.engine.executor import DataTask, Executor, Rows
    from hfsft.engine.ordering.text_columns import TextColumn
    from hfsft.release.shards.shared_shards import SharedShards

BY = ("split", "id")


@dataclass(frozen=True)
class KeptRows:
    """`rows` are in the order of `BY`, `counts` says how many are of each split, `each` does tasks over them; where
    these are done on other machines, `shared` knows of the shards that are written there.
    """

    rows: Rows
    counts: Mapping[str, int]
    each: Callable[[Sequence[DataTask]], list[Any]]
    shared: SharedShards | None = None

    @classmethod
    def left(cls, rows: Rows, works: Executor[Any]) -> KeptRows:
        """Those of rows that an executor works on."""
        from hfsft.release.shards.shared_shards import SharedShards

        shared = None if works.shared is None else SharedShards(works.shared, works.each)
        return replace(cls.sorted(works.in_order(rows, BY), works.each), shared=shared)

    @classmethod
    def of_dataset(cls, rows: Dataset) -> KeptRows:
        """Those of a dataset."""
        from hfsft.engine.ordering.streamed_rows import OfDataset
        from hfsft.engine.parts.rows import column_of, picked

        keys = list(zip(*(column_of(rows, name) for name in BY), strict=True))
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return cls.sorted(OfDataset(picked(rows, order)), lambda tasks: [task.do() for task in tasks])

    @classmethod
    def sorted(cls, rows: Rows, each: Callable[[Sequence[DataTask]], list[Any]]) -> KeptRows:
        """Those of rows that are in order."""
        counts = Counter[str]()
        for table in rows.batches(["split"]):
            counts.update(table["split"].to_pylist())
        return cls(rows, counts, each)

    def of(self, split: str) -> Rows:
        """The rows of a split."""
        names = sorted(self.counts)
        starts = dict(zip(names, accumulate((self.counts[name] for name in names), initial=0), strict=False))
        start = starts.get(split, 0)
        return self.rows.slice(start, start + self.counts.get(split, 0))

    def texts(self, split: str, name: str) -> TextColumn:
        """A column of ids or other short texts of a split."""
        from hfsft.engine.ordering.text_columns import TextColumn

        return TextColumn(self.of(split), name)
