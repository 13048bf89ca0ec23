"""What may be reviewed, where verdicts go, and what the recipe says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft.errors import RecipeError, ReleaseError, UserError
from hfsft.pipeline.opened_review import OpenedReview, open_review
from hfsft.release.folder.file_names import RESOLVED
from hfsft.verdicts import REASONS
from tests.release import toy


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy.release(toy.toy(120), tmp_path_factory.mktemp("reviewed"))


@pytest.fixture
def folder(build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a build in it, and no recipe."""
    monkeypatch.chdir(tmp_path)
    Path("build").mkdir()
    Path("build/toy").symlink_to(build)
    return tmp_path


def say(review: OpenedReview, number: int = 1, **fields: Any) -> None:
    session = review.session("ann")
    for _ in range(number):
        name = session.following(None)
        assert name is not None
        session.keep(name, session.row(name)["content"], {"verdict": "accept", **fields})  # type: ignore[typeddict-item]


def test_a_build_is_reviewed_by_its_judge_and_verdicts_lie_in_the_working_directory(folder: Path) -> None:
    review = open_review("build/toy")
    assert [each.name for each in review.asked.criteria] == ["relevance", "usefulness"]
    assert review.file.path == Path("toy.review.jsonl")
    assert (review.recipe, review.wanted.rows, dict(review.asked.reasons)) == (None, 100, REASONS)
    say(review)
    assert len(Path("toy.review.jsonl").read_text().splitlines()) == 1
    assert open_review("build/toy").summary().reviewers == {"ann": {"accept": 1}}
    assert open_review("build/toy", to=Path("other.jsonl")).summary().reviewers == {}


@pytest.mark.parametrize("path", ["toy.yaml", "recipes/toy.yaml", "recipes/toy.yml"])
def test_of_a_build_the_recipe_of_its_name_is_found(folder: Path, path: str) -> None:
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(yaml.safe_dump({**toy.RECIPE, "name": "other"}))
    assert open_review("build/toy").recipe is None
    Path(path).write_text(yaml.safe_dump(toy.RECIPE))
    review = open_review("build/toy")
    assert (review.recipe, review.file.path) == (Path(path), Path(path).with_name("toy.review.jsonl"))


def test_of_a_recipe_its_build_is_reviewed_and_verdicts_lie_beside_it(folder: Path) -> None:
    (folder / "mine").mkdir()
    Path("mine/shop.yaml").write_text(yaml.safe_dump(toy.RECIPE))
    review = open_review("mine/shop.yaml")
    assert (review.rows.where, review.file.path) == ("build/toy", Path("mine/shop.review.jsonl"))
    Path("build/toy").unlink()
    with pytest.raises(
        ReleaseError, match=r"no build of it in build/toy \(run `hfsft build mine/shop.yaml` first, or name the folder"
    ):
        open_review("mine/shop.yaml")
    with pytest.raises(ReleaseError, match=r"build/toy: no such build \(run `hfsft build`"):
        open_review("build/toy")


def test_what_is_asked_for_beats_what_is_usual(folder: Path) -> None:
    review = open_review("build/toy", rows=7, overlap=0.5, only=None)
    assert (len(review.draw.sample), len(review.draw.shared)) == (3, 4)
    only = open_review("build/toy", rows=3, only=("bound",))
    assert [stop.drawn for stop in only.draw.walk("ann")] == ["bound"] * 3
    with pytest.raises(ReleaseError, match="has no row to look at for contradictions or unscored"):
        open_review("build/toy", only=("contradictions", "unscored")).session("ann")


def test_a_dataset_is_read_as_an_audit_reads_it_and_may_be_scored_by_quality(folder: Path, home: Path) -> None:
    rows = [{"question": f"What is {n}?", "answer": f"It is {n}."} for n in range(30)]
    Path("my data.jsonl").write_text("\n".join(map(json.dumps, rows)))
    review = open_review("my data.jsonl", quality=True)
    assert (review.file.path, review.asked.name) == (Path("my-data.review.jsonl"), "my-data")
    say(review, 2, scores={"quality": 4})
    assert [each.name for each in review.asked.criteria] == ["quality"]
    assert open_review("my data.jsonl").summary().looked_at == 2
    assert open_review("my data.jsonl").asked.criteria == ()
    with pytest.raises(UserError, match="no such file"):
        open_review("other.jsonl")


