"""A JSON list of rows, read row by row: a file of any size takes the memory of one row."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO, Any

from hfsft.errors import SourceError, place_of
from hfsft.rows.tables.parsing import TOO_DEEP, TOO_LONG, Odd, decoded
from hfsft.rows.tables.text_files import ENDLESS, open_text
from hfsft.rows.tables.zipped import File
from hfsft.rows.values import LONGEST

BLOCK = 2**20  # characters that are read at once
MARGIN = 16  # a fault so near to the end of what was read may be one of reading too little
SPACE = re.compile("[ \t\r\n\ufeff]*")
BRACKETS = re.compile(r'["\[\]{}]')
STRING_END = re.compile(r'["\\]')


class BrokenError(ValueError):
    """What is wrong with the JSON, and where: line and column from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


def opening(path: File) -> str:
    """The first characters of the file that are no white space."""
    with open_text(path) as text:
        return SPACE.sub("", text.read(BLOCK), count=1)[:100]


def rows(path: File) -> Iterator[tuple[str, Any]]:
    """Each item with its mark, `[2]`. Raises `BrokenError` where the list cannot be read on."""
    with open_text(path) as text:
        window = _Window(path, text)
        window.next()
        window.at += 1
        index = 0
        while window.next() != "]" or index:
            yield f"[{index}]", window.value()
            index += 1
            if window.next() == "]":
                break
            if window.next() != ",":
                raise window.broken("Expecting ',' delimiter")
            window.at += 1
        window.at += 1
        if window.next():
            raise window.broken("Extra data")


class _Window:
    """The part of the text that is looked at; what lies behind it is forgotten."""

    def __init__(self, path: File, text: IO[str]) -> None:
        self.path, self.text = path, text
        self.held, self.at = "", 0
        self.line, self.column = 1, 1  # of the first character that is held

    def more(self, size: int = BLOCK) -> bool:
        """Forget what is done with and read on; False at the end."""
        self.line, self.column = self.place(self.at)
        read = self.text.read(size)
        self.held, self.at = self.held[self.at :] + read, 0
        return bool(read)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a character that is held."""
        last = self.held.rfind("\n", 0, offset)
        return self.line + self.held.count("\n", 0, offset), offset - last if last >= 0 else self.column + offset

    def broken(self, message: str, offset: int | None = None) -> BrokenError:
        """The error of what stands there."""
        return BrokenError(message, *self.place(self.at if offset is None else offset))

    def next(self) -> str:
        """The next character that is no white space, not yet taken; empty at the end."""
        while True:
            self.at = SPACE.match(self.held, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.held):
                return self.held[self.at]
            if not self.more():
                return ""

    def value(self) -> Any:
        """The value that begins here, or why there is none."""
        while True:
            length = len(self.held) - self.at
            try:
                value, end = decoded(self.held, self.at)
            except RecursionError:
                return self._skipped(TOO_DEEP)
            except json.JSONDecodeError as error:
                cut = error.pos > len(self.held) - MARGIN or error.msg.startswith("Unterminated string")
                fault = self.broken(error.msg, error.pos)
                if cut and length > LONGEST:
                    return self._skipped(TOO_LONG)
                if not cut or not self.more(max(BLOCK, length)):
                    raise fault from None
                continue
            if end == len(self.held) and self.more():
                continue  # a number may go on
            self.at, length = end, end - self.at
            return value if length <= LONGEST else TOO_LONG

    def _skipped(self, reason: Odd) -> Odd:
        """The reason, behind the value that begins here."""
        depth, in_string, size = 0, False, 0
        while True:
            match = (STRING_END if in_string else BRACKETS).search(self.held, self.at)
            if match is None:
                size += len(self.held) - self.at
                self.at = len(self.held)
                if size > ENDLESS:
                    place = place_of(self.path, *self.place(self.at))
                    raise SourceError(f"a row of more than {ENDLESS:,} characters", place=place)
                if not self.more():
                    raise self.broken("Expecting ',' delimiter")
                continue
            size += match.end() - self.at
            self.at = match.end()
            if match[0] == "\\":
                if self.at == len(self.held):
                    self.more()
                self.at += 1
            elif match[0] == '"':
                in_string = not in_string
            else:
                depth += 1 if match[0] in "[{" else -1
            if depth == 0 and not in_string and match[0] != "\\":
                return reason
