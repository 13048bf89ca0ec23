"""What the function of a source may have beside `__call__()`, so that several processes read its rows.

They read the same rows, in the same order, as one process does, and tell the same. What a row says of others, such as
which of several copies it is, no process knows that reads a piece: each row has `marks`, columns beside those of the
step, and by these it is found out which rows are other ones, and how they are mended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from hfsft.engine.resources import Work

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.adding import Numbers
    from hfsft.rows.batch import Batch


class SourcePiece(NamedTuple):
    """Some rows that follow on one another; `key` is a hash of all that they depend on."""

    key: str
    work: Work  # makes a function that gives the rows with their marks, as that of a source does


@runtime_checkable
class Piecewise(Protocol):
    """The function of a source that may be read in pieces."""

    marks: Mapping[str, Any]
    """The columns that rows of pieces have beside those of the step, with their types as words."""
    mending: Work
    """Makes a function over rows: it gets them with the columns of `mends`, and gives the columns that change."""

    def pieces(self) -> Sequence[SourcePiece]:
        """The pieces in their order; none where the source is read as a whole."""
        ...

    def mends(self, marks: Sequence[pa.Table]) -> tuple[Numbers, Batch]:
        """The numbers of the rows that are other ones, by the marks of all pieces, and what is to be known of each."""
        ...

    def told(self, pieces: Sequence[Any]) -> Any:
        """What the source tells, by what the functions of its pieces told.

        Raises `ReadAnewError` where it has to be read as a whole.
        """
        ...
