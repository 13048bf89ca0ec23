"""Writes the rows of a dataset in one format; columns and fields are those that at least one of its rows needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from hfsft.errors import ReleaseError
from hfsft.hashing import digest
from hfsft.recipe.publish import FormatName, Publish
from hfsft.release.trainer.cell_values import as_cell
from hfsft.release.trainer.format_needs import beyond
from hfsft.release.trainer.formats import FORMATS, Say
from hfsft.release.trainer.message_style import MessageStyle
from hfsft.release.trainer.row_needs import AllNeeds, RowNeeds
from hfsft.release.trainer.tokenizer import ChatTokenizer
from hfsft.rows.batch import Row
from hfsft.rows.columns import TEXTS
from hfsft.rows.features import arrow_schema, features
from hfsft.sandbox import REASONING_KEYS
from hfsft.without_datasets import in_memory

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from hfsft.engine.executor import Rows

READS = (*TEXTS, "dialect")
BLANK: Mapping[str, Any] = {"chat_template_kwargs": {}}
"""What stands in a column for a row that does not need it, where TRL stops at an empty cell."""
REFUSED: Mapping[Say, str] = {
    "tools": "tools or calls of tools",
    "several turns": "more than one question and its answer",
    "turns out of order": "user and assistant who do not take turns",
}
"""What formats cannot hold, in words; of two that as many rows have the first is told."""
LISTED = 5  # rows that a message names
BATCH = 1000  # rows that are written at once


@dataclass(frozen=True)
class RowWriter:
    """How each row is written."""

    format: FormatName
    style: MessageStyle
    tokenizer: ChatTokenizer | None

    def row(self, row: Row) -> Row:
        """One row as it is written, without what it does not say."""
        return FORMATS[self.format].write(row, self.style, self.tokenizer)

    def try_row(self, row: Row) -> tuple[Row | None, RowNeeds]:
        """One row as it is written, None where it cannot be, and what it needs of its dataset."""
        chosen = FORMATS[self.format]
        if chosen.refuses and (refused := beyond(row) & chosen.refuses):
            return None, RowNeeds(refused=sorted(refused))
        try:
            written = self.row(row)
        except ValueError as error:
            return None, RowNeeds(unrendered=str(error))
        return written, RowNeeds.of(written, chosen.columns)


def writer_of(format: FormatName, style: MessageStyle, tokenizer: ChatTokenizer | None) -> RowWriter:
    """The writer that calls reasoning, where nothing else says how, as the tokenizer's chat template does."""
    if tokenizer and style.key is None:
        style = replace(style, key=tokenizer.reasoning_key)
    return RowWriter(format, style, tokenizer)


@dataclass(frozen=True)
class DatasetWriter(RowWriter):
    """How the rows of one dataset are written; `columns` are the same in all its splits."""

    columns: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        rows: Rows | Dataset,
        format: FormatName = "messages",
        tokenizer: ChatTokenizer | None = None,
        style: MessageStyle | None = None,
    ) -> DatasetWriter:
        """The writer of all the rows of a dataset, which have the columns of `READS`, or some. Raises as `for_all`."""
        writer = writer_of(format, style or MessageStyle(), tokenizer)
        return cls.for_all(writer, rows["id"][:], (writer.try_row(row)[1] for row in read(rows)))

    @classmethod
    def published(cls, rows: Rows | Dataset, publish: Publish, tokenizer: ChatTokenizer | None) -> DatasetWriter:
        """The writer that a recipe asks for."""
        return cls.of(rows, publish.format, tokenizer, MessageStyle(publish.reasoning, publish.tool_calls))

    @classmethod
    def for_all(cls, writer: RowWriter, ids: Iterable[str], needs: Iterable[RowNeeds]) -> DatasetWriter:
        """The writer of rows with these ids, of each of which is known what it needs.

        Raises `ReleaseError` where the format cannot say what some of them do, or the chat template of format text
        refuses some.
        """
        found = AllNeeds(FORMATS[writer.format].columns)
        refused: dict[Say, list[str]] = {}
        unrendered: dict[str, str] = {}
        count = 0
        for row_id, each in zip(ids, needs, strict=True):
            count += 1
            for say in each.refused:
                refused.setdefault(say, []).append(row_id)
            if each.unrendered is not None:
                unrendered[row_id] = each.unrendered
            found.add(each)
        if refused:
            raise _refusal(writer.format, refused, count)
        if unrendered and writer.tokenizer:
            raise _unrendered(writer.tokenizer.name, unrendered, count)
        style = writer.style
        if len(found.reasoning()) > 1:  # a trainer looks for thoughts in one field, whatever the sources call it
            style = replace(style, shared=style.key or REASONING_KEYS[0])
        return cls(writer.format, style, writer.tokenizer, found.columns(style.shared))

    def rows(self, rows: Dataset) -> Dataset:
        """Only what a trainer reads."""
        every = map(self.row, read(rows))
        batches = iter(lambda: list(islice(every, BATCH)), [])
        name = digest(["written", dict(self.columns), asdict(self.style), rows._fingerprint])
        return in_columns(self.columns, batches, name)

    def table(self, rows: pa.Table) -> pa.Table:
        """The same of a table of rows."""
        some = rows.select([name for name in READS if name in rows.column_names])
        batches = (some.slice(start, BATCH).to_pylist() for start in range(0, len(some), BATCH))
        return table_of(self.columns, ([self.row(row) for row in batch] for batch in batches))


