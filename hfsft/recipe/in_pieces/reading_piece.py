"""One piece of the sources of a recipe, read in whichever process, and rows mended that are copies of other pieces'."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from hfsft.errors import ReadAnewError
from hfsft.recipe.in_pieces.cut_reading import COPY, COPY_HERE, COUNTS, REPEATS, SAID, SAME, SOURCE
from hfsft.recipe.reading import DEFECT, Given, Reading, opening
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.choice.row_counts import Counts
from hfsft.rows.columns import TEXTS
from hfsft.rows.places.file_pieces import FilePiece
from hfsft.rows.reading.source_row import SourceRow
from hfsft.rows.reading.table_reader import SettledTable
from hfsft.rows.row import new_row
from hfsft.stages.source import Opened
from hfsft.stages.source_tally import SAME_SEED


def reading_piece(
    *,
    sources: Sequence[Mapping[str, Any]],
    number: int,
    opened: Mapping[str, Any],
    kept: Mapping[str, str],
    attributes: Sequence[str],
    settled: Sequence[Any] | None = None,
    pieces: Sequence[Sequence[Any]] = (),
) -> Callable[[], Iterator[Row]]:
    """What reads pieces of one of the sources; without any, all of it."""
    given = [Given.of(each) for each in sources]
    reading = Reading(given, (), kept, None, attributes)
    return partial(_rows, reading, given[number], number, opened, settled, pieces)


def _rows(
    reading: Reading,
    given: Given,
    number: int,
    opened: Mapping[str, Any],
    settled: Sequence[Any] | None,
    pieces: Sequence[Sequence[Any]],
) -> Generator[Row, None, dict[str, Any]]:
    source, counts = opening(**opened).opened, Counts()
    for read in _read(source, settled, pieces, counts):
        row, same, said = reading.row(given, read)
        yield {**row, SAME: same, SAID: None if said is None else f"{said:017x}"}
    return {SOURCE: number, COUNTS: counts.as_dict()}


def _read(
    source: Opened, settled: Sequence[Any] | None, pieces: Sequence[Sequence[Any]], counts: Counts
) -> Iterator[SourceRow]:
    """The rows of the pieces, one after the other; `counts` are those of all of them."""
    if settled is None or source.piece is None:
        yield from source.rows(None)
        counts.add(source.counts)
        return
    columns, told, shape = settled
    how = SettledTable({part: tuple(names) for part, names in columns.items()}, told, shape)
    for piece in map(FilePiece.of, pieces):
        yield from source.piece(piece, how)
        counts.add(source.counts)


def mending() -> Callable[[Batch], Batch]:
    """What mends rows that are the same as others of other pieces."""

    def mends(batch: Batch) -> Batch:
        rows = list(map(_mended, rows_of(batch)))
        return {name: [row[name] for row in rows] for name in ("id", "seed_id", DEFECT)}

    return mends


def _mended(row: Row) -> Row:
    """The row as the copy that it is. Raises `ReadAnewError` where it does not say what makes its id."""
    texts = {name: row[name] for name in TEXTS}
    if new_row(row["origin"], texts, row[COPY_HERE])["id"] != row["id"]:
        raise ReadAnewError
    made = new_row(row["origin"], texts, row[COPY])
    return {**made, DEFECT: SAME_SEED if row[REPEATS] else row[DEFECT]}
