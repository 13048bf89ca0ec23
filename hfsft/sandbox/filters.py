"""The filters and tests of a template, each paying for what it reads and for what it builds."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from jinja2 import Environment, pass_environment
from jinja2.filters import make_attrgetter
from jinja2.runtime import LoopContext

from hfsft.letters.quoting import quoted
from hfsft.sandbox.json_fields import said_in
from hfsft.sandbox.work import (
    CALL,
    ITEM,
    SCAN,
    STEP,
    as_list,
    bounded,
    data,
    length,
    measured,
    scanned,
    spend,
    text_of,
    whole,
)  # fmt: skip

# Nothing random, nothing that escapes for HTML, nothing that pads to any width.
FILTERS = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "groupby", "int", "items", "last",
    "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort",
    "string", "title", "truncate", "unique", "upper", "wordcount",
)  # fmt: skip
BY_ITEM = frozenset((
    "dictsort", "groupby", "list", "map", "max", "min", "reject", "rejectattr", "select", "selectattr", "sort",
    "title", "unique", "wordcount",
))  # fmt: skip
"""Filters that look at each character of a text as an item of its own."""
SORTING = frozenset(("dictsort", "groupby", "sort", "unique"))
UNSET = frozenset(("d", "default"))
"""Filters that anything may go through."""


def join(values: Iterable[Any], separator: Any = "") -> str:
    """The values in one text."""
    texts = [text_of(value) for value in as_list(values)]
    between = text_of(separator)
    bounded(sum(map(len, texts)) + len(texts) * len(between))
    return between.join(texts)


def replace(value: Any, old: Any, new: Any, count: int | None = -1) -> str:
    """A text with `new` for `old`."""
    text, old, new = text_of(value), text_of(old), text_of(new)
    spend(len(text) // SCAN)
    bounded(len(text) + text.count(old) * len(new))
    return text.replace(old, new, -1 if count is None else count)


def _trim(value: Any, chars: str | None = None) -> str:
    """The text without white space, or without those characters, at its ends."""
    text = text_of(value)
    spend(len(text) * length(chars) // SCAN)
    return text.strip(chars)


def _round(value: float, digits: int = 0) -> float:
    """The value rounded to at most 15 digits."""
    return round(float(value), max(-15, min(15, digits)))


@pass_environment
def _sum(environment: Environment, values: Iterable[Any], attribute: str | None = None, start: float = 0) -> Any:
    """The sum of numbers, or of an attribute of each value."""
    total = start
    for number in values if attribute is None else map(make_attrgetter(environment, attribute), values):
        if not isinstance(number, int | float):
            raise TypeError(f"`sum` adds numbers, not a {type(number).__name__}")
        spend(STEP)
        total = total + number
        if isinstance(total, int):
            whole(total)
    return total


def _to_json(value: Any, indent: int | None = None) -> str:
    """`value` as JSON for a reader: Jinja's own `tojson` escapes `<` and `&` for HTML."""
    encoder = json.JSONEncoder(ensure_ascii=False, indent=min(indent, 8) if indent else None)
    return concat(encoder.iterencode(value))


def _from_json(text: Any) -> Any:
    """What a text of JSON says, such as a column that was written by a schema; None of None."""
    if text is None:
        return None
    try:
        return said_in(text_of(text))
    except ValueError:
        raise TypeError("`fromjson` reads JSON, and this text is none") from None


def _quoted(value: Any) -> str:
    """A text of others with `| ` before each of its lines, so that nothing in it can speak beside it."""
    text = text_of(value)
    spend(len(text) // SCAN)
    found = quoted(text)
    bounded(len(found))
    return found


OWN_FILTERS: dict[str, Callable[..., Any]] = {
    "fromjson": _from_json, "join": join, "quoted": _quoted, "replace": replace, "round": _round, "sum": _sum,
    "tojson": _to_json, "trim": _trim,
}  # fmt: skip


def concat(pieces: Iterable[str]) -> str:
    """Texts in one, paid for as they come: of a macro, a block or a `set`."""
    texts, size = [], 0
    for piece in pieces:
        size += len(piece)
        bounded(len(piece), size)
        texts.append(piece)
    return "".join(texts)


def settled(value: Any) -> Any:
    """A value as templates may keep it: what gives its items only once, or unseen, as a list."""
    lazy = isinstance(value, Iterator | KeysView | ValuesView | ItemsView) and not isinstance(value, LoopContext)
    return measured(as_list(value) if lazy else value)


def _paying(
    name: str, function: Callable[..., Any], read: Callable[[Any], Any], kept: Callable[[Any], Any]
) -> Callable[..., Any]:
    """The filter, which spends budget for what it reads (by `read`) and for what it builds (by `kept`)."""
    skipped = 1 if hasattr(function, "jinja_pass_arg") else 0  # its context or environment

    @functools.wraps(function)
    def paying(*args: Any, **kwargs: Any) -> Any:
        spend(CALL)
        read([*args[skipped:], *kwargs.values()])
        if name in BY_ITEM and len(args) > skipped:
            items = length(args[skipped])
            spend(ITEM * items * (items.bit_length() if name in SORTING else 1))
        return kept(function(*args, **kwargs))

    return paying


def _testing(function: Callable[..., Any]) -> Callable[..., Any]:
    """The test, which spends budget for what it reads."""
    skipped = 1 if hasattr(function, "jinja_pass_arg") else 0

    @functools.wraps(function)
    def paying(*args: Any, **kwargs: Any) -> Any:
        spend(STEP)
        scanned([*args[skipped:], *kwargs.values()])
        return function(*args, **kwargs)

    return paying


def _is_lower(value: Any) -> bool:
    return text_of(value).islower()


def _is_upper(value: Any) -> bool:
    return text_of(value).isupper()


def filters(
    known: Mapping[str, Callable[..., Any]],
    own: Mapping[str, Callable[..., Any]] = OWN_FILTERS,
    read: Callable[[Any], Any] = data,
    kept: Callable[[Any], Any] = settled,
) -> dict[str, Callable[..., Any]]:
    """The filters that a template has, of those that Jinja knows and of its own, which pay by `read` and `kept`."""
    taken = {**{name: known[name] for name in FILTERS}, **own}
    return {name: _paying(name, taken[name], scanned if name in UNSET else read, kept) for name in taken}


def paid(more: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Functions as filters of a template, which pay as its own do."""
    return {name: _paying(name, function, data, settled) for name, function in more.items()}


def tests(known: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """The tests that a template has."""
    return {name: _testing(function) for name, function in {**known, "lower": _is_lower, "upper": _is_upper}.items()}
