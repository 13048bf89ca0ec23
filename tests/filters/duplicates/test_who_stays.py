"""Which of several alike rows stays: as the recipe chooses."""

from __future__ import annotations

from typing import Any

import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from hfsft.errors import ArgumentError, UserError
from hfsft.filters import ExactDuplicate, NearDuplicate
from hfsft.filters.duplicates.who_stays import Keep
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe

KILN = "How do I reset the kiln controller after a power cut?"
ROWS: list[dict[str, Any]] = [
    {"id": "a", "origin": "evolved", "round": 1, "response": "Hold it.", "score_mean": 4.5, "day": "2026-01-05"},
    {"id": "b", "origin": "seed", "round": 0, "response": "Hold the red button.", "score_mean": 3.0, "day": "soon"},
    {"id": "c", "origin": "example", "round": 0, "response": "Hold.", "score_mean": None, "day": "2026-01-05T12:00Z"},
    {"id": "d", "origin": "evolved", "round": 2, "response": "Press.", "score_mean": 4.0, "day": None},
]


@pytest.mark.parametrize(
    ("keep", "by", "stays"),
    [
        ("preferred", None, "c"),
        ("people", None, "b"),
        ("best", None, "a"),
        ("longest", None, "b"),
        ("newest", None, "d"),
        ("newest", "day", "c"),
        ("best", "round", "d"),
    ],
)
@pytest.mark.parametrize("kind", [ExactDuplicate, NearDuplicate])
def test_which_row_stays_is_a_choice(kind: Any, keep: Keep, by: str | None, stays: str) -> None:
    """The second text of four differs by a word for those that measure how alike rows are."""
    texts = [KILN, KILN.lower(), KILN.upper(), KILN if kind is ExactDuplicate else KILN.replace("a power", "any power")]
    rows = [{**row, "instruction": text} for row, text in zip(ROWS, texts, strict=True)]
    kept, fell = kind(keep=keep, by=by).apply(Dataset.from_list(rows))
    assert kept["id"] == [stays]
    assert {*fell[f"{kind.name}_instruction_of"]} == {stays}
    if keep != "newest" or by:
        turned, _ = kind(keep=keep, by=by).apply(Dataset.from_list(rows[::-1]))
        assert turned["id"] == [stays]


def test_a_column_that_cannot_decide_is_told() -> None:
    rows = Dataset.from_list([{"instruction": KILN, "day": "soon"}] * 2)
    with pytest.raises(UserError, match=r"keeps the newest by day, where no row has a date as in .*'soon'"):
        ExactDuplicate(keep="newest", by="day").apply(rows)
    with pytest.raises(ArgumentError, match="`by` goes with `keep: best` or `keep: newest`, not with `keep: longest`"):
        ExactDuplicate(keep="longest", by="day")


def test_a_filter_that_keeps_the_best_runs_behind_the_judge() -> None:
    data = {
        "name": "kiln",
        "models": {"judge": {"model": "m", "base_url": "http://127.0.0.1:1/v1"}},
        "examples": [{"rows": [{"instruction": "Why?", "response": "So."}]}],
        "judge": {},
    }
    for keep, behind in (("preferred", False), ("longest", False), ("best", True)):
        recipe = load_recipe({**data, "filters": [{"near_duplicate": {"keep": keep}}]})
        names = [step.name for step in compile_recipe(recipe, weights=False).steps]
        asked = next(place for place, name in enumerate(names) if name.startswith("judge"))
        assert (names.index("filters[near_duplicate]") > asked) == behind, keep


WORDS = "kiln glaze clay wheel slip cone bisque oven shelf stone"


@given(st.lists(st.lists(st.sampled_from(WORDS.split()), min_size=6, max_size=9), min_size=2, max_size=8), st.data())
def test_a_row_falls_for_one_that_stays_and_is_of_its_cluster(said: list[list[str]], data: Any) -> None:
    scores = [data.draw(st.integers(1, 3)) for _ in said]
    batch = {
        "id": [f"{place}" for place in range(len(said))],
        "instruction": [" ".join(words) for words in said],
        "score_mean": scores,
    }
    for rule in (NearDuplicate(keep="best", at_most=0.7), ExactDuplicate(keep="best")):
        made = rule.measure(batch)
        values, of, cluster = (made[name] for name in (rule.measured, rule.original, rule.cluster))
        fell = [value > rule.at_most for value in values]
        for place, gone in enumerate(fell):
            if gone:
                first = int(of[place])
                assert not fell[first]
                assert scores[first] >= scores[place]
                assert cluster[place] == cluster[first]
            assert cluster[place] is None or cluster[int(cluster[place])] == cluster[place]


def test_columns_name_the_nearest_row_whichever_stays() -> None:
    near = KILN.replace("a power", "any power")
    batch = {"id": ["a", "b", "c", "d"], "instruction": [KILN, near, near.upper(), "Which glaze is safe for cups?"]}
    made = NearDuplicate(at_most=0.9).measure(batch)
    told = [made[f"near_duplicate_instruction_{name}"] for name in ("cluster", "nearest")]
    assert told == [[None, "b", "b", None], ["b", "c", "b", None]]
    similar = made["near_duplicate_instruction_similarity"]
    assert 0.6 < similar[0] < 0.9
    assert similar[1:] == [1.0, 1.0, None]
