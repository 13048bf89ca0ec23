"""A text as recognisers read it: each character in its plain form, none that cannot be seen.

Letters of full width, digits of another script, a no-break space or a soft hyphen inside a number hide from expressions
over ASCII, but from no reader.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence
from functools import cache

from hfsft.letters.characters import JOINERS, UNSEEN, signs

INVISIBLE = signs(UNSEEN, JOINERS)
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_DASHES = "\u2010-\u2015\u2212\ufe58\ufe63"
_OTHER = re.compile(rf"[{_SPACES}{_DASHES}\uff01-\uff5e\u3002]|[^\D0-9]")


def legible(text: str) -> tuple[str, Sequence[int] | None]:
    """The text in plain characters, and where each stood; None where each stands where it stood."""
    if text.isascii():
        return text, None
    if _OTHER.search(text):
        text = text.translate(_plain())
    if not _INVISIBLE.search(text):
        return text, None
    places = [place for place, letter in enumerate(text) if not _INVISIBLE.match(letter)]
    return "".join(text[place] for place in places), [*places, len(text)]


@cache
def _plain() -> dict[int, str]:
    """Character -> the one that it is read as; one for one, so that places stay."""
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table[0x3002] = "."
    for code in range(0x80, sys.maxunicode + 1):
        letter = chr(code)
        category = unicodedata.category(letter)
        if category == "Nd":
            table[code] = str(unicodedata.decimal(letter))
        elif category == "Zs":
            table[code] = " "
    table |= dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63), "-")
    return table
