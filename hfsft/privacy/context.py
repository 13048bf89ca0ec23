"""What a number is, by the words before it: the nearest one that says anything counts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from hfsft.letters.characters import ARABIC, DEVANAGARI, HAN_BLOCK, HANGUL, HEBREW, KANA, LAO, THAI, signs
from hfsft.letters.late_patterns import at_first_use
from hfsft.privacy.words import AGAINST

Says = Literal["for", "against", "nothing"]

BEFORE = 48  # characters that are looked at
SHORT = 4  # letters of a word that no other may begin with


_LINK = at_first_use(
    r"[^\W\d_]{0,12}[\s:#№.=\-\"'(\[]*(?:"
    r"(?:numbers?|no|nr|num|n°|nº|id|code|is|was|are|nummer|número|numéro|numero|số|mã|là|号|號|码|碼|是|為|番号"
    r"|номер)"
    r"[\s:#.=\-\"'(\[：]*){0,4}"
)
_UNSPACED = at_first_use(f"[{signs(HEBREW, ARABIC, DEVANAGARI, THAI, LAO, KANA, HAN_BLOCK, HANGUL)}]")


class WordsBefore:
    """The words that make a number what a recogniser looks for, against those that make it something else.

    A word for it may stand some way before, one against it right there: "order no. 4155550132", but "about my order,
    call 4155550132".
    """

    def __init__(self, words: Iterable[str], against: Iterable[str] = AGAINST) -> None:
        words = list(words)
        spelled = map(_spelled, sorted({*words, *against}, key=lambda word: (-len(word), word)))
        self._any = at_first_use("|".join(spelled))
        self._for = frozenset(words)

    def says(self, text: str, start: int) -> Says:
        """What the words before `start` say of what stands there."""
        before = text[max(0, start - BEFORE - 1) : start].lower()
        said: Says = "nothing"
        # One letter more is looked at, so that no word begins within another.
        for found in self._any.finditer(before, len(before) > BEFORE):
            if found[0] in self._for:
                said = "for"
            elif _LINK.fullmatch(before, found.end()):
                said = "against"
        return said


def _spelled(word: str) -> str:
    """A word, or how words begin; short ones end where they end, those of scripts without spaces stand anywhere."""
    if _UNSPACED.match(word):
        return re.escape(word)
    return rf"(?<![^\W\d_]){re.escape(word)}" + (r"(?![^\W\d_])" if len(word) <= SHORT else "")
