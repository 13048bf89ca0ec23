"""Anchors: what they may say, and that they ask nothing that the data asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import RecipeError
from hfsft.pipeline import run
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.stages.judging.anchors import Anchor, asked_before
from tests.stages.helpers import row
from tests.stages.judging.scripted_judge import ScriptedJudge, answer

GOOD = {"instruction": "May I smoke?", "response": "Outside, from noon.", "scores": {"use": 5, "full": 1}}
BAD = {"instruction": "May I sing?", "response": "It depends.", "scores": {"use": 1, "full": 0}}
RUBRIC = {"use": "Does it help?", "full": {"checklist": ["Does it name a time?"]}}
TALK = [{"role": "user", "content": "Where is  it?"}, {"role": "assistant", "content": "There."}]


def problems(folder: Path, anchors: list[Any], **more: Any) -> list[str]:
    data = {"name": "toy", "seeds": [{"prompts": ["How long does a refund take?", "Where is it?"]}], **more}
    data["judge"] = {"rubric": RUBRIC, "anchors": "anchors.jsonl", "model": "writer"}
    (folder / "anchors.jsonl").write_text("".join(f"{json.dumps(anchor)}\n\n" for anchor in anchors))
    (folder / "r.yaml").write_text(json.dumps(data, indent=1))
    try:
        compile_recipe(load_recipe(folder / "r.yaml"), weights=False)
    except RecipeError as error:
        return [str(each) for each in error.problems]
    return []


@pytest.mark.parametrize(
    ("anchors", "said"),
    [
        ([GOOD, BAD], []),
        (
            [GOOD, {**BAD, "scores": {"use": 9, "full": 0}}],
            [":3:1: judge.anchors[1].scores.use: 9 is off scores from 1"],
        ),
        (
            [GOOD, {**BAD, "scores": {"use": 1, "full": 2}}],
            [":3:1: judge.anchors[1].scores.full: 2 is off shares of yes from 0 to 1"],
        ),
        (
            [GOOD, {**BAD, "scores": {"use": 1}}],
            [":3:1: judge.anchors[1].scores: has no score by full", "all have 1 by full"],
        ),
        (
            [GOOD, {**BAD, "scores": {**BAD["scores"], "ful": 1}}],
            [":3:1: judge.anchors[1].scores.ful: no criterion is called `ful` (did you mean `full`?"],
        ),
        (
            [GOOD, {**BAD, "answers": {"full": ["no", "no"]}}],
            [":3:1: judge.anchors[1].answers.full: has 2 answers, and the checklist 1 questions"],
        ),
        (
            [GOOD, {**BAD, "answers": {"full": ["yes"]}}],
            [":3:1: judge.anchors[1].scores.full: is 0, and `answers` come to 1"],
        ),
        ([GOOD, {**BAD, "scores": {"use": 1}, "answers": {"full": ["no"]}}], []),
        ([GOOD, {**GOOD, "scores": BAD["scores"]}], [":3:1: judge.anchors[1]: says what anchor 1 says"]),
        ([GOOD], ["judge.anchors: all have 5 by use", "judge.anchors: all have 1 by full"]),
        (
            [GOOD, {**BAD, "instruction": "how long does a refund take ?"}],
            ["anchors.jsonl:3:1: judge.anchors[1] asks what", "r.yaml:6:5 asks"],
        ),
        ([GOOD, {"messages": TALK, "scores": BAD["scores"]}], [":3:1: judge.anchors[1] asks what", "r.yaml:7:5"]),
        (
            [{**GOOD, "messages": TALK}, BAD],
            [":1:1: judge.anchors[0]: `instruction` stands in the turns where there are `messages`"],
        ),
        (
            [{**GOOD, "respones": "x"}, BAD],
            [":1:1: unknown key `respones` in judge.anchors[0] (did you mean `response`?"],
        ),
    ],
)
def test_anchors_are_checked_at_their_lines(anchors: list[Any], said: list[str], tmp_path: Path) -> None:
    found = problems(tmp_path, anchors)
    assert bool(found) == bool(said), found
    text = "\n".join(found)
    assert [part for part in said if part not in text] == [], text


def test_an_example_that_stands_in_the_recipe_may_not_be_an_anchor(tmp_path: Path) -> None:
    rows = [{"instruction": "Why?", "response": "So."}, {"instruction": "May I sing?", "response": "Yes, from noon."}]
    (found,) = problems(tmp_path, [GOOD, BAD], examples=[{"rows": rows}])
    assert "anchors.jsonl:3:1: judge.anchors[1] asks what" in found
    assert "May I sing?" in (tmp_path / "r.yaml").read_text().splitlines()[int(found.split("r.yaml:")[1].split(":")[0])]


def test_an_anchor_is_a_row_that_a_judge_can_grade() -> None:
    said = Anchor.model_validate({"messages": TALK, "tools": [{"name": "find"}], "scores": {"use": 1}})
    made = said.row()
    assert made["id"] == said.row()["id"]
    assert made["response"] == "There."
    assert json.loads(made["tools"])[0]["name"] == "find"
    rows = [("a:1", row("Why?")), ("a:2", row("Where is it?")), ("a:3", row("Where is it?"))]
    assert list(asked_before([said], rows)) == [(0, "a:2")]


def test_a_row_that_became_an_anchor_leaves_the_data_and_may_ask_what_it_asks(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [{"instruction": f"What of {n}?", "response": answer(1 + n, n, 12)} for n in range(4)]
    data: dict[str, Any] = {"name": "toy", "examples": [{"rows": rows}], "filters": [], "split": {"validation": 0}}
    data["judge"] = {"rubric": {"use": "Does it help?"}, "exam": False}
    with ScriptedJudge() as judge:
        data["models"] = {"judge": {"model": "org/judge", "base_url": judge.url}}
        before, _ = run(data, out=tmp_path / "build")
        ids = dict(zip(before.rows["instruction"][:], before.rows["id"][:], strict=True))
        anchors = [{**each, "scores": {"use": 1 + 4 * n}} for n, each in enumerate(rows[:2])]
        data["judge"]["anchors"] = anchors
        with pytest.raises(RecipeError, match="asks what"):
            run(data, out=tmp_path / "build")
        for anchor in anchors:
            anchor["row_id"] = ids[anchor["instruction"]]
        after, _ = run(data, out=tmp_path / "build")
        assert len(judge.requests) == 4 + 2
    assert sorted(after.rows["instruction"][:]) == ["What of 2?", "What of 3?"]
    fell = [(entry["stage"], entry["rule"]) for _, entries in after.ledger.removed() for entry in entries]
    assert fell == [("judge.anchored", "anchor")] * 2
