"""What a step that sees all rows is given where it made the same of other rows before.

Its function may have a method `add(batch, before)` beside `__call__(batch)`, which gives the same, to the byte, from
what it made then: of rows that were there it has the columns that it made, and works out what is new. A function
without it is called over all rows again.

Another may have a method `over(rows, kept)`, which reads of the rows what it needs, and is given what it found out in
other calls and asked to be kept: facts that hold whichever rows there are. They lie in files beside those of columns.

The function of a source may have `since(mark, before)` beside `__call__()`, which gives the same rows, to the byte, but
`Kept` in the place of rows that it knows to be as they were; and `mark`, which says, once all rows were given, what
`since` goes by another time. Where that raises `ReadAnewError`, the function is called.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from hfsft.rows.batch import Batch, Row

    Numbers = NDArray[np.int64]


class Columns(Protocol):
    """Rows by column; a column is read when it is asked for."""

    def __len__(self) -> int:
        """The number of rows, not of columns."""
        ...

    @property
    def column_names(self) -> list[str]:
        """The columns."""
        ...

    def __contains__(self, name: object) -> bool: ...

    def __getitem__(self, name: str) -> list[Any]:
        """A column of all rows."""
        ...

    def of(self, numbers: Numbers) -> Batch:
        """All columns of some of the rows, by their numbers."""
        ...


@dataclass(frozen=True)
class Before:
    """The rows of then: all of them, those that are gone since too, with what the step was given and what it made."""

    number: Numbers  # for each row of now its number among the rows of then, -1 for one that is new
    rows: Columns

    @property
    def gone(self) -> Numbers:
        """The numbers of the rows that were there then and are not now."""
        import numpy as np

        return np.setdiff1d(np.arange(len(self.rows)), self.number)


@runtime_checkable
class Adding(Protocol):
    """A function over all rows to which rows can be added."""

    def __call__(self, batch: Batch) -> Batch:
        """What it makes of all rows."""
        ...

    def add(self, batch: Columns, before: Before) -> Batch:
        """What it makes of all rows of `batch`, as it would without `before`."""
        ...


@runtime_checkable
class Keeping(Protocol):
    """A function over all rows that looks at some of them alone, and keeps what it found out."""

    keeps: str
    """What it keeps, with a version: functions that keep the same share it; empty for one that keeps nothing."""

    def __call__(self, batch: Batch) -> Batch:
        """What it makes of all rows."""
        ...

    def over(self, rows: Columns, kept: pa.Table | None) -> tuple[Batch, pa.Table | None]:
        """The same of these rows, whatever is `kept`, and what is to be kept beside that."""
        ...


class InMemory:
    """A batch as rows by column."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def __len__(self) -> int:
        return len(next(iter(self._batch.values()), ()))

    @property
    def column_names(self) -> list[str]:
        """The columns."""
        return list(self._batch)

    def __contains__(self, name: object) -> bool:
        return name in self._batch

    def __getitem__(self, name: str) -> list[Any]:
        return self._batch[name]

    def of(self, numbers: Numbers) -> Batch:
        """All columns of some of the rows."""
        some = [int(number) for number in numbers]
        return {name: [values[number] for number in some] for name, values in self._batch.items()}


class OverRows(ABC):
    """A `Keeping` function, which makes of a batch what it makes of its rows."""

    keeps: str = ""

    def __call__(self, batch: Batch) -> Batch:
        """What it makes of a batch."""
        return self.over(InMemory(batch), None)[0]

    @abstractmethod
    def over(self, rows: Columns, kept: pa.Table | None) -> tuple[Batch, pa.Table | None]:
        """What it makes of rows, and what is to be kept."""


class Kept(NamedTuple):
    """In the place of rows that stand here too: so many of those of then, from the number `first`."""

    first: int
    rows: int


class SourceRows:
    """The rows of a source; once all were read, `told` is what their generator returned: JSON on how it was read."""

    def __init__(self, rows: Iterator[Row | Kept]) -> None:
        self._rows: Any = rows
        self.told: Any = None

    def __iter__(self) -> Iterator[Any]:
        self.told = yield from self._rows


class Former(Protocol):
    """The rows that a source came to before."""

    def __getitem__(self, name: str) -> list[Any]:
        """A column of them."""
        ...


@runtime_checkable
class Growing(Protocol):
    """The function of a source that may be read on where it grew."""

    @property
    def mark(self) -> Any:
        """JSON of what was read, for `since`; None where it cannot be read on."""
        ...

    def __call__(self) -> Iterator[Row]:
        """All rows."""
        ...

    def since(self, mark: Any, before: Former) -> Iterator[Row | Kept]:
        """All rows, those that are as they were in the reading of that mark as `Kept`."""
        ...
