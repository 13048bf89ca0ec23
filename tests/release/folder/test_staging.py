"""What stands where a build goes, whatever it is and wherever a build is killed on its way there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hfsft.errors import UserError
from hfsft.release.folder import previous
from hfsft.release.folder.staging import NEW, staging_folder

LOCKED = {"lock": 1, "hfsft": "0.1.0", "steps": {"sources": {}}}
KILLED = """
import os, signal, sys
from pathlib import Path
from tests.release.folder.test_staging import put
left, rename = int(sys.argv[2]), Path.rename
def stop(self, to):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return rename(self, to)
Path.rename = stop
put(Path(sys.argv[1]), sys.argv[3], True)
"""


def fake(folder: Path, text: str, lock: str = json.dumps(LOCKED)) -> Path:
    """What `former` takes for a build, with a row."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "data" / "train-00000-of-00001.parquet").write_text(text)
    (folder / "funnel.json").write_text('{"fates": {"train": 1}}')
    (folder / "hfsft.lock.json").write_text(lock)
    return folder


def put(target: Path, text: str, force: bool = False) -> None:
    """A build, as it goes where it goes."""
    previous.require(target, force)
    with staging_folder(target) as folder:
        previous.sign(fake(folder / NEW, text))
        previous.put(folder, target, force)


def said(folder: Path) -> str:
    return (folder / "data" / "train-00000-of-00001.parquet").read_text()


def inside(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.mark.parametrize("mine", [False, True], ids=["a build", "no build"])
@pytest.mark.parametrize("moves", range(4))
def test_a_build_that_is_killed_at_any_move_leaves_what_stood_there_to_the_next(
    tmp_path: Path, moves: int, mine: bool
) -> None:
    target = tmp_path / "support"
    put(target, "one")
    if not mine:
        put(target, "two")
        (target / "labels.csv").write_text("mine")
    else:
        (target / "hfsft.lock.json").unlink()
        (target / "precious.txt").write_text("years of work")
    before = inside(tmp_path)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(target), str(moves), "three"], cwd=Path.cwd())
    assert killed.returncode == (-9 if moves < (2 if mine else 3) else 0)
    if not killed.returncode:
        assert said(target) == "three"
        return
    previous.require(target, force=True)
    assert inside(tmp_path) == before, "as it was, and nothing left lying about"
    put(target, "three", force=True)
    assert said(target) == "three"
    kept = inside(tmp_path)
    if mine:
        assert kept["support.aside/precious.txt"] == "years of work"
    else:
        assert (kept["support/labels.csv"], said(previous.previous_of(target))) == ("mine", "two")


def test_what_another_build_is_writing_just_now_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "support"
    with staging_folder(target) as folder:
        fake(folder / NEW, "one")
        put(target, "two")
        assert said(folder / NEW) == "one"
        previous.put(folder, target)
    assert (said(target), said(previous.previous_of(target))) == ("one", "two")


def test_a_folder_that_is_called_like_one_of_ours_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / ".support-backup"
    mine.mkdir()
    (mine / "of").write_text("support")
    (mine / "thesis.txt").write_text("mine")
    put(tmp_path / "support", "new")
    assert inside(mine) == {"of": "support", "thesis.txt": "mine"}


@pytest.mark.parametrize(
    "lock",
    ["", "{}", "[]", "null", '{"lock": 1}', '{"lock": "x", "hfsft": "1", "steps": {"a": 1}}', '{"lockfileVersion": 3}'],
)
def test_a_lock_file_that_hfsft_did_not_write_makes_no_build(tmp_path: Path, lock: str) -> None:
    target = fake(tmp_path / "support", "mine", lock)
    with pytest.raises(UserError, match="is no build"):
        put(target, "new")
    put(target, "new", force=True)
    assert said(tmp_path / "support.aside") == "mine"


