"""Reasoning and calls within a text: found where an answer begins with them, and nowhere else."""

from __future__ import annotations

import time

import pytest

from hfsft.rows.shapes.hermes import calls_in, without_calls
from hfsft.rows.think import doubt, joined, split

THOUGHTS = [
    ("<think>\nHm.\n</think>\n\nYes.", ("Hm.", "Yes.")),
    (" <think>Hm.</think>Yes.", ("Hm.", "Yes.")),
    ("<think></think>Yes.", ("", "Yes.")),
    ("<think>\n\n</think>\n\nYes.", ("", "Yes.")),
    ("<think>Hm.</think>", ("Hm.", "")),
    ("<think>Hm.</think>\n<think>So.</think>Yes.", ("Hm.\n\nSo.", "Yes.")),
    ("<thinking>Hm.</thinking> Yes.", ("Hm.", "Yes.")),
    ("<thought>Hm.</thought>Yes.", ("Hm.", "Yes.")),
    ("<seed:think>Hm.</seed:think>Yes.", ("Hm.", "Yes.")),
    ("<reasoning>\nHm.\n</reasoning>\nYes.", ("Hm.", "Yes.")),
    ('<think time="3">Hm.</think>Yes.', ("Hm.", "Yes.")),
    ("[THINK]Hm.[/THINK]Yes.", ("Hm.", "Yes.")),
    ("◁think▷Hm.◁/think▷Yes.", ("Hm.", "Yes.")),
    ("<|begin_of_thought|>Hm.<|end_of_thought|>\n<|begin_of_solution|>Yes.<|end_of_solution|>", ("Hm.", "Yes.")),
    ("<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>Yes.<|END_RESPONSE|>", ("Hm.", "Yes.")),
    ("<think>Hm.</think><answer>Yes.</answer>", ("Hm.", "Yes.")),
    (
        "<think>Hm.</think><answer>Yes.</answer> or <answer>No.</answer>",
        ("Hm.", "<answer>Yes.</answer> or <answer>No.</answer>"),
    ),
    ("<|channel>thought\nHm.<channel|>Yes.", ("Hm.", "Yes.")),
    ("<unused94>thought\nHm.<unused95>Yes.", ("Hm.", "Yes.")),
    ("<longcat_think>Hm.</longcat_think>Yes.", ("Hm.", "Yes.")),
    ("<mm:think>\nHm.\n</mm:think>\nYes.", ("Hm.", "Yes.")),
    ("<Thinking>Hm.</Thinking>Yes.", ("Hm.", "Yes.")),
    ("<chain_of_thought>\nHm.\n</chain_of_thought>\n\nYes.", ("Hm.", "Yes.")),
    ("<|inner_prefix|>Hm.<|inner_suffix|>Yes.", ("Hm.", "Yes.")),
    (
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes.<|return|>",
        ("Hm.", "Yes."),
    ),
    ("<|channel|>analysis<|message|>Hm.<|end|>Yes.", ("Hm.", "Yes.")),
    ("analysisHm.assistantfinalYes.", ("Hm.", "Yes.")),
    # The template has opened the thought.
    ("Hm.\nSo.\n</think>\n\nYes.", ("Hm.\nSo.", "Yes.")),
    ("</think>\n\nYes.", ("", "Yes.")),
    ("Hm.\n[/THINK]\nYes.", ("Hm.", "Yes.")),
    # What is thought may speak of the marks, in code or in a sentence.
    ("<think>\nThey ask of `</think>`.\n</think>\n\nIt ends.", ("They ask of `</think>`.", "It ends.")),
    ("<think>\nThey ask of </think> here.\n</think>\n\nIt ends.", ("They ask of </think> here.", "It ends.")),
    ("<think>\n```\n</think>\n```\n</think>\n\nIt ends.", ("```\n</think>\n```", "It ends.")),
    ("<think>\n```py\nx = 1\n</think>\n\n```py\nx = 2\n```", ("```py\nx = 1", "```py\nx = 2\n```")),
    # So may the answer.
    ("<think>Hm.</think>Write `<think>` and `</think>`.", ("Hm.", "Write `<think>` and `</think>`.")),
    ("<think>Hm.</think>Open with <think>.", ("Hm.", "Open with <think>.")),
    ("Hm.\n</think>\n\nIt ends with `</think>`.", ("Hm.", "It ends with `</think>`.")),
]
TEXTS = [
    "Yes.",
    "",
    "Qwen3 puts what it thinks between `<think>` and `</think>`.",
    "Models wrap their thoughts in <think> tags, then answer.",
    "In the template `<think>` opens the thought.",
    "`<think>` opens the thought, `</think>` ends it.",
    "Call `re.sub(r'<think>.*?</think>', '', text)` on each answer.",
    "Write <think>, then a line, then\n</think> and stop.",
    "Write:\n<think>\nnotes\n</think>\n\nThen answer.",
    "```xml\n<think>\nnotes\n</think>\n```",
    "```\n<think>\n```\nis how it opens.",
    "It ends so:\n```\n</think>\n```\nand goes on.",
    "All that comes before </think> is thought.",
    "Cut it at `</think>`\n\nand show the rest.",
    '{"reason": "It quotes </think> and <think>.", "score": 4}',
    '{"reason": "It quotes\n</think>\nalone.", "score": 4}',
    "[1] A <thinking> element of our XML schema holds notes.",
    "<thinking_level>high</thinking_level>",
    "<analysis>It asks for a plan.</analysis>Start on Monday.",
    "<think-tank>Report</think-tank>",
    "The analysis shows that the assistantfinal token is left out.",
    "analysis of the assistantfinal token",
]
DOUBTS = [
    ("<think>Hm. It never ends.", "never ends that thought"),
    ("<longcat_think>Hm.", "never ends that thought"),
    ("<|channel>thought\nHm.", "never ends that thought"),
    ("[THINK]Hm.", "never ends that thought"),
    ("<|channel|>analysis<|message|>Hm.", "never ends that thought"),
    ("<think> and </think> are tags.", "or a sentence goes on"),
    ("<think>...</think>, in Qwen's words, is a thought.", "or a sentence goes on"),
    ("<think>a <think>b</think> c</think> Yes.", "or a sentence goes on"),
    ("Hm. So.</think>\n\nYes.", "only thought"),
    ("Hm.\n</think>Yes.", "only thought"),
    ("They ask of `<think>`.\n</think>\n\nYes.", "only thought"),
    ("Close it with\n</think>\nand open the next, or with\n</think>\nagain.", "only thought"),
]


