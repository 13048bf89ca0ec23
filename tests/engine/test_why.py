"""Why a step would run again, and for which rows: told as it then comes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from hfsft.engine.why import explain, remember
from tests.engine.parts.test_increments import Counted, at_most, build, ids, source
from tests.engine.test_engine import ASK
from tests.engine.toys import FOLDED, PAIRED

COUNT = Counted()
STEPS = (
    source(ids(1, 2, 3)),
    COUNT.measure("first"),
    at_most("first", 2),
    COUNT.measure("all", "all"),
    at_most("all", 9),
    ASK,
    COUNT.measure("last", reads="shouted"),
)
ALL, NEW, NOT = "all rows", "new rows", ""


def changed(name: str, step: Step) -> tuple[Step, ...]:
    return tuple(step if each.name == name else each for each in STEPS)


@pytest.mark.parametrize(
    ("now", "runs", "cause"),
    [
        (STEPS, {}, ""),
        (changed("source", source(ids(1, 2, 3, 4))), {"first": NEW, "all": ALL, "shout": NEW, "last": NEW}, "source"),
        (changed("first at most", at_most("first", 3)), {"all": ALL, "shout": NEW, "last": NEW}, "first at most"),
        (changed("all at most", at_most("all", 1)), {"shout": NEW, "last": NEW}, "all at most"),
        (changed("shout", replace(ASK, version=2)), {"shout": ALL, "last": ALL}, "shout"),
        (
            changed("first", replace(STEPS[1], version=2)),
            {"first": ALL, "all": ALL, "shout": NEW, "last": NEW},
            "first",
        ),
        (changed("last", replace(STEPS[6], version=2)), {"last": ALL}, ""),
    ],
    ids=["nothing", "a row more", "a bound", "a later bound", "a question", "a measure", "the last measure"],
)
def test_what_runs_again_is_told(tmp_path: Path, now: tuple[Step, ...], runs: dict[str, str], cause: str) -> None:
    build(tmp_path, *STEPS)
    remember(Plan("toy", STEPS), tmp_path)
    told = {each.step: each for each in explain(Plan("toy", now), tmp_path)}
    for name in ("first", "all", "shout", "last"):
        each = told[name]
        said = NEW if each.only_new else ALL if each.reason else NOT
        assert said == runs.get(name, NOT), name
        if each.after:
            assert each.after == cause, name
    if "first at most" in runs or "first" not in runs:
        assert told["first at most"].reason in ("", "it changed")
    COUNT.take()
    build(tmp_path, *now)
    measured = COUNT.take()
    for name in ("first", "last"):
        if runs.get(name, NOT) != ALL:
            assert len(measured.get(name, ())) <= 1, f"{name}: rows that are new alone"


def test_a_comparison_of_what_is_measured_anew_compares_all(tmp_path: Path) -> None:
    remember(Plan("toy", STEPS), tmp_path)
    told = {each.step: each for each in explain(Plan("toy", changed("first", replace(STEPS[1], version=2))), tmp_path)}
    assert told["first at most"].reason == "its rows change with first"
    assert not told["first at most"].only_new


def test_without_a_build_before_all_is_new(tmp_path: Path) -> None:
    assert {each.reason for each in explain(Plan("toy", STEPS), tmp_path)} == {
        "no build of this recipe has finished yet"
    }


def test_what_changes_in_a_side_table_is_felt_by_whoever_looks_into_it(tmp_path: Path) -> None:
    behind = COUNT.measure("behind")
    steps = (source(ids(1, 2, 3)), replace(PAIRED[0], reads=("id",)), PAIRED[1], FOLDED, behind)
    remember(Plan("toy", steps), tmp_path)
    now = (steps[0], replace(steps[1], version=2), *steps[2:])
    told = {each.step: each for each in explain(Plan("toy", now), tmp_path)}
    assert {name: each.reason for name, each in told.items()} == {
        "source": "",
        "pairs": "it changed",
        "alike": "only for rows that are new with pairs",
        "folded": "its rows change with pairs",
        "behind": "",
    }
