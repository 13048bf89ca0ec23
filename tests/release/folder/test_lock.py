"""The lock file: everything that rows depend on, and nothing that changes by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hfsft.pipeline import run
from hfsft.release.folder.file_names import LOCK
from tests.models.server import LLM
from tests.recipes import reply, support
from tests.release.samples import examples, tokenizer_folder


def locked(recipe: Any, out: Path) -> dict[str, Any]:
    found = json.loads((run(recipe, out=out)[1] / LOCK).read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_equal_builds_have_equal_locks(tmp_path: Path, home: Path) -> None:
    first, second = (run(examples(), out=tmp_path / name)[1] / LOCK for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()


def test_a_build_from_the_folder_of_another_has_the_same_lock(tmp_path: Path, home: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"prompt": "Where is it?", "completion": "Here."}\n', encoding="utf-8")
    recipe = {"name": "toy", "examples": [{"path": str(tmp_path / "rows.jsonl")}], "filters": []}
    first = run({**recipe, "publish": {"sources": True}}, out=tmp_path / "one")[1]
    second = run(first / "recipe.resolved.yaml", out=tmp_path / "two")[1]
    third = run(second / "recipe.resolved.yaml", out=tmp_path / "three")[1]
    assert (second / LOCK).read_bytes() == (third / LOCK).read_bytes()
    data = "data/train-00000-of-00001.parquet"
    assert (first / data).read_bytes() == (second / data).read_bytes()


def test_a_lock_names_no_folder_of_this_machine(tmp_path: Path, home: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"prompt": "Where is it?", "completion": "Here."}\n', encoding="utf-8")
    recipe = {"name": "toy", "examples": [{"path": str(tmp_path / "rows.jsonl")}], "filters": []}
    folder = run(recipe, out=tmp_path / "one")[1]
    assert json.loads((folder / LOCK).read_text())["unpublished"] == ["rows.jsonl"]
    for path in folder.rglob("*"):
        assert path.is_dir() or str(tmp_path).encode() not in path.read_bytes(), path


def test_models_templates_and_libraries_are_pinned(tmp_path: Path, home: Path) -> None:
    with LLM(reply=reply) as llm:
        found = locked(support(llm), tmp_path)
    assert {name: model["model"] for name, model in found["models"].items()} == {
        "writer": "writer-1",
        "judge": "judge-1",
    }
    assert {"judge", "generate.system"} <= set(found["templates"])
    assert any(name.startswith("evolve[1].templates.") for name in found["templates"])
    assert {"datasets", "huggingface-hub", "transformers", "tokenizers"} <= set(found["libraries"])


def test_the_tokenizer_is_pinned_by_its_content(tmp_path: Path, home: Path) -> None:
    name = str(tokenizer_folder(tmp_path / "tokenizer"))
    pinned = locked(examples(publish={"format": "text", "tokenizer": name}), tmp_path)["tokenizer"]
    assert pinned["name"] == name
    assert {len(pinned["template"]), len(pinned["vocabulary"])} == {64}


def test_another_source_is_another_lock(tmp_path: Path, home: Path) -> None:
    first, second = (locked(examples(count), tmp_path) for count in (5, 6))
    assert first["sources"] != second["sources"]
    assert first["steps"]["split"] != second["steps"]["split"]
    assert first["libraries"] == second["libraries"]
