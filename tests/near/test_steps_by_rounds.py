"""near_duplicate and the families of a split make the same of scattered rows as of rows in one process."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.engine.on_daft.shuffles import Rounds, Shuffled
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.spread.scattered import Scattered
from hfsft.filters import NearDuplicate
from hfsft.rows.batch import Batch
from hfsft.stages.split.row_families import KEYS, Naming, Sketching, keys_by_row
from tests.engine.spread.rounds import scattered, spread_out
from tests.fuzz.bounds import tries
from tests.near.test_near_by_rounds import corpus

TEXTS = ("id", "origin", "instruction", "context", "system", "seed_id", "document")
KINDS = {**dict.fromkeys(TEXTS, "string"), "round": "int64", KEYS: ["string"]}
KINDS |= {"likeness_key": "binary", "likeness_sketch": "binary"}


def rows_of(seed: int, count: int) -> Batch:
    """Rows that are alike in many ways, by column."""
    draw = random.Random(seed)
    texts = list(map(str, corpus(seed, count)))
    size = range(len(texts))
    return {
        "id": [f"{draw.randrange(10**9)}-{place}" for place in size],
        "origin": [draw.choice(["example", "seed", "evolved"]) for _ in size],
        "round": [draw.randrange(2) for _ in size],
        "instruction": texts,
        "context": [draw.choice([None, None, None, draw.choice(texts)]) for _ in size],
        "system": [draw.choice([None, None, "Be brief."]) for _ in size],
        "seed_id": [f"s{draw.randrange(len(texts) * 2)}" for _ in size],
        "document": [draw.choice([None, None, None, f"d{place % 30}"]) for place in size],
    }


def assert_searched(rule: NearDuplicate, rows: Batch, cut: int | None = None, over: Scattered | None = None) -> Batch:
    sketch, search, *_ = rule.steps()
    batch = {**rows, **sketch.function({name: rows[name] for name in sketch.given(rows)})}
    given = {name: batch[name] for name in search.given(batch)}
    wanted: Batch = search.function(given)
    lie = scattered(given, KINDS, cut, over)
    assert spread_out(search.function, lie, len(rows["id"]), search.writes) == wanted
    return wanted


def assert_named(rows: Batch, cut: int | None = None, over: Scattered | None = None) -> None:
    rows = {name: values for name, values in rows.items() if name not in ("id", "round")}
    batch = {**rows, **keys_by_row(rows), **Sketching(0.6)(rows)}
    naming = Naming(0.6)
    wanted = naming(batch)
    assert len(set(wanted["family"])) < len(wanted["family"])
    assert spread_out(naming, scattered(batch, KINDS, cut, over), len(rows["origin"]), {"family": "string"}) == wanted


@given(st.integers(0, 10**6), st.integers(8, 90), st.sampled_from([0, 2000]), st.sampled_from([None, 11]))
@tries(10)
def test_near_duplicates_are_the_same(seed: int, count: int, few: int, cut: int | None) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", few)
        rows = rows_of(seed, count)
        choice: dict[str, Any] = {} if seed % 2 else {"column": ["instruction", "context"]}
        assert_searched(NearDuplicate(keep="people" if seed % 3 else "preferred", **choice), rows, cut)


@pytest.mark.parametrize("few", [0, 2000])
def test_rows_of_other_sets_are_preferred(few: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", few)
    rows = rows_of(3, 60)
    held = [{"id": f"h{place}", "instruction": text} for place, text in enumerate(rows["instruction"][::3])]
    held += [{"id": "blank", "instruction": "?!"}, {"id": "z", "instruction": f"{rows['instruction'][1]} please"}]
    (tmp_path / "held.jsonl").write_text("".join(json.dumps(each) + "\n" for each in held))
    found = assert_searched(NearDuplicate(against=[str(tmp_path / "held.jsonl")]), rows, 9)
    assert any(value is not None and value < 1 for value in found["near_duplicate_instruction_other_alike"])


@given(st.integers(0, 10**6), st.integers(8, 90), st.sampled_from([0, 2000]), st.sampled_from([None, 11]))
@tries(10)
def test_families_are_the_same(seed: int, count: int, few: int, cut: int | None) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", few)
        assert_named(rows_of(seed, count), cut)


def test_both_over_daft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", 10)
    rows = rows_of(8, 120)
    assert_searched(NearDuplicate(), rows, over=Shuffled(lambda _: None, {}, Rounds(WorkFolder.of(tmp_path), "near")))
    assert_named(rows, over=Shuffled(lambda _: None, {}, Rounds(WorkFolder.of(tmp_path), "family")))
