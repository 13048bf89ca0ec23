"""Placeholders of one row: the same value the same one, none that stands there already, JSON stays JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hfsft.privacy.pii import find
from hfsft.privacy.placeholders import Placeholders


def redacted(*cells: Any) -> list[Any]:
    given = Placeholders(find, lambda: [cell for cell in cells if isinstance(cell, str)])
    return [given.replaced(cell) for cell in cells]


def test_a_value_has_one_placeholder_in_all_texts_of_a_row() -> None:
    turns = [
        {"role": "user", "content": "I am ana@example.com"},
        {"role": "assistant", "content": "Hello ANA@example.com"},
    ]
    said, chat = redacted("From bo@example.com to Ana@Example.com", turns)
    assert said == "From <EMAIL_1> to <EMAIL_2>"
    assert [turn["content"] for turn in chat] == ["I am <EMAIL_2>", "Hello <EMAIL_2>"]
    assert [turn["role"] for turn in chat] == ["user", "assistant"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@example.com", "ANA [at] example [dot] com"),
        ("ana@example.com", "ａｎａ＠example.com"),
        ("+1 415 555 0132", "(415) 555-0132"),
        ("+49 30 901820", "030 901820"),
        ("4111 1111 1111 1111", "4111-1111-1111-1111"),
        ("GB82 WEST 1234 5698 7654 32", "gb82west12345698765432"),
    ],
)
def test_a_value_written_otherwise_is_the_same(one: str, other: str) -> None:
    (said,) = redacted(f"{one}; {other}")
    first, second = said.split("; ")
    assert first == second


def test_numbers_that_stand_there_are_not_given_again() -> None:
    assert redacted("<EMAIL_1> and <EMAIL_3> wrote", "to ana@example.com, +1 415 555 0132") == [
        "<EMAIL_1> and <EMAIL_3> wrote",
        "to <EMAIL_4>, <PHONE_1>",
    ]


def test_nothing_but_the_values_changes() -> None:
    text = "  Ünïcode\r\n\tana@example.com\u200b 。 "
    assert redacted(text) == [text.replace("ana@example.com", "<EMAIL_1>")]
    clean = '{"a": [1,2,  3], "b": "\\u00e9"}'
    assert redacted(clean, None, 7, True, {"n": 1.5}) == [clean, None, 7, True, {"n": 1.5}]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"to": "ana@example.com", "n": [1,2]}', {"to": "<EMAIL_1>", "n": [1, 2]}),
        ('{"card": 4111111111111111, "phone": 4155550132}', {"card": "<CARD_1>", "phone": "<PHONE_1>"}),
        ('[{"phone": [4155550132]}]', [{"phone": ["<PHONE_1>"]}]),
        ('{"to": "ana\\u0040example.com"}', {"to": "<EMAIL_1>"}),
        ('{"say": "call \\"+1 415 555 0132\\""}', {"say": 'call "<PHONE_1>"'}),
        ('{"body": "Hi,\\nana@example.com\\twrote"}', {"body": "Hi,\n<EMAIL_1>\twrote"}),
        ('{"ana@example.com": {"phone": 4155550132, "ok": true}}', {"<EMAIL_1>": {"phone": "<PHONE_1>", "ok": True}}),
        ('{"a":"ana@example.com","b":"to ana@example.com"}', {"a": "<EMAIL_1>", "b": "to <EMAIL_1>"}),
        ('{"é": "\\u00e9 ana@example.com"}', {"é": "é <EMAIL_1>"}),
        ('{"inner": "{\\"to\\": \\"ana@example.com\\"}"}', {"inner": '{"to": "<EMAIL_1>"}'}),
        ('{"card": 4111111111111111, "id": 14111111111111111}', {"card": "<CARD_1>", "id": 14111111111111111}),
    ],
)
def test_json_stays_json(text: str, value: Any) -> None:
    (said,) = redacted(text)
    assert json.loads(said) == value


def test_json_is_left_as_it_was_written_but_for_the_values() -> None:
    (said,) = redacted('{ "to":"ana@example.com",\n  "n": [1,2], "at": 1.50 }')
    assert said == '{ "to":"<EMAIL_1>",\n  "n": [1,2], "at": 1.50 }'


def test_json_of_any_depth_is_looked_into() -> None:
    (said,) = redacted("[" * 600 + '"ana@example.com"' + "]" * 600)
    assert "ana@example.com" not in said
