"""Hashes that everything else depends on: of content, and in place of chance."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def digest(value: Any, length: int = 32) -> str:
    """The first `length` hex digits of the SHA-256 of `value` as canonical JSON."""
    return hashlib.sha256(_canonical(value).encode("utf-8", "surrogatepass")).hexdigest()[:length]


def unit(*parts: Any) -> float:
    """A number in [0, 1) that depends on `parts` alone: every choice that elsewhere would be random."""
    return int(digest(list(parts), 13), 16) / 16**13


def sampling_seed(row_id: str, stage: str) -> int:
    """A 31-bit seed for a model's sampling that depends on the row and the stage, never on order."""
    return int(unit(row_id, stage, "seed") * 2**31)
