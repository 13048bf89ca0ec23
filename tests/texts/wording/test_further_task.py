"""A second task that an answer goes on with, and answers that only look like having one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.texts.wording.further_task import second_task

FIRST = "Corals are animals that live in warm seas."
ASKED = "What are corals?"
SECOND = ("Sort these numbers from small to large: 9, 4, 7.", "4, 7 and 9 are the numbers in order.")


@pytest.mark.parametrize(
    ("behind", "found"),
    [
        ("\n##\n18. Instruction: {i}\n18. Input:\n\n18. Output:\n{o}", "18. Instruction:"),
        ("\n\nInstruction: {i}\nOutput: {o}", "Instruction:"),
        ("\n\n### Instruction:\n{i}\n\n### Response:\n{o}", "### Instruction:"),
        ("\n\nTask 2: {i}\nAnswer: {o}", "Task 2:"),
        ("\n\nQ: {i}\nA: {o}", "Q:"),
        ("\nQuestion: {i}\nAnswer: {o}", "Question:"),
        ("\n\nHuman: {i}\n\nAssistant: {o}", "Human:"),
        ("\n\n### Input:\n{i}\n\n### Output:\n{o}", "### Input:"),
        ("\n\n指令：{i}\n输出：{o}", "指令："),
        ("\n问题：{i}\n回答：{o}", "问题："),
        ("\n\nCâu hỏi: {i}\nTrả lời: {o}", "Câu hỏi:"),
        ("\n\nFrage: {i}\nAntwort: {o}", "Frage:"),
        ("\n\nPregunta: {i}\nRespuesta: {o}", "Pregunta:"),
        ("\n\nВопрос: {i}\nОтвет: {o}", "Вопрос:"),
        ("\n\n質問：{i}\n回答：{o}", "質問："),
        ("\n\n{i}\n\n{o}", SECOND[0]),
        ("\nTask: {i}\n{o}", SECOND[0]),
    ],
)
def test_a_second_task_is_found(behind: str, found: str) -> None:
    text = FIRST + behind.format(i=SECOND[0], o=SECOND[1])
    assert second_task(text, lambda: ASKED) == found


def test_a_call_with_what_it_is_about_behind_a_colon_is_no_heading() -> None:
    task = "Rewrite the following sentence in the past tense: The ferry leaves at noon."
    assert second_task(f"{FIRST}\n{task}\nThe ferry left at noon.", lambda: ASKED) == task
    heading = "Explain the ferry: Ferries carry cars over water."
    assert second_task(f"{FIRST}\n{heading}\nA ferry leaves at noon.", lambda: ASKED) is None


@pytest.mark.parametrize(
    ("text", "asked", "found"),
    [
        (
            "San hô sống ở biển ấm.\n\nHãy gợi ý hai tên cho quán cà phê.\n\nHai tên cho quán: Gió Sớm, Mây Chiều.",
            "San hô sống ở đâu?",
            "Hãy gợi ý hai tên cho quán cà phê.",
        ),
        (
            "珊瑚是生活在暖海里的动物。\n\n请写一首关于春天的诗。\n\n春天来了，花开满园。",
            "什么是珊瑚？",
            "请写一首关于春天的诗。",
        ),
        (
            "San hô là động vật sống ở biển ấm.\n\nHãy mô tả mùa xuân ở Hà Nội.\n\nMùa xuân Hà Nội có mưa phùn.",
            "San hô là gì?",
            "Hãy mô tả mùa xuân ở Hà Nội.",
        ),
        (
            "def area(r):\n    return 3.14 * r * r\n\n"
            "Explain the difference between lists and tuples.\n\nTuples cannot change, lists can.",
            "Write a Python function for the area of a circle.",
            "Explain the difference between lists and tuples.",
        ),
    ],
)
def test_a_second_task_without_marks_is_found_in_other_languages(text: str, asked: str, found: str) -> None:
    assert second_task(text, lambda: asked) == found


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (FIRST, ASKED),
        ("Corals are animals.\n\nWhat do corals eat? Small animals of the sea.\n\nThey live long.", ASKED),
        ("Q: What are corals?\nA: Animals.\nQ: And algae?\nA: Plants.", "Write a quiz about the sea."),
        ("Here you go.\nQuestion: Are corals animals?\nAnswer: Yes.", "Make a test question about corals."),
        ("Here you go.\nHuman: Hi\nAssistant: Hello", "Write a chat between a person and a bot."),
        (
            "Bread.\n\nIngredients:\nflour\n\nInstructions:\n1. Mix flour and water.\n2. Bake it.",
            "How do I bake bread?",
        ),
        ("1. Write down your goals.\n2. Tell a friend of them.\n3. Name a day.", "How do I stay with a habit?"),
        ("Plan the week.\n\nWrite down goals.\n\nTell a friend.\n\nRest.", "Give me tips for habits."),
        ("The night is long.\nWhere did the summer go?\nWhy do swallows leave?\nThe fields are bare.", "Write a poem."),
        ("SELECT name\nFROM users\n\nDELETE FROM logs\nWHERE old;", "Write the SQL for both."),
        ("# Sort them\nx.sort()\n\n# Print them\nprint(x)", "Sort a list in Python."),
        ("Input: a list\nOutput: its sum\n1. Add all.", "Give pseudo-code for a sum."),
        ("```\nHuman: hi\nAssistant: hello\n```\nis the format.", "How do such logs look?"),
        (
            "The mark is shown.\nInstruction: do it\nOutput: done",
            "What stands behind `Instruction:` in prompts for models?",
        ),
    ],
)
def test_no_second_task(text: str, asked: str) -> None:
    assert second_task(text, lambda: asked) is None


@given(st.text(st.sampled_from("ab .,\n"), max_size=120))
def test_a_text_without_marks_or_calls_has_none(text: str) -> None:
    assert second_task(text, lambda: ASKED) is None
