"""The report as a file: what is in it, from the folder alone, and that a row's text can become nothing else."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hfsft.cli import main
from hfsft.errors import ReleaseError
from hfsft.release.reader import Release
from hfsft.release.report.html_pages import inside_page
from hfsft.release.report.page import LATER, report, rewrite
from hfsft.release.report.page_data import EACH_RULE, LONGEST, SAMPLES, PageData
from hfsft.release.report.split_rows import SplitRows
from hfsft.release.report.thresholds import STEPS, threshold, thresholds
from tests.release.toy import NASTY, release, toy


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return release(toy(), tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="module")
def story(folder: Path) -> PageData:
    return PageData(Release(str(folder), folder))


def embedded(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_the_page_asks_for_nothing_from_elsewhere(folder: Path) -> None:
    page = unescape((folder / "report.html").read_text(encoding="utf-8"))
    assert "default-src 'none'" in page
    assert not re.search(r"""(src|href)=["'](?!#|data:)""", page.split('<script type="application/json"')[0])


def test_only_our_own_scripts_are_in_the_page(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<script") == page.count("</script>") == 5  # the data, the library, charts, the row, samples
    assert len(re.findall("'sha256-", unescape(page))) == 4


@pytest.mark.parametrize("text", NASTY)
def test_text_in_the_data_block_is_data(text: str) -> None:
    assert json.loads(inside_page({"text": text})) == {"text": text}
    assert not re.search("[<>&\u2028\u2029\x7f-\x9f\u202a-\u202e]", inside_page(text))


def test_the_same_page_comes_from_the_folder_alone(folder: Path, tmp_path: Path) -> None:
    before = (folder / "report.html").read_bytes()
    assert rewrite(str(folder)) == folder / "report.html"
    assert (folder / "report.html").read_bytes() == before


def test_a_build_of_a_version_before_has_its_page_too(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "old")
    path = tmp_path / "old" / "funnel.json"
    summary = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({name: value for name, value in summary.items() if name not in LATER}))
    assert "built on" not in rewrite(str(tmp_path / "old")).read_text(encoding="utf-8")


def test_a_folder_without_a_build_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="holds no build"):
        rewrite(str(tmp_path))


def test_a_page_without_charts_is_still_a_page(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr("hfsft.release.report.vega.bundle", lambda: "")
    page = report(Release(str(folder), folder))
    assert "The charts could not be drawn" in page
    assert len(embedded(page)["samples"]) > 100


def test_every_place_of_a_slider_says_what_that_bound_would_keep(story: PageData) -> None:
    for measure in thresholds(story, 99):
        kept = [float(value) for value in story.values(measure["column"]) if value is not None]
        removal = [float(value) for some in story.removed_by(measure["column"]) for value in some]
        for value, *counts in measure["places"]:
            assert counts == [
                sum(one >= value for one in kept),
                sum(one >= value for one in removal),
                sum(one <= value for one in kept),
                sum(one <= value for one in removal),
            ]


def test_the_bounds_are_places_of_the_slider_and_keep_what_was_kept(story: PageData) -> None:
    found = {measure["column"]: measure for measure in thresholds(story, 99)}
    assert found["tokens_response"]["bounds"] == {"at_least": 20, "at_most": 100}
    assert found["score_relevance"]["bounds"] == {}
    for measure in found.values():
        places = {place[0]: place for place in measure["places"]}
        for kind, bound in measure["bounds"].items():
            assert places[bound][1 if kind == "at_least" else 3] == measure["kept"]


def test_many_values_make_a_slider_of_bounded_size() -> None:
    kept = np.arange(20_000) / 7919
    parts = np.array_split(kept, 7)
    found = threshold("length", lambda: parts, lambda: [np.array([9.5, 11.25])], {"at_most": 1.2345}, None)
    assert found is not None
    places = found["places"]
    assert len(places) <= STEPS + 3
    assert [place for place in places if place[0] == 1.2345] == [[1.2345, 10223, 2, 9777, 0]]


def test_samples_are_few_the_same_each_time_and_of_every_rule(story: PageData) -> None:
    samples = story.samples()
    assert samples == story.samples()
    stages = {sample["stage"] for sample in samples if "stage" in sample}
    assert stages == {rule["stage"] for rule in story.rules()}
    for stage in stages:
        assert sum(sample.get("stage") == stage for sample in samples) <= max(EACH_RULE, SAMPLES["rejected"])


def test_a_long_text_is_shown_in_part() -> None:
    from hfsft.release.report.page_data import cut

    assert cut("a" * LONGEST) == "a" * LONGEST
    assert cut("a" * (LONGEST + 1200)).endswith("… (1,200 more characters)")


def test_duplicates_are_joined_to_the_row_they_repeat(story: PageData) -> None:
    clusters = story.clusters()
    assert sum(cluster["rows"] for cluster in clusters) == 25
    assert clusters == sorted(clusters, key=lambda cluster: -cluster["rows"])
    assert all(cluster["text"] not in ("", None) and cluster["members"] for cluster in clusters)


def test_rows_are_taken_where_they_stand_across_shards(tmp_path: Path) -> None:
    from datasets import Dataset

    for shard in range(3):
        rows = Dataset.from_dict({"id": [f"{shard}-{index}" for index in range(1500)]})
        rows.to_parquet(tmp_path / f"train-{shard}.parquet")
    table = SplitRows("train", sorted(tmp_path.glob("*.parquet")))
    assert dict(table.rows([4499, 0, 1500, 2999])) == {
        0: {"id": "0-0"},
        1500: {"id": "1-0"},
        2999: {"id": "1-1499"},
        4499: {"id": "2-1499"},
    }
    assert list(table.column("nothing")) == [None] * 4500
    assert list(table.rows([])) == []
    assert dict(table.rows([0, 4499], ["id", "nothing"])) == {0: {"id": "0-0"}, 4499: {"id": "2-1499"}}
    assert dict(SplitRows("train", [_two_columns(tmp_path)]).rows([1], ["said"])) == {1: {"said": "b"}}


def _two_columns(folder: Path) -> Path:
    from datasets import Dataset

    path = folder / "two.parquet"
    Dataset.from_dict({"id": ["0", "1"], "said": ["a", "b"]}).to_parquet(path)
    return path


def test_the_command_writes_the_page_anew(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / "report.html").read_bytes()
    (folder / "report.html").unlink()
    assert main(["report", str(folder)]) == 0
    assert capsys.readouterr().out == f"written to {folder / 'report.html'}\n"
    assert (folder / "report.html").read_bytes() == before
