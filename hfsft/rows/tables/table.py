"""Where rows are read from: a file, a folder of files, or a dataset; what they depend on, and the rows themselves."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from hfsft.errors import SourceError, nearest, place_of
from hfsft.rows.reading.file_pieces import FilePiece, pieces_of
from hfsft.rows.reading.resuming import FileReading, TableProgress
from hfsft.rows.shapes.shape import Record
from hfsft.rows.tables import hub_dataset, objects
from hfsft.rows.tables.arrow import PaddedRow
from hfsft.rows.tables.folder import data_files, holds_rows, made_for_datasets, matches, of_split, splits_in
from hfsft.rows.tables.parsing import Odd, odd_in
from hfsft.rows.tables.readers import SUFFIXES, TEXT_COLUMN, WHOLE_TEXTS, reader
from hfsft.rows.tables.text_files import PACKED, UNPACK_ERRORS, goes_on, plain_suffix
from hfsft.rows.tables.zipped import ZIP, Archive, File, Member, is_zip, on_disk

HUB_ID = re.compile(r"^[A-Za-z0-9][\w.\-]*/[\w.\-]+$")
GLOB = re.compile(r"[*?]|\[[^\]]*\]")  # marks of a pattern that several files may match
SETTLED = 2 * 10**9  # nanoseconds, after which another content has another time, however coarse the clock of the disk
_HASHES: dict[tuple[Path, int, int], str] = {}  # by path, size and time
NO_OBJECT = "not an object with named columns"


class Records(Protocol):
    """A table, or some of its rows."""

    @property
    def path(self) -> str:
        """What the recipe calls it."""
        ...

    def records(self, limit: int | None = None) -> Iterator[Record]:
        """Each row, with `limit` so many at most."""
        ...

    def having(self, names: Collection[str]) -> list[str]:
        """Those of the names that a column has."""
        ...

    def settled(self, file: str) -> None:
        """How rows of a file are read is settled: those of them that are known need not come any more."""
        ...


def exists(path: Path) -> bool:
    """Whether something is there; nothing can be under a name that is longer than the system takes."""
    try:
        return path.exists()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise


@dataclass(frozen=True)
class Table:
    """Where rows are read from: a local path, or a dataset on the Hub."""

    path: str
    base: Path  # what a relative path is relative to
    split: str | None = None
    config: str | None = None
    revision: str | None = None
    delimiter: str | None = None
    whole_texts: bool = False  # whether a file of text is one row, Markdown and others too, and none tells about others
    progress: TableProgress = field(default_factory=TableProgress, compare=False, repr=False)
    piece: FilePiece | None = None  # where no other rows are read

    @cached_property
    def local(self) -> Path | None:
        """The file or folder, None where the path names a dataset on the Hub.

        Raises `SourceError` for what is neither, and for a key that does not go with it.
        """
        if self.piece and self.piece.path:
            return Path(self.piece.path)
        if self.path.startswith(hub_dataset.HUB_DATASETS):
            return None
        candidate = self.base / Path(self.path).expanduser()
        if exists(candidate):
            self._check_keys(candidate)
            return candidate
        if GLOB.search(self.path):
            if not self._matched:
                raise SourceError(f"{self.path}: no file of that name", help="* is any name, ** any folders")
            self._check_keys(None)
            return self._matched[0][1].parent
        if plain_suffix(candidate) in (*self._suffixes, ZIP) or not HUB_ID.match(self.path):
            raise SourceError(f"{self.path}: no such file", help=_guess(candidate))
        return None

    @cached_property
    def _matched(self) -> list[tuple[str, Path]]:
        """The files that a pattern matches, each with its name for rows."""
        return [(self._shown(path, name), path) for name, path in matches(self.base, self.path, about=self.whole_texts)]

    @property
    def _suffixes(self) -> tuple[str, ...]:
        return (*SUFFIXES, *WHOLE_TEXTS) if self.whole_texts else SUFFIXES

    @property
    def _pattern(self) -> bool:
        return bool(GLOB.search(self.path)) and not exists(self.base / Path(self.path).expanduser())

    @property
    def doubtful(self) -> str:
        """What to know of a path that is a folder here and may be a dataset on the Hub; empty for any other."""
        if self.local is None or self.local.is_file() or not HUB_ID.match(self.path):
            return ""
        other = f"{hub_dataset.HUB_DATASETS}{self.path}"
        return f"{self.path}: is read from the disk, where it lies beside the recipe; {other} is the Hub's"

    @cached_property
    def repo(self) -> str:
        """The name of the dataset on the Hub."""
        return self.path.removeprefix(hub_dataset.HUB_DATASETS)

    @cached_property
    def commit(self) -> str:
        """The commit on the Hub that rows are read from: looked up once, so that a push in between changes nothing."""
        try:
            return hub_dataset.commit_of(self.repo, self.revision)
        except SourceError as error:
            if error.key != "path" or self.path.startswith(hub_dataset.HUB_DATASETS):
                raise
            here = _guess(self.base / Path(self.path)) or error.help or "no file or folder here is called so either"
            raise SourceError(error.message, help=here) from None

    @cached_property
    def files(self) -> list[tuple[str, File]]:
        """The files of rows, each with the name it has in a row's `source`; empty where `datasets` does the reading."""
        local = self.local
        if local is None:
            return []
        if self.piece and self.piece.path:
            return [(self.piece.name, local)]
        if self._pattern:
            files = self._unzipped(self._matched)
            return self._of_split(files) if self.split else files
        if local.is_file():
            files = self._unzipped([(self._shown(local), local)])
            if not files:
                raise SourceError("holds no file of rows", place=place_of(local), help=", ".join(self._suffixes))
            return files if files[0][1] is local else self._of_split(files)
        if self._for_datasets:
            return []
        return of_split(self.path, self._held, self.split)

    @property
    def _for_datasets(self) -> bool:
        """Whether `datasets` does the reading."""
        local = self.local
        if local is None:
            return True
        folder = not self._pattern and local.is_dir()
        return folder and (hub_dataset.saved(local) or made_for_datasets(local) or self.config is not None)

    @cached_property
    def _held(self) -> list[tuple[str, File]]:
        """The files of rows in a folder."""
        local = self.local
        assert local is not None, "only a folder holds files"
        held = data_files(local, (*self._suffixes, ZIP), about=self.whole_texts)
        return self._unzipped([(f"{self._shown(local)}/{name}", path) for name, path in held])

    def every_split(self, prefers: str = "") -> list[Table]:
        """A table for each of its splits, in their order; itself where it is one.

        Of a dataset that has several configurations, where none is named, the one called `prefers` is read if it has
        that. Raises `SourceError` for what is not there.
        """
        table = self
        if self._for_datasets:
            path, commit = (self.repo, self.commit) if self.local is None else (str(self.local.absolute()), None)
            if table.config is None and prefers and prefers in hub_dataset.configs(path, commit):
                table = replace(table, config=prefers)
            splits = [] if table.split else hub_dataset.splits(path, commit, table.config)
        else:
            folder = not self._pattern and self.local is not None and self.local.is_dir()
            splits = list(filter(None, splits_in(self._held))) if folder and not self.split else []
        found = [replace(table, split=split) for split in splits] if len(splits) > 1 else [table]
        for each in found if self.local is None else ():
            each.__dict__["commit"] = self.commit
        return found

    @cached_property
    def on_disk(self) -> list[tuple[str, Path]]:
        """The files that are read for the rows, archives among them, each with its name; none of a dataset."""
        if self.local is None:
            return []
        if self.files:
            return list(dict.fromkeys((_archive_name(name, file), on_disk(file)) for name, file in self.files))
        local = self.local
        folder = sorted(path for path in local.rglob("*") if path.is_file() and not path.name.startswith("."))
        return [(path.relative_to(local).as_posix(), path) for path in folder]

    @cached_property
    def _stamps(self) -> dict[Path, tuple[int, int]]:
        """Size and time of the files that `identity` has seen."""
        return {}

    def identity(self) -> dict[str, Any]:
        """What the rows depend on beside the keys: names and hashes of the files, or the commit on the Hub."""
        if self.local is None:
            return {"repo": self.repo, "commit": self.commit}
        if self.files:
            self._stamps.update({path: _stamp(path) for _, path in self.on_disk})
        return {"files": [[name, _sha256(path)] for name, path in self.on_disk]}

    def pieces(self) -> list[FilePiece]:
        """Its files, each whole or cut; none of what `datasets` reads."""
        hashes = dict(self.identity()["files"]) if self.files else {}
        return [
            piece for name, file in self.files for piece in pieces_of(name, file, hashes[_archive_name(name, file)])
        ]

    def of(self, piece: FilePiece) -> Table:
        """The table of the rows of a piece."""
        before = {piece.name: piece.start} if piece.start else {}
        return replace(self, piece=piece, progress=TableProgress(before, part=True))

    def check_unchanged(self) -> None:
        """Raise `SourceError` where a file is another one than `identity` has seen."""
        for file in self._stamps:
            self._check(file, file)

    def records(self, limit: int | None = None, *, stream: bool = False) -> Iterator[Record]:
        """Each row with where it stands, `limit` of them at most. Raises `SourceError` for what cannot be read.

        With `stream`, and where there is a limit, a dataset of the Hub is read as it is downloaded, and not kept.
        """
        self.progress.marks.clear()
        return islice(self._records(limit, stream, self.progress), limit)

    def having(self, names: Collection[str]) -> list[str]:
        """Those of the names that a column has, wherever it first stands; none of a dataset on the Hub."""
        if self.piece:
            return list(names)  # it was seen in the whole table
        found: dict[str, None] = {}
        for one in self._records(None, False, TableProgress()) if self.local is not None else ():
            found.update(dict.fromkeys(name for name in one.row if name in names))
            if len(found) == len(names):
                break
        return list(found)

    def settled(self, file: str) -> None:
        """Rows of a file that are known need not come any more."""
        self.progress.settled(file)

    def _records(self, limit: int | None, stream: bool, progress: TableProgress) -> Iterator[Record]:
        local = self.local
        if local is None:
            rows = hub_dataset.hub_rows(self.repo, self.commit, self.config, self.split, self.delimiter, limit, stream)
            yield from (record(f"{self.repo}[{index}]", row) for index, row in enumerate(rows))
        elif self.files:
            for name, path in self.files:
                if self.piece and self.piece.name != name:
                    continue
                reading = progress.file(name)
                for mark, value in self._file(path, reading):
                    behind = self.piece is not None and not self.piece.holds(mark)
                    if behind and reading.settled:
                        return
                    one = record(f"{name}{mark}", value)
                    yield one._replace(known=True) if behind or reading.known else one
                if not self.piece and goes_on(path) and (marks := reading.marks(on_disk(path))):
                    progress.marks[name] = marks
        else:
            rows = hub_dataset.folder_rows(self.path, local, self.config, self.split, self.delimiter)
            yield from (record(f"{self._shown(local)}[{index}]", row) for index, row in enumerate(rows))

    def _file(self, path: File, reading: FileReading) -> Iterator[tuple[str, Any]]:
        try:
            yield from reader(path, self.delimiter, reading, whole_texts=self.whole_texts)(path)
        except UNPACK_ERRORS as error:
            raise SourceError(f"the packed data is damaged: {error}", place=place_of(path)) from None
        except OSError as error:
            raise SourceError(error.strerror or str(error), place=place_of(path)) from None
        self._check(on_disk(path), path)

    def _check(self, file: Path, path: File) -> None:
        if self._stamps.get(file, _stamp(file)) != _stamp(file):
            raise SourceError("was changed while it was read", place=place_of(path), help="run the command again")

    def _of_split(self, files: list[tuple[str, File]]) -> list[tuple[str, File]]:
        """The files of the split that is asked for; texts may be called as splits are, and are none."""
        whole = self.whole_texts and self.split is None
        return files if whole else of_split(self.path, files, self.split)

    def _unzipped(self, files: list[tuple[str, Path]]) -> list[tuple[str, File]]:
        """The files, and in the place of each archive the files of rows in it."""
        found: list[tuple[str, File]] = []
        for name, path in files:
            if not is_zip(path):
                found.append((name, path))
                continue
            members = Archive(path).members()
            inside = [each for each in members if holds_rows(each.inside, self._suffixes, about=self.whole_texts)]
            rows = [each for each in inside if self.whole_texts or plain_suffix(each) != ".txt"]
            found += [(f"{name}/{each.inside}", each) for each in rows or inside]
        return found

    def _check_keys(self, local: Path | None) -> None:
        """Raise `SourceError` for keys that a file has not; `local` is None for the files of a pattern."""
        one = local is not None and local.is_file() and not is_zip(local)
        for key in ("revision", "config"):
            if getattr(self, key) is not None and (key == "revision" or local is None or local.is_file()):
                raise SourceError(f"{self.path}: is local and has no {key}", key=key, help="leave it out")
        if self.delimiter is not None and one and plain_suffix(Path(self.path)) not in (".csv", ".tsv"):
            raise SourceError(f"{self.path}: is no CSV and has no delimiter", key="delimiter", help="leave it out")
        if self.split is not None and one:
            raise SourceError(f"{self.path}: is one file and has no splits", key="split", help="leave it out")

    def _shown(self, local: Path, name: str | None = None) -> str:
        """The path as rows and releases may show it: relative to the recipe, with no folder of this machine."""
        if not Path(self.path).is_absolute() and not self.path.startswith("~"):
            return Path(self.path).as_posix() if name is None else name
        relative = os.path.relpath(local.absolute(), self.base.absolute())
        return local.name if relative.startswith("..") else Path(relative).as_posix()


