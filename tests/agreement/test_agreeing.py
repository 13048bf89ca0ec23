"""Agreement of reviewers: equal to the libraries' own figures, and a sentence wherever these are not defined."""

from __future__ import annotations

from math import nan
from typing import Any

import krippendorff
import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap
from sklearn.metrics import cohen_kappa_score

from hfsft.agreement import agreeing, agreement, agreement_said, library
from hfsft.agreement.agreeing import agreed, levels_of
from hfsft.agreement.agreement_said import ResultTable, said
from hfsft.hashing import unit
from hfsft.verdicts import Verdict

Given = dict[str, dict[str, float]]


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "RESAMPLES", 40)


def scored(rows: int, reviewers: str = "ab", share: float = 1.0) -> Given:
    """Scores from 1 to 5, which reviewers give alike or one off, each of them a share of the rows."""
    found: Given = {}
    for row in range(rows):
        right = 1 + int(unit("right", row) * 5)
        for reviewer in reviewers:
            if unit("sees", row, reviewer) < share:
                off = int(unit("off", row, reviewer) * 3) - 1
                found.setdefault(f"r{row:03}", {})[reviewer] = float(min(5, max(1, right + off)))
    return found


def columns(labels: Given, *reviewers: str) -> list[list[float]]:
    rows = [labels[row] for row in sorted(labels) if all(name in labels[row] for name in reviewers)]
    return [[row[name] for row in rows] for name in reviewers]


def test_two_reviewers_agree_as_scikit_learn_says() -> None:
    labels = scored(60)
    found = agreed("usefulness", labels, ordered=True, levels=(1, 5))
    first, second = columns(labels, "a", "b")
    assert found.kappa.value == cohen_kappa_score(first, second, labels=[1, 2, 3, 4, 5])
    assert found.weighted is not None
    assert found.weighted.value == cohen_kappa_score(first, second, labels=[1, 2, 3, 4, 5], weights="quadratic")
    assert found.alpha.value == krippendorff.alpha([first, second], level_of_measurement="ordinal")
    exact = binomtest(sum(map(float.__eq__, first, second)), 60).proportion_ci(method="exact")
    assert found.same.ends == (exact.low, exact.high)


def test_of_three_reviewers_kappa_is_the_mean_of_pairs_and_alpha_takes_all_rows() -> None:
    labels = scored(80, "abc", share=0.7)
    found = agreed("usefulness", labels, ordered=True, levels=(1, 5))
    pairs = [
        cohen_kappa_score(*columns(labels, *pair), labels=[1, 2, 3, 4, 5], weights="quadratic")
        for pair in (("a", "b"), ("a", "c"), ("b", "c"))
    ]
    assert found.weighted is not None
    assert found.weighted.value == pytest.approx(sum(pairs) / 3, abs=1e-15)
    table = [[labels[row].get(name, nan) for row in sorted(labels)] for name in "abc"]
    assert found.alpha.value == pytest.approx(krippendorff.alpha(table, level_of_measurement="ordinal"), abs=1e-15)
    assert found.rows == sum(len(given) > 1 for given in labels.values())


def test_the_interval_is_scipys_over_rows_and_the_same_for_the_same_rows() -> None:
    labels = scored(40)
    found = agreed("usefulness", labels, ordered=False)
    first, second = map(np.array, columns(labels, "a", "b"))
    seed = [[row, sorted(given.items())] for row, given in sorted(labels.items())]
    there = bootstrap(
        (np.arange(40),),
        lambda rows: cohen_kappa_score(first[rows], second[rows], labels=[1, 2, 3, 4, 5]),
        vectorized=False,
        n_resamples=library.RESAMPLES,
        method="percentile",
        random_state=np.random.default_rng(int(library.digest(seed, 16), 16)),
    ).confidence_interval
    assert (found.kappa.low, found.kappa.high) == pytest.approx((there.low, there.high), abs=1e-12)
    again = agreed("usefulness", dict(reversed(labels.items())), ordered=False)
    assert again == found


def test_a_level_that_nobody_used_is_a_step_all_the_same() -> None:
    assert levels_of({"r": {"a": 1.0, "b": 5.0}}, (1, 5)) == [1, 2, 3, 4, 5]
    assert levels_of({"r": {"a": 2.0, "b": 4.0}}, None) == [2, 3, 4]
    assert levels_of({"r": {"a": 2.5, "b": 4.0}}, (1, 5)) == [2.5, 4]


