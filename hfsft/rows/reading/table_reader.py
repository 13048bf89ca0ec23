"""A table of rows -> what each row says: its texts, and why it cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, groupby, islice
from typing import Any, NamedTuple

from hfsft.errors import SourceError
from hfsft.rows.calls import ShapeError
from hfsft.rows.messages import Message, Role
from hfsft.rows.places.table_records import Records
from hfsft.rows.reading.column_roles import LOOKED_AT, Columns, FirstRows, settle, settle_seeds
from hfsft.rows.reading.order import UNANSWERED, Order, conversation
from hfsft.rows.reading.row_report import Drop, RowReport, below
from hfsft.rows.reading.side_columns import reference, text_of, thought, tools
from hfsft.rows.reading.source_row import SourceRow
from hfsft.rows.reading.summaries import file_of
from hfsft.rows.reading.turns import is_conversation, note_marks, read_turns
from hfsft.rows.reading.unsupported import check_row
from hfsft.rows.shapes import SHAPES, Format
from hfsft.rows.shapes.of_datasets import dolphin_r1
from hfsft.rows.shapes.shape import Record, Shape
from hfsft.rows.values import NOT_UNICODE, absent, as_text, broken, from_json, holds, printable

ABOUT_ANSWERS: tuple[Drop, ...] = ("label", "weight", "pair", "reasoning", "history", "tools")
ASKED = ("messages", "instruction", "response")  # the parts that a table must have
NEEDED = (*ASKED, "prompt")  # and what recipes call them
APART = "does not end with the assistant, whose answer may stand in {} (`format: dolphin_r1` reads it there)"
BAD_HISTORY = "history that is not pairs of question and answer (`drop: [history]` leaves it out)"


@dataclass(frozen=True)
class How:
    """How the rows of a table are read; what a recipe says of it."""

    named: Mapping[str, str] = field(default_factory=dict)  # part -> the column that the recipe names
    format: Format = "auto"
    roles: Mapping[str, Role] = field(default_factory=dict)
    order: Order = field(default_factory=Order)
    drop: Collection[str] = ()
    keep: Sequence[str] = ()
    family: str | None = None  # the column whose equal values make one family


class SettledTable(NamedTuple):
    """How the rows of a table are read, by what its first rows have; it is JSON, but for tuples."""

    columns: Columns
    told: str  # the shape that the rows tell, where it says what columns hold
    shape: str | None  # the shape that rows are read by


@dataclass(frozen=True)
class TableReader:
    """Reads the rows of a table."""

    settle: Callable[..., Columns]
    conversation: Callable[..., dict[str, Any]]
    columns: Callable[..., dict[str, Any]]

    def __call__(
        self, table: Records, how: How, limit: int | None = None, settled: SettledTable | None = None
    ) -> Iterator[SourceRow]:
        """The rows. Raises `SourceError` for a table that cannot be read so, or has no rows.

        Of a piece of a table it is `settled` how they are read, and it may have none.
        """
        records = table.records(limit)
        if settled is None:
            records, settled = self._settled(table, records, how)
        elif settled.shape is not None:
            records = (_reshaped(one, SHAPES[settled.shape or ""], how) for one in records)
        anew = partial(self.settle, format=how.format, told=settled.told)
        for one, own in _by_file(table, records, settled.columns, how, anew):
            yield _read(one, own, how, self.conversation if "messages" in own else self.columns)

    def settled(self, table: Records, how: How) -> SettledTable:
        """How the rows are read. Raises `SourceError` likewise."""
        return self._settled(table, table.records(None), how)[1]

    def _settled(self, table: Records, records: Iterator[Record], how: How) -> tuple[Iterator[Record], SettledTable]:
        records, seen, shape = _first_rows(table, records, how)
        told = shape.name if shape is not None and shape.columns else ""
        columns = self.settle(seen, how.format, how.named, told)
        return records, SettledTable(columns, told, shape.name if shape is not None else None)


def read_written(item: Mapping[str, Any], source: str, order: Order) -> SourceRow:
    """A conversation that stands in the recipe itself, in the columns of OpenAI's chat."""
    parts = ("messages", "system", "topic", "tools", "reference")
    columns: Columns = {part: (part,) for part in parts if item.get(part) is not None}
    return _read(Record(source, dict(item)), columns, How(order=order), _conversation)


