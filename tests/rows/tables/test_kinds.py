"""Every kind of file, however it is packed, and several of them: the same rows come out, each with its place."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hfsft.errors import SourceError
from hfsft.recipe.checks.path_bounds import leads_outside
from hfsft.stages.seeds import PromptTable
from tests.rows.helpers import file, seeds

ROWS = [
    {"prompt": "How é?", "intent": "help"},
    {"prompt": "Why\nnot?", "intent": ""},
    {"prompt": "日本?", "intent": None},
]
TABLE = pa.Table.from_pylist(ROWS)


def lines() -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS).encode()


def csv() -> bytes:
    cells = [['"How é?"', "help"], ['"Why\nnot?"', ""], ["日本?", ""]]
    return "\n".join(["prompt,intent", *(",".join(line) for line in cells)]).encode()


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(TABLE, sink)
    return sink.getvalue()


def arrow(stream: bool, compression: str | None = None, size: int = 2) -> bytes:
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with make(sink, TABLE.schema, options=options) as writer:
        writer.write_table(TABLE, max_chunksize=size)
    return sink.getvalue()


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(content)
    return bytes(sink.getvalue())


def zipped(*members: tuple[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return sink.getvalue()


KINDS: dict[str, Callable[[], bytes]] = {
    ".jsonl": lines,
    ".ndjson": lines,
    ".json": lambda: json.dumps(ROWS).encode(),
    ".csv": csv,
    ".tsv": lambda: csv().replace(b",", b"\t"),
    ".parquet": parquet,
    ".arrow": lambda: arrow(stream=True),
    ".feather": lambda: arrow(stream=False),
    ".lz4.arrow": lambda: arrow(stream=False, compression="lz4"),
    ".zstd.arrow": lambda: arrow(stream=True, compression="zstd"),
}
PACKING: dict[str, Callable[[bytes, str], bytes]] = {
    "": lambda content, _: content,
    ".gz": lambda content, _: gzip.compress(content),
    ".bz2": lambda content, _: bz2.compress(content),
    ".xz": lambda content, _: lzma.compress(content),
    ".zst": lambda content, _: zstd(content),
    ".zip": lambda content, name: zipped((f"deep/{name}", content), ("__MACOSX/x.jsonl", b"\0"), ("README.md", b"#")),
}


@pytest.mark.parametrize("packing", PACKING)
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_rows_come_out_of_every_kind_of_file(tmp_path: Path, kind: str, packing: str) -> None:
    name = f"rows{kind}{packing}"
    (tmp_path / name).write_bytes(PACKING[packing](KINDS[kind](), f"rows{kind}"))
    found = seeds(tmp_path, path=name, keep=["intent"])
    assert [row.texts["instruction"] for row in found] == [row["prompt"] for row in ROWS]
    assert [row.kept["intent"] or None for row in found] == ["help", None, None]
    inside = f"/deep/rows{kind}" if packing == ".zip" else ""
    assert all(row.texts["source"].startswith(f"{name}{inside}") for row in found)
    assert len({row.texts["source"] for row in found}) == 3


@pytest.mark.parametrize("content", [b"", b"\xff\xff\xff\xff", b"ARROW1", b"FEA1 old", b"{}"], ids=repr)
@pytest.mark.parametrize("suffix", [".arrow", ".feather"])
def test_what_is_no_arrow_is_told(tmp_path: Path, suffix: str, content: bytes) -> None:
    (tmp_path / f"rows{suffix}").write_bytes(content)
    with pytest.raises(SourceError, match=r"not an Arrow file|has no rows") as caught:
        seeds(tmp_path, path=f"rows{suffix}")
    assert caught.value.place is not None or content == b""


@pytest.mark.parametrize("stream", [True, False])
def test_arrow_that_is_cut_is_read_up_to_there(tmp_path: Path, stream: bool) -> None:
    whole = arrow(stream, size=1)
    (tmp_path / "rows.arrow").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(SourceError, match=r"rows.arrow(\[\d\])?: (cannot be read from here on|not an Arrow file)"):
        seeds(tmp_path, path="rows.arrow")


@pytest.mark.parametrize("packing", [".gz", ".bz2", ".xz", ".zst", ".zip"])
def test_packed_data_that_is_damaged_is_told(tmp_path: Path, packing: str) -> None:
    content = bytearray(PACKING[packing](lines() * 50, "rows.jsonl"))
    content[len(content) // 2] ^= 0xFF
    (tmp_path / f"rows.jsonl{packing}").write_bytes(bytes(content[: len(content) if packing == ".zip" else -9]))
    with pytest.raises(SourceError, match=r"rows\.jsonl"):
        seeds(tmp_path, path=f"rows.jsonl{packing}")


def several(folder: Path) -> None:
    for number, row in enumerate(ROWS):
        file(folder, f"hand/part-{number}.jsonl", row)
    file(folder, "hand/deep/er/more.jsonl", {"prompt": "Deep?"})
    file(folder, "hand/notes.md", "no rows")
    file(folder, "hand/.hidden.jsonl", {"prompt": "Hidden?"})
    file(folder, "hand/[1].jsonl", {"prompt": "Odd name?"})
    (folder / "hand/zipped.zip").write_bytes(zipped(("b.jsonl", b'{"prompt": "B?"}'), ("a.csv", b"prompt\nA?\n")))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("hand/part-*.jsonl", ["How é?", "Why\nnot?", "日本?"]),
        ("hand/part-[12].jsonl", ["Why\nnot?", "日本?"]),
        ("hand/part-?.jsonl", ["How é?", "Why\nnot?", "日本?"]),
        ("hand/**/m*.jsonl", ["Deep?"]),
        ("**/*.jsonl", ["Odd name?", "Deep?", "How é?", "Why\nnot?", "日本?"]),
        ("hand/[1].jsonl", ["Odd name?"]),
        ("hand/*.zip", ["A?", "B?"]),
        ("hand/zipped.zip", ["A?", "B?"]),
        ("hand", ["Odd name?", "Deep?", "How é?", "Why\nnot?", "日本?", "A?", "B?"]),
    ],
)
def test_several_files_are_read_one_after_the_other(tmp_path: Path, path: str, found: list[str]) -> None:
    several(tmp_path)
    rows = seeds(tmp_path, path=path)
    assert [row.texts["instruction"] for row in rows] == found
    assert all(row.texts["source"].startswith("hand/") for row in rows)
    whole = seeds(tmp_path, path=str(tmp_path / path))
    assert [row.texts for row in whole] == [row.texts for row in rows]


def test_a_pattern_depends_on_which_files_match_and_what_they_hold(tmp_path: Path) -> None:
    several(tmp_path)

    def identity(path: str) -> Any:
        return PromptTable(path=path).opened(tmp_path, "seeds[0]").identity["table"]

    first = identity("hand/part-*.jsonl")
    assert [name for name, _ in first["files"]] == [f"hand/part-{n}.jsonl" for n in range(3)]
    assert [name for name, _ in identity("hand/*.zip")["files"]] == ["hand/zipped.zip"]
    file(tmp_path, "hand/part-3.jsonl", ROWS[0])
    assert identity("hand/part-*.jsonl")["files"][:3] == first["files"]
    assert len(identity("hand/part-*.jsonl")["files"]) == 4


@pytest.mark.parametrize(
    ("path", "keys", "said"),
    [
        ("none/*.jsonl", {}, r"none/\*.jsonl: no file of that name \(\* is any name, \*\* any folders\)"),
        ("hand/*.md", {}, "no reader for .md files"),
        ("hand/*.jsonl", {"revision": "main"}, "is local and has no revision"),
        ("empty.zip", {}, "holds no file of rows"),
        ("locked.zip", {}, "locked.zip/rows.jsonl: is locked by a password"),
        ("splits.zip", {}, r"splits.zip: has the splits test, train \(name one with split:\)"),
        ("hand/part-1.jsn", {}, r"hand/part-1.jsn: .* \(did you mean `part-1.jsonl`\?\)"),
        ("hand/none", {}, "hand/none: cannot be read from the Hub|hand/none: no such"),
    ],
)
def test_what_names_no_rows_is_told(tmp_path: Path, path: str, keys: Any, said: str) -> None:
    several(tmp_path)
    (tmp_path / "empty.zip").write_bytes(zipped(("README.md", b"#")))
    locked = bytearray(zipped(("rows.jsonl", lines())))
    for sign, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(sign) + flags] |= 1
    (tmp_path / "locked.zip").write_bytes(bytes(locked))
    (tmp_path / "splits.zip").write_bytes(zipped(("train.jsonl", lines()), ("test.jsonl", lines())))
    with pytest.raises(SourceError, match=said):
        seeds(tmp_path, path=path, **keys)
    assert len(seeds(tmp_path, path="splits.zip", split="test")) == 3


def test_a_pattern_of_a_stranger_leads_nowhere_else(tmp_path: Path) -> None:
    base = tmp_path / "recipe"
    file(base, "rows/a.jsonl", ROWS[0])
    file(tmp_path, "other.jsonl", ROWS[0])
    assert not leads_outside("rows/*.jsonl", base)
    assert not leads_outside("**/*.jsonl", base)
    assert leads_outside("../*.jsonl", base)
    assert leads_outside("rows/../../*.jsonl", base)
    assert leads_outside(str(tmp_path / "*.jsonl"), base)
    (base / "rows/link.jsonl").symlink_to(tmp_path / "other.jsonl")
    assert leads_outside("rows/*.jsonl", base)
    assert not leads_outside("rows/a*.jsonl", base)
