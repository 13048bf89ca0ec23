"""What a command prints, without what could steer the terminal: of rows, models, servers and files of others."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from hfsft.cli.console import window
from hfsft.plain import unarmed


class Guarded:
    """A stream on which only our own colours and breaks of lines are more than letters."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text; controls in it as their escapes, as in JSON."""
        self._stream.write(unarmed(text, drawn=window(self._stream) is not None))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def guarded() -> Iterator[None]:
    """Both streams of the process, guarded while a command runs."""
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = cast("TextIO", Guarded(out)), cast("TextIO", Guarded(err))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err
