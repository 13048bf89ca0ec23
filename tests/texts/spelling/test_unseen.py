"""Characters that nobody sees, and those among them that scripts need."""

from __future__ import annotations

import pytest

from hfsft.texts.spelling.unseen import unseen


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("re\u200bfund", {"zero-width space": 1}),
        ("re\u2060fund\ufeff", {"zero-width space": 2}),
        ("part\u00adner", {"soft hyphen": 1}),
        ("\u202egpj.exe", {"mark of direction": 1}),
        ("a\u2066b\u2069", {"mark of direction": 2}),
        ("re\u200dfund", {"joiner": 1}),
        ("a\U000e0041\U000e0042", {"tag": 2}),
        ("a\ue000b", {"private character": 1}),
        ("a\u3164b", {"blank letter": 1}),
        ("a\ufe0fb", {"variation selector": 1}),
        ("a\u2028b", {"other invisible character": 1}),
        ("a\x00b\x1b[31mc\x9dd\x7f", {"control character": 4}),
    ],
)
def test_each_is_counted_by_its_kind(text: str, kinds: dict[str, int]) -> None:
    assert unseen(text) == kinds


@pytest.mark.parametrize(
    "text",
    [
        "One line.\n\tAnother.\r\nAnd one more.",
        "\ufeffA file that begins with its mark",
        "می\u200cخواهم بروم",  # Persian: I want to go
        "क्\u200dष और क्\u200cष",
        "ភាសា\u200bខ្មែរ",
        "ไทย\u200bภาษา",
        "A family 👨\u200d👩\u200d👧, a heart ❤\ufe0f, a rainbow 🏳\ufe0f\u200d🌈, a digit 1\ufe0f⃣",
        "👩🏽\u200d💻 at work",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # the flag of England
        "葛\U000e0100城市",
        "שלום \u200eAbc\u200f עולם",
        "dự kiến \u200b\u200bsẽ trở lại",
        "café, naïve — “so” € 5",
        "",
    ],
)
def test_what_is_needed_is_not(text: str) -> None:
    assert not unseen(text)
