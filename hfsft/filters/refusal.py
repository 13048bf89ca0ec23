"""refusal: a response that declines, or talks of being a machine."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import Field

from hfsft.filters.cells import text_of
from hfsft.filters.column import OfColumn, Share
from hfsft.filters.refusal_phrases import PHRASES, UNSPACED

OPENING = 300  # characters

_QUOTED = re.compile('```.*?```|"[^"]{0,300}"|\u201c[^\u201d]{0,300}\u201d|«[^»]{0,300}»', re.DOTALL)


class Refusal(OfColumn):
    """How much a text declines to answer: 1, 0.5 or 0.

    It is 1 where the text opens with a refusal, 0.5 where it refuses further down or only says that it is an AI ("As
    an AI, I do not have opinions, but ..."), 0 otherwise. The opening is the first 300 characters. What is quoted or
    code does not count. It knows the usual phrases in English, Vietnamese, German, French, Spanish and Chinese.
    Apologies ("I'm sorry to hear that your parcel is late"), limits of a business ("we cannot refund gift cards") and
    "I don't know" are no refusals.

    On 300 answers of three models with human labels (XSTest, where the phrases were tuned too): of the 128 full
    refusals 105 get 1 and 6 get 0.5; of the 111 rows with 1 all but one are full or partial refusals, of the 12 with
    0.5 seven. Nothing fell in 4,000 human and early GPT-3 answers (dolly, alpaca). Not found: refusals that only
    lecture ("Violence is never the answer") or change the subject, and all other languages.
    """

    name: ClassVar[str] = "refusal"
    version: ClassVar[int] = 2

    at_least: Share | None = Field(None, description="Smallest value that is kept.")
    at_most: Share | None = Field(
        0, description="Largest value that is kept: 0 for no refusal at all, 0.5 to keep mere AI disclaimers."
    )

    def value(self, cell: Any) -> float:
        """How much it declines."""
        return refusal(text_of(cell, self.column) or "")


def refusal(text: str) -> float:
    """1 for a text that opens with a refusal, 0.5 for a later one or an AI disclaimer, 0 for neither."""
    own = _QUOTED.sub(" ", text.casefold().replace("\u2019", "'"))
    plain = " ".join(own.split())
    if not _says(plain, "refuses", "disclaims"):
        return 0.0
    return 1.0 if _says(plain[:OPENING], "refuses") else 0.5


def _says(text: str, *what: Literal["refuses", "disclaims"]) -> bool:
    spaced, unspaced = _patterns(what)
    return bool(spaced.search(text)) or (not text.isascii() and bool(unspaced.search(text)))


@cache
def _patterns(what: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The phrases of languages whose words stand apart, looked for at the start of words alone, and of the others."""
    spaced, unspaced = (
        "|".join(
            phrase
            for name, phrases in PHRASES.items()
            if (name in UNSPACED) is apart
            for kind in what
            for phrase in getattr(phrases, kind)
        )
        for apart in (False, True)
    )
    return re.compile(rf"(?<!\w)(?:{spaced})"), re.compile(unspaced)
