"""In which languages texts are written: told for whole sentences, unknown for what is short or none."""

from __future__ import annotations

import pytest

from hfsft.texts.spelling.language_named import names_language, quotes_latin
from hfsft.texts.spelling.spoken import base, languages_in, may_be
from tests.texts.spelling.test_misread import TEXTS

MORE = {
    "it": "Apra la porta, chiuda la finestra e spenga la luce prima di andare a dormire questa sera.",
    "pt": "Abra a porta, feche a janela e apague a luz antes de ir dormir, como você fez ontem.",
    "nl": "Doe de deur open, sluit het raam en doe het licht uit voordat u naar bed gaat.",
    "sv": "Öppna dörren, stäng fönstret och släck ljuset innan du går och lägger dig i kväll.",
    "id": "Silakan buka pintu dan tutup jendela, lalu matikan lampu sebelum anda pergi tidur untuk malam ini.",
    "ru": "Откройте, пожалуйста, дверь, закройте окно и выключите свет перед тем, как лечь спать.",
    "uk": "Відчиніть двері, зачиніть вікно і вимкніть світло, перш ніж іти спати.",
    "ro": "Deschideți ușa, închideți fereastra și stingeți lumina înainte de a merge la culcare în această seară, "
    "pentru că mâine dimineață vom pleca devreme spre munte împreună cu prietenii noștri.",
}


@pytest.mark.parametrize("language", [*TEXTS, *MORE])
def test_a_sentence_is_in_its_language(language: str) -> None:
    assert set(languages_in({**TEXTS, **MORE}[language])) == {language}


def test_of_several_each_has_its_letters() -> None:
    found = languages_in(f"{TEXTS['zh']}\n\n{TEXTS['zh']}\n\n{TEXTS['en'] * 2}")
    assert set(found) == {"zh", "en"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Berlin",
        "42 + 7 = 49",
        "def f(x):\n    return x + 1\n",
        "SELECT name FROM users WHERE id = 7;",
        "frontal, temporal, parietal",
        "https://example.org/the/way/to/the/page/of/the/day",
        "Kraków 1997",
    ],
)
def test_what_is_short_or_no_language_is_in_none(text: str) -> None:
    assert not languages_in(text)


def test_short_questions_may_be_in_what_their_words_or_letters_allow() -> None:
    assert may_be("What is this?") == {"en"}
    assert may_be("这是什么？") == {"zh"}
    assert may_be("Đây là gì vậy?") == {"vi"}
    assert {"de", "en", "fr"} <= may_be("Hamburger?")
    assert may_be("1 + 1") == set()


def test_codes_of_one_language_are_one() -> None:
    assert [base(code) for code in ("zh-TW", "ms", "nb", "EN-gb")] == ["zh", "id", "no", "en"]


@pytest.mark.parametrize(
    "asked",
    ["Translate this.", "Say it in French", "auf Deutsch, bitte", "用英语说", "Nói bằng tiếng Anh", "Переведи это"],
)
def test_who_names_a_language_is_known(asked: str) -> None:
    assert names_language(asked)
    assert not names_language("When do you open?")


def test_what_is_quoted_in_latin_letters_is_known() -> None:
    assert quotes_latin("用“do away with”造句")
    assert not quotes_latin("今天天气怎么样？")
