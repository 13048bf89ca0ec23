"""One recipe, judges whose truth is known: what is wrong with a judge is found, told and taken out, no more."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hfsft.errors import UserError
from hfsft.pipeline import run
from hfsft.stages.judging.bias.rank_correlation import spearman
from tests.stages.judging.scripted_judge import ScriptedJudge, answer, quality

COUNT = 120
DOUBTFUL = (11, 58, 83, 103)  # of which one judge thinks otherwise


def recipe(judges: dict[str, ScriptedJudge], **section: Any) -> dict[str, Any]:
    random = Random(3)
    rows = [
        {
            "instruction": f"What of case {number}, sent on the {number % 28}th?",
            "response": answer(1 + number % 5, number, random.randint(12, 160)),
        }
        for number in range(COUNT)
    ]
    anchors = [
        {"instruction": f"And of {each}?", "response": answer(1 + each % 5, each), "scores": {"use": 1 + each % 5}}
        for each in range(900, 910)
    ]
    models = {name: {"model": name, "base_url": each.url, "concurrency": 1} for name, each in judges.items()}
    exam = {"rank": {"at_least": 0.5}, "error": {"at_most": 1.0}, "consistency": {"at_least": 0.6}, "on_fail": "stop"}
    return {
        "name": "known-truth",
        "license": "apache-2.0",
        "models": models,
        "examples": [{"rows": rows}],
        "judge": {
            "model": list(judges),
            "rubric": {"use": "Does it help?"},
            "anchors": anchors,
            "exam": exam,
            "score": "expected",
            **section,
        },
        "filters": [],
        "split": {"validation": 0},
    }


def told(folder: Path) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads((folder / "funnel.json").read_text("utf-8"))["figures"]["judge"]
    return figures


def case(row: dict[str, Any]) -> int:
    return int(re.findall(r"\d+", row["instruction"])[0])


@pytest.mark.parametrize("bad", [{"constant": 4.0}, {"noise": 3.0}], ids=["one score for all", "chance"])
def test_a_judge_that_is_none_is_stopped_before_a_row_is_paid_for(
    bad: dict[str, Any], tmp_path: Path, home: Path
) -> None:
    with ScriptedJudge(**bad, gives=("logprobs",)) as judge:
        with pytest.raises(UserError, match="exam"):
            run(recipe({"judge": judge}), out=tmp_path)
        prompts = [str(body["messages"][0]["content"]) for body in judge.requests]
    graded = [prompt for prompt in prompts if re.search(r"What of case \d+", prompt)]
    assert len(prompts) < 50
    assert len(graded) <= 20, "ten rows, each twice"


def test_drift_taste_and_failures_of_a_judge_are_found_where_they_are_planted(tmp_path: Path, home: Path) -> None:
    planted = {
        "length_bias": 0.4,
        "noise": 0.15,
        "unreadable": 0.04,
        "drift": lambda judged: 1.5 if judged > 300 else 0.0,
        "truth": lambda said, _: 2 + quality(said, "") / 4,
    }
    with ScriptedJudge(**planted, gives=("logprobs",)) as judge:
        wanted = recipe({"judge": judge}, control={"share": 1, "drift": {"at_most": 0.6}}, adjust="length")
        wanted["judge"]["exam"] = {"rank": {"at_least": 0.5}, "on_fail": "stop"}  # it is no measure of the scale
        built, folder = run(wanted, out=tmp_path)
        asked = len(judge.requests)
        run(wanted, out=tmp_path)
        assert len(judge.requests) == asked, "a second build asks nothing"
    figures = told(folder)
    off = figures["control"]["criteria"]["use"]
    assert off["drifted"], off
    assert min(off["drifted"]) > 0, "the run began well"
    assert all(off["drift"][str(number)] > 0.6 for number in off["drifted"])
    fell = Counter(removal.stage for removal in built.ledger.removals for _ in removal.column("id"))
    assert fell["judge.drifted"] == figures["control"]["unscored"] > 10
    assert 0 < fell["judge.unscored"] < 0.12 * COUNT
    rows = list(built.rows)
    words = [len(row["response"].split()) for row in rows]
    raw, adjusted, worth = (
        [row["score_use"] for row in rows],
        [row["score_adjusted_use"] for row in rows],
        [quality(row["response"], "") for row in rows],
    )
    found = {name: spearman(one, other) for name, one, other in (
        ("raw, length", raw, words), ("adjusted, length", adjusted, words),
        ("raw, worth", raw, worth), ("adjusted, worth", adjusted, worth),
    )}  # fmt: skip
    rho = {name: each.rho for name, each in found.items() if each}
    assert rho["raw, length"] > 0.4 > 0.2 > abs(rho["adjusted, length"]), rho
    assert rho["adjusted, worth"] > max(0.6, rho["raw, worth"] + 0.1), rho
    assert figures["bias"]["doubled"]["use"] == pytest.approx(0.4, abs=0.12)
    card = (folder / "README.md").read_text("utf-8")
    for part in ("drift", "go along with the number of words"):
        assert part in card
    assert any("drift" in note for note in built.notes)


def test_planted_disagreements_are_what_a_jury_tells_apart(tmp_path: Path, home: Path) -> None:
    worths = {number: 1 + number % 5 for number in DOUBTFUL}
    other = {f"Case {number} ": 5.0 if worth < 3 else 1.0 for number, worth in worths.items()}
    with (
        ScriptedJudge(noise=0.1, gives=("logprobs",)) as one,
        ScriptedJudge(noise=0.1, says=other, gives=("logprobs",)) as two,
        ScriptedJudge(noise=0.1, gives=("logprobs",)) as three,
    ):
        wanted = recipe({"one": one, "two": two, "three": three})
        wanted["filters"] = [{"spread": {"use": {"at_most": 1.0}}}]
        built, folder = run(wanted, out=tmp_path)
    kept = {case(row) for row in built.rows}
    assert set(range(COUNT)) - kept == set(DOUBTFUL)
    assert set(told(folder)["exam"]) == {"one", "two", "three"}
    assert all(abs(row["score_use"] - quality(row["response"], "")) < 0.5 for row in built.rows)
