"""Exchanges of `input` and `output` in a list, as Capybara and Puffin have them.

{"conversation": [{"input": "Is it cold in Oslo?", "output": "Yes, 3 degrees."}, ...]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hfsft.rows.calls import ShapeError
from hfsft.rows.shapes.shape import Item, Shape
from hfsft.rows.values import absent, listed

PAIRS = (("input", "output"), ("instruction", "output"), ("prompt", "response"), ("instruction", "response"))
ROLES = frozenset(("role", "from"))
SYSTEM = "system"


def _pair(value: Any) -> tuple[str, str] | None:
    """The keys of question and answer in an exchange; None where the value is none."""
    if not isinstance(value, Mapping) or ROLES & value.keys():
        return None
    return next((pair for pair in PAIRS if all(isinstance(value.get(key), str) for key in pair)), None)


def _exchanges(value: Any) -> list[Any] | None:
    """The exchanges in a list of nothing else; None for any other value."""
    found = None if isinstance(value, str) else listed(value)
    return found if found and all(map(_pair, found)) else None


def _turns(exchange: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The question and the answer, with what else stands in the exchange beside the answer."""
    pair = _pair(exchange)
    assert pair is not None, "what `_exchanges` found"
    question, answer = pair
    rest = {name: value for name, value in exchange.items() if name not in (*pair, SYSTEM)}
    if not absent(exchange.get(SYSTEM)):
        yield {"role": "system", "content": exchange[SYSTEM]}
    yield {"role": "user", "content": exchange[question]}
    yield {**rest, "role": "assistant", "content": exchange[answer]}


def _column(item: Item) -> str | None:
    return next((name for name, value in item.items() if _exchanges(value)), None)


def _read(item: Item) -> Item:
    column = _column(item)
    if column is None:
        raise ShapeError("no column holds a list of exchanges, each with an `input` and an `output`")
    rest = {name: value for name, value in item.items() if name != column}
    return {**rest, "messages": [turn for each in _exchanges(item[column]) or () for turn in _turns(each)]}


CAPYBARA = Shape(
    "capybara",
    "`conversation`: a list of exchanges, each with an `input` and an `output`",
    read=_read,
    tells=lambda item: "messages" not in item and _column(item) is not None,
)
