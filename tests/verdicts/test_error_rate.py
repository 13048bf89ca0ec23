"""The share of wrong rows in a sample, its exact interval, and how many more rows a bound needs."""

from __future__ import annotations

import pytest
from scipy.stats import beta

from hfsft.verdicts import ErrorRate, error_rate
from tests.verdicts.helpers import said


def rate(wrong: int, rows: int) -> ErrorRate:
    said_so = [said(verdict="reject" if place < wrong else "accept", drawn="sample") for place in range(rows)]
    return error_rate({"ann": each} for each in said_so)


@pytest.mark.parametrize(("wrong", "rows"), [(0, 72), (3, 100), (7, 7), (1, 1), (40, 1000)])
def test_the_interval_is_that_of_clopper_and_pearson(wrong: int, rows: int) -> None:
    found = rate(wrong, rows)
    low = beta.ppf(0.025, wrong, rows - wrong + 1) if wrong else 0.0
    high = beta.ppf(0.975, wrong + 1, rows - wrong) if wrong < rows else 1.0
    assert (found.looked_at, found.wrong, found.rate) == (rows, wrong, wrong / rows)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-9), pytest.approx(high, abs=1e-9))


def test_rows_count_that_were_drawn_at_random_and_that_somebody_decided() -> None:
    rows = [
        {"ann": said(drawn="sample")},
        {"ann": said(drawn="overlap", edit={"response": "x"})},
        {"ann": said(drawn="overlap"), "bob": said(by="bob", verdict="reject", drawn="overlap")},
        {"ann": said(drawn="disagree", verdict="reject")},
        {"ann": said(verdict="reject")},
        {"ann": said(drawn="sample", verdict="skip")},
    ]
    found = error_rate(rows)
    assert (found.looked_at, found.wrong) == (3, 2)
    assert error_rate([]) == ErrorRate(0, 0, None, 0.0, 1.0)


@pytest.mark.parametrize(
    ("wrong", "rows", "at_most", "more"),
    [(0, 0, 0.05, 72), (0, 50, 0.05, 22), (0, 72, 0.05, 0), (0, 0, 1, 0), (1, 10, 0.05, None), (5, 100, 0.05, None)],
)
def test_how_many_more_rows_a_bound_needs_if_the_share_stays(
    wrong: int, rows: int, at_most: float, more: int | None
) -> None:
    assert rate(wrong, rows).more(at_most) == more


def test_that_many_more_rows_are_enough_and_one_less_is_not() -> None:
    found = rate(2, 100)
    more = found.more(0.05)
    assert more is not None
    assert rate(round(0.02 * (100 + more)), 100 + more).high <= 0.05
    assert rate(round(0.02 * (100 + more)), 99 + more).high > 0.05
    assert rate(49, 1000).more(0.0490001) is None


def test_how_many_more_would_do_if_none_of_them_were_wrong() -> None:
    assert rate(1, 1).more(0.2) is None
    right = rate(1, 1).more_if_right(0.2)
    assert right is not None
    assert rate(1, 1 + right).high <= 0.2 < rate(1, right).high
    assert rate(0, 72).more_if_right(0.05) == 0
