"""Templates in files beside a recipe: each place may name one, and then needs it no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft import pipeline
from hfsft.errors import RecipeError
from hfsft.recipe.recipe import load_recipe
from hfsft.release.reader import open_release
from tests.models.server import LLM, said_to

BASE: dict[str, Any] = {
    "name": "desk",
    "models": {"writer": {"model": "m", "base_url": "http://localhost:9/v1"}},
    "attributes": {"tone": ["calm"]},
    "seeds": [{"prompts": ["Where is my parcel?"], "topic": "parcels"}],
    "generate": {},
}
TEXT = "Ask {{ instruction }}\nthen go on"
PLACES: dict[str, tuple[Any, ...]] = {
    "label": ("label", {"quality": ["a", "b"], "template": "ask.jinja"}, ("template",)),
    "write": ("write", [{"column": "note", "template": "ask.jinja"}], (0, "template")),
    "evolve": ("evolve", {"templates": ["deepen", "ask.jinja"]}, ("templates", 1)),
    "evolve, weighted": ("evolve", {"templates": [{"ask.jinja": 2}]}, ("templates", 0)),
    "evolve, its own way": ("evolve", {"templates": [{"ask.jinja": {"temperature": 1}}]}, ("templates", 0)),
    "converse": ("converse", {"user": ["ask.jinja"]}, ("user", 0)),
    "converse, alone": ("converse", {"user": "ask.jinja"}, ("user",)),
    "generate.template": ("generate", {"template": "ask.jinja"}, ("template",)),
    "generate.system": ("generate", {"system": "ask.jinja"}, ("system",)),
    "generate.system by topic": ("generate", {"system": {"parcels": "ask.jinja"}}, ("system", "parcels")),
    "tools": ("generate", {"tools": {"template": "ask.jinja"}}, ("tools", "template")),
    "magpie": ("seeds", [{"from": "magpie", "count": 1, "system": "ask.jinja"}], (0, "system")),
    "topics": ("seeds", [{"from": "topics", "count": 1, "question": "ask.jinja"}], (0, "question")),
    "seeds": ("seeds", [{"from": "attributes", "count": 1, "templates": ["ask.jinja"]}], (0, "templates", 0)),
    "seeds, weighted": ("seeds", [{"from": "attributes", "count": 1, "templates": [{"ask.jinja": 2}]}], (0,)),
}


def written(folder: Path, section: str, value: Any, **more: Any) -> Path:
    path = folder / "desk.yaml"
    path.write_text(json.dumps({**BASE, section: value, **more}, indent=1))
    return path


@pytest.mark.parametrize("place", PLACES)
def test_a_file_of_a_template_is_part_of_the_recipe(place: str, tmp_path: Path) -> None:
    section, value, _ = PLACES[place]
    (tmp_path / "ask.jinja").write_text(TEXT)
    loaded = load_recipe(written(tmp_path, section, value))
    (tmp_path / "ask.jinja").unlink()
    told = json.dumps(loaded.resolved())
    assert json.dumps(TEXT)[1:-1] in told
    assert "ask.jinja" not in told


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Ask\n\n{{ instruction }", "ask.jinja, line 3: unexpected '}'"),
        ("Ask\n{{ instruktion }}", "ask.jinja, line 2: the template uses `instruktion`"),
        (None, "there is no file ask.jinja (did you mean `asks.jinja`"),
    ],
)
def test_what_is_wrong_with_it_is_told_where_it_stands(place: str, text: str | None, said: str, tmp_path: Path) -> None:
    section, value, _ = PLACES[place]
    if place == "topics":
        text = text and text.replace("instruktion", "instrution").replace("instruction", "way")
        said = said.replace("instruktion", "instrution")
    (tmp_path / "asks.jinja").write_text("x")
    if text is not None:
        (tmp_path / "ask.jinja").write_text(text)
    path = written(tmp_path, section, value)
    line = next(number for number, each in enumerate(path.read_text().splitlines(), 1) if "ask.jinja" in each)
    with pytest.raises(RecipeError) as error:
        pipeline.validate(path, hub=False)
    assert [problem.place.line for problem in error.value.problems if said in str(problem)] == [line]


def test_a_file_called_as_if_it_were_kept_for_the_last_turn_is_told(tmp_path: Path) -> None:
    (tmp_path / "bye_end.jinja").write_text("Say goodbye.")
    path = written(tmp_path, "converse", {"user": ["follow_up", "bye_end.jinja"]})
    with pytest.raises(RecipeError) as error:
        pipeline.validate(path, hub=False)
    assert "bye_end.jinja: would write any turn: only ready templates end in _end for the last one" in str(error.value)
    (tmp_path / "bye_end.jinja").rename(tmp_path / "bye.jinja")
    pipeline.validate(written(tmp_path, "converse", {"user": ["follow_up", "bye.jinja"]}), hub=False)


def test_a_file_is_read_beside_all_else_that_is_wrong(tmp_path: Path) -> None:
    path = written(tmp_path, "generate", {"template": "ask.jinja", "temprature": 1})
    with pytest.raises(RecipeError) as error:
        load_recipe(path)
    said = str(error.value)
    assert "there is no file ask.jinja" in said
    assert "unknown key `temprature`" in said


def test_rows_are_those_that_the_template_in_the_recipe_itself_would_make(tmp_path: Path, home: Path) -> None:
    text = "Ask in a {{ tone }} tone."
    (tmp_path / "ask.jinja").write_text(text)
    with LLM(reply=lambda body: f"How is it {said_to(body)[7:12]}, and why?") as llm:
        models = {"writer": {"model": "m", "base_url": llm.url}}
        found = []
        for template in ("ask.jinja", text):
            seeds = [{"from": "attributes", "count": 3, "templates": [template, {"In {{ tone }}?": 1}]}]
            path = written(tmp_path, "seeds", seeds, models=models, filters=[])
            built, folder = pipeline.run(path, out=tmp_path / "build")
            found.append(sorted(zip(built.rows["id"], built.rows["template"], strict=True)))
        assert found[0] == found[1]
        assert {name.partition("-")[0] for _, name in found[0]} == {"inline"}
        asked = len(llm.requests)
        (tmp_path / "ask.jinja").unlink()
        pipeline.run(open_release(str(folder)).recipe(), out=tmp_path / "again")
        assert len(llm.requests) == asked, "the recipe of a release has its templates"
