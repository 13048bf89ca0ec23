"""When so many rows of a stage came to nothing that nothing more is paid for."""

from __future__ import annotations

import pytest

from hfsft.errors import AnswerError, StageError
from hfsft.models.limits.losses import Bears, Losses


def losses(lost: float = 0.5, failed: float = 0.05) -> Losses:
    return Losses("label", Bears(failed, lost, lambda made: made or None, "labels could not be read", "label.x"))


def test_rows_that_are_of_no_use_stop_a_stage_as_soon_as_twenty_are_done() -> None:
    found = losses()
    for _ in range(19):
        found.add('unreadable: "It is fine.": it holds no JSON')
        found.check()
    found.add('unreadable: "It is so.": it holds no JSON')
    with pytest.raises(StageError) as error:
        found.check()
    assert str(error.value) == (
        'label: 20 of 20 labels could not be read; the last: "It is so.": it holds no JSON '
        "(20 unreadable; more than 50%, see `label.x`)"
    )


@pytest.mark.parametrize(("bears", "stops"), [(0.5, True), (0.7, False), (1.0, False)])
def test_a_share_that_the_recipe_bears_stops_nothing(bears: float, stops: bool) -> None:
    found = losses(bears)
    for number in range(100):
        found.add("" if number % 3 else "length: cut")
        found.add("length: cut")
    if stops:
        with pytest.raises(StageError, match=r"134 of 200 labels could not be read; the last: cut \(134 length"):
            found.check()
    else:
        found.check(last=True)


def test_failures_are_counted_by_cause_the_most_first() -> None:
    found = losses(failed=0.1)
    for number in range(30):
        found.add(AnswerError("timeout", "no answer") if number % 5 else AnswerError("length", "cut after 9 tokens"))
    with pytest.raises(StageError) as error:
        found.check()
    assert str(error.value) == (
        "label: 30 of 30 rows failed, more than 10% (24 timeout, 6 length); the last with: timeout: no answer"
    )


def test_an_answer_that_is_taken_back_makes_its_row_a_failure_and_no_other() -> None:
    found = losses(failed=0)
    found.add("")
    found.take_back(AnswerError("prompt_cut", "read in part"))
    assert (found.done, dict(found.failed)) == (1, {"prompt_cut": 1})
    with pytest.raises(StageError, match="1 of 1 rows failed"):
        found.check()
