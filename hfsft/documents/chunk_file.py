"""Chunks in a file of the cache: to read, clean and cut documents again takes a minute for each thirty megabytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from hfsft.cache import STEP, cache_folder, draft_of
from hfsft.documents.corpus import DocumentChunk

VERSION = 1  # raised when documents are read, cleaned or cut otherwise: tests insist
SMALL = 200_000  # characters of documents that are made again each time
_EMPTY = b"empty"


def file_of(name: str, key: str) -> Path:
    """Where the chunks of documents of that key lie, among what builds of the recipe of that name keep."""
    return cache_folder(name) / f"{key}-documents{STEP}"


def kept(path: Path) -> tuple[list[DocumentChunk], int] | None:
    """The chunks that lie there, and how many documents say nothing; None where no whole file is."""
    import pyarrow as pa

    try:
        with pa.OSFile(str(path)) as file:
            table = pa.ipc.open_file(file).read_all()
        path.touch()
        columns = [table[name].to_pylist() for name in DocumentChunk._fields]
        empty = int(json.loads((table.schema.metadata or {})[_EMPTY]))
    except (OSError, ValueError, KeyError, pa.ArrowException):
        return None
    return [DocumentChunk(*values) for values in zip(*columns, strict=True)], empty


def keep(path: Path, chunks: Sequence[DocumentChunk], empty: int) -> None:
    """Let the chunks lie there, unless they are few, or nothing can be written."""
    import pyarrow as pa

    if sum(len(chunk.text) for chunk in chunks) < SMALL:
        return
    columns = dict(zip(DocumentChunk._fields, map(list, zip(*chunks, strict=True)), strict=True))
    table = pa.table(columns).replace_schema_metadata({_EMPTY: json.dumps(empty)})
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = draft_of(path)
        with pa.OSFile(str(draft), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        draft.replace(path)
