"""Final answers: where a text gives one, and which of them say the same."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hfsft.texts.final_answer import choice_of, final_answer, number_of, sameness

FOUND = [
    ("so the two together cost $1,250.00.", "$1,250.00"),
    (r"Hence we get \boxed{\frac{3}{4}} as the share of 12.", r"\frac{3}{4}"),
    (r"First \boxed{7}, no: \boxed{\text{blue {dark}}} it is", r"\text{blue {dark}}"),
    ("That makes 5.\n#### 42", "42"),
    ("The answer is (C).", "C"),
    ("The correct answer is A: bark", "A"),
    ("Answer: A dog ran", "A dog ran"),
    ("**Answer:** 12 apples. That is all of them.", "12 apples"),
    ("The final answer is: **Paris**.", "Paris"),
    ("The answer is 7 because 8 is even.", "7"),
    ("It could be any of the 3.\n\nLong thoughts.\n\nB", "B"),
    ("A. Lead\nbecause it is heavy", "A"),
    ("so 2 * 9 = <<2*9=18>>18 a day\nA: 18", "18"),
    ("so it costs more\n**A: $1,250.00 in all**", "$1,250.00"),
    ("A: Lead\nbecause it is heavy", "A"),
    ("Paris", "Paris"),
    ("x = -7", "-7"),
    ("答案是 42。", "42"),
    ("It is 1.250,00 € in all", "1.250,00"),
    ("There is nothing to be found\nin either of these lines.", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "answer"), FOUND)
def test_an_answer_is_found_where_a_person_looks_for_it(text: str, answer: str | None) -> None:
    assert final_answer(text) == answer


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1,250.00", "$1250", True),
        ("1.250,00 €", "1250", True),
        ("3,5", "3.5", True),
        ("1,250", "1.25", False),
        (r"\frac{1}{2}", "0.5", True),
        ("2500/2", "1250", True),
        ("-7", "7", False),
        ("5 + 3 = 8", "8", True),
        ("Paris.", "paris", True),
        ("B", "(b)", False),  # as texts; as choices they are
        ("12 or 13", "12", False),
    ],
)
def test_answers_that_say_the_same(one: str, other: str, same: bool) -> None:
    assert (sameness(one) == sameness(other)) is same


def test_numbers_and_choices_are_read_or_are_none() -> None:
    assert number_of("3/4") == Fraction(3, 4)
    assert number_of("1/0") is None
    assert number_of("9" * 500) is None
    assert number_of("many") is None
    assert [choice_of(text) for text in ("B", "(b)", "b)", "C. Lead", "Berlin", "a dog")] == [
        "B", "B", "B", "C", None, None,
    ]  # fmt: skip
    assert sameness("blue", "number") is None
