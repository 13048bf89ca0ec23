"""Prompts as weak writers send them back, in many fields and languages: what falls, what is peeled, what stays."""

from __future__ import annotations

import pytest

from hfsft.texts.language import sample_of
from hfsft.texts.peel import peel
from hfsft.texts.prompt_faults import prompt_fault, rule_of

ENGLISH, FRENCH = "How do I sharpen a chisel?", "Comment nettoyer un four très sale ?"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("I can't create a harder version of that question.", "refuses"),
        ("I apologize, but I'm not comfortable rewriting this request.", "refuses"),
        ("It is not possible to write another version.", "refuses"),
        ("I cannot save a new version of my drawing. How do I get around that?", None),
        ("<rewritten question>", "empty"),
        ("[Insert the question here]", "empty"),
        ("**{your prompt}**", "empty"),
        ("[chisel] or [plane] for a hinge?", None),
        ("To sharpen a chisel, start by flattening its damaged back on a stone.", "answers"),
        ("An old chisel was ground at twenty-five degrees.", "answers"),
        ("The angle decides how long an edge lasts in hard wood, and how much force it takes.", "answers"),
        ("Most chisels are ground at twenty-five degrees, where the steel holds its edge.", "answers"),
        ("Sharpening plan for five chisels, beginners, please.", None),
        ("Come up with a plan that sharpens five chisels in an hour.", None),
        ("The blade was sharp, yet it does not work in oak.", None),
        ("If each stroke takes off a hundredth, and the nick is one deep, how many strokes are that.", None),
        ("Looking for a sharpening class near the harbour.", None),
        ("Option A: How do I sharpen a chisel?\nOption B: How do I sharpen a plane?", "several"),
        ("Question 1: How do I sharpen it? Question 2: How often is that?", "several"),
        ("(1) How do I sharpen it? (2) How often? (3) With which oil?", "several"),
        ("I have two questions: (1) How do I sharpen it? (2) How often?", None),
        ("1) 怎样磨凿子？ 2) 多久磨一次？", "several"),
        ("Based on the table, which stone comes first?", "missing"),
        ("According to the table that hangs in my shop, 1000 comes first. Is that so?", None),
    ],
)
def test_what_comes_of_a_question(text: str, rule: str | None) -> None:
    found = prompt_fault(text, ENGLISH if text.isascii() else "怎样磨凿子才不会卷刃？")
    assert (rule_of(found) if found else None) == rule


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"Bien sûr ! Voici la question reformulée :\n\n{FRENCH}", FRENCH),
        ("Câu hỏi: Làm sao mài đục?", "Làm sao mài đục?"),
        ("Frage: Wie schärfe ich ein Eisen?", "Wie schärfe ich ein Eisen?"),
        ("当然可以！以下是改写后的问题：\n\n怎样磨凿子？", "怎样磨凿子？"),
        ("问题：怎样磨凿子？", "怎样磨凿子？"),
        ("Frage 2: Wie schärfe ich ein Eisen?", "Frage 2: Wie schärfe ich ein Eisen?"),
    ],
)
def test_labels_in_other_languages_are_taken_off(text: str, left: str) -> None:
    assert peel(text) == left


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("The slipway opens at six from April to October.", "answers"),
        ("Bạn cần đặt chỗ trước mười ngày và trả phí bằng chuyển khoản.", "answers"),
        ("Das Boot muss bis zum Abend am Steg liegen.", "answers"),
        ("船只须在傍晚前靠岸。", "answers"),
        ("When does the slipway open?", None),
        ("slipway opening hours october", None),
        ("My mast is too high for the bridge.", None),
        ("船只几点前要靠岸？", None),
        ("靠岸时间", None),
        ("Explain who may use the slipway.", None),
    ],
)
def test_what_was_asked_for_as_a_question_asks(text: str, rule: str | None) -> None:
    found = prompt_fault(text, asked=True)
    assert (rule_of(found) if found else None) == rule


@pytest.mark.parametrize(
    ("codes", "text", "falls"),
    [
        (["vi"], "How do I moor a boat when the wind comes from the land?", True),
        (["vi"], "Neo thuyền thế nào khi gió thổi từ bờ?", False),
        (["de"], "How do I moor a boat when the wind comes from the land?", True),
        (["de-AT"], "Wie mache ich das Boot bei Wind vom Land fest?", False),
        (["de"], "Optimist oder Laser 4.7?", False),
        (["zh"], "How do I moor it?", True),
        (["ja"], "怎样停船？", True),
        (["ja"], "ボートはどう係留しますか？", False),
        (["sw"], "How do I moor a boat when the wind comes from the land?", False),
        (["en"], "Wie mache ich das Boot bei Wind vom Land fest?", False),
        (["de", "vi"], "How do I moor a boat when the wind comes from the land?", False),
    ],
)
def test_what_grew_from_nothing_is_in_the_language_of_the_recipe(codes: list[str], text: str, falls: bool) -> None:
    found = prompt_fault(text, language_of=sample_of(codes))
    assert (found == "language") is falls