def _first_rows(
    table: Records, records: Iterator[Record], how: How
) -> tuple[Iterator[Record], FirstRows, Shape | None]:
    """The rows, what the first of them have, and the shape that these tell."""
    first = list(islice(records, LOOKED_AT))
    if not first:
        raise SourceError(f"{table.path}: has no rows")
    if (shape := _shape(how, first)) is not None:
        first, records = [_reshaped(one, shape, how) for one in first], (_reshaped(one, shape, how) for one in records)
    seen = FirstRows.of(table.path, [one.row for one in first if one.defect is None])
    late = {*how.keep, *how.named.values(), *filter(None, [how.family])} - set(seen.names)
    if late and seen.names:  # a name that is wrong, or that only a later row has
        seen = replace(seen, names=(*seen.names, *table.having(late)))
    for name in how.keep if seen.names else ():
        seen.named("keep", name)
    if how.family and seen.names:
        seen.named("family", how.family)
    return chain(first, records), seen, shape


def _shape(how: How, first: Sequence[Record]) -> Shape | None:
    """The shape that the recipe names, or the first that rows tell: some of them, or most where it names columns."""
    if how.format != "auto":
        return SHAPES.get(how.format)
    if {"instruction", "response"} & how.named.keys():  # the recipe knows better
        return None
    rows = [one.row for one in first if one.defect is None]
    return next((shape for shape in SHAPES.values() if shape.dropped not in how.drop and _is_told(shape, rows)), None)


def _is_told(shape: Shape, rows: Sequence[Mapping[str, Any]]) -> bool:
    if shape.tells is None:
        return False
    return 2 * sum(map(shape.tells, rows)) > len(rows) if shape.columns else any(map(shape.tells, rows))


def _reshaped(one: Record, shape: Shape, how: How) -> Record:
    """A row with the usual columns; of rows whose shape nobody named, those that are in it."""
    told = how.format != "auto" or (shape.tells is not None and shape.tells(one.row))
    if one.defect is not None or not told or shape.read is None:
        return one
    try:
        said = (shape.name, *(shape.words(one.row) if shape.words else ()))
        made = dict(shape.read(one.row))
        # What the recipe names beside the turns stays, also where the shape has no more use for it.
        made |= {name: one.row[name] for name in how.named.values() if name in one.row and name not in made}
        return one._replace(row=made, dialect=said, written=one.row)
    except ShapeError as error:
        return one._replace(defect=str(error))


def _by_file(
    table: Records, records: Iterator[Record], columns: Columns, how: How, anew: Callable[..., Columns]
) -> Iterator[tuple[Record, Columns]]:
    """Each row that is not known with the columns of its file: those of the table, or its own where it lacks what the
    table's must have.

    A column that the recipe names and the file lacks is empty there.
    """
    for file, of_file in groupby(records, key=lambda one: file_of(one.source)):
        first = list(islice(of_file, LOOKED_AT))
        seen = FirstRows.of(file, [one.row for one in first if one.defect is None])
        own = columns
        if not {name for part in ASKED for name in columns.get(part, ())} <= set(seen.names):
            with suppress(SourceError):  # its rows lack what the table's have, and say so
                there = {part: name for part, name in how.named.items() if part in NEEDED or name in seen.names}
                own = anew(seen, named=there) or columns
        if len(first) == LOOKED_AT:
            table.settled(file)
        yield from ((one, own) for one in chain(first, of_file) if not one.known)


