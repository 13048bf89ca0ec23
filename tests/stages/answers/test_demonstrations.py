"""Demonstrations: which examples are shown before a row's own question, and what of them the data says."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from hfsft.rows.batch import Batch, Row
from hfsft.stages.answers.demonstrations import Demonstrations
from hfsft.stages.answers.generate import Generate
from hfsft.stages.base import Outcome
from tests.stages.helpers import CONTEXT, converse, row

THINGS = ("parcel", "refund", "invoice", "password", "coupon", "battery", "address", "courier", "warranty", "receipt")
EXAMPLES = [row(f"Say, what about my {thing}?", response=f"The {thing} is fine.", origin="example") for thing in THINGS]
ASKED = [row(f"Could anybody please help me with the number {n} that I lost in {n * 7}?") for n in range(40)]


def batch(rows: list[Row]) -> Batch:
    return {name: [each.get(name) for each in rows] for name in dict.fromkeys(name for each in rows for name in each)}


def shown(rows: list[Row], **section: Any) -> dict[str, list[str] | None]:
    made = Demonstrations(**section).step(None).function(batch(rows))
    return dict(zip([each["id"] for each in rows], made["demonstrations"], strict=True))


@pytest.mark.parametrize("by", ["hash", "likeness"])
def test_each_row_is_shown_so_many_and_the_same_in_any_order(by: Any) -> None:
    found = shown([*EXAMPLES, *ASKED], count=3, by=by)
    assert all(len(set(found[each["id"]] or ())) == 3 for each in ASKED)
    assert all(found[each["id"]] is None for each in EXAMPLES)
    assert shown([*reversed(ASKED), *reversed(EXAMPLES)], count=3, by=by) == found


def test_by_a_hash_every_example_has_its_turn_and_a_new_one_changes_few_rows() -> None:
    before = shown([*EXAMPLES[:-1], *ASKED], count=2)
    times = Counter(each for picked in before.values() for each in picked or ())
    assert set(times) == {each["id"] for each in EXAMPLES[:-1]}
    after = shown([*EXAMPLES, *ASKED], count=2)
    new = EXAMPLES[-1]["id"]
    changed = [each["id"] for each in ASKED if after[each["id"]] != before[each["id"]]]
    assert 0 < len(changed) < len(ASKED) / 2
    assert all(new in (after[each] or ()) for each in changed)


def test_the_most_like_stands_last_and_what_asks_nearly_the_same_is_not_shown() -> None:
    asked = row("Where is my golden coupon, please?")
    near = row("Where is my golden coupon please", response="Here.", origin="example")
    like = row("Where is my golden ring now?", response="There.", origin="example")
    found = shown([*EXAMPLES, near, like, asked], count=2, by="likeness")[asked["id"]]
    assert found
    assert found[-1] == like["id"]
    assert near["id"] not in found
    for by in ("hash", "likeness"):
        assert near["id"] not in (shown([near, like, asked], count=2, by=by)[asked["id"]] or ())


def test_a_row_of_the_same_family_or_document_is_not_shown() -> None:
    asked = {**row("Could anybody help?"), "family_key": "t1", "documents": ["d1"]}
    kin = {**EXAMPLES[0], "family_key": "t1", "documents": None}
    same_document = {**EXAMPLES[1], "family_key": None, "documents": ["d2", "d1"]}
    other = {**EXAMPLES[2], "family_key": "t2", "documents": ["d3"]}
    assert shown([asked, kin, same_document, other], count=3)[asked["id"]] == [other["id"]]


def test_only_conversations_without_tools_are_shown() -> None:
    def example(*turns: dict[str, Any]) -> Row:
        return {
            **row("What?", origin="example", response="So."),
            "id": str(len(turns)),
            "messages": list(turns),
        }

    user, said = {"role": "user", "content": "A?"}, {"role": "assistant", "content": "B."}
    talk = example(user, said, user, said)
    odd = [example(said), example(user, said, user), example(user, said, said, said, said)]
    tooled = {**EXAMPLES[0], "tools": "[]" + " "}
    found = Demonstrations(count=9).step(None).function(batch([talk, *odd, tooled, ASKED[0]]))
    assert found["demonstrations"][-1] == [talk["id"]]
    assert json.loads(found["demonstration_turns"][-1]) == [user, said, user, said]


def test_they_are_shown_as_turns_behind_the_system_prompt_and_the_data_does_not_say_them() -> None:
    section = Generate.model_validate({"system": "Be brief.", "demonstrations": 1})
    pick, ask = section.steps(CONTEXT)
    rows = batch([EXAMPLES[0], ASKED[0]])
    given = {name: values[1] for name, values in {**rows, **pick.function(rows)}.items()}
    (request,), columns = converse(ask.function(given), ["Here."])
    assert [turn["role"] for turn in request.messages] == ["system", "user", "assistant", "user"]
    assert [turn["content"] for turn in request.messages] == [
        "Be brief.", EXAMPLES[0]["instruction"], EXAMPLES[0]["response"], ASKED[0]["instruction"],
    ]  # fmt: skip
    assert columns == {"system": "Be brief.", "response": "Here."}
    assert ask.drops == ("demonstration_turns",)


def test_without_examples_there_is_nothing_to_show() -> None:
    (problem,) = Generate.model_validate({"demonstrations": 2}).problems(CONTEXT)
    assert problem.message == "generate.demonstrations: there are no examples to show"
    assert not shown([ASKED[0]], count=2)[ASKED[0]["id"]]


@pytest.mark.parametrize(
    ("picked", "said"),
    [
        ([["a"], [], None], "1 of 2 rows were shown no demonstration"),
        ([[], []], "2 of 2 rows were shown no demonstration"),
        ([["a"], None], None),
    ],
)
def test_rows_that_are_shown_none_are_told(picked: list[list[str] | None], said: str | None) -> None:
    outcome = Outcome(["train"], lambda name: picked if name == "demonstrations" else [], lambda *_: [], [])
    notes = [*Generate.model_validate({"demonstrations": 1}).notes(outcome)]
    assert [note.partition(":")[0] for note in notes] == ([said] if said else [])
