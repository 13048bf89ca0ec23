"""Every problem of a recipe in one shape, with its line, for people and for programs; no secret in any of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hfsft.cli import main

BAD = """\
name: refund-support
seeds:
  - prompts: [How long does a refund take?]
filters:
  - repetition: {at_most: 40}
split: {validaton: 0.1}
"""
TOLD = """\
error: bad.yaml:5:27: filters[repetition].at_most must be at most 1, got 40
    5 |   - repetition: {at_most: 40}
      |                           ^
error: bad.yaml:6:9: unknown key `validaton` in split (did you mean `validation`? allowed: validation, test, stratify, by, similarity, leak)
    6 | split: {validaton: 0.1}
      |         ^
"""  # noqa: E501
GOOD = "name: good\nseeds:\n  - prompts: [How long does a refund take?]\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "good.yaml").write_text(GOOD)
    return tmp_path


def test_each_problem_has_its_line_and_a_mark(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "bad.yaml"]) == 1
    assert capsys.readouterr().err == TOLD
    assert main(["build", "bad.yaml"]) == 1
    assert capsys.readouterr().err == TOLD, "the same from any command"


def test_one_problem_looks_like_several(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.yaml").write_text(BAD.replace("40", "0.4"))
    assert main(["validate", "bad.yaml"]) == 1
    assert capsys.readouterr().err == TOLD[TOLD.index("error: bad.yaml:6") :]


def test_several_recipes_are_checked_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "good.yaml", "bad.yaml", "none.yaml"]) == 1
    out, err = capsys.readouterr()
    assert "good.yaml: valid, " in out
    assert err.count("error: bad.yaml:") == 2
    assert "error: none.yaml: there is no such file" in err


def test_problems_are_had_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "good.yaml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["validate", "good.yaml", "bad.yaml", "--json"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert [(each["file"], each["line"], each["column"]) for each in json.loads(out)] == [
        ("bad.yaml", 5, 27),
        ("bad.yaml", 6, 9),
    ]
    assert json.loads(out)[1]["help"].startswith("did you mean `validation`?")


@pytest.mark.parametrize("place", ["extra: {key}", "seeds: [{prompts: [{key}]}]\nextra: 1", "# {key}"])
def test_a_line_with_a_secret_is_not_shown(capsys: pytest.CaptureFixture[str], place: str) -> None:
    key = "sk-" + "Ab3" * 8
    Path("bad.yaml").write_text(GOOD + place.replace("{key}", key) + "\n")
    assert main(["validate", "bad.yaml"]) == 1
    out, err = capsys.readouterr()
    assert "looks like a secret key" in err
    assert key not in out + err


def test_a_long_line_and_odd_letters_keep_the_mark_where_it_belongs(capsys: pytest.CaptureFixture[str]) -> None:
    line = "filters: [" + "{tokens: {at_least: 1}}, " * 20 + "{repetition: {at_most: 7}}]"
    Path("bad.yaml").write_text(GOOD + line + "\n")
    assert main(["validate", "bad.yaml"]) == 1
    message, shown, mark = capsys.readouterr().err.splitlines()
    assert "must be at most 1, got 7" in message
    assert shown[mark.index("^")] == "7"
    assert len(shown) <= 110
