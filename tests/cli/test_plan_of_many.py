"""`hfsft plan` of very many rows: what a build takes is told by the first of them, and where that is long no more."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from hfsft.cli import main
from hfsft.pipeline import foreseeing
from tests.similarity.test_foreseen import texts

RECIPE = """
name: many
license: mit
examples:
  - path: rows.jsonl
filters:
  - tokens: {column: response, at_least: 1}
  - near_duplicate
split: {validation: 0.1}
"""


@pytest.fixture(autouse=True)
def recipe(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(foreseeing, "LEAST", 1000)
    lines = [json.dumps({"prompt": f"{text}?", "completion": "So it is."}) for text in texts(2000, 400, 60)]
    Path("rows.jsonl").write_text("\n".join(lines) + "\n")
    Path("many.yaml").write_text(RECIPE)
    return "many.yaml"


def test_the_estimate_stands_before_the_plan(recipe: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", recipe]) == 0
    said = capsys.readouterr().out
    estimate, _, plan = said.partition("\n\n")
    assert "steps over single rows" in estimate
    assert "filters[near_duplicate]" in estimate
    assert "\nsplit " in estimate
    assert "warning" not in estimate
    assert plan.startswith("step ")


def test_rows_are_counted_by_the_size_of_their_file(recipe: str, tmp_path: Path) -> None:
    ahead = foreseeing.foresee(recipe)
    assert ahead is not None
    assert ahead.rows == 2000  # of a small file exactly
    with Path("rows.jsonl").open("a") as file:
        file.write(Path("rows.jsonl").read_text() * 5)
    ahead = foreseeing.foresee(recipe)
    assert ahead is not None
    assert ahead.rows == pytest.approx(12_000, rel=0.05)
    assert ahead.compared["split"].items == pytest.approx(ahead.rows, rel=0.05)
    with gzip.open("packed.jsonl.gz", "wt") as packed:
        packed.write(Path("rows.jsonl").read_text())
    packed_rows = foreseeing.foresee(recipe, overrides=["examples=[{path: packed.jsonl.gz}]"])
    assert packed_rows is not None
    assert 12_000 / 3 < packed_rows.rows < 12_000 * 3
    limited = foreseeing.foresee(recipe, overrides=["examples=[{path: rows.jsonl, limit: 1500}]"])
    assert limited is not None
    assert limited.rows == 1500
    assert foreseeing.foresee(recipe, overrides=["examples=[{path: rows.jsonl, limit: 900}]"]) is None


def test_what_does_not_fit_is_not_worked_out(
    recipe: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(foreseeing, "_memory", lambda: 1000)
    assert main(["plan", recipe]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "this machine has 0 MB: build on several (`hfsft build --engine ray://HOST:PORT --work FOLDER`)" in said
    assert "what a build asks is not worked out here" in said


def test_what_takes_too_long_is_not_worked_out(
    recipe: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hfsft.cli.foresight_told.LONGEST", 0.0)
    assert main(["plan", recipe]) == 1
    assert "one core of this machine takes about" in capsys.readouterr().err


def test_a_recipe_with_a_fault_is_told_by_the_plan_itself(recipe: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", recipe, "--set", "examples=[{path: none.jsonl}]"]) == 1
    assert "no such file" in capsys.readouterr().err
