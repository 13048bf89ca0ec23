"""Notes: each is there when its number gives cause, and only then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hfsft.plan.plan import Plan
from hfsft.plan.row import COLUMNS
from hfsft.plan.step import Step
from hfsft.release.built import Built
from tests.release.toy import MEASURES, RECIPE, toy

LLAMA: dict[str, Any] = RECIPE["models"]["writer"]
JUDGE: dict[str, Any] = RECIPE["models"]["judge"]
ANCHOR = {"instruction": "Where is it?", "response": "Wait.", "scores": {"relevance": 3, "usefulness": 1}}


@pytest.mark.parametrize(
    ("recipe", "part"),
    [
        ({}, "the licence apache-2.0 promises more than meta-llama/Llama-3.3-70B-Instruct allows"),
        ({}, "8 of 400 rows (2.0%) failed"),
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


def with_rows(built: Built, change: Any) -> Built:
    rows = [change(index, row) for index, row in enumerate(built.rows.to_list())]
    return replace(built, rows=type(built.rows).from_list(rows, features=built.rows.features))


def test_a_topic_that_nearly_every_row_has_is_noted() -> None:
    built = with_rows(toy(400), lambda index, row: {**row, "topic": "order" if index % 10 else "refund"})
    assert "89% of the rows are about one topic, order" in built.notes


def test_a_system_prompt_that_only_some_rows_have_is_noted() -> None:
    built = with_rows(toy(400), lambda index, row: {**row, "system": None if index % 2 else "Be kind."})
    assert "24 of 47 rows have a system prompt, the others have none" in built.notes


def test_an_empty_validation_split_is_noted() -> None:
    built = toy(400)
    built.ledger.splits["train"] += built.ledger.splits["validation"]
    built.ledger.splits["validation"] = []
    assert "no rows are held out for validation, though 0.1 were asked for" in built.notes


def test_rows_that_no_model_touched_need_no_judge() -> None:
    built = toy(400, {"judge": None})
    plain = replace(built, plan=Plan("toy", (Step("sources", "source", writes={**COLUMNS, **MEASURES}),)))
    assert not [note for note in plain.notes if "judged" in note or "promises" in note]
