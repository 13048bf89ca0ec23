"""Clusters of duplicates as the report shows them: by the row that stands, with what was compared."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hfsft.release.report.clusters import clusters
from hfsft.release.report.page_data import SplitRows


def table(path: Path, split: str, rows: list[dict[str, Any]]) -> SplitRows:
    names = list(dict.fromkeys(name for row in rows for name in row))
    pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), path)
    return SplitRows(split, [path])


def row(number: int, of: int | None = None, rule: str = "near_duplicate", **texts: Any) -> dict[str, Any]:
    said = {"instruction": f"Question {number}?", "context": None, "system": None, "response": f"Answer {number}."}
    removed = {"rule": rule, f"{rule}_instruction_of": None if of is None else f"{of:05}"}
    return {"id": f"{number:05}", **said, **removed, **texts}


def test_a_chain_belongs_to_the_row_at_its_end(tmp_path: Path) -> None:
    kept = table(tmp_path / "kept.parquet", "train", [row(0, context="The town.", system="Be brief.")])
    removed = [row(1, 0, context="The towns."), row(2, 1), row(3, 2, rule="exact_duplicate")]
    (cluster,) = clusters([kept], table(tmp_path / "fallen.parquet", "rejected", removed))
    assert cluster["text"] == "Be brief.\n\nQuestion 0?\n\nThe town."
    assert cluster["compared"] == "instruction"
    assert (cluster["rows"], cluster["members"][0]) == (3, "Question 1?\n\nThe towns.")


def test_a_chain_ends_where_other_columns_were_compared(tmp_path: Path) -> None:
    kept = table(tmp_path / "kept.parquet", "train", [row(0)])
    removed = [row(1, 2), {**row(2), "near_duplicate_response_of": "00000"}]
    found = clusters([kept], table(tmp_path / "fallen.parquet", "rejected", removed))
    assert sorted((each["compared"], each["text"], *each["members"]) for each in found) == [
        ("instruction", "Question 2?", "Question 1?"),
        ("response", "Answer 0.", "Answer 2."),
    ]


def test_texts_are_those_of_the_columns_compared(tmp_path: Path) -> None:
    column = "near_duplicate_instruction_response_of"
    kept = table(tmp_path / "kept.parquet", "train", [row(0), row(4)])
    removed = [row(1, **{column: "00000"}), row(5, **{column: "00004"}), row(6, **{column: "00004"})]
    first, second = clusters([kept], table(tmp_path / "fallen.parquet", "rejected", removed))
    assert first["compared"] == "instruction + response"
    assert first["text"] == "Question 4?\n\nAnswer 4."
    assert [first["rows"], second["rows"]] == [2, 1]


def test_long_chains_take_no_quadratic_time(tmp_path: Path) -> None:
    kept = table(tmp_path / "kept.parquet", "train", [row(0)])
    removed = table(tmp_path / "fallen.parquet", "rejected", [row(number, number - 1) for number in range(1, 20_000)])
    started = time.process_time()
    (cluster,) = clusters([kept], removed)
    assert cluster["rows"] == 19_999
    assert time.process_time() - started < 5  # looking up each chain to its end takes 40 seconds
    ring = table(tmp_path / "ring.parquet", "rejected", [row(1, 2), row(2, 1)])
    assert sum(each["rows"] for each in clusters([kept], ring)) == 2
