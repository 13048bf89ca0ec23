"""The files of a build that hold its rows: what trainers read, provenance, rejected rows, the ledger.

They hang on the rows and how they are written, not on the run: a build of the same rows takes them over, see
`hfsft.release.folder.previous.lent`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft import __version__
from hfsft.hashing import digest
from hfsft.release.export import provenance_rows, published_columns, rejected_rows
from hfsft.release.folder import lock
from hfsft.release.folder.file_names import LEDGER, TRAINER
from hfsft.release.folder.parquet import write_in_blocks, write_parquet
from hfsft.release.result import BLOCK, SPLITS, Built

if TYPE_CHECKING:
    from hfsft.engine.ledger import Removal


def hang_on(built: Built) -> str:
    """A hash of all that these files hang on; empty where that is not known of rows from elsewhere.

    Rows are told by what they say, not by the steps that made them: a split that knows by now how it was drawn gives
    the same sides.
    """
    fell = [_fell(removal) for removal in built.ledger.removals]
    if None in fell:
        return ""
    writer = built.writer
    return digest(
        {
            "hfsft": __version__,
            "libraries": lock.libraries(),
            "rows": said(built.rows),
            "fell": fell,
            "format": [writer.format, asdict(writer.style), dict(writer.columns)],
            "tokenizer": writer.tokenizer.identity if writer.tokenizer else None,
            "columns": [each.as_dict() for each in published_columns(built).values()],
            "publish": built.recipe.publish.model_dump(mode="json"),
        }
    )


def _fell(removal: Removal) -> list[Any] | None:
    """What tells one step's rows that fell from others."""
    why = [removal.stage, removal.rule, removal.fate, removal.bound, removal.value_column]
    told = said(removal.rows)
    return told and [*why, told, _pairs(removal.errors), _pairs(removal.instead)]


def said(rows: Any, names: Collection[str] | None = None) -> list[Any] | None:
    """The columns of rows, or some of them, how many rows there are, and a hash of all that these hold; None of rows
    from elsewhere.
    """
    import pyarrow as pa
    from datasets import Dataset

    tables: Iterator[pa.Table]
    if isinstance(rows, Dataset):
        table = rows.with_format("arrow")[:] if rows._indices else rows.data.table
        table = table if names is None else table.select(list(names))
        tables = (table.slice(start, BLOCK) for start in range(0, len(table), BLOCK))
    elif hasattr(rows, "batches"):  # of this machine, or of an executor that reads as it does
        tables = rows.batches(names, size=BLOCK)
    else:
        return None
    hashed = blake2b(digest_size=16)
    for each in tables:
        sink = pa.BufferOutputStream()
        plain = each.replace_schema_metadata(None).combine_chunks()
        with pa.ipc.new_stream(sink, plain.schema) as stream:
            stream.write_table(plain)
        hashed.update(sink.getvalue())
    return [rows.column_names if names is None else list(names), len(rows), hashed.hexdigest()]


def _pairs(told: Mapping[str, str]) -> str:
    return digest(sorted(told.items())) if told else ""


def put(built: Built, folder: Path) -> None:
    """Write them."""
    for split in SPLITS:
        count = len(built.numbers[split])
        if count:
            blocks = map(built.writer.rows, built.blocks(split))
            write_in_blocks(blocks, count, folder / "data", split)
            told = (provenance_rows(built, rows) for rows in built.blocks(split))
            write_in_blocks(told, count, folder / "provenance", split)
    removal = rejected_rows(built)
    if len(removal):
        write_parquet(removal, folder / "rejected", "rejected")
    # A line begins with its id: in their order, whatever the order that the rows came in.
    with (folder / LEDGER).open("w", encoding="utf-8", newline="\n") as ledger:
        ledger.writelines(sorted(built.ledger.lines()))
    if lines := built.trainer.lines():
        (folder / TRAINER).write_text("".join(lines), encoding="utf-8", newline="\n")
