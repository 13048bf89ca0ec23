"""A recipe's documents: faults at their lines, all at once; cleaned by its rules; the same in any process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft.cache import cache_folder
from hfsft.documents.chunk_file import VERSION
from hfsft.errors import RecipeError
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.documents.opened_corpus import open_corpus
from hfsft.recipe.recipe import load_recipe

HOURS = "# Hours\n\nFrom eight. Write to desk@clinic.example.org or call 030 901820.\n"


def recipe(folder: Path, **sections: Any) -> Path:
    (folder / "hours.md").write_text(HOURS)
    path = folder / "recipe.yaml"
    data = {"name": "toy", "documents": [{"path": "hours.md"}], "seeds": [{"prompts": ["When?"]}], **sections}
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return path


def recipe_of(path: Path, **changed: Any) -> Path:
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **changed}))
    return path


def test_every_fault_is_told_at_its_line_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "empty.md").write_text("")
    (tmp_path / "latin.md").write_bytes(b"One.\ncaf\xe9")
    (tmp_path / "rows.jsonl").write_text('{"name": "a", "description": "b"}\n')
    documents = [
        {"path": "missing.md"},
        {"path": "empty.md"},
        {"path": "latin.md"},
        {"path": "rows.jsonl", "text": "descripton"},
    ]
    path = recipe(tmp_path, documents=documents)
    with pytest.raises(RecipeError) as caught:
        compile_recipe(load_recipe(path), weights=False)
    lines = path.read_text().splitlines()
    said = [(lines[problem.place.line - 1].strip(" -"), problem.message) for problem in caught.value.problems]
    assert [at for at, _ in said] == ["path: missing.md", "path: empty.md", "path: latin.md", "text: descripton"]
    assert "latin.md:2:4: byte 0xe9 is not UTF-8" in said[2][1]


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        ([], True),
        ([{"pii": {"do": "report"}}], True),
        (["pii"], False),
        ([{"pii": {"kinds": ["email", "phone"]}}], False),
        ([{"pii": {"do": "reject"}}], False),
    ],
    ids=str,
)
def test_rules_that_redact_clean_documents(tmp_path: Path, filters: list[Any], holds: bool) -> None:
    corpus, problems = open_corpus(load_recipe(recipe(tmp_path, filters=filters)))
    assert corpus is not None
    assert not problems
    (chunk,) = corpus.load().chunks
    assert ("desk@clinic.example.org" in chunk.text) == holds
    assert ("901820" in chunk.text) == holds
    elsewhere = corpus.work.made()
    assert (elsewhere.identity(), elsewhere.load().chunks) == (corpus.identity, corpus.load().chunks)


def test_who_takes_documents_says_which(tmp_path: Path) -> None:
    path = recipe(tmp_path, documents=[], generate={"context": {"documents": 2}})
    with pytest.raises(RecipeError, match=r"generate\.context takes documents, and the recipe names none"):
        compile_recipe(load_recipe(path), weights=False)
    path = recipe(tmp_path, generate={"context": {"unanswerable": 0.1, "publish": False}})
    with pytest.raises(RecipeError, match="nobody sees what they lack"):
        compile_recipe(load_recipe(path), weights=False)


def test_an_edit_of_a_document_moves_the_step_that_reads_it_and_no_other(tmp_path: Path) -> None:
    def prints() -> dict[str, str]:
        plan = compile_recipe(load_recipe(path), weights=False)
        return {step.name: step.pinned.fingerprint("") for step in plan.steps}

    path = recipe(tmp_path, generate={"context": {"documents": 1}})
    before = prints()
    (tmp_path / "hours.md").write_text(HOURS.replace("eight", "nine"))
    after = prints()
    assert [name for name in before if before[name] != after[name]] == ["generate.context"]
    (tmp_path / "hours.md").rename(tmp_path / "when.md")
    path.write_text(path.read_text().replace("hours.md", "when.md"))
    assert prints()["sources"] == before["sources"]


def test_chunks_of_large_documents_are_kept_and_read_again(tmp_path: Path, home: Path) -> None:
    path = recipe(tmp_path, filters=["pii"])
    (tmp_path / "hours.md").write_text("\n\n".join(f"## Day {day}\n\n{HOURS}" for day in range(4000)))
    first, _ = open_corpus(load_recipe(path))
    assert first is not None
    (kept,) = cache_folder("toy").glob("*-documents.arrow")
    loader = first.work.made()
    assert loader.load().chunks == first.load().chunks
    assert not any("clinic.example.org" in chunk.text for chunk in loader.load().chunks)
    kept.write_bytes(b"damaged")
    assert first.work.made().identity() == first.identity
    other, _ = open_corpus(load_recipe(recipe_of(path, filters=[])))
    assert other is not None
    assert other.identity != first.identity


def test_what_documents_are_cut_into_is_known_by_the_version(tmp_path: Path) -> None:
    """Raise `chunk_file.VERSION` where this changes, or chunks of before are read from the cache."""
    corpus, _ = open_corpus(load_recipe(recipe(tmp_path, filters=["pii"])))
    assert corpus is not None
    assert (VERSION, [chunk.id for chunk in corpus.load().chunks]) == (1, ["83e7eb6eb4f9957a"])
