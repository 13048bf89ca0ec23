"""Characters that nobody sees or that do something to a terminal, where no script needs them.

please re<U+200B>fund it          a zero-width space within a word
<U+202E>txt.exe                   letters that are shown from right to left
<ESC>[31mError<ESC>[0m            commands of a terminal
"""

from __future__ import annotations

from collections import Counter

from hfsft.letters import characters as chars
from hfsft.letters.characters import signs
from hfsft.letters.late_patterns import at_first_use

_CONTROL = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f"
_SPACE = "\u200b\u2060\ufeff\u180e"
_DIRECTED = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U0010fffd"
_BLANK = f"\u034f\u2061-\u2064\u206a-\u206f{signs(chars.FILLERS, chars.INHERENT_VOWELS)}"
_OTHER = f"\\u2028\\u2029{signs(chars.ANNOTATIONS, chars.UNASSIGNED_SPECIALS)}"
_JOINER, _TAG, _VARIATION = signs(chars.JOINERS), signs(chars.TAGS), signs(chars.VARIATIONS)
_DIRECTION = "mark of direction"
_KINDS = (
    ("control character", at_first_use(f"[{_CONTROL}]")),
    ("zero-width space", at_first_use(f"[{_SPACE}]")),
    ("soft hyphen", at_first_use("\u00ad")),
    (_DIRECTION, at_first_use(f"[{_DIRECTED}]")),
    ("joiner", at_first_use(f"[{_JOINER}]")),
    ("tag", at_first_use(f"[{_TAG}]")),
    ("private character", at_first_use(f"[{_PRIVATE}]")),
    ("blank letter", at_first_use(f"[{_BLANK}]")),
    ("variation selector", at_first_use(f"[{_VARIATION}]")),
    ("other invisible character", at_first_use(f"[{_OTHER}]")),
)
_ANY = at_first_use(f"[{_CONTROL}{_SPACE}\u00ad{_DIRECTED}{_JOINER}{_TAG}{_PRIVATE}{_BLANK}{_VARIATION}{_OTHER}]")
# Where they are needed: joiners between the letters of scripts that have them and between emoji, with a skin or a
# variation before; a variation behind a letter; marks of direction in texts that have letters of both directions;
# tags behind the black flag; a mark of byte order where a text begins. Two zero-width spaces between a space and a word
# are left by a translator of web pages; they split no word.
_SHAPED = signs(
    *(chars.ARABIC, ((0x0750, 0x077F), (0x08A0, 0x08FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC)), chars.INDIC),
    *(chars.BURMESE, chars.KHMER, chars.LAO, chars.THAI, ((0x0700, 0x074F), (0x0F00, 0x0FFF), (0x1800, 0x18AF))),
)
_EMOJI = "\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff\u00a9\u00ae#*0-9"
_NEEDED = at_first_use(
    f"(?<=[{_SHAPED}])[\u200b-\u200d]|[\u200c\u200d](?=[{_SHAPED}])"
    f"|(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])|(?<=[{_EMOJI}])[\ufe0e\ufe0f]|\U0001f3f4[{_TAG}]+"
    f"|(?<=[{signs(chars.HAN_BLOCK, chars.HAN_RARE, chars.HAN_COMPATIBLE)}])[{signs(chars.VARIATIONS)}]"
    "|(?<=[\u1820-\u18aa])[\u180b-\u180e]|\\A\ufeff|(?<= )\u200b\u200b(?=\\w)"
)
_RIGHT_TO_LEFT = at_first_use(
    f"[{signs(chars.HEBREW, chars.ARABIC, ((0x0700, 0x08FF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFC)))}]"
)


def unseen(text: str) -> Counter[str]:
    """How often each kind of invisible or control character stands in a text where nothing needs it."""
    if text.isascii():
        if text.replace("\n", "").replace("\t", "").replace("\r", "").isprintable():
            return Counter()
    elif not _ANY.search(text):
        return Counter()
    found = Counter(_kind(letter) for letter in _ANY.findall(_NEEDED.sub("", text)))
    if found[_DIRECTION] and _RIGHT_TO_LEFT.search(text):
        del found[_DIRECTION]
    return found


def _kind(letter: str) -> str:
    return next(name for name, pattern in _KINDS if pattern.match(letter))
