"""In which languages a text is written, piece by piece; what is too short, or no language, is in none.

A script that one language has tells it; the small words of thirteen languages with Latin letters (`hfsft.texts.language`)
tell most other texts in a few microseconds; py3langid, a naive Bayes model over sequences of bytes (Lui and Baldwin
2012, "langid.py: An Off-the-shelf Language Identification Tool"), is asked about the rest, among the languages that
much is written in. It knows code and markup as no language.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from copy import copy
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from hfsft.letters import characters as chars
from hfsft.letters.late_patterns import at_first_use
from hfsft.texts.language import SMALL_WORDS
from hfsft.texts.wording.prose import prose

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SHORTEST = 30  # letters of a piece that a language is told of; of Chinese, Japanese and Korean a quarter
LONG = 80  # letters, from which the model alone is believed
SURE = 0.9  # what it must give the language that it names
SURER = 0.97
PIECE, LOOKED = 800, 200  # characters of a paragraph, and how many of them are looked at
RANKED = 140  # characters that the model is given, which takes a microsecond for each
JOINED = 70  # characters, up to which paragraphs are looked at together
MOST = 4_000  # characters of a text that are looked at
FEW = 3  # small words that a language is known by
LATIN, CYRILLIC, ARABIC, DEVANAGARI, HAN, KANA = "Latin", "Cyrillic", "Arabic", "Devanagari", "zh", "ja"
_DENSE = frozenset({HAN, KANA, "ko"})

_SCRIPTS = (
    (KANA, ((0x3041, 0x3096), (0x30A1, 0x30FA), *chars.HALF_KANA)),
    (HAN, (*chars.HAN_BLOCK, *chars.HAN_COMPATIBLE, *chars.HAN_RARE, *chars.BOPOMOFO)),
    ("ko", (*chars.HANGUL, (0x1100, 0x11FF), (0x3130, 0x318F))),
    ("th", chars.THAI),
    ("lo", chars.LAO),
    ("my", chars.BURMESE),
    ("km", chars.KHMER),
    ("el", (*chars.GREEK, (0x1F00, 0x1FFF))),
    ("he", chars.HEBREW),
    ("hy", ((0x0530, 0x058F),)),
    ("ka", ((0x10A0, 0x10FF),)),
    ("am", ((0x1200, 0x137F),)),
    ("bn", ((0x0980, 0x09FF),)),
    ("pa", ((0x0A00, 0x0A7F),)),
    ("gu", ((0x0A80, 0x0AFF),)),
    ("or", ((0x0B00, 0x0B7F),)),
    ("ta", ((0x0B80, 0x0BFF),)),
    ("te", ((0x0C00, 0x0C7F),)),
    ("kn", ((0x0C80, 0x0CFF),)),
    ("ml", ((0x0D00, 0x0D7F),)),
    ("si", ((0x0D80, 0x0DFF),)),
    (DEVANAGARI, chars.DEVANAGARI),
    (ARABIC, (*chars.ARABIC, (0x0750, 0x077F), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC))),
    (CYRILLIC, (*chars.CYRILLIC, (0x0500, 0x052F))),
    (LATIN, (*chars.LATIN, (0x0250, 0x02AF), (0x1E00, 0x1EFF))),
)
"""Scripts, those that one language is written in by its code."""
_AMONG = {
    LATIN: "af ca cs cy da de en es et eu fi fr ga gl hr hu id is it lt lv mt nl no pl pt ro sk sl sq sv sw tl tr vi "
    "so uz az eo la zxx",
    CYRILLIC: "bg ru uk be mk sr kk mn ky tg",
    ARABIC: "ar fa ur ps",
    DEVANAGARI: "hi mr ne",
}
"""Languages of the others that are told apart."""
SIGNS = "\u0300"  # from where on what is no letter for Python, such as a vowel of Hindi, may be part of a word
NO_LANGUAGE = frozenset({"zxx", "la", "eo"})  # names and lists of terms are taken for Latin and Esperanto
_ONE = {"ms": "id", "nn": "no", "nb": "no", "tl": "fil", "yue": "zh", "wuu": "zh", "iw": "he", "in": "id"}
"""Codes of languages that are taken for one."""
LATIN_LETTERS = frozenset(_AMONG[LATIN].split())
KNOWN = frozenset(
    _ONE.get(code, code) for codes in _AMONG.values() for code in codes.split() if code not in NO_LANGUAGE
) | {code for code, _ in _SCRIPTS if code not in _AMONG}
"""The languages that can be told."""
_OTHER = at_first_use(
    f"[{chr(chars.GREEK[0][0])}-\u1dff\u1f00-\u1fff\u2c00-\ufaff\ufb13-\ufeff\uff66-\uffdc\U00010000-\U0003ffff]"
)
_WORD = at_first_use(r"[^\W\d_]+")
_CODE = at_first_use(r"[{}()\[\];=<>_+*/\\|]")
_OWN = at_first_use(r"['\u2019]s\b|\b[A-Z]\.")  # as in `company's` and `John F. Smith`
_SIGNS = at_first_use(r"[@\\/_=<>{}|~^]|www\.")
_NO_TEXT = at_first_use(r"www\.\S{1,200}|[^\s@\\/_=<>{}|~^]{0,40}[@\\/_=<>{}|~^]\S{0,200}")
_BREAK = at_first_use(r"\n\s{0,20}\n")
_VIETNAMESE = at_first_use("[\u1ea0-\u1ef9\u01a0\u01a1\u01af\u01b0\u0110\u0111]")


def languages_in(text: str) -> Counter[str]:
    """Language -> how many letters of a text's prose are written in it; what is in none that can be told is left out.

    Codes are those of ISO 639-1; Indonesian and Malay, and the two ways to write Norwegian, are one.
    """
    found: Counter[str] = Counter()
    for piece in _pieces(prose(text[:MOST])):
        looked = _looked_at(piece)
        letters, words = _letters(looked)
        total, more = letters.total(), len(piece) / len(looked)
        for script, count in letters.items():
            if count < (SHORTEST / 4 if script in _DENSE else SHORTEST) or (script in _AMONG and count < total / 5):
                continue
            code = _told_apart(looked, script, count, words) if script in _AMONG else script
            if code:
                found[code] += round(count * more * (3 if script in _DENSE else 1))
    return found


def _looked_at(piece: str) -> str:
    """The beginning of a piece and as much from its middle, whole words of it; of scripts that take more time half."""
    size = LOOKED // (2 if _OTHER.search(piece) else 1)
    if len(piece) <= size + size // 4:
        return piece
    half, middle = size // 2, len(piece) // 2
    first, second = piece[:half], piece[middle : middle + half]
    if " " in first and " " in second:
        first, second = first[: first.rindex(" ")], second[second.index(" ") : max(second.rindex(" "), half // 2)]
    return f"{first} {second}"


def may_be(text: str) -> set[str]:
    """The languages that a text may be in, however short it is: those of its small words, else all of its scripts."""
    letters, words = _letters(text[:LOOKED])
    found: set[str] = set()
    for script, count in letters.items():
        if script not in _AMONG:
            found.add(script)
        elif script == LATIN and 8 * len(_VIETNAMESE.findall(text[:LOOKED])) > count:
            found.add("vi")
        elif 5 * count >= letters.total():
            hits = _small_words(words) if script == LATIN else Counter[str]()
            most = max(hits.values(), default=0)
            codes = [code for code, count in hits.items() if count == most] if most else _AMONG[script].split()
            found |= {base(code) for code in codes} | ({"en"} if most - hits["en"] < FEW - 1 else set())
            found |= {"vi"} if _VIETNAMESE.search(text[:LOOKED]) else set()
    return found


def base(code: str) -> str:
    """The code by which `languages_in` calls a language: `zh` for `zh-TW`, `id` for `ms`."""
    short = code.split("-")[0].lower()
    return _ONE.get(short, short)


def _pieces(text: str) -> Iterator[str]:
    """The paragraphs of a text, long ones cut, short ones with those that follow."""
    held = ""
    for part in _BREAK.split(text) if "\n\n" in text else (text,):
        held = f"{held} {part}" if held else part
        if len(held) >= (JOINED // 4 if _OTHER.search(held) else JOINED):
            yield from (held[at : at + PIECE] for at in range(0, len(held), PIECE))
            held = ""
    if held.strip():
        yield held


def _letters(piece: str) -> tuple[Counter[str], list[str]]:
    """Script -> letters of it, Han beside kana as Japanese; and the words."""
    words = _WORD.findall(_without_names(piece).casefold())
    if not _OTHER.search(piece):
        return +Counter({LATIN: sum(map(len, words))}), words
    found: Counter[str] = Counter()
    for letter, count in Counter(piece).items():
        if (letter.isalpha() or letter > SIGNS) and (script := _script(letter)):
            found[script] += count
    if found[KANA] * 5 > found[HAN]:
        found[KANA] += found.pop(HAN, 0)
    return +found, words


@cache
def _script(letter: str) -> str | None:
    code = ord(letter)
    return next((name for name, ranges in _SCRIPTS if any(low <= code <= high for low, high in ranges)), None)


def _told_apart(piece: str, script: str, count: int, words: list[str]) -> str | None:
    """The language of a piece in a script that several have; None where it cannot be told."""
    hits = Counter[str]()
    if script == LATIN:
        if not piece.isascii() and 8 * len(_VIETNAMESE.findall(piece)) > count:
            return "vi"
        hits = _small_words(words)
        best = hits.most_common(2)
        if best and best[0][1] >= FEW - 1 and best[0][1] * 7 >= len(set(words)):
            (code, first), second = best[0], best[1][1] if len(best) > 1 else 0
            if first >= 2 * second or first - second >= 5:
                return code
    if 2 * count < len(piece) or 20 * len(_CODE.findall(piece)) > len(piece):
        return None  # numbers, a program
    if script == LATIN and count < LONG and piece.isascii() and max(hits.values(), default=0) < FEW:
        return None  # whatever the model named would have too few small words, or too few letters
    code, sure = _models()[script].classify(_without_names(piece[:RANKED]))
    if sure < SURE:
        return None
    if script == LATIN:
        few = 1 if sure > SURER and not piece.isascii() else FEW
        if code in SMALL_WORDS and hits[code] < max(few, max(hits.values(), default=0) / 2):
            return None
        if code not in SMALL_WORDS and (sure < SURER or count < LONG):
            return None
    return None if code in NO_LANGUAGE else base(code)


def _without_names(piece: str) -> str:
    """The piece without addresses, paths and what else has signs within a word."""
    if _SIGNS.search(piece):
        piece = _NO_TEXT.sub(" ", piece)
    return _OWN.sub("", piece)


def _small_words(words: list[str]) -> Counter[str]:
    """Language with Latin letters -> how many different ones of the casefolded words are among its small ones."""
    known = _known()
    return Counter(chain.from_iterable([known[word] for word in set(words) if word in known]))


@cache
def _known() -> dict[str, tuple[str, ...]]:
    """Small word -> the languages that it is one of."""
    known: dict[str, list[str]] = {}
    for code, words in SMALL_WORDS.items():
        for word in words:
            known.setdefault(word, []).append(code)
    return {word: tuple(codes) for word, codes in known.items()}


@cache
def _models() -> dict[str, LanguageIdentifier]:
    """Of each script py3langid's model among its languages; what is read takes half a second and 60 MB."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    whole = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    models = {}
    for script, codes in _AMONG.items():
        models[script] = copy(whole)
        models[script].set_languages(codes.split())
        models[script]._full_model = None  # which no one asks for, and whose numbers are most of the memory
    return models
