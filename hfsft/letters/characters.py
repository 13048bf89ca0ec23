"""Ranges of code points by script, and of characters that are not visible; regular expressions are made from these.

A range is a pair of code points, both inclusive. `signs` turns ranges into text for a character class: `[...]`.
"""

from __future__ import annotations

Ranges = tuple[tuple[int, int], ...]

LATIN: Ranges = ((0x41, 0x24F),)  # with the signs between its letters
GREEK: Ranges = ((0x0370, 0x03FF),)
CYRILLIC: Ranges = ((0x0400, 0x04FF),)
HEBREW: Ranges = ((0x0590, 0x05FF),)
HEBREW_POINTS: Ranges = ((0x0591, 0x05C7),)
ARABIC: Ranges = ((0x0600, 0x06FF),)
ARABIC_POINTS: Ranges = ((0x064B, 0x065F), (0x0670, 0x0670))
DEVANAGARI: Ranges = ((0x0900, 0x097F),)
INDIC: Ranges = ((0x0900, 0x0DFF),)  # Devanagari to Sinhala
THAI: Ranges = ((0x0E00, 0x0E7F),)
LAO: Ranges = ((0x0E80, 0x0EFF),)
BURMESE: Ranges = ((0x1000, 0x109F),)
BURMESE_MORE: Ranges = ((0xA9E0, 0xA9FF), (0xAA60, 0xAA7F))
KHMER: Ranges = ((0x1780, 0x17FF),)
HANGUL: Ranges = ((0xAC00, 0xD7AF),)
KANA: Ranges = ((0x3040, 0x30FF),)
HALF_KANA: Ranges = ((0xFF66, 0xFF9F),)
BOPOMOFO: Ranges = ((0x3100, 0x312F), (0x31A0, 0x31FF))
HAN: Ranges = ((0x4E00, 0x9FFF),)
HAN_A: Ranges = ((0x3400, 0x4DBF),)
HAN_BLOCK: Ranges = ((0x3400, 0x9FFF),)  # both, and the hexagrams between them
HAN_COMPATIBLE: Ranges = ((0xF900, 0xFAFF),)
HAN_RARE: Ranges = ((0x20000, 0x3FFFF),)
HAN_RADICALS: Ranges = ((0x2E80, 0x2FDF), (0x3005, 0x3007))  # and the marks that stand for a character
EAST_ASIAN_BLOCK: Ranges = ((0x2E80, 0x9FFF),)  # all from the radicals on, with their punctuation
ACCENTS: Ranges = ((0x0300, 0x036F),)

UNSPACED_ALPHABETS: Ranges = (*THAI, *LAO, *BURMESE, *KHMER)
"""Scripts that write words of several letters without a space between them."""
WORDLESS: Ranges = ((0x0E00, 0x0E3E), (0x0E40, 0x0EFF), *BURMESE, *KHMER, *BURMESE_MORE)
"""`UNSPACED_ALPHABETS` and more of Burmese, without the sign of the baht, which is no letter."""
IDEOGRAPHS: Ranges = (*HAN_RADICALS, *KANA, *BOPOMOFO, *HAN_BLOCK, *HAN_COMPATIBLE, *HAN_RARE)
"""Han, kana and bopomofo, in which one or two characters are a word. Sorted, as `WORDLESS` is, for binary search."""

JOINERS: Ranges = ((0x200C, 0x200D),)  # which letters of Persian and Hindi, and emoji, need
UNSEEN: Ranges = (
    *((0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x180E, 0x180E), (0x200B, 0x200B), (0x200E, 0x200F)),
    *((0x202A, 0x202E), (0x2060, 0x2064), (0xFEFF, 0xFEFF)),
)
"""Invisible characters that come along when text is copied: soft hyphens, zero-width ones, marks of direction."""
ISOLATES: Ranges = ((0x2065, 0x206F),)  # and other controls of direction and shape
ANNOTATIONS: Ranges = ((0xFFF9, 0xFFFB),)
MUSIC: Ranges = ((0x1D173, 0x1D17A),)  # controls of musical notes
FORMAT_LETTERS: Ranges = ((0x06DD, 0x06DD), (0x070F, 0x070F))  # of Arabic and Syriac
VARIATIONS: Ranges = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))  # how the character before is drawn
MONGOLIAN_VARIATIONS: Ranges = ((0x180B, 0x180D),)
TAGS: Ranges = ((0xE0001, 0xE0001), (0xE0020, 0xE007F))
PLANE_14: Ranges = ((0xE0000, 0xE0FFF),)  # tags, variations, and nothing else
FILLERS: Ranges = ((0x115F, 0x1160), (0x3164, 0x3164), (0xFFA0, 0xFFA0))  # letters of Hangul that are blank
INHERENT_VOWELS: Ranges = ((0x17B4, 0x17B5),)  # of Khmer
UNASSIGNED_SPECIALS: Ranges = ((0xFFF0, 0xFFF8),)
SURROGATES: Ranges = ((0xD800, 0xDFFF),)  # halves of a pair, which are no characters


def signs(*scripts: Ranges) -> str:
    """The ranges as text for a character class of a regular expression, such as `A-Z` for `[A-Z]`."""
    ranges = (each for script in scripts for each in script)
    return "".join(chr(first) if first == last else f"{chr(first)}-{chr(last)}" for first, last in ranges)