def in_columns(columns: Mapping[str, Any], batches: Iterable[Sequence[Row]], fingerprint: str) -> Dataset:
    """Written rows as a dataset of these columns, whose fields that a row does not say are empty."""
    return in_memory(table_of(columns, batches), features(columns), fingerprint)


def table_of(columns: Mapping[str, Any], batches: Iterable[Sequence[Row]]) -> pa.Table:
    """The same as a table."""
    import pyarrow as pa

    stored = arrow_schema(_texts(columns))
    tables = [stored.empty_table()]
    for written in batches:
        found = ([row.get(name, BLANK.get(name)) for row in written] for name in columns)
        cells = (
            [_cell(value, kind) for value in values] if kind != _texts(kind) else values
            for values, kind in zip(found, columns.values(), strict=True)
        )
        arrays = [pa.array(values, each.type) for values, each in zip(cells, stored, strict=True)]
        tables.append(pa.table(arrays, schema=stored))
    return pa.concat_tables(tables).cast(arrow_schema(columns))


def read(rows: Rows | Dataset) -> Iterator[Row]:
    """The rows, with what formats read of them."""
    from hfsft.engine.ordering.streamed_rows import streamed

    for table in streamed(rows).batches([name for name in READS if name in rows.column_names], BATCH):
        yield from table.to_pylist()


def _texts(kind: Any) -> Any:
    """The type with texts in the place of JSON, as it is stored."""
    if isinstance(kind, list):
        return list(map(_texts, kind))
    if isinstance(kind, Mapping):
        return {name: _texts(inner) for name, inner in kind.items()}
    return "string" if kind == "json" else kind


def _cell(value: Any, kind: Any) -> Any:
    """The value with JSON as text."""
    if kind == "json":
        return None if value is None else as_cell(value)
    if isinstance(kind, list) and value is not None:
        return [_cell(item, kind[0]) for item in value]
    if isinstance(kind, Mapping) and value is not None:
        return {name: _cell(value.get(name), inner) for name, inner in kind.items()}
    return value


def _refusal(format: FormatName, refused: Mapping[Say, list[str]], count: int) -> ReleaseError:
    say = max((name for name in REFUSED if name in refused), key=lambda name: len(refused[name]))
    ids = refused[say]
    rows = f"{len(ids):,} of {count:,} rows ({', '.join(ids[:LISTED])}{', ...' if len(ids) > LISTED else ''})"
    return ReleaseError(f"format {format} cannot hold {in_words(say)}, which {rows} have (choose {able(set(refused))})")


def in_words(say: Say) -> str:
    """What a format cannot hold."""
    return REFUSED[say]


def able(says: Set[Say]) -> str:
    """The formats that can hold all of it, by their names."""
    return ", ".join(name for name, other in FORMATS.items() if not other.refuses & says)


def _unrendered(tokenizer: str, refused: Mapping[str, str], count: int) -> ReleaseError:
    first = next(iter(refused.values()))
    named = ", ".join(list(refused)[:LISTED]) + (", ..." if len(refused) > LISTED else "")
    return ReleaseError(
        f"the chat template of {tokenizer} refuses {len(refused):,} of {count:,} rows ({named}), such as for: {first} "
        "(the filter `tokens` with column conversation and this tokenizer takes them out; or publish messages)"
    )
