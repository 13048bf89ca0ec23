"""Evolve: children of every row, by templates picked without luck."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.errors import AnswerError
from hfsft.stages.evolving.evolve import FAULT, GROWN_FROM, Evolve
from tests.stages.helpers import CONTEXT, converse, row

TEMPLATES = ["Harder: {{ instruction }}", "Simpler: {{ instruction }}", "Other ({{ description }}): {{ instruction }}"]


def branch(section: Evolve, rows: list[dict[str, Any]], number: int = 1) -> list[dict[str, Any]]:
    step = section.steps(CONTEXT)[4 * (number - 1)]
    batch = step.function({name: [each[name] for each in rows] for name in rows[0]})  # type: ignore[misc]
    return [dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)]


def test_each_seed_gets_as_many_children_as_variants_asks() -> None:
    rows = branch(Evolve(templates=TEMPLATES, variants=2), [row("a"), row("b")])
    assert [each["origin"] for each in rows] == ["seed", "evolved", "evolved"] * 2
    assert all(each["parent_id"] == each["seed_id"] == rows[0]["id"] for each in rows[1:3])
    assert len({each["template"] for each in rows[1:3]}) == 2


def test_more_variants_than_templates_still_have_ids_of_their_own() -> None:
    rows = branch(Evolve(templates=TEMPLATES[:1], variants=3), [row("a")])
    assert len({each["id"] for each in rows}) == 4


def test_examples_are_not_evolved_and_rounds_grow_only_the_round_before() -> None:
    section = Evolve(templates=TEMPLATES, rounds=2)
    first = branch(section, [row("a"), row("b", origin="example", response="r")])
    assert [each["origin"] for each in first] == ["seed", "evolved", "example"]
    second = branch(section, first, number=2)
    assert [each["round"] for each in second] == [0, 1, 2, 0]
    assert second[2]["seed_id"] == first[0]["id"]


def test_children_hang_on_the_parent_alone_not_on_their_neighbours() -> None:
    section = Evolve(templates=TEMPLATES, variants=2)
    alone = branch(section, [row("b")])
    beside = branch(section, [row("a"), row("b")])
    assert beside[3:] == alone


def test_later_variants_of_a_seed_are_those_that_more_variants_would_have_made() -> None:
    seeds = [row("a"), row("b", origin="example", response="r"), row("c")]
    grown = [each for each in branch(Evolve(templates=TEMPLATES, variants=5), seeds) if each["origin"] == "evolved"]
    section = Evolve(templates=TEMPLATES, variants=2)
    first, second = section.more_children(seeds, 0, 2), section.more_children(seeds, 2, 5)
    assert sorted(each["id"] for each in grown) == sorted(each["id"] for each in [*first, *second])
    assert first == [each for each in branch(section, seeds) if each["origin"] == "evolved"]
    assert section.more_children(grown, 0, 2) == []


def test_only_rows_of_the_round_ask() -> None:
    ask = Evolve(templates=TEMPLATES).steps(CONTEXT)[1].function
    assert ask is not None
    requests, columns = converse(ask(row("a")), [])
    assert (requests, columns) == ([], {"instruction": "a", "reference": None, GROWN_FROM: None})


def test_the_template_sees_the_row_and_the_recipe() -> None:
    section = Evolve(templates=TEMPLATES[2:])
    child = branch(section, [row("a")])[1]
    ask = section.steps(CONTEXT)[1].function
    assert ask is not None
    requests, columns = converse(ask(child), ['New instruction: "What if it is late?"'])
    assert requests[0].messages == ({"role": "user", "content": "Other (Customers of an online store.): a"},)
    assert columns == {"instruction": "What if it is late?", "reference": None, GROWN_FROM: "a"}


def test_the_right_answer_to_a_seed_stays_with_it_and_no_child_has_it() -> None:
    section = Evolve(templates=["{{ instruction }} ({{ reference }})"])
    seed, child = branch(section, [row("What is 2 + 3?", reference="5")])
    ask = section.steps(CONTEXT)[1].function
    assert converse(ask(seed), [])[1]["reference"] == "5"
    requests, columns = converse(ask(child), ["What is 2 + 3 + 4?"])
    assert requests[0].messages[0]["content"] == "What is 2 + 3? (5)"
    assert columns["reference"] is None


def test_an_empty_instruction_fails_the_row() -> None:
    section = Evolve(templates=TEMPLATES)
    child = branch(section, [row("a")])[1]
    ask = section.steps(CONTEXT)[1].function
    assert ask is not None
    with pytest.raises(AnswerError, match=r"empty: .*the same request is not sent again"):
        converse(ask(child), ["  "])


def checked(section: Evolve, *rows: dict[str, Any]) -> list[str | None]:
    step = section.steps(CONTEXT)[2]
    found: list[str | None] = step.function({name: [each.get(name) for each in rows] for name in step.reads})[FAULT]
    return found


def test_each_new_row_is_checked_against_its_parent_and_its_template_and_no_other() -> None:
    parent = "Where is my parcel?"
    new = {"template": "deepen", GROWN_FROM: parent}
    rows = [
        {**new, "instruction": "Where is my parcel, and who signed for it?"},
        {**new, "instruction": parent},
        {**new, "instruction": f"Add a second question to this message: {parent}"},
        {**new, "template": "constrain", "instruction": f"Add a second question to this message: {parent}"},
        {**new, GROWN_FROM: None, "instruction": parent},
    ]
    leak = "template: add a second question to this"
    assert checked(Evolve(templates=["deepen", "constrain"]), *rows) == [None, "unchanged", leak, None, None]


def test_what_a_template_shows_as_an_example_is_its_own_word_too() -> None:
    row = {"template": "deepen", GROWN_FROM: "Where is it?", "instruction": "Can I bring my dog to the hotel by train?"}
    assert checked(Evolve(templates=["deepen"]), row) == ["template: can i bring my dog to"]
    inline = "Make this harder to answer for everybody: {{ instruction | first }}"  # fails around an empty row
    asked = {**row, "template": "inline-" + next(iter(Evolve(templates=[inline]).prompts())).removeprefix("inline-")}
    asked["instruction"] = "Make this harder to answer for everybody: where is it?"
    assert checked(Evolve(templates=[inline]), asked) == ["template: make this harder to answer for"]


def test_faulty_rows_fall_before_the_next_step_unless_they_are_only_to_be_marked() -> None:
    names = [step.name for step in Evolve(rounds=2).steps(CONTEXT)]
    assert names[:5] == ["evolve[1].branch", "evolve[1]", "evolve[1].check", "evolve[1].fault", "evolve[2].branch"]
    *_, check, fault = Evolve().steps(CONTEXT)
    assert check.drops == (GROWN_FROM,)
    assert fault.bound
    assert [fault.bound.keeps(value) for value in (None, "answers")] == [True, False]
    marked = Evolve(eliminate=False).steps(CONTEXT)
    assert [step.name for step in marked] == names[:3]


def test_of_evolutions_that_fell_the_share_is_of_all_waves_and_of_no_answer_twice() -> None:
    """A branch makes those of the first wave alone, and several answers to one prompt are one evolution."""
    from hfsft.engine.ledger import FunnelLine
    from hfsft.stages.base import Outcome

    kept = {"id": ["s", "a", "b", "c"], "prompt_id": [None, None, "b", "b"], "round": [0, 1, 1, 1]}
    kept["origin"] = ["seed", "evolved", "evolved", "evolved"]
    fell = {"id": ["d"], "prompt_id": [None], "round": [1], "origin": ["evolved"], "instruction": ["No."]}
    fell[FAULT] = ["refuses"]
    asked = FunnelLine("evolve[1]", "", 5, 0, removed=0, rows_out=5, cached=False, calls=3, seconds=0)
    outcome = Outcome(
        (), lambda name: kept.get(name, [None] * 4), lambda name, *_: fell[name], (), lines={"evolve[1]": asked}
    )
    (said,) = Evolve(templates=TEMPLATES).losses(outcome)
    assert said.startswith("1 of 3 evolutions of evolve[1] fell (33%): refuses 1")
