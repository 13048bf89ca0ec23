"""What the filters of one row measure: input, expected, reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import ModelError, UserError
from hfsft.filters import Refusal, Repetition, Tokens
from hfsft.filters.base import Filter
from hfsft.filters.tokens import words

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


@pytest.fixture
def tokenizer(tmp_path: Path) -> str:
    """A tokenizer of five words, with a chat template that takes no system message."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate(["[UNK]", "<s>", "where", "is", "it", "here"])}
    toy = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    toy.pre_tokenizer = pre_tokenizers.Whitespace()
    build: Any = PreTrainedTokenizerFast
    fast = build(tokenizer_object=toy, unk_token="[UNK]", bos_token="<s>")
    fast.chat_template = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
        "<s> {{ m.content }} {% endfor %}"
    )
    fast.save_pretrained(tmp_path)
    return str(tmp_path)


def test_tokens_of_a_tokenizer(tokenizer: str) -> None:
    rule = Tokens(tokenizer=tokenizer, at_most=9)
    assert rule.measure({"response": ["where is it here?", None]}) == {"tokens_response": [5, None]}
    chat = Tokens(tokenizer=tokenizer, column="conversation", at_most=9)
    row: dict[str, list[Any]] = {"instruction": ["where is it"], "response": ["it is here"], "system": [None]}
    assert chat.measure(row) == {"tokens_conversation": [8]}
    with pytest.raises(ModelError, match="no system role"):
        chat.measure({**row, "system": ["Be brief."]})


def test_tokenizer_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"tokenizer .*missing cannot be loaded"):
        Tokens(tokenizer=str(tmp_path / "missing"), at_most=9).measure({"response": ["where"]})


@pytest.mark.parametrize("rule", [Repetition(), Refusal(), Tokens(at_most=9)])
def test_an_absent_text_measures_none(rule: Filter) -> None:
    (column,) = rule.writes
    assert rule.measure({"response": [None, ""]}) == {column: [None, 0]}


@pytest.mark.parametrize("rule", [Repetition(column="n"), Refusal(column="n"), Tokens(column="n", at_most=9)])
def test_a_column_without_text_is_the_users_mistake(rule: Filter) -> None:
    with pytest.raises(UserError, match="column n holds int"):
        rule.measure({"n": [3]})
