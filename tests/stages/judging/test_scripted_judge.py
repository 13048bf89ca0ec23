"""The scripted judge says what it should, so that what is found in its verdicts was planted there."""

from __future__ import annotations

import json
from statistics import fmean, stdev
from typing import Any

import pytest

from hfsft.models.http.logprobs import read
from hfsft.models.probabilities import distribution
from hfsft.stages.judging.judge import Judge
from tests.stages.helpers import CONTEXT, converse, row
from tests.stages.judging.scripted_judge import ScriptedJudge, answer, last_answer

SCALE = (1, 2, 3, 4, 5)


def asked(worth: int, number: int = 0, words: int = 32, scale: tuple[int, int] = (1, 5), **more: Any) -> dict[str, Any]:
    """The request for the verdict on an answer, as a server gets it."""
    step = Judge(rubric={"use": "Does it help?"}, scale=scale).steps(CONTEXT)[0]
    (request, *_), _ = converse(step.function(row(response=answer(worth, number, words))), ["no", "no"])
    shape = {"json_schema": {"schema": request.schema}}
    return {"model": "j", "messages": list(request.messages), "response_format": shape, "logprobs": True, **more}


def scores(judge: ScriptedJudge, *bodies: dict[str, Any]) -> list[int]:
    found = (json.loads(judge._completion(body)["choices"][0]["message"]["content"]) for body in bodies)
    return [each["use"]["score"] for each in found]


def test_it_finds_the_last_answer_of_the_last_conversation() -> None:
    body = asked(4, 7)
    assert last_answer(body["messages"][0]["content"]) == answer(4, 7)
    assert len(answer(4, 7, 50).split()) == 50


@pytest.mark.parametrize("worth", SCALE)
def test_it_tells_the_truth(worth: int) -> None:
    assert scores(ScriptedJudge(), asked(worth), asked(worth, scale=(0, 2))) == [worth, int((worth - 1) / 2 + 0.5)]


def test_its_probabilities_have_the_score_as_their_mean() -> None:
    made = ScriptedJudge(gives=("logprobs",), unsure=0.8)._completion(asked(3))
    found = distribution(read(made["choices"][0]["logprobs"]), SCALE, after=('"use"', '"score"'))
    assert found is not None
    assert found.expected == pytest.approx(3)
    assert found.shares["3"] == pytest.approx(0.5, abs=0.01)


def test_its_faults_are_as_large_as_they_are_planted() -> None:
    bodies = [asked(3, number) for number in range(60)]
    noisy = scores(ScriptedJudge(noise=0.8), *bodies)
    assert 0.6 < stdev(noisy) < 1.1
    assert noisy == scores(ScriptedJudge(noise=0.8), *bodies)
    assert noisy != scores(ScriptedJudge(noise=0.8), *({**body, "seed": 1} for body in bodies))
    assert fmean(scores(ScriptedJudge(bias=1.0), *bodies)) == 4
    assert scores(ScriptedJudge(length_bias=1.0), asked(3, words=64), asked(3, words=16)) == [4, 2]
    assert scores(ScriptedJudge(drift=lambda judged: judged // 20), *bodies)[::20] == [3, 4, 5]
    assert set(scores(ScriptedJudge(constant=4), *bodies)) == {4}
    assert scores(ScriptedJudge(says={"Case 7 ": 1}), asked(5, 7), asked(5, 8)) == [1, 5]
    texts = [ScriptedJudge(unreadable=0.3)._completion(body)["choices"][0]["message"]["content"] for body in bodies]
    assert 0.15 < fmean("overall" in text for text in texts) < 0.45
