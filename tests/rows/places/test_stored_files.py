"""Files in an object store are read where they lie, as files on the disk are, and what is wrong says what to do."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import FileSystem

from hfsft.errors import SourceError
from hfsft.stages.examples import ExampleTable
from tests.engine.stored.s3_server import KEYS, bucket, s3_server

ROWS = [{"instruction": f"Question {number}?", "response": f"Answer {number}."} for number in range(40)]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as address:
        bucket(address, "rows")
        yield address


@pytest.fixture(params=["s3", "memory"])
def place(request: pytest.FixtureRequest, server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": server, "AWS_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    return f"{request.param}://rows/{tmp_path.name}"


def put(place: str, name: str, content: bytes) -> None:
    if place.startswith("s3"):
        files, path = FileSystem.from_uri(f"{place}/{name}?endpoint_override={os.environ['AWS_ENDPOINT_URL']}")
        with files.open_output_stream(path, compression=None) as file:
            file.write(content)
    else:
        with fsspec.open(f"{place}/{name}", "wb") as file:
            file.write(content)


def lines(rows: Any) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in rows).encode()


def read(path: str, **more: Any) -> list[tuple[str, str]]:
    opened = ExampleTable(path=path, **more).opened(Path(), "examples[0]")
    assert opened.identity
    return [(row.texts["source"], row.texts["instruction"]) for row in opened.rows(None)]


def contents() -> dict[str, bytes]:
    table, parquet, arrow, packed = pa.Table.from_pylist(ROWS), io.BytesIO(), io.BytesIO(), io.BytesIO()
    pq.write_table(table, parquet, row_group_size=7)
    feather.write_feather(table, arrow)
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("in.jsonl", lines(ROWS))
    text = "instruction,response\n" + "".join(f"{row['instruction']},{row['response']}\n" for row in ROWS)
    return {
        "a.jsonl": lines(ROWS),
        "a.jsonl.gz": gzip.compress(lines(ROWS)),
        "a.jsonl.zst": pa.Codec("zstd").compress(lines(ROWS), asbytes=True),
        "a.json": json.dumps(ROWS).encode(),
        "a.csv": text.encode(),
        "a.parquet": parquet.getvalue(),
        "a.arrow": arrow.getvalue(),
        "a.zip": packed.getvalue(),
    }


def test_every_kind_of_file(place: str) -> None:
    for name, content in contents().items():
        put(place, name, content)
        rows = read(f"{place}/{name}")
        assert [text for _, text in rows] == [row["instruction"] for row in ROWS], name
        assert rows[0][0].startswith(f"{place}/{name}"), "rows say where they are from"


def test_folders_and_patterns_are_as_on_the_disk(place: str, tmp_path: Path) -> None:
    names = ["a.jsonl", "b.csv", "in/c.jsonl", "in/deep/d.jsonl", ".e.jsonl", "README.jsonl", "notes.txt"]
    for number, name in enumerate(names):
        content = lines(ROWS[number : number + 1]) if name.endswith("jsonl") else b"instruction,response\nx,y\n"
        put(place, name, content)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    for pattern in ("", "/*.jsonl", "/**/*.jsonl", "/in/*", "/*/*.jsonl", "/[ab].*"):
        here = read(f"{tmp_path}{pattern}") if pattern else read(str(tmp_path))
        assert [text for _, text in read(f"{place}{pattern}")] == [text for _, text in here], pattern


def test_splits_are_told_by_what_stands_behind_the_address(place: str) -> None:
    put(f"{place}-test", "train.jsonl", lines(ROWS[:2]))
    put(f"{place}-test", "validation.jsonl", lines(ROWS[2:3]))
    assert len(read(f"{place}-test", split="validation")) == 1
    assert len(read(f"{place}-test/*.jsonl", split="train")) == 2
    with pytest.raises(SourceError, match="has the splits train, validation"):
        read(f"{place}-test")


def test_what_is_wrong_is_told(place: str) -> None:
    put(place, "a.jsonl", lines(ROWS[:2]) + b"{\n" + lines(ROWS[:1]))
    put(place, "only.md", b"text")
    for path, said, more in (
        ("a.jsonl", rf"^{place}/a.jsonl:3:2: not JSON", {}),
        ("none.jsonl", "none.jsonl: no such file or folder", {}),
        ("none/*.jsonl", r"none/\*.jsonl: no file of that name", {}),
        ("only.md", "no reader for .md files", {}),
        ("a.jsonl", "has no revision", {"revision": "main"}),
        ("a.jsonl", "is one file and has no splits", {"split": "train"}),
    ):
        with pytest.raises(SourceError, match=said):
            read(f"{place}/{path}", **more)


def test_what_a_file_holds_tells_whether_it_is_another_one(place: str) -> None:
    def opened() -> Any:
        return ExampleTable(path=f"{place}/a.jsonl").opened(Path(), "examples[0]")

    put(place, "a.jsonl", lines(ROWS[:2]))
    first = opened()
    assert first.identity == opened().identity
    put(place, "a.jsonl", lines(ROWS[1:3]))  # of the same size
    assert first.identity != opened().identity
    with pytest.raises(SourceError, match="was changed while it was read"):
        list(first.rows(None))
    if place.startswith("s3"):
        put(place, "a.jsonl", lines(ROWS[:2]))
        assert first.identity == opened().identity, "the same content put there once more is no change"


def test_a_bucket_and_a_server_that_are_not_there(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not place.startswith("s3"):
        pytest.skip("of s3:// alone")
    with pytest.raises(SourceError, match="there is no such bucket"):
        read("s3://nowhere/*.jsonl")
    with pytest.raises(SourceError, match="keys do not belong in an address"):
        read("s3://key:secret@rows/a.jsonl")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(SourceError, match="its server cannot be reached: see AWS_ENDPOINT_URL"):
        read("s3://rows/a.jsonl")


def test_a_store_without_its_package_says_which() -> None:
    with pytest.raises(SourceError, match="gcsfs"):
        read("gs://rows/a.jsonl")
