"""JSON whose signs are wrong, such as quotes within a text that nobody escaped, mended by `json_repair`."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from hfsft.letters.late_patterns import at_first_use

_LONGEST = 20_000
_WORDS = at_first_use(r"[^\W_]+|[-+./]")
_ESCAPED = at_first_use(r"\\[nrtbf]|\s")
# A whole text in quotes, which stays as it is; or a sign that JSON writes otherwise, or leaves out.
_SIGNS = at_first_use(
    r"(?P<text>\"(?:[^\"\\]|\\.)*(?:\"|\\?\Z))|(?P<comment>//[^\n]{0,500}|/\*.{0,500}?\*/)|(?P<is>=>|[=\uff1a])|(?P<comma>\uff0c)"
    r"|(?P<more>,\s{0,9}(?:\.\.\.|\u2026)(?=\s{0,9}[}\]]))|(?P<zeros>(?<=[\s:,\[])0{1,3}(?=[1-9]))",
    re.DOTALL,
)
_FOR = {"is": ":", "comma": ","}
_OPENING = at_first_use(r"\s{0,20}\"[^\"\n]{1,200}\"\s{0,9}:")


def mends(text: str) -> Iterator[dict[str, Any]]:
    """The objects that `text` may be with its signs put right; none where a mend would change what it says.

    What it says are its words and numbers: they must be the same, each whole, in the same order. So neither can a
    mend end what was broken off, nor leave out what it cannot place.
    """
    for each in dict.fromkeys((text, _tidied(text))):
        if (found := _repaired(each)) is not None:
            yield found


def _repaired(text: str) -> dict[str, Any] | None:
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


def _tidied(text: str) -> str:
    """The text with JSON's own signs for others that stand in their places, and a brace before it that is lost."""
    if len(text) > _LONGEST:
        return text
    text = html.unescape(text) if "&quot;" in text else text
    if _OPENING.match(text) and 0 <= text.count("}") - text.count("{") <= 1:
        text = "{" + text + "}" * (text.count("{") + 1 - text.count("}"))
    return _SIGNS.sub(lambda sign: sign["text"] or _FOR.get(sign.lastgroup or "", ""), text)


def _words(text: str) -> list[str]:
    return _WORDS.findall(_ESCAPED.sub(" ", text).casefold())
