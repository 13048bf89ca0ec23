"""Duplicates over the whole path: what stays, what falls for which row, and what a moved bound runs again."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from hfsft.pipeline import forecast, run
from hfsft.release.card.notes import notes
from tests.models.server import LLM, Body

REFUSED = "I'm sorry, but I cannot help with that request."


@pytest.fixture
def out(tmp_path: Path, home: Path) -> Path:
    return tmp_path / "build"


def questions(count: int) -> list[str]:
    draw = random.Random(8)
    words = ["".join(draw.choices("abcdefghilmnoprstu", k=draw.randint(3, 9))) for _ in range(400)]
    return [f"{' '.join(draw.choices(words, k=9))}?" for _ in range(count)]


def existing(rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"name": "given", "license": "cc-by-4.0", "examples": [{"rows": rows}], "split": {"validation": 0}, **more}


def ledger(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]


def test_no_good_row_falls_for_a_copy_that_refuses(out: Path) -> None:
    rows = []
    for number, question in enumerate(questions(60)):
        near = question.replace(" ", " please ", 1)
        rows += [
            {"instruction": question, "response": f"It is the {number}th drawer on the left, below the blue shelf."},
            {"instruction": question if number % 2 else near, "response": f"{REFUSED} That is case {number}."},
        ]
    built, _ = run(existing(rows), out=out)
    assert len(built.rows) == 60
    assert not any(REFUSED in response for response in built.rows["response"])


def test_an_example_that_a_filter_takes_pushes_out_no_seed(out: Path) -> None:
    asked = questions(6)

    def reply(body: Body) -> str:
        return "Look into the third drawer on the left, below the blue shelf."

    with LLM(reply=reply) as llm:
        recipe = {
            "name": "mixed",
            "license": "cc-by-4.0",
            "models": {"writer": {"model": "writer-1", "base_url": llm.url}},
            "seeds": [{"prompts": asked}],
            "examples": [
                {
                    "rows": [
                        {"instruction": asked[0], "response": REFUSED},
                        {"instruction": asked[1], "response": "It lies in the second drawer, where the keys are."},
                    ]
                }
            ],
            "split": {"validation": 0},
        }
        names = [each.step.name for each in forecast(recipe)]
        assert names.index("filters[refusal given]") < names.index("filters[exact_duplicate]")
        assert names.index("filters[exact_duplicate]") < names.index("generate") < names.index("filters[refusal]")
        built, folder = run(recipe, out=out)
        assert len(llm.requests) == 5
    assert sorted(built.rows["instruction"]) == sorted(asked)
    removal = {entry["rule"]: entry for entry in ledger(folder) if entry["fate"] == "rejected"}
    assert removal.keys() == {"refusal", "exact_duplicate"}
    (example,) = [row["id"] for row in built.rows if row["origin"] == "example"]
    assert removal["exact_duplicate"]["of"] == example


def test_rows_that_fell_for_one_that_failed_are_counted(out: Path) -> None:
    (question, other) = questions(2)

    def reply(body: Body) -> str:
        return REFUSED if question in str(body["messages"]) else "It lies in the second drawer."

    with LLM(reply=reply) as llm:
        recipe = {
            "name": "orphans",
            "license": "cc-by-4.0",
            "models": {"writer": {"model": "writer-1", "base_url": llm.url}},
            "seeds": [{"prompts": [question, question.upper(), other]}],
            "split": {"validation": 0},
        }
        built, _ = run(recipe, out=out)
    assert built.ledger.orphaned() == {"rejected": 1}
    assert any(note.startswith("1 row fell for being like a row that a later step then took") for note in notes(built))


def test_a_moved_bound_decides_again_and_measures_nothing(out: Path) -> None:
    asked = questions(8)
    said = [text for question in asked for text in (question, question.replace(" ", " oh ", 1))]
    rows = [{"instruction": text, "response": f"Number {place}."} for place, text in enumerate(said)]

    def built(at_most: float) -> tuple[int, dict[str, bool]]:
        result, _ = run(existing(rows, filters=[{"near_duplicate": {"at_most": at_most}}]), out=out)
        assert not [name for name in result.rows.column_names if name.endswith(("_rank", "_same", "_near", "_alike"))]
        return len(result.rows), {line.step: line.cached for line in result.ledger.funnel}

    kept, _ = built(0.8)
    assert kept == 8
    kept, cached = built(0.98)
    assert kept == 16
    assert cached["filters[near_duplicate].measure"]
    assert not cached["filters[near_duplicate].decide"]


def test_rows_under_other_system_prompts_all_stay(out: Path) -> None:
    systems = ["You are a pirate.", "You are a nurse.", "Answer in verse."]
    rows = [
        {"system": system, "instruction": "How was your day?", "response": f"{system[-6:]} It was long."}
        for system in systems
    ]
    built, _ = run(existing(rows), out=out)
    assert len(built.rows) == 3
