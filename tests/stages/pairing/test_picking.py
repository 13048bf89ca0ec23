"""Which of a prompt's answers make a pair, and why those do not that make none."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.rows.batch import Row
from hfsft.stages.pairing.picking import Picking, Rejected
from tests.stages.helpers import row

TEXTS = (
    "Send us the order number, and the money is back in five days.",
    "A courier takes it along on Monday; keep the receipt until then.",
    "Nothing can be done here. Who told you so?",
    "Ask somebody else about that, as this desk never opens.",
)
TURNS = [
    {"role": "user", "content": "Hi."},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Where is it?"},
    {"role": "assistant", "content": "Wait."},
]


def picking(**more: Any) -> Picking:
    told = {"margin": 1.0, "rejected": "lowest", "per_prompt": 1, "length": None, "likeness": {"at_most": 0.9}}
    return Picking.of({**told, "plain": False, **more})


def answers(*means: float | None, texts: tuple[str, ...] = TEXTS, **more: Any) -> list[Row]:
    return [
        {**row(), "id": f"a{number}", "response": texts[number % len(texts)], "score_mean": mean, **more}
        for number, mean in enumerate(means)
    ]


def picked(rows: list[Row], picks: Picking, failing: tuple[str, ...] = ()) -> tuple[str, list[str], str | None]:
    pick = picks.pick(rows, failing)
    return pick.best["id"], [each["id"] for each in pick.rejected], pick.fault


@pytest.mark.parametrize(
    ("rejected", "count", "found"),
    [
        ("lowest", 1, ["a2"]),
        ("lowest", 2, ["a2", "a1"]),
        ("next", 1, ["a3"]),
        ("next", 9, ["a3", "a1", "a2"]),
        ("random", 9, ["a3", "a1", "a2"]),
    ],
)
def test_the_best_is_chosen_and_the_rule_says_which_others_are_rejected(
    rejected: Rejected, count: int, found: list[str]
) -> None:
    rows = answers(5.0, 2.0, 1.0, 3.0)
    for given in (rows, rows[::-1]):
        best, others, fault = picked(given, picking(rejected=rejected, per_prompt=count))
        assert (best, fault) == ("a0", None)
        assert others == found if rejected != "random" else set(others) == set(found)


def test_any_other_is_picked_by_a_hash() -> None:
    found = {
        picked([{**each, "id": f"{n}{each['id']}"} for each in answers(5.0, 2.0, 1.0)], picking(rejected="random"))[1][
            0
        ][-2:]
        for n in range(20)
    }
    assert found == {"a1", "a2"}


@pytest.mark.parametrize(
    ("rows", "more", "fault"),
    [
        (answers(5.0), {}, "no other answer"),
        (answers(5.0, None), {}, "no other answer"),
        (answers(4.0, 3.25), {}, "margin: 0.75, not at_least 1"),
        (answers(4.0, 4.0), {"margin": 0.0}, "margin: 0, the same score"),
        (answers(5.0, 1.0, texts=("Send us the order number.",)), {}, "alike: 1, not at_most 0.9"),
        (answers(5.0, 1.0, texts=("👍",)), {}, "alike: 1, not at_most 0.9"),
        (
            answers(5.0, 1.0, texts=("one two three four five six", "one two three four five")),
            {"likeness": {"at_most": 0.5}},
            "alike: 0.9091, not at_most 0.5",
        ),
        (answers(5.0, 1.0, texts=("aaaa bbbb", "cccc dddd")), {"length": {"at_least": 0.05}}, "length: 0, not at_le"),
        (answers(5.0, 1.0, texts=("aaaa " * 9, "cccc")), {"length": {"at_most": 0.5}}, "length: 0.9111, not at_most 0"),
        (answers(5.0, 1.0, tools="[]x"), {"plain": True}, "not plain: plain texts hold one question"),
        ([{**each, "messages": TURNS} for each in answers(5.0, 1.0)], {"plain": True}, "alike: 1"),
        ([{**answers(5.0)[0], "messages": TURNS}, answers(5.0, 1.0)[1]], {}, "other turns: the two answer different"),
    ],
)
def test_why_there_is_no_pair(rows: list[Row], more: dict[str, Any], fault: str) -> None:
    _, others, found = picked(rows, picking(**more))
    assert others == []
    assert found is not None
    assert found.startswith(fault)


def test_what_is_too_much_like_the_best_gives_way_to_the_next_that_is_not() -> None:
    rows = answers(5.0, 1.0, 2.0, texts=(TEXTS[0], TEXTS[0], TEXTS[1]))
    assert picked(rows, picking()) == ("a0", ["a2"], None)


def test_an_answer_that_falls_by_its_scores_is_rejected_and_never_chosen() -> None:
    rows = answers(5.0, 4.0, 1.0)
    assert picked(rows, picking(), ("a0", "a2")) == ("a1", ["a2"], None)
    assert picked(rows, picking(), ("a0", "a1", "a2")) == ("a0", [], "no answer passes")


def test_an_answer_whose_score_is_unsure_is_on_neither_side() -> None:
    rows = answers(5.0, 4.0, 1.0, 2.0)
    assert picked_beside(rows, ("a0", "a2")) == ("a1", ["a3"], None)
    assert picked_beside(rows, ("a0", "a1", "a2", "a3"))[2] == "no answer passes"


def picked_beside(rows: list[Row], unsure: tuple[str, ...]) -> tuple[str, list[str], str | None]:
    pick = picking().pick(rows, (), unsure)
    return pick.best["id"], [each["id"] for each in pick.rejected], pick.fault


def test_of_one_score_a_hash_chooses_as_in_best_of_n() -> None:
    ids = {
        picked([{**each, "id": f"{n}{each['id']}"} for each in answers(4.0, 4.0, 1.0)], picking())[0][-2:]
        for n in range(9)
    }
    assert ids == {"a0", "a1"}


def test_calls_of_tools_are_part_of_the_answer() -> None:
    call = {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "name": "find", "arguments": "{}"}]}
    told = {"role": "tool", "content": "It is in Bern.", "tool_call_id": "1"}
    last = {"role": "assistant", "content": "In Bern."}
    able, guess = ([TURNS[0], *turns] for turns in ([call, told, last], [last]))
    rows = [{**each, "messages": turns} for each, turns in zip(answers(5.0, 1.0), (able, guess), strict=True)]
    assert picked(rows, picking()) == ("a0", ["a1"], None)
    assert (
        picked(rows, picking(plain=True))[2] == "not plain: plain texts hold one question and its answer, without tools"
    )
