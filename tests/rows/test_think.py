"""Reasoning and calls within a text: found where an answer begins with them, and nowhere else."""

from __future__ import annotations

import pytest

from hfsft.rows.shapes.hermes import calls_in, without_calls
from hfsft.rows.think import joined, split


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<think>\nHm.\n</think>\n\nYes.", ("Hm.", "Yes.")),
        (" <think>Hm.</think>Yes.", ("Hm.", "Yes.")),
        ("<think></think>Yes.", ("", "Yes.")),
        ("<thinking>Hm.</thinking> Yes.", ("Hm.", "Yes.")),
        ("[THINK]Hm.[/THINK]Yes.", ("Hm.", "Yes.")),
        ("◁think▷Hm.◁/think▷Yes.", ("Hm.", "Yes.")),
        ("<|begin_of_thought|>Hm.<|end_of_thought|>\n<|begin_of_solution|>Yes.<|end_of_solution|>", ("Hm.", "Yes.")),
        ("Hm.\nSo.\n</think>\n\nYes.", ("Hm.\nSo.", "Yes.")),  # the template has opened the thought
        ("<think>Hm. It never ends.", None),
        ("Yes.", None),
        ("", None),
        ("Qwen3 puts what it thinks between `<think>` and `</think>`.", None),
        ("Write <think>, then a line, then\n</think> and stop.", None),
        ("Close it with\n</think>\nand open the next, or with\n</think> again.", None),
    ],
)
def test_a_text_is_split_where_it_begins_with_a_thought(text: str, found: tuple[str, str] | None) -> None:
    assert split(text) == found


def test_what_is_joined_is_split_again() -> None:
    assert split(joined("Hm.", "Yes.")) == ("Hm.", "Yes.")


CALL = {"name": "weather", "arguments": '{"city": "Oslo"}'}
XML = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>'


@pytest.mark.parametrize(
    ("text", "calls", "rest"),
    [
        (XML, [CALL], ""),
        (f"I look.\n{XML}\n{XML}", [CALL, CALL], "I look."),
        ("A call stands between <tool_call> and </tool_call>.", [], None),
        ("<tool_call>{}</tool_call>", [], None),
        ("<tool_call>{", [], None),
        ("Nothing.", [], None),
    ],
)
def test_calls_are_found_in_a_text_where_all_marks_hold_one(text: str, calls: list[object], rest: str | None) -> None:
    assert calls_in(text) == calls
    assert without_calls(text) == (text if rest is None else rest)
