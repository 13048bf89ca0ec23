"""Families of rows that are prompts of one template."""

from __future__ import annotations

from hfsft.engine.adding import InMemory
from hfsft.similarity.lexical.similar_pairs import FEW
from hfsft.stages.split.row_families import Naming, Sketching


def test_rows_of_one_template_are_one_family_by_few_comparisons() -> None:
    count = FEW + 100
    said = [f"Parcel {n} of sender {n * 7919} was weighed {n % 9 + 2} times, why is that?" for n in range(count)]
    seeds = [f"s{n}" for n in range(count)]
    batch = {"seed_id": seeds, "origin": ["generated"] * count, "instruction": said}
    rows = InMemory({**batch, **Sketching(0.6)(batch)})
    named, counted = Naming(0.6).over(rows, None)
    assert len(set(named["family"])) == 1
    assert counted is not None
    assert counted.num_rows < 12 * count
    pairs, all_counted = Naming(0.6).pairs(rows, None)
    assert len(pairs) > 12 * count
    assert all_counted is not None
    assert all_counted.num_rows > 3 * counted.num_rows
