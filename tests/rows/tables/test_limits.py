"""What a row may be at most: one that is more is set aside, and no file takes the memory of all its rows."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hfsft.errors import SourceError
from hfsft.rows.tables import text_files
from hfsft.rows.tables.table import Table
from hfsft.rows.values import LONGEST, from_json

LONG = "x" * (LONGEST + 1)
GOOD = {"prompt": "a", "completion": "b"}
MORE = {"prompt": LONG, "completion": "b"}
LAST = {"prompt": "c", "completion": "d"}
TOO_LONG = f"longer than {LONGEST:,} characters"
DEEP = "[" * 100_000 + "]" * 100_000


def told(path: Path) -> list[tuple[str, str | None]]:
    return [(one.source.removeprefix(path.name), one.defect) for one in Table(path.name, path.parent).records()]


def lines_of(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


FILES = {
    "a line.jsonl": lines_of(GOOD, MORE, LAST),
    "first line.jsonl": lines_of(MORE, GOOD),
    "many texts.jsonl": lines_of(GOOD, {"prompt": ["x" * 1_000_000] * 17}, LAST),
    "list.json": json.dumps([GOOD, MORE, LAST]),
    "list in lines.json": json.dumps([GOOD, MORE, LAST], indent=1),
    "escaped.json": json.dumps([GOOD, {"prompt": '[{"\\"' * (LONGEST // 6)}, LAST]),
    "deep.json": f'[{{"prompt": "a"}}, {{"prompt": {DEEP}}}, {{"prompt": "c"}}]',
    "deep.jsonl": f'{{"prompt": "a"}}\n{{"prompt": {DEEP}}}\n{{"prompt": "c"}}\n',
    "deep number.jsonl": f'{{"prompt": "a"}}\n{{"n": {"1" * 5000}, "prompt": {DEEP}}}\n{{"prompt": "c"}}\n',
    "text.txt": f"a\n{LONG}\nc\n",
    "cells.csv": f"prompt,completion\na,b\n{LONG},b\nc,d\n",
    "quoted.csv": f'prompt,completion\na,b\n"{LONG}","b"\nc,d\n',
    "two cells.csv": f"prompt,completion\na,b\n{LONG[:-9]},{LONG[:-9]}\nc,d\n",
}


@pytest.mark.parametrize("name", FILES)
def test_a_row_that_is_too_much_is_set_aside_alone(tmp_path, name: str) -> None:
    path = tmp_path / name
    path.write_text(FILES[name], "utf-8")
    found = told(path)
    reason = "nested too deep" if "deep" in name else TOO_LONG
    good = [defect for _, defect in found].count(None)
    assert [defect for _, defect in found if defect] == [reason]
    assert good == len(found) - 1 >= 1


def test_a_long_cell_of_parquet_is_set_aside_alone(tmp_path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"prompt": ["a", LONG, "c"]}), path)
    assert told(path) == [("[0]", None), ("[1]", TOO_LONG), ("[2]", None)]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.csv", f'prompt,b\na,b\n"{LONG}\nx,y\n', "a.csv:3: a field is longer than"),
        ("a.csv", 'prompt,b\na,b\n"' + ("x" * 99 + "\n") * (LONGEST // 99), "a.csv:3: a field is longer than"),
        ("a.csv", f"{LONG},b\na,b\n", "a.csv:1: the header is longer than"),
        ("a.csv", ",".join(f"c{number}" for number in range(10_001)) + "\na\n", "more than 10,000 columns"),
        ("a.json", LONG, "not JSON: it begins with"),
        ("a.json", "[" + LONG, r"a.json:1:2: not JSON: Expecting value"),
        ("a.json", '[{"a": 1},\n {"a": "' + LONG, r"a.json:2:8: not JSON: Unterminated string"),
        ("a.json", '[{"a": 1},\n {"a": tru}, {"b": "' + LONG + '"}]', r"a.json:2:8: not JSON: Expecting value"),
    ],
)
def test_a_file_that_cannot_be_read_on_names_the_place(tmp_path, name: str, text: str, reason: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(SourceError, match=reason):
        told(tmp_path / name)


PEAK = """
import sys; from pathlib import Path; from hfsft.rows.tables.table import Table
path = Path(sys.argv[1])
try:
    print(sum(1 for _ in Table(path.name, path.parent).records()))
except Exception as error:
    print(error)
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):
        print(int(line.split()[1]) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to see the memory of a process")
@pytest.mark.parametrize("kind", ["list", "bomb", "line", "once", "once, by its schema", "once, in turns"])
def test_a_large_file_takes_little_memory(tmp_path, kind: str) -> None:
    path = tmp_path / {"list": "rows.json", "bomb": "rows.txt.gz", "line": "rows.jsonl"}.get(kind, "rows.parquet")
    if kind == "list":
        path.write_text("[" + ",\n".join([json.dumps({"prompt": "y" * 5_000})] * 30_000) + "]", "utf-8")
    elif kind == "line":
        path.write_text(lines_of(GOOD, {"prompt": "x" * 150_000_000}, LAST), "utf-8")
    elif kind.startswith("once"):  # one text for all rows
        rows: Any = pa.DictionaryArray.from_arrays(pa.array([0] * 110, pa.int32()), pa.array(["x" * 9_000_000]))
        if kind == "once, in turns":
            rows = pa.ListArray.from_arrays(range(111), pa.StructArray.from_arrays([rows], ["content"]))
        pq.write_table(pa.table({"prompt": rows}), path, store_schema=kind == "once, by its schema")
    else:
        with gzip.open(path, "wb", 1) as file:
            for _ in range(200):
                file.write(b"x" * 2**20)
    ran = subprocess.run([sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True)
    said, peak = ran.stdout.split()
    assert int(said) == {"list": 30_000, "bomb": 1, "line": 3}.get(kind, 110)
    assert int(peak) < (250 if kind.startswith("once") else 150)  # MB; the files are of 150 MB to 1 GB unpacked


def test_a_table_that_was_packed_to_burst_is_refused_soon(tmp_path) -> None:
    rows = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["x" * 9_000_000]))
    pq.write_table(pa.table({"prompt": rows}), tmp_path / "rows.parquet")
    before = time.process_time()
    with pytest.raises(SourceError, match=r"rows.parquet\[\d+\]: up to here its texts come to 1,000 times its size"):
        told(tmp_path / "rows.parquet")
    assert time.process_time() - before < 20


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.json.gz", "rows.jsonl.gz"])
def test_a_line_without_end_is_refused_soon(tmp_path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "ENDLESS", 2**26)
    begins = {"rows.csv.gz": b"prompt,b\na,", "rows.json.gz": b'[{"a": "', "rows.jsonl.gz": b'{"a": 1}\n{"a": "'}[name]
    with gzip.open(tmp_path / name, "wb", 1) as file:
        file.write(begins)
        for _ in range(100):
            file.write(b"x" * 2**20)
    before = time.process_time()
    with pytest.raises(SourceError, match=r"a line of more than 67,108,864 characters|Unterminated string"):
        told(tmp_path / name)
    assert time.process_time() - before < 20


def test_a_huge_printed_list_stays_text() -> None:
    assert from_json("['" + "x" * 2**20 + "']") == "['" + "x" * 2**20 + "']"
    assert from_json("['x']") == ["x"]


def test_a_fault_of_encoding_far_into_a_file_has_its_place(tmp_path) -> None:
    path = tmp_path / "rows.txt"
    path.write_bytes("é".encode() * 700_000 + b"\n" + b"abc\xff\n")
    with pytest.raises(SourceError, match=r"rows.txt:2:4: byte 0xff is not UTF-8"):
        told(path)
