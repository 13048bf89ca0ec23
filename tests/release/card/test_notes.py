"""Notes: each is there when its number gives cause, and only then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from hfsft.release.card.notes import _funnel
from hfsft.release.result import Built
from hfsft.rows.columns import COLUMNS
from hfsft.stages.base import Warn
from hfsft.stages.split.sides import Sides
from tests.release.toy import MEASURES, RECIPE, toy

JUDGE: dict[str, Any] = RECIPE["models"]["judge"]
ANCHOR = {"instruction": "Where is it?", "response": "Wait.", "scores": {"relevance": 3, "usefulness": 1}}


@pytest.mark.parametrize(
    ("recipe", "part"),
    [
        ({}, "the licence apache-2.0 promises more than meta-llama/Llama-3.3-70B-Instruct allows"),
        ({}, "8 of 400 rows failed ("),
        ({}, "41 rows to train on: fewer than the 200"),
        ({}, "the judge hardly tells rows apart in relevance (100% got 5)"),
        ({}, "had no scored examples"),
        ({}, "`filters[repetition]` took 168 of 275 rows (61%)"),
        ({}, "TRL trains on prompts too"),
        ({"judge": None}, "nothing was judged"),
        ({"models": {"writer": JUDGE, "judge": JUDGE}}, "the judge is the model that wrote in generate"),
    ],
)
def test_a_number_that_gives_cause_is_noted(recipe: dict[str, Any], part: str) -> None:
    assert [note for note in toy(400, recipe).notes if part in note]


@pytest.mark.parametrize(
    ("recipe", "part"),
    [
        ({"license": "llama3.3"}, "promises more"),
        ({"judge": {**RECIPE["judge"], "anchors": [ANCHOR]}}, "had no scored examples"),
        ({}, "the judge is the model that wrote"),
        ({}, "in usefulness ("),
        ({}, "about one topic"),
        ({}, "system prompt"),
        ({"publish": {"format": "prompt_completion"}}, "TRL trains on prompts too"),
    ],
)
def test_a_number_without_cause_is_not(recipe: dict[str, Any], part: str) -> None:
    assert not [note for note in toy(400, recipe).notes if part in note]


def test_many_rows_that_fell_for_their_meaning_are_a_warning_from_a_third_on() -> None:
    built = toy(400)
    (line,) = (each for each in built.ledger.funnel if each.step == "filters[near_duplicate]")
    step = "filters[semantic_duplicate]"
    told = {True: 34, False: 33}
    for warned, removed in told.items():
        funnel = [replace(line, step=step, rows_in=100, removed=removed, rows_out=100 - removed)]
        causes = [replace(built.causes[0], fate="rejected", stage=step, reason="at_most 0.95")]
        other = replace(built, ledger=replace(built.ledger, funnel=funnel))
        other.__dict__["causes"] = causes
        notes = [
            note for note in _funnel(other) if "34 of 100" in note and "the embedder may not know the language" in note
        ]
        assert bool(notes) is warned
        assert all(isinstance(note, Warn) for note in notes)


def with_rows(built: Built, change: Any) -> Built:
    rows = [change(index, row) for index, row in enumerate(built.rows.to_list())]
    return replace(built, rows=type(built.rows).from_list(rows, features=built.rows.features))


def test_a_topic_that_nearly_every_row_has_is_noted() -> None:
    built = with_rows(toy(400), lambda index, row: {**row, "topic": "order" if index % 10 else "refund"})
    assert "89% of the rows are about one topic, order" in built.notes


def test_a_system_prompt_that_only_some_rows_have_is_noted() -> None:
    built = with_rows(toy(400), lambda index, row: {**row, "system": None if index % 2 else "Be kind."})
    assert "24 of 47 rows have a system prompt, the others have none" in built.notes


def with_sides(built: Built, sides: str, family: str | None = None) -> Built:
    """The build with its rows on other sides; or all in one family."""
    now = {"t": "train", "v": "validation"}
    changed = with_rows(
        built, lambda index, row: {**row, "split": now[sides[index % len(sides)]], "family": family or row["family"]}
    )
    for side in built.ledger.splits:
        built.ledger.splits[side] = [row["id"] for row in changed.rows if row["split"] == side]
    return changed


@pytest.mark.parametrize(
    ("sides", "family", "asked", "part"),
    [
        ("t", None, 0.1, "no rows are held out for validation, though 10% were asked for: rows keep the side that an"),
        ("v", None, 0.1, "all rows are held out for validation, though 10% were asked for: rows keep the side that an"),
        ("tv", None, 0.07, "48.9% of the rows are held out for validation, though 7% were asked for: rows keep the"),
        ("t", "f", 0.1, "no rows are held out for validation, though 10% were asked for: all are one family, alike or"),
        ("t", None, 0, "no rows are held out for validation"),
        ("tttttttttv", None, 0.1, ""),
    ],
)
def test_a_share_that_is_missed_is_noted_with_its_cause(
    sides: str, family: str | None, asked: float, part: str
) -> None:
    notes = with_sides(toy(400, {"split": {"validation": asked}}), sides, family).notes
    found = [note for note in notes if "held out" in note]
    assert [note[: len(part)] for note in found] == [part] * bool(part)


def test_few_families_are_the_cause_where_no_draw_does_better() -> None:
    built = with_rows(toy(400), lambda index, row: {**row, "family": "large" if index % 10 else "small"})
    held = {row["id"]: "validation" if row["family"] == "small" else "train" for row in built.rows}
    built.recipe.__dict__["split"] = built.recipe.split.model_copy(update={"validation": 0.5})
    built = with_rows(built, lambda _, row: {**row, "split": held[row["id"]]})
    for side in built.ledger.splits:
        built.ledger.splits[side] = [row_id for row_id, found in held.items() if found == side]
    (note,) = [note for note in built.notes if "held out" in note]
    assert note.startswith(
        "10.6% of the rows are held out for validation, though 50% were asked for: they are 2 families,"
    )
    assert "the largest of 42 rows" in note
    assert "raise `split.similarity`" in note


def test_rows_that_changed_sides_are_noted() -> None:
    came: dict[Any, int] = {("validation", "train"): 3, ("train", "test"): 2, ("validation", "test"): 4}
    built = replace(toy(400), sides=Sides(moved=came))
    assert [
        note for note in built.notes if note.startswith("3 rows were held out in an earlier build and are trained on")
    ]
    assert [note for note in built.notes if note.startswith("2 rows are held out that an earlier build trained on")]
    assert [note for note in built.notes if note.startswith("4 rows of test were in validation in an earlier build")]


def test_rows_that_no_model_touched_need_no_judge() -> None:
    built = toy(400, {"judge": None})
    plain = replace(built, plan=Plan("toy", (Step("sources", rows="source", writes={**COLUMNS, **MEASURES}),)))
    assert not [note for note in plain.notes if "judged" in note or "promises" in note]
