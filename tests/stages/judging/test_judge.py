"""Judge: scores that can be trusted, or a row that says it has none."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from hfsft.errors import AnswerError
from hfsft.stages.judging.judge import Judge
from tests.stages.helpers import CONTEXT, converse, row

RUBRIC = {"relevance": "Does it answer?", "usefulness": "Does it help?"}
GOOD = {"relevance": {"reason": "yes", "score": 5}, "usefulness": {"reason": "vague", "score": 2}}


def ask(section: Judge, **texts: Any) -> Any:
    step = section.steps(CONTEXT)[0]
    return step.function(row(**{"response": "Tomorrow.", **texts}))


def test_scores_reasons_and_their_summary_become_columns() -> None:
    requests, columns = converse(ask(Judge(rubric=RUBRIC)), [json.dumps(GOOD)])
    assert len(requests) == 1
    assert columns == {
        "reason_relevance": "yes",
        "reason_usefulness": "vague",
        "score_relevance": 5.0,
        "score_usefulness": 2.0,
        "score_mean": 3.5,
        "score_min": 2.0,
        "unscored": None,
    }


def test_a_verdict_is_mended_once() -> None:
    off = {**GOOD, "usefulness": {"reason": "vague", "score": 9}}
    requests, columns = converse(ask(Judge(rubric=RUBRIC)), [json.dumps(off), json.dumps(GOOD)])
    assert len(requests) == 2
    assert columns["score_usefulness"] == 2.0


@pytest.mark.parametrize(
    "answers",
    [["What a nice row!", "Really nice."], [AnswerError("length")]],
    ids=["no verdict", "cut"],
)
def test_a_judge_that_cannot_be_read_is_neither_zero_nor_a_pass(answers: list[Any]) -> None:
    _, columns = converse(ask(Judge(rubric=RUBRIC)), answers)
    assert columns["score_mean"] is columns["score_relevance"] is None
    assert columns["unscored"]
    step = Judge(rubric=RUBRIC).steps(CONTEXT)[1]
    assert step.bound is not None
    assert not step.bound.keeps(columns["unscored"])


def test_a_server_that_fails_is_the_rows_failure_not_its_score() -> None:
    with pytest.raises(AnswerError, match="timeout"):
        converse(ask(Judge(rubric=RUBRIC)), [AnswerError("timeout")])


def test_the_judge_sees_criteria_anchors_and_the_whole_row() -> None:
    anchor = {"instruction": "Hi?", "response": "Wait.", "scores": {"relevance": 3, "usefulness": 1}, "why": "no time"}
    section = Judge.model_validate({"rubric": RUBRIC, "anchors": [anchor]})
    (request,), _ = converse(ask(section, context="Parcel 7"), [json.dumps(GOOD)])
    text = request.messages[0]["content"]
    for part in ("Does it help?", "Wait.", "no time", "Where is my parcel?", "Parcel 7", "Tomorrow."):
        assert part in text


TURNS = [
    {"role": "user", "content": "Where is my parcel?"},
    {"role": "assistant", "content": "", "reasoning": "Look.", "tool_calls": [{"name": "find", "arguments": "{}"}]},
    {"role": "tool", "content": "at the depot", "name": "find"},
    {"role": "assistant", "content": "At the depot."},
]


@pytest.mark.parametrize(
    ("said", "usual", "kept"),
    [(None, True, True), (None, False, False), (True, False, True), (False, True, False)],
)
def test_the_judge_sees_all_turns_and_tools_and_what_was_thought_as_it_is_told(
    said: bool | None, usual: bool, kept: bool
) -> None:
    step = Judge(rubric=RUBRIC, reasoning=said).steps(replace(CONTEXT, reasoning=usual))[0]
    tools = json.dumps([{"name": "find", "description": "Finds a parcel."}])
    texts = {"response": "At the depot.", "messages": TURNS, "tools": tools}
    (request,), _ = converse(step.function(row(**texts)), [json.dumps(GOOD)])
    seen = "[tools]\n| find: Finds a parcel.\n[user]\n| Where is my parcel?\n"
    seen += "[assistant reasoning]\n| Look.\n" if kept else ""
    seen += "[assistant calls]\n| find({})\n[tool]\n| find:\n| at the depot\n[assistant]\n| At the depot.\n"
    assert seen in request.messages[0]["content"]
    assert ("reasoning" in step.identity) == (not kept)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rubric": {"mean": "?"}}, "cannot name a criterion"),
        ({"rubric": {"Two words": "?"}}, "cannot name a criterion"),
        ({"scale": [5, 1]}, "5 is not below 1"),
    ],
)
def test_a_rubric_that_cannot_work_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Judge.model_validate({"rubric": RUBRIC, **fields})


def test_a_changed_anchor_changes_the_identity() -> None:
    anchor = {"instruction": "a", "response": "b", "scores": {"relevance": 3, "usefulness": 1}}
    before = Judge.model_validate({"rubric": RUBRIC, "anchors": [anchor]}).steps(CONTEXT)[0]
    after = Judge.model_validate({"rubric": RUBRIC, "anchors": [{**anchor, "why": "x"}]}).steps(CONTEXT)[0]
    assert before.fingerprint("p") != after.fingerprint("p")


TALK = [
    {"role": "user", "content": "Where is my parcel?"},
    {"role": "assistant", "content": "", "tool_calls": [{"id": "a", "name": "track", "arguments": "{}"}]},
    {"role": "tool", "content": "on its way", "tool_call_id": "a"},
    {"role": "assistant", "content": "On its way."},
    {"role": "user", "content": "Since when?"},
    {"role": "assistant", "content": "No idea."},
    {"role": "user", "content": "And now?"},
    {"role": "assistant", "content": "It comes tomorrow."},
]


def verdict(score: int) -> str:
    return json.dumps({"usefulness": {"reason": "so", "score": score}})


def test_each_answer_of_a_conversation_is_judged_too_where_turns_are_and_the_lowest_is_kept() -> None:
    rubric = {"usefulness": "Does it help?"}
    requests, columns = converse(
        ask(Judge(rubric=rubric, turns=True), messages=TALK, response="It comes tomorrow."), map(verdict, (4, 5, 1))
    )
    whole, first, second = (request.messages[0]["content"] for request in requests)
    assert "It comes tomorrow." in whole
    assert "On its way." in first
    assert "Since when?" not in first
    assert "No idea." in second
    assert "And now?" not in second
    assert (columns["score_usefulness"], columns["score_mean"], columns["score_turns"]) == (4.0, 4.0, 1.0)

    plain, columns = converse(ask(Judge(rubric=rubric), messages=TALK, response="It comes tomorrow."), [verdict(4)])
    assert [request.messages for request in plain] == [requests[0].messages]
    assert "score_turns" not in columns
    _, columns = converse(ask(Judge(rubric=rubric, turns=True)), [verdict(3)])
    assert columns["score_turns"] == 3.0


def test_a_row_of_which_one_turn_could_not_be_judged_has_no_scores() -> None:
    section = Judge(rubric={"usefulness": "Does it help?"}, turns=True)
    _, columns = converse(ask(section, messages=TALK, response="It comes tomorrow."), [verdict(4), "no", "no"])
    assert columns["unscored"]
    assert columns["score_turns"] is columns["score_mean"] is None


def test_turns_are_no_criterion_where_they_are_judged_and_change_no_step_where_they_are_not() -> None:
    with pytest.raises(ValidationError, match="cannot name a criterion"):
        Judge(rubric={"turns": "?"}, turns=True)
    plain, turns = Judge(rubric={"turns": "?"}), Judge(rubric=RUBRIC, turns=True)
    assert "turns" not in plain.steps(CONTEXT)[0].identity
    assert turns.steps(CONTEXT)[0].identity["turns"] is True
    assert "score_turns" in turns.steps(CONTEXT)[0].writes