def _read(one: Record, columns: Columns, how: How, say: Any) -> SourceRow:
    # What an answer is worth, or was given with, says nothing of a seed: it gets another.
    finding = RowReport(
        (*how.drop, *ABOUT_ANSWERS) if say in (_seed, _first_question) else how.drop, one.defect, padded=one.padded
    )
    columns = {part: names for part, names in columns.items() if part not in how.drop}
    used = {name for names in columns.values() for name in names}
    texts: dict[str, Any] = {}
    if one.defect is None:
        check_row(one.row, used, finding)
        if not columns:
            finding.odd("no columns")
        for word in one.dialect:
            finding.wrote(word)
        texts = say(one.row, columns, how, finding)
    written = one.row if one.written is None else one.written
    kept = {name: as_text(written.get(name)) for name in how.keep}
    if any(broken(value) for value in kept.values() if value is not None):
        finding.odd(NOT_UNICODE)
        kept = {name: None if value is None else printable(value) for name, value in kept.items()}
    for name, value in one.row.items():
        if name not in used and name not in kept and name != how.family:
            finding.left(name, value)
    said = {**texts, "source": printable(one.source), "unread": list(finding.unread)}
    if dialect := _dialect(one.row, columns, finding):
        said["dialect"] = dialect
    return SourceRow(said, finding.defect, kept, _family(written, how.family))


def _dialect(row: Mapping[str, Any], columns: Columns, finding: RowReport) -> str | None:
    """How the row is written: as a column says that knows it from when it was read first, or as it was read now."""
    if "dialect" in columns:
        return text_of(row, columns, "dialect", finding)
    return " ".join(finding.dialect) or None


def _family(row: Mapping[str, Any], column: str | None) -> str | None:
    """What stands in the column, as text; None where nothing does."""
    value = row.get(column) if column else None
    return None if absent(value) else printable(as_text(value) or "")


def _seed(row: Mapping[str, Any], columns: Columns, _: How, finding: RowReport) -> dict[str, Any]:
    texts = {part: text_of(row, columns, part, finding) for part in columns if part != "reference"}
    texts |= reference(row, columns, finding)
    if texts.get("instruction") is None:
        finding.odd("no instruction")
    return texts


def _first_question(row: Mapping[str, Any], columns: Columns, how: How, finding: RowReport) -> dict[str, Any]:
    """What a conversation begins with: its system prompt and the first thing that the user says."""
    (column,) = columns["messages"]
    turns = read_turns(row.get(column), column, how.roles, finding)
    first = next((place for place, turn in enumerate(turns) if turn["role"] == "user"), len(turns))
    system = [turn["content"] for turn in turns[:first] if turn["role"] == "system"]
    asked = turns[first]["content"] if first < len(turns) else None
    if asked is None or not asked.strip():
        finding.odd("no turn of the user")
    finding.left("turns behind the first question", [turn["content"] for turn in turns[first + 1 :]])
    said = {"system": below(text_of(row, columns, "system", finding), *system), "instruction": asked}
    return {**said, "topic": text_of(row, columns, "topic", finding), **reference(row, columns, finding)}


def _conversation(row: Mapping[str, Any], columns: Columns, how: How, finding: RowReport) -> dict[str, Any]:
    (column,) = columns["messages"]
    turns = read_turns(row.get(column), column, how.roles, finding)
    texts = _said(turns, row, columns, how, finding)
    if finding.defect == UNANSWERED and (answer := dolphin_r1.answer_of(row)):
        finding.odd(APART.format(answer), above_all=True)
    return texts | {"topic": text_of(row, columns, "topic", finding)}


def _said(
    turns: list[Message], row: Mapping[str, Any], columns: Columns, how: How, finding: RowReport
) -> dict[str, Any]:
    """What the turns say, with what stands beside them in the row: the system prompt, reasoning, tools, a reference."""
    system = text_of(row, columns, "system", finding)
    texts = conversation(thought(turns, row, columns, finding), system, how.order, finding)
    return texts | tools(row, columns, finding) | reference(row, columns, finding)