def test_a_build_without_kept_rows_says_so(folder: Path, build: Path, tmp_path: Path) -> None:
    none = tmp_path / "none"
    none.mkdir()
    for each in build.iterdir():
        if each.name not in ("provenance", "rejected"):
            (none / each.name).symlink_to(each)
    review = open_review(str(none))
    with pytest.raises(ReleaseError, match="has no rows that were kept"):
        review.session("ann")
    assert review.summary().sample == 0


def test_what_a_recipe_says_of_its_review_holds_at_once(folder: Path) -> None:
    said = {"rows": 9, "overlap": 0, "error": {"at_most": 0.1}, "verdicts": "ours.jsonl", "guidelines": "how.md"}
    Path("toy.yaml").write_text(yaml.safe_dump({**toy.RECIPE, "review": said}))
    Path("how.md").write_text("Look twice.")
    for where in ("build/toy", "toy.yaml"):
        review = open_review(where)
        assert (review.file.path, review.applied, review.asked.guidelines) == (Path("ours.jsonl"), True, "Look twice.")
        assert (len(review.draw.sample), len(review.draw.shared), review.asked.at_most) == (9, 0, 0.1)
    Path("toy.yaml").write_text("name: toy\nseedz: []\n")
    assert open_review("build/toy").wanted.rows == 100
    with pytest.raises(RecipeError):
        open_review("toy.yaml")


def test_rows_go_out_and_verdicts_come_in(folder: Path) -> None:
    review = open_review("build/toy", rows=10)
    say(review, 3)
    assert review.export(Path("out.csv"))[0].startswith("wrote ")
    assert review.export(Path("out.json"))[1].endswith("out.xml")
    with pytest.raises(ReleaseError, match=r"out\.csv: exists already"):
        review.export(Path("out.csv"))
    with pytest.raises(ReleaseError, match=r"name a \.csv file, or a \.json file"):
        review.export(Path("out.xlsx"))
    for name in ("out.csv", "out.json"):
        other = open_review("build/toy", to=Path(f"{name}.jsonl"))
        assert other.take(Path(name), "eve").new == 3
        assert other.take(Path(name), "eve").known == 3
        assert other.summary().rate == review.summary().rate


def test_anchors_are_written_beside_the_verdicts(folder: Path) -> None:
    review = open_review("build/toy", rows=20)
    with pytest.raises(ReleaseError, match="score some with hfsft review"):
        review.write_anchors(8)
    for score in (1, 3, 5):
        say(review, 1, scores={"relevance": score, "usefulness": score})
    told = review.write_anchors(8)
    assert told[0] == "wrote 3 anchors to toy.anchors.jsonl"
    assert "no more than 3 rows" in told[1]
    assert len(Path("toy.anchors.jsonl").read_text().splitlines()) == 3
    with pytest.raises(ReleaseError, match="exists already"):
        review.write_anchors(8)
    with pytest.raises(ReleaseError, match="written as JSON lines"):
        review.write_anchors(8, Path("a.csv"))


def test_what_a_build_says_of_its_review_holds_without_its_recipe(folder: Path, build: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for each in build.iterdir():
        if each.name != RESOLVED:
            (copy / each.name).symlink_to(each)
    said = {"rows": 5, "overlap": 0.4, "error": {"at_most": 0.1}, "reasons": ["rude"], "guidelines": "how.md"}
    (copy / "guidelines.md").write_text("# Look\n\nTwice.")
    recipe = yaml.safe_load((build / RESOLVED).read_text())
    (copy / RESOLVED).write_text(yaml.safe_dump({**recipe, "review": said}))
    review = open_review(str(copy))
    assert (len(review.draw.shared), len(review.draw.sample)) == (2, 3)
    assert (review.asked.at_most, review.asked.guidelines) == (0.1, "# Look\n\nTwice.")
    assert list(review.asked.reasons) == [*REASONS, "rude"]
