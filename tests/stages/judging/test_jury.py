"""A jury: what several judges give is combined and kept apart, what they cannot say counts for nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from math import sqrt
from random import Random
from statistics import pstdev
from typing import Any

import pytest
from pydantic import ValidationError

from hfsft.errors import AnswerError
from hfsft.models.model import Model
from hfsft.stages.base import Outcome, Warn
from hfsft.stages.judging import jury_report
from hfsft.stages.judging.judge import Judge
from hfsft.stages.judging.jury import by, effective_votes, slug
from tests.stages.helpers import CONTEXT, converse, row

RUBRIC = {"relevance": "Does it answer?", "usefulness": "Does it help?"}
NAMES = ["judge", "second", "Third-Judge"]
HERE = replace(CONTEXT, models={name: {"model": name} for name in ("writer", *NAMES)})


def verdict(relevance: int, usefulness: int) -> str:
    scores = {"relevance": relevance, "usefulness": usefulness}
    return json.dumps({name: {"reason": f"so {score}", "score": score} for name, score in scores.items()})


def judged(answers: list[str | Exception], **more: Any) -> tuple[list[str], dict[str, Any]]:
    """Whom a jury asked about a row, and the columns that came of it."""
    section = Judge.model_validate({"rubric": RUBRIC, "model": NAMES, **more})
    step = section.steps(HERE)[0]
    requests, columns = converse(step.function(row(response="Tomorrow.")), answers)
    assert set(columns) == set(step.writes)
    return [request.model for request in requests], columns


@pytest.mark.parametrize(
    ("combine", "relevance", "usefulness"), [("median", 4.0, 2.0), ("mean", 10 / 3, 3.0), ("min", 1.0, 2.0)]
)
def test_scores_are_combined_and_what_each_judge_gave_stays(combine: str, relevance: float, usefulness: float) -> None:
    asked, columns = judged([verdict(5, 2), verdict(4, 2), verdict(1, 5)], combine=combine)
    assert asked == NAMES
    assert columns["score_relevance"] == pytest.approx(relevance)
    assert columns["score_usefulness"] == pytest.approx(usefulness)
    assert columns["score_mean"] == pytest.approx((relevance + usefulness) / 2)
    given = [columns[f"by_{judge}_relevance"] for judge in ("judge", "second", "third_judge")]
    assert given == [5.0, 4.0, 1.0]
    assert columns["by_third_judge_mean"] == 3.0
    assert columns["spread_relevance"] == pytest.approx(pstdev([5, 4, 1]))
    assert columns["spread_mean"] == pytest.approx(pstdev([3.5, 3, 3]))
    assert columns["reason_relevance"] == "judge: so 5\nsecond: so 4\nThird-Judge: so 1"
    assert columns["unscored"] is None


def test_a_judge_that_cannot_be_read_counts_for_nothing() -> None:
    asked, columns = judged([verdict(5, 2), "no", "no", verdict(1, 4)])
    assert asked == ["judge", "second", "second", "Third-Judge"]
    assert (columns["score_relevance"], columns["by_second_relevance"], columns["by_second_mean"]) == (3.0, None, None)
    assert columns["unscored"] is None


def test_a_row_on_which_more_than_half_give_no_verdict_is_unscored() -> None:
    _, columns = judged(["no", "no", AnswerError("length"), verdict(1, 4)])
    assert columns["unscored"].startswith("unreadable: 2 of 3 judges gave no verdict (judge: ")
    assert {value for name, value in columns.items() if name != "unscored"} == {None}
    _, half = judged(["no", "no", verdict(5, 5)], model=NAMES[:2])
    assert half["score_mean"] == 5.0


def test_a_judge_whose_server_fails_is_the_rows_failure() -> None:
    with pytest.raises(AnswerError, match="timeout"):
        judged([verdict(5, 5), AnswerError("timeout")])


def test_a_judge_asks_what_it_asks_alone() -> None:
    alone = Judge.model_validate({"rubric": RUBRIC, "model": "second"}).steps(HERE)[0]
    (request,), _ = converse(alone.function(row(response="Tomorrow.")), [verdict(5, 5)])
    section = Judge.model_validate({"rubric": RUBRIC, "model": NAMES})
    requests, _ = converse(section.steps(HERE)[0].function(row(response="Tomorrow.")), [verdict(5, 5)] * 3)
    assert requests[1] == request
    one = Judge.model_validate({"rubric": RUBRIC, "model": ["second"]}).steps(HERE)[0]
    assert one.fingerprint("p") == alone.fingerprint("p")
    assert "spread_mean" not in one.writes


def test_probabilities_of_several_judges_are_one_score_with_the_spread_between_them() -> None:
    names = {each.name for each in Judge(rubric=RUBRIC, model=NAMES, score="expected").writes()}
    assert {"spread_relevance", "lost_relevance", "by_second_relevance", "spread_mean"} <= names


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": ["judge", "judge"]}, r"model\[1\]: `judge` is named twice"),
        ({"model": ["a-b", "a_b"]}, r"model\[1\]: `a-b` and `a_b` both make the column by_a_b_relevance"),
        ({"model": ["a", "a_b"], "rubric": {"b_x": "?", "x": "?"}}, "both make the column by_a_b_x"),
        ({"model": []}, "at least 1"),
        ({"model": "judge", "combine": "mean"}, "combine: there is one judge"),
        ({"model": ["judge"], "combine": "min"}, "combine: there is one judge"),
        ({"combine": "vote"}, "'median', 'mean' or 'min'"),
        ({"adjust": "length", "rubric": {"adjusted_tone": "?"}}, "rubric.adjusted_tone: cannot name a criterion"),
    ],
)
def test_a_jury_that_cannot_work_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Judge.model_validate({"rubric": RUBRIC, **fields})


def test_names_of_models_become_parts_of_names_of_columns() -> None:
    assert [slug(name) for name in ("judge", "GPT-4o.mini", "__x__", "ÄÖ")] == ["judge", "gpt_4o_mini", "x", "judge"]
    assert by("GPT-4o.mini", "tone") == "by_gpt_4o_mini_tone"


def erring(judges: int, items: int, correlation: float, seed: int) -> list[list[float | None]]:
    """Errors of judges of which any two go together as strongly as is said."""
    random = Random(seed)
    found: list[list[float | None]] = [[] for _ in range(judges)]
    for _ in range(items):
        shared = random.gauss(0, 1)
        for each in found:
            each.append(sqrt(correlation) * shared + sqrt(1 - correlation) * random.gauss(0, 1))
    return found


@pytest.mark.parametrize(
    ("judges", "correlation", "votes"),
    [(9, 0.44, 9 / (1 + 8 * 0.44)), (3, 0.5, 1.5), (3, 0.0, 3.0), (5, 0.9, 5 / 4.6), (2, 1.0, 1.0)],
)
def test_effective_votes_are_those_of_the_planted_correlation(judges: int, correlation: float, votes: float) -> None:
    found = effective_votes([erring(judges, 3000, correlation, seed) for seed in (1, 2)])
    assert found is not None
    assert found.votes == pytest.approx(votes, rel=0.06)
    assert found.correlation == pytest.approx(correlation, abs=0.04)
    assert found.items == 3000


def test_votes_that_are_missing_are_left_out_and_nothing_is_known_of_none() -> None:
    full = erring(2, 200, 0.8, 5)
    some = [list(full[0]), [None, *full[1][1:]]]
    found = effective_votes([some])
    assert found is not None
    assert found.items == 199
    assert effective_votes([]) is None
    assert effective_votes([[[0.0] * 9, [0.0] * 9]]) is None
    assert effective_votes([[[0.5, 1.0], [1.0, 0.5]]]) is None
    apart = effective_votes([[[1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]]])
    assert apart is not None
    assert apart.votes == 2.0


@pytest.mark.parametrize(
    ("errors", "why"),
    [
        ([], "only anchors (judge.anchors) would tell it apart"),
        ([[[0.0, 0.5], [0.5, 0.0]]], "5 anchors and more would tell it apart"),
        ([[[0.0] * 6, [0.5] * 6]], "their errors on the anchors do not tell it apart, as too few of them differ"),
    ],
)
def test_votes_by_scores_say_what_would_tell_more_and_a_silent_judge_is_named(errors: list[Any], why: str) -> None:
    scores = {"by_a_use": [1.0, 2.0, 4.0, 5.0], "by_b_use": [1.0, 3.0, 4.0, None]}
    scores |= {name.replace("use", "mean"): values for name, values in scores.items()}  # type: ignore[arg-type]
    outcome = Outcome([], lambda column: scores.get(column, [None] * 4), lambda *columns: [], [])
    rubric = Judge.model_validate({"rubric": {"use": "?"}}).measure
    figures = jury_report.figures(outcome, ["a", "b"], rubric, "median", errors)
    votes, silent = jury_report.notes(figures)
    assert votes.endswith(why)
    assert silent == "`b` gave a verdict on 3 rows, others on 4: the rest could not be read, and counted for nothing"


MODELS = {
    "writer": Model(model="Qwen/Qwen3-32B", provider="auto"),
    "own": Model(model="Qwen/Qwen3-32B", provider="auto"),
    "kin": Model(model="Qwen/QwQ-32B", provider="auto"),
    "distilled": Model(model="deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", provider="auto"),
    "other": Model(model="openai/gpt-oss-120b", provider="auto"),
    "named": Model(model="default", base_url="http://localhost:8000/v1", identity="qwen2.5-7b-q4"),
    "unknown": Model(model="default", base_url="http://localhost:8000/v1"),
}


@pytest.mark.parametrize(
    ("judges", "said"),
    [
        (["own"], ["the judge is the model that wrote in generate: models favour what they wrote"]),
        (
            ["kin"],
            [
                "the judge Qwen/QwQ-32B and Qwen/Qwen3-32B, which wrote in generate, are both of the family Qwen: "
                "models favour what their own kind writes"
            ],
        ),
        (["distilled"], ["family Qwen"]),
        (["named"], ["the judge default (qwen2.5-7b-q4) and Qwen/Qwen3-32B"]),
        (["other"], []),
        (["unknown"], []),
        (["other", "kin", "own"], ["the judge Qwen/QwQ-32B and", "the judge Qwen/Qwen3-32B is the model that wrote"]),
    ],
    ids=["itself", "kin", "distilled", "by its identity", "another", "unknown", "of a jury"],
)
def test_a_judge_of_the_writers_family_is_told_with_both_names(judges: list[str], said: list[str]) -> None:
    wrote: Mapping[str, list[str]] = {"writer": ["generate"]}
    outcome = Outcome([], lambda column: [], lambda *columns: [], [], models=MODELS, wrote=wrote)
    found = list(jury_report.favours({name: MODELS[name] for name in judges}, outcome))
    assert len(found) == len(said)
    for told, part in zip(found, said, strict=True):
        assert part in told
        assert isinstance(told, Warn)
