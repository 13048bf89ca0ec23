"""Whatever a model answers: what reads it gives a value or says what is wrong, soon."""

from __future__ import annotations

import json
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from hfsft.errors import AnswerError
from hfsft.models.http.answer import read
from hfsft.models.http.faults import Fault, message_in
from hfsft.models.structured import parse
from hfsft.rows import think
from hfsft.texts.peel import peel
from hfsft.texts.prompt_faults import prompt_fault, template_runs
from hfsft.texts.refusal import refusal
from tests.fuzz.bounds import soon, tries

SCHEMA = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "score": {"type": "integer", "minimum": 1, "maximum": 5}},
    "required": ["reason", "score"],
}
PIECES = (
    *('{"score": 4, "reason": "x"}', "{'score': 4}", '{"', '\\"', "}", "]", "[", "{", ",", ":", "```json\n", "```"),
    *("<think>", "</think>", "[THINK]", "◁think▷", "\n", " ", "1" * 400, "1e999", "NaN", "\\ud83d", "\ud83d", "\0"),
    *(
        "Sure! ",
        "Here is the prompt:",
        "I cannot ",
        "“",
        '"',
        "<prompt>",
        "# ",
        "- ",
        "\x1b[31m",
        "\u202e",
        "true",
        "null",
    ),
)
answers = st.one_of(
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=14).map("".join),
    st.builds(lambda piece, times: piece * times, st.sampled_from(PIECES), st.integers(1, 3_000)),
    st.builds(
        lambda first, second, times: (first + second) * times, *[st.sampled_from(PIECES)] * 2, st.integers(1, 900)
    ),
)
value = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["choices", "message", "content", "usage", "error", "finish_reason", "model", "text", "tool_calls"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=10,
)


@tries(200)
@given(answers)
def test_any_answer_is_read_or_refused(text: str) -> None:
    with soon():
        with suppress(ValueError):
            found = parse(text, SCHEMA)
            assert 1 <= found["score"] <= 5
        think.split(text)
        think.doubt(text)
        peel(text)
        prompt_fault(text, "How do I return it?", template_runs(text))
        assert 0 <= refusal(text) <= 1


@tries(200)
@given(st.one_of(value.map(json.dumps), answers, st.integers(1, 2_000).map(lambda depth: '{"choices":' + "[" * depth)))
def test_any_body_is_read_or_a_fault(raw: str) -> None:
    with soon():
        with suppress(Fault, AnswerError):
            read(raw)
        assert "\n" not in message_in(raw)


def test_a_body_nested_without_end_is_a_fault() -> None:
    for body in ("[" * 200_000, '{"a":' * 200_000, '{"error": ' + "[" * 200_000):
        with suppress(Fault):
            read(body)
        assert message_in(body)
