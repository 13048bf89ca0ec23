"""How far a whole build is: rows of all steps that ask, and the time to the last of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hfsft.engine.outlook import Outlook, shares
from hfsft.engine.plan import Plan
from hfsft.engine.step import Bound, Step
from hfsft.models.limits.usage import Progress, Usage
from hfsft.models.model import Model, Request
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.rows.columns import COLUMNS
from hfsft.rows.row import new_row
from tests.engine.held import held

RECIPE: dict[str, Any] = {
    "name": "toy",
    "models": {"writer": {"model": "w", "base_url": "http://127.0.0.1:9/v1"}},
    "seeds": [{"prompts": [f"Question {number}?" for number in range(50)]}],
    "evolve": {"rounds": 2, "variants": 2},
    "judge": {"model": "writer", "rubric": {"good": "Is it good?"}},
    "filters": [],
}


def plan(**changes: Any) -> Plan:
    return compile_recipe(load_recipe({**RECIPE, **changes}), weights=False)


def rows(seeds: int, examples: int = 0) -> list[dict[str, Any]]:
    found = [new_row("seed", {"instruction": f"Question {number}?"}) for number in range(seeds)]
    found += [new_row("example", {"instruction": f"And {n}?", "response": "Yes."}) for n in range(examples)]
    return [{**row, "defect": None} for row in found]


def progress(stage: str, done: int, total: int, asked: int | None = None, **more: Any) -> Progress:
    return Progress(
        stage, done, total, 0, done, done, 0, 1, 0, 0, None, 1.0, **{"asked": done if asked is None else asked, **more}
    )


def test_rows_are_grown_before_they_are_there() -> None:
    found = shares(plan().steps[1:], rows(50))
    assert found == {"evolve[1]": (3, 2), "evolve[2]": (7, 4), "generate": (7, 7), "judge": (7, 7)}


def test_rows_that_came_with_an_answer_are_judged_alone() -> None:
    found = shares(plan().steps[1:], rows(20, examples=60))
    assert found["generate"] == ((20 * 7 + 60) / 80, 20 * 7 / 80)
    assert found["judge"] == ((20 * 7 + 60) / 80, (20 * 7 + 60) / 80)


def test_a_step_that_cannot_be_tried_costs_the_progress_alone() -> None:
    def broken(row: dict[str, Any]) -> Iterator[Request]:
        raise ZeroDivisionError

    assert shares((Step("ask", asks=True, work=held(broken), models=("m",)),), rows(3)) == {}


@pytest.fixture
def outlook() -> Outlook:
    """An outlook whose clock is moved by hand, after the source of 50 rows."""
    made = Outlook(plan(), Usage({"writer": Model(model="w", base_url="http://x/v1")}), clock=lambda: times.pop(0))
    times: list[float] = []
    made.times = times  # type: ignore[attr-defined]
    from datasets import Dataset

    from hfsft.rows.features import features

    source = Dataset.from_list(rows(50), features=features({**COLUMNS, "defect": "string"}))
    made.ended(plan().steps[0], source)
    more = Dataset.from_list(rows(60), features=source.features)
    made.source, made.more = source, more  # type: ignore[attr-defined]
    return made


def at(outlook: Outlook, seconds: float, now: Progress) -> tuple[int, int, float | None]:
    outlook.times.append(seconds)  # type: ignore[attr-defined]
    whole = outlook.of(now)
    return whole.done, whole.planned, whole.seconds_left and round(whole.seconds_left, 1)


def test_all_steps_are_planned_from_the_first_on_and_time_means_the_end(outlook: Outlook) -> None:
    every = 100 + 200 + 350 + 350
    assert at(outlook, 0, progress("evolve[1]", 0, 150, 0)) == (0, every, None)
    assert at(outlook, 10, progress("evolve[1]", 150, 150, 100)) == (100, every, 90.0)
    early = {"prefetched": (("evolve[2]", 50),), "screened": 60, "passed": (("evolve[2]", 60),)}
    assert at(outlook, 10, progress("evolve[1]", 150, 150, 100, **early))[:2] == (150, every)
    # Its own turn: the 50 that went ahead are not counted twice, and nothing goes back.
    assert at(outlook, 11, progress("evolve[2]", 0, 350, 0))[0] == 150
    assert at(outlook, 15, progress("evolve[2]", 350, 350, 150))[:2] == (300, every)


def test_what_a_filter_takes_of_the_prefetched_rows_is_not_planned(outlook: Outlook) -> None:
    now = progress("generate", 100, 350, prefetched=(("judge", 20),), screened=50, passed=(("judge", 20),))
    done, planned, _ = at(outlook, 1, now)
    assert (done, planned) == (120, 350 + 140)


def test_rows_of_waves_before_are_not_planned_once_more(outlook: Outlook) -> None:
    for number, (stage, asked) in enumerate(
        (("evolve[1]", 100), ("evolve[2]", 200), ("generate", 350), ("judge", 350))
    ):
        at(outlook, number, progress(stage, asked, asked, asked, finished=True))
    outlook.ended(plan().steps[0], outlook.source)  # type: ignore[attr-defined]
    outlook.ended(Step("sources.wave[2]", rows="source"), outlook.more)  # type: ignore[attr-defined]
    every = 100 + 200 + 350 + 350
    done, planned, _ = at(outlook, 10, progress("evolve[1]", 0, 180, 0))
    assert (done, planned) == (every, every + 20 + 40 + 70 + 70)


def test_the_speed_is_that_of_the_last_while(outlook: Outlook) -> None:
    assert at(outlook, 0, progress("judge", 0, 350, 0))[2] is None
    assert at(outlook, 1, progress("judge", 200, 350))[2] == 0.8, "what the store held came at once"
    for second in range(2, 60):
        left = at(outlook, second, progress("judge", 200 + second, 350))[2]
    assert left is not None
    assert 80 < left < 100, "one a second since then"


def test_the_time_in_which_processes_start_slows_nothing(outlook: Outlook) -> None:
    for second in range(20):
        assert at(outlook, second, progress("judge", 0, 350, 0))[2] is None
    assert at(outlook, 20, progress("judge", 10, 350))[2] == 34.0, "ten in the last second"


def test_rows_that_are_gone_through_once_more_leave_no_time_below_zero(outlook: Outlook) -> None:
    """The first rows of many are asked before their step's turn, which begins with them again."""
    at(outlook, 0, progress("generate", 0, 300))
    at(outlook, 10, progress("generate", 200, 300))
    assert at(outlook, 11, progress("generate", 10, 350))[2] is None
    left = at(outlook, 21, progress("generate", 60, 350))[2]
    assert left is not None
    assert left > 0


