"""What the filters of one row measure: input, expected, reason."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.errors import UserError
from hfsft.filters import Refusal, Repetition, Tokens
from hfsft.filters.base import Filter
from hfsft.filters.text.tokens import words

CHAT = [{"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "On its way to you."}]


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("", 0, "nothing"),
        ("Your refund takes 3 to 5 days.", 7, "numbers are words"),
        ("- one\n- two | three\n---", 3, "marks alone are none"),
        ("state-of-the-art isn't e.g. two", 4, "what stands between spaces is one"),
        ("hoàn tiền mất bao lâu", 5, "Vietnamese writes each syllable apart"),
        ("हिन्दी में लिखा है", 4, "vowel signs do not cut a word"),
        ("환불은 얼마나 걸리나요", 3, "Korean has spaces"),
        ("退款需要多久?", 6, "each Chinese character is a word"),
        ("払い戻し は3日", 7, "so is each kana; the number is one more"),
        ("สวัสดีครับ", 2, "every five characters of Thai"),
        ("我用 Python 写", 4, "scripts may be mixed"),
    ],
)
def test_words(text: str, expected: int, reason: str) -> None:
    assert words(text) == expected, reason


def test_tokens_of_a_conversation_are_all_that_a_trainer_sees() -> None:
    rule = Tokens(column="conversation", at_most=100)
    batch: dict[str, list[Any]] = {
        "instruction": ["Where is it?", "Where is it?", "Where is it?", None],
        "response": ["On its way.", "On its way.", None, "On its way."],
        "system": [None, "Be brief.", None, None],
        "messages": [None, None, None, CHAT],
    }
    assert rule.measure(batch) == {"tokens_conversation": [6, 8, None, 8]}
    assert Tokens(column="messages", at_most=9).measure({"messages": [CHAT, None]}) == {"tokens_messages": [8, None]}


@pytest.mark.parametrize("rule", [Repetition(), Refusal(), Tokens(at_most=9)])
def test_an_absent_text_measures_none(rule: Filter) -> None:
    (column,) = rule.writes
    assert rule.measure({"response": [None, ""]}) == {column: [None, 0]}


@pytest.mark.parametrize("rule", [Repetition(column="n"), Refusal(column="n"), Tokens(column="n", at_most=9)])
def test_a_column_without_text_is_the_users_mistake(rule: Filter) -> None:
    with pytest.raises(UserError, match="column n holds int"):
        rule.measure({"n": [3]})


def test_a_response_that_had_to_decline_is_no_refusal() -> None:
    told = ["I cannot answer this from the leaflets, as they do not speak of fees."] * 3
    batch: dict[str, list[Any]] = {"response": told, "messages": [None] * 3, "unanswerable": [True, False, None]}
    assert Refusal().measure(batch) == {"refusal_response": [0.0, 1.0, 1.0]}
    assert Refusal().measure({"response": told[:1], "messages": [None]}) == {"refusal_response": [1.0]}
    asked: dict[str, list[Any]] = {"instruction": told[:1], "unanswerable": [True]}
    assert Refusal(column="instruction").measure(asked) == {"refusal_instruction": [1.0]}
