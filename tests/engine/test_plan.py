"""Plans: what is refused before anything runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hfsft.engine.lookahead import route_from
from hfsft.engine.plan import Plan
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import InternalError

SOURCE = Step("source", rows="source", writes={"id": "string", "text": "string"})
MEASURE = Step("length", reads=("text",), writes={"length": "int64"})
ASK = Step("shout", asks=True, reads=("text",), writes={"shouted": "string"}, models=("m",))
KEEP = compare("short", Bound("short", "length", at_most=3))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (replace(KEEP, bound=None), "a bound takes rows out"),
        (replace(MEASURE, bound=KEEP.bound), "a bound takes rows out"),
        (replace(MEASURE, sees="group"), "by which column"),
        (replace(MEASURE, group_by="text"), "by which column"),
        (replace(MEASURE, rows="many", drops=("text",)), "drops columns"),
        (replace(MEASURE, models=("m",)), "asks none"),
        (replace(ASK, sees="all"), "no step asks and makes same rows of all"),
        (replace(SOURCE, name="again", asks=True), "no step asks and makes source rows"),
        (replace(MEASURE, makes="pairs"), "makes a side table"),
    ],
    ids=["no bound", "a bound", "no column", "a column", "drops", "models", "asks all", "asks a source", "no table"],
)
def test_facets_that_mean_nothing_together_are_refused(step: Step, said: str) -> None:
    with pytest.raises(InternalError, match=said):
        Plan("toy", (SOURCE, replace(MEASURE, name="first"), step)).check()


def test_a_step_of_every_kind_is_taken() -> None:
    grow = Step("grow", rows="many", reads=("text",))
    Plan("toy", (SOURCE, MEASURE, KEEP, ASK, grow, replace(MEASURE, name="rank", sees="all"))).check()


@pytest.mark.parametrize(
    ("step", "leads"),
    [
        (MEASURE, True),
        (KEEP, True),
        (replace(MEASURE, heavy=True), False),
        (replace(MEASURE, sees="all"), True),  # nothing on the way reads what it writes
        (replace(MEASURE, sees="all", writes={"text": "string"}), False),
        (replace(MEASURE, sees="all", rows="fewer"), False),
        (replace(MEASURE, sees="group", group_by="text"), False),
        (replace(MEASURE, rows="many"), False),
    ],
    ids=["measure", "bound", "heavy", "all", "all, read", "all, fewer", "group", "more rows"],
)
def test_rows_are_prefetched_through_what_sees_one_row_and_is_quick(step: Step, leads: bool) -> None:
    assert (route_from([step, ASK]) is not None) is leads
    assert route_from([step, KEEP]) is None
    assert route_from([replace(MEASURE, sees="all"), KEEP, ASK]) is None


def test_what_a_step_makes_changes_with_its_facets() -> None:
    prints = {
        replace(MEASURE, **facets).fingerprint("rows")  # type: ignore[arg-type]
        for facets in ({}, {"sees": "all"}, {"sees": "group", "group_by": "text"}, {"rows": "many"}, {"asks": True})
    }
    assert len(prints) == 5
    assert replace(MEASURE, heavy=True, role="text").fingerprint("rows") == MEASURE.fingerprint("rows")


def test_a_column_that_names_rows_says_for_which_measure() -> None:
    source = Step("sources", rows="source", writes={"id": "string"})
    writes = {"alike": "float64", "alike_of": "string", "made_of": "string"}
    columns = Plan("toy", (source, Step("near", sees="all", writes=writes, about="How alike."))).columns()
    assert {name: columns[name].about for name in writes} == {
        "alike": "How alike.",
        "alike_of": "The row that `alike` compares it with.",
        "made_of": "How alike.",
    }
