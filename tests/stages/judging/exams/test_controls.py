"""Controls among the rows: they find where a judge drifts, what it says of a text twice, and cost what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hfsft.errors import AnswerError
from hfsft.pipeline import forecast, run
from hfsft.stages.judging.exams.controls import Control, columns, watched_run
from hfsft.stages.judging.judge import Judge
from tests.stages.helpers import CONTEXT, converse, row
from tests.stages.judging.exams.judged_run import LEVELS, anchor, recipe
from tests.stages.judging.scripted_judge import ScriptedJudge, answer

SECTION: dict[str, Any] = {
    "rubric": {"use": "Does it help?"},
    "anchors": [anchor(worth, use=worth) for worth in LEVELS],
}


def verdict(score: int) -> str:
    return json.dumps({"use": {"reason": "so", "score": score}})


def test_a_row_that_carries_a_control_asks_for_an_anchor_and_for_itself_again() -> None:
    step = Judge.model_validate({**SECTION, "control": 1}).steps(CONTEXT)[0]
    requests, made = converse(step.function(row(response=answer(3))), [verdict(3), verdict(4), verdict(5)])
    assert [request.seed is None for request in requests] == [True, False, False]
    assert requests[0].messages == requests[2].messages
    graded = LEVELS[made["control"]]
    assert requests[1].messages[0]["content"].count(answer(graded, 900 + graded)) == 1
    assert (made["score_use"], made["control_use"], made["repeat_use"]) == (3, 4, 2)


def test_no_row_is_lost_for_a_control() -> None:
    step = Judge.model_validate({**SECTION, "control": 1}).steps(CONTEXT)[0]
    answers = [verdict(3), AnswerError("server", "500"), AnswerError("timeout")]
    _, made = converse(step.function(row(response=answer(3))), answers)
    assert (made["score_use"], made["unscored"]) == (3, None)
    assert {made[each.name] for each in columns(["use"])} == {None}
    requests, made = converse(step.function(row(response=answer(3))), ["no verdict", "none"])
    assert len(requests) == 2, "of a row without a verdict there is nothing to repeat"
    assert made["unscored"]


def test_which_rows_carry_one_is_a_hash_of_their_ids() -> None:
    step = Judge.model_validate({**SECTION, "control": 0.2}).steps(CONTEXT)[0]
    rows = [row(f"Question {number}?", response=answer(3)) for number in range(300)]
    carry = [converse(step.function(each), [verdict(3)] * 3)[1]["control"] is not None for each in rows]
    assert 40 < sum(carry) < 80


def test_scores_that_are_given_again_have_no_controls() -> None:
    judge = Judge.model_validate({**SECTION, "control": 0.2})
    judging = judge.judging(CONTEXT)
    assert judging is not None
    assert judging.step() == Judge.model_validate(SECTION).steps(CONTEXT)[0]


def test_a_drift_is_found_at_its_place_and_its_rows_become_unscored(tmp_path: Path, home: Path) -> None:
    def later(judged: int) -> float:
        return -2.0 if judged > 200 else 0.0

    with ScriptedJudge(noise=0.3, drift=later) as judge:
        wanted = recipe(judge, rows=180, model={"concurrency": 1}, control=0.4)
        calls = {each.step.name: each.missing for each in forecast(wanted) if each.missing}
        built, folder = run(wanted, out=tmp_path)
        asked = len(judge.requests)
        planned = sum(len(each.known) + each.unknown for each in calls.values())
        assert planned == pytest.approx(asked, rel=0.1)
        run(wanted, out=tmp_path)
        assert len(judge.requests) == asked
    drifted = [removal for removal in built.ledger.removals if removal.stage == "judge.drifted"]
    fell = [number for removal in drifted for number in removal.column("source")]
    places = sorted(int(str(place).split("[")[-1].rstrip("]")) for place in fell)
    assert 30 < len(places) < 90
    assert places[-1] == 179, "from the place where it began to the end"
    assert places == list(range(places[0], 180))
    (removal,) = drifted
    assert set(removal.column("score_use")) == {None}
    assert {str(why).split(":")[0] for why in removal.column("unscored")} == {"drift"}
    figures = built.figures["judge"]["control"]
    assert figures["unscored"] == len(places)
    assert figures["criteria"]["use"]["drifted"]
    assert any("fell as the judge drifted" in note for note in built.notes)
    assert not any("verdict could not be read" in note for note in built.notes)
    assert "Controls among the rows" in (folder / "README.md").read_text()
    assert "stretches that drifted" in (folder / "report.html").read_text()
    assert json.loads((folder / "funnel.json").read_text())["figures"]["judge"]["control"] == figures


def test_a_row_that_is_not_known_yet_has_no_drift() -> None:
    judge = Judge.model_validate({**SECTION, "control": 1})
    batch: dict[str, list[Any]] = {
        "id": [str(number) for number in range(32)],
        "control": [0] * 32,
        "control_use": [1.0] * 16 + [5.0] * 16,
        "score_use": [3.0] * 32,
    }
    control = Control(share=1)
    told = watched_run(batch, judge.measure, control, judge.anchor_list, ["score_use"])
    assert told["stretch"] == [0] * 8 + [1] * 8 + [2] * 8 + [3] * 8
    assert [score is None for score in told["score_use"]] == [False] * 16 + [True] * 16
    pending = watched_run({**batch, "pending": [True] * 32}, judge.measure, control, judge.anchor_list, ["score_use"])
    assert pending["score_use"] == [3.0] * 32


@pytest.mark.parametrize(
    ("control", "message"),
    [
        (0, "greater than 0"),
        ({"share": 0.1, "drift": {"at_least": 1}}, "has `at_most` alone"),
        ({"drift": {"at_most": -1}}, "has `at_most` alone"),
    ],
)
def test_controls_that_cannot_work_are_refused(control: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Judge.model_validate({**SECTION, "control": control})
