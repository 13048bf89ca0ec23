"""Rows as a function over all of them is given them: a column is read when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hfsft.rows.features import values_of

if TYPE_CHECKING:
    from hfsft.engine.adding import Numbers
    from hfsft.engine.on_daft.parquet_parts import PartRows
    from hfsft.rows.batch import Batch


class Seen:
    """These columns of rows in parts; those that were read stay in memory."""

    def __init__(self, rows: PartRows, columns: Sequence[str]) -> None:
        self._rows, self._names = rows, columns
        self._read: Batch = {}

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def column_names(self) -> list[str]:
        """The columns."""
        return list(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __getitem__(self, name: str) -> list[Any]:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._read:
            self._read[name] = self._rows[name]
        return self._read[name]

    def of(self, numbers: Numbers) -> Batch:
        """All columns of some of the rows."""
        some = numbers.tolist()
        here = {name: [values[number] for number in some] for name, values in self._read.items()}
        missing = [name for name in self._names if name not in here]
        found = self._rows.taken(missing, numbers)
        here |= {name: values_of(found[name]) for name in missing}
        return {name: here[name] for name in self._names}