def test_a_plan_without_rows_to_sample_still_tells_what_it_knows() -> None:
    steps = (
        Step("sources", rows="source", writes={"id": "string"}),
        Step("cut", rows="fewer", reads=("x",), bound=Bound("x", "x", at_least=1)),
        Step("ask", asks=True, models=("m",)),
    )
    bare = Outlook(Plan("bare", steps), Usage({}))
    whole = bare.of(progress("ask", 3, 10))
    assert (whole.done, whole.planned) == (3, 10)


def test_rows_of_a_side_table_are_none_of_the_dataset() -> None:
    """An exam of 24 things over 50 rows: planned are these and what is asked for the rows."""
    first, *steps = plan().steps
    table = Step("items", rows="many", sees="all", makes="exam", writes={"id": "string"})
    exam = Step("exam", asks=True, table="exam", reads=("id",), writes={"score_good": "float64"}, models=("writer",))
    made = Outlook(Plan("toy", (first, table, exam, *steps)), Usage({}), clock=iter(range(9)).__next__)
    assert shares((table, exam, *steps), rows(50)) == shares(tuple(steps), rows(50))
    from datasets import Dataset

    from hfsft.rows.features import features

    source = Dataset.from_list(rows(50), features=features({**COLUMNS, "defect": "string"}))
    made.ended(first, source)
    every = 100 + 200 + 350 + 350
    assert (whole := made.of(progress("exam", 6, 24))).planned == 24 + every
    assert whole.done == 6
    assert made.of(progress("exam", 24, 24, finished=True)).planned == 24 + every
    assert made.of(progress("evolve[1]", 0, 150, 0)).planned == 24 + every
