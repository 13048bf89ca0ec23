"""Filters on datasets without a recipe: tables, splits and streams."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict, Value, load_dataset

from hfsft.errors import ColumnError, UserError
from hfsft.filters import (
    Conversation,
    Expr,
    Filter,
    NearDuplicate,
    Pii,
    Repetition,
    Tokens,
)
from tests.filters.test_filters import GOLDEN_ROWS, RULES

LOOP = "Please wait. " * 60
TEXTS = ["A refund takes three days.", LOOP, None, "Write to ana@firm.com now."]


def stream(path: Path, rows: list[dict[str, Any]]) -> IterableDataset:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return load_dataset("json", data_files=str(path), split="train", streaming=True, cache_dir=str(path.parent / "c"))


def test_a_stream_is_cut_in_two_streams_that_carry_the_measure(tmp_path: Path) -> None:
    rows = stream(tmp_path / "rows.jsonl", [{"n": n, "response": text} for n, text in enumerate(TEXTS)])
    kept, rejected = Repetition().apply(rows)
    assert isinstance(kept, IterableDataset)
    assert isinstance(rejected, IterableDataset)
    assert kept.features["repetition_response"] == rejected.features["repetition_response"] == Value("float64")
    assert [row["n"] for row in kept] == [0, 2, 3]
    assert [row["n"] for row in kept.take(1)] == [0]
    assert [(row["n"], row["repetition_response"] > 0.9) for row in rejected] == [(1, True)]


def test_rows_of_a_stream_are_read_as_they_are_asked_for() -> None:
    read: list[int] = []

    def rows() -> Iterator[dict[str, Any]]:
        for number in range(100_000):
            read.append(number)
            yield {"response": f"word {number}", "n": number}

    made = IterableDataset.from_generator(rows)
    kept, _ = Tokens(at_least=1).apply(made)
    assert made.column_names is None  # it says nothing of its columns, and is asked for them
    assert [row["n"] for row in kept.take(3)] == [0, 1, 2]
    assert len(read) < 10_000


def test_streams_can_be_filtered_again_and_redacted(tmp_path: Path) -> None:
    rows = stream(tmp_path / "rows.jsonl", [{"response": text} for text in TEXTS])
    kept, _ = Repetition().apply(rows)
    kept, _ = Tokens(at_least=4).apply(kept)
    kept, gone = Pii(do="redact").apply(kept)
    assert [row["response"] for row in kept] == [TEXTS[0], "Write to <EMAIL_1> now."]
    assert list(gone) == []
    kept, gone = Pii(do="reject").apply(rows)
    assert [row["pii_kinds"] for row in gone] == ["EMAIL:1"]


def test_turns_of_a_stream(tmp_path: Path) -> None:
    good = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    rows = stream(tmp_path / "rows.jsonl", [{"messages": good}, {"messages": good[:1]}])
    kept, gone = Conversation().apply(rows)
    assert [row["messages"] for row in kept] == [good]
    assert [row["conversation"] for row in gone] == ["turn 1: does not end with the assistant"]


def test_rows_that_are_compared_with_each_other_are_no_stream(tmp_path: Path) -> None:
    rows = stream(tmp_path / "rows.jsonl", [{"instruction": "Hi"}])
    with pytest.raises(UserError, match=r"filters\[near_duplicate\] compares rows with each other, and a stream never"):
        NearDuplicate().apply(rows)
    with pytest.raises(ColumnError, match=r"filters\[tokens\] reads `response`"):
        Tokens(at_least=1).apply(rows)


WEIGHTLESS = {name: rule for name, rule in RULES.items() if not rule.heavy}  # the others run a model


@pytest.mark.parametrize("rule", WEIGHTLESS.values(), ids=WEIGHTLESS)
def test_a_stream_gives_what_a_table_gives(rule: Filter) -> None:
    width = len(GOLDEN_ROWS["id"])
    given = {**{name: [None] * width for name in rule.reads}, **GOLDEN_ROWS, "topic": ["refunds"] * width}
    given |= {name: [4.0] * width for name in rule.reads if name.startswith(("score", "spread"))}
    given |= {"messages": [None] * width} if "messages" in rule.reads else {}
    table = Dataset.from_dict(given)
    kept, gone = rule.apply(table)
    if any(step.sees != "row" for step in rule.steps()):
        with pytest.raises(UserError):
            rule.apply(table.to_iterable_dataset())
        return
    streams = rule.apply(table.to_iterable_dataset())
    assert [list(each) for each in streams] == [list(kept), list(gone)]


def test_each_split_is_filtered_for_itself() -> None:
    rows = Dataset.from_dict({"response": TEXTS})
    splits = DatasetDict(train=rows, test=rows.select([0]))
    kept, gone = Expr(that="response | words > 3").apply(splits)
    assert isinstance(kept, DatasetDict)
    assert (kept.num_rows, gone.num_rows) == ({"train": 3, "test": 1}, {"train": 1, "test": 0})
    streams = IterableDatasetDict({name: each.to_iterable_dataset() for name, each in splits.items()})
    kept_stream, _ = Expr(that="response | words > 3").apply(streams)
    assert isinstance(kept_stream, IterableDatasetDict)
    assert {name: len(list(each)) for name, each in kept_stream.items()} == kept.num_rows
