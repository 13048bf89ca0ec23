"""Whether a text declines to answer, by the phrases of `refusals`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Literal

from hfsft.letters import characters as chars
from hfsft.letters.characters import signs
from hfsft.texts.loops import UNSPACED
from hfsft.texts.refusals import PHRASES

OPENING = 300  # characters

# Scripts that only some languages need: their phrases are looked for where a text has such letters.
_SCRIPTS = {
    "ru": signs(chars.CYRILLIC),
    "ar": signs(chars.ARABIC),
    "hi": signs(chars.DEVANAGARI),
    "th": signs(chars.THAI),
    "ko": signs(chars.HANGUL),
    **dict.fromkeys(["zh", "ja"], signs(chars.KANA, chars.HAN)),
}
_ENDS = ".!?。।؟"
_QUOTED = re.compile(
    '```.*?```|"[^"]{0,300}"|[\u201c\u201e][^\u201c\u201d]{0,300}[\u201c\u201d]|«[^»]{0,300}»|「[^」]{0,300}」|『[^』]{0,300}』'
    r"|(?<!\w)'(?=\S)(?:[^'\n]|(?<=\w)'(?=\w)){1,300}'(?!\w)",
    re.DOTALL,
)
# What somebody is told to say is a quote too.
_SAID = re.compile(
    r"\b(?:say|says|said|saying|tell|tells|told|write|writes|wrote|type|reply|replies|replied|translation|translates|"
    r"translated|example|sagen sie|sag|schreiben sie|antworten sie|dites|dis|écrivez|répondez|diga|di|escriba|responda|"
    r"diga|escreva|dica|scriva|zeg|schrijf|скажите|напишите|powiedz|napisz)(?: [\w']{1,12}){0,3} ?: ?[^\n]{1,300}"
    "|(?:说|回复说|写道)[:：][^\n]{1,300}"
)


LANGUAGES = frozenset(PHRASES)
"""The languages in which refusals are known, as ISO 639-1 codes."""


def refusal(text: str, phrases: tuple[str, ...] = ()) -> float:
    """1 for a text that opens with a refusal, 0.5 for a later one or an AI disclaimer, 0 for neither.

    A sentence that asks the user for missing information is no refusal, and quoted text is ignored. `phrases` are
    further refusals, besides the known ones.
    """
    folded = _folded(text)
    own = " ".join(_SAID.sub(" ", _QUOTED.sub(" ", folded)).split())
    places = list(_refusals(own, phrases))
    if places:
        return 1.0 if min(places) < OPENING else 0.5
    return 0.5 if any(_pattern(code, "disclaims").search(own) for code in _languages(own)) else 0.0


def _folded(text: str) -> str:
    folded = _composed(text).casefold().replace("i\u0307", "i")  # a Turkish capital İ
    return _dotted(folded).replace("\u2019", "'").replace("\u2018", "'")


def _composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _dotted(text: str) -> str:
    """Replaces the Turkish dotless i by i, since casefolding turns its capital I into i."""
    return text.replace("\u0131", "i")


def _refusals(text: str, phrases: tuple[str, ...]) -> Iterator[int]:
    """The position of the first refusal in each language, leaving out those in sentences that ask for information."""
    for code in _languages(text):
        for found in _pattern(code, "refuses").finditer(text):
            if not _asks(code, text, found.start(), found.end()):
                yield found.start()
                break
    if phrases and (said := _own(phrases).search(text)):
        yield said.start()


def _asks(code: str, text: str, start: int, end: int) -> bool:
    """Whether the sentence around a refusal, or a question right after it, asks the user for what is missing."""
    before = max(text.rfind(mark, 0, start) for mark in _ENDS) + 1
    after = _end_of_sentence(text, end)
    pattern = _pattern(code, "asks")
    if pattern.search(text, before, after):
        return True
    behind = _end_of_sentence(text, after + 1)
    return text[behind : behind + 1] in ("?", "؟") and bool(pattern.search(text, after, behind))


def _end_of_sentence(text: str, start: int) -> int:
    return min((at for mark in _ENDS if (at := text.find(mark, start)) >= 0), default=len(text))


def _languages(text: str) -> Iterator[str]:
    """The languages whose refusals are looked for: all of Latin script, others if the text has their letters."""
    for code in PHRASES:
        script = _SCRIPTS.get(code)
        if script is None or (not text.isascii() and _letters(script).search(text)):
            yield code


@cache
def _letters(script: str) -> re.Pattern[str]:
    return re.compile(f"[{script}]")


@cache
def _pattern(code: str, kind: Literal["refuses", "disclaims", "asks"]) -> re.Pattern[str]:
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
