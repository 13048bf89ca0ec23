"""Rows that mean nearly the same are the same ones where no process has all of them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.engine.on_daft.shuffles import Rounds, Shuffled
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.spread.in_memory import AllHere
from hfsft.engine.spread.scattered import Scattered
from hfsft.filters import SemanticDuplicate
from hfsft.near import VECTORS, near_vectors
from hfsft.rows.batch import Batch
from hfsft.rows.features import arrow_schema
from hfsft.similarity import DenseIndex
from tests.engine.spread.rounds import scattered, spread_out
from tests.fuzz.bounds import tries

CELLS, INDEX = "hfsft.similarity.dense_cells", "hfsft.similarity.dense_index"
TOOL = "You can look words up in the dictionary of potters, which knows clay, glazes, kilns and all the tools of the "
TOOL += "trade that were in use.\n"
OPENS = ["How do I", "how can i", "Tell me how to", "Please say how to"]
DOES = ["reset the kiln", "reset a kiln", "fire the kiln twice", "glaze a cup", "glaze the cups", "wash the brushes"]
ENDS = ["?", "??", " today?", " in the rain?", ""]
VIETNAMESE = ["Ai xây lò nung đầu tiên ở làng?", "Ai đã xây lò nung đầu tiên ở làng?", "Men nào an toàn cho chén trà?"]


def rows_of(seed: int, count: int) -> Batch:
    """Rows that mean the same as others in many ways, by column."""
    draw = random.Random(seed)

    def text() -> str | None:
        said = f"{draw.choice(OPENS)} {draw.choice(DOES)}{draw.choice(ENDS)}"
        return draw.choice([said, said, said.upper(), TOOL + said, draw.choice(VIETNAMESE), draw.choice([None, "?!"])])

    return {
        "id": [f"{draw.randrange(10**9)}-{place}" for place in range(count)],
        "origin": [draw.choice(["example", "seed", "evolved"]) for _ in range(count)],
        "round": [draw.randrange(2) for _ in range(count)],
        "instruction": [text() for _ in range(count)],
        "context": [draw.choice([None, None, None, "A kiln of clay."]) for _ in range(count)],
        "system": [draw.choice([None, None, "Be brief.", "be brief"]) for _ in range(count)],
    }


def assert_searched(
    rule: SemanticDuplicate, rows: Batch, cut: int | None = None, over: Scattered | None = None
) -> Batch:
    text, vectors, search, *_ = rule.steps()
    batch, kinds = rows, {**dict.fromkeys(rows, "string"), "round": "int64"}
    for step in (text, vectors):
        batch = {**batch, **step.function({name: batch[name] for name in step.given(batch)})}
        kinds |= step.writes
    given = {name: batch[name] for name in search.given(batch)}
    wanted: Batch = search.function(given)
    found = spread_out(search.function, scattered(given, kinds, cut, over), len(rows["origin"]), search.writes)
    assert found == wanted
    return wanted


def in_small_cells(patch: pytest.MonkeyPatch, many: int) -> None:
    """Few vectors are many, and look at so few others that some pairs are missed."""
    patch.setattr(f"{INDEX}.MANY", many)
    patch.setattr(f"{CELLS}.LOOKED_AT", 2)
    patch.setattr(f"{CELLS}.TRAINED", 1)
    patch.setattr(f"{CELLS}.MOST", 3)
    patch.setattr(f"{CELLS}.BLOCK", 7)
    patch.setattr("hfsft.near.vectors_by_rounds.MOST", 100)


@given(st.integers(0, 10**6), st.integers(8, 60), st.sampled_from([3, 50_000]), st.sampled_from([None, 11]))
@tries(12)
def test_rows_that_mean_the_same_are_the_same(seed: int, count: int, many: int, cut: int | None) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if many < 50_000:
            in_small_cells(patch, many)
        rows = rows_of(seed, count)
        if not seed % 4:
            del rows["id"]
        choice: dict[str, Any] = {} if seed % 2 else {"column": ["instruction", "context"]}
        assert_searched(SemanticDuplicate(keep="people" if seed % 3 else "preferred", **choice), rows, cut)


@pytest.mark.parametrize("many", [3, 50_000])
def test_rows_of_other_sets_are_preferred(many: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if many < 50_000:
        in_small_cells(monkeypatch, many)
    rows = rows_of(3, 60)
    held = [{"id": f"h{place}", "instruction": text} for place, text in enumerate(rows["instruction"][::3])]
    held += [{"id": f"z{place}", "instruction": f"{text} please"} for place, text in enumerate(rows["instruction"][:9])]
    (tmp_path / "held.jsonl").write_text("".join(json.dumps(each) + "\n" for each in held))
    found = assert_searched(SemanticDuplicate(against=[str(tmp_path / "held.jsonl")]), rows, 9)
    assert {value for value in found["semantic_duplicate_instruction_other_alike"] if value is not None} > {1.0}


@pytest.mark.lasting
@pytest.mark.parametrize("many", [3, 50_000])
def test_over_daft(many: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if many < 50_000:
        in_small_cells(monkeypatch, many)
    over = Shuffled(lambda _: None, {}, Rounds(WorkFolder.of(tmp_path), "meaning"))
    found = assert_searched(SemanticDuplicate(), rows_of(8, 90), over=over)
    assert any(found["semantic_duplicate_instruction_near"])


VECTOR = st.lists(st.sampled_from([-1.0, -0.0, 0.0, 0.5, 1.0]), min_size=4, max_size=4)


@given(st.lists(VECTOR, max_size=40), st.sampled_from([0.3, 0.5, 0.9]), st.sampled_from([0, 3, 50_000]))
@tries(40)
def test_any_vectors(vectors: list[list[float]], at_least: float, many: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        in_small_cells(patch, many)
        assert_vectors(np.array(vectors, np.float32).reshape(-1, 4), at_least)


def assert_vectors(vectors: Any, at_least: float) -> int:
    """Scattered vectors are alike to those to which they are in one index; how many pairs are."""
    count = len(vectors)
    index = DenseIndex[int]()
    index.add(range(count), vectors)
    copies = index.copies()
    wanted = {pair for pair in index.pairs(at_least) if pair[1] not in copies}
    ranks = [place.to_bytes(4, "big") for place in range(count)]
    columns = [list(range(count)), ranks, [b""] * count, [each.tobytes() for each in vectors]]
    found = near_vectors(AllHere(pa.table(columns, schema=arrow_schema(VECTORS)), VECTORS, 5), at_least)
    assert {tuple(row.values()) for row in found.pairs.collected().to_pylist()} == wanted
    firsts = dict(zip(*found.rows.collected().to_pydict().values(), strict=True))
    assert firsts == {place: copies.get(place, place) for place in range(count)}
    return len(wanted)


def test_a_hundred_of_very_many_that_are_alike_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{INDEX}.MANY", 100)
    monkeypatch.setattr(f"{CELLS}.TRAINED", 2)
    monkeypatch.setattr("hfsft.near.vectors_by_rounds.MOST", 2000)  # so that the clump lies in several places
    draw = np.random.default_rng(3)
    clump = draw.normal(size=(1, 16)) + 0.02 * draw.normal(size=(400, 16))
    found = assert_vectors(np.concatenate([clump, draw.normal(size=(600, 16))]).astype(np.float32), 0.9)
    assert 100 * 400 / 2 <= found < 400 * 399 / 2
