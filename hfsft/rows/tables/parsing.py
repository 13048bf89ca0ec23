"""JSON -> values; what stands in the place of one that cannot be had."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from hfsft.rows.reading.row_report import brief
from hfsft.rows.values import DEEPEST, LONGEST
from hfsft.rows.values import TOO_LONG as LONGER

LONGEST_NUMBER = 4_000  # digits; Python refuses to make a number of more

T = TypeVar("T")


class Odd(str):
    """In the place of a value: why there is none."""

    __slots__ = ()


TOO_DEEP = Odd("nested too deep")
TOO_LONG = Odd(LONGER)


def odd_in(value: Any) -> str | None:
    """Why a value is none, or one of those in it, at whatever depth; None where nothing is wrong."""
    odd, _ = _looked_into(value, 0)
    return odd


def _looked_into(value: Any, depth: int) -> tuple[str | None, int]:
    """The first fault, and how long all texts and names in the value are together."""
    if isinstance(value, str):
        return (
            (str(value), 0) if isinstance(value, Odd) else (str(TOO_LONG) if len(value) > LONGEST else None, len(value))
        )
    if not isinstance(value, Mapping | list | tuple):
        return None, 1
    if depth >= DEEPEST:
        return str(TOO_DEEP), 0
    size = sum(map(len, value)) if isinstance(value, Mapping) else 0
    for inner in value.values() if isinstance(value, Mapping) else value:
        reason, length = _looked_into(inner, depth + 1)
        size += length
        if reason is None and size > LONGEST:
            reason = str(TOO_LONG)
        if reason is not None:
            return reason, size
    return None, size


def parsed(text: str) -> tuple[Any, json.JSONDecodeError | None]:
    """The value of a JSON text, or what is wrong with the text."""
    try:
        return _either(lambda decoder: decoder.decode(text)), None
    except json.JSONDecodeError as error:
        return None, error
    except RecursionError:
        return TOO_DEEP, None


def decoded(text: str, start: int) -> tuple[Any, int]:
    """The value that begins at an offset, and where it ends. Raises `JSONDecodeError` or `RecursionError`."""
    return _either(lambda decoder: decoder.raw_decode(text, start))


def _either(read: Callable[[json.JSONDecoder], T]) -> T:
    try:
        return read(_DECODER)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a number of more digits than Python takes
        return read(_LONG_NUMBERS)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Odd:
    """An object; none where a key stands twice with two values, of which Python would quietly take the last."""
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    other = next((name for name, inner in pairs if value[name] != inner), None)
    return value if other is None else Odd(f"the key {brief(other)} stands twice in one object")


def _number(digits: str) -> float:
    return float(digits) if len(digits) > LONGEST_NUMBER else int(digits)


_DECODER = json.JSONDecoder(object_pairs_hook=_object)
_LONG_NUMBERS = json.JSONDecoder(object_pairs_hook=_object, parse_int=_number)
