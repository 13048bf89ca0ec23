"""Sides: rows that are held out for a test beside validation, from the first build on or later."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.rows.columns import COLUMNS
from hfsft.stages.split import Split
from hfsft.stages.split.draw import _topics
from hfsft.stages.split.sides import NONE, Sides
from tests.stages.helpers import CONTEXT
from tests.stages.test_split import SIZES, after, divided, example, grown, held, moved, sides, split, text


@settings(max_examples=100, deadline=None)
@given(SIZES, st.sampled_from([0.05, 0.1, 0.4]), st.sampled_from([0.05, 0.1, 0.4]), st.sampled_from([1, 3, 1000]))
def test_both_shares_are_met_within_one_family(sizes: list[int], validation: float, test: float, topics: int) -> None:
    rows = [
        each
        for number, size in enumerate(sizes)
        for each in grown(number, size, f"topic {number % topics}" if topics > 1 else None)
    ]
    found = split(rows, validation, test=test)
    assert abs(held(found) - validation * len(rows)) <= max(sizes)
    assert abs(held(found, "test") - test * len(rows)) <= max(sizes)
    assert not divided(found)
    assert held(found, "train")


def test_each_topic_gives_its_share_to_both() -> None:
    rows = [each for number in range(900) for each in grown(number, 1 + number % 4, f"topic {number % 9}")]
    found = split(rows, 0.1, test=0.05)
    for topic in (f"topic {number}" for number in range(9)):
        of_topic = [each for each in found if each["topic"] == topic]
        assert abs(held(of_topic) - 0.1 * len(of_topic)) <= 6
        assert abs(held(of_topic, "test") - 0.05 * len(of_topic)) <= 6


def test_rows_may_be_held_out_for_a_test_alone() -> None:
    found = split([example(text(number)) for number in range(100)], 0, test=0.2)
    assert Counter(each["split"] for each in found) == {"train": 80, "test": 20}


def test_all_rows_of_one_value_stand_on_one_side_and_so_do_those_that_come() -> None:
    def made(start: int, stop: int) -> list[dict[str, object]]:
        return [{**example(text(number)), "author": f"author {number % 9}"} for number in range(start, stop)]

    def found(rows: list[dict[str, object]], former: Sides) -> tuple[dict[str, set[str]], Sides]:
        section = Split(validation=0.3, by="author")
        columns = {name: [each.get(name) for each in rows] for name in (*COLUMNS, "author")}
        for step in section.steps(replace(CONTEXT, former={"split": former})):
            if not step.bound and step.name != "split.leak":
                columns |= step.function({name: columns[name] for name in step.given(columns)})
        sides: dict[str, set[str]] = {}
        for author, side in zip(columns["author"], columns["split"], strict=True):
            sides.setdefault(str(author), set()).add(str(side))
        return sides, former.after(section.drawn_by, [columns])

    first, known = found(made(0, 50), NONE)
    assert sum(side == {"validation"} for side in first.values()) == 3
    assert all(len(side) == 1 for side in first.values())
    assert found(made(50, 200), known)[0] == first, "rows that are all new keep to their author's side"


def test_shares_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(ValueError, match="validation and test together must be below 1"):
        Split(validation=0.6, test=0.4)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 5), min_size=3, max_size=60),
    st.lists(st.integers(1, 5), max_size=30),
    st.sampled_from([(0.2, 0.2, 0.1), (0.3, 0.2, 0.1), (0.1, 0.1, 0.4), (0.5, 0.1, 0.4)]),
)
def test_a_test_that_is_asked_for_later_is_fed_from_what_was_held_out_and_what_is_new(
    sizes: list[int], more: list[int], shares: tuple[float, float, float]
) -> None:
    before, validation, test = shares
    rows = [each for number, size in enumerate(sizes) for each in grown(number, size, None)]
    old = split(rows, before)
    rows += [each for number, size in enumerate(more, len(sizes)) for each in grown(number, size, None)]
    former = after(old, share=before)
    new = split(rows, validation, former, test=test)
    was, now = sides(old), sides(new)
    assert all((now[each] == "train") == (was[each] == "train") for each in was)
    assert not divided(new)
    families = len({each["family"] for each in new if each["split"] != "train"})
    assert families < 2 or {now[each] for each in now} == {"train", "validation", "test"}
    known = after(new, former, validation, test=test)
    assert known.moved.get(("validation", "test"), 0) == moved(old, new)["test"]
    again = split(rows, validation, known, test=test)
    assert sides(again) == now


def test_a_test_that_is_no_longer_asked_for_is_validation_and_what_was_trained_on_stays() -> None:
    rows = [example(text(number)) for number in range(100)]
    old = split(rows, 0.1, test=0.1)
    new = split(rows, 0.1, after(old, share=0.1, test=0.1))
    assert moved(old, new) == {"validation": 10}
    grows = split(rows, 0.1, former := after(old, share=0.1, test=0.1), test=0.15)
    assert moved(old, grows) == {"test": 2}, "in proportion: 8 and 12 of what is held out"
    assert former.regarded({"validation": 0.2, "similarity": 0.6, "test": 0.1}) == {}, "any other share draws anew"


def test_a_topic_that_is_empty_is_none() -> None:
    assert _topics(["f"] * 5 + ["g"] * 2, [None, "", None, "a", "a", "b", "a"]) == {"f": "", "g": "a"}
