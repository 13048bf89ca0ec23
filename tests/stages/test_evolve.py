"""Evolve: children of every row, by templates picked without luck."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.errors import AnswerError
from hfsft.stages.evolve import Evolve, clean
from tests.stages.helpers import CONTEXT, converse, row

TEMPLATES = ["Harder: {{ instruction }}", "Simpler: {{ instruction }}", "Other ({{ description }}): {{ instruction }}"]


def branch(section: Evolve, rows: list[dict[str, Any]], number: int = 1) -> list[dict[str, Any]]:
    step = section.steps(CONTEXT)[2 * (number - 1)]
    batch = step.fn({name: [each[name] for each in rows] for name in rows[0]})  # type: ignore[misc]
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


def test_only_rows_of_the_round_ask() -> None:
    ask = Evolve(templates=TEMPLATES).steps(CONTEXT)[1].fn
    assert ask is not None
    requests, columns = converse(ask(row("a")), [])
    assert (requests, columns) == ([], {"instruction": "a"})


def test_the_template_sees_the_row_and_the_recipe() -> None:
    section = Evolve(templates=TEMPLATES[2:])
    child = branch(section, [row("a")])[1]
    ask = section.steps(CONTEXT)[1].fn
    assert ask is not None
    requests, columns = converse(ask(child), ['New instruction: "What if it is late?"'])
    assert requests[0].messages == ({"role": "user", "content": "Other (Customers of an online store.): a"},)
    assert columns == {"instruction": "What if it is late?"}


def test_an_empty_instruction_fails_the_row() -> None:
    section = Evolve(templates=TEMPLATES)
    child = branch(section, [row("a")])[1]
    ask = section.steps(CONTEXT)[1].fn
    assert ask is not None
    with pytest.raises(AnswerError, match="empty"):
        converse(ask(child), ["  "])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What now?", "What now?"),
        ("  \n What now? ", "What now?"),
        ('"What now?"', "What now?"),
        ("“What now?”", "What now?"),
        ("New prompt: What now?", "What now?"),
        ("**New instruction:** What now?", "What now?"),
        ("Here's the rewritten question: What now?", "What now?"),
        ('He said "no" and "yes"', 'He said "no" and "yes"'),
        ("My question is simple: what now?", "My question is simple: what now?"),
        ("Order 5: what now?", "Order 5: what now?"),
    ],
)
def test_clean_takes_off_only_what_models_put_around(text: str, expected: str) -> None:
    assert clean(text) == expected
