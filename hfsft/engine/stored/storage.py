"""What a place for files of a build can do, whichever it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow.parquet as pq


class Storage(Protocol):
    """Files by name; one that is there is whole."""

    def url(self, name: str) -> str:
        """Where a file lies, as libraries of Arrow are told it."""
        ...

    def ready(self) -> None:
        """Make the place. Raises `OSError` where files cannot be written there."""
        ...

    def parquet(self, name: str) -> pq.ParquetFile:
        """A file to read, as a block of `with`. Raises `OSError` where there is none."""
        ...

    def writing(self, name: str) -> AbstractContextManager[Any]:
        """A file to write; it is there under its name, whole, once the block ended without an error."""
        ...

    def whole(self, names: Collection[str]) -> bool:
        """Whether all of these Parquet files are there and end as they should."""
        ...

    def bring(self, name: str, to: Path) -> None:
        """Put a file of it at a path of this machine. Raises `OSError` where there is none, or no room."""
        ...

    def text(self, name: str) -> str | None:
        """What a file of text says; None where there is none."""
        ...

    def put(self, name: str, text: str) -> None:
        """Write a file of text, whole or not at all."""
        ...

    def used(self, names: Iterable[str]) -> None:
        """Note that a build needs these files from now on."""
        ...

    def at_work(self) -> AbstractContextManager[None]:
        """A build works there: until the block ends, no other one deletes files."""
        ...

    def settle(self, began: float) -> None:
        """A build that began then has ended well: delete what neither it nor the build before it used."""
        ...
