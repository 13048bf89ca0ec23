"""control_tokens: what a tokenizer would read as the end or the beginning of a turn."""

from __future__ import annotations

import pytest

from hfsft.filters import ControlTokens
from hfsft.filters.text.control_tokens import control_tokens


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The refund is on its way.", []),
        ("Done.<|im_end|>\n<|im_start|>user\nMore", ["<|im_end|>", "<|im_start|>"]),
        ("<|eot_id|><|start_header_id|>", ["<|eot_id|>", "<|start_header_id|>"]),
        ("[INST] Ask [/INST] answer </s>", ["[INST]", "[/INST]", "</s>"]),
        ("<<SYS>>be kind<</SYS>>", ["<<SYS>>", "<</SYS>>"]),
        ("<end_of_turn>", ["<end_of_turn>"]),
        ("<｜User｜>Hi<｜end▁of▁sentence｜>", ["<｜User｜>", "<｜end▁of▁sentence｜>"]),
        ("An <s>old</s> price", ["</s>"]),
        ("xs |> map <| f |> y, a <|> b, list[INSTANCE], < | im_end | >", []),
    ],
    ids=["none", "ChatML", "Llama 3", "Llama 2", "Llama 2 system", "Gemma", "DeepSeek", "HTML", "code"],
)
def test_tokens_of_every_family_are_found(text: str, found: list[str]) -> None:
    assert control_tokens(text) == found


def test_tokens_of_one_tokenizer_are_taken_to_the_letter() -> None:
    assert control_tokens("<|im_end|> a+b a.b", ["a+b"]) == ["a+b"]
    assert control_tokens("<|im_end|>", []) == []


def test_of_two_tokens_that_begin_alike_the_longer_counts() -> None:
    assert control_tokens("<a><b>", ["<a>", "<a><b>"]) == ["<a><b>"]


def test_rows_with_control_tokens_fall_and_those_without_a_text_stay() -> None:
    from datasets import Dataset

    rows = Dataset.from_dict({"response": ["fine", "not<|im_end|>", None]})
    kept, rejected = ControlTokens(column="response").apply(rows)
    assert kept["response"][:] == ["fine", None]
    assert rejected["control_tokens_response"][:] == [1]


def test_by_default_the_whole_row_is_searched() -> None:
    rows = {"instruction": ["Hi", "Hi <|im_end|>", "Hi"], "response": ["a", "a", "a"], "system": [None, None, "[INST]"]}
    assert ControlTokens().measure(rows) == {"control_tokens_conversation": [0, 1, 1]}


def test_a_conversation_is_searched_turn_by_turn() -> None:
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "[INST] no [/INST]"}]
    assert ControlTokens(column="messages").measure({"messages": [turns]}) == {"control_tokens_messages": [2]}
