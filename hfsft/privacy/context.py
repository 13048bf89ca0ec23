"""What a number is, by the words before it: the nearest one that says anything counts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from hfsft.privacy.words import AGAINST

Says = Literal["for", "against", "nothing"]

BEFORE = 48  # characters that are looked at


class Context:
    """The words that make a number what a recogniser looks for, against those that make it something else."""

    def __init__(self, words: Iterable[str], against: Iterable[str] = AGAINST) -> None:
        words, against = list(words), list(against)
        spelled = [re.escape(word) for word in sorted({*words, *against}, key=lambda word: (-len(word), word))]
        # Letters of scripts without spaces stand beside any other; words of the others end where they end, but for
        # an ending of their own (phones, Telefonnummer).
        self._any = re.compile(rf"(?<![^\W\d_])(?:{'|'.join(spelled)})|{'|'.join(_unspaced(spelled)) or '(?!)'}")
        self._for = frozenset(words)

    def says(self, text: str, start: int) -> Says:
        """What the nearest of the words before `start` says of what stands there."""
        before = text[max(0, start - BEFORE) : start].lower()
        found = None
        for found in self._any.finditer(before):  # noqa: B007 (the last one)
            pass
        if found is None:
            return "nothing"
        return "for" if found[0] in self._for else "against"


def _unspaced(spelled: Iterable[str]) -> list[str]:
    return [word for word in spelled if re.match(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", word)]
