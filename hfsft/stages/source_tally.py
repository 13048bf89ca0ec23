"""What was read of each source, file by file, and what of it need not be read again.

A row is as it was where its file begins with what was read before, how rows of the file are read was settled by then,
and no row that is new is the same as it: of two that are the same the second is a copy, whichever came first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft import __version__
from hfsft.engine.adding import Former, Kept
from hfsft.errors import ReadAnewError
from hfsft.hashing import digest
from hfsft.rows.choice.row_counts import Counts
from hfsft.rows.values import printable
from hfsft.section.late_module import LateModule
from hfsft.stages.source import TableSource

if TYPE_CHECKING:
    from hfsft.rows.reading import column_roles, resuming
    from hfsft.rows.reading.source_row import SourceRow
    from hfsft.rows.tables import text_files
    from hfsft.rows.tables.zipped import File
    from hfsft.stages.source import NamedSource, Opened
else:
    column_roles = LateModule("hfsft.rows.reading.column_roles")
    resuming = LateModule("hfsft.rows.reading.resuming")
    text_files = LateModule("hfsft.rows.tables.text_files")

SAME_SEED = "the same as another seed"


@dataclass
class NotedFile:
    """What is noted of one file of a source."""

    name: str
    sha256: str
    whole: resuming.FileMark  # its end
    onward: resuming.FileMark | None  # where it may go on: before its last line where that has no end
    rows: int  # that were taken of it
    line: int  # that the last of them begins in

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> NotedFile:
        """What `asdict` told."""
        marks = {name: resuming.FileMark(*told[name]) if told[name] else None for name in ("whole", "onward")}
        return cls(**{**told, **marks})

    @property
    def behind(self) -> int:
        """The rows that begin behind the place where it may go on."""
        return int(self.onward is not None and self.line > self.onward.lines)


@dataclass
class _Taken:
    """The rows of a file that were taken, and the line of the last one."""

    rows: int = 0
    line: int = 0


class SourceTally:
    """One reading of one source: how many rows came of which file, and which rows are kept of the reading before."""

    def __init__(self, source: NamedSource, identity: str, told: Mapping[str, Any]) -> None:
        """`told` is all that rows depend on beside what files hold, as JSON."""
        self.source, self.identity = source, identity
        self.like = digest([__version__, dict(told)])  # another version may read in another way
        self._clear()

    def _clear(self) -> None:
        self.kept: list[Kept] = []  # in the order of the rows
        self._whole: Mapping[str, Any] | None = None  # what is noted of a source that is as it was
        self._before = Counts()  # of the rows that are kept
        self._names: list[str] = []  # of the file that each range of kept rows is of
        self._taken: dict[str, _Taken] = {}  # by the files' names as rows have them
        self._rows = 0

    def start(self, opened: Opened) -> None:
        """Begin a reading that keeps nothing."""
        self._clear()
        if opened.table:
            opened.table.progress.before = {}

    def read(self, opened: Opened) -> Iterator[SourceRow | Kept]:
        """Its rows, and what is kept at its place among them."""
        if self._whole is not None:
            yield from self.kept
            return
        table = opened.table
        order = {printable(name): place for place, (name, _) in enumerate(table.files if table else ())}
        self._taken = {name: self._taken.get(name) or _Taken() for name in order}
        waiting = list(zip((order[name] for name in self._names), self.kept, strict=True))
        try:
            for row in opened.rows(None):
                name, _, line = (row.texts["source"] or "").rpartition(":")
                taken = self._taken.get(name)
                while waiting and taken and waiting[0][0] <= order[name]:
                    yield waiting.pop(0)[1]
                yield row
                self._rows += 1
                if taken:
                    taken.rows, taken.line = taken.rows + 1, int(line)
        finally:
            if table:
                table.progress.before = {}  # whoever reads it once more reads all of it
        yield from (each for _, each in waiting)

    def counts(self, opened: Opened) -> dict[str, Any]:
        """The counts of all its rows."""
        if self._whole is not None:
            return dict(self._whole["counts"])
        before = self._before.as_dict()
        return {key: value if key == "ended" else value + before[key] for key, value in opened.counts.as_dict().items()}

    def as_dict(self, opened: Opened) -> dict[str, Any]:
        """What is noted of it, for `keep`."""
        if self._whole is not None:
            return dict(self._whole)
        rows = self._rows + sum(each.rows for each in self.kept)
        told = {"identity": self.identity, "like": self.like, "rows": rows, "counts": self.counts(opened)}
        return {**told, "files": [asdict(file) for file in self._noted(opened)]}

    def _noted(self, opened: Opened) -> list[NotedFile]:
        """What is noted of its files; nothing where one of them cannot be read on."""
        table, hashes, found = opened.table, _hashes(opened), list[NotedFile]()
        for name, _ in table.files if table else ():
            taken = self._taken.get(printable(name))
            if table is None or taken is None or name not in table.progress.marks or name not in hashes:
                return []
            found.append(NotedFile(name, hashes[name], *table.progress.marks[name], taken.rows, taken.line))
        return found if len(self._taken) == len(found) else []

    def keep_all(self, noted: Mapping[str, Any], first: int) -> None:
        """Keep all its rows, the first of which had that number: it is as it was."""
        self._whole, self.kept = noted, [Kept(first, noted["rows"])]

    def keep_files(self, noted: Mapping[str, Any], first: int, opened: Opened, *, last: bool) -> None:
        """Keep the rows of its files up to where they grew. Raises `ReadAnewError` where rows cannot stay as they were.

        `last` says that no other source comes behind it.
        """
        table, hashes, then = opened.table, _hashes(opened), dict[str, tuple[int, NotedFile]]()
        for file in map(NotedFile.of, noted["files"]):
            then[file.name] = first, file
            first += file.rows
        if table is None or not then or then.keys() - {name for name, _ in table.files}:
            raise ReadAnewError
        self._before = Counts(**noted["counts"])
        settled = 0
        for place, (name, path) in enumerate(table.files):
            if name not in then:
                if settled < column_roles.LOOKED_AT:
                    raise ReadAnewError  # its rows would have a say in how the others are read
                continue
            start, file = then[name]
            if hashes.get(name) != file.sha256:
                self._cut(file, path, last=last and place == len(table.files) - 1)
            table.progress.before[name] = file.whole
            self.kept.append(Kept(start, file.rows))
            self._names.append(printable(name))
            self._taken[printable(name)] = _Taken(file.rows, file.line)
            settled += file.rows

    def _cut(self, file: NotedFile, path: File, *, last: bool) -> None:
        """Leave of what is noted of a file what is as it was; `last` says that it is the last of all files."""
        source, onward, behind = self.source, file.onward, file.behind
        if onward is None or file.rows - behind < column_roles.LOOKED_AT or not isinstance(path, Path):
            raise ReadAnewError
        if not (text_files.goes_on(path) and resuming.begins_with(path, file.whole.end, file.sha256)):
            raise ReadAnewError
        if onward != file.whole:
            # Its last line may be another one now: nothing behind it may hang on it, and it must have been counted.
            picky = isinstance(source, TableSource) and (source.where is not None or source.sample is not None)
            if picky or not last:
                raise ReadAnewError
            self._before.read -= behind
            self._before.taken -= behind
        file.rows, file.line, file.whole = file.rows - behind, min(file.line, onward.lines), onward


def keep(tallies: Sequence[SourceTally], noted: Sequence[Mapping[str, Any]], opened: Sequence[Opened]) -> None:
    """Let each source keep what is as it was. Raises `ReadAnewError` where that is not known of some rows."""
    if [each["like"] for each in noted] != [tally.like for tally in tallies]:
        raise ReadAnewError
    first = 0
    for place, (tally, then, source) in enumerate(zip(tallies, noted, opened, strict=True)):
        tally.start(source)
        if then["identity"] == tally.identity:
            tally.keep_all(then, first)
        else:
            tally.keep_files(then, first, source, last=place == len(tallies) - 1)
        first += then["rows"]


@dataclass
class FormerCopies:
    """What kept rows say, as hashes, by which a row is known that says the same."""

    hashes: frozenset[int] = frozenset()
    copies: frozenset[str] = frozenset()  # of what stood there more than once, in hexadecimal digits
    left: int = 0  # ranges of kept rows that are still to come

    @classmethod
    def of(cls, kept: Sequence[Kept], before: Former, copies: Sequence[str], seeds: Sequence[str]) -> FormerCopies:
        """That of the rows that are kept of those before; `seeds` are the columns of a seed's texts, where any are."""
        numbers = [number for each in kept for number in range(each.first, each.first + each.rows)]
        ids = before["id"]
        found = {int(ids[number], 16) for number in numbers}
        if seeds:
            texts, origins, defects = [before[name] for name in seeds], before["origin"], before["defect"]
            found |= {
                said_by([values[number] for values in texts])
                for number in numbers
                if origins[number] == "seed" and defects[number] in (None, SAME_SEED)
            }
        return cls(frozenset(found), frozenset(copies), len(kept))

    def check(self, said: int) -> None:
        """Raise `ReadAnewError` where it is not known which copy a new row is that says this."""
        if f"{said:x}" in self.copies or (self.left and said in self.hashes):
            raise ReadAnewError


def said_by(texts: Sequence[str | None]) -> int:
    """A hash of a seed's texts."""
    return int(digest([(text or "").strip() for text in texts], 17), 16)


def _hashes(opened: Opened) -> dict[str, str]:
    """The hash of each file of a source."""
    return dict(opened.identity.get("table", {}).get("files", ()))
