"""Numbers in columns of JSON, spelt so that `datasets` reads each as it is.

Its reader is off by the last bit for one number in sixty with four decimals: 59.9139 comes back as 59.913900000000005,
and a template would write that. With other digits for the same number, such as 59.91390, it is exact; any other reader
of JSON takes both for the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from math import isfinite
from typing import Any

TEXT_OR_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|(?<!\d)-?\d+(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+)')
ZEROS, POINTS = 16, 20  # digits tried behind a number, and places of its point


def as_cell(value: Any) -> str:
    """A value as JSON, in a column that `datasets` reads."""
    return TEXT_OR_NUMBER.sub(_respelt, json.dumps(value, ensure_ascii=False))


def spelling(number: float) -> str | None:
    """The number in digits that `datasets` reads as that number; None where there are none."""
    return _found(repr(number)) if isfinite(number) else None


@lru_cache(maxsize=100_000)
def _found(shown: str) -> str | None:
    from datasets import Json

    reads = Json().decode_example
    return next((text for text in _spellings(shown) if repr(reads(text)) == shown), None)


def _spellings(shown: str) -> Iterator[str]:
    yield shown
    mantissa, _, power = shown.partition("e")
    whole, _, rest = mantissa.partition(".")
    exponent = int(power or 0)
    for count in range(ZEROS):
        yield f"{whole}.{rest}{'0' * (count + 1)}" + (f"e{exponent}" if exponent else "")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    for moved in range(1, len(rest) + 1):
        yield f"{sign}{int(digits + rest[:moved])}.{rest[moved:] or '0'}e{exponent - moved}"
    for moved in range(POINTS):
        yield f"{sign}0.{'0' * moved}{digits}{rest}e{exponent + moved + len(digits)}"
    for places in range(16, 20):
        yield f"{float(shown):.{places}e}"


def _respelt(found: re.Match[str]) -> str:
    text = found[0]
    return text if text.startswith('"') else spelling(float(text)) or text
