"""A release holds verdicts where its sources are published, of reviewers without names: a clone decides the same."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from hfsft.release.folder.file_names import LOCK
from hfsft.release.hub.release_files import Build
from tests.stages.reviewing.helpers import built, fell, file_of, judged, kiln, rows_in

NAMES = ("ann.lee", "bob.ray")


def reviewed(folder: Path, **more: object) -> Path:
    """A recipe of which two people have seen rows: accepted, rejected, edited, disputed and skipped."""
    section = {"guidelines": "rules.md", **({"names": True} if more.pop("names", False) else {})}
    recipe = kiln(folder, section, **more)
    (folder / "rules.md").write_text("# Rules\n\nBe strict.\n")
    rows, file = rows_in(built(recipe)[0]), file_of(recipe)
    ann, bob = NAMES
    file.append(judged(rows[0], by=ann, note="private to ann", seconds=9.0))
    file.append(judged(rows[1], "reject", ann, reason="style", note="too curt"))
    file.append(judged(rows[2], by=ann, edit={"response": "With care."}))
    file.append(judged(rows[3], "reject", ann, reason="other"))
    file.append(judged(rows[3], by=bob, at="2026-11-27T12:00:00Z"))
    file.append(judged(rows[4], "skip", bob))
    return recipe


def test_a_clone_of_a_release_with_sources_builds_the_same(tmp_path: Path, home: Path) -> None:
    recipe = reviewed(tmp_path, publish={"sources": True})
    made, folder, _ = built(recipe)
    again, second, _ = built(folder / "recipe.resolved.yaml", tmp_path / "again")
    assert [row["id"] for row in rows_in(again)] == [row["id"] for row in rows_in(made)]
    fates = [{row: {**told, "source": None} for row, told in fell(each).items()} for each in (folder, second)]
    assert fates[0] == fates[1]
    for name in ("review.jsonl", "guidelines.md"):
        assert (folder / name).read_bytes() == (second / name).read_bytes()
    for path in (folder / "data").iterdir():
        assert path.read_bytes() == (second / "data" / path.name).read_bytes()
    decide = [next(step for step in each.plan.steps if step.name == "review.decide") for each in (made, again)]
    assert decide[0].depends_on() == decide[1].depends_on()


def test_reviewers_have_no_names_in_a_release_and_what_they_noted_for_themselves_is_left_out(
    tmp_path: Path, home: Path
) -> None:
    _, folder, _ = built(reviewed(tmp_path, publish={"sources": True}))
    lines = [json.loads(line) for line in (folder / "review.jsonl").read_text().splitlines()]
    assert {line["reviewer"] for line in lines} == {"r1", "r2"}
    assert {line["verdict"] for line in lines} == {"accept", "reject"}
    for path in (path for path in folder.rglob("*") if path.is_file()):
        found = path.read_bytes()
        assert not [each for each in (*NAMES, "private to ann") if each.encode() in found], path
    assert "They judged by `guidelines.md`. Rows decided by each reviewer: r1: 4, r2: 1." in (
        (folder / "README.md").read_text()
    )
    assert {"review.jsonl", "guidelines.md"} <= Build.read(folder).files.keys()


def test_names_are_published_where_the_recipe_says_so(tmp_path: Path, home: Path) -> None:
    _, folder, _ = built(reviewed(tmp_path, names=True, publish={"sources": True}))
    assert f"{NAMES[0]}: 4" in (folder / "README.md").read_text()
    assert NAMES[0] in (folder / "review.jsonl").read_text()


def test_without_sources_verdicts_are_named_among_what_is_not_published(tmp_path: Path, home: Path) -> None:
    _, folder, _ = built(reviewed(tmp_path))
    assert not (folder / "review.jsonl").exists()
    assert (folder / "guidelines.md").read_text() == "# Rules\n\nBe strict.\n"
    assert json.loads((folder / LOCK).read_text())["unpublished"] == ["kiln.review.jsonl", "rows.jsonl"]
    resolved = yaml.safe_load((folder / "recipe.resolved.yaml").read_text())["review"]
    assert (resolved["verdicts"], resolved["guidelines"]) == ("kiln.review.jsonl", "guidelines.md")


def test_texts_of_rows_that_fell_are_not_in_verdicts_where_they_are_withheld(tmp_path: Path, home: Path) -> None:
    recipe = reviewed(tmp_path, publish={"sources": True, "rejected": False})
    made, folder, _ = built(recipe)
    (edited,) = (row for row in rows_in(made) if row["origin"] == "edited")
    note = "1 row that people edited cannot be built again from this release"
    assert [each.startswith(note) for each in made.notes].count(True) == 1
    again = rows_in(built(folder / "recipe.resolved.yaml", tmp_path / "again")[0])
    assert {row["id"] for row in rows_in(made)} - {row["id"] for row in again} == {edited["id"]}
    file_of(recipe).append(judged(edited, "reject", NAMES[0], reason="style"))
    _, folder, _ = built(recipe)
    for path in (path for path in folder.rglob("*") if path.is_file()):
        found = path.read_bytes()
        assert not [each for each in ("With care", "too curt") if each.encode() in found], path
