"""JSON whose signs are wrong, such as quotes within a text that nobody escaped, mended by `json_repair`."""

from __future__ import annotations

import json
import re
from typing import Any

_LONGEST = 20_000
_WORDS = re.compile(r"[^\W_]+|[-+./]")
_ESCAPED = re.compile(r"\\[nrtbf]|\s")


def mended(text: str) -> Any:
    """The object in `text` with its signs put right; None where there is none, or a mend would change what it says.

    What it says are its words and numbers: they must be the same, each whole, in the same order. So neither can a
    mend end what was broken off, nor leave out what it cannot place.
    """
    start, end = text.find("{"), text.rfind("}") + 1
    if start < 0 or not start < end <= start + _LONGEST:
        return None
    span = text[start:end]
    from json_repair import repair_json

    try:
        found = repair_json(span, return_objects=True, skip_json_loads=True)
        told = json.dumps(found, ensure_ascii=False)
    except (ValueError, TypeError, IndexError, RecursionError, MemoryError):
        return None
    return found if isinstance(found, dict) and _words(told) == _words(span) else None


def _words(text: str) -> list[str]:
    return _WORDS.findall(_ESCAPED.sub(" ", text).casefold())
