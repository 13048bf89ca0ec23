"""What a judge's scores go along with: planted biases are found with their size, and of chance nothing is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import log2
from random import Random
from typing import Any

import pytest

from hfsft.stages.base import Outcome, Warn
from hfsft.stages.judging.bias import bias_report, measured
from hfsft.stages.judging.bias.measured import figures, placing_step

COLUMNS = {"usefulness": "score_usefulness", "tone": "score_tone", "mean": "score_mean"}
HEDGES = ["It might rain.", "Perhaps it is so.", "It usually works."]
FILLERS = ["Certainly!", "I hope this helps!", "It is important to note that it rains."]
Scores = Callable[[int, str, float, Random], float]


def answers(count: int, random: Random) -> list[str]:
    """Answers of many lengths, some with lists, Markdown, hedges and fillers, none of which hangs on another."""
    found = []
    for _ in range(count):
        parts = ["word " * random.randint(4, 200)]
        parts += ["\n" + "\n".join(["- item"] * random.randint(1, 6))] * (random.random() < 0.5)
        parts += [f"\n{'**bold** ' * random.randint(1, 4)}"] * (random.random() < 0.5)
        parts += random.choices(HEDGES, k=random.randint(0, 3)) + random.choices(FILLERS, k=random.randint(0, 2))
        found.append(" ".join(parts))
    return found


def outcome(scores: Scores, seed: int = 0, count: int = 300, fallen: int = 100, shuffled: bool = False) -> Outcome:
    """A build in which rows got their scores from their place, their answer and a worth of their own, 1 to 5."""
    random = Random(seed)
    texts = answers(count, random)
    worths = [random.uniform(1, 5) for _ in texts]
    rows = []
    for place, (text, worth) in enumerate(zip(texts, worths, strict=True)):
        both = [scores(place, text, worth, random) for _ in range(2)]
        row = {"id": f"row {place}", "response": text, "judge_place": place, "score_mean": sum(both) / 2}
        rows.append({**row, "score_usefulness": both[0], "score_tone": both[1]})
    rows = random.sample(rows, count) if shuffled else rows

    def column(of: Sequence[dict[str, Any]], name: str) -> list[Any]:
        return [row.get(name) for row in of]

    return Outcome([], lambda name: column(rows[fallen:], name), lambda name, step="": column(rows[:fallen], name), [])


def told(found: dict[str, Any]) -> list[str]:
    return [measure for measure, _, _ in found["told"]]


@pytest.mark.parametrize("count", [40, 120, 400])
def test_nothing_is_told_of_a_judge_that_only_errs_at_random(count: int) -> None:
    for seed in range(20):
        judge = outcome(lambda place, text, worth, random: worth + random.gauss(0, 1), seed, count, count // 3)
        assert told(figures(judge, COLUMNS)) == [], seed


def longer(place: int, text: str, worth: float, random: Random) -> float:
    return worth + 0.8 * log2(len(text.split())) + random.gauss(0, 0.3)


def test_a_planted_taste_for_length_is_found_with_its_size_and_nothing_else_is() -> None:
    found = figures(outcome(longer), COLUMNS)
    assert set(told(found)) == {"length"}
    assert found["rows"] == 300
    assert found["doubled"]["mean"] == pytest.approx(0.8, abs=0.1)
    rho, low, high = found["correlations"]["mean"]["length"]
    assert low < rho < high
    assert 0.4 < rho < 0.7
    (note,) = bias_report.notes(found, adjusted=False)
    assert isinstance(note, Warn)
    assert "the judge's scores go along with the number of words" in note
    assert "higher where there are twice as many" in note
    assert "adjust: length" in note
    (fact,) = bias_report.notes(found, adjusted=True)
    assert not isinstance(fact, Warn)
    assert "adjusted_mean" in fact


def bulleted(place: int, text: str, worth: float, random: Random) -> float:
    return worth + (2.5 if "- item" in text else 0.0)


def marked(place: int, text: str, worth: float, random: Random) -> float:
    return worth + (2.5 if "**" in text else 0.0)


def unsure(place: int, text: str, worth: float, random: Random) -> float:
    return worth - 1.5 * sum(text.count(hedge) for hedge in HEDGES)


def polite(place: int, text: str, worth: float, random: Random) -> float:
    return worth + 2 * sum(text.count(filler) for filler in FILLERS)


def drifting(place: int, text: str, worth: float, random: Random) -> float:
    return worth - place / 100


@pytest.mark.parametrize(
    ("judge", "measure", "said"),
    [
        (bulleted, "bullets", "items of lists"),
        (marked, "markdown", "Markdown"),
        (unsure, "hedges", "hedges (rank correlation: "),
        (polite, "fillers", "filler phrases"),
        (drifting, "position", "the place in the run"),
    ],
)
def test_each_other_planted_taste_is_found_by_its_name(judge: Scores, measure: str, said: str) -> None:
    found = figures(outcome(judge), COLUMNS)
    assert set(told(found)) == {measure}
    (note,) = bias_report.notes(found, adjusted=True)
    assert said in note
    assert isinstance(note, Warn)
    sign = "-" if measure in ("hedges", "position") else "+"
    assert f"mean {sign}0." in note


def test_what_only_grows_with_length_is_not_told_beside_it() -> None:
    random = Random(4)
    texts = ["- item\n" * random.randint(1, 60) for _ in range(200)]
    rows = [{"id": str(n), "response": text, "score_mean": 3 + text.count("-") / 20} for n, text in enumerate(texts)]
    judge = Outcome([], lambda name: [row.get(name) for row in rows], lambda *columns: [], [])
    found = figures(judge, {"mean": "score_mean"})
    assert found["correlations"]["mean"]["bullets"][0] == 1.0
    assert set(told(found)) == {"length"}
    assert found["correlations"]["mean"].keys() == {"length", "bullets", "markdown", "hedges", "fillers"}


def test_rows_in_another_order_make_the_same_figures_and_they_are_json() -> None:
    plain, shuffled = figures(outcome(longer), COLUMNS), figures(outcome(longer, shuffled=True), COLUMNS)
    assert plain == shuffled
    assert json.loads(json.dumps(plain)) == plain


def test_of_very_many_rows_some_are_looked_at_and_always_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "MOST", 100)
    plain, shuffled = figures(outcome(longer), COLUMNS), figures(outcome(longer, shuffled=True), COLUMNS)
    assert plain == shuffled
    assert plain["rows"] == 100


def test_where_no_row_was_judged_there_is_nothing_to_tell() -> None:
    nobody = Outcome([], lambda name: [None] * 3, lambda *columns: [], [])
    assert figures(nobody, COLUMNS) == {}
    assert list(bias_report.notes({}, adjusted=False)) == []
    assert bias_report.table({}) is None
    few = figures(outcome(longer, count=5, fallen=2), COLUMNS)
    assert bias_report.table(few) is None
    (note,) = bias_report.notes(few, adjusted=True)
    assert "a fit over 5 rows" in note
    assert list(bias_report.notes(few, adjusted=False)) == []
    assert told(few) == []


def test_a_jurys_judges_are_looked_at_where_they_gave_a_verdict() -> None:
    judge = outcome(longer)
    half = Outcome(
        [], lambda name: [None if name == "by_a_mean" and n % 2 else v for n, v in enumerate(judge.values(name))],
        lambda name, step="": judge.removed(name), [],
    )  # fmt: skip
    found = figures(half, {**COLUMNS, "a (judge)": "by_a_mean", "b (judge)": "score_tone"})
    assert found["correlations"]["a (judge)"]["length"] is None
    assert found["correlations"]["b (judge)"] == found["correlations"]["tone"]


def test_the_phrases_that_most_answers_have_are_named() -> None:
    texts = ["Sure! I hope this helps!", "I hope this helps.", "Blue.", "I hope this helps! I hope this helps!"]
    rows = [{"id": str(n), "response": text, "score_mean": 3.0} for n, text in enumerate(texts)]
    judge = Outcome([], lambda name: [row.get(name) for row in rows], lambda *columns: [], [], samples=True)
    found = figures(judge, {"mean": "score_mean"})
    silent = figures(replace(judge, samples=False), {"mean": "score_mean"})
    assert silent["fillers"] == {"share": 0.75, "most": []}
    assert bias_report.fillers(silent) == "75% of the judged answers have a filler phrase."
    assert found["fillers"] == {"share": 0.75, "most": [["i hope this helps", 3], ["sure", 1]]}
    said = bias_report.fillers(found)
    assert (
        said == "75% of the judged answers have a filler phrase; in how many each: “i hope this helps” (3), “sure” (1)."
    )


def test_rows_are_numbered_as_they_come() -> None:
    step = placing_step("judge.place")
    assert step.function({"id": ["c", "a", "b"]}) == {"judge_place": [0, 1, 2]}
    assert step.column("judge_place").role == "lineage"
