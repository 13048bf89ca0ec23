r"""Places in a text that a wrong encoding damaged: letters read by another code page, lost ones, escapes left over.

The cafÃ© â€œBirchâ€\x9d                 UTF-8 that was read as Windows-1252
浣犲ソ锛屾垜鑳藉府鎮ㄤ粈涔?             UTF-8 that was read as GBK
Ïðèâåò, ìèð                            Windows-1251 that was read as Latin-1
na�ve                                  a letter that no decoder knew
caf\u00e9\n\nOpen daily                escapes that nobody turned back
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hfsft.letters.characters import (
    ARABIC,
    CYRILLIC,
    GREEK,
    HALF_KANA,
    HAN_BLOCK,
    HANGUL,
    HEBREW,
    KANA,
    SURROGATES,
    THAI,
    signs,
)
from hfsft.letters.late_patterns import at_first_use
from hfsft.texts.wording.prose import is_code, prose

SHOWN = 12  # characters of a damaged place that are shown
SAMPLE = 80  # characters of a stretch that is turned back into bytes
FEW = 4  # letters of UTF-8 that these are at least
TRUE, TRUE_LONG = 0.8, 0.4  # share of them, of letters of any length and of three bytes
_ASIA = signs(KANA, HAN_BLOCK, HANGUL, HALF_KANA)
_SLAVIC = signs(CYRILLIC)
_GREEK = signs(GREEK)
_ARAB = signs(ARABIC)
_HEBREW = signs(HEBREW)
_THAI = signs(THAI)
_ANY_SCRIPT = at_first_use(f"[{_ASIA}{_SLAVIC}{_GREEK}{_ARAB}{_HEBREW}{_THAI}]")
# A letter at the end of or within a word of Latin ones, as in `n膬m`.
_SCRIPTS = (
    (
        at_first_use(f"[{_ASIA}]"),
        at_first_use(f"[a-z][{_ASIA}]{{1,2}}(?:[a-z ]|$)"),
        ("gb18030", "cp932", "cp949", "big5"),
    ),
    (at_first_use(f"[{_SLAVIC}]"), at_first_use(f"[a-z][{_SLAVIC}]{{1,2}}(?:[a-z ]|$)"), ("cp1251", "koi8-r", "cp866")),
    (at_first_use(f"[{_GREEK}]"), at_first_use(f"[a-z][{_GREEK}]{{1,2}}(?:[a-z ]|$)"), ("cp1253",)),
    (at_first_use(f"[{_ARAB}]"), at_first_use(f"[a-z][{_ARAB}]{{1,2}}(?:[a-z ]|$)"), ("cp1256",)),
    (at_first_use(f"[{_HEBREW}]"), at_first_use(f"[a-z][{_HEBREW}]{{1,2}}(?:[a-z ]|$)"), ("cp1255",)),
    (at_first_use(f"[{_THAI}]"), at_first_use(f"[a-z][{_THAI}]{{1,2}}(?:[a-z ]|$)"), ("cp874",)),
)
"""A letter of a script, one glued to Latin letters, and the code pages by which UTF-8 is read as these."""
_TOLD = at_first_use("[\u0080-\ufffc\ufffe\uffff]")
_THREE_BYTES = at_first_use("[\u0800-\ufffc\ufffe\uffff]")
_LATIN = at_first_use("[\u00c0-\u024f\u1e00-\u1eff\u2010-\u2026]")
_BEYOND = at_first_use(r"[^\x00-\x7f]+")
_HALVES = at_first_use(f"[{signs(SURROGATES)}]")
# What all sequences that ftfy knows have: a control, one of these letters, or two of its signs in a row.
_ALONE = frozenset("\u0152\u0153\u00c3\u00c2\u00e0\ufffd") | frozenset(map(chr, range(0x80, 0xA0)))
_SIGNS = (
    "\u00a0-\u0110\u0112-\u019f\u01a2-\u01ae\u01b1-\u036f\u2000-\u2bff\uf8ff\ufb01\ufb02\ufffd"  # without Vietnam's
)
_GREEK_ON = f"{chr(GREEK[0][0])}-\u052f"  # Greek and Cyrillic with its supplement
_LATIN_OR_SIGN = at_first_use("[\u0080-\u036f\u1e00-\u2bff]")
_PAIR = at_first_use(
    f"[\u0080-\u009f\u0152\u0153\u00c3\u00c2]|[{_SIGNS}][{_SIGNS}{_GREEK_ON}]|[{_GREEK_ON}][{_SIGNS}]|\u0432\u0402"
    "|\u0413\u045e\u0412\u0402\u0412"
)
_LOST = at_first_use(f"\ufffd+|[{signs(SURROGATES)}]+")
# No language that is written in Latin letters has six of those beyond ASCII in a row.
_FOREIGN = at_first_use("(?:[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]{5,}|(?:[\u00b0-\u00f7][\u00a1-\u00fe]){4,})")
DISTINCT = 4  # letters that such a word has at least: `TÖÖÖÖÖR` is a shout
_HEX = r"\\u(?:[0-9a-fA-F]{4}|\{[0-9a-fA-F]{1,6}\})|\\U000[0-9a-fA-F]{5}|\\x[0-9a-fA-F]{2}"
_ESCAPES = at_first_use(
    rf"(?<![\\\w\"'`/])(?:{_HEX})|(?<=[a-zA-Z])\\u[0-9a-fA-F]{{4}}"
    r"|(?<=[^\\\s\"'`(])(?:\\r)?\\n(?:(?:\\r)?\\n)+"  # `\n\n`: no formula has it
    r"|(?<=[.!?:;,)*。！？：；，）])(?:\\r)?\\n(?=[^a-z\"'`)\]]|$)|(?<=[^\\\s\"'`(])(?:\\r)?\\n(?=[A-Z0-9*\u2022-]|[^\x00-\x7f]|$)"
)


class Damage(NamedTuple):
    """One damaged place: of what kind, how it looks, and how it would look whole, where that is known."""

    kind: str
    seen: str
    whole: str = ""

    def __str__(self) -> str:
        seen = repr(self.seen)[1:-1]
        return f"{self.kind} {seen}" + (f" for {self.whole}" if self.whole else "")


def misread_places(text: str) -> list[Damage]:
    r"""The places that a wrong encoding damaged, in no order.

    Letters of another code page are looked for everywhere, escapes (`\\n`, `\\u00e9`) in prose alone.
    """
    found = [] if text.isascii() else list(_letters(text))
    if "\\" in text:
        found += _escapes(text)
    return found


def _letters(text: str) -> Iterator[Damage]:
    for lost in _LOST.finditer(text) if "\ufffd" in text or _HALVES.search(text) else ():
        start = max(0, lost.start() - SHOWN // 2)
        yield Damage("lost letter", text[start : lost.end() + SHOWN // 2].strip())
    runs = set(_BEYOND.findall(text))
    if not any(len(run) > 1 or run in _ALONE or not _LATIN_OR_SIGN.match(run) for run in runs):
        return  # an accent here and a dash there
    misread = list(_fixed(text)) if _suspect(text) else []
    yield from misread
    if misread:
        return
    words = (word for run in runs if len(run) > FEW for word in _FOREIGN.finditer(run))
    for word in words:
        if len(set(word[0].lower())) >= DISTINCT:
            yield Damage("letters of another code page", word[0][:SHOWN])
    if place := _misread_in(text):
        yield place


def _suspect(text: str) -> bool:
    """Whether ftfy takes some letters for no text. All that it looks at is a few next to each other."""
    from ftfy.badness import BADNESS_RE

    return any(BADNESS_RE.search(text, max(0, each.start() - 3), each.end() + 4) for each in _PAIR.finditer(text))


def _fixed(text: str) -> Iterator[Damage]:
    """What ftfy (Speer 2019) would turn back into the letters that were meant, by its table of what is no text."""
    from ftfy import fix_encoding
    from ftfy.badness import BADNESS_RE, is_bad

    for line in text.splitlines():
        if not is_bad(line) or fix_encoding(line) == line:
            continue
        for place in BADNESS_RE.finditer(line):
            start = line.rfind(" ", 0, place.start()) + 1
            seen = line[start : start + max(SHOWN, place.end() - start)].split(" ")[0]
            yield Damage("misread", seen[:SHOWN], fix_encoding(seen) if fix_encoding(seen) != seen else "")


def _misread_in(text: str) -> Damage | None:
    """Where the letters of a script are the bytes of UTF-8, as one of its code pages reads them.

    A stretch of the text is turned back into bytes: of real text in that script hardly any two or three of these are a
    letter of UTF-8, of misread text nearly all are.
    """
    if not _ANY_SCRIPT.search(text):
        return None
    for letter, within, pages in _SCRIPTS:
        if not (place := letter.search(text)):
            continue
        sample = text[max(0, place.start() - SAMPLE // 4) : place.start() + SAMPLE]
        glued = within.search(sample)
        for page in pages:
            again = sample.encode(page, "ignore").decode("utf-8", "replace")
            lost, told, long = again.count("\ufffd"), len(_TOLD.findall(again)), len(_THREE_BYTES.findall(again))
            if (
                (told >= FEW and told >= TRUE * (told + lost))
                or (long >= FEW and long >= TRUE_LONG * (told + lost))
                or (glued and len(_LATIN.findall(again)) > 2 * lost)
            ):
                return _as_read(text, place.start(), page)
    return None


def _as_read(text: str, start: int, page: str) -> Damage:
    seen = text[max(0, start - 2) : start + SHOWN]
    return Damage(f"UTF-8 as {page}", seen, seen.encode(page, "ignore").decode("utf-8", "ignore"))


def _escapes(text: str) -> list[Damage]:
    found = [Damage("escape", each[0][:SHOWN]) for each in _ESCAPES.finditer(prose(text))]
    return [] if found and is_code(text) else found
