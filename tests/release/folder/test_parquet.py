"""Parquet files: read by whoever reads Parquet, and by the versions of `datasets` that people have."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pyarrow.parquet import ParquetFile, read_schema, read_table

from hfsft.pipeline import run
from hfsft.release.folder.parquet import write_parquet
from tests.release.samples import dataset, examples, single
from tests.release.toy import release, toy

OLD = """
import glob, json, sys, tempfile
import datasets
print(datasets.__version__, file=sys.stderr)
found = {}
for path in sorted(glob.glob(sys.argv[1] + "/*/*.parquet")):
    rows = datasets.load_dataset("parquet", data_files=path, split="train", cache_dir=tempfile.mkdtemp())
    found[path] = [rows.column_names, rows.to_list()]
print(json.dumps(found, default=str))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return release(toy(60, {"split": {"validation": 0.1}}), tmp_path_factory.mktemp("build"))


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.parquet"))


def test_no_file_holds_the_type_names_of_a_library(folder: Path) -> None:
    assert {path.parent.name for path in files(folder)} == {"data", "provenance", "rejected"}
    for path in files(folder):
        metadata = {**(read_schema(path).metadata or {}), **(ParquetFile(path).metadata.metadata or {})}
        assert not [name for name in metadata if b"huggingface" in name], path
        assert b"huggingface" not in path.read_bytes()


def test_conversations_are_lists_of_structs(folder: Path) -> None:
    (path,) = (folder / "data").glob("train-*")
    assert str(read_schema(path).field("messages").type).startswith("list<element: struct<role: string")


@pytest.mark.parametrize("version", ["3.6.0", "2.19.2"])
def test_every_file_loads_with_older_versions(folder: Path, tmp_path: Path, version: str) -> None:
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not here to bring older versions")
    command = [uv, "run", "--no-project", "--quiet", "--python", "3.11", "--with", f"datasets=={version}", "python"]
    env = {**os.environ, "HF_HOME": str(tmp_path)}
    here = subprocess.run([*command, "-c", "import datasets"], env=env, capture_output=True, text=True, timeout=280)
    if here.returncode:
        pytest.skip(f"datasets {version} cannot be installed here: {here.stderr.strip()[-200:]}")
    found = reads([*command, "-c", OLD], folder, env)
    assert found == reads([sys.executable, "-c", OLD], folder, env)
    assert found[str(files(folder)[0])][1][0]["messages"][0]["role"] == "user"


def reads(command: list[str], folder: Path, env: dict[str, str]) -> Any:
    done = subprocess.run([*command, str(folder)], env=env, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_a_shuffled_source_gives_the_same_bytes(tmp_path: Path, home: Path) -> None:
    recipe = examples(40)
    rows = list(recipe["examples"][0]["rows"])
    random.Random(3).shuffle(rows)
    first, second = (
        run({**recipe, "examples": [{"rows": order}]}, out=tmp_path / name)[1]
        for name, order in (("as it is", recipe["examples"][0]["rows"]), ("shuffled", rows))
    )
    for path in (first / "data").iterdir():
        assert path.read_bytes() == (second / "data" / path.name).read_bytes()


def test_rows_in_pieces_give_the_same_bytes(tmp_path: Path) -> None:
    from datasets import concatenate_datasets

    rows = [single(number) for number in range(200)]
    pieces = concatenate_datasets([dataset(*rows[:77]), dataset(*rows[77:])]).select(range(200))
    for name, table in (("one", dataset(*rows)), ("two", pieces)):
        write_parquet(table, tmp_path / name, "train")
    assert [path.read_bytes() for path in files(tmp_path)[:1]] == [path.read_bytes() for path in files(tmp_path)[1:]]
    assert read_table(files(tmp_path)[0]).num_rows == 200
