"""A temporary file of pickled values that are read back by number, so that many rows take no memory."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

IN_MEMORY = 2**24  # bytes, up to which there is no file


class Spool:
    """An unnamed temporary file, deleted when the `with` block ends."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed where the spool is left

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._file.close()

    def put(self, thing: Any) -> int:
        """Append a value; returns its place, for `read`."""
        place = self._file.tell()
        pickle.dump(thing, self._file, protocol=pickle.HIGHEST_PROTOCOL)
        return place

    def read(self, places: Iterable[int]) -> Iterator[Any]:
        """The values at these places; nothing may be written any more."""
        for place in places:
            self._file.seek(place)
            yield pickle.load(self._file)  # noqa: S301 - what this process wrote itself a moment ago
