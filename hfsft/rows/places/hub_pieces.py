"""A dataset on the Hub whose files are Parquet, in pieces: the rows that `datasets` makes of them, in its order."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hfsft.hashing import digest
from hfsft.rows.places.file_pieces import FilePiece, groups_of
from hfsft.rows.reading.resuming import FileMark
from hfsft.rows.tables.arrow import GROUPS, plain_rows
from hfsft.rows.tables.hub_dataset import HUB_DATASETS, one_split
from hfsft.storage.stored_file import AT_ONCE, StoredFile, with_sizes

BATCH = 1000  # rows that are held at once


def pieces_at(repo: str, commit: str, config: str | None, split: str | None) -> list[FilePiece]:
    """The pieces of one split at a commit; none where it is not Parquet alone, or the Hub is not asked.

    Raises `SourceError` for a split that is not there, and what `datasets` and the client of the Hub raise. Of each
    file only its end is read, which tells how many rows it has.
    """
    from datasets import load_dataset_builder
    from datasets.packaged_modules.parquet.parquet import Parquet
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return []
    builder = load_dataset_builder(f"{HUB_DATASETS}{repo}", config, revision=commit)
    found: Any = builder.config
    if not isinstance(builder, Parquet) or found.columns is not None or found.filters is not None:
        return []
    data_files = found.data_files or {}
    named = one_split(repo, list(map(str, data_files)), split)
    files = with_sizes([StoredFile(url) for url in data_files[named]])
    streamed: Any = builder.as_streaming_dataset(split=named)
    if streamed.features is None:
        return []
    features, pieces, first = streamed.features.to_dict(), list[FilePiece](), 0
    with ThreadPoolExecutor(AT_ONCE) as threads:
        cuts = list(threads.map(groups_of, files))
    for file, groups in zip(files, cuts, strict=True):
        begin, before = 0, first
        for size, group, rows in groups:
            # Named by its content, not by the commit: what another commit leaves as it is is not read again.
            key = digest([repo, file.version, begin, group, before, features])
            mark = FileMark(GROUPS, begin, before)
            pieces.append(FilePiece(repo, None, key, size, mark, first + rows, file.as_list(), features))
            begin, before = group, first + rows
        first = before
    told = (builder.info.splits or {}).get(named)
    if told is not None and told.num_examples not in (0, first):
        return []  # the card says other numbers, which `datasets` refuses
    return pieces


def rows_of(piece: FilePiece) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a piece, each with its number in the split."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from datasets import Features
    from datasets.table import table_cast

    assert piece.stored, "a piece of a dataset is a file on the Hub"
    assert piece.start, "and begins somewhere in it"
    assert piece.stop is not None, "and ends there"
    schema = Features.from_dict(dict(piece.features or {})).arrow_schema
    index = piece.start.lines
    with (
        StoredFile.of(piece.stored).at_any_place() as content,
        pq.ParquetFile(content, pre_buffer=True) as file,
    ):
        for group in range(piece.start.end, file.num_row_groups):
            if index >= piece.stop:
                return
            for batch in file.iter_batches(batch_size=BATCH, row_groups=[group]):
                for row in plain_rows(table_cast(pa.Table.from_batches([batch]), schema)):
                    yield index, row
                    index += 1
