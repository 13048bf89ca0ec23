"""How the sources of a recipe are cut: files and ranges of files, small ones together, in the order of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hfsft import __version__
from hfsft.engine.resources import Resource, Work
from hfsft.errors import ReadAnewError
from hfsft.hashing import digest
from hfsft.rows.choice.row_counts import Counts

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from hfsft.engine.adding import Numbers
    from hfsft.engine.pieces.source_piece import SourcePiece
    from hfsft.recipe.reading import Given
    from hfsft.rows.batch import Batch
    from hfsft.rows.places.file_pieces import FilePiece
    from hfsft.stages.source import Opened

LEAST = 2**25  # bytes of all files, from which on several processes are worth the second that each takes to start
SAME, SAID = "hfsft:same", "hfsft:said"  # marks of a row: a hash of what it says, and of a seed's texts where it is one
COPY, COPY_HERE, REPEATS = "hfsft:copy", "hfsft:copy_here", "hfsft:repeats"  # what is known of rows that are mended
SOURCE, COUNTS = "source", "counts"  # what a piece tells


class CutReading:
    """A reading in pieces; see `hfsft.engine.pieces.source_piece`."""

    marks: Mapping[str, Any] = {SAME: "uint64", SAID: "string"}
    mending = Work("hfsft.recipe.in_pieces.reading_piece:mending")

    _given: Sequence[Given]
    _needs: Sequence[Resource]
    _kept: Mapping[str, str]
    _limit: int | None
    _attributes: Sequence[str]
    _opened: list[Opened]

    def pieces(self) -> list[SourcePiece]:
        """The pieces; none where a row is taken because others are, or there is little to read.

        Raises `SourceError` where a source cannot be read.
        """
        if self._limit is not None or any(given.written or given.source.share for given in self._given):
            return []
        found = [piece for number in self._order() for piece in self._of_source(number)]
        return [piece for piece, _ in found] if sum(size for _, size in found) >= LEAST else []

    def _order(self) -> list[int]:
        """The numbers of the sources in the order of their rows: section by section."""
        sections = list(dict.fromkeys(given.section for given in self._given))
        return sorted(range(len(self._given)), key=lambda number: sections.index(self._given[number].section))

    def _of_source(self, number: int) -> Iterator[tuple[SourcePiece, int]]:
        from hfsft.engine.pieces.source_piece import SourcePiece

        need, opened = self._needs[number], self._opened[number]
        told: dict[str, Any] = {
            "sources": [{**given.as_dict(), "places": {}} for given in self._given],
            "number": number,
            "opened": dict(need.work.arguments),
            "kept": dict(self._kept),
            "attributes": list(self._attributes),
        }
        cut = opened.cut() if opened.cut is not None else None
        if cut is None:
            yield SourcePiece(digest([__version__, told, need.identity]), _work(told)), 0
            return
        source: Any = self._given[number].source
        picky = source.where is not None or source.sample is not None  # which rows settle is then told by later ones
        known = {**told, "opened": _of_any_commit(told["opened"])}
        like = digest([__version__, known, cut.settled, need.identity if picky else None])
        for together in _together(cut.pieces):
            how = {"settled": list(cut.settled), "pieces": [list(piece) for piece in together]}
            key = digest([like, [piece.key for piece in together]])
            yield SourcePiece(key, _work({**told, **how})), sum(piece.size for piece in together)

    def mends(self, marks: Sequence[pa.Table]) -> tuple[Numbers, Batch]:
        """The rows that are the same as one of another piece, with which copy they are, of all and in their piece."""
        import numpy as np

        piece = np.repeat(np.arange(len(marks)), [len(table) for table in marks])
        same = np.concatenate([table[SAME].to_numpy() for table in marks])
        said = np.concatenate([table[SAID].fill_null("").to_numpy().astype("S17") for table in marks])
        copy, here = _turns(same, piece)
        again, again_here = _turns(said, piece)
        repeats = (said != b"") & (again > 0)
        changed = np.flatnonzero((copy != here) | (repeats & (again_here == 0)))
        known = {COPY: copy[changed], COPY_HERE: here[changed], REPEATS: repeats[changed]}
        return changed, {name: values.tolist() for name, values in known.items()}

    def told(self, pieces: Sequence[Any]) -> list[dict[str, Any]]:
        """What each source came to.

        Raises `ReadAnewError` where nothing came of one, and `SourceError` where a file was changed meanwhile.
        """
        counts = [Counts() for _ in self._given]
        for piece in pieces:
            counts[piece[SOURCE]].add(Counts(**piece[COUNTS]))
        if not all(count.taken for count in counts):
            raise ReadAnewError
        for opened in self._opened:
            if opened.table is not None:
                opened.table.check_unchanged()
        return [
            {"section": given.section, "name": given.name, **count.as_dict()}
            for given, count in zip(self._given, counts, strict=True)
        ]


def _of_any_commit(opened: Mapping[str, Any]) -> dict[str, Any]:
    """How a source is opened, but for the commit: files of a dataset that it left as they were are known by content."""
    return {**opened, "source": {**opened["source"], "revision": None}}


def _work(arguments: Mapping[str, Any]) -> Work:
    return Work("hfsft.recipe.in_pieces.reading_piece:reading_piece", arguments)


def _together(pieces: Sequence[FilePiece]) -> Iterator[list[FilePiece]]:
    """Pieces that follow on one another, as many as are no larger than one may be."""
    from hfsft.rows.places.file_pieces import PIECE

    found: list[FilePiece] = []
    for piece in pieces:
        if found and sum(each.size for each in found) + piece.size > PIECE:
            yield found
            found = []
        found.append(piece)
    if found:
        yield found


def _turns(values: NDArray[Any], piece: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each value how often it stands before, among all values and in its own piece."""
    import numpy as np

    order = np.argsort(values, kind="stable")
    ordered, owner = values[order], piece[order]
    found = []
    first = np.r_[True, ordered[1:] != ordered[:-1]] if len(ordered) else np.zeros(0, bool)
    for starts in (first, first | np.r_[True, owner[1:] != owner[:-1]] if len(ordered) else first):
        places = np.arange(len(ordered))
        turn = np.empty(len(ordered), np.int64)
        turn[order] = places - np.maximum.accumulate(np.where(starts, places, 0)) if len(ordered) else places
        found.append(turn)
    return found[0], found[1]
