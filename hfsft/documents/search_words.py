"""What a text is searched by: its words, in the one normal form, of every script."""

from __future__ import annotations

from hfsft.letters.characters import IDEOGRAPHS, WORDLESS, signs
from hfsft.letters.late_patterns import at_first_use
from hfsft.similarity.normalise import normalise

STEM, SHORT = 5, 4  # letters of a word, and of one of five letters at most, that count beside the whole
_SIGN = f"[{signs(WORDLESS, IDEOGRAPHS)}]"
_RUN, _WORD = at_first_use(f"{_SIGN}+"), at_first_use(r"\w+")


def words_of(text: str) -> list[str]:
    """The words of a text, and the stems of the longer ones; of scripts without spaces each two signs that touch.

    Pairs of signs are what Lucene's analyzer for Chinese, Japanese and Korean makes, and find what words would.
    """
    plain, pairs = normalise(text), list[str]()
    if not plain.isascii():
        for run in _RUN.findall(plain):
            pairs += [run[place : place + 2] for place in range(max(len(run) - 1, 1))]
        plain = _RUN.sub(" ", plain) if pairs else plain
    words = _WORD.findall(plain)
    return [*words, *[stem_of(word) for word in words if len(word) >= SHORT and not word.isdecimal()], *pairs]


def stem_of(word: str) -> str:
    """The first letters of a word, behind which stands a star: `refunds` and `refund` have the same.

    McNamee and Mayfield 2004, "Character N-Gram Tokenization for European Language Text Retrieval": words cut to their
    first letters find about as much as stemmers made for one language, in any.
    """
    return f"{word[: STEM if len(word) > STEM else SHORT]}*"