@pytest.mark.parametrize(("text", "found"), THOUGHTS)
def test_a_text_is_split_where_it_begins_with_a_thought(text: str, found: tuple[str, str]) -> None:
    assert split(text) == found
    assert doubt(text) == ""


@pytest.mark.parametrize("text", TEXTS)
def test_marks_further_on_are_text(text: str) -> None:
    assert split(text) is None
    assert doubt(text) == ""


@pytest.mark.parametrize(("text", "why"), DOUBTS)
def test_what_cannot_be_told_is_left_whole_and_said(text: str, why: str) -> None:
    assert split(text) is None
    assert why in doubt(text)


@pytest.mark.parametrize("text", ["Hm. So.</think>\n\nYes.", "Hm. So.</think>Yes.", "Hm. So.\n</think> Yes."])
def test_a_prompt_that_is_known_to_open_a_thought_needs_no_line_for_its_end(text: str) -> None:
    assert split(text, opened=True) == ("Hm. So.", "Yes.")


@pytest.mark.parametrize(
    ("unit", "end"),
    [
        ("<think></think>", ""), ("</think>", ""), ("`</think>", ""), ("```\n</think>\n", ""), ("<think>", "</think>"),
        ("\n</think>", ""), ("<|end|> ", "<|channel|>analysis<|message|>"), ("<think>\n", "\n"), ('{"', "</think>"),
    ],
)  # fmt: skip
def test_a_text_of_nothing_but_marks_is_read_in_a_moment(unit: str, end: str) -> None:
    def seconds(count: int) -> float:
        began = time.process_time()
        split(unit * count + end)
        doubt(unit * count + end)
        return time.process_time() - began

    seconds(10)
    assert seconds(40_000) < 2


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
