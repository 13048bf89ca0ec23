"""Values within values: the one walk over lists and objects of any depth, as JSON and rows have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def texts_in(value: Any, name: str = "", *, names: bool = False) -> Iterator[tuple[str, str]]:
    """`(name, text)` of every text in a value: the text, and what the nearest field around it is called.

    With `names` the fields' own names are texts too, under the name "".
    """
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if names:
                yield "", str(key)
            yield from texts_in(inner, str(key), names=names)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner, name, names=names)
