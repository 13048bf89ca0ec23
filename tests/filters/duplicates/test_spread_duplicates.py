"""Duplicates are the same ones where no process has all rows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.errors import UserError
from hfsft.filters import ExactDuplicate, NearDuplicate
from hfsft.filters.duplicates.common import Duplicates
from hfsft.filters.duplicates.order_bytes import bytes_of
from hfsft.rows.batch import Batch
from tests.engine.spread.rounds import scattered, spread_out
from tests.fuzz.bounds import tries

KINDS = {
    "id": "string",
    "origin": "string",
    "round": "int64",
    "instruction": "string",
    "response": "string",
    "score": "float64",
    "day": "string",
    "duplicates_key": "binary",
}
TEXTS = ["How late is it?", "how late is it", "How late?", "", "Where is my card", "Where is my card now?", "退款"]
TEXTS += ["Where is my card now, and why?", "and why is it so late now", "How late is it now"]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.uuids().map(lambda each: each.hex[:6]),
            "origin": st.sampled_from(["example", "seed", "evolved", None]),
            "round": st.sampled_from([0, 1, None]),
            "instruction": st.sampled_from(TEXTS),
            "response": st.sampled_from(["", "Yes.", "No, never."]),
            "score": st.sampled_from([0.0, -0.0, 2.5, None, float("nan")]),
            "day": st.sampled_from(["2026-03-31", "Tue, 31 Mar 2026 10:00:00 +0000", "12", None, "soon"]),
        }
    ),
    min_size=1,
    max_size=10,
    unique_by=lambda row: row["id"],
)
CHOICES = [{}, {"keep": "people"}, {"keep": "longest"}, {"keep": "newest"}]
CHOICES += [{"keep": "newest", "by": "day"}, {"keep": "best", "by": "score"}]


def both(rule: Duplicates, rows: list[dict[str, Any]], cut: int, step: int, with_ids: bool = True) -> None:
    """One of a rule's steps makes the same of rows that it holds and of scattered ones, or says the same."""
    batch: Batch = {name: [row[name] for row in rows] for name in rows[0] if with_ids or name != "id"}
    kinds = dict(KINDS)
    for each in rule.steps()[: step + 1]:
        kinds |= each.writes
        given = {name: batch[name] for name in each.given(batch)}
        if each is not rule.steps()[step] and each.name != rule.steps()[step].name:
            batch |= each.function(given)
            continue
        try:
            wanted = each.function(given)
        except UserError as error:
            with pytest.raises(UserError, match=f"^{re.escape(str(error))}$"):
                spread_out(each.function, scattered(given, kinds, cut), len(rows), each.writes)
            return
        assert spread_out(each.function, scattered(given, kinds, cut), len(rows), each.writes) == wanted


@given(ROWS, st.sampled_from(CHOICES), st.integers(1, 4), st.booleans())
@tries(100)
def test_the_same_texts(rows: list[dict[str, Any]], choice: dict[str, Any], cut: int, with_ids: bool) -> None:
    both(ExactDuplicate(**choice), rows, cut, step=1, with_ids=with_ids)


@given(ROWS, st.sampled_from(CHOICES), st.integers(1, 4), st.sampled_from([0.6, 0.7, 0.9]))
@tries(60)
def test_alike_texts(rows: list[dict[str, Any]], choice: dict[str, Any], cut: int, at_most: float) -> None:
    both(NearDuplicate(at_most=at_most, **choice), rows, cut, step=2)


def test_texts_of_other_sets(tmp_path: Path) -> None:
    (tmp_path / "held.jsonl").write_text('{"id": "h", "instruction": "how LATE is it"}\n{"instruction": "退款"}\n')
    rule = ExactDuplicate(against=[str(tmp_path / "held.jsonl")])
    rows = [
        {"id": str(number), "origin": "seed", "round": 0, "instruction": text} for number, text in enumerate(TEXTS * 2)
    ]
    both(rule, rows, 2, step=1)
    both(NearDuplicate(at_most=0.7, against=[str(tmp_path / "held.jsonl")]), rows, 2, step=2)


PART = st.one_of(st.floats(allow_nan=False), st.integers(-(2**63), 2**63 - 1), st.text(max_size=4))


@given(st.lists(PART, max_size=4).flatmap(lambda like: st.tuples(*[st.tuples(*map(alike, like))] * 2)))
@tries(200)
def test_bytes_sort_as_values_do(pair: tuple[tuple[Any, ...], tuple[Any, ...]]) -> None:
    one, other = pair
    assert (bytes_of(one) < bytes_of(other)) == (one < other)
    assert (bytes_of(one) == bytes_of(other)) == (one == other)


def alike(value: Any) -> st.SearchStrategy[Any]:
    if isinstance(value, str):
        return st.text(alphabet=["a", "b", "\x00", "\uffff", "\U0001f600"], max_size=3)
    return st.sampled_from([value, value * 2, 0.0, -0.0, -1.5]) if isinstance(value, float) else st.integers(-3, 3)