def _pair(row: Mapping[str, Any], columns: Columns, how: How, finding: RowReport) -> dict[str, Any]:
    """A question and its answer in columns of their own, each a text or a list of turns, with what came before them."""
    _note_pair(columns, finding)
    texts: dict[str, Any] = {part: text_of(row, columns, part, finding) for part in ("context", "topic")}
    history = _history(row, columns, finding)
    sides = {part: row.get(columns[part][0]) if part in columns else None for part in ("instruction", "response")}
    lists = {part: _turns(columns[part][0], value, how, finding) for part, value in sides.items() if part in columns}
    said = {part: None if turns is not None else finding.text(sides[part], part) for part, turns in lists.items()}
    for part in ("instruction", "response"):
        if not lists.get(part) and said.get(part) is None:
            finding.odd(f"no {part}")
    if (text := said.get("response")) is not None:
        note_marks([{"role": "assistant", "content": text}], finding)
    if not history and not any(lists.values()):
        (answer,) = thought([{"role": "assistant", "content": ""}], row, columns, finding)
        texts |= {"system": text_of(row, columns, "system", finding)} | said
        texts |= {"reasoning": answer["reasoning"]} if "reasoning" in answer else {}
        return texts | tools(row, columns, finding) | reference(row, columns, finding)
    asked = lists.get("instruction")
    if asked is None:
        asked = [{"role": "user", "content": said.get("instruction") or ""}]
    if asked and asked[-1]["role"] == "user" and texts["context"]:
        question = below(asked[-1]["content"], texts["context"]) or ""
        asked, texts["context"] = [*asked[:-1], {**asked[-1], "content": question}], None
    answered = lists.get("response")
    if answered is None:
        answered = [{"role": "assistant", "content": said.get("response") or ""}]
    spoken = [turn for turn in answered if turn["role"] != "system"]
    before = [turn for turn in asked if turn["role"] != "system"]
    if before and before == spoken[: len(before)]:  # the list of the answer holds the whole conversation
        asked = [turn for turn in asked if turn["role"] == "system"]
    return texts | _said([*history, *asked, *answered], row, columns, how, finding)


def _note_pair(columns: Columns, finding: RowReport) -> None:
    """The shape that has question and answer in these columns."""
    pair = {part: columns[part][0] for part in ("instruction", "response") if part in columns}
    name = next((shape.name for shape in SHAPES.values() if shape.columns == pair), None)
    if name is not None:
        finding.wrote(name)


def _turns(column: str, value: Any, how: How, finding: RowReport) -> list[Message] | None:
    """The turns of a list, or of one turn alone; None of a text, also where it happens to be JSON."""
    if isinstance(value, str) or not is_conversation(value):
        return None
    return read_turns(value, column, how.roles, finding)


def _history(row: Mapping[str, Any], columns: Columns, finding: RowReport) -> list[Message]:
    """The turns before the question, of pairs of texts as in LLaMA-Factory's Alpaca format."""
    (column,) = columns.get("history", (None,))
    value = from_json(row.get(column)) if column is not None else None
    if column is None or not (holds(value) or _says(value)):
        return []
    if "history" in finding.drop:
        finding.left(column, value)
        return []
    turns: list[Message] = []
    for pair in value if isinstance(value, list) else [None]:
        if not (isinstance(pair, list | tuple) and len(pair) == 2 and all(isinstance(text, str) for text in pair)):
            finding.odd(BAD_HISTORY)
            return []
        texts = [finding.text(text, "history") or "" for text in pair]
        turns += [{"role": role, "content": text} for role, text in zip(("user", "assistant"), texts, strict=True)]
    note_marks(turns, finding)
    return turns


def _says(history: Any) -> bool:
    """Whether a turn of it says anything: `{}` is a text here, where a cell that holds it holds nothing."""
    pairs = [pair for pair in history if isinstance(pair, list | tuple)] if isinstance(history, list) else []
    return any(isinstance(text, str) and text.strip() for pair in pairs for text in pair)


read_examples = TableReader(settle, _conversation, _pair)
"""Reads the rows of a table of examples."""
read_seeds = TableReader(settle_seeds, _first_question, _seed)
"""Reads the rows of a table of seeds."""
