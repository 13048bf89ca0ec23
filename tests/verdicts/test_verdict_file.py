"""The verdict file loses nothing: not to a killed writer, not to two writers, not to a full disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hfsft.errors import SourceError
from hfsft.verdicts import VerdictFile, file_beside
from tests.verdicts.helpers import said

WRITER = """
import sys
from pathlib import Path
from hfsft.verdicts import Verdict, VerdictFile
file = VerdictFile(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    file.append(Verdict(f"{sys.argv[2]}{number}", "c", sys.argv[2], "t", "accept", note="x" * 3000))
    print(number, flush=True)
"""
HALF = """
import os, signal, sys
from pathlib import Path
from hfsft.verdicts import Verdict, VerdictFile
whole = os.write
def half(file, text):
    whole(file, text[: int(sys.argv[2])])
    os.kill(os.getpid(), signal.SIGKILL)
os.write = half
VerdictFile(Path(sys.argv[1])).append(Verdict("lost", "c", "ann", "t", "accept", note="öäü"))
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_what_was_added_is_read_back_and_a_file_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    file = VerdictFile(tmp_path / "new" / file_beside("support"))
    assert file.path.name == "support.review.jsonl"
    assert (len(file.read()), file.fresh()) == (0, [])
    file.append(said())
    file.append(said(verdict="reject"))
    assert file.read().of("r1", "c1")["ann"].verdict == "reject"
    assert file.path.read_bytes().count(b"\n") == 2
    assert [each.name for each in file.path.parent.iterdir()] == ["support.review.jsonl"]


def test_a_verdict_is_on_the_disk_before_append_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size))
    VerdictFile(tmp_path / "v").append(said())
    assert synced[0] == (tmp_path / "v").stat().st_size


def test_two_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "v.review.jsonl"
    for each in [writer(path, name, 500) for name in ("ann", "bob")]:
        each.communicate()
        assert each.returncode == 0
    found = VerdictFile(path).read()
    assert (len(found), found.told) == (1000, [])
    lines = path.read_text().splitlines()
    assert all(line.endswith('xxx"}') for line in lines)


def test_a_killed_writer_loses_no_verdict_that_it_showed_as_kept(tmp_path: Path) -> None:
    path = tmp_path / "v.review.jsonl"
    process = writer(path, "ann", 100_000)
    assert process.stdout is not None
    shown = [process.stdout.readline() for _ in range(20)]
    process.send_signal(signal.SIGKILL)
    shown += process.communicate()[0].splitlines(keepends=True)
    kept = {row for row, _ in VerdictFile(path).read().standing}
    assert {f"ann{int(line)}" for line in shown if line.endswith("\n")} <= kept


@pytest.mark.parametrize("written", [1, 9, 60, -4, -2])
def test_the_beginning_of_a_line_is_told_and_ended_by_who_comes_next(tmp_path: Path, written: int) -> None:
    path = tmp_path / "v.review.jsonl"
    file = VerdictFile(path)
    file.append(said("r1"))
    subprocess.run([sys.executable, "-c", HALF, str(path), str(written)], check=False)
    assert path.read_bytes()[-1:] != b"\n"
    reader = VerdictFile(path)
    found = reader.read()
    assert (list(found.standing), len(found.told)) == ([("r1", "c1")], 1)
    assert f"{path}:2: the beginning of a line" in found.told[0]
    file.append(said("r2"))
    assert [each.row for each in reader.fresh()] == ["r2"]
    again = VerdictFile(path).read()
    assert ([row for row, _ in again.standing], again.told) == (["r1", "r2"], found.told)


def test_a_whole_line_without_its_break_counts(tmp_path: Path) -> None:
    path = tmp_path / "v"
    path.write_text("\ufeff" + said("r1").to_line())
    VerdictFile(path).append(said("r2"))
    assert [row for row, _ in VerdictFile(path).read().standing] == ["r1", "r2"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"<<<<<<< HEAD", "is not JSON"),
        (b'{"row": "r1"}', "lacks content"),
        (b'{"row": "r1", "verdict" "accept"}', "is not JSON"),
        (b'{"note": "\xff"}', "is not UTF-8"),
    ],
)
def test_a_line_of_something_else_is_an_error_at_its_place(tmp_path: Path, line: bytes, fault: str) -> None:
    path = tmp_path / "v"
    path.write_bytes(said("r1").to_line().encode() + b"\n\n" + line + b"\n" + said("r2").to_line().encode() + b"\n")
    with pytest.raises(SourceError, match=fault) as caught:
        VerdictFile(path).read()
    assert str(caught.value).startswith(f"{path}:3: a line that is no verdict")


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        VerdictFile(tmp_path).read()


def test_what_others_added_is_told_once_and_what_was_added_here_never(tmp_path: Path) -> None:
    mine, other = VerdictFile(tmp_path / "v"), VerdictFile(tmp_path / "v")
    other.append(said("r0"))
    mine.read()
    mine.append(said("r1"))
    other.append(said("r2"))
    mine.append(said("r3"))
    with (tmp_path / "v").open("ab") as file:
        file.write(said("r4").to_line().encode())
    assert [each.row for each in mine.fresh()] == ["r2"]
    assert mine.fresh() == []
    other.append(said("r5"))
    assert [each.row for each in mine.fresh()] == ["r4", "r5"]


def test_a_file_that_was_put_there_anew_is_told_whole(tmp_path: Path) -> None:
    mine = VerdictFile(tmp_path / "v")
    for row in ("r1", "r2"):
        mine.append(said(row))
    mine.read()
    (tmp_path / "w").write_text(said("r1").to_line() + "\n")
    (tmp_path / "w").replace(tmp_path / "v")
    assert [each.row for each in mine.fresh()] == ["r1"]
    (tmp_path / "v").unlink()
    assert mine.fresh() == []


def test_a_disk_that_is_full_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = VerdictFile(tmp_path / "v")
    file.append(said("r1"))
    before = file.path.read_bytes()
    whole = os.write

    def full(opened: int, text: bytes) -> int:
        if len(text) < 60:
            raise OSError(28, "No space left on device")
        return whole(opened, text[:50])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        file.append(said("r2"))
    assert file.path.read_bytes() == before


def test_a_file_that_is_replaced_while_a_writer_waits_gets_its_line(tmp_path: Path) -> None:
    import fcntl

    path = tmp_path / "v"
    path.write_text("")
    with path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = writer(path, "ann", 1)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        (tmp_path / "w").write_text(said("r1").to_line() + "\n")
        (tmp_path / "w").replace(path)
    process.communicate()
    assert [row for row, _ in VerdictFile(path).read().standing] == ["r1", "ann0"]
