"""Damage by encodings, planted in texts of many languages, and real letters that only look odd."""

from __future__ import annotations

import pytest

from hfsft.texts.spelling.misread import misread_places

TEXTS = {
    "en": "The café’s owner said “we open at nine” — and closed at five.",
    "de": "Öffnen Sie die Tür, grüßen Sie höflich und schließen Sie das Fenster.",
    "fr": "Où est la clé ? Elle était là, près de la fenêtre, à côté du thé.",
    "es": "¿Dónde está la niña? Mañana irá al jardín, según su hermano mayor.",
    "pl": "Proszę otworzyć drzwi, zamknąć okno i wyłączyć światło później.",
    "tr": "Lütfen kapıyı açın, pencereyi kapatın ve ışığı söndürün.",
    "vi": "Xin hãy mở cửa sổ, đóng cửa chính và tắt đèn trước khi đi ngủ.",
    "ru": "Откройте дверь, закройте окно и выключите свет перед сном.",
    "el": "Ανοίξτε την πόρτα, κλείστε το παράθυρο και σβήστε το φως.",
    "ar": "افتح الباب وأغلق النافذة وأطفئ الضوء قبل النوم.",
    "he": "פתחו את הדלת, סגרו את החלון וכבו את האור לפני השינה.",
    "hi": "दरवाज़ा खोलें, खिड़की बंद करें और सोने से पहले बत्ती बुझा दें।",
    "th": "เปิดประตู ปิดหน้าต่าง และปิดไฟก่อนนอน",
    "zh": "请打开门，关上窗户，睡觉之前把灯关掉。",
    "ja": "ドアを開けて、窓を閉めて、寝る前に明かりを消してください。",
    "ko": "문을 열고 창문을 닫은 다음 자기 전에 불을 끄세요.",
}


def misread(text: str, codec: str) -> str:
    """The bytes of its UTF-8 as that codec reads them; bytes that Windows-1252 lacks are those of Latin-1."""
    if codec == "cp1252":
        return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode())
    return text.encode().decode(codec, "replace")


@pytest.mark.parametrize("codec", ["latin-1", "cp1252", "gb18030"])
@pytest.mark.parametrize("language", TEXTS)
def test_utf_8_that_was_read_by_another_code_page_is_found(language: str, codec: str) -> None:
    assert misread_places(misread(TEXTS[language], codec))


@pytest.mark.parametrize("language", TEXTS)
def test_so_is_what_was_read_so_twice(language: str) -> None:
    assert misread_places(misread(misread(TEXTS[language], "latin-1"), "latin-1"))


@pytest.mark.parametrize(("language", "codec"), [("ru", "cp1251"), ("vi", "cp949"), ("ja", "cp932"), ("de", "big5")])
def test_and_by_the_code_pages_of_other_places(language: str, codec: str) -> None:
    assert misread_places(misread(TEXTS[language], codec))


@pytest.mark.parametrize("language", TEXTS)
def test_real_letters_are_left_alone(language: str) -> None:
    assert misread_places(TEXTS[language]) == []
    assert misread_places(f"{TEXTS[language]}\n\n{TEXTS['en']} {TEXTS[language]}") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The cafÃ© is open.", "misread cafÃ© for café"),
        ("It is 30 Â°C outside.", "misread Â°C for °C"),
        ("Ïðèâåò, ìèð!", "letters of another code page Ïðèâåò"),
        ("A na\ufffdve plan.", "lost letter A na\ufffdve pla"),
        ("n膬m 1997", "UTF-8 as gb18030 n膬m 1997 for năm 1997"),
        ("Caf\\u00e9 and tea.", "escape \\\\u00e9"),
        ("We are open.\\n\\nCome in.", "escape \\\\n\\\\n"),
    ],
)
def test_a_place_is_told_as_it_looks_and_as_it_was_meant(text: str, found: str) -> None:
    assert str(misread_places(text)[0]) == found


@pytest.mark.parametrize(
    "text",
    [
        "TÖÖÖÖÖÖR!",
        "Ask for the «menu» — 5 €, 3 °C, ½ cup, © 2020, naïve façade, Ångström, œuvre.",
        "Let $\\nu \\neq 0$ and \\nabla f be given.",
        'Use `\\n\\n` to end a paragraph, and "\\n" to end a line.',
        "def f():\n    print('one\\nTwo')\n    return x\n",
        '```\nprintf("a\\nB\\n\\n");\n```\nIt prints two lines.',
        "It lies in C:\\new\\texts and in /usr/lib.",
        "用Python写一个函数，返回A和B的和。",
        "The kanji 漢字 and the word 日本 mean what they say.",
        "",
    ],
)
def test_what_looks_odd_and_is_right_is_left_alone(text: str) -> None:
    assert misread_places(text) == []


def test_halves_of_surrogate_pairs_are_lost_letters() -> None:
    assert misread_places("a \ud83d smile")