@pytest.mark.parametrize(
    ("labels", "kappa", "alpha"),
    [
        ({}, "no row was labelled by two reviewers", "no row was labelled by two reviewers"),
        (
            {"r1": {"a": 3}, "r2": {"b": 3}},
            "no row was labelled by two reviewers",
            "no row was labelled by two reviewers",
        ),
        (
            {"r1": {"a": 4, "b": 4}, "r2": {"a": 4, "b": 4}},
            "not defined, as every label is 4",
            "not defined, as every label is 4",
        ),
        (
            {"r1": {"a": 4, "b": 4}, "r2": {"c": 2, "d": 2}},
            "not defined, as no two reviewers who saw the same rows used two labels",
            "no interval, as no row differs",
        ),
        (
            {"r1": {"a": 4, "b": 4}, "r2": {"a": 1, "b": 1}},
            "no interval, as no row differs",
            "no interval, as no row differs",
        ),
        (
            {"r1": {"a": 4, "b": 4}, "r2": {"a": 1, "b": 2}},
            "too few rows, or too few of one label, for an interval",
            "too few rows, or too few of one label, for an interval",
        ),
    ],
    ids=["no rows", "no overlap", "one label", "one label each pair", "all agree", "two rows"],
)
def test_what_cannot_be_told_is_said_in_words(labels: Given, kappa: str, alpha: str) -> None:
    found = agreed("usefulness", labels, ordered=True)
    assert (found.kappa.why, found.alpha.why) == (kappa, alpha)
    told = " ".join(map(str, said([found])))
    assert "nan" not in told


def verdict(row: str, reviewer: str, word: Any = "accept", **more: Any) -> Verdict:
    return Verdict(row, f"text of {row}", reviewer, "2026-11-26T12:00:00Z", word, **{"drawn": "overlap", **more})


def standing(*given: Verdict) -> dict[tuple[str, str], dict[str, Verdict]]:
    found: dict[tuple[str, str], dict[str, Verdict]] = {}
    for each in given:
        found.setdefault(each.key, {})[each.reviewer] = each
    return found


def test_an_edit_is_no_acceptance_of_the_text_as_it_is_and_a_skip_is_nothing() -> None:
    found = agreeing.labels_of(
        standing(
            verdict("r1", "a"),
            verdict("r1", "b", edit={"response": "Better."}, scores={"tone": 2}),
            verdict("r2", "a", "skip"),
            verdict("r2", "b", "reject"),
        )
    )
    assert found == {"verdict": {"r1": {"a": 1, "b": 0}, "r2": {"b": 0}}, "tone": {"r1": {"b": 2}}}


def test_two_texts_of_a_row_are_two_rows() -> None:
    old, new = verdict("r1", "a"), Verdict("r1", "another", "b", "2026-11-26T12:00:00Z", "reject")
    assert agreeing.labels_of(standing(old, new))["verdict"] == {
        "r1 (text of )": {"a": 1},
        "r1 (another)": {"b": 0},
    }


def test_rows_that_were_picked_for_eyes_are_left_out_where_others_were_drawn_at_random() -> None:
    drawn = [verdict(f"r{row}", name, "accept" if row % 3 else "reject") for row in range(12) for name in "ab"]
    eyes = [
        verdict(f"e{row}", name, word, drawn="disagree")
        for row in range(6)
        for name, word in zip("ab", ("accept", "reject"), strict=True)
    ]
    (found,) = agreement(standing(*drawn, *eyes))
    assert (found.rows, found.picked, found.kappa.value) == (12, 6, 1)
    assert any("left out: 6 rows" in str(told) for told in said([found]))
    (alone,) = agreement(standing(*eyes))
    assert (alone.rows, alone.random) == (6, False)
    assert any("hold for rows that are picked like these" in str(told) for told in said([alone]))


def test_below_clear_the_guidelines_are_named_with_the_rows_that_differ_most() -> None:
    labels = {f"r{row}": {"ann": 1.0 + row % 5, "ben": 5.0 - row % 5} for row in range(30)}
    told = list(said([agreed("tone", labels, ordered=True, levels=(1, 5))], called=str.upper))
    (table,) = [each for each in told if isinstance(each, ResultTable)]
    assert table.rows[0][:2] == ("tone", 30)
    assert "below 0.6: the guidelines leave open" in str(told[-1])
    assert "r0 (ANN 1, BEN 5)" in str(told[-1])


def test_a_low_kappa_of_labels_that_are_nearly_all_alike_blames_no_guidelines() -> None:
    labels = {f"r{row}": {"a": float(row != 1), "b": float(row != 2)} for row in range(50)}
    told = str(list(said([agreed("verdict", labels, ordered=False)]))[-1])
    assert "though all agree on 96% of the rows" in told
    assert "guidelines" not in told


def test_one_reviewer_alone_agrees_with_nobody() -> None:
    assert agreement_said(standing(verdict("r1", "a"))) == [
        "one reviewer alone agrees with nobody: have a second one look at some of the same rows"
    ]


def test_without_the_libraries_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(f"No module named {name!r}", name=name.partition(".")[0])

    monkeypatch.setattr(library, "import_module", missing)
    (told,) = agreement_said(standing(verdict("r1", "a"), verdict("r1", "b", "reject")))
    assert "pip install 'hfsft[people]'" in str(told)
