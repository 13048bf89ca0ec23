"""`hfsft templates`: what templates there are, what each does and reads, and which of them a recipe uses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.cli import main
from hfsft.prompts import available, templates

RECIPE = """\
name: toy
seeds: [{prompts: [Where is it?]}]
evolve:
  templates: [deepen, {"Ask {{ instruction }} of {{ topic }}": 2}]
judge: {}
"""


@pytest.fixture
def said(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    monkeypatch.chdir(tmp_path)
    Path("recipe.yaml").write_text(RECIPE)

    def say(*words: str, code: int = 0) -> str:
        assert main(["templates", *words]) == code
        out, err = capsys.readouterr()
        return str(err if code else out)

    return say


def test_all_are_listed_by_folder_with_what_they_do_and_read(said: Any) -> None:
    found = {(each["folder"], each["name"]): each for each in json.loads(said("--json"))}
    assert {name for folder, name in found if folder == "evolve"} == set(available("evolve"))
    assert {folder for folder, _ in found}.isdisjoint({"card", "init", "report"})
    assert not [each["about"] for each in found.values() if each["about"].endswith(("al.", "(arXiv", "e.g."))]
    assert found["evolve", "persona"]["reads"] == ["context", "description", "instruction", "pick", "topic"]
    assert not any(each["used"] for each in found.values())
    shown = said()
    assert "  deepen " in shown
    assert "(reads context, description, instruction, pick, topic)" in shown


@pytest.mark.parametrize("name", available("evolve"))
def test_every_evolution_says_what_it_does_and_where_it_comes_from(name: str, said: Any) -> None:
    (told,) = json.loads(said("evolve", name, "--json"))
    assert told["about"].endswith(".")
    assert "`" not in told["about"]
    assert told["source"].startswith("Source: ")


def test_one_is_shown_in_full(said: Any) -> None:
    text = (templates() / "evolve" / "deepen.jinja").read_text("utf-8")
    shown = said("evolve", "deepen")
    assert text.strip() in shown
    assert "reads context, description, instruction, topic\n" in shown


def test_those_of_a_recipe_are_marked_and_its_own_listed(said: Any) -> None:
    found = json.loads(said("--recipe", "recipe.yaml", "--json"))
    used = {(each["folder"], each["name"]) for each in found if each["used"]}
    (own,) = [name for _, name in used if name.startswith("inline-")]
    assert used == {("evolve", "deepen"), ("evolve", own), ("judge", "rubric")}
    lines = said("evolve", "--recipe", "recipe.yaml").splitlines()
    assert [line.split()[1] for line in lines if line.startswith("* ")] == ["deepen", own, "the"]
    assert "Ask {{ instruction }} of {{ topic }}" in said("evolve", own, "--recipe", "recipe.yaml")
    assert json.loads(said("recipe.yaml", "--json")) == found
    casual = said("--recipe", "recipe.yaml", "--set", "evolve.templates=[casual]", "--json")
    assert ("casual", True) in {(each["name"], each["used"]) for each in json.loads(casual)}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("evolv",), "no folder of templates `evolv` (did you mean `evolve`?"),
        (("evolve", "deepn"), "no template `deepn` in evolve (did you mean `deepen`?"),
        (("deepen",), "no folder of templates `deepen` (a template is called so: `hfsft templates evolve deepen`)"),
        (("persona",), "`hfsft templates evolve persona`, `hfsft templates write persona`"),
        (("card",), "no folder of templates `card`"),
        (("--recipe", "none.yaml"), "none.yaml"),
    ],
)
def test_what_there_is_not_is_told(words: tuple[str, ...], message: str, said: Any) -> None:
    assert message in said(*words, code=1)
