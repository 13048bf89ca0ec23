"""Writes the rows of a dataset in one format; columns and fields are those that at least one of its rows needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hfsft.errors import ReleaseError
from hfsft.recipe.publish import FormatName, Publish
from hfsft.release.trainer.cell_values import as_cell
from hfsft.release.trainer.format_needs import beyond
from hfsft.release.trainer.formats import FORMATS, Say
from hfsft.release.trainer.message_style import Style
from hfsft.release.trainer.tokenizer import ChatTokenizer
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.columns import TEXTS
from hfsft.sandbox.chat import REASONING_KEYS

if TYPE_CHECKING:
    from datasets import Dataset

READS = ("id", *TEXTS, "dialect")
MORE = {"tools": "string", "chat_template_kwargs": "json", "history": [["string"]]}
"""Columns that a format has where some row needs them; tools are JSON text, which every trainer's reader takes."""
NOTHING: Mapping[str, Any] = {"chat_template_kwargs": {}}
"""What stands in a column for a row that does not need it, where TRL stops at an empty cell."""
FIELDS = ("reasoning_content", "thinking", "reasoning", "tool_calls", "tool_call_id", "name", "weight")
"""Fields of a turn that a format has where some row needs them, in the order in which files show them."""
CALL = {"id": "string", "type": "string", "function": {"name": "string", "arguments": "string"}}
REFUSED: Mapping[Say, str] = {
    "tools": "tools or calls of tools",
    "several turns": "more than one question and its answer",
    "turns out of order": "user and assistant who do not take turns",
}
"""What formats cannot hold, in words; of two that as many rows have the first is told."""
LISTED = 5  # rows that a message names


@dataclass(frozen=True)
class Writing:
    """How the rows of one dataset are written; `columns` are the same in all its splits."""

    format: FormatName
    style: Style
    tokenizer: ChatTokenizer | None
    columns: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        rows: Dataset,
        format: FormatName = "messages",
        tokenizer: ChatTokenizer | None = None,
        style: Style | None = None,
    ) -> Writing:
        """The writing of all the rows of a dataset, which have the columns of `READS`, or some.

        Raises `ReleaseError` where the format cannot say what some of them do, or the chat template of format text
        refuses some.
        """
        style = style or Style()
        if tokenizer and style.key is None:
            style = replace(style, key=tokenizer.reasoning_key)
        chosen, found = FORMATS[format], _Found(FORMATS[format].columns)
        refused: dict[Say, list[str]] = {}
        unrendered: dict[str, str] = {}
        for row in read(rows):
            for say in (beyond(row) & chosen.refuses) if chosen.refuses else ():
                refused.setdefault(say, []).append(row["id"])
            if not refused:
                try:
                    found.see(chosen.write(row, style, tokenizer))
                except ValueError as error:
                    unrendered[row["id"]] = str(error)
        if refused:
            raise _refusal(format, refused, len(rows))
        if unrendered and tokenizer:
            raise _unrendered(tokenizer.name, unrendered, len(rows))
        if len(found.reasoning()) > 1:  # a trainer looks for thoughts in one field, whatever the sources call it
            style = replace(style, shared=style.key or REASONING_KEYS[0])
        return cls(format, style, tokenizer, found.columns(style.shared))

    @classmethod
    def published(cls, rows: Dataset, publish: Publish, tokenizer: ChatTokenizer | None) -> Writing:
        """The writing that a recipe asks for."""
        return cls.of(rows, publish.format, tokenizer, Style(publish.reasoning, publish.tool_calls))

    def row(self, row: Row) -> Row:
        """One row as it is written, without what it does not say."""
        return FORMATS[self.format].write(row, self.style, self.tokenizer)

    def rows(self, rows: Dataset) -> Dataset:
        """Only what a trainer reads."""
        from hfsft.engine.parts.on_datasets import rewrite

        def convert(batch: Batch) -> Batch:
            written = [self.row(row) for row in rows_of(batch)]
            return {
                name: [_cell(row.get(name, NOTHING.get(name)), kind) for row in written]
                for name, kind in self.columns.items()
            }

        return rewrite(rows, convert, _reads(rows), dict(self.columns))


def read(rows: Dataset) -> Iterator[Row]:
    """The rows, with what formats read of them."""
    for batch in rows.select_columns(_reads(rows)).iter(batch_size=1000):
        yield from rows_of(batch)


def _reads(rows: Dataset) -> list[str]:
    return [name for name in READS if name in rows.column_names]


class _Found:
    """What written rows say, beyond the columns and fields that a format always has."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._columns = columns
        self._more: set[str] = set()
        self._fields: dict[str, set[str]] = {}
        self._typed = True  # whether all calls have arguments as texts, and all or none of them an id
        self._ids: set[bool] = set()
        self._whole = True  # whether all weights are whole numbers

    def see(self, written: Row) -> None:
        """Look at one row."""
        for name, value in written.items():
            if name not in self._columns:
                self._more.add(name)
            elif isinstance(value, list):
                base = self._columns[name][0]
                fields = self._fields.setdefault(name, set())
                for turn in value:
                    if len(turn) > len(base):
                        fields |= set(turn) - set(base)
                        self._look(turn)

    def _look(self, turn: Row) -> None:
        for call in turn.get("tool_calls") or ():
            self._ids.add("id" in call)
            self._typed = self._typed and isinstance(call["function"]["arguments"], str)
        self._whole = self._whole and float(turn.get("weight") or 0).is_integer()

    def reasoning(self) -> set[str]:
        """The fields of turns in which reasoning stands."""
        return set().union(*self._fields.values()) & set(REASONING_KEYS)

    def columns(self, shared: str | None = None) -> dict[str, Any]:
        """Column -> type; all reasoning stands in the field `shared`, where one is given."""
        kinds: dict[str, Any] = dict.fromkeys(FIELDS, "string")
        call = {name: kind for name, kind in CALL.items() if name != "id" or True in self._ids}
        kinds["tool_calls"] = [call] if self._typed and len(self._ids) < 2 else ["json"]  # objects differ in their keys
        kinds["weight"] = "int64" if self._whole else "float64"
        # Of prompt and completion both have the fields of either: trainers join the two.
        said = set().union(*self._fields.values())
        said = said - set(REASONING_KEYS) | {shared} if shared else said
        more = {name: kinds[name] for name in FIELDS if name in said}
        columns = {
            name: [{**kind[0], **more}] if isinstance(kind, list) else kind for name, kind in self._columns.items()
        }
        return columns | {name: kind for name, kind in MORE.items() if name in self._more}


def _cell(value: Any, kind: Any) -> Any:
    """The value as `datasets` takes it: every field of a turn is there, and JSON is text."""
    if kind == "json":
        return None if value is None else as_cell(value)
    if isinstance(kind, list) and value is not None:
        return [_cell(item, kind[0]) for item in value]
    if isinstance(kind, Mapping) and value is not None:
        return {name: _cell(value.get(name), inner) for name, inner in kind.items()}
    return int(value) if kind == "int64" and value is not None else value


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
