"""Clusters of duplicates as the report shows them: by the row that stands, with what was compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from hfsft.release.report.clusters import clusters
from hfsft.release.report.split_rows import SplitRows

if TYPE_CHECKING:
    import pytest


def table(path: Path, split: str, rows: list[dict[str, Any]]) -> SplitRows:
    names = list(dict.fromkeys(name for row in rows for name in row))
    pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), path)
    return SplitRows(split, [path])


def row(number: int, of: int | None = None, rule: str = "near_duplicate", **texts: Any) -> dict[str, Any]:
    """A row; where it fell, for the row that the ledger names, by the instruction."""
    said = {"instruction": f"Question {number}?", "context": None, "system": None, "response": f"Answer {number}."}
    measured = {f"{rule}_instruction_of": None if of is None else f"{of:05}"}
    fell = {"rule": rule, "stage": f"filters[{rule}]", "of": measured[f"{rule}_instruction_of"]}
    return {"id": f"{number:05}", **said, **fell, **measured, **texts}


def test_rows_of_several_rules_belong_to_the_row_that_stands(tmp_path: Path) -> None:
    kept = table(tmp_path / "kept.parquet", "train", [row(0, context="The town.", system="Be brief.")])
    removed = [row(1, 0, context="The towns."), row(2, 0), row(3, 0, rule="exact_duplicate")]
    (cluster,) = clusters([kept], table(tmp_path / "fallen.parquet", "rejected", removed), {})
    assert cluster["text"] == "Be brief.\n\nQuestion 0?\n\nThe town."
    assert cluster["compared"] == "instruction"
    assert (cluster["rows"], cluster["members"][0]) == (3, "Question 1?\n\nThe towns.")


def test_a_row_that_other_columns_were_compared_of_is_told_by_its_step(tmp_path: Path) -> None:
    kept = table(tmp_path / "kept.parquet", "train", [row(0)])
    other = {"stage": "second", "of": "00000", "near_duplicate_response_of": "00000"}
    removed = table(tmp_path / "fallen.parquet", "rejected", [row(1, 2), {**row(2, 9), **other}])
    found = clusters([kept], removed, {"second": "near_duplicate_response"})
    assert sorted((each["compared"], each["text"], *each["members"]) for each in found) == [
        ("instruction", "Question 2?", "Question 1?"),
        ("response", "Answer 0.", "Answer 2."),
    ]


def test_texts_are_those_of_the_columns_compared(tmp_path: Path) -> None:
    column = "near_duplicate_instruction_response_of"
    by = {"filters[near_duplicate]": column.removesuffix("_of")}
    kept = table(tmp_path / "kept.parquet", "train", [row(0), row(4)])
    removed = [row(1, 0, **{column: "00000"}), row(5, 4, **{column: "00004"}), row(6, 4, **{column: "00004"})]
    first, second = clusters([kept], table(tmp_path / "fallen.parquet", "rejected", removed), by)
    assert first["compared"] == "instruction + response"
    assert first["text"] == "Question 4?\n\nAnswer 4."
    assert [first["rows"], second["rows"]] == [2, 1]


def test_of_very_many_groups_the_largest_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hfsft.release.report.clusters.COUNTED", 50)
    small = [row(10_000 + number, number) for number in range(20_000)]
    large = [row(90_000 + number, 7) for number in range(3_000)]
    removed = table(tmp_path / "fallen.parquet", "rejected", [*small[:15_000], *large, *small[15_000:]])
    first, *_ = clusters([table(tmp_path / "kept.parquet", "train", [row(7)])], removed, {})
    assert (first["text"], first["rows"], first["members"][0]) == ("Question 7?", 3_001, "Question 10007?")
