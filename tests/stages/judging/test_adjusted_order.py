"""Where scores without length stand in a plan: before whatever chooses by them, and anew where answers changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import RecipeError
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.stages.several_answers import best
from hfsft.stages.sizing.trim import trimming

ADJUST = {"rubric": {"usefulness": "Does it help?"}, "adjust": "length"}


def names(**more: Any) -> list[str]:
    data = {"name": "boats", "models": {"writer": {"model": "m", "base_url": "http://x:1/v1"}}, **more}
    data = {"seeds": [{"prompts": ["How deep is the lock?"]}], **data}
    plan = compile_recipe(load_recipe(data), weights=False, sources=False)
    return [step.name for step in plan.steps]


def test_scores_are_adjusted_before_the_best_is_chosen_and_again_behind_refine() -> None:
    found = names(
        generate={"samples": {"count": 2, "keep": "best"}},
        judge=ADJUST,
        refine={"when": {"mean": {"at_most": 3}}},
        filters=[{"score": {"adjusted_mean": {"at_least": 2}}}, {"tokens": {"at_least": 2}}],
    )
    order = ["judge", "judge.place", "judge.adjust", "generate.choice", "refine[1].keep", "judge.adjust#2"]
    assert [name for name in found if name in order] == order
    assert found.index("judge.adjust#2") < found.index("filters[score].adjusted_mean")


def test_without_it_nothing_is_adjusted_and_a_filter_of_it_is_told_what_there_is() -> None:
    assert "judge.adjust" not in names(judge={"rubric": ADJUST["rubric"]})
    with pytest.raises(
        RecipeError, match=r"score_adjusted_usefulness, but scores are not adjusted \(write `adjust: length`"
    ):
        names(judge={"rubric": ADJUST["rubric"]}, filters=[{"score": {"adjusted_usefulness": {"at_least": 2}}}])


def test_refine_goes_by_no_score_that_hangs_on_other_rows() -> None:
    with pytest.raises(RecipeError, match="no criterion is called `adjusted_mean`"):
        names(judge=ADJUST, refine={"when": {"adjusted_mean": {"at_most": 3}}}, filters=[])


def test_whoever_chooses_goes_by_the_adjusted_mean_where_there_is_one(tmp_path: Path) -> None:
    long, short = {"id": "a", "score_mean": 4.0}, {"id": "b", "score_mean": 3.0}
    assert best([long, short])["id"] == "a"
    assert best([{**long, "score_adjusted_mean": 2.0}, {**short, "score_adjusted_mean": 3.0}])["id"] == "b"
    rank, _ = trimming(1, [])
    batch = {"id": ["a", "b"], "origin": ["evolved"] * 2, "score_mean": [4.0, 3.0]}
    assert rank.function(batch) == {"size_rank": [1, 2]}
    assert rank.function({**batch, "score_adjusted_mean": [2.0, 3.0]}) == {"size_rank": [2, 1]}
    assert "score_adjusted_mean" in rank.optional
