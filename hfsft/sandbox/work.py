"""The work that a template may do: a budget of units and, beside it, a deadline.

The budget tells every machine the same: what grows by multiplication is paid before it is built, what a call reads
before it is read. The deadline stops what costs more time than units; it counts the processor time of the thread, so
that a busy machine fails no row. No single call lasts long, since the sizes of what it reads and writes are bounded.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sized
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from jinja2 import Undefined
from jinja2.runtime import LoopContext
from jinja2.utils import Namespace

BUDGET = 10_000_000
"""Units of work in one rendering: two million tokens of text, or half a second of loops."""
SECONDS = 2.0
"""Processor time of one rendering."""
LONGEST = 5_000_000
"""Characters of one text, and of all that is written."""
BITS = 4_000
"""Of a whole number."""
TURN = 25
CALL = 100
STEP = 10
"""An operator, or the reading of one attribute."""
ITEM = 10
SCAN = 16
"""Characters that are read, not built, for one unit."""
GLANCE = 1_000
"""Units after which the clock is looked at."""

T = TypeVar("T")


class TooMuchWorkError(RuntimeError):
    """The template spent its budget or its time, or built something beyond a bound."""


@dataclass
class _Work:
    times: int
    left: int
    glance: int
    until: float


_work: ContextVar[_Work] = ContextVar("_work")


def begin(times: int = 1) -> None:
    """Start budget and deadline, so many times the usual, for what follows in this thread or task."""
    _work.set(_Work(times, times * BUDGET, times * BUDGET - GLANCE, time.thread_time() + times * SECONDS))


def spend(units: int) -> Literal[True]:
    """Pay. Raises `TooMuchWorkError` where nothing is left of the budget or of the time."""
    work = _work.get()
    work.left -= units
    if work.left < 0:
        raise TooMuchWorkError(
            f"does too much work: more than {work.times * BUDGET:,} characters built, or "
            f"{work.times * BUDGET // TURN:,} turns of its loops"
        )
    if work.left < work.glance:
        work.glance = work.left - GLANCE
        if time.thread_time() > work.until:
            raise TooMuchWorkError(f"does too much work: it takes longer than {work.times * SECONDS:g} seconds")
    return True


def bounded(characters: int, among: int = 0) -> None:
    """Pay for characters that are about to be built, and that belong to a text of `among` characters up to there."""
    if max(characters, among) > LONGEST:
        raise TooMuchWorkError(f"does too much work: a text of more than {LONGEST:,} characters")
    spend(1 + characters)


def measured(value: T) -> T:
    """`value` itself, paid for as something that was built: of nested lists, all that printing them would show."""
    _walk(value, 1)
    return value


def scanned(value: T) -> T:
    """`value` itself, paid for as something that is read."""
    _walk(value, SCAN)
    return value


def data(value: T) -> T:
    """As `scanned`. Raises `TypeError` for what is no data: a macro, a loop, a namespace, a function."""
    _walk(value, SCAN, machinery=False)
    return value


def text_of(value: Any) -> str:
    """A value as it is written, not yet paid for as text. Raises `TypeError` for what is no data."""
    return value if isinstance(value, str) else str(data(value))


def as_list(values: Iterable[T]) -> list[T]:
    """All the values, each paid for as it comes."""
    found = []
    for value in values:
        spend(ITEM)
        found.append(value)
    return found


def length(value: Any) -> int:
    """How many items it has; 1 where it has none."""
    return len(value) if isinstance(value, Sized) and not isinstance(value, Undefined | LoopContext) else 1


def _walk(value: Any, characters: int, *, machinery: bool = True) -> None:
    if isinstance(value, str):  # as most are
        spend(1 + len(value) // characters)
        return
    pending: list[Iterator[Any]] = [iter((value,))]
    while pending:
        for item in pending[-1]:
            if isinstance(item, str):
                spend(1 + len(item) // characters)
            elif isinstance(item, int):
                spend(1 + whole(item).bit_length() // SCAN)
            elif item is None or isinstance(item, float):
                spend(1)
            elif isinstance(item, list | tuple | set | frozenset | range | Mapping):
                spend(ITEM * (1 + len(item)))
                if isinstance(item, Mapping):
                    pending += [iter(item.keys()), iter(item.values())]
                    break
                if not isinstance(item, range):
                    pending.append(iter(item))
                    break
            else:
                spend(STEP)
                if not machinery and _is_machinery(item):
                    raise TypeError(f"{_name(item)} is no text, number or list")
        else:
            pending.pop()


def whole(number: int) -> int:
    """The number itself. Raises `TooMuchWorkError` for one beyond the bound."""
    if number.bit_length() > BITS:
        raise TooMuchWorkError(f"does too much work: a number of more than {BITS:,} bits")
    return number


def _is_machinery(value: Any) -> bool:
    if isinstance(value, Undefined):
        return False
    return callable(value) or isinstance(value, Iterator | Namespace) or type(value).__module__.startswith("jinja2")


def _name(value: Any) -> str:
    named = getattr(value, "name", None) or getattr(value, "__name__", None)
    return f"`{named}`" if isinstance(named, str) else f"a {type(value).__name__}"
