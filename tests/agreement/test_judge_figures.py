"""A judge beside people: the figures are the libraries' own, and say which rows they rest on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import beta, binomtest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import (
    accuracy_score,
    cohen_kappa_score,
    confusion_matrix,
    mean_absolute_error,
    precision_recall_curve,
    precision_score,
    recall_score,
)

from hfsft.agreement import library
from hfsft.agreement.bound_figures import KEPT_AT_LEAST, at_bounds, suggested, written
from hfsft.agreement.calibration import Basis, Calibration, state_of
from hfsft.agreement.calibration_said import at_bounds_table, basis_said, doubts
from hfsft.agreement.judge_figures import LabelledRow, ScoreBound, UsedRows, apart, by_bounds, by_criteria, used_of
from hfsft.hashing import unit

SCALES = {"usefulness": (1.0, 5.0)}
BOUNDS = [ScoreBound("mean", 3.0)]


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "RESAMPLES", 40)


def row(number: int, **more: Any) -> LabelledRow:
    """A row that is worth 1 to 5, which people and the judge see with an error each."""
    worth = 1 + number % 5
    people = min(5, max(1, worth + int(unit("people", number) * 3) - 1))
    judge = min(5.0, max(1.0, worth + int(unit("judge", number) * 5) / 2 - 1))
    known: dict[str, Any] = {
        "id": f"r{number:03}",
        "judged": {"usefulness": judge, "mean": judge},
        "compared": {"usefulness": judge},
        "accepted": people >= 4,
        "scores": {"usefulness": float(people)},
        "random": True,
    }
    return LabelledRow(**{**known, **more})


def rows(count: int = 60, **more: Any) -> list[LabelledRow]:
    return [row(number, **more) for number in range(count)]


def build(labelled: list[LabelledRow]) -> list[tuple[float, bool]]:
    return [(each.judged["mean"], each.fell) for each in labelled]


def used(labelled: list[LabelledRow], whole: list[tuple[float, bool]] | None = None) -> UsedRows:
    return used_of(labelled, whole if whole is not None else build(labelled), "mean", SCALES)


def nearest(score: float) -> int:
    return int(np.floor(score + 0.5))


def test_scores_are_compared_as_scikit_learn_does() -> None:
    labelled = rows()
    (found,) = by_criteria(used(labelled), SCALES)
    people = [int(each.scores["usefulness"]) for each in labelled]
    exact = [each.judged["usefulness"] for each in labelled]
    judge = [nearest(score) for score in exact]
    levels = [1, 2, 3, 4, 5]
    assert found.kappa.value == cohen_kappa_score(people, judge, labels=levels)
    assert found.weighted_kappa.value == cohen_kappa_score(people, judge, labels=levels, weights="quadratic")
    assert found.confusion == confusion_matrix(people, judge, labels=levels).tolist()
    assert found.same == accuracy_score(people, judge)
    assert found.off == mean_absolute_error(people, exact)
    assert found.bias == pytest.approx(np.mean(np.array(exact) - people), abs=1e-15)
    constant = DummyClassifier(strategy="most_frequent").fit(people, people)
    assert found.constant_same == constant.score(people, people)
    assert found.constant_off == mean_absolute_error(people, [np.median(people)] * 60)


def test_what_the_bounds_of_the_recipe_keep_is_compared_as_scikit_learn_does() -> None:
    labelled = rows()
    found = by_bounds(used(labelled), BOUNDS)
    people = [int(bool(each.accepted)) for each in labelled]
    keeps = [int(each.judged["mean"] >= 3) for each in labelled]
    assert found is not None
    assert found.kappa.value == cohen_kappa_score(people, keeps)
    assert found.precision.value == precision_score(people, keeps)
    assert found.recall.value == recall_score(people, keeps)
    assert [[found.fell_rejected, found.kept_rejected], [found.fell_accepted, found.kept_accepted]] == confusion_matrix(
        people, keeps
    ).tolist()
    assert found.constant == max(sum(people), 60 - sum(people)) / 60
    assert by_bounds(used(labelled), []) is None


def test_each_bound_has_the_precision_and_recall_of_scikit_learn_with_exact_intervals() -> None:
    labelled = rows()
    people, scores = [bool(each.accepted) for each in labelled], [each.judged["mean"] for each in labelled]
    precision, recall, bounds = precision_recall_curve(people, scores, drop_intermediate=False)
    found = at_bounds(used(labelled), "mean", scores)
    assert [each.at_least for each in found] == bounds.tolist()
    assert [each.precision.value for each in found] == precision[:-1].tolist()
    assert [each.recall.value for each in found] == recall[:-1].tolist()
    kept = [accepted for accepted, score in zip(people, scores, strict=True) if score >= 3.5]
    (at,) = [each for each in found if each.at_least == 3.5]
    exact = binomtest(sum(kept), len(kept)).proportion_ci(method="exact")
    assert (at.precision.low, at.precision.high) == (exact.low, exact.high)
    assert (at.kept, at.build) == (len(kept), len(kept) / 60)


def test_of_many_scores_some_bounds_are_shown_and_those_of_the_recipe_among_them() -> None:
    labelled = [replace(each, judged={"mean": 1 + 4 * unit("fine", each.id)}) for each in rows()]
    found = [each.at_least for each in at_bounds(used(labelled), "mean", [], [2.9])]
    assert len(found) <= 13
    assert min(each.judged["mean"] for each in labelled if each.judged["mean"] >= 2.9) in found


def test_the_lowest_bound_with_the_wanted_precision_is_suggested() -> None:
    labelled = rows(120)
    people, scores = [bool(each.accepted) for each in labelled], [each.judged["mean"] for each in labelled]
    precision, _, bounds = precision_recall_curve(people, scores, drop_intermediate=False)
    wanted = next(bound for share, bound in zip(precision, bounds, strict=False) if share >= 0.8)
    found = suggested(used(labelled), "mean", 0.8, scores)
    assert found.at_least == wanted
    assert found.low is not None
    assert found.high is not None
    assert found.low <= wanted <= found.high
    assert found.precision is not None
    assert found.precision.value is not None
    assert found.precision.value >= 0.8


@pytest.mark.parametrize(
    ("labelled", "precision", "why"),
    [
        (rows(19), 0.8, "19 rows have a verdict of people and this score, and 20 are needed"),
        (
            rows(30, accepted=None),
            0.8,
            "0 rows have a verdict of people and this score, and 20 are needed (--good 4 takes people's scores from 4 "
            "on for one)",
        ),
        (rows(30, accepted=False), 0.8, "people accept none of the rows"),
        (rows(40), 1.0, f"no bound that keeps {KEPT_AT_LEAST} labelled rows or more has that precision"),
    ],
    ids=["too few", "scores alone", "none accepted", "never"],
)
def test_where_no_bound_can_be_suggested_it_says_why(labelled: list[LabelledRow], precision: float, why: str) -> None:
    found = suggested(used(labelled), "mean", precision, [])
    assert (found.at_least, found.why) == (None, why)


def test_a_bound_that_keeps_all_labelled_rows_is_doubted_where_rows_below_have_no_label() -> None:
    labelled = rows(40, accepted=True)
    scores = [each.judged["mean"] for each in labelled]
    assert (
        "it keeps every row of the build: no bound is needed for that precision"
        in suggested(used(labelled), "mean", 0.8, scores).doubts
    )
    doubts = suggested(used(labelled), "mean", 0.8, [*scores, 0.5, 0.7]).doubts
    assert any("none of the 2 rows of the build that scored below 1 has one" in doubt for doubt in doubts)


def test_a_bound_is_written_in_few_digits_and_keeps_the_same_rows() -> None:
    scores = [1, 2, 7 / 3, 8 / 3, 3, 11 / 3, 11 / 3 - 1e-9, 4]
    found = {bound: written(bound, scores) for bound in scores}
    assert (found[4], found[8 / 3], found[3]) == (4, 2.6, 3)
    for bound, short in found.items():
        assert [score >= bound for score in scores] == [score >= short for score in scores]


def test_rows_that_were_picked_are_left_out_where_others_were_drawn_at_random() -> None:
    drawn, eyes = rows(30), [row(number, random=False) for number in range(30, 50)]
    unknown = [row(number, random=None) for number in range(50, 55)]
    found = used([*drawn, *eyes, *unknown])
    assert (found.basis.rows, found.basis.picked, found.basis.random) == (30, 25, True)
    assert any("left out of all figures: 25 rows" in said for said in basis_said(found.basis))
    alone = used(eyes)
    assert (alone.basis.rows, alone.basis.random) == (20, False)
    assert any("hold for rows that are picked like these" in said for said in basis_said(alone.basis))


def test_labels_of_models_count_for_nothing_beside_peoples() -> None:
    found = used([*rows(10), *(row(number, people=False) for number in range(10, 90))])
    assert (found.basis.rows, found.basis.models) == (10, 80)
    assert state_of(80, people=False)[0] == "uncalibrated"


def test_recall_is_said_to_be_that_of_some_rows_where_the_others_have_no_label() -> None:
    labelled = rows(40)
    whole = [*build(labelled), *[(0.5, True)] * 15]
    found = used(labelled, whole)
    assert (found.basis.unseen, found.basis.weighted) == (15, False)
    assert any(
        "nobody has labelled one of the 15 rows that fell at a bound" in said for said in basis_said(found.basis)
    )
    assert at_bounds_table("mean", [], found.basis).head[3] == "recall of the others"


def test_rows_that_fell_and_have_labels_count_as_often_as_their_kind_is_in_the_build() -> None:
    labelled = [replace(each, fell=each.judged["mean"] < 3) for each in rows(60)]
    fell = sum(each.fell for each in labelled)
    lowest = min(each.judged["mean"] for each in labelled)
    whole = [(4.0, False)] * 900 + [(2.0, True)] * 100 + [(lowest - 1, True)] * 7
    found = used(labelled, whole)
    assert (found.basis.weighted, found.basis.unseen, found.basis.fell) == (True, 7, fell)
    weights = [100 / fell if each.fell else 900 / (60 - fell) for each in labelled]
    assert list(found.weights) == weights
    people, scores = [bool(each.accepted) for each in labelled], [each.judged["mean"] for each in labelled]
    precision, recall, _ = precision_recall_curve(people, scores, sample_weight=weights, drop_intermediate=False)
    there = at_bounds(found, "mean", scores)
    assert [each.precision.value for each in there] == pytest.approx(precision[:-1].tolist(), abs=1e-12)
    assert [each.recall.value for each in there] == pytest.approx(recall[:-1].tolist(), abs=1e-12)
    (criterion,) = by_criteria(found, SCALES)
    judge = [nearest(score) for score in scores]
    given = [int(each.scores["usefulness"]) for each in labelled]
    assert criterion.kappa.value == cohen_kappa_score(given, judge, labels=[1, 2, 3, 4, 5], sample_weight=weights)


def test_the_interval_of_weighted_rows_is_that_of_as_many_equal_ones_as_tell_as_much() -> None:
    found = library.weighted_share([True, True, False, True], [1, 1, 1, 3])
    rows_alike = 36 / 12
    assert found.value == pytest.approx(5 / 6)
    assert found.low == pytest.approx(beta.ppf(0.025, 5 / 6 * rows_alike, rows_alike / 6 + 1))
    equal = library.weighted_share([True, True, False], [2, 2, 2])
    exact = binomtest(2, 3).proportion_ci(method="exact")
    assert (equal.value, equal.low, equal.high) == (2 / 3, exact.low, exact.high)
    assert library.weighted_share([], []).why == "no rows"


@pytest.mark.parametrize(
    ("labelled", "why"),
    [
        (
            [row(n, accepted=True, judged={"mean": 5.0}) for n in range(25)],
            "not defined, as people and the judge say one",
        ),
        (
            [row(n, judged={"mean": 5.0}) for n in range(25)],
            "0 by its definition, as the judge says the same of every row",
        ),
        ([row(n, accepted=True) for n in range(25)], "0 by its definition, as people say the same of every row"),
        ([row(n, accepted=row(n).judged["mean"] >= 3) for n in range(25)], "no interval, as no row differs"),
    ],
    ids=["both one word", "judge one word", "people one word", "all alike"],
)
def test_a_kappa_that_tells_nothing_is_said_in_words(labelled: list[LabelledRow], why: str) -> None:
    found = by_bounds(used(labelled), BOUNDS)
    assert found is not None
    assert found.kappa.why.startswith(why)


def test_the_rows_of_greatest_difference_come_first_however_they_were_picked() -> None:
    alike = row(1, scores={"usefulness": 3.0}, compared={"usefulness": 3.0}, accepted=None)
    far = row(2, scores={"usefulness": 1.0}, compared={"usefulness": 5.0}, accepted=None, random=False)
    rejected = row(3, scores={}, accepted=False, judged={"mean": 4.5})
    found = apart([alike, far, rejected], SCALES, "mean", (1, 5))
    assert [(each.row, each.by, each.people, each.judge) for each in found] == [
        ("r002", "usefulness", "1", 5.0),
        ("r003", "verdict", "reject", 4.5),
    ]
    assert apart([], SCALES, "mean", None) == []


@pytest.mark.parametrize(
    ("labels", "state"),
    [(0, "uncalibrated"), (19, "uncalibrated"), (20, "provisional"), (49, "provisional"), (50, "calibrated")],
)
def test_how_much_is_known_of_a_judge_hangs_on_the_rows_with_labels(labels: int, state: str) -> None:
    assert state_of(labels, people=True)[0] == state


def calibrated(labelled: list[LabelledRow]) -> Calibration:
    rest_on = used(labelled)
    figures = {"criteria": by_criteria(rest_on, SCALES), "bounds": by_bounds(rest_on, BOUNDS)}
    return Calibration(at="", judge={}, state="calibrated", basis=rest_on.basis, **figures)


def test_a_judge_that_tells_nothing_is_doubted_however_many_labels_there_are() -> None:
    assert list(doubts(calibrated(rows(60)))) == []
    shuffled = [
        row(n, judged={"mean": score}, compared={"usefulness": score}) for n in range(60) for score in [1.0 + n % 4]
    ]
    told = " ".join(doubts(calibrated(shuffled)))
    assert "usefulness: the judge may agree with people no more than chance does" in told
    assert "no better than chance does" in told
    same = [row(n, judged={"mean": 3.0}, compared={"usefulness": 3.0}) for n in range(60)]
    assert "usefulness: weighted kappa is 0 by its definition, as the judge says the same of every row" in " ".join(
        doubts(calibrated(same))
    )


def test_no_rows_are_no_figures() -> None:
    nothing = used([])
    assert nothing.basis == Basis(rows=0, random=False)
    assert by_criteria(nothing, SCALES) == []
    assert by_bounds(nothing, BOUNDS) is None
    assert at_bounds(nothing, "mean", [1.0, 2.0]) == []
    assert list(basis_said(nothing.basis)) == []
