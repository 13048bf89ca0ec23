"""Guards in a build: people's share is kept, real queries are compared with, and a set that narrows is told."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hfsft import RecipeError, load_recipe
from hfsft.pipeline import building
from hfsft.recipe.compile import compile_recipe
from hfsft.release.reader import Release
from hfsft.stages.base import Outcome, Warn
from hfsft.stages.guards.guards import Guards
from hfsft.stages.guards.like import LIKENESS
from hfsft.stages.guards.people import BEYOND, marking
from hfsft.tallies.column_values import ColumnValues


def test_the_worst_rows_of_models_go_where_people_would_be_too_few() -> None:
    batch: dict[str, list[Any]] = {
        "id": ["p1", "p2", "m1", "m2", "m3", "m4", "m5"],
        "origin": ["seed", "example", *["evolved"] * 5],
        "score_mean": [1.0, None, 5.0, 2.0, 4.0, None, 3.0],
    }
    beyond = marking(0.4)(batch)[BEYOND]
    assert [row for row, mark in zip(batch["id"], beyond, strict=True) if mark] == ["m2", "m4"]
    turned = {name: values[::-1] for name, values in batch.items()}
    assert marking(0.4)(turned)[BEYOND] == beyond[::-1]
    assert set(marking(0.2)(batch)[BEYOND]) == {None}
    assert all(marking(1.0)(batch)[BEYOND][2:])


def recipe(folder: Path, **guards: Any) -> Any:
    prompts = [f"How do I {verb} my {thing}?" for verb in ("pay", "track", "cancel") for thing in ("order", "ticket")]
    (folder / "real.jsonl").write_text("".join(json.dumps({"q": q}) + "\n" for q in ("track order", "Weather in Rome")))
    rows = [{"instruction": prompt, "response": "As you please."} for prompt in prompts]
    return {
        "name": "guarded",
        "seeds": [{"prompts": ["Is it late?"]}],
        "examples": [{"rows": rows}],
        "guards": guards,
        "generate": {},
        "filters": [],
    }


def test_real_queries_make_a_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plan = compile_recipe(load_recipe(recipe(tmp_path, like={"path": "real.jsonl", "prompt": "q"})), weights=False)
    (step,) = [each for each in plan.steps if each.name == "guards.like"]
    found = step.function({"instruction": ["track order", "how do I track my order", "quantum chromodynamics", None]})
    same, near, far, none = found["likeness"]
    assert same == pytest.approx(1, abs=1e-4)
    assert same > near > far
    assert none == 0


def test_real_queries_that_are_not_there_are_told_at_their_line(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("name: x\nseeds:\n  - prompts: [Is it late?]\nguards:\n  like: nowhere.jsonl\n")
    with pytest.raises(RecipeError, match=r"recipe.yaml:5:\d+: guards.like"):
        compile_recipe(load_recipe(path), weights=False)


def outcome(now: dict[str, Any], before: dict[str, Any]) -> Outcome:
    figures = {"guards": {"rows": 500, **now}}
    return Outcome([], lambda _: [], lambda *_: [], [], figures=figures, before={"guards": {"rows": 400, **before}})


def test_a_set_that_narrows_is_told() -> None:
    notes = list(Guards().notes(outcome({"distinct_response": 0.2}, {"distinct_response": 0.5})))
    said = "different runs of two words in responses was 50.0% in the release before and is 20.0% now"
    assert notes == [f"the set has narrowed: {said}"]
    assert isinstance(notes[0], Warn)
    assert not list(Guards().notes(outcome({"distinct_response": 0.48}, {"distinct_response": 0.5})))
    assert not list(Guards().notes(outcome({"distinct_response": 0.2}, {})))


def test_figures_stand_beside_those_of_the_build_before(tmp_path: Path) -> None:
    told = {**recipe(tmp_path), "guards": {"embeddings": True}}
    del told["seeds"], told["generate"]
    building.run(told, out=tmp_path / "build")
    first = Release("", tmp_path / "build" / "guarded").summary()
    told["examples"][0]["rows"] = told["examples"][0]["rows"][:3]
    building.run(told, out=tmp_path / "build")
    second = Release("", tmp_path / "build" / "guarded").summary()
    assert first["figures"]["guards"]["rows"] == 6
    assert first["figures"]["guards"]["vendi"] > second["figures"]["guards"]["vendi"] > 1
    assert (first["figures_before"], second["figures_before"]) == ({}, first["figures"])
    assert "Diversity" in (tmp_path / "build" / "guarded" / "report.html").read_text()


def test_an_opening_that_spreads_is_told() -> None:
    (note,) = Guards().notes(outcome({"opening_share": 0.5}, {"opening_share": 0.25}))
    assert note == "the set has narrowed: the commonest opening was 25.0% in the release before and is 50.0% now"
    assert not list(Guards().notes(outcome({"opening_share": 0.04}, {"opening_share": 0.02})))
    assert not list(Guards().notes(outcome({"opening_share": 0.25}, {"opening_share": 0.5})))


def test_rules_bound_how_like_real_queries_rows_are_before_answers_are_paid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = recipe(tmp_path, like={"path": "real.jsonl", "prompt": "q"}, people={"at_least": 0.1})
    told["filters"] = [{"expr": "likeness >= 0.5"}]
    names = [step.name for step in compile_recipe(load_recipe(told), weights=False).steps]
    assert (
        names.index("guards.like")
        < names.index("filters[expr]")
        < names.index("generate")
        < names.index("guards.share")
    )
    told["models"] = {"writer": {"model": "org/m", "base_url": "http://localhost:9/v1"}}
    told["generate"] = None
    told["seeds"] = []
    building.run(told, out=tmp_path / "build")
    found = Release("", tmp_path / "build" / "guarded")
    assert found.summary()["figures"]["guards"]["like_near"] >= 0.5


def test_figures_hold_a_sample_of_texts_and_not_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hfsft.stages.guards.figures.WORDS", 200)
    held = Counter[str]()

    class Text(str):
        def __init__(self, *_: object) -> None:
            held["now"] += 1
            held["most"] = max(held["most"], held["now"])

        def __del__(self) -> None:
            held["now"] -= 1

    def values(name: str) -> ColumnValues:
        said = f"{name} number %d of all that were asked"
        return ColumnValues(lambda: (None if name == LIKENESS else Text(said % row) for row in range(5_000)), 5_000)

    found = Guards().figures(Outcome([], values, lambda *_: [], []))
    assert found["rows"] == 5_000
    assert found["opening_share"] == 1 / 5_000
    assert 0 < found["distinct_instruction"] < 1
    assert held["most"] < 2_500
