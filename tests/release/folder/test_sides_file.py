"""Sides that were given stay: real files, built, grown and built again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from datasets import load_dataset

import hfsft
from hfsft.cli import main
from hfsft.errors import SourceError
from hfsft.hashing import digest
from hfsft.pipeline import forecast
from hfsft.release.comparison import Diff, diff
from hfsft.release.folder import sides_file
from hfsft.release.reader import open_release
from hfsft.stages.split.sides import Sides, Stand
from tests.models.server import LLM
from tests.recipes import reply, support
from tests.test_pipeline import content

pytestmark = pytest.mark.usefixtures("home")


def text(*parts: Any) -> str:
    return " ".join(digest([*parts, word], 7) for word in range(8))


def rows(start: int, stop: int) -> Iterator[dict[str, Any]]:
    """Conversations in pairs, that are told apart by their greeting and little else; every fifth row stands alone."""
    for number in range(start, stop):
        said = [
            ["Hi!", "Hello there, a question."][number % 2],
            f"{text(number // 2)} {text(number // 2, 'on')} {number}",
        ]
        if number % 5 == 0:
            said = [text("alone", number)]
        turns = [
            turn
            for each in said
            for turn in ({"role": "user", "content": each}, {"role": "assistant", "content": "Yes."})
        ]
        yield {"messages": turns, "topic": f"topic {number % 3}"}


def grow(folder: Path, stop: int, start: int = 0, **split: float) -> Path:
    """A recipe in the folder, over rows of which there are so many by now."""
    folder.mkdir(exist_ok=True)
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows(start, stop)), encoding="utf-8")
    recipe: dict[str, Any] = {
        "name": "toy",
        "license": "mit",
        "examples": [{"path": "rows.jsonl"}],
        "filters": ["control_tokens"],
    }
    recipe["publish"] = {"sources": True}
    path = folder / "toy.yaml"
    path.write_text(yaml.safe_dump({**recipe, "split": {"validation": 0.2, **split}}), encoding="utf-8")
    return path


def compared(old: Path, new: Path) -> Diff:
    return diff(open_release(str(old)), open_release(str(new)))


def to_validation(found: Diff) -> list[str]:
    return [row_id for row_id, (_, side) in found.moved.items() if side == "validation"]


def test_a_plan_of_what_is_built_knows_that_all_of_it_is(tmp_path: Path) -> None:
    for stop in (40, 57, 57):  # the last knows the sides of all rows
        recipe = grow(tmp_path / "mine", stop)
        hfsft.build(recipe, out=tmp_path / str(stop))
    assert [each.step.name for each in forecast(recipe) if not each.cached] == []


def test_rows_that_are_added_move_no_row_whichever_folder_is_built_into(tmp_path: Path) -> None:
    for stop in (40, 57, 200, 201):
        hfsft.build(grow(tmp_path / "mine", stop), out=tmp_path / str(stop))
    for old, new in ((40, 57), (57, 200), (200, 201), (40, 201)):
        found = compared(tmp_path / str(old) / "toy", tmp_path / str(new) / "toy")
        assert not found.moved
        assert len(found.added) == new - old
    split = {side: rows for side, (_, rows) in found.splits.items()}
    assert abs(split["validation"] / 201 - 0.2) < 0.02
    assert (tmp_path / "mine" / "toy.sides.jsonl").read_bytes() == (
        tmp_path / "201" / "toy" / "sides.jsonl"
    ).read_bytes()


def test_a_second_build_of_the_same_is_the_same_to_the_byte_and_so_is_one_elsewhere(tmp_path: Path) -> None:
    recipe, out = grow(tmp_path / "mine", 60), tmp_path / "out"
    hfsft.build(recipe, out=out)
    first = content(out / "toy")
    assert b"sides.jsonl" not in first["hfsft.lock.json"]
    for _ in range(2):
        hfsft.build(recipe, out=out)
        assert content(out / "toy") == first
    hfsft.build(recipe, out=tmp_path / "elsewhere")
    assert content(tmp_path / "elsewhere" / "toy") == first


def test_a_test_is_a_third_split_and_is_fed_from_validation_where_it_is_asked_for_later(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    hfsft.build(grow(mine, 60), out=tmp_path / "old")
    found = hfsft.build(grow(mine, 80, validation=0.1, test=0.1), out=tmp_path / "new")
    assert {side: len(rows) for side, rows in found.items()} == {"train": 64, "validation": 8, "test": 8}
    loaded = load_dataset(str(tmp_path / "new" / "toy"))
    assert {side: len(rows) for side, rows in loaded.items()} == {"train": 64, "validation": 8, "test": 8}
    moves = compared(tmp_path / "old" / "toy", tmp_path / "new" / "toy").moved
    assert set(moves.values()) == {("validation", "test")}
    files = content(tmp_path / "new" / "toy")
    card = files["README.md"].decode()
    assert f"{len(moves)} rows of test were in validation in an earlier build" in card
    assert "split: test" in card
    assert 'dataset["test"]` is for the end' in card
    assert '"side": "test"' in files["sides.jsonl"].decode()
    assert '"fate": "test"' in files["ledger.jsonl"].decode()
    hfsft.build(grow(mine, 120, validation=0.1, test=0.1), out=tmp_path / "grown")
    assert not compared(tmp_path / "new" / "toy", tmp_path / "grown" / "toy").moved
    out = tmp_path / "test.jsonl"
    assert main(["export", str(tmp_path / "new" / "toy"), "--split", "test", "--out", str(out)]) == 0
    assert len(out.read_text("utf-8").splitlines()) == 8
    assert main(["rows", str(tmp_path / "new" / "toy"), "--fate", "test"]) == 0


def test_a_row_that_would_join_sides_falls_and_the_ledger_says_why(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    old = hfsft.build(grow(mine, 40), out=tmp_path / "old")
    asked = [next(row["messages"] for row in old[side] if len(row["messages"]) > 2) for side in ("train", "validation")]
    said = [[turn["content"] for turn in turns if turn["role"] == "user"][-1].split() for turns in asked]
    path = grow(mine, 40)
    with (mine / "rows.jsonl").open("a", encoding="utf-8") as file:
        for cut in range(3, 16):  # from the one to the other, word by word
            both = " ".join([*said[0][cut:], *said[1][:cut]])
            turns = [{"role": "user", "content": both}, {"role": "assistant", "content": "Yes."}]
            file.write(json.dumps({"messages": turns, "topic": "topic 0"}) + "\n")
    hfsft.build(path, out=tmp_path / "new")
    assert not compared(tmp_path / "old" / "toy", tmp_path / "new" / "toy").moved
    lines = [json.loads(line) for line in content(tmp_path / "new" / "toy")["ledger.jsonl"].decode().splitlines()]
    fell = [line for line in lines if line["stage"] == "split.joins"]
    assert fell
    assert {(line["rule"], line["value"]) for line in fell} == {("joins_sides", "train and validation")}
    assert "of which none moves" in content(tmp_path / "new" / "toy")["README.md"].decode()


def test_a_recipe_without_a_file_is_remembered_by_its_build(tmp_path: Path) -> None:
    with LLM(reply=reply) as llm:
        hfsft.build(support(llm, count=12), out=tmp_path / "one")
        shutil.copytree(tmp_path / "one", tmp_path / "two")
        hfsft.build(support(llm, count=40), out=tmp_path / "two")
    assert not to_validation(compared(tmp_path / "one" / "support", tmp_path / "two" / "support"))


def test_a_folder_that_cannot_be_written_leaves_the_memory_to_the_build(tmp_path: Path) -> None:
    recipe = grow(tmp_path / "mine", 40)
    (tmp_path / "mine" / f".toy.sides.jsonl.{os.getpid()}").mkdir()  # where the file is drafted
    hfsft.build(recipe, out=tmp_path)
    shutil.copytree(tmp_path / "toy", tmp_path / "old")
    hfsft.build(grow(tmp_path / "mine", 90), out=tmp_path)
    assert not (tmp_path / "mine" / "toy.sides.jsonl").exists()
    assert not to_validation(compared(tmp_path / "old", tmp_path / "toy"))


def test_a_release_builds_again_with_its_sides_and_nothing_is_written_into_it(tmp_path: Path) -> None:
    hfsft.build(grow(tmp_path / "mine", 40), out=tmp_path / "one")
    hfsft.build(grow(tmp_path / "mine", 90), out=tmp_path / "one")
    release, files = tmp_path / "one" / "toy", content(tmp_path / "one" / "toy")
    hfsft.build(release / "recipe.resolved.yaml", out=tmp_path / "two")
    assert not compared(release, tmp_path / "two" / "toy").moved
    assert content(release) == files


def test_another_share_is_drawn_anew_and_what_came_of_it_is_told_for_good(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    hfsft.build(grow(mine, 60), out=tmp_path / "old")
    before = (mine / "toy.sides.jsonl").read_bytes()
    hfsft.build(grow(mine, 60), overrides=["split.validation=0.5"], out=tmp_path / "tried")
    assert (mine / "toy.sides.jsonl").read_bytes() == before, "what was only tried is not what the recipe asks"
    hfsft.build(grow(mine, 60, validation=0.5), out=tmp_path / "new")
    moved = to_validation(compared(tmp_path / "old" / "toy", tmp_path / "new" / "toy"))
    assert len(moved) > 5
    first = content(tmp_path / "new" / "toy")
    assert f"{len(moved)} rows are held out that an earlier build trained on" in first["README.md"].decode()
    hfsft.build(mine / "toy.yaml", out=tmp_path / "new")
    assert content(tmp_path / "new" / "toy") == first
    assert content(tmp_path / "tried" / "toy")["sides.jsonl"] == first["sides.jsonl"]


def test_where_nothing_is_held_out_nothing_is_remembered_nor_forgotten(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    hfsft.build(grow(mine, 60), out=tmp_path)
    before = (mine / "toy.sides.jsonl").read_bytes()
    hfsft.build(grow(mine, 60, validation=0), out=tmp_path)
    assert not (tmp_path / "toy" / "sides.jsonl").exists()
    assert (mine / "toy.sides.jsonl").read_bytes() == before


def test_looking_writes_nothing(tmp_path: Path) -> None:
    recipe = grow(tmp_path / "mine", 30)
    list(hfsft.preview(recipe, 5))
    hfsft.pipeline.forecast(recipe)
    hfsft.pipeline.why(recipe)
    assert {path.name for path in recipe.parent.iterdir()} == {"toy.yaml", "rows.jsonl"}


@pytest.mark.parametrize(
    ("line", "said"),
    [(0, "{}"), (0, ""), (3, "<<<<<<< HEAD"), (2, '{"key": "ab"}'), (2, '{"key": "ab", "side": "both"}'), (1, "[]")],
)
def test_a_file_that_is_damaged_is_named_with_its_line(tmp_path: Path, line: int, said: str) -> None:
    recipe = grow(tmp_path / "mine", 30)
    hfsft.build(recipe, out=tmp_path)
    path = tmp_path / "mine" / "toy.sides.jsonl"
    lines = path.read_text().splitlines()
    lines[line] = said
    path.write_text("\n".join(lines))
    with pytest.raises(SourceError, match=f"toy.sides.jsonl:{line + 1}:1: is no line of remembered sides"):
        hfsft.build(recipe, out=tmp_path)


def test_of_a_row_that_two_branches_gave_two_sides_the_one_in_train_holds(tmp_path: Path) -> None:
    hfsft.build(grow(tmp_path / "mine", 30), out=tmp_path)
    path = tmp_path / "mine" / "toy.sides.jsonl"
    lines = path.read_text().splitlines()
    held = [line for line in lines if "validation" in line and "key" in line]
    path.write_text("\n".join([*lines[:1], *(line.replace('"validation"', '"train"') for line in held), *lines[1:]]))
    built, _ = hfsft.pipeline.run(tmp_path / "mine" / "toy.yaml", out=tmp_path)
    assert not len(built.split("validation"))
    assert any("rows keep the side that an earlier build gave them" in note for note in built.notes)


def test_a_rebuild_hashes_no_text_and_leaves_the_file_where_it_lies(tmp_path: Path, monkeypatch: Any) -> None:
    recipe = grow(tmp_path / "mine", 60)
    hfsft.build(recipe, out=tmp_path)
    path = tmp_path / "mine" / "toy.sides.jsonl"
    before = path.read_bytes(), path.stat().st_ino, path.stat().st_mtime_ns

    def made(*_: Any) -> Any:
        raise AssertionError("keys are made anew")

    for module in ("sides", "row_families"):
        monkeypatch.setattr(f"hfsft.stages.split.{module}.keys_of", made)
    for _ in range(2):
        hfsft.build(recipe, out=tmp_path)
        assert (path.read_bytes(), path.stat().st_ino, path.stat().st_mtime_ns) == before


def test_a_key_may_be_any_text_and_the_file_is_json_line_by_line(tmp_path: Path) -> None:
    stands = {
        "0b3d2f6c1a905e77": Stand("train"),
        "91c0": Stand("validation", "train"),
        'a "thread"\\ of \u00e9\u2028': Stand("test"),
        "no-hash": Stand("train", "train"),
    }
    sides = Sides({"validation": 0.1}, stands)
    written = "".join(sides_file.lines(sides))
    said = [
        {"key": key, "side": stand.side} | ({"was": stand.was} if stand.was else {}) for key, stand in stands.items()
    ]
    lines = [{"sides": 1, "asked": {"validation": 0.1}}, *sorted(said, key=lambda each: str(each["key"]))]
    assert written == "".join(json.dumps(line) + "\n" for line in lines)
    path = tmp_path / "toy.sides.jsonl"
    path.write_text(written, encoding="utf-8")
    assert sides_file.read_sides(path) == sides
