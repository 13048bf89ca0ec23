"""No command writes over what is not its own unless told to, and none leaves half a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hfsft.cli import main
from hfsft.errors import ReleaseError
from hfsft.release.export import llama_factory_table, register_for_llama_factory
from hfsft.release.folder.outputs import require_free, writing
from tests.release.fixture import write_build

COMMANDS = {
    "init": ["init", "toy", "--out", "{}"],
    "export": ["export", "made", "--out", "{}"],
    "report": ["report", "made", "--out", "{}"],
    "report of no build": ["report", "made"],
    "store export": ["store", "export", "{}"],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_file_that_stands_there_stays(
    tmp_path: Path,
    home: Path,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_build(tmp_path / "made")
    mine = tmp_path / "mine.jsonl" if "{}" in command else tmp_path / "made" / "report.html"
    mine.write_text("years of work")
    assert main([part.format(mine) for part in command]) == 1
    assert "exists already" in capsys.readouterr().err
    assert mine.read_text() == "years of work"
    if "{}" in command:
        assert main([part.format(tmp_path / "made") for part in command]) == 1
        assert "is a folder" in capsys.readouterr().err


@pytest.mark.parametrize("linked", [False, True])
def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, linked: bool) -> None:
    file = tmp_path / "real.txt"
    file.write_text("before")
    file.chmod(0o600)
    path = tmp_path / "link.txt" if linked else file
    if linked:
        path.symlink_to(file)
    with pytest.raises(ZeroDivisionError), writing(path) as lines:
        lines.write("half" * (1 // 0))
    assert file.read_text() == "before"
    with writing(path) as lines:
        lines.write("after")
    assert (file.read_text(), file.stat().st_mode & 0o777, path.is_symlink()) == ("after", 0o600, linked)
    assert len(list(tmp_path.iterdir())) == 1 + linked


def test_what_is_no_file_is_written_to_as_it_is(tmp_path: Path) -> None:
    require_free(Path(os.devnull))
    with writing(Path(os.devnull)) as lines:
        lines.write("x")
    assert not Path(os.devnull).is_file()
    with pytest.raises(ReleaseError, match="cannot be written"), writing(tmp_path / "no.txt" / "x"):
        raise PermissionError(13, "Permission denied")
    (tmp_path / "lost").symlink_to("nowhere")
    with pytest.raises(ReleaseError, match="exists already"):
        require_free(tmp_path / "lost")


def test_an_entry_of_others_in_the_table_of_datasets_stays(tmp_path: Path) -> None:
    table = tmp_path / "dataset_info.json"
    table.write_text(json.dumps({"toy": {"file_name": "mine.json"}, "other": {}}))
    entry = {"toy": {"file_name": "train.jsonl"}}
    with pytest.raises(ReleaseError, match="another entry toy"):
        register_for_llama_factory(entry, tmp_path / "train.jsonl")
    assert json.loads(table.read_text())["toy"] == {"file_name": "mine.json"}
    register_for_llama_factory(entry, tmp_path / "train.jsonl", force=True)
    assert llama_factory_table(entry, tmp_path / "train.jsonl") == {**entry, "other": {}}
