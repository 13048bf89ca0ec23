"""Rows of two releases compared by id, and what was built with what loads."""

from pathlib import Path

import pytest
from datasets import Dataset, DatasetDict, Value

from hfsft.errors import ReleaseError
from hfsft.release.compare import Delta, delta, differences, read_rows
from hfsft.release.files import Build, File, is_news, owned
from tests.release.fixture import write_build


def test_rows_are_counted_as_added_removed_moved_and_changed(tmp_path: Path) -> None:
    old = read_rows(write_build(tmp_path / "old", train=["a", "b", "c"], validation=["d", "e"], shards=2))
    new = read_rows(write_build(tmp_path / "new", train=["a", "d", "f"], validation=["e"], answer="answer"))
    other = read_rows(write_build(tmp_path / "other", train=["a", "b", "c"], validation=["d", "e"], answer="another"))
    assert old
    assert new
    assert other
    assert old.counts() == {"train": 3, "validation": 2}
    assert delta(old, new) == Delta(added=1, removed=2, moved=1, changed=0)
    assert delta(old, other) == Delta(added=0, removed=0, moved=0, changed=5)
    ids = read_rows(tmp_path / "old", contents=False)
    assert ids
    assert delta(ids, other) == Delta(added=0, removed=0, moved=0, changed=None)


def test_a_ledger_that_is_missing_or_does_not_fit_the_data_says_nothing(tmp_path: Path) -> None:
    folder = write_build(tmp_path / "made")
    (folder / "data" / "validation-00000-of-00001.parquet").unlink()
    assert read_rows(folder) is None
    (folder / "ledger.jsonl").write_text("[1]\n")
    assert read_rows(folder) is None
    (folder / "ledger.jsonl").unlink()
    assert read_rows(folder) is None


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
    assert not is_news(["README.md", "report.html", "funnel.json", "assets/a.svg"])
    assert is_news(["README.md", "recipe.yaml"])


def test_a_file_is_named_as_git_and_the_store_of_large_files_name_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hello\n")
    for file in (File.of(b"hello\n"), File.of(tmp_path / "a")):
        assert file.matches("ce013625030ba8dba906f756967f9e9ca394464a")
        assert file.matches("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")
        assert not file.matches(None)


def test_hidden_files_stay_at_home(tmp_path: Path) -> None:
    folder = write_build(tmp_path / "made")
    (folder / ".env").write_text("SECRET=1")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "x").write_text("")
    assert not [name for name in Build.read(folder).files if name.startswith(".")]
    with pytest.raises(ReleaseError, match="holds no build"):
        Build.read(tmp_path)
