"""Texts that an embedder read in part: many servers cut what is too long for their model, and say nothing.

They show by the server's count of tokens, which is of all texts of a request. Where it is too small for the longest of
them, that one is asked for alone, once: then it is known where the server cuts.
"""

from __future__ import annotations

from hfsft.models.limits.prompt_counts import cut_text

_LEAST_CHARACTERS = 512  # of a shorter text the count says too little
_LEAST_TOKENS = 100  # that any embedder reads: a count below it is a wrong one
_USUAL_TOKEN = 4


class CutTexts:
    """What is known of one server: the most tokens that it reads of a text, and how long a text it read whole."""

    def __init__(self) -> None:
        self._reads: int | None = None
        self._whole = _LEAST_CHARACTERS - 1

    def suspect(self, texts: list[str], tokens: int) -> str | None:
        """The text that may have been read in part, by the count of tokens of all; None where none may."""
        longest = max(texts, key=len)
        if len(longest) <= self._whole or (self._reads is not None and cut_text(longest, self._reads)):
            return None
        others = (sum(map(len, texts)) - len(longest)) // _USUAL_TOKEN
        return longest if cut_text(longest, max(0, tokens - others)) else None

    def learn(self, text: str, tokens: int) -> None:
        """Take note of the count of one text alone."""
        if tokens >= _LEAST_TOKENS and cut_text(text, tokens):
            self._reads = max(tokens, self._reads or 0)
        else:
            self._whole = max(len(text), self._whole)

    def why(self, text: str) -> str:
        """What is wrong with the vector of a text; empty where nothing is known to be."""
        found = None if self._reads is None or len(text) <= self._whole else cut_text(text, self._reads)
        return str(found) if found else ""
