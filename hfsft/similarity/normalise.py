"""One normal form of texts: what two people would type differently for the same thing, in any script, is taken away.

Two texts are *the same* where their normal forms are equal; what is measured between others is measured on them.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice

from hfsft.letters import characters as chars
from hfsft.letters.characters import signs
from hfsft.letters.late_patterns import at_first_use

_UNSPACED = f"[{signs(chars.WORDLESS, chars.IDEOGRAPHS)}]"
_ANY_UNSPACED = at_first_use(_UNSPACED)
_WORD = at_first_use(f"{_UNSPACED}|[^\\W_{_UNSPACED[1:-1]}]+")
_BETWEEN = {code: " " for code in range(128) if not chr(code).isalnum()}  # what words of plain ASCII stand between
_UNSEEN = at_first_use(  # format characters (category Cf), variation selectors, joiners
    "["
    + signs(chars.UNSEEN, chars.JOINERS, chars.ISOLATES, chars.ANNOTATIONS, chars.MUSIC)
    + signs(chars.FORMAT_LETTERS, chars.VARIATIONS, chars.TAGS)
    + "]"
)
# Vowel points that Arabic and Hebrew may be written with or without, the stroke that only stretches a word, Armenian
# marks within words, the dot that is left of a Turkish capital \u0130.
_POINTS = at_first_use(
    "(?<=i)\u0307|[\u055b\u055c\u055e\u0640\u064b-\u0652\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]"
)
_DASHES = at_first_use(
    "[\u2010-\u2013\u2043\u2212\ufe58\ufe63\uff0d\u058a\u05be\u1400\u1806\u2e3a\u2e3b\u2e40]|[\u2014\u2015]+"
)
_QUOTES = at_first_use("[\"`´‘’‚‛“”„‟«»‹›¿¡「」『』《》〈〉ʼʻ׳״]|'(?!'{0,2}\\()")  # the mark of f'(x) is a sign
# Digits of other scripts: Arabic, Persian, N'Ko, those of India, Thai, Lao, Tibetan, Burmese, Khmer, Mongolian.
_ZEROS = (
    *(0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6),
    *(0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810),
)
_WIDE = str.maketrans(
    {
        **{wide: f"{plain} " for wide, plain in zip("。，、！？；：｡､・", ".,,!?;:.,,", strict=True)},
        **{raised: f"^{plain}" for raised, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)},
        # One letter on an Arabic and on a Persian keyboard.
        **dict(zip("یک", "يك", strict=True)),
        **{chr(zero + digit): str(digit) for zero in _ZEROS for digit in range(10)},
        "\u1361": " ",  # what stands between Ethiopic words
    }
)
MARKS = ".,;:!?،؛؟۔।॥။၊។։።፣፤፥፧፨།"
_MARKS = re.escape(MARKS)
# Marks between letters that need no space: none is asked for behind them either. Each pattern starts at the first
# mark of a row of them, so that a long row is read once.
_INNER = at_first_use(
    rf"(?<={_UNSPACED})(?!\.\d)[{_MARKS}]+|(?<![{_MARKS}])(?<![0-9])[{_MARKS}]+(?={_UNSPACED})|(?<=[0-9])[.,;:?](?={_UNSPACED})"
)
_SPACES = at_first_use(rf" (?={_UNSPACED})|(?<={_UNSPACED}) ")
_NUMBERED = at_first_use("(?<=[a-z]) (?=[0-9])|(?<=[0-9]) (?=[a-z])")  # `iPhone 15` in the midst of such letters
_DASH_APART = at_first_use(r"(?<=[^\W\d_]) - (?=[^\W\d_])")
_FACTORIAL = at_first_use(r"(?:\d\)*|(?<!\w)[^\W\d_])!+$")

_TONES = ("\u0300", "\u0301", "\u0309", "\u0303", "\u0323")
_PLACED = {
    unicodedata.normalize("NFC", first + tone + second): unicodedata.normalize("NFC", first + second + tone)
    for first, second in ("oa", "oe", "uy")
    for tone in _TONES
}
"""Vietnamese syllables with the tone on the first vowel -> the same with the tone on the second."""
_PLACING = at_first_use("|".join(_PLACED))

# Thai and Lao: the marks above and below a letter look the same in any order, as does sara am in one or two pieces.
_AM = at_first_use("([\u0e4d\u0ecd][\u0e32\u0eb2])([\u0e48-\u0e4b\u0ec8-\u0ecb]+)")
_STACK = at_first_use("[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd]{2,}")


def normalise(text: str) -> str:
    """The text without what two people would type differently, in lower case and with single spaces.

    Gone are: case, width of characters (Unicode NFKC), invisible characters, quotation marks, the marks that end a
    sentence or stand between letters of a script without spaces, white space beside such letters (Han, kana, Thai,
    Lao, Khmer, Burmese), kinds of hyphens and dashes, the two places of a Vietnamese tone mark (`hoà`, `hòa`), the
    order of Thai and Lao marks, vowel points of Arabic and Hebrew. Spaces between words of all other scripts count,
    and so do signs with a meaning: `6*7`, `6/7`, `x^2`, `3.5`, `-5`, `10!`. Empty only for a blank text.
    """
    if text.isascii():
        plain = text.casefold()
    else:
        shown = _DASHES.sub("-", _UNSEEN.sub("", text)).translate(_WIDE)
        plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", shown).casefold())
        plain = _PLACING.sub(lambda found: _PLACED[found[0]], _POINTS.sub("", plain))
        plain = _STACK.sub(lambda found: "".join(sorted(found[0])), _AM.sub(r"\2\1", plain))
    plain = _QUOTES.sub("", plain)
    if not plain.isascii():
        plain = _SPACES.sub("", " ".join(_INNER.sub(" ", plain).split()))
        if _ANY_UNSPACED.search(plain):
            plain = _NUMBERED.sub("", plain)
    words = [bare for word in plain.split() if (bare := _bare(word) if word[-1] in MARKS else word)]
    return _DASH_APART.sub("-", " ".join(words or text.split()))


def split_words(text: str) -> list[str]:
    """The words of a text: runs of letters and digits, of scripts without spaces each sign."""
    return text.translate(_BETWEEN).split() if text.isascii() else _WORD.findall(text)


def first_words(text: str, count: int) -> list[str]:
    """The first of them, for which the rest is not looked at."""
    return [found[0] for found in islice(_WORD.finditer(text), count)]


def _bare(word: str) -> str:
    """A word without the marks that end a sentence; the sign of a factorial, right behind a number or letter, stays."""
    bare = word.rstrip(MARKS)
    if word.startswith("!", len(bare)):
        signs = len(word) - len(word[len(bare) :].lstrip("!")) - len(bare)
        whole = word[: len(bare) + signs]
        return whole if _FACTORIAL.search(whole[-8 - signs :]) else bare
    return bare
