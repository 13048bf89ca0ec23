"""Whatever changes the rows of a source changes its identity; nothing else does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.plan.row import COLUMNS, kept_columns
from hfsft.stages.base import Section
from hfsft.stages.examples import ExampleRows, ExampleTable
from hfsft.stages.seeds import Prompts, PromptTable
from tests.rows.helpers import file

OTHER: dict[str, Any] = {
    "path": "other.csv",
    "config": "en",
    "delimiter": ";",
    "topic": "b",
    "context": "b",
    "system": "b",
    "keep": ["a"],
    "drop": ["label"],
    "limit": 1,
    "prompt": "b",
    "format": "columns",
    "instruction": "b",
    "response": "b",
    "messages": "b",
    "roles": {"a": "user"},
    "assistant_opens": True,
    "join_turns": True,
    "prompts": ["b"],
    "rows": [{"instruction": "b", "response": "b"}],
}
HUB_ONLY = {"revision", "split", "config"}  # shown by the tests of folders and of the Hub

SECTIONS: list[tuple[type[Section], dict[str, Any]]] = [
    (PromptTable, {"path": "s.csv"}),
    (ExampleTable, {"path": "s.csv"}),
    (Prompts, {"prompts": ["a"]}),
    (ExampleRows, {"rows": [{"instruction": "a", "response": "a"}]}),
]


def identity(folder: Path, section: Any, place: str = "seeds[0]") -> str:
    return json.dumps(section.opened(folder, place).identity, sort_keys=True)


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [(kind, given, name) for kind, given in SECTIONS for name in kind.model_fields if name not in HUB_ONLY],
)
def test_every_field_of_a_source_is_part_of_its_identity(
    tmp_path: Path, kind: type[Section], given: dict[str, Any], field: str
) -> None:
    file(tmp_path, "s.csv", "a,b", "x,y")
    file(tmp_path, "other.csv", "a,b", "x,y")
    before = identity(tmp_path, kind.model_validate(given))
    assert identity(tmp_path, kind.model_validate(given)) == before
    assert identity(tmp_path, kind.model_validate({**given, field: OTHER[field]})) != before


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
    assert identity(tmp_path, PromptTable(path="data", split="test")) != before
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
