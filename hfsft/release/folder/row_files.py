"""The files of a build that hold its rows: what trainers read, provenance, rejected rows, the ledger.

They hang on the rows and how they are written, not on the run: a build of the same rows takes them over, see
`hfsft.release.folder.previous.lent`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from hfsft import __version__
from hfsft.hashing import digest
from hfsft.release.export import provenance, published_columns, rejected_rows
from hfsft.release.folder import lock
from hfsft.release.folder.file_names import LEDGER, TRAINER
from hfsft.release.folder.parquet import write_files
from hfsft.release.result import SPLITS, Built
from hfsft.release.shards.row_shards import BLOCK, ForTrainers, Making, RowShard, shards
from hfsft.release.shards.sorted_lines import sorted_lines

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

    from hfsft.engine.ordering.streamed_rows import streamed

    hashed = blake2b(digest_size=16)
    for each in streamed(rows).batches(names, size=BLOCK):
        sink = pa.BufferOutputStream()
        plain = each.replace_schema_metadata(None).combine_chunks()
        with pa.ipc.new_stream(sink, plain.schema) as stream:
            stream.write_table(plain)
        hashed.update(sink.getvalue())
    return [rows.column_names if names is None else list(names), len(rows), hashed.hexdigest()]


def _pairs(told: Mapping[str, str]) -> str:
    return digest(sorted(told.items())) if told else ""


def put(built: Built, folder: Path, rows_of: str) -> None:
    """Write them; `rows_of` is a hash of all that they hang on."""
    kept, tasks = built.kept, list[RowShard]()
    made: dict[str, Making] = {"data": ForTrainers.by(built.writer, built.recipe.base), "provenance": provenance(built)}
    for split in (name for name in SPLITS if kept.counts.get(name)):
        for name, making in made.items():
            tasks += shards(kept.of(split), making, folder / name, split)
    if kept.shared:
        kept.shared.write(tasks, rows_of or uuid4().hex)  # what is not known is never read back
    else:
        kept.each(tasks)
    fell = rejected_rows(built)
    if len(fell):
        write_files(fell.tables(), fell.cut(), folder / "rejected", "rejected")
    # A line begins with its id: in their order, whatever the order that the rows came in.
    with (folder / LEDGER).open("w", encoding="utf-8", newline="\n") as ledger:
        ledger.writelines(sorted_lines(built.ledger.lines(), folder))
    if built.trainer.told:
        with (folder / TRAINER).open("w", encoding="utf-8", newline="\n") as told:
            told.writelines(built.trainer.lines())
