"""What the function of a source may have, so that a source that grew is read on and not from its start.

Beside `__call__()` it then has `since(mark, before)`, which gives the same rows, to the byte, but `Kept` in the place
of rows that it knows to be as they were; and `mark`, which says, once all rows were given, what `since` goes by another
time. Where that raises `ReadAnewError`, the function is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from hfsft.rows.batch import Row


class Kept(NamedTuple):
    """In the place of rows that stand here too: so many of those of then, from the number `first`."""

    first: int
    rows: int


class Former(Protocol):
    """The rows of then."""

    def __getitem__(self, name: str) -> list[Any]:
        """A column of them."""
        ...


@runtime_checkable
class Growing(Protocol):
    """The function of a source that may be read on."""

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
