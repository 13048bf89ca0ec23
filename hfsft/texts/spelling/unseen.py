"""Characters that nobody sees or that do something to a terminal, where no script needs them.

please re<U+200B>fund it          a zero-width space within a word
<U+202E>txt.exe                   letters that are shown from right to left
<ESC>[31mError<ESC>[0m            commands of a terminal
"""

from __future__ import annotations

import re
from collections import Counter

from hfsft.letters import characters as chars
from hfsft.letters.characters import signs
from hfsft.letters.late_patterns import at_first_use

_KINDS = (
    ("control character", "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f"),
    ("zero-width space", "\u200b\u2060\ufeff\u180e"),
    ("soft hyphen", "\u00ad"),
    ("mark of direction", "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"),
    ("joiner", signs(chars.JOINERS)),
    ("tag", signs(chars.TAGS)),
    ("private character", "\ue000-\uf8ff\U000f0000-\U0010fffd"),
    ("blank letter", f"\u034f\u2061-\u2064\u206a-\u206f{signs(chars.FILLERS, chars.INHERENT_VOWELS)}"),
    ("other invisible character", f"\\u2028\\u2029{signs(chars.ANNOTATIONS, chars.UNASSIGNED_SPECIALS)}"),
    ("variation selector", signs(chars.VARIATIONS)),
)
_ANY = at_first_use(f"[{''.join(letters for _, letters in _KINDS)}]")
# Where they are needed: joiners between the letters of scripts that have them and between emoji, with a skin or a
# variation before; a variation behind a letter; marks of direction in texts that have letters of both directions;
# tags behind the black flag; a mark of byte order where a text begins.
_SHAPED = signs(
    *(chars.ARABIC, ((0x0750, 0x077F), (0x08A0, 0x08FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC)), chars.INDIC),
    *(chars.BURMESE, chars.KHMER, chars.LAO, chars.THAI, ((0x0700, 0x074F), (0x0F00, 0x0FFF), (0x1800, 0x18AF))),
)
_EMOJI = "\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff\u00a9\u00ae#*0-9"
_NEEDED = at_first_use(
    f"(?<=[{_SHAPED}])[\u200b-\u200d]|[\u200c\u200d](?=[{_SHAPED}])"
    f"|(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])|(?<=[{_EMOJI}])[\ufe0e\ufe0f]|\U0001f3f4[{signs(chars.TAGS)}]+"
    f"|(?<=[{signs(chars.HAN_BLOCK, chars.HAN_RARE, chars.HAN_COMPATIBLE)}])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
    "|(?<=[\u1820-\u18aa])[\u180b-\u180e]|\\A\ufeff"
)
_RIGHT_TO_LEFT = at_first_use(
    f"[{signs(chars.HEBREW, chars.ARABIC, ((0x0700, 0x08FF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFC)))}]"
)
_DIRECTION = "mark of direction"
_HYPHENS = at_first_use("(?<=[^\\W\\d_])\u00ad(?=[^\\W\\d_])")  # where a word may be broken: typesetting, no damage


def unseen(text: str, *, hyphens: bool = True) -> Counter[str]:
    """How often each kind of invisible or control character stands in a text where nothing needs it.

    Without `hyphens`, soft ones within words are not counted.
    """
    if text.isascii():
        if text.replace("\n", "").replace("\t", "").replace("\r", "").isprintable():
            return Counter()
    elif not _ANY.search(text):
        return Counter()
    rest = _NEEDED.sub("", text)
    if not hyphens:
        rest = _HYPHENS.sub("", rest)
    found = Counter(_kind(letter) for letter in _ANY.findall(rest))
    if found[_DIRECTION] and _RIGHT_TO_LEFT.search(text):
        del found[_DIRECTION]
    return found


def _kind(letter: str) -> str:
    return next(name for name, letters in _KINDS if re.match(f"[{letters}]", letter))
