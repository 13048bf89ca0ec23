"""A folder's own description cannot make rows of files, archives or addresses elsewhere; nor can it run code."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path

import pytest
from datasets import Dataset, DatasetDict

from hfsft.errors import SourceError
from tests.rows.helpers import seeds

WAYS = [
    "{root}/secret.txt",
    "../secret.txt",
    "data/../../secret.txt",
    "file://{root}/secret.txt",
    "zip://secret.txt::{root}/secret.zip",
    "https://127.0.0.1:9/secret.txt",
    "hf://datasets/mallory/other/secret.txt",
    "~/secret.txt",
    "C:\\secret.txt",
    "..\\secret.txt",
]


def described(folder: Path, file: str, key: str, value: object) -> None:
    card = json.dumps({"configs": [{"config_name": "default", key: value}]})
    (folder / file).write_text(f"---\n{card}\n---\n" if file == "README.md" else card)


@pytest.mark.parametrize("file", ["README.md", ".huggingface.yaml"])
@pytest.mark.parametrize("way", WAYS)
def test_a_card_names_no_file_elsewhere(tmp_path: Path, file: str, way: str) -> None:
    (tmp_path / "secret.txt").write_text("the code is 4711\n")
    with zipfile.ZipFile(tmp_path / "secret.zip", "w") as archive:
        archive.writestr("secret.txt", "the code is 4711\n")
    folder = tmp_path / "rows"
    (folder / "data").mkdir(parents=True)
    (folder / "a.jsonl").write_text('{"prompt": "Where?"}\n')
    named = way.format(root=tmp_path)
    for value in (named, {"train": [named]}, [{"split": "train", "path": ["*.jsonl", named]}]):
        described(folder, file, "data_files", value)
        with pytest.raises(SourceError, match=r"rows: its .* names .*, outside the folder"):
            seeds(tmp_path, path="rows", config="default")
    described(folder, file, "data_dir", "..")
    with pytest.raises(SourceError, match="outside the folder"):
        seeds(tmp_path, path="rows", config="default")
    described(folder, file, "data_files", "*.jsonl")
    assert [row.texts["instruction"] for row in seeds(tmp_path, path="rows", config="default")] == ["Where?"]


def test_a_saved_dataset_names_no_file_elsewhere(tmp_path: Path) -> None:
    Dataset.from_dict({"prompt": ["the code is 4711"]}).save_to_disk(tmp_path / "private")
    DatasetDict({"train": Dataset.from_dict({"prompt": ["Where?"]})}).save_to_disk(tmp_path / "rows")
    assert [row.texts["instruction"] for row in seeds(tmp_path, path="rows")] == ["Where?"]
    state = tmp_path / "rows" / "train" / "state.json"
    written = state.read_text()
    other = json.loads(written) | {"_data_files": [{"filename": "../../private/data-00000-of-00001.arrow"}]}
    state.write_text(json.dumps(other))
    with pytest.raises(SourceError, match=r"its state\.json names"):
        seeds(tmp_path, path="rows")
    state.write_text(written)
    (tmp_path / "rows" / "dataset_dict.json").write_text(json.dumps({"splits": ["../private"]}))
    with pytest.raises(SourceError, match=r"its dataset_dict\.json names"):
        seeds(tmp_path, path="rows")


class Touch:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("suffix", [".pkl", ".pickle", ".pt", ".jsonl", ".parquet", ".tar"])
@pytest.mark.parametrize("config", [None, "default"])
def test_neither_scripts_nor_pickles_are_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, config: str | None
) -> None:
    monkeypatch.setenv("HF_DATASETS_TRUST_REMOTE_CODE", "1")
    monkeypatch.setenv("TRUST_REMOTE_CODE", "1")
    folder = tmp_path / "rows"
    folder.mkdir()
    (folder / f"a{suffix}").write_bytes(pickle.dumps(Touch(tmp_path / "RUN")))
    (folder / "rows.py").write_text(f"open({str(tmp_path / 'RUN')!r}, 'w')\n")
    for path in ("rows", f"rows/a{suffix}", "rows/rows.py"):
        with pytest.raises(SourceError):
            seeds(tmp_path, path=path, config=config if path == "rows" else None)
    assert not (tmp_path / "RUN").exists()
