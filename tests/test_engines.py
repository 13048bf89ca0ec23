"""What works on rows, by its name: which there are, that they build the same, what is said where one is missing."""

from __future__ import annotations

import builtins
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hfsft
from hfsft.cli import main
from hfsft.errors import UserError
from hfsft.pipeline.engines import Engine
from tests.engine.on_daft.same import differing

RECIPES = Path(__file__).parent.parent / "recipes"


def test_another_name_is_told() -> None:
    with pytest.raises(UserError, match="no engine 'spark'; there are local, daft and ray://HOST:PORT"):
        Engine("spark").executor()


@pytest.mark.parametrize(
    ("slip", "meant"), [("dafft", "daft"), ("Daft", "daft"), ("ray", "ray://HOST:PORT"), ("Local", "local")]
)
def test_a_slip_is_told_with_what_may_be_meant(slip: str, meant: str) -> None:
    with pytest.raises(UserError, match=f"no engine '{slip}'; did you mean {meant}[?] there are local, daft"):
        Engine(slip)


@pytest.mark.parametrize(
    ("engine", "lacks", "said"),
    [
        (["daft"], "daft", "the engine daft needs Daft: run `pip install 'hfsft[scale]'`"),
        (["ray://h:1", "--work", "w"], "ray", "ray://HOST:PORT needs Ray: run `pip install 'hfsft[cluster]'`"),
    ],
)
def test_a_missing_extra_is_one_clear_error(
    engine: list[str],
    lacks: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = builtins.__import__

    def without(name: str, *more: Any, **kept: Any) -> Any:
        if name == lacks:
            raise ImportError(name)
        return found(name, *more, **kept)

    monkeypatch.setattr(builtins, "__import__", without)
    (tmp_path / "recipe.yaml").write_text("name: n\nexamples: [{path: none.jsonl}]\n")
    assert main(["build", str(tmp_path / "recipe.yaml"), "--engine", *engine]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert len(error.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("engine", "more", "said"),
    [
        ("ray://127.0.0.1:1", [], r"needs --work FOLDER: .* every node sees \(a mounted one, or s3://bucket/folder\)"),
        ("ray://127.0.0.1:1", ["--work", ""], "needs --work FOLDER"),
        ("ray://nowhere:x", ["--work", "w"], "ray://nowhere:x is no address of a cluster"),
        ("daft", ["--work", "w"], r"--work is for a cluster \(--engine ray://HOST:PORT\), and the engine is daft"),
        ("local", ["--askers", "2"], "--askers is for a cluster .*, and the engine is local"),
        (
            "ray://127.0.0.1:1",
            ["--work", "w"],
            r"no Ray cluster answers at 127\.0\.0\.1:1 .*`ray start --head",
        ),
    ],
)
def test_what_a_cluster_needs_is_told(
    engine: str, more: list[str], said: str, tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.jsonl").write_text('{"instruction": "Where is my parcel?", "response": "On its way."}\n')
    (tmp_path / "recipe.yaml").write_text("name: n\nlicense: mit\nexamples: [{path: rows.jsonl}]\n")
    arguments = ["build", str(tmp_path / "recipe.yaml"), "--out", str(tmp_path), "--engine", engine, *more]
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert re.search(said, error)
    assert len(error.strip().splitlines()) == 1


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
    code = "import sys; from hfsft.pipeline.engines import Engine; Engine('local').executor()"
    subprocess.run([sys.executable, "-c", f"{code}; assert 'datasets' not in sys.modules"], check=True)
