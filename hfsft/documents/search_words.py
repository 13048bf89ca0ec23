"""What a text is searched by: its words, in the one normal form, of every script."""

from __future__ import annotations

import re

from hfsft.letters.characters import IDEOGRAPHS, WORDLESS, signs
from hfsft.similarity.normalise import normalise

STEM = 5
"""Letters of a longer word that count beside the whole, so that `refunds` finds `refund`.

McNamee and Mayfield 2004, "Character N-Gram Tokenization for European Language Text Retrieval": words cut to their
first letters find about as much as stemmers made for one language, in any.
"""
_SIGN = f"[{signs(WORDLESS, IDEOGRAPHS)}]"
_RUN, _WORD = re.compile(f"{_SIGN}+"), re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """The words of a text, and the beginnings of the longer ones; of scripts without spaces each two signs that touch.

    Pairs of signs are what Lucene's analyzer for Chinese, Japanese and Korean makes, and find what words would.
    """
    plain, pairs = normalise(text), list[str]()
    if not plain.isascii():
        for run in _RUN.findall(plain):
            pairs += [run[place : place + 2] for place in range(max(len(run) - 1, 1))]
        plain = _RUN.sub(" ", plain) if pairs else plain
    words = _WORD.findall(plain)
    return [*words, *[f"{word[:STEM]}*" for word in words if len(word) >= STEM and not word.isdecimal()], *pairs]
