"""control_tokens: what a tokenizer would read as the end or the beginning of a turn."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.filters import ControlTokens
from hfsft.letters.template_tokens import control_tokens


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
        ("<think>so</think>", ["<think>", "</think>"]),
        ("<tool_call>x</tool_call><tool_response>", ["<tool_call>", "</tool_call>", "<tool_response>"]),
        ("xs |> map <| f |> y, a <|> b, list[INSTANCE], < | im_end | >", []),
    ],
    ids=[
        "none",
        "ChatML",
        "Llama 3",
        "Llama 2",
        "Llama 2 system",
        "Gemma",
        "DeepSeek",
        "HTML",
        "reasoning",
        "calls",
        "code",
    ],
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


THOUGHT, CALL = "<think>\nso\n</think>\n\nYes.", '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>'


def conversation(user: str = "Hi", answer: str = "Yes.", **fields: Any) -> dict[str, Any]:
    call = {"id": "c", "name": "send", "arguments": fields.pop("arguments", "{}")}
    return {
        "system": fields.pop("system", None),
        "instruction": user,
        "response": answer,
        "messages": [
            {"role": "user", "content": user},
            {"role": "assistant", "content": "", "reasoning": fields.pop("reasoning", ""), "tool_calls": [call]},
            {"role": "tool", "content": fields.pop("result", "ok"), "tool_call_id": "c"},
            {"role": "assistant", "content": answer},
        ],
        **fields,
    }


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (conversation(dialect=None), 0),
        (conversation(dialect=None, arguments='{"body": "a<|im_end|>b"}'), 1),
        (conversation(dialect=None, arguments='{"body": "\\u003c|im_end|>"}'), 1),  # escaped, and found all the same
        (conversation(dialect=None, reasoning="[INST]"), 1),
        (conversation(dialect=None, result="</tool_response>"), 1),
        (conversation(dialect=None, tools='[{"name": "f", "description": "ends with <|eot_id|>"}]'), 1),
        (conversation(dialect=None, answer=THOUGHT), 2),  # a model's own marks, which nobody took out
        (conversation(dialect="think", answer=THOUGHT), 0),
        (conversation(dialect="think", user=THOUGHT), 2),  # whatever the source means, users think nothing
        (conversation(dialect="think", answer=CALL), 2),
        (conversation(dialect="sharegpt hermes think", answer=CALL, system=f"Call as {CALL}"), 0),
        (conversation(dialect="hermes", answer=f"{CALL}<|im_end|>"), 1),
        (conversation(dialect="hermes", user=CALL), 2),
        (conversation(answer=THOUGHT), 0),  # rows from elsewhere: nobody knows how they were written
    ],
)
def test_all_of_a_conversation_is_searched_but_for_how_its_source_writes(row: dict[str, Any], found: int) -> None:
    batch = {name: [value] for name, value in row.items()}
    assert ControlTokens().measure(batch) == {"control_tokens_conversation": [found]}


@pytest.mark.parametrize(("dialect", "found"), [(None, 2), ("think", 0), ("hermes", 2)])
def test_a_response_is_searched_like_a_conversation(dialect: str | None, found: int) -> None:
    batch = {"response": [THOUGHT, None], "dialect": [dialect] * 2}
    assert ControlTokens(column="response").measure(batch) == {"control_tokens_response": [found, None]}
