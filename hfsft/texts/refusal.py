"""Whether a text declines to answer, by the phrases of `refusals`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Literal

from hfsft.letters import characters as chars
from hfsft.letters.characters import signs
from hfsft.letters.late_patterns import at_first_use
from hfsft.texts.loops import UNSPACED
from hfsft.texts.refusals import PHRASES
from hfsft.texts.refusals.openings import OPENINGS

OPENING = 300  # characters
Kind = Literal["refuses", "disclaims", "asks"]
KINDS: tuple[Kind, Kind] = ("refuses", "disclaims")  # the order in which `OPENINGS` has them
Begun = dict[tuple[str, Kind], list[int]]

# Scripts that only some languages need: their phrases are looked for where a text has such letters.
_SCRIPTS = {
    "ru": signs(chars.CYRILLIC),
    "ar": signs(chars.ARABIC),
    "hi": signs(chars.DEVANAGARI),
    "th": signs(chars.THAI),
    "ko": signs(chars.HANGUL),
    **dict.fromkeys(["zh", "ja"], signs(chars.KANA, chars.HAN)),
}
_UNSPACED_SCRIPTS = signs(chars.KANA, chars.HAN, chars.THAI, chars.HANGUL)
_ENDS = ".!?。।؟"
_QUOTES = "`\"\u201c\u201e«「『'"
# Each begins with a letter of its own, by which the places where it may stand are found at once.
_QUOTED = at_first_use(
    '```.*?```|"[^"]{0,300}"|\u201c[^\u201c\u201d]{0,300}[\u201c\u201d]|\u201e[^\u201c\u201d]{0,300}[\u201c\u201d]'
    "|«[^»]{0,300}»|「[^」]{0,300}」|『[^』]{0,300}』"
    r"|'(?<!\w')(?=\S)(?:[^'\n]|(?<=\w)'(?=\w)){1,300}'(?!\w)",
    re.DOTALL,
)
# What somebody is told to say is a quote too: these words stand before its colon.
_TELLS = at_first_use(
    r"(?:\b(?:say|says|said|saying|tell|tells|told|write|writes|wrote|type|reply|replies|replied|translation|translates|"
    r"translated|example|sagen sie|sag|schreiben sie|antworten sie|dites|dis|écrivez|répondez|diga|di|escriba|responda|"
    r"diga|escreva|dica|scriva|zeg|schrijf|скажите|напишите|powiedz|napisz)(?: [\w']{1,12}){0,3} ?:|(?:说|回复说|写道)[:：])\Z"
)
_TELLING = 64  # characters of these words, at most
_TOLD = at_first_use(r" ?[^\n]{1,300}")
_COLON = at_first_use("[:：]")


LANGUAGES = frozenset(PHRASES)
"""The languages in which refusals are known, as ISO 639-1 codes."""


def refusal(text: str, phrases: tuple[str, ...] = ()) -> float:
    """1 for a text that opens with a refusal, 0.5 for a later one or an AI disclaimer, 0 for neither.

    A sentence that asks the user for missing information is no refusal, and quoted text is ignored. `phrases` are
    further refusals, besides the known ones.
    """
    folded = _folded(text)
    own = _own_words(folded)
    begun = _begun(own)
    places = list(_refusals(own, phrases, begun))
    if places:
        return 1.0 if min(places) < OPENING else 0.5
    return 0.0 if _disclaimer(own, begun) is None else 0.5


def disclaimer(text: str) -> str | None:
    """What a text says of being a machine, in small letters; None for nothing. Quoted text is ignored."""
    own = _own_words(_folded(text))
    return _disclaimer(own, _begun(own))


def _disclaimer(own: str, begun: Begun) -> str | None:
    disclaiming = ((pattern(code, kind), at) for (code, kind), at in begun.items() if kind == "disclaims")
    found = (each.match(own, place) for each, at in disclaiming for place in at)
    return next((match[0] for match in found if match), None)


def _own_words(folded: str) -> str:
    """A folded text without what it quotes and what it tells somebody to say."""
    own = _QUOTED.sub(" ", folded) if any(mark in folded for mark in _QUOTES) else folded
    return " ".join((_without_told(own) if ":" in own or "：" in own else own).split())


def _without_told(text: str) -> str:
    """The text with a space in place of what it tells somebody to say, and of the words that tell so."""
    parts, done = [], 0
    for colon in _COLON.finditer(text):
        if colon.start() < done:
            continue
        tells = _TELLS.search(text, max(done, colon.end() - _TELLING), colon.end())
        told = _TOLD.match(text, colon.end()) if tells else None
        if tells and told:
            parts += [text[done : tells.start()], " "]
            done = told.end()
    return "".join([*parts, text[done:]])


def _folded(text: str) -> str:
    folded = _composed(text).casefold().replace("i\u0307", "i")  # a Turkish capital İ
    return _dotted(folded).replace("\u2019", "'").replace("\u2018", "'")


def _composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _dotted(text: str) -> str:
    """Replaces the Turkish dotless i by i, since casefolding turns its capital I into i."""
    return text.replace("\u0131", "i")


def _begun(text: str) -> Begun:
    """The places at which phrases of a language may begin, which are few: only there their long expressions are tried."""
    found: Begun = {}
    for spaced in (True,) if text.isascii() or not _letters(_UNSPACED_SCRIPTS).search(text) else (True, False):
        scanner, whose = _scanner(spaced)
        for match in scanner.finditer(text):
            for each in whose[match[1]]:
                found.setdefault(each, []).append(match.start())
    return {each: places for each, places in found.items() if _has_letters(each[0], text)}


@cache
def _scanner(spaced: bool) -> tuple[re.Pattern[str], dict[str, list[tuple[str, Kind]]]]:
    """Finds all openings of phrases, the longest at each place; and whose phrases begin with them."""
    whose: dict[str, list[tuple[str, Kind]]] = {}
    for code, openings in OPENINGS.items():
        if PHRASES[code].spaced == spaced:
            for kind, letters in zip(KINDS, openings, strict=True):
                for opening in letters.split("|"):
                    whose.setdefault(opening, []).append((code, kind))
    words = "|".join(_tree(sorted(whose)))
    shorter = {each: [each[:end] for end in range(1, len(each) + 1)] for each in whose}
    every = {
        each: [one for start in starts if start in whose for one in whose[start]] for each, starts in shorter.items()
    }
    return re.compile((r"(?<!\w)" if spaced else "") + f"(?=({words}))"), every


def _tree(words: list[str]) -> list[str]:
    """One expression for all words with the same first letter, so that few are tried at each place."""
    found = []
    for letter, group in groupby((word for word in words if word), key=itemgetter(0)):
        rest = [word[1:] for word in group]
        more = _tree(rest)
        behind = f"(?:{'|'.join(more)}){'?' if '' in rest else ''}" if more else ""
        found.append(re.escape(letter) + behind)
    return found


def _refusals(text: str, phrases: tuple[str, ...], begun: Begun) -> Iterator[int]:
    """The position of the first refusal in each language, leaving out those in sentences that ask for information."""
    for (code, kind), places in begun.items():
        end = 0
        for place in places if kind == "refuses" else ():
            found = pattern(code, kind).match(text, place) if place >= end else None
            if found is None:
                continue
            if not _asks(code, text, place, end := found.end()):
                yield place
                break
    if phrases and (said := _own(phrases).search(text)):
        yield said.start()


def _asks(code: str, text: str, start: int, end: int) -> bool:
    """Whether the sentence around a refusal, or a question right after it, asks the user for what is missing."""
    before = max(text.rfind(mark, 0, start) for mark in _ENDS) + 1
    after = _end_of_sentence(text, end)
    asking = pattern(code, "asks")
    if asking.search(text, before, after):
        return True
    behind = _end_of_sentence(text, after + 1)
    return text[behind : behind + 1] in ("?", "؟") and bool(asking.search(text, after, behind))


def _end_of_sentence(text: str, start: int) -> int:
    return min((at for mark in _ENDS if (at := text.find(mark, start)) >= 0), default=len(text))


def _has_letters(code: str, text: str) -> bool:
    """Whether a text may be of a language: one of Latin script, or one of which it has letters."""
    script = _SCRIPTS.get(code)
    return script is None or (not text.isascii() and _letters(script).search(text) is not None)


@cache
def _letters(script: str) -> re.Pattern[str]:
    return re.compile(f"[{script}]")


@cache
def pattern(code: str, kind: Kind) -> re.Pattern[str]:
    """One regular expression for all phrases of a kind in a language."""
    language = PHRASES[code]
    phrases = _dotted(_composed("|".join(getattr(language, kind))))
    return re.compile(rf"(?<!\w)(?:{phrases})" if language.spaced else phrases)


@cache
def _own(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """One regular expression for the user's own phrases, as whole words in scripts that put spaces between words."""
    spelled = []
    for phrase in phrases:
        words = " ".join(_folded(phrase).split())
        start, end = (
            rf"(?{side}\w)" if _apart(letter) else "" for side, letter in (("<!", words[0]), ("!", words[-1]))
        )
        spelled.append(f"{start}{re.escape(words)}{end}")
    return re.compile("|".join(spelled))


def _apart(letter: str) -> bool:
    return letter.isalnum() and not re.match(f"[{UNSPACED}]", letter)
