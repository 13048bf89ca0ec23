"""What a row fell for is the last one standing of those alike, also where rows name each other."""

from __future__ import annotations

import pytest
from datasets import Dataset

from hfsft.engine.ledger import Ledger, Removal


@pytest.mark.parametrize(
    ("removed_for", "of"),
    [
        ({"a": "b", "b": "c"}, {"a": "c", "b": "c"}),
        ({"a": "a"}, {"a": "a"}),
        ({"a": "b", "b": "a"}, {"a": "b", "b": "a"}),
        ({"a": "b", "b": "c", "c": "b"}, {"a": "b", "b": "c", "c": "b"}),
    ],
    ids=["chain", "itself", "ring", "into a ring"],
)
def test_the_ledger_ends_on_any_chain(removed_for: dict[str, str], of: dict[str, str]) -> None:
    columns = {"id": list(removed_for), "alike": [1.0] * len(removed_for), "alike_of": list(removed_for.values())}
    ledger = Ledger(rows_in=len(removed_for))
    ledger.removals.append(Removal("alike", "alike", "rejected", "at_most 0", "alike", Dataset.from_dict(columns)))
    ledger.finish({})
    assert {entry["id"]: entry["of"] for entry in ledger.entries()} == of


def test_a_chain_ends_where_other_columns_were_compared() -> None:
    ledger = Ledger(rows_in=3)
    for rule, column, row, of in (
        ("exact", "exact_question", "a", "b"),
        ("near", "near_question", "b", "c"),
        ("near", "near_answer", "c", "d"),
    ):
        rows = Dataset.from_dict({"id": [row], column: [1.0], f"{column}_of": [of]})
        ledger.removals.append(Removal(rule, rule, "rejected", "at_most 0", column, rows))
    ledger.finish({})
    assert {entry["id"]: entry["of"] for entry in ledger.entries()} == {"a": "c", "b": "c", "c": "d"}
    assert ledger.orphaned() == {"rejected": 2}


def test_rows_whose_chosen_one_fell_are_counted_by_themselves() -> None:
    ledger = Ledger(rows_in=3)
    rows = Dataset.from_dict({"id": ["a", "b"]})
    ledger.removals.append(Removal("best", "best", "not_chosen", "", "", rows, instead={"a": "c", "b": "c"}))
    ledger.removals.append(Removal("short", "short", "rejected", "", "", Dataset.from_dict({"id": ["c"]})))
    ledger.finish({})
    assert ledger.orphaned() == {"not_chosen": 2}
