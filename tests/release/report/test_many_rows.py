"""The page of very many rows, columns, rules and long texts: within its bytes, and no larger of more rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from hfsft.release.reader import Release
from hfsft.release.report.page import MOST, report
from hfsft.release.report.page_data import EACH_RULE, SAMPLES, PageLimits
from tests.release.report.made_folder import BLOCK, Wide, made
from tests.release.report.test_report import embedded

WIDE = Wide(measures=40, labels=5, rules=12, letters=3_000)
HUGE = Wide(
    measures=90,
    labels=30,
    rules=250,
    lines=3_000,
    sources=2_000,
    notes=2_000,
    letters=3_000,
    turns=30,
    name=200,
    recipe=3_000_000,
    told=3_000,
    judges=500,
)


@pytest.fixture(autouse=True)
def no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library that draws takes 0.9 MB of each page, as here."""
    monkeypatch.setattr("hfsft.release.report.vega.bundle", lambda: "/" * 950_000)


def page(folder: Path) -> str:
    found = report(Release(str(folder), folder))
    assert len(found.encode()) <= MOST <= 5_000_000
    return found


def test_a_page_that_fits_shows_all_that_it_may(tmp_path: Path) -> None:
    found = embedded(page(made(tmp_path, 3_000, 900)))
    samples = [each["fate"] for each in found["samples"]]
    assert samples.count("train") == SAMPLES["train"]
    assert samples.count("rejected") == SAMPLES["rejected"] == EACH_RULE * 10
    assert max(len(turn["text"]) for each in found["samples"] for turn in each["turns"]) <= PageLimits().text


def test_long_texts_are_cut_before_anything_is_left_out(tmp_path: Path) -> None:
    found = embedded(page(made(tmp_path, 3_000, 900, WIDE)))
    samples = [each["fate"] for each in found["samples"]]
    assert samples.count("train") == SAMPLES["train"]
    assert samples.count("rejected") >= SAMPLES["rejected"]
    assert "more characters)" in found["samples"][0]["turns"][0]["text"]
    assert len(found["measures"]) == 41


def test_a_page_of_very_much_of_everything_fits(tmp_path: Path) -> None:
    found = page(made(tmp_path, 120, 120, HUGE, scale=10**6))
    for told in ("What to know before training", "Clusters of duplicates", "and 1,", "more characters)"):
        assert told in found
    assert embedded(found)["samples"]


@pytest.mark.lasting
def test_a_page_of_a_hundred_times_the_rows_is_no_larger(tmp_path: Path) -> None:
    few = page(made(tmp_path / "few", BLOCK, BLOCK // 2, WIDE, scale=5_000))
    many = page(made(tmp_path / "many", 60 * BLOCK, 20 * BLOCK, WIDE, scale=100))
    assert abs(len(many) - len(few)) < 0.05 * len(few)
