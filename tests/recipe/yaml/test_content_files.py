"""Parts of a recipe in files of their own: they stand in it once it is loaded, and their faults at their lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from hfsft.errors import RecipeError, UserError
from hfsft.loading import load
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import Recipe, load_recipe

RECIPE = """\
name: toy
seeds: [{prompts: [Where is it?]}]
judge: {rubric: rubric.yaml, model: writer}
"""
RUBRIC = """\
use:
  question: Does it help?
  levels: {1: no, 5: yes}
tone: Is it kind?
"""


def put(folder: Path, rubric: str = RUBRIC, recipe: str = RECIPE) -> Path:
    (folder / "rubric.yaml").write_text(rubric)
    (folder / "r.yaml").write_text(recipe)
    return folder / "r.yaml"


def refused(path: Path) -> str:
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    return str(caught.value)


def test_a_rubric_in_a_file_is_as_one_in_the_recipe(tmp_path: Path) -> None:
    from_file = load_recipe(put(tmp_path))
    criteria = {"use": {"question": "Does it help?", "levels": {"1": "no", "5": "yes"}}, "tone": "Is it kind?"}
    seeds = [{"prompts": ["Where is it?"]}]
    inline = load_recipe({"name": "toy", "seeds": seeds, "judge": {"rubric": criteria, "model": "writer"}})
    assert from_file.judge is not None
    assert inline.judge is not None
    assert from_file.judge.criteria == inline.judge.criteria
    plans = [compile_recipe(each, weights=False) for each in (from_file, inline)]
    assert [step.identity for step in plans[0].steps] == [step.identity for step in plans[1].steps]


def test_the_resolved_recipe_needs_no_file(tmp_path: Path) -> None:
    resolved = load_recipe(put(tmp_path)).resolved()
    assert resolved["judge"]["rubric"]["tone"] == "Is it kind?"
    assert resolved["judge"]["rubric"]["use"]["levels"] == {"1": "no", "5": "yes"}
    again = Recipe.model_validate(resolved)
    assert again.judge is not None
    assert set(again.judge.criteria) == {"use", "tone"}


@pytest.mark.parametrize(
    ("rubric", "said"),
    [
        ("use:\n  questoin: Does it help?\n", "rubric.yaml:2:3: unknown key `questoin` in judge.rubric.use"),
        ("use: Does it?\nuse: Is it?\n", "rubric.yaml:2:1: `use` stands here twice"),
        ("use:\n  question: [a]\n", "rubric.yaml:2:13: judge.rubric.use.question must be text, got a list"),
        ("- use\n", "rubric.yaml:1:1: judge.rubric must be text or a mapping, got a list"),
        ("", "r.yaml:3:17: judge.rubric: {folder}/rubric.yaml: is empty"),
        ("use: {checklist: [a, a]}\n", "rubric.yaml:1:22: judge.rubric.use.checklist[1]: asks what question 1 asks"),
        ("Use: a\n", "rubric.yaml:1:6: judge.rubric.Use: `Use` cannot name a criterion"),
        ("use: 'hf_" + "a1B2" * 9 + "'\n", "rubric.yaml:1:7: this looks like a secret key"),
    ],
)
def test_what_is_wrong_in_the_file_is_told_at_its_place_there(rubric: str, said: str, tmp_path: Path) -> None:
    found = refused(put(tmp_path, rubric)).replace(str(tmp_path), "{folder}")
    assert said in found
    assert "a1B2" * 5 not in found


def test_a_file_that_is_not_there_is_told_with_one_that_is(tmp_path: Path) -> None:
    path = put(tmp_path, recipe=RECIPE.replace("rubric.yaml", "rubrik.yaml") + "colour: red\n")
    found = refused(path)
    assert "r.yaml:3:17: judge.rubric" in found
    assert "there is no such file (did you mean" in found
    assert "unknown key `colour`" in found  # all at once


def test_a_line_that_is_no_json_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"instruction": "a"}\n{"instruction": }\n')
    path = put(tmp_path, recipe=RECIPE.replace("model: writer", "model: writer, anchors: a.jsonl"))
    assert "a.jsonl:2:17: is no JSON: Expecting value" in refused(path)


def test_a_recipe_of_others_reads_no_file_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "rubric.yaml").write_text(RUBRIC)
    path = put(tmp_path / "inside", recipe=RECIPE.replace("rubric.yaml", "../rubric.yaml"))
    with pytest.raises(UserError, match=r"judge.rubric names ../rubric.yaml, outside the recipe's folder"):
        load(path, (), trust=False)
    assert load(path, (), trust=True).judge
    put(tmp_path / "inside")
    own = load(tmp_path / "inside" / "r.yaml", (), trust=False)
    assert own.judge is not None
    assert "tone" in own.judge.criteria
