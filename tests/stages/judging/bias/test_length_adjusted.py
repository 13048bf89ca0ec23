"""Length-adjusted scores: the length is gone, what else the scores say is not, in whatever order rows come."""

from __future__ import annotations

from math import log
from random import Random
from typing import Any

import pytest

from hfsft.stages.judging.bias.length_adjusted import adjusting, adjusting_step, answer_text, fitted
from hfsft.stages.judging.bias.rank_correlation import spearman
from tests.stages.helpers import row

CRITERIA = ("usefulness", "mean")


def batch(rows: list[dict[str, Any]], scores: list[float | None]) -> dict[str, list[Any]]:
    given = {name: [each[name] for each in rows] for name in ("id", "response", "messages", "dialect")}
    return {**given, "score_usefulness": scores, "score_mean": scores}


def biased(count: int, seed: int = 3) -> tuple[list[dict[str, Any]], list[float], list[float], list[int]]:
    """Rows with a worth that has nothing to do with their length, and a judge that adds half a point each doubling."""
    random = Random(seed)
    lengths = [random.randint(5, 400) for _ in range(count)]
    worths = [random.uniform(1, 4) for _ in range(count)]
    rows = [row(f"Question {n}?", response="word " * length) for n, length in enumerate(lengths)]
    scores = [worth + 0.5 * log(length) / log(2) for worth, length in zip(worths, lengths, strict=True)]
    return rows, scores, worths, lengths


def test_a_planted_length_bias_is_gone_and_the_worth_of_answers_is_not() -> None:
    rows, scores, worths, lengths = biased(300)
    made = adjusting(CRITERIA)(batch(rows, list(scores)))["score_adjusted_usefulness"]
    fit = fitted(scores, lengths)
    assert fit.doubled == pytest.approx(0.5, abs=0.05)
    before, after = spearman(scores, lengths), spearman(made, lengths)
    assert before is not None
    assert before.rho > 0.4
    assert after is not None
    assert abs(after.rho) < 0.06
    raw, kept = spearman(scores, worths), spearman(made, worths)
    assert raw is not None
    assert kept is not None
    assert kept.rho > 0.97 > raw.rho
    assert sum(made) / len(made) == pytest.approx(sum(scores) / len(scores), abs=1e-5)


def test_the_formula_holds_to_the_digit() -> None:
    rows = [row(str(n), response="a " * length) for n, length in enumerate((1, 2, 4, 8))]
    scores: list[float | None] = [1.0, 3.0, 2.0, 4.0]
    made = adjusting(CRITERIA)(batch(rows, scores))
    # b * ln 2 = 0.8 points for each doubling, by hand; the mean of ln(words) is 1.5 doublings
    assert made["score_adjusted_usefulness"] == [2.2, 3.4, 1.6, 2.8]
    assert made["score_adjusted_mean"] == made["score_adjusted_usefulness"]


def test_the_order_of_rows_changes_no_digit() -> None:
    rows, scores, _, _ = biased(200)
    known = dict(
        zip(
            (each["id"] for each in rows),
            adjusting(CRITERIA)(batch(rows, list(scores)))["score_adjusted_mean"],
            strict=True,
        )
    )
    for seed in range(5):
        order = Random(seed).sample(range(200), 200)
        made = adjusting(CRITERIA)(batch([rows[n] for n in order], [scores[n] for n in order]))
        assert made["score_adjusted_mean"] == [known[rows[n]["id"]] for n in order]


@pytest.mark.parametrize(
    ("lengths", "scores"),
    [([5, 50], [1.0, 5.0]), ([7, 7, 7, 7], [1.0, 2.0, 3.0, 4.0]), ([0, 0, 0], [1.0, 2.0, 4.0])],
    ids=["two rows", "one length", "no words"],
)
def test_where_no_line_says_anything_scores_stay(lengths: list[int], scores: list[float | None]) -> None:
    rows = [row(str(n), response="a " * length) for n, length in enumerate(lengths)]
    assert adjusting(CRITERIA)(batch(rows, scores))["score_adjusted_mean"] == scores


def test_a_row_without_a_score_has_no_adjusted_one_and_moves_no_other() -> None:
    rows, scores, _, _ = biased(50)
    alone = adjusting(CRITERIA)(batch(rows, list(scores)))["score_adjusted_mean"]
    made = adjusting(CRITERIA)(batch([*rows, row("Else?", response="a " * 5000)], [*scores, None]))
    assert made["score_adjusted_mean"] == [*alone, None]
    assert adjusting(CRITERIA)(batch([], [])) == {"score_adjusted_usefulness": [], "score_adjusted_mean": []}


def test_the_words_are_those_of_all_that_the_assistant_says() -> None:
    turns = [
        {"role": "user", "content": "Where is it?"},
        {"role": "assistant", "content": "Look.", "reasoning": "A long thought.", "tool_calls": [{"name": "f"}]},
        {"role": "tool", "content": "at the depot"},
        {"role": "assistant", "content": "At the depot."},
    ]
    assert answer_text(row(messages=turns, response="At the depot.")) == "Look.\n\nAt the depot."
    assert answer_text(row(response="Tomorrow.")) == "Tomorrow."
    assert answer_text(row()) == ""


def test_the_step_can_be_worked_in_another_process_and_says_what_it_is() -> None:
    step = adjusting_step("judge.adjust", CRITERIA)
    assert step.sees == "all"
    assert list(step.writes) == ["score_adjusted_usefulness", "score_adjusted_mean"]
    assert step.column("score_adjusted_mean").role == "score"
    rows, scores, _, _ = biased(20)
    assert step.function(batch(rows, list(scores))) == adjusting(CRITERIA)(batch(rows, list(scores)))
