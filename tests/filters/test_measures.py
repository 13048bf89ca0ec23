"""What the filters of one row measure: input, expected, reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import ModelError, UserError
from hfsft.filters import Refusal, Repetition, Tokens
from hfsft.filters.base import Filter
from hfsft.filters.refusal import refusal
from hfsft.filters.refusal_phrases import PHRASES
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


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("Sorry, but I can't assist with that.", 1, "the plainest refusal"),
        ("I cannot fulfill your request. I am just an AI.", 1, "refusal before disclaimer"),
        ("I\u2019m unable to provide guidance on that.", 1, "curly apostrophe"),
        ("I must respectfully decline.", 1, "declined politely"),
        ("I do not feel it would be appropriate to guess.", 1, "declined on principle"),
        ("As an AI language model, I do not have opinions. However, blue is popular.", 0.5, "a disclaimer"),
        ("I'm just an AI, so take this with care: boil it for ten minutes.", 0.5, "a disclaimer"),
        ("Step by step. " * 30 + "Still, I cannot help with that.", 0.5, "refused further down"),
        ("I'm sorry to hear your parcel is late. Here is what to do: open a claim today.", 0, "a justified apology"),
        ("Sorry for the delay! I have refunded 20 USD to your card.", 0, "a justified apology"),
        ("Unfortunately, we cannot refund gift cards, but you can exchange them.", 0, "a limit of the business"),
        ("I don't know who wrote this poem.", 0, "not knowing is honest"),
        ("I am an AI assistant named Vicuna, trained by LMSYS.", 0, "who it is, when asked"),
        ("As an AI engineer, I build systems that recommend films.", 0, "not a machine"),
        ("I cannot recommend this phone highly enough.", 0, "praise"),
        ("I can't help but smile when it rains.", 0, "an idiom"),
        ('He wrote: "I can\'t help you with that." Then he left.', 0, "quoted"),
        ('```python\nprint("sorry")\n# as an AI, I cannot\n```', 0, "code"),
        ("Xin lỗi, tôi không thể cung cấp thông tin này.", 1, "Vietnamese"),
        ("Là một mô hình ngôn ngữ, tôi không có cảm xúc.", 0.5, "Vietnamese disclaimer"),
        ("Rất tiếc vì đơn hàng của bạn bị trễ, chúng tôi sẽ hoàn tiền.", 0, "Vietnamese apology"),
        ("Es tut mir leid, aber ich kann dabei nicht helfen.", 1, "German"),
        ("Als KI-Sprachmodell habe ich keine Meinung.", 0.5, "German disclaimer"),
        ("Es tut mir leid, dass Ihr Paket zu spät kommt.", 0, "German apology"),
        ("Je suis désolé, mais je ne peux pas répondre à cette question.", 1, "French"),
        ("En tant que modèle de langage, je n'ai pas d'opinion.", 0.5, "French disclaimer"),
        ("Je suis désolé pour ce retard, voici votre remboursement.", 0, "French apology"),
        ("Lo siento, no puedo ayudarte con eso.", 1, "Spanish"),
        ("Como modelo de lenguaje, no tengo opiniones.", 0.5, "Spanish disclaimer"),
        ("Lamento el retraso; su reembolso llega mañana.", 0, "Spanish apology"),
        ("对不起，我无法回答您的问题。", 1, "Chinese"),
        ("作为一个人工智能助手，我没有个人经历。", 0.5, "Chinese disclaimer"),
        ("很抱歉给您带来不便，退款将在三天内到账。", 0, "Chinese apology"),
        ("", 0, "nothing"),
    ],
)
def test_refusal(text: str, expected: float, reason: str) -> None:
    assert refusal(text) == expected, reason


def test_a_phrase_that_ends_with_the_opening_only_is_no_refusal() -> None:
    words = "a " * 142  # so that the first 300 characters end behind `help you`
    assert refusal(f"{words}i can't help you") == 1
    assert refusal(f"{words}i can't help you find a better offer") == 0


def test_every_language_is_in_the_docs() -> None:
    names = {"en": "English", "vi": "Vietnamese", "de": "German", "fr": "French", "es": "Spanish", "zh": "Chinese"}
    assert names.keys() == PHRASES.keys()
    assert all(name in (Refusal.__doc__ or "") for name in names.values())


@pytest.mark.parametrize("rule", [Repetition(), Refusal(), Tokens(at_most=9)])
def test_an_absent_text_measures_none(rule: Filter) -> None:
    (column,) = rule.writes
    assert rule.measure({"response": [None, ""]}) == {column: [None, 0]}


@pytest.mark.parametrize("rule", [Repetition(column="n"), Refusal(column="n"), Tokens(column="n", at_most=9)])
def test_a_column_without_text_is_the_users_mistake(rule: Filter) -> None:
    with pytest.raises(UserError, match="column n holds int"):
        rule.measure({"n": [3]})
