"""What a GGUF file says of itself before its weights: the chat template among it.

Its form is that of the GGUF specification (ggml, docs/gguf.md): a header, then keys with values, each by a type number.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

from hfsft.errors import ModelError

MAGIC = b"GGUF"
TEMPLATE = "tokenizer.chat_template"
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9
_LONGEST = 2**24  # bytes of one text, and values of one list


def chat_template(path: Path) -> str:
    """The chat template; empty where the file has none. Raises `ModelError` for a file that cannot be read so."""
    try:
        with path.open("rb") as file:
            if file.read(4) != MAGIC or _number(file, "I") < 2:
                raise ValueError("is no GGUF of version 2 or later")
            _, keys = _number(file, "Q"), _number(file, "Q")
            for _ in range(keys):
                name, value = _text(file), _value(file, _number(file, "I"))
                if name == TEMPLATE:
                    return value if isinstance(value, str) else ""
    except (OSError, ValueError, struct.error) as error:
        raise ModelError(f"{path}: its chat template cannot be read: {error}") from None
    return ""


def _number(file: BinaryIO, form: str) -> Any:
    return struct.unpack(f"<{form}", file.read(struct.calcsize(f"<{form}")))[0]


def _text(file: BinaryIO) -> str:
    size = _number(file, "Q")
    if size > _LONGEST:
        raise ValueError("it holds a text that is too long")
    return file.read(size).decode("utf-8", "replace")


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _TEXT:
        return _text(file)
    if kind != _LIST:
        return _number(file, _NUMBERS[kind]) if kind in _NUMBERS else _unknown(kind)
    inside, count = _number(file, "I"), _number(file, "Q")
    if count > _LONGEST:
        raise ValueError("it holds a list that is too long")
    if inside in _NUMBERS:  # nobody asks for them
        file.seek(count * struct.calcsize(f"<{_NUMBERS[inside]}"), 1)
        return None
    for _ in range(count):
        _value(file, inside)
    return None


def _unknown(kind: int) -> Any:
    raise ValueError(f"it holds a value of an unknown kind, {kind}")
