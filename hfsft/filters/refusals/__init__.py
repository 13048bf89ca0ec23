"""How models word refusals, by language."""

from __future__ import annotations

from hfsft.filters.refusals.eastern import ARABIC, HINDI, INDONESIAN, POLISH, RUSSIAN, TURKISH, VIETNAMESE
from hfsft.filters.refusals.english import ENGLISH
from hfsft.filters.refusals.germanic import DUTCH, GERMAN
from hfsft.filters.refusals.phrases import Phrases
from hfsft.filters.refusals.romance import FRENCH, ITALIAN, PORTUGUESE, SPANISH
from hfsft.filters.refusals.unspaced import CHINESE, JAPANESE, KOREAN, THAI

PHRASES: dict[str, Phrases] = {
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
