"""What every source of a recipe says of itself: where its rows are, which of them are taken, and what they carry.

Seeds and examples share it, so that no key works for one of them alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import Field, field_validator

from hfsft.errors import SourceError, nearest
from hfsft.marks import ROWS
from hfsft.plain import plain
from hfsft.rows.choice.row_counts import Counts
from hfsft.rows.messages import Role
from hfsft.rows.reading.row_report import Drop, RowReport
from hfsft.rows.reading.source_row import SourceRow
from hfsft.rows.shapes import SHAPES, Format
from hfsft.stages.base import Section

if TYPE_CHECKING:
    from hfsft.rows.places.file_pieces import FilePiece
    from hfsft.rows.reading.table_reader import How, SettledTable, TableReader
    from hfsft.rows.tables.table import Table
    from hfsft.sandbox.expression import Expression

LONGEST_NAME = 80
SHAPES_TOLD = "; ".join(f"{shape.name}: {shape.about}" for shape in SHAPES.values()) + "."


class CutTable(NamedTuple):
    """The pieces of a table, in the order of its rows, and how all of them are read."""

    settled: SettledTable
    pieces: list[FilePiece]


@dataclass(frozen=True)
class Opened:
    """A source: the rows, at most so many where one says so, what they depend on, and how many were left out."""

    rows: Callable[[int | None], Iterator[SourceRow]]
    depends_on: Callable[[], Mapping[str, Any]]
    counts: Counts = field(default_factory=Counts)  # of the rows that were read last, behind the last of them
    table: Table | None = None  # where one row of it is taken whatever others there are, so that it may be read on
    slots: Callable[..., list[dict[str, Any]]] | None = None  # of rows that a model is to write: any range of them
    cut: Callable[[], CutTable | None] | None = None  # how its rows are read by several processes, where they can be
    piece: Callable[[FilePiece, SettledTable], Iterator[SourceRow]] | None = None  # one of the pieces of that

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """What the rows depend on: of files what they hold, so that all of them is read for it, and only once.

        Raises `SourceError` where there is no such file. Rows that are read behind it are of what it saw, or an error.
        """
        return self.depends_on()


def one_line(name: str | None) -> str | None:
    """A name, or None, as it is. Raises `ValueError` for one of several lines, or with control characters."""
    if name is not None and (name != plain(name) or not name.strip()):
        raise ValueError("must be one line, without control characters")
    return name


class NamedSource(Section):
    """A source, of whatever kind."""

    name: str | None = Field(
        None,
        min_length=1,
        max_length=LONGEST_NAME,
        description="What funnel, card and report call the source; left out: the name of its file or dataset.",
    )

    @field_validator("name")
    @classmethod
    def _one_line(cls, name: str | None) -> str | None:
        return one_line(name)

    @property
    def own_name(self) -> str:
        """What it is called where it has no name."""
        return "recipe"


class Source(NamedSource):
    """Where rows come from that there are."""

    share: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Share of the section's rows that are to be of this source: of each source as many rows are taken, "
        "by a hash, as let all shares hold. Sources without one share what is left.",
    )


class Located(Section):
    """Files, a folder of files, or a dataset, and which of its rows are read."""

    path: Annotated[str, ROWS] = Field(
        min_length=1,
        description="A .jsonl, .json, .csv, .tsv, .txt, .parquet or .arrow file (also packed, as .jsonl.gz or .zip), "
        "several (data/*.jsonl, data/**/*.csv), a folder of them, or a dataset on the Hub, owner/name; in an object "
        "store by their address: s3://bucket/rows/*.jsonl, hf://buckets/you/rows, gs:// (needs gcsfs), az:// (adlfs).",
    )
    split: str | None = Field(None, description="The split, of a dataset or a folder.")
    config: str | None = Field(None, description="The dataset's configuration.")
    revision: str | None = Field(
        None, description="The dataset's revision on the Hub: a branch, a tag or a commit, looked up once for a build."
    )
    delimiter: Literal[",", ";", "\t", "|"] | None = Field(
        None, description="What separates the columns of a CSV, where its header leaves that open."
    )
    where: str | None = Field(
        None,
        min_length=1,
        description='An expression over the source\'s own columns, as in `language == "English" and not toxic`: rows '
        "for which it is false are left out.",
    )
    limit: int | None = Field(None, ge=1, description="Read on until so many rows are found for which `where` holds.")

    @field_validator("where")
    @classmethod
    def _an_expression(cls, where: str | None) -> str | None:
        from hfsft.sandbox.expression import checked  # few sources have one

        return checked(where)

    @property
    def own_name(self) -> str:
        """What it is called where it has no name: its file, folder or dataset."""
        from hfsft.rows.places.path_names import own_name

        return own_name(self.path)

    def table(self, base: Path) -> Table:
        """Where the rows are."""
        from hfsft.rows.tables.table import Table

        return Table(self.path, base, self.split, self.config, self.revision, self.delimiter)

    @property
    def test(self) -> _Where | None:
        """What says which rows are taken."""
        if self.where is None:
            return None
        from hfsft.sandbox.expression import Expression

        return _Where(Expression(self.where), self.path)


class TableSource(Located, Source):
    """Rows from files, a folder of files, or a dataset."""

    sample: Annotated[int, Field(ge=1, strict=True)] | Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="Take so many of these rows (20000), or such a share of them (0.1), by a hash of each."
    )
    format: Format = Field(
        "auto",
        description="How rows are written; `auto` tells by the columns. Of a conversation, seeds take how it begins. "
        + SHAPES_TOLD,
    )
    messages: str | None = Field(None, description="Column of the conversation, a list of turns.")
    roles: dict[str, Role] = Field(
        {}, description="Who speaks under which name, as {clerk: assistant}, beside the usual names."
    )
    topic: str | None = Field(None, description="Column of the topic.")
    context: str | None = Field(None, description="Column of a text that belongs to the instruction.")
    system: str | None = Field(None, description="Column of the system prompt.")
    reference: str | None = Field(
        None, description="Column of the right answer, which responses are compared with; never trained on."
    )
    keep: list[str] = Field(
        [],
        description="Columns that stay with their row, for templates, filters and provenance; never trained on. One "
        "that is called like a column of ours becomes source_<name>.",
    )
    family: str | None = Field(
        None,
        description="Column whose equal values keep rows in one family, and so on one side of the split, such as the "
        "id of a thread or a document; also across sources that call the column the same.",
    )
    drop: list[Drop] = Field([], description="What to leave out of rows that would else be set aside for it.")

    def how(self) -> How:
        """How they are read."""
        from hfsft.rows.reading.table_reader import How

        parts = (
            "instruction", "response", "messages", "prompt", "topic", "context", "system",
            "reasoning", "tools", "reference", "dialect",
        )  # fmt: skip
        named = {part: getattr(self, part, None) for part in parts}
        return How(
            named={part: column for part, column in named.items() if column is not None},
            format=self.format,
            roles=self.roles,
            drop=self.drop,
            keep=self.keep,
            family=self.family,
        )

    def open_with(self, base: Path, read: TableReader) -> Opened:
        """The table, opened; both what rows depend on and the rows raise `SourceError` where there is none."""
        from hfsft.rows.choice.chosen import Chosen
        from hfsft.rows.choice.gathered import Gathered

        table, how = self.table(base), self.how()
        gathered = Gathered(table, self.format)
        chosen = Chosen(gathered, self.test, self.limit, self.sample)

        def depends_on() -> dict[str, Any]:
            # The path and the revision stand in it as what they came to: names, hashes of content, a commit.
            return {**self.model_dump(mode="json", exclude={"path", "revision"}), "table": table.identity()}

        def rows(first: int | None) -> Iterator[SourceRow]:
            return read(chosen, how, first)

        def cut() -> CutTable | None:
            # Of a dataset of the Hub the first rows tell, and no more of it is downloaded for that.
            looked = Gathered(table.streamed(), self.format)
            pieces = [] if some or looked.gathers() else table.pieces()
            return (
                CutTable(read.settled(Chosen(looked, self.test, self.limit, self.sample), how), pieces)
                if pieces
                else None
            )

        def piece(of: FilePiece, settled: SettledTable) -> Iterator[SourceRow]:
            return read(replace(chosen, table=table.of(of)), how, None, settled)

        some = self.limit is not None or isinstance(self.sample, int)
        return Opened(rows, depends_on, chosen.counts, None if some else table, cut=cut, piece=piece)


@dataclass(frozen=True)
class _Where:
    """The expression of a recipe, for the rows of one source."""

    expression: Expression
    path: str

    def knows(self, names: set[str]) -> bool:
        return not self.expression.unknown(names)

    def check(self, names: set[str], later: Callable[[set[str]], list[str]]) -> None:
        from hfsft.rows.reading.column_roles import LISTED

        missing = set(self.expression.unknown(names))
        for name in sorted(missing - set(later(missing)) if missing and names else ()):
            known = sorted(names)
            more = f" and {len(known) - LISTED} more" if len(known) > LISTED else ""
            from hfsft.sandbox.expression import ROW

            said = nearest(plain(name), [plain(each) for each in known[:LISTED]]).replace("allowed:", "it has")
            raise SourceError(
                f"{self.path}: `where` reads `{plain(name)}`, which no column is called",
                key="where",
                line=self.expression.line_of(name),
                help=f'{said}{more}; `{ROW}["my column"]` reads any name',
            )

    def holds(self, row: Mapping[str, Any], source: str) -> bool:
        from hfsft.sandbox.expression import ExpressionError

        try:
            return bool(self.expression(row))
        except ExpressionError as error:
            raise SourceError(
                f"`where` fails on {plain(source)}: {error.message}", key="where", line=error.line, help=error.help
            ) from None


def inline(rows: Iterable[SourceRow], depends_on: Callable[[], Mapping[str, Any]]) -> Opened:
    """A source whose rows stand in the recipe."""
    counts = Counts()

    def counted(first: int | None) -> Iterator[SourceRow]:
        counts.clear()
        for row in islice(rows, first):
            counts.read += 1
            counts.taken += 1
            yield row

    return Opened(counted, depends_on, counts)


def written(texts: Mapping[str, Any], place: str) -> SourceRow:
    """A row that stands in the recipe itself, at `place` in it, such as `seeds[0].prompts[2]`."""
    finding = RowReport()
    said = {name: finding.text(value, name) for name, value in texts.items()}
    for name in ("instruction", "response"):
        if name in said and said[name] is None:
            finding.odd(f"no {name}")
    return SourceRow({**said, "source": place, "unread": []}, finding.defect)
