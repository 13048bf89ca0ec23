"""Lines are in order however few of them are held, and so are the files of rows, also where there is none."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from datasets import Dataset
from pyarrow.parquet import read_table

from hfsft.release.folder.parquet import write_parquet
from hfsft.release.shards.sorted_lines import sorted_lines
from hfsft.rows.features import features


@pytest.mark.parametrize("held", [1, 3, 10, 1000])
def test_in_order_however_few_are_held(held: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hfsft.release.shards.sorted_lines.HELD", held)
    lines = [f'{{"id": "{number:02x}", "said": "a\u2028b\u0085c"}}\n' for number in range(20)]
    Random(2).shuffle(lines)
    assert list(sorted_lines(iter(lines), tmp_path)) == sorted(lines)
    assert list(tmp_path.iterdir()) == []


def test_no_rows_with_lists_of_json_are_a_file_too(tmp_path: Path) -> None:
    columns = {"messages": [{"role": "string", "tool_calls": ["json"]}]}
    write_parquet(Dataset.from_dict({"messages": []}, features=features(columns)), tmp_path, "train")
    (path,) = tmp_path.iterdir()
    assert read_table(path).num_rows == 0
