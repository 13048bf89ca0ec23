"""What a release holds, and what was built compared with what loads."""

import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from datasets import Dataset, DatasetDict, Value

from hfsft.errors import ReleaseError
from hfsft.release.hub.listing import held
from hfsft.release.hub.loadback import differences
from hfsft.release.hub.release_files import Build, File, is_news, owned, stale
from tests.release.fixture import write_build


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"train": {"a": [1, 2, 3]}}, ""),
        ({"train": {"a": [1, 2, 3]}, "test": {"a": [1]}}, "default: the splits are train, test on the Hub, train here"),
        ({"train": {"a": [1, 2]}}, "default/train: 2 rows on the Hub, 3 here"),
        ({"train": {"b": [1, 2, 3]}}, "default/train: the columns are"),
        ({"train": {"a": [1, 3, 2]}}, "default/train: some rows say something else on the Hub than here"),
    ],
)
def test_what_loads_otherwise_than_it_was_built_is_said(other: dict[str, dict[str, list[int]]], message: str) -> None:
    here = DatasetDict({"train": Dataset.from_dict({"a": [1, 2, 3]})})
    there = DatasetDict({split: Dataset.from_dict(columns) for split, columns in other.items()})
    found = differences("default", here, there)
    assert [line.startswith(message) for line in found] == ([True] if message else [])
    narrow = DatasetDict({"train": here["train"].cast_column("a", Value("int32"))})
    assert "the columns are" in differences("default", here, narrow)[0]


def test_a_release_owns_its_folders_and_files_and_nothing_else() -> None:
    mine = ["data/train-0.parquet", "assets/funnel.svg", "rejected/x", "README.md", "funnel.json", "report.html"]
    users = [".gitattributes", "notes.txt", "database/x", "scripts/README.md", "data", "LICENSE"]
    assert [path for path in [*mine, *users] if owned(path)] == mine
    assert [path for path in ("assets/logo.png", "assets/funnel.svg", "sources/mine.csv", "data/x") if stale(path)] == [
        "assets/funnel.svg",
        "data/x",
    ]
    assert not is_news(["README.md", "report.html", "funnel.json", "assets/a.svg"])
    assert is_news(["README.md", "recipe.yaml"])


def test_a_file_is_named_as_git_and_the_store_of_large_files_name_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hello\n")
    for file in (File.of(b"hello\n"), File.of(tmp_path / "a")):
        assert file.matches("ce013625030ba8dba906f756967f9e9ca394464a")
        assert file.matches("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")
        assert not file.matches(None)


def test_a_link_is_never_followed_out_of_the_folder(tmp_path: Path) -> None:
    folder = write_build(tmp_path / "made")
    (tmp_path / "private.txt").write_text("mine")
    (folder / "recipe.yaml").unlink()
    (folder / "recipe.yaml").symlink_to(tmp_path / "private.txt")
    with pytest.raises(ReleaseError, match="is a link"):
        Build.read(folder)


def test_hidden_files_stay_at_home(tmp_path: Path) -> None:
    folder = write_build(tmp_path / "made")
    (folder / ".env").write_text("SECRET=1")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "x").write_text("")
    assert not [name for name in Build.read(folder).files if name.startswith(".")]
    with pytest.raises(ReleaseError, match="holds no build"):
        Build.read(tmp_path)


def test_a_listing_tells_rows_and_columns_as_they_stand_there(tmp_path: Path) -> None:
    folder = write_build(tmp_path / "made")
    path = folder / "rejected" / "rejected-00000-of-00001.parquet"
    table = pyarrow.table({"id": ["r0"], "instruction": ["What fell"], "channel": ["web"]})
    pyarrow.parquet.write_table(table, path)
    (folder / "recipe.resolved.yaml").write_text(
        "name: made\nexamples: [{path: x.csv, keep: [channel]}, {rows: [{}, {}]}]\npublish: {rejected: false}\n"
    )
    summary = json.loads((folder / "funnel.json").read_text())
    summary["columns"] = [{"name": "channel", "type": "string", "role": "kept"}]
    (folder / "funnel.json").write_text(json.dumps(summary))
    (folder / "report.html").write_text('<section id="samples">')
    found = {each.name: each for each in held(Build.read(folder))}
    assert {name: each.rows for name, each in found.items() if each.rows} == {
        "data/train": 6,
        "data/validation": 2,
        "provenance/train": 6,
        "provenance/validation": 2,
        "rejected/rejected": 1,
        "recipe.resolved.yaml": 2,
        "recipe.yaml": 2,
    }
    assert found["rejected/rejected"].columns == ("id", "instruction", "channel (of your source)")
    assert found["rejected/rejected"].about == "the rows that fell, with their texts"
    assert found["report.html"].about == "samples of the rows, of those that fell too"
    pyarrow.parquet.write_table(table.set_column(1, "instruction", pyarrow.array([None], "string")), path)
    found = {each.name: each for each in held(Build.read(folder))}
    assert "nothing that they say" in found["rejected/rejected"].about


def test_a_link_to_a_file_elsewhere_is_no_part_of_a_build(tmp_path: Path) -> None:
    folder = write_build(tmp_path / "build")
    (tmp_path / "private.txt").write_text("the vault code is 4711")
    for name in ("ledger.jsonl", "report.html"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(tmp_path / "private.txt")
        with pytest.raises(ReleaseError, match=f"{name} is a link to a file elsewhere, and no part of a build"):
            Build.read(folder)
        (folder / name).unlink()
