"""Where filters stand in a plan: as soon as all that they read is there and is not written once more."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from pydantic import Field

from hfsft.engine.step import Bound
from hfsft.errors import RecipeError
from hfsft.filters.base import Filter
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import Recipe, load_recipe, with_filters
from hfsft.recipe.recipe_file import load, validate
from hfsft.rows.batch import Batch


class Reads(Filter):
    """Reads some columns and writes one."""

    name: ClassVar[str] = "reads"

    columns: list[str] = Field(description="What it reads.")
    to: str = Field(description="What it writes.")

    @property
    def reads(self) -> tuple[str, ...]:
        return tuple(self.columns)

    @property
    def writes(self) -> dict[str, Any]:
        return {self.to: "int64"}

    def measure(self, batch: Batch) -> Batch:
        return {self.to: [0 for _ in batch[self.columns[0]]]}

    def bounds(self) -> list[Bound]:
        return [Bound(self.name, self.to, at_most=0)]


def recipe(*rules: tuple[list[str], str], **sections: Any) -> Recipe:
    filters = [{"reads": {"columns": columns, "to": to}} for columns, to in rules]
    source = load({"name": "toy", "seeds": [{"prompts": ["Where?"]}], "filters": filters, **sections})
    loaded = validate(source, with_filters({"reads": Reads}))
    loaded._source = source
    return loaded


def order(*rules: tuple[list[str], str], **sections: Any) -> list[str]:
    plan = compile_recipe(recipe(*rules, **sections), weights=False)
    return [next(iter(step.writes)) if "measure" in step.name else step.name for step in plan.steps]


def test_a_filter_may_read_what_another_measures_wherever_it_stands() -> None:
    found = order((["b"], "c"), (["a", "response"], "b"), (["instruction"], "a"))
    places = [found.index(name) for name in ("a", "generate", "b", "c", "split.family")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([(["b"], "a"), (["a"], "b")], "filters[reads] waits for b, and that for it: none can run first"),
        ([(["a"], "a")], "filters[reads] reads a, which no stage writes"),
        ([(["family"], "a")], "filters[reads] reads family, which no stage writes"),
    ],
    ids=["a ring", "its own", "what comes behind all rules"],
)
def test_a_filter_that_can_never_run_is_an_error(rules: list[tuple[list[str], str]], said: str) -> None:
    with pytest.raises(RecipeError) as raised:
        compile_recipe(recipe(*rules), weights=False)
    assert said in [problem.message for problem in raised.value.problems]


@pytest.mark.parametrize(
    "more", [{}, {"converse": {"share": 0.5}}, {"generate": {"tools": {"schemas": [{"name": "find"}]}}}]
)
def test_rows_that_came_with_their_answer_are_checked_before_rows_are_compared(more: Any) -> None:
    given = {
        "examples": [{"rows": [{"instruction": "A?", "response": "B."}]}],
        "filters": ["refusal", "near_duplicate"],
    }
    loaded = load_recipe({"name": "toy", "seeds": [{"prompts": ["Where?"]}], **given, **more})
    names = [step.name for step in compile_recipe(loaded, weights=False).steps]
    places = [names.index(f"filters[{name}].measure") for name in ("refusal given", "near_duplicate", "refusal")]
    assert places == sorted(places)


@pytest.mark.parametrize(("keep", "behind"), [("majority", True), ("all", False)])
def test_filters_that_compare_rows_wait_for_the_choice_among_the_candidates_of_a_prompt(
    keep: str, behind: bool
) -> None:
    data = {
        "name": "toy",
        "seeds": [{"prompts": ["Where?"]}],
        "generate": {"samples": {"count": 2, "keep": keep}},
        "filters": ["near_duplicate", {"exact_duplicate": {"column": "response"}}, {"tokens": {"at_least": 1}}],
    }
    found = [step.name for step in compile_recipe(load_recipe(data), weights=False).steps]
    assert found.index("filters[near_duplicate]") < found.index("generate.branch")
    assert found.index("generate") < found.index("filters[tokens]") < found.index("filters[exact_duplicate]")
    assert ("generate.choice" in found) is behind
    if behind:
        assert found.index("filters[tokens]") < found.index("generate.choice") < found.index("filters[exact_duplicate]")
