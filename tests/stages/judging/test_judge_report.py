"""What is told of a judge: how sure it was, which scores were read as digits, and the table in the card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from hfsft.models.model import Model
from hfsft.release.card.stage_parts import rendered
from hfsft.stages.base import CardPart, Outcome, ShownTable, Warn
from hfsft.stages.judging import judge_report
from hfsft.stages.judging.judge import Judge
from hfsft.stages.judging.judge_report import Judged

CHECKS = {"checklist": ["Is it?", "Was it?"]}
ROWS = 12


def judged(rubric: dict[str, Any], columns: dict[str, Sequence[float | None]], expected: bool = True) -> Judged:
    blank = [None] * ROWS
    outcome = Outcome(("train",), lambda name: columns.get(name, blank), lambda *_: (), ())
    section = Judge.model_validate({"rubric": rubric})
    return Judged(outcome, section.measure, 1, {"judge": Model(model="j")}, expected)


def columns(name: str, spread: float | None, lost: float | None) -> dict[str, Sequence[float | None]]:
    return {
        f"score_{name}": [1 + number % 5 * 0.2 for number in range(ROWS)],
        f"spread_{name}": [spread] * ROWS,
        f"lost_{name}": [lost] * ROWS,
    }


@pytest.mark.parametrize(
    ("criterion", "spread", "lost", "said"),
    [
        ("Does it help?", 1.4, 0.1, "use (spread 1.40, 1.41 where all are alike)"),
        ("Does it help?", 0.6, 0.7, "use (70% of the probability is for no score)"),
        ("Does it help?", 0.6, 0.1, ""),
        (CHECKS, 0.34, 0.1, "use (spread 0.34, 0.35 where all are alike)"),
        (CHECKS, 0.2, 0.1, ""),
    ],
)
def test_a_judge_whose_probabilities_say_nothing_is_told(criterion: Any, spread: float, lost: float, said: str) -> None:
    found = list(judge_report.notes(judged({"use": criterion}, columns("use", spread, lost))))
    told = [note for note in found if "hardly knows" in note]
    assert told == ([f"the judge hardly knows what to say of {said}"] if said else [])
    assert all(isinstance(note, Warn) for note in told)


def test_scores_that_were_read_as_digits_are_told() -> None:
    half = columns("use", 0.5, 0.1)
    half["lost_use"] = [0.1] * 4 + [None] * 8
    digits = "of 12 scores 8 were read as digits"
    assert any(digits in note for note in judge_report.notes(judged({"use": "?"}, half)))
    assert not any("digits" in note for note in judge_report.notes(judged({"use": "?"}, half, expected=False)))
    part = judge_report.card(judged({"use": "?"}, half))
    assert part is not None
    assert (part.values["digits"], part.values["scores"]) == (8, 12)


def test_the_table_has_a_column_for_each_score_but_for_checklists_and_says_how_sure_each_is() -> None:
    rubric = {"use": {"question": "Does it help?", "levels": {1: "no", 5: "yes"}}, "full": CHECKS}
    found = {**columns("use", 0.5, 0.1), **columns("full", 0.25, 0.2), "score_full": [0.5] * ROWS}
    part = judge_report.card(judged(rubric, found))
    assert part is not None
    table = part.values["table"]
    assert isinstance(table, ShownTable)
    assert list(table.head) == ["criterion", "question", "mean", "spread", "lost", "1", "2", "3", "4", "5"]
    use, full = table.rows
    assert use[1] == "Does it help? 1: no 5: yes"
    assert use[5:] == (8, 4, 0, 0, 0)  # a mean of 1.6 counts as the nearest score
    assert full[1:] == ("1. Is it? 2. Was it?", 0.5, 0.25, pytest.approx(0.2), None, None, None, None, None)


def test_of_what_kind_the_scores_are_is_a_figure_and_of_a_jury_the_spread_is_that_of_its_judges() -> None:
    assert judged({"use": "?"}, columns("use", 0.5, 0.1)).read_as == {"digit": 0, "expected": ROWS}
    assert judged({"use": "?"}, columns("use", None, None)).read_as == {"digit": ROWS, "expected": 0}
    assert judged({"use": "?"}, {}).read_as == {}
    one = judged({"use": "?"}, columns("use", 0.5, 0.1))
    several = replace(one, models={"a": Model(model="a"), "b": Model(model="b")})
    told = []
    for each in (one, several):
        part = judge_report.card(each)
        assert part is not None
        whole = CardPart(part.name, {**part.values, "exam": None, "controls": None, "calibrated": ""})
        told.append(" ".join(rendered(whole, lambda name: None).split()))
    assert "Spread is their standard deviation, lost" in told[0]
    assert "Spread is how far the judges lie apart, as a standard deviation, lost" in told[1]


def test_one_score_for_few_rows_is_nobodys_fault() -> None:
    for rows, said in ((4, 0), (5, 1)):
        found = judged({"use": "?"}, {"score_use": [4.0] * rows + [None] * (ROWS - rows)}, expected=False)
        assert sum("hardly tells rows apart" in note for note in judge_report.notes(found)) == said
