"""Where a build goes: what stood there is kept, whatever it was, and whatever fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.cli import main
from hfsft.errors import ReleaseError, UserError
from hfsft.pipeline import run
from hfsft.release.comparison import diff
from hfsft.release.folder import previous
from hfsft.release.folder.previous import previous_path
from hfsft.release.hub.release_files import Build
from hfsft.release.reader import open_release
from tests.models.server import LLM
from tests.recipes import reply, support
from tests.release.samples import examples


def said(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_a_folder_that_is_no_build_is_refused_before_a_model_is_asked(tmp_path: Path, home: Path) -> None:
    mine = tmp_path / "support" / "notes" / "precious.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("years of work")
    with LLM(reply=reply) as llm:
        with pytest.raises(UserError, match=r"is no build.*holds notes.*--force"):
            run(support(llm), out=tmp_path)
        assert not llm.requests
    assert said(tmp_path / "support") == {"notes/precious.txt": b"years of work"}
    assert {path.name for path in tmp_path.iterdir()} == {"support", "hf"}


def test_force_moves_it_aside_and_deletes_nothing(tmp_path: Path, home: Path) -> None:
    for text in ("one", "two"):
        (tmp_path / "toy").mkdir()
        (tmp_path / "toy" / "precious.txt").write_text(text)
        run(examples(5), out=tmp_path, force=True)
        (tmp_path / "toy").rename(tmp_path / f"built {text}")
    assert (tmp_path / "toy.aside" / "precious.txt").read_text() == "one"
    assert (tmp_path / "toy.aside1" / "precious.txt").read_text() == "two"


@pytest.mark.parametrize("there", ["file", "empty", "nothing"])
def test_an_empty_folder_is_filled_and_a_file_is_refused(tmp_path: Path, home: Path, there: str) -> None:
    if there == "file":
        (tmp_path / "toy").write_text("mine")
        with pytest.raises(UserError, match="is a file"):
            run(examples(5), out=tmp_path)
        assert (tmp_path / "toy").read_text() == "mine"
        return
    if there == "empty":
        (tmp_path / "toy").mkdir()
    assert (run(examples(5), out=tmp_path)[1] / "data").is_dir()


def test_files_that_somebody_put_beside_a_build_are_carried_over_and_not_published(tmp_path: Path, home: Path) -> None:
    folder = run(examples(5), out=tmp_path)[1]
    own = {"labels.csv": "id,good\n", "data/mine.parquet": "no", "assets/logo.png": "png", "export/train.jsonl": "{}"}
    for name, text in own.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    run(examples(6), out=tmp_path)
    assert {name: (folder / name).read_text() for name in own} == own
    assert not own.keys() & Build.read(folder).files.keys()


def test_the_build_before_is_kept_and_one_of_the_same_rows_takes_its_place_from_none(
    tmp_path: Path, home: Path
) -> None:
    first = run(examples(5), out=tmp_path)[1]
    kept = previous.previous_of(first)
    run(examples(5), out=tmp_path)
    assert not kept.exists(), "nothing changed, so nothing is former"
    before = said(first)
    run(examples(6), out=tmp_path)
    assert said(kept) == before
    run(examples(6), out=tmp_path)
    assert said(kept) == before, "the same again displaces nothing"
    second = said(first)
    run(examples(7), out=tmp_path)
    assert said(kept) == second


def test_a_build_without_rows_never_takes_the_place_of_the_last_that_had_some(tmp_path: Path, home: Path) -> None:
    folder = run(examples(5), out=tmp_path)[1]
    good = said(folder)
    for most in (0, 1):
        with pytest.raises(UserError, match="no row is left"):
            run(examples(5, filters=[{"tokens": {"at_most": most}}]), out=tmp_path)
        assert said(previous.previous_of(folder)) == good


def test_diff_of_one_build_compares_with_the_one_before(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run(examples(5), out=tmp_path)[1]
    assert main(["diff", str(folder)]) == 1
    assert "no build before it is kept" in capsys.readouterr().err
    run(examples(6, split={"validation": 0}), out=tmp_path)
    assert main(["diff", str(folder), "--json"]) in (0, 1)
    found = json.loads(capsys.readouterr().out)
    assert len(found["added"]) == 1
    assert "split.validation" in found["recipe"]
    with pytest.raises(ReleaseError, match=r"@v1\.0"):
        previous_path("hf://datasets/you/name")


@pytest.mark.parametrize("fails", ["filling", "moving"])
def test_what_fails_on_the_way_leaves_the_old_build_as_it_was(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    folder = run(examples(5), out=tmp_path)[1]
    before, entries = said(folder), sorted(path.name for path in tmp_path.iterdir())
    seen: list[bool] = []
    if fails == "filling":

        def broken(*_: Any) -> str:
            seen.append(said(folder) == before)
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("hfsft.release.card.card.card", broken)
    else:
        rename = Path.rename

        def refuses(self: Path, target: Path) -> Path:
            if self.name == "new":
                seen.append(True)
                raise OSError(13, "Permission denied")
            return rename(self, target)

        monkeypatch.setattr(Path, "rename", refuses)
    with pytest.raises(UserError, match="cannot be written"):
        run(examples(6), out=tmp_path)
    assert seen == [True], "the old build stands whole until the new one does"
    monkeypatch.undo()
    assert said(folder) == before
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != previous.PREVIOUS) == entries


def test_the_texts_and_the_keys_that_changed_are_told(tmp_path: Path, home: Path) -> None:
    old, new = (
        {**examples(5), "examples": [{"rows": [{"instruction": "Where is it?", "response": text}]}], "split": split}
        for text, split in (("It left on Monday.", {"validation": 0}), ("It left on Tuesday.", {"validation": 0.1}))
    )
    first, second = (run(recipe, out=tmp_path / name)[1] for name, recipe in (("old", old), ("new", new)))
    found = diff(open_release(str(first)), open_release(str(second)))
    ((new_id, old_id),) = found.rewritten.items()
    assert new_id != old_id
    assert (found.added, found.removed) == ({}, {})
    assert found.texts == {new_id: {"response": ("It left on Monday.", "It left on Tuesday.")}}
    assert found.recipe["split.validation"] == ("0.0", "0.1")
