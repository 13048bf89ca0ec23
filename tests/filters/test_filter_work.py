"""A filter's work as data: rebuilt by its class and its arguments, over resources that are what they were."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from hfsft.engine.adding import Adding
from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Step
from hfsft.errors import UserError
from hfsft.filters.base import Bounded
from hfsft.filters.filter_work import work_of
from hfsft.rows.batch import Batch

CONTENT = ["a"]


class Content:
    def identity(self) -> str:
        return CONTENT[0]

    def load(self) -> str:
        return CONTENT[0]


class Counting:
    """Measures all rows, and more of them from what it made before."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __call__(self, batch: Batch) -> Batch:
        return {"listed": [text.count(CONTENT[0]) * self.times for text in batch["text"]]}

    def add(self, batch: Any, before: Any) -> Batch:
        return {"listed": [-1] * len(batch)}


class Listed(Bounded):
    name: ClassVar[str] = "listed"
    whole: ClassVar[bool] = True

    times: int = 1
    listing: bool = True

    @property
    def reads(self) -> tuple[str, ...]:
        return ("text",)

    @property
    def writes(self) -> dict[str, Any]:
        return {"listed": "int64"}

    @property
    def counting(self) -> Counting:
        return Counting(self.times)

    def measure(self, batch: Batch) -> Batch:
        return self.counting(batch)

    def resources(self) -> tuple[Resource, ...]:
        work = Work("tests.filters.test_filter_work:Content")
        return (Resource.of("word list", work),) if self.listing else ()


@pytest.fixture(autouse=True)
def _content() -> None:
    CONTENT[0] = "a"


def test_a_filter_is_rebuilt_with_its_arguments() -> None:
    (measure, _) = Listed(at_most=9, times=3).steps()
    assert measure.work is not None
    assert len(measure.work.arguments["code"]) == 32, "it is none of hfsft's own"
    assert measure.work.arguments["given"] == {"at_most": 9.0, "times": 3}
    assert measure.function({"text": ["banana", "b"]}) == {"listed": [9, 0]}


def test_what_it_needs_is_part_of_the_step_and_looked_at_before_it_works() -> None:
    (measure, _) = Listed(at_most=9).steps()
    CONTENT[0] = "b"
    assert measure.fingerprint("") != Listed(at_most=9).steps()[0].fingerprint("")
    with pytest.raises(UserError, match="a word list was changed"):
        measure.function({"text": ["banana"]})


@pytest.mark.parametrize("listing", [True, False], ids=["with a resource", "without"])
def test_rows_can_be_added_to_what_can_be_added_to(listing: bool) -> None:
    rule = Listed(at_most=9, listing=listing)
    function = work_of(rule, "counting").made(*rule.resources())
    assert isinstance(function, Adding)
    assert function.add([1, 2], None) == {"listed": [-1, -1]}  # type: ignore[arg-type]
    assert function({"text": ["aa"]}) == {"listed": [2]}
    assert not isinstance(work_of(rule).made(*rule.resources()), Adding)


def test_a_class_that_is_made_anew_under_its_name_leaves_the_old_one_as_it_is() -> None:
    def made(text: str) -> Step:
        measures = {
            "a": lambda self, batch: {"listed": [1 for _ in batch["text"]]},
            "b": lambda self, batch: {"listed": [2 for _ in batch["text"]]},
        }
        kind = type("Numbered", (Listed,), {"measure": measures[text], "__module__": __name__})
        step: Step = kind(at_most=9).steps()[0]
        kept.append(kind)
        return step

    kept: list[type] = []
    old, new = made("a"), made("b")
    assert new.function({"text": ["a"]}) == {"listed": [2]}
    assert old.function({"text": ["a"]}) == {"listed": [1]}
