"""Whatever changes the rows of a source changes its identity; nothing else does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hfsft.errors import SourceError
from hfsft.rows.columns import COLUMNS, kept_columns
from hfsft.stages.seeds import PromptTable
from tests.rows.helpers import file


def identity(folder: Path, section: PromptTable) -> str:
    return json.dumps(section.opened(folder, "seeds[0]").identity, sort_keys=True)


def test_a_file_is_its_name_and_content(tmp_path: Path) -> None:
    path = file(tmp_path, "s.txt", "How?")
    before = identity(tmp_path, PromptTable(path=path))
    (tmp_path / path).touch()
    assert identity(tmp_path, PromptTable(path=path)) == before
    assert identity(tmp_path, PromptTable(path=str(tmp_path / path))) == before
    file(tmp_path, "s.txt", "Why?")
    assert identity(tmp_path, PromptTable(path=path)) != before


def test_a_folder_is_the_names_and_contents_of_its_data_files(tmp_path: Path) -> None:
    for name in ("train", "test"):
        file(tmp_path / "data", f"{name}.jsonl", {"prompt": name})
    section = PromptTable(path="data", split="train")
    before = identity(tmp_path, section)
    for name in (".DS_Store", "README.md", ".git/config"):
        file(tmp_path / "data", name, "x")
    assert identity(tmp_path, section) == before
    (tmp_path / "data/train.jsonl").rename(tmp_path / "data/x")
    (tmp_path / "data/test.jsonl").rename(tmp_path / "data/train.jsonl")
    assert identity(tmp_path, section) != before


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["channel", "channel"], {"channel": "channel"}),
        (["id", "topic", "score_x", "language"], {n: f"source_{n}" for n in ("id", "topic", "score_x", "language")}),
        (["id", "source_id"], {"id": "source_source_id", "source_id": "source_id"}),
        (["tokens_response"], {"tokens_response": "source_tokens_response"}),
    ],
)
def test_kept_columns_never_take_a_name_of_ours(names: list[str], kept: dict[str, str]) -> None:
    found = kept_columns(names, {"tokens_response"})
    assert found == kept
    assert not set(found.values()) & {*COLUMNS, "tokens_response"}


def test_the_name_of_a_file_is_part_of_what_its_rows_say(tmp_path: Path) -> None:
    found = set()
    for name in ("2024.jsonl", "2025.jsonl"):
        file(tmp_path / name[:4], name, {"prompt": "a"})
        (tmp_path / name[:4]).rename(tmp_path / "data")
        found |= {identity(tmp_path, PromptTable(path=path)) for path in ("data", f"data/{name}")}
        (tmp_path / "data").rename(tmp_path / f"was-{name}")
    assert len(found) == 2  # a file alone and in its folder has one name


def test_a_file_that_changes_between_its_hash_and_its_rows_is_an_error(tmp_path: Path) -> None:
    opened = PromptTable(path=file(tmp_path, "s.txt", "How?")).opened(tmp_path, "seeds[0]")
    assert opened.identity == opened.identity
    assert len(list(opened.rows(None))) == 1
    file(tmp_path, "s.txt", "Why?", "When?")
    with pytest.raises(SourceError, match=r"s.txt: was changed while it was read"):
        list(opened.rows(None))
