"""A shape: one way in which people write a row that is a conversation, and how it is read and written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hfsft.rows.messages import Message

Item = Mapping[str, Any]
"""A row as its file holds it."""
Tools = Sequence[Mapping[str, Any]]


class Record(NamedTuple):
    """One row as it stands in its file; `defect` says why there is none."""

    source: str  # `tickets.jsonl:3`, `data.json[1]`, `owner/name[5]`, as the recipe names the file
    row: dict[str, Any]
    defect: str | None = None
    padded: bool = False  # whether objects in it have null for keys that they were written without
    dialect: tuple[str, ...] = ()  # how it was written, where its columns are other ones now
    written: Mapping[str, Any] | None = None  # the row with the columns of its file, where it has other ones now
    known: bool = False  # whether it was read before, and is only there to settle how others are read


@dataclass(frozen=True)
class Shape:
    """One shape; a new one is one more file, and its name in the table of `hfsft.rows.shapes`."""

    name: str  # as `format:` and `dialect` call it
    about: str
    columns: Mapping[str, str] = field(default_factory=dict)
    """Part of a row (instruction, response, messages, system, tools ...) -> the column that holds it."""
    read: Callable[[Item], Item] | None = None
    """Makes of an item one that has `messages` as OpenAI writes them, `system` or `tools`, beside its other columns.
    Raises `ShapeError` of `hfsft.rows.calls`. None: its columns say it as they are."""
    words: Callable[[Item], Sequence[str]] | None = None
    """What `dialect` says of an item beside the shape's name, of what `read` does not carry."""
    tells: Callable[[Item], bool] | None = None
    """Whether an item cannot be anything else; None: only `format:` says that it is."""
    gather: Callable[[Iterable[Record]], Iterator[Record]] | None = None
    """Makes of all rows of a table those that `where`, `sample` and the rest see, where a conversation is spread over
    several rows, or one row holds several. What it cannot use is a row with a defect. None: each row is one."""
    dropped: str = ""
    """The word of a recipe's `drop` by which rows are not read so."""
    write: Callable[[Sequence[Message], Tools, Collection[str]], dict[str, Any]] | None = None
    """An item that says these messages and tools; the last are the words of the row's `dialect`. Raises `ShapeError`
    for what the shape cannot say. None: it is only read."""


@dataclass(frozen=True)
class Turn:
    """One turn of a conversation, once it is known whose it is; its content and other fields were not read yet."""

    role: str  # a Role, or what stands there where that is none
    content: Any
    fields: Item
    joins: bool = False  # whether it goes on with what the assistant said just before
    thought: bool = False  # whether the assistant goes on with it, having only thought
