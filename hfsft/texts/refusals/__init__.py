"""How models word refusals, by language."""

from __future__ import annotations

from hfsft.texts.refusals.eastern import ARABIC, HINDI, INDONESIAN, POLISH, RUSSIAN, TURKISH, VIETNAMESE
from hfsft.texts.refusals.english import ENGLISH
from hfsft.texts.refusals.germanic import DUTCH, GERMAN
from hfsft.texts.refusals.romance import FRENCH, ITALIAN, PORTUGUESE, SPANISH
from hfsft.texts.refusals.unspaced import CHINESE, JAPANESE, KOREAN, THAI
from hfsft.texts.refusals.wordings import Wordings

PHRASES: dict[str, Wordings] = {
    "en": ENGLISH,
    "de": GERMAN,
    "nl": DUTCH,
    "fr": FRENCH,
    "es": SPANISH,
    "pt": PORTUGUESE,
    "it": ITALIAN,
    "ru": RUSSIAN,
    "pl": POLISH,
    "tr": TURKISH,
    "ar": ARABIC,
    "hi": HINDI,
    "id": INDONESIAN,
    "vi": VIETNAMESE,
    "zh": CHINESE,
    "ja": JAPANESE,
    "ko": KOREAN,
    "th": THAI,
}
"""ISO 639-1 code -> the phrases of the language."""