def _guess(path: Path) -> str:
    """`did you mean ...?` of a file that is not there, by those that stand where it would."""
    near = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    guess = nearest(path.name, near).partition(" allowed:")[0] if near else ""
    return guess if guess.startswith("did you") else ""


def _archive_name(name: str, file: File) -> str:
    return name.removesuffix(f"/{file.inside}") if isinstance(file, Member) else name


def own_name(path: str) -> str:
    """What a source of that path is called where it has no name: its dataset, its folder, or its file alone."""
    if path.startswith(hub_dataset.HUB_DATASETS):
        return path.removeprefix(hub_dataset.HUB_DATASETS)
    parts = Path(path.rstrip("/")).parts
    if GLOB.search(path):
        folders = [part for part in parts[:-1] if not GLOB.search(part) and part not in ("/", "~", "..")]
        return folders[-1] if folders else parts[-1]
    if plain_suffix(Path(path)) not in (*SUFFIXES, ZIP) and HUB_ID.match(path):
        return path
    name = parts[-1] if parts else path
    suffixes = {*SUFFIXES, *PACKED, ZIP}
    while Path(name).suffix.lower() in suffixes and Path(name).stem:
        name = Path(name).stem
    return name


def record(source: str, value: Any) -> Record:
    """A value that stands where a row should, as a row if it is one."""
    if isinstance(value, Odd):
        return Record(source, {}, str(value))
    if (
        isinstance(value, list)
        and value
        and all(isinstance(t, dict) and set(objects.TURN_KEYS) & t.keys() for t in value)
    ):
        value = {"messages": value}  # a conversation a line, without a name
    if isinstance(value, str):
        value = {TEXT_COLUMN: value}  # a list of seeds
    if not isinstance(value, dict):
        return Record(source, {}, NO_OBJECT)
    reason = odd_in(value)
    return Record(source, {}, reason) if reason else Record(source, value, padded=isinstance(value, PaddedRow))


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _sha256(path: Path) -> str:
    """The hash of a file; of one that was hashed before and is what it was, not read again."""
    stamp = _stamp(path)
    if (known := _HASHES.get((path, *stamp))) is not None:
        return known
    sha256 = hashlib.sha256()
    with path.open("rb") as data:
        while block := data.read(2**20):
            sha256.update(block)
    found = sha256.hexdigest()
    if time.time_ns() - stamp[1] > SETTLED and _stamp(path) == stamp:
        _HASHES[(path, *stamp)] = found
    return found
