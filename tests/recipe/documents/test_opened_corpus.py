"""A recipe's documents: faults at their lines, all at once; cleaned by its rules; the same in any process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

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
