"""How much of an answer is its instruction again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.texts.wording.restated import echo

TASK = "Explain how a lighthouse keeper measures the height of a wave."


@pytest.mark.parametrize(
    ("text", "task", "context"),
    [
        (TASK, TASK, ""),
        (TASK.upper(), TASK, ""),
        (f"{TASK} {TASK}", TASK, ""),
        (f"You asked me: {TASK}", TASK, ""),
        (f"{TASK}\n\nThe tower is long.", TASK, "The tower is long."),
        (
            f"{TASK}\nThe keeper looks at marks on a pole, counts them between crest and trough, and writes it down.",
            TASK,
            "",
        ),
        (
            "The tower has a lamp on top, and the keeper lives in the house below it.",
            "Who lives there?",
            "The tower has a lamp on top, and the keeper lives in the house below it",
        ),
        ("What are tides?\nWhat are tides?", "What are tides?", ""),
        ("什么是潮汐表以及它如何使用？", "什么是潮汐表以及它如何使用?", ""),
        ("Bảng thủy triều là gì và dùng thế nào?", "Bảng thủy triều là gì và dùng thế nào?", ""),
        ("What are tides?", "What are tides?", ""),
        ("Wie misst man die Höhe einer Welle?", "Wie misst man die Höhe einer Welle?", ""),
    ],
)
def test_an_instruction_that_is_said_again(text: str, task: str, context: str) -> None:
    assert echo(text, task, context) > 0.5


@pytest.mark.parametrize(
    ("text", "task", "context"),
    [
        ("The capital of Norway is Oslo.", "What is the capital of Norway?", ""),
        ("The product of 5 and 3 is 15.", "Find the product of 5 and 3.", ""),
        ("Hello there!", "Hello there!", ""),
        ("The keeper counts marks on a pole.", TASK, ""),
        ("I go home.", "Fix the grammar.", "I goes home."),
        (
            "The keeper lives in the house below it.",
            "Who lives there?",
            "The tower has a lamp on top, and the keeper lives in the house below it.",
        ),
        (
            "The tower has a lamp on top, and the keeper lives in the house below it.",
            "Correct the spelling.",
            "The tower has a lamp on top, and the keeper lives in the house below it.",
        ),
        ("I goes home and she go too.", "Copy this sentence.", "I goes home and she go too."),
        ("def add(a, b):\n    return a + b", "def add(a, b):\n    return", ""),
        (
            "# Write a loop that prints ten stars\nfor i in range(10):\n    print('*')",
            "Write a loop that prints ten stars",
            "",
        ),
        ("创建预算的步骤可以包括：\n1. 确定目标", "创建预算的步骤：", ""),
        ("How a lighthouse works\n\nIt has a lamp.", "How a lighthouse works", ""),
        ("", TASK, ""),
        ("The keeper looks.", "", ""),
    ],
)
def test_an_answer(text: str, task: str, context: str) -> None:
    assert echo(text, task, context) <= 0.5


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=50))
def test_a_share_is_a_share(text: str, task: str, context: str) -> None:
    assert 0 <= echo(text, task, context) <= 1
