"""Lines without what is put around names and values: tags, emphasis, the sides of a call, signs of full width.

<tone score="4">calm</tone>  becomes  tone:
                                      score: 4
                                      calm
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from hfsft.letters.late_patterns import at_first_use

_TAG = at_first_use(
    r"<(/?)([A-Za-z]\w{0,60})((?:\s{1,3}\w{1,60}\s?=\s?(?:\"[^\"<>]{0,300}\"|'[^'<>]{0,300}'))*)\s{0,3}/?>"
)
_ATTRIBUTE = at_first_use(r"(\w{1,60})\s?=\s?(?:\"([^\"]*)\"|'([^']*)')")
_EMPHASIS = at_first_use(r"(?<![\w*])(\*{1,3})(?=\S)([^*\n]{1,300}?)(?<=\S)\1(?![\w*])")
_CALL = at_first_use(r"\s{0,20}(?:\w{1,60}\s?=\s?)?\w{1,60}\(")
_NAMING = ("name", "criterion", "aspect", "dimension", "id")
_CELL = at_first_use(r"(?<=[^\s|])\t{1,5}(?=[^\s|])")
_WIDE = str.maketrans({"\uff1a": ":", "\uff1d": "=", "\uff5c": "|", "\uff0c": ",", "\uff1b": ";", "\u3001": ","})
# Beside a name, the scale that its number is on: `Relevance (1-5): 4`.
_SCALE = at_first_use(
    r"\s{0,3}[(\[](?:\s{0,3}(?:on a|score|scale|rating|from|range)){0,3}\s{0,3}"
    r"(?:(\d{1,9})\s{0,3}(?:[-\u2013]|to|\.\.)|(?:out )?of)\s{0,3}(\d{1,9})\s{0,3}[)\]](?=\W{0,5}[:=|\u2013\u2014-])",
    re.IGNORECASE,
)


def lines_of(text: str, scales: Collection[tuple[float, float]]) -> list[str]:
    """The lines of a text; a name's scale that is one of `scales`, its least and most, is left out."""
    text = text.translate(_WIDE)
    inner = text.rstrip("; \t\r\n")
    if (call := _CALL.match(text)) and inner.endswith(")"):
        text = inner[call.end() : -1]
    text = _CELL.sub(" | ", _TAG.sub(_untagged, text))
    while (plain := _EMPHASIS.sub(r"\2", text)) != text:
        text = plain
    known = {(f"{low:g}", f"{high:g}") for low, high in scales}
    known |= {(None, high) for _, high in known}  # type: ignore[misc]
    return _SCALE.sub(lambda said: "" if (said[1], said[2]) in known else said[0], text).splitlines()


def _untagged(tag: re.Match[str]) -> str:
    return "\n" if tag[1] else "\n" + "\n".join(_told(tag)) + ("" if not tag[3] else "\n")


def _told(tag: re.Match[str]) -> Iterator[str]:
    """The lines that a tag and its attributes make: `<score name="tone">` tells of the tone, and then its score."""
    said = {name: first or second for name, first, second in _ATTRIBUTE.findall(tag[3])}
    for name in _NAMING:
        if name in said:
            yield f"name: {said.pop(name)}"
    yield f"{tag[2]}: "
    for name, value in said.items():
        yield f"{name}: {value}"
