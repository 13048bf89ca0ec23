"""What rows are ordered by as bytes, which sort as the values do: so that no process needs all of them to sort."""

from __future__ import annotations

import struct
from collections.abc import Iterable

END, WITHIN = b"\x00\x00", b"\x00\xff"  # what ends a text, and stands for a zero byte in one
_LOWEST = 1 << 63


def bytes_of(values: Iterable[float | str | int | None]) -> bytes:
    """Bytes of a tuple: of two tuples of the same types those that are less are of the lesser tuple.

    Whole numbers have 64 bits and a sign; nothing (None) is less than anything.
    """
    return b"".join(map(_bytes, values))


def _bytes(value: float | str | int | None) -> bytes:
    if value is None:
        return END
    if isinstance(value, str):
        return b"\x01" + value.encode("utf-8", "surrogatepass").replace(b"\x00", WITHIN) + END
    if isinstance(value, float):
        (bits,) = struct.unpack(">Q", struct.pack(">d", value + 0.0))  # so that -0.0 is 0.0
        return struct.pack(">Q", bits ^ (2 * _LOWEST - 1) if bits & _LOWEST else bits | _LOWEST)
    return struct.pack(">Q", int(value) + _LOWEST)