def test_a_former_build_that_is_none_or_holds_files_of_others_is_moved_aside(tmp_path: Path) -> None:
    target = tmp_path / "support"
    kept = previous.previous_of(target)
    kept.mkdir(parents=True)
    (kept / "precious.txt").write_text("years of work")
    for text in ("one", "two"):
        put(target, text)
    assert (tmp_path / ".previous" / "support.aside" / "precious.txt").read_text() == "years of work"
    (kept / "notes.txt").write_text("mine")
    put(target, "three")
    assert (tmp_path / ".previous" / "support.aside1" / "notes.txt").read_text() == "mine"


def test_a_link_leads_to_where_the_build_goes(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "build").mkdir()
    link = tmp_path / "build" / "support"
    link.symlink_to("../disk", target_is_directory=True)
    for text in ("one", "two"):
        put(previous.place(tmp_path / "build", "support"), text)
    assert link.is_symlink()
    assert (said(tmp_path / "disk"), said(previous.previous_of(link))) == ("two", "one")
    (tmp_path / "build" / "lost").symlink_to("nowhere")
    with pytest.raises(UserError, match="is a link to nothing"):
        previous.place(tmp_path / "build", "lost")


def test_what_lies_beside_a_build_is_carried_over_where_a_file_of_the_build_stands_too(tmp_path: Path) -> None:
    target = tmp_path / "support"
    put(target, "one")
    (target / "report.html").mkdir()
    (target / "report.html" / "mine.txt").write_text("mine")
    (target / "empty").mkdir()
    (target / "link").symlink_to("nowhere")
    (tmp_path / "elsewhere").mkdir()
    (target / "assets").symlink_to(tmp_path / "elsewhere")
    with staging_folder(target) as folder:
        fake(folder / NEW, "two")
        (folder / NEW / "report.html").write_text("page")
        (folder / NEW / "assets").mkdir()
        previous.put(folder, target)
    assert (target / "report.html").read_text() == "page"
    assert (target / "report.html.aside" / "mine.txt").read_text() == "mine"
    assert (target / "empty").is_dir()
    assert (target / "link").readlink() == Path("nowhere")
    assert (target / "assets.aside").is_symlink()


@pytest.mark.parametrize("again", ["one", "two"], ids=["the same rows", "other rows"])
def test_a_build_that_somebody_changed_by_hand_is_never_deleted(tmp_path: Path, again: str) -> None:
    target = tmp_path / "support"
    put(target, "one")
    (target / "README.md").write_text("my own words")
    for text in (again, "three"):
        put(target, text)
    cards = [path.read_text() for path in tmp_path.rglob("README.md")]
    assert cards == ["my own words"]
    assert said(target) == "three"


def test_a_build_as_it_was_written_goes_when_two_others_have_come(tmp_path: Path) -> None:
    target = tmp_path / "support"
    for text in ("one", "two", "two", "three"):
        put(target, text)
        (target / "report.html").write_text("drawn anew")
    assert sorted(said(path.parent.parent) for path in tmp_path.rglob("train-*")) == ["three", "two"]


def test_a_build_that_is_moved_there_meanwhile_is_none_that_stands_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, away = fake(tmp_path / "toy", "old"), tmp_path / "away"
    read, looks = previous.lock.read, list[bool]()

    def meanwhile(folder: Path) -> object:
        if looks:
            return read(folder)
        looks.append(True)
        target.rename(away)
        found = read(folder)
        away.rename(target)
        return found

    monkeypatch.setattr(previous.lock, "read", meanwhile)
    previous.require(target)
    assert looks


def test_a_staging_folder_that_goes_meanwhile_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    is_file, gone = Path.is_file, list[Path]()

    def ends(self: Path) -> bool:
        found = is_file(self)
        if self.name == "of" and not gone:
            gone.append(self)
            shutil.rmtree(self.parent)  # as the process does that made it
        return found

    with staging_folder(tmp_path / "toy"):
        monkeypatch.setattr(Path, "is_file", ends)
        previous.require(tmp_path / "toy")
    assert gone
