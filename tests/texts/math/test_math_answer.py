"""Answers to problems of mathematics: which are the same however they are written, and which are not."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.texts.math.expressions import NoExpressionError, worth
from hfsft.texts.math.math_answer import final_formula, math_answers

SAME = [
    [r"\frac{1}{2}", "1/2", "0.5", r"\dfrac12", r"50\%", r"$\frac{1}{2}$", "0.50", r"\tfrac{2}{4}", "2^{-1}", "½"],
    ["(x+1)^2", "x^2+2x+1", r"1+2x+x^{2}", "y = (x + 1)(1 + x)", r"f(x) = x^2 + 2 \cdot x + 1"],
    [r"10\text{ cm}", "10", "10 cm", r"10\,\text{cm}", "10.0", "$10", r"\$10", "10 dollars", "10 euros per day", "10€"],
    ["(1,2)", r"\left(1, 2\right)", "( 1, 2 )", r"(1, \frac{4}{2})"],
    [r"\{2,1\}", "1, 2", "2 and 1", r"1 \text{ and } 2", r"\{1, 2, 1\}", "x = 1 or x = 2"],
    ["1,000", "1000", "1{,}000", r"1\,000", "1,000 meters", "10^3"],
    [r"3\frac{1}{2}", "3.5", "7/2", "3 1/2"],
    [r"2\sqrt{3}", r"\sqrt{12}", r"2 \cdot \sqrt 3", r"\frac{6}{\sqrt{3}}"],
    [r"90^\circ", "90", "90°", r"90^{\circ}", "90 degrees"],
    [r"2\pm\sqrt{3}", r"2+\sqrt{3}, 2-\sqrt{3}", r"\sqrt{3} \cdot 1 + 2, 2 - \sqrt{3}"],
    [r"\text{Tuesday}", "tuesday", "Tuesday."],
    [r"-\frac{3}{4}", "-3/4", "−0.75"],
    ["120", "5!", r"2 \times 60"],
    [r"[0, 1)", r"\left[0,1\right)", r"x \in [0,1)"],
    [r"\sqrt[3]{8}", "2"],
    [r"\frac{\pi}{2}", r"\pi/2", "π/2"],
    ["3 - 2i", "-2i + 3"],
    ["25%", "25 percent", "0.25"],
]
OTHERS = [
    ("1/2", "1/3"), ("(1,2)", "(2,1)"), ("(1,2)", "[1,2]"), ("[0,1)", "[0,1]"), ("x+1", "x-1"), ("2x", "2y"),
    ("50", "0.5"),
    ("Tuesday", "Monday"), ("red", "der"), ("no", "on"), ("10", "100"), ("1,2", "1,3"), ("5", "-5"), (r"\sqrt{2}", "2"),
    (r"\sin(x)", r"\cos(x)"), ("x^2", "2x"), ("1,000", "1,00"), (r"\frac{1}{0}", "1"),
]  # fmt: skip


@pytest.mark.parametrize("ways", SAME, ids=lambda ways: ways[0])
def test_ways_to_write_one_answer(ways: list[str]) -> None:
    apart = [pair for pair in combinations(ways, 2) if "%" not in "".join(pair) and not _meet(*pair)]
    assert apart == []
    assert [way for way in ways if not _meet(ways[0], way)] == []


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_answers_that_differ(one: str, other: str) -> None:
    assert not _meet(one, other)


def _meet(one: str, other: str) -> bool:
    return bool(math_answers(one) & math_answers(other))


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        (r"Hence $x = 3$, and so $x^2 = 9$.", "x^2 = 9"),
        (r"It is \boxed{\frac{3}{4}}. (Not $5$.)", r"\frac{3}{4}"),
        ("We get\n\\[ x^2 + 1 \\]", "x^2 + 1"),
        ("She pays $16 + $2 = $18 a day", "$18"),
        ("First $x = 2$.\nSo there are 7", "7"),
        ("Nothing here to see, as it seems, and no number or formula at all", None),
    ],
)
def test_the_formula_at_the_end(text: str, formula: str | None) -> None:
    assert final_formula(text) == formula


@pytest.mark.parametrize("text", ["(" * 399, "9^9^9^9", "a" * 9_999, "170!!!!", r"\frac" * 80, "1/0", ""])
def test_what_cannot_be_worked_out_is_its_text(text: str) -> None:
    with pytest.raises(NoExpressionError):
        worth(text if len(text) > 5 else text + "+")
    math_answers(text)


@given(st.text(alphabet="0123456789+-*/^(){}[]\\fracsqtxy, .%$", max_size=60))
def test_any_text_is_taken_for_something(text: str) -> None:
    assert all(math_answers(text))
    assert math_answers(text) == math_answers(text)
