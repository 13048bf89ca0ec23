"""Regular expressions of a recipe's author, over texts of any kind, within a bound of time.

They are those of Python's `regex` package: `re`'s and more, such as `\\p{Lu}`. A pattern that backtracks for ever on a
text is stopped, and says so.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from hfsft.errors import UserError
from hfsft.plain import plain

SECONDS = 2.0
"""Processor time of one search; the usual one takes microseconds."""
LONGEST = 2_000  # characters of a pattern


class TooSlowError(UserError):
    """A pattern that takes longer than it may on some text."""


def compiled(pattern: str) -> Any:
    """The compiled pattern. Raises `ValueError` with what is wrong with it."""
    if len(pattern) > LONGEST:
        raise ValueError(f"a pattern of more than {LONGEST:,} characters")
    return _compiled(pattern)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    import regex

    try:
        return regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError, MemoryError) as error:
        raise ValueError(f"`{plain(pattern, 80)}` is no pattern: {error}") from None


def found_in(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in a text. Raises `TooSlowError` where that takes longer than it may."""
    try:
        return compiled(pattern).search(text, timeout=SECONDS) is not None
    except TimeoutError:
        raise TooSlowError(f"`{plain(pattern, 80)}` takes longer than {SECONDS:g} seconds on it") from None


def places_of(pattern: str, text: str) -> list[str]:
    """What the pattern is found as in a text, each time. Raises `TooSlowError` where that takes longer than it may."""
    try:
        return [found[0] for found in compiled(pattern).finditer(text, timeout=SECONDS) if found[0]]
    except TimeoutError:
        raise TooSlowError(f"`{plain(pattern, 80)}` takes longer than {SECONDS:g} seconds on it") from None
