"""`hfsft audit`: what it prints and writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hfsft.cli import main

ROWS = [
    ("Say hello to everybody in the room.", "Hello there. " * 60),
    ("Which bus goes from the harbour to the market?", "Line four, from the square."),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [{"prompt": asked, "completion": said} for asked, said in ROWS]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return tmp_path


def test_what_is_printed_and_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "rows.jsonl", "--write", "clean.yaml"]) == 0
    out, err = capsys.readouterr()
    assert "rows.jsonl: 2 rows" in out
    assert "repetition response (+)" in out
    assert "page written to rows-audit.html" in err
    assert "recipe written to clean.yaml" in err
    assert "- repetition  # 1 row (50.0%)" in (folder / "clean.yaml").read_text()
    assert main(["audit", "rows.jsonl", "--write", "clean.yaml", "--no-page"]) == 1
    assert "clean.yaml: exists already" in capsys.readouterr().err


def test_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "rows.jsonl", "--json", "--no-page", "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["rows"] == 2
    assert err == ""
    assert not (folder / "rows-audit.html").exists()


def test_slips(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "row.jsonl"]) == 1
    assert "row.jsonl: no such file" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["audit", "rows.jsonl", "--sample", "many"])
    assert "'many' is no number of rows and no share of them" in capsys.readouterr().err
