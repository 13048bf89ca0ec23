"""Similar questions whose answers disagree: which pairs a model on loopback is asked about, what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import RecipeError
from hfsft.pipeline import run, validate
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.stages.contradicting.alike_questions import Pairing
from hfsft.stages.contradicting.marking import Marking
from tests.models.server import LLM, Body, said_to

ROWS = [
    ("How hot must the large kiln be for stoneware clay?", "1,240 degrees.", 5),
    ("How hot must the large kiln get for stoneware clay?", "Never more than 900 degrees.", 2),
    ("How hot must the large kiln be for any stoneware clay?", "1,240 degrees!", 4),
    ("Which glaze is safe for the inside of a cup?", "One without lead.", 3),
    ("Which glaze is safe for the outside of a cup?", "Any that has been fired.", 3),
    ("Who sweeps the yard?", "Nobody.", 3),
]


def verdicts(body: Body) -> str:
    text = said_to(body)
    clash = "900 degrees" in text and "1,240 degrees" in text
    return json.dumps({"reason": "two temperatures", "verdict": "contradict" if clash else "agree"})


@pytest.fixture
def server() -> Iterator[LLM]:
    with LLM(reply=verdicts) as llm:
        yield llm


def recipe(llm: LLM, folder: Path, **section: Any) -> dict[str, Any]:
    rows = [{"instruction": asked, "response": answer, "mark": f"{mark}"} for asked, answer, mark in ROWS]
    (folder / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return {
        "name": "kiln",
        "models": {"judge": {"model": "judge-1", "base_url": llm.url}},
        "examples": [{"path": str(folder / "rows.jsonl"), "keep": ["mark"]}],
        "filters": [],
        "contradictions": section,
        "split": {"validation": 0},
    }


def fates(folder: Path) -> dict[str, tuple[str, str | None]]:
    lines = (folder / "kiln" / "ledger.jsonl").read_text().splitlines()
    return {line["source"][-1]: (line["fate"], line["value"]) for line in map(json.loads, lines)}


def test_pairs_that_contradict_each_other_are_told_side_by_side(server: LLM, tmp_path: Path, home: Path) -> None:
    run(recipe(server, tmp_path), out=tmp_path)
    assert {fate for fate, _ in fates(tmp_path).values()} == {"train"}
    # Two of the three are asked about with the second; the first and the third say the same, and nobody is asked.
    assert len(server.requests) == 3
    card = (tmp_path / "kiln" / "README.md").read_text()
    assert "3 pairs of rows whose questions are at least 0.6 alike (letter by letter)" in card
    assert "2 have answers that contradict each other, and stay." in card
    page = (tmp_path / "kiln" / "report.html").read_text()
    assert "Answers that contradict each other" in page
    assert "two temperatures" in page
    assert "2 of 3 pairs of similar questions have answers that contradict each other, and stay" in card
    run(recipe(server, tmp_path), out=tmp_path)
    assert len(server.requests) == 3, "what was judged is not asked again"


def test_one_row_of_each_pair_goes_where_that_is_wanted(server: LLM, tmp_path: Path, home: Path) -> None:
    run(recipe(server, tmp_path, do="reject"), out=tmp_path)
    found = fates(tmp_path)
    gone = {source: value for source, (fate, value) in found.items() if fate == "rejected"}
    assert set(gone.values()) == {"two temperatures"}
    assert set(gone) in ({"2"}, {"1", "3"})
    lines = [json.loads(line) for line in (tmp_path / "kiln" / "ledger.jsonl").read_text().splitlines()]
    kept = {line["id"] for line in lines if line["fate"] == "train"}
    assert all(line["of"] in kept for line in lines if line["fate"] == "rejected")


def test_a_row_falls_for_a_better_one_that_stays() -> None:
    pairs = {
        "one_id": ["a", "b", "c", "a"],
        "other_id": ["b", "c", "d", "d"],
        "verdict": ["contradict", "contradict", "contradict", "agree"],
        "reason": ["x", "y", "z", ""],
    }
    batch = {"id": ["a", "b", "c", "d", "e"], "score_mean": [2.0, 3.0, 1.0, 1.5, 5.0]}
    made = Marking()(batch, pairs)
    assert made["contradiction"] == ["x", None, "y", None, None]
    assert made["contradiction_of"] == ["b", None, "b", None, None]
    assert Marking()(batch, {name: [] for name in pairs})["contradiction"] == [None] * 5


def test_each_row_is_compared_with_the_few_that_are_most_like_it() -> None:
    sizes = ("small", "smaller", "large", "larger")
    asked = [f"How hot must the {size} kiln of the old yard be for clay?" for size in sizes]
    batch = {"id": list("abcd"), "instruction": asked, "response": ["1", "2", "3", "4"]}
    every = Pairing(at_least=0.6, by="letters", most=9)(batch)
    assert len(every["id"]) == len(set(every["id"])) == 6
    few = Pairing(at_least=0.6, by="letters", most=1)(batch)
    assert sorted(zip(few["one_id"], few["other_id"], strict=True)) == [("a", "b"), ("c", "d")]
    prompted = {**batch, "system": ["One", "Two", "Three", "Four"]}
    assert Pairing(at_least=0.6, by="letters", most=9)(prompted)["id"] == []


def test_what_questions_mean_may_be_compared(server: LLM, tmp_path: Path, home: Path) -> None:
    said = recipe(server, tmp_path, by="meaning", at_least=0.9)
    names = [step.name for step in compile_recipe(load_recipe(said), weights=False).steps]
    assert names.index("embed[instruction]") < names.index("contradictions.pairs")
    run(said, out=tmp_path)
    assert "(by what they mean)" in (tmp_path / "kiln" / "README.md").read_text()


def test_a_slip_is_told_at_its_line(server: LLM, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"contradictions\.do.*`report`.*`reject`|did you mean"):
        validate(recipe(server, tmp_path, do="rejekt"))
