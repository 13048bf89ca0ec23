"""A judge that gives numbers: what it is asked, what its numbers are good for, and what cannot be asked of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import RecipeError
from hfsft.models.model import Model
from hfsft.pipeline import run, validate
from hfsft.recipe.recipe import Recipe
from hfsft.stages.judging.judge import Judge
from hfsft.stages.judging.rewards.reward_judge import RewardJudge
from tests.models.server import LLM
from tests.models.vectors.server import Body, Vectors
from tests.stages.helpers import CONTEXT, converse, row
from tests.test_pairs import answers, preference, recipe

TURNS = [
    {"role": "user", "content": "Hi."},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Where is it?"},
    {"role": "assistant", "content": "Wait."},
]


def judge(task: str = "score", **more: Any) -> RewardJudge:
    model = Model.model_validate({"model": "rm-1", "base_url": "http://localhost:1/v1", "task": task})
    found = RewardJudge.in_place_of(Judge.model_validate({"model": "rm", **more}), "rm", model)
    assert found
    return found


def asked(section: RewardJudge, texts: dict[str, Any], answer: str = '{"score": 1.5}') -> tuple[Any, dict[str, Any]]:
    step, *_ = section.steps(CONTEXT.__class__(**{**vars(CONTEXT), "models": {"rm": {"model": "rm-1"}}}))
    (request,), columns = converse(step.function({"dialect": None, **row(**texts)}), [answer])
    return request, columns


@pytest.mark.parametrize(
    ("texts", "question", "answer"),
    [
        ({"response": "Wait."}, "Where is my parcel?", "Wait."),
        ({"response": "Wait.", "system": "Be kind."}, "Be kind.\n\nWhere is my parcel?", "Wait."),
        ({"response": "Wait.", "reasoning": "Hm."}, "Where is my parcel?", "Wait."),
        ({"response": "<think>Hm.</think>Wait.", "dialect": "think"}, "Where is my parcel?", "Wait."),
        ({"messages": TURNS, "response": "Wait."}, "user: Hi.\n\nassistant: Hello.\n\nuser: Where is it?", "Wait."),
    ],
)
def test_a_scorer_is_asked_with_question_and_answer_and_a_classifier_with_both_in_one(
    texts: dict[str, Any], question: str, answer: str
) -> None:
    request, columns = asked(judge(), texts)
    assert (request.model, request.texts) == ("rm", (question, answer))
    assert columns == {"score_reward": 1.5, "score_mean": 1.5, "score_min": 1.5, "unscored": None}
    assert asked(judge("classify"), texts)[0].texts == (f"{question}\n\n{answer}",)


def test_what_was_thought_is_seen_where_the_section_says_so() -> None:
    request, _ = asked(judge(reasoning=True), {"response": "Wait.", "reasoning": "Hm."})
    assert "Hm." in request.texts[1]


@pytest.mark.parametrize(
    ("answer", "why"),
    [("nothing", "holds no score"), ('{"score": 0.9, "label": "toxic"}', "names a class, 'toxic'")],
)
def test_an_answer_without_a_number_leaves_the_row_unscored(answer: str, why: str) -> None:
    _, columns = asked(judge("classify"), {"response": "Wait."}, answer)
    assert columns["score_reward"] is None
    assert why in columns["unscored"]


def longer_is_better(found: Any, body: Body) -> Any:
    """A reward by the length of an answer, which is easy to foretell."""
    texts = body.get("text_2") or body.get("documents") or body["input"]
    for item in found.get("data", found.get("results")):
        reward = len(texts[item["index"]]) / 10
        item |= {"score": reward, "relevance_score": reward, "probs": [reward], "label": "LABEL_0"}
    return found


@pytest.fixture
def servers() -> Iterator[tuple[LLM, Vectors]]:
    with LLM(reply=answers) as llm, Vectors(kind="vllm", change=longer_is_better) as scorer:
        yield llm, scorer


def rewarded(servers: tuple[LLM, Vectors], task: str = "score", **more: Any) -> dict[str, Any]:
    llm, scorer = servers
    found = {**recipe(llm, filters=[{"score": {"reward": {"at_least": 8}}}]), "judge": {"model": "rm"}, **more}
    found["models"]["rm"] = {"model": "rm-1", "base_url": scorer.url, "task": task}
    return found


@pytest.mark.parametrize("task", ["score", "rerank", "classify"])
def test_rewards_choose_filter_and_make_pairs(
    servers: tuple[LLM, Vectors], task: str, tmp_path: Path, home: Path
) -> None:
    told = rewarded(servers, task, examples=[])
    built, folder = run(told, out=tmp_path / "build")
    assert all(body["model"] == "writer-1" for body in servers[0].requests)
    asked_with = len(servers[1].requests)
    assert 0 < asked_with < 48, "several texts go into one request"
    question = 0 if task != "classify" else len("You answer for a shop.\n\n") + 4
    assert len(built.rows) == 12
    for kept in built.rows:
        group = [each for rows, _ in built.all_rows() for each in rows if each["prompt_id"] == kept["prompt_id"]]
        assert kept["score_reward"] == kept["score_mean"] == max(each["score_reward"] for each in group)
        assert kept["score_reward"] > (len(kept["response"]) + question) / 10 - 1e-6
    pairs = [pair for rows in preference(folder).values() for pair in rows]
    assert len(pairs) > 8
    assert all(pair["score_chosen"] > pair["score_rejected"] for pair in pairs)
    card = (folder / "README.md").read_text()
    assert "What the reward model says" in card
    assert "`rm-1` gave each answer a number" in card
    assert any("the chosen answer is the longer one" in note for note in built.notes) == (len(pairs) >= 20)
    run(told, out=tmp_path / "build")
    assert len(servers[1].requests) == asked_with


def test_the_number_without_length_chooses_where_the_section_says_so(
    servers: tuple[LLM, Vectors], tmp_path: Path, home: Path
) -> None:
    told = rewarded(servers, judge={"model": "rm", "adjust": "length"}, filters=[])
    built, folder = run(told, out=tmp_path / "build")
    rows = [row for rows, _ in built.all_rows() for row in rows]
    assert max(abs(row["score_adjusted_reward"] - row["score_reward"]) for row in rows) > 1
    for kept in built.rows:
        group = [each for each in rows if each["prompt_id"] == kept["prompt_id"] is not None]
        assert kept["score_adjusted_mean"] == max(
            [each["score_adjusted_mean"] for each in group] or [kept["score_adjusted_mean"]]
        )
    assert built.figures["judge"]["bias"]["correlations"]["reward"]["length"][0] > 0.5
    assert any("go along with the number of words" in note for note in built.notes)
    pairs = [pair for rows in preference(folder).values() for pair in rows]
    adjusted = {row["id"]: row["score_adjusted_mean"] for row in rows}
    assert pairs
    assert all(pair["score_chosen"] == adjusted[pair["chosen_id"]] for pair in pairs)
    assert "`adjusted_reward` (for filters) is the number without" in (folder / "README.md").read_text()


def test_a_moved_bound_asks_nobody(servers: tuple[LLM, Vectors], tmp_path: Path, home: Path) -> None:
    built, _ = run(rewarded(servers), out=tmp_path / "build")
    before = len(servers[1].requests)
    again, _ = run(rewarded(servers, filters=[{"score": {"reward": {"at_least": 8.5}}}]), out=tmp_path / "build")
    assert len(servers[1].requests) == before
    assert len(again.rows) < len(built.rows)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"rubric": {"use": "Does it help?"}}, "judge.rubric means nothing where the judge, `rm`, gives numbers"),
        ({"scale": [1, 10], "temperature": 1}, "judge.temperature means nothing where the judge, `rm`, gives numbers"),
        ({"scale": [1, 10], "temperature": 1}, "judge.scale means nothing"),
        ({"turns": True}, "judge.turns means nothing"),
    ],
)
def test_what_means_nothing_to_it_is_refused(
    servers: tuple[LLM, Vectors], section: dict[str, Any], said: str, tmp_path: Path
) -> None:
    told = rewarded(servers, judge={"model": "rm", **section})
    (tmp_path / "r.yaml").write_text(json.dumps(told))
    with pytest.raises(RecipeError) as raised:
        validate(tmp_path / "r.yaml")
    assert said in " ".join(map(str, raised.value.problems))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"filters": [{"score": {"use": {"at_least": 3}}}]}, "score_use"),
        ({"pairs": {"verdict": True, "model": "rm"}}, "pairs asks `rm` to write, and its task is score"),
    ],
)
def test_what_only_a_judge_that_writes_can_do(
    servers: tuple[LLM, Vectors], more: dict[str, Any], said: str, tmp_path: Path
) -> None:
    (tmp_path / "r.yaml").write_text(json.dumps(rewarded(servers, **more)))
    with pytest.raises(RecipeError) as raised:
        validate(tmp_path / "r.yaml")
    assert said in " ".join(map(str, raised.value.problems))


def test_a_resolved_recipe_is_judged_the_same(servers: tuple[LLM, Vectors], tmp_path: Path, home: Path) -> None:
    _, folder = run(rewarded(servers), out=tmp_path / "build")
    before = len(servers[1].requests)
    run(folder / "recipe.resolved.yaml", out=tmp_path / "again", trust=True)
    assert len(servers[1].requests) == before
    assert isinstance(Recipe.model_validate(rewarded(servers)).stages()["judge"], RewardJudge)
