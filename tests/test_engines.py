"""What works on rows, by its name: which there are, that they build the same, what is said where one is missing."""

from __future__ import annotations

import builtins
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hfsft
from hfsft.cli import main
from hfsft.errors import UserError
from hfsft.pipeline.engines import executor_named
from tests.engine.on_daft.same import differing

RECIPES = Path(__file__).parent.parent / "recipes"


def test_another_name_is_told() -> None:
    with pytest.raises(UserError, match="no engine 'spark'; there are local, daft and ray://HOST:PORT"):
        executor_named("spark")


def test_a_missing_extra_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = builtins.__import__

    def without(name: str, *more: Any, **kept: Any) -> Any:
        if name == "daft":
            raise ImportError(name)
        return found(name, *more, **kept)

    monkeypatch.setattr(builtins, "__import__", without)
    (tmp_path / "recipe.yaml").write_text("name: n\nexamples: [{path: none.jsonl}]\n")
    assert main(["build", str(tmp_path / "recipe.yaml"), "--engine", "daft"]) == 1
    said = capsys.readouterr().err
    assert "the engine daft needs Daft: run `pip install 'hfsft[scale]'`" in said
    assert len(said.strip().splitlines()) == 1


def test_the_command_and_python_build_the_same(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The shipped recipe that asks no model."""
    recipe = shutil.copytree(RECIPES, tmp_path / "recipes") / "clean_existing.yaml"
    monkeypatch.chdir(tmp_path)
    daft = hfsft.build(recipe, out="daft", executor="daft")
    recipe.with_suffix(".sides.jsonl").unlink()
    local = hfsft.build(recipe, out="local")
    assert {name: list(local[name]) for name in local} == {name: list(daft[name]) for name in daft}
    assert differing(tmp_path / "local" / "clean-tickets", tmp_path / "daft" / "clean-tickets") == []
    assert main(["build", str(recipe), "--engine", "daft", "--out", "daft", "--json"]) == 0
    funnel = json.loads(capsys.readouterr().out)["funnel"]
    again = {line["step"] for line in funnel if not line["cached"]}
    assert {name.partition(".")[0] for name in again} <= {"split"}, "of which the sides are known now"


def test_the_engine_of_this_machine_is_not_imported_before_the_first_request() -> None:
    code = "import sys; from hfsft.pipeline.engines import executor_named as named; named('local')"
    subprocess.run([sys.executable, "-c", f"{code}; assert 'datasets' not in sys.modules"], check=True)
