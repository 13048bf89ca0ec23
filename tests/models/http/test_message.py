"""Where servers put an answer, what was thought before it and what it calls: all of it is found."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.errors import AnswerError
from hfsft.models.http.message import read
from hfsft.rows.calls import ShapeError
from tests.models.fixture import one, user
from tests.models.thinker import Thinker

TEXT = {"type": "text", "text": "Yes."}


@pytest.mark.parametrize(
    ("message", "text", "reasoning"),
    [
        ({"content": "Yes."}, "Yes.", ""),
        ({"content": "Yes.", "reasoning_content": "Hm."}, "Yes.", "Hm."),
        ({"content": "Yes.", "reasoning": "Hm."}, "Yes.", "Hm."),
        ({"content": "Yes.", "thinking": "Hm."}, "Yes.", "Hm."),
        ({"content": "Yes.", "reasoning_content": "", "reasoning": "Hm."}, "Yes.", "Hm."),
        ({"content": "Yes.", "reasoning_content": "Hm.", "reasoning": "Hm."}, "Yes.", "Hm."),
        ({"content": "Yes.", "reasoning_content": None}, "Yes.", ""),
        ({"content": "Yes.", "reasoning": "high"}, "Yes.", ""),  # how hard it was to think
        ({"content": "Yes.", "reasoning_content": "<think>\nHm.\n</think>"}, "Yes.", "Hm."),
        ({"content": "<think>Hm.</think>Yes.", "reasoning_content": "Hm."}, "Yes.", "Hm."),
        ({"content": "Yes.", "reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]}, "Yes.", "Hm."),
        ({"content": "Yes.", "reasoning_details": [{"type": "reasoning.summary", "summary": "Hm."}]}, "Yes.", "Hm."),
        ({"content": "Yes.", "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}, "Yes.", ""),
        ({"content": [{"type": "thinking", "thinking": "Hm."}, TEXT]}, "Yes.", "Hm."),
        (
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, TEXT]},
            "Yes.",
            "Hm.",
        ),
        ({"content": [{"type": "reasoning", "text": "Hm."}, TEXT]}, "Yes.", "Hm."),
        ({"content": [{"type": "redacted_thinking", "data": "x"}, TEXT]}, "Yes.", ""),
        ({"content": ["Yes", {"text": "."}]}, "Yes.", ""),
        ({"content": "<think>Hm.", "reasoning": None}, "", "Hm."),
        ({"content": None}, "", ""),
        ({}, "", ""),
    ],
)
def test_an_answer_and_its_thought(message: dict[str, Any], text: str, reasoning: str) -> None:
    found = read(message)
    assert (found.text, found.reasoning) == (text, reasoning)


@pytest.mark.parametrize(
    ("name", "text", "reasoning"),
    [
        ("deepseek-ai/DeepSeek-R1-0528", "Yes.", "Hm."),
        ("Qwen/Qwen3-30B-A3B-Thinking-2507", "Yes.", "Hm."),
        ("Qwen/QwQ-32B", "Yes.", "Hm."),
        ("Qwen/Qwen3-30B-A3B-Instruct-2507", "Hm.</think>Yes.", ""),
    ],
)
def test_some_models_are_known_to_begin_within_a_thought(name: str, text: str, reasoning: str) -> None:
    found = read({"content": "Hm.</think>Yes."}, name)
    assert (found.text, found.reasoning) == (text, reasoning)


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (
            {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}},
            {"id": "c1", "name": "add", "arguments": '{"a": 1}'},
        ),
        ({"function": {"name": "add", "arguments": {"a": "é"}}}, {"name": "add", "arguments": '{"a": "é"}'}),
        ({"id": 7, "function": {"name": "add", "arguments": ""}}, {"id": "7", "name": "add", "arguments": "{}"}),
        ({"function": {"name": "add"}}, {"name": "add", "arguments": "{}"}),
        ({"function": {"name": "add", "arguments": '{"a": '}}, {"name": "add", "arguments": '{"a": '}),  # as it came
    ],
)
def test_a_call_is_typed(call: dict[str, Any], found: dict[str, str]) -> None:
    assert read({"content": None, "tool_calls": [call]}).calls == (found,)


def test_a_call_as_it_was_written_first() -> None:
    message = {"content": None, "function_call": {"name": "add", "arguments": "{}"}}
    assert read(message).calls == ({"name": "add", "arguments": "{}"},)
    assert read({"content": "Yes.", "tool_calls": None}).calls == ()


def test_a_call_of_nothing_is_no_answer() -> None:
    with pytest.raises(ShapeError, match="without a name"):
        read({"content": "Yes.", "tool_calls": [{"function": {"arguments": "{}"}}]})


ANSWERS = {
    "prose": "Models wrap what they think in <think> tags, and answer below.",
    "code": "Call `re.sub(r'<think>.*?</think>', '', text)` on it.",
    "thought": "<think>One sentence.</think>\nTurn it off.",
}


def test_marks_in_an_answer_stay_to_the_letter(make_pool) -> None:
    with Thinker(says=lambda body: {"content": ANSWERS[body["messages"][-1]["content"]]}) as server:
        pool = make_pool(model={"base_url": server.url})
        assert pool.drive("generate", [(name, one(name)) for name in ANSWERS], total=3) == {}
    assert {name: pool.replay(one(name)) for name in ANSWERS} == {**ANSWERS, "thought": "Turn it off."}


@pytest.mark.parametrize(
    ("said", "cause", "why"),
    [
        ({"content": "<think>Hm.", "finish_reason": "length"}, "length", "all of them thought.*raise `max_tokens`"),
        ({"content": "<think>Hm."}, "thinking", "begins with <think> and never ends"),
        ({"content": "Hm. So.</think>\n\nYes."}, "thinking", "nothing says whether"),
        (
            {"content": "I look.", "tool_calls": [{"function": {"name": "find", "arguments": "{}"}}]},
            "tool_calls",
            "calls find, which the request offers no tool for",
        ),
        ({"content": "", "reasoning_content": "Hm."}, "empty", "reasoning parser off, or thinking on"),
        ({"content": None, "reasoning": '{"a": 1}'}, "empty", "reasoning parser off, or thinking on"),
    ],
)
def test_a_row_fails_with_a_cause_where_thought_and_answer_cannot_be_told(
    make_pool, said: dict[str, Any], cause: str, why: str
) -> None:
    with Thinker(says=lambda body: said) as server:
        pool = make_pool(model={"base_url": server.url})
        (failure,) = pool.drive("generate", [("row", one("Hi"))], total=1, max_failed_share=1).values()
    assert failure.cause == cause
    with pytest.raises(AnswerError, match=why):
        raise failure


def test_a_call_is_an_answer_where_tools_were_offered(make_pool) -> None:
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
    call = {"id": "1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}

    def start() -> Any:
        answer = yield user("Hi", tools=(tool,), tool_choice="auto")
        return answer.tool_calls

    with Thinker(says=lambda body: {"content": None, "tool_calls": [call], "finish_reason": "tool_calls"}) as server:
        pool = make_pool(model={"base_url": server.url})
        assert pool.drive("generate", [("row", start)], total=1) == {}
        assert server.requests[0]["tools"] == [tool]
        again = make_pool(model={"base_url": server.url})
    assert again.replay(start) == ({"id": "1", "name": "add", "arguments": '{"a": 1}'},)
