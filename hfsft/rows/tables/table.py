"""Where rows are read from: files, here or in a store, or a dataset; what they depend on, and the rows themselves."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from hfsft.errors import SourceError, place_of
from hfsft.rows.places import hub_pieces
from hfsft.rows.places.file_content import hash_of, stamp
from hfsft.rows.places.file_pieces import FilePiece, pieces_of
from hfsft.rows.places.path_names import GLOB, HUB_ID, guess
from hfsft.rows.places.stored_folder import fixed_part, is_address, is_pattern, own_part, stored_files
from hfsft.rows.places.table_records import record
from hfsft.rows.reading.resuming import FileReading, TableProgress
from hfsft.rows.shapes.shape import Record
from hfsft.rows.tables import hub_dataset
from hfsft.rows.tables.folder import data_files, holds_rows, made_for_datasets, matches, of_split, splits_in
from hfsft.rows.tables.readers import SUFFIXES, WHOLE_TEXTS, reader
from hfsft.rows.tables.text_files import UNPACK_ERRORS, goes_on, plain_suffix
from hfsft.rows.tables.zipped import ZIP, Archive, File, Member, is_zip, on_disk
from hfsft.storage.storage_faults import told_of_reading
from hfsft.storage.stored_file import AT_ONCE, StoredFile


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
    """Where rows are read from: a local path, an address of files in an object store, or a dataset on the Hub."""

    path: str
    base: Path  # what a relative path is relative to
    split: str | None = None
    config: str | None = None
    revision: str | None = None
    delimiter: str | None = None
    whole_texts: bool = False  # whether a file of text is one row, Markdown and others too, and none tells about others
    progress: TableProgress = field(default_factory=TableProgress, compare=False, repr=False)
    piece: FilePiece | None = None  # where no other rows are read
    streams: bool = False  # whether a dataset of the Hub is read as it is downloaded, as by who needs the first rows

    @cached_property
    def local(self) -> Path | None:
        """The file or folder, None where the path names a dataset on the Hub, or is an address.

        Raises `SourceError` for what is neither, and for a key that does not go with it.
        """
        if self.piece and self.piece.path:
            return Path(self.piece.path)
        if self.stored or self.path.startswith(hub_dataset.HUB_DATASETS):
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
            raise SourceError(f"{self.path}: no such file", help=guess(candidate))
        return None

    @cached_property
    def stored(self) -> bool:
        """Whether the path is an address of files, as s3://bucket/rows/*.jsonl."""
        return is_address(self.path)

    @property
    def of_hub(self) -> bool:
        """Whether the path names a dataset on the Hub."""
        return not self.stored and self.local is None

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
            here = guess(self.base / Path(self.path)) or error.help or "no file or folder here is called so either"
            raise SourceError(error.message, help=here) from None

    @cached_property
    def files(self) -> list[tuple[str, File]]:
        """The files of rows, each with the name it has in a row's `source`; empty where `datasets` does the reading."""
        if self.piece and (file := self.piece.file) and self.piece.features is None:
            return [(self.piece.name, file)]
        if self.stored:
            return self._stored_files()
        local = self.local
        if local is None:
            return []
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

    def _stored_files(self) -> list[tuple[str, File]]:
        """The files at an address."""
        for key in ("revision", "config"):
            if getattr(self, key) is not None:
                raise SourceError(f"{self.path}: is an address of files and has no {key}", key=key, help="leave it out")
        found = stored_files(self.path, (*self._suffixes, ZIP), about=self.whole_texts)
        files = self._unzipped(found)
        one = [name for name, _ in found] == [own_part(self.path)]
        if one and files and files[0][1] is found[0][1]:
            self._check_split(one=True)
            return files
        if is_pattern(self.path) and not self.split:
            return files
        before = len(fixed_part(own_part(self.path)))  # of which no word tells of a split
        names = {name[before:]: name for name, _ in files}
        inside = [(name[before:], file) for name, file in files]
        return [(names[name], file) for name, file in self._of_split(inside)]

    @property
    def _for_datasets(self) -> bool:
        """Whether `datasets` does the reading."""
        local = self.local
        if local is None:
            return not self.stored
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
        for each in found if self.of_hub else ():
            each.__dict__["commit"] = self.commit
        return found

    @cached_property
    def on_disk(self) -> list[tuple[str, Path]]:
        """The files that are read for the rows, archives among them, each with its name; none of a dataset."""
        if self.local is None:
            return []
        if self.files:
            return [(name, file) for name, file in self._whole_files if isinstance(file, Path)]
        local = self.local
        folder = sorted(path for path in local.rglob("*") if path.is_file() and not path.name.startswith("."))
        return [(path.relative_to(local).as_posix(), path) for path in folder]

    @property
    def _whole_files(self) -> list[tuple[str, Path | StoredFile]]:
        """The files that are read for the rows, archives among them, each with its name."""
        return list(dict.fromkeys((_archive_name(name, file), on_disk(file)) for name, file in self.files))

    @cached_property
    def _stamps(self) -> dict[Path, Any]:
        """Size and time of the files that `identity` has seen."""
        return {}

    def identity(self) -> dict[str, Any]:
        """What the rows depend on beside the keys: names and hashes of the files, or the commit on the Hub."""
        if self.of_hub:
            return {"repo": self.repo, "commit": self.commit}
        if self.files:
            self._stamps.update({file: stamp(file) for _, file in self._whole_files if isinstance(file, Path)})
        return {"files": [[name, hash_of(file)] for name, file in (self._whole_files or self.on_disk)]}

    def pieces(self) -> list[FilePiece]:
        """Its files, each whole or cut; of what `datasets` reads those of a dataset on the Hub that is Parquet."""
        if self.of_hub:
            return hub_pieces.pieces_at(self.repo, self.commit, self.config, self.split) if not self.delimiter else []
        hashes = dict(self.identity()["files"]) if self.files else {}

        def cut(each: tuple[str, File]) -> list[FilePiece]:
            return pieces_of(*each, hashes[_archive_name(*each)], self.delimiter)

        if not self.stored:
            return [piece for each in self.files for piece in cut(each)]
        with ThreadPoolExecutor(AT_ONCE) as threads:  # of whose files the ends may be asked for
            return [piece for found in threads.map(cut, self.files) for piece in found]

    def of(self, piece: FilePiece) -> Table:
        """The table of the rows of a piece."""
        before = {piece.name: piece.start} if piece.start and piece.features is None else {}
        return replace(self, piece=piece, progress=TableProgress(before, part=True, stop=piece.stop))

    def streamed(self) -> Table:
        """The same table, of which a dataset on the Hub is read as it is downloaded, and not kept."""
        found = replace(self, streams=True)
        if self.of_hub:
            found.__dict__["commit"] = self.commit
        return found

    def check_unchanged(self) -> None:
        """Raise `SourceError` where a file is another one than `identity` has seen."""
        for file in self._stamps:
            self._check(file, file)

    def records(self, limit: int | None = None, *, stream: bool = False) -> Iterator[Record]:
        """Each row with where it stands, `limit` of them at most. Raises `SourceError` for what cannot be read.

        With `stream`, and where there is a limit, a dataset of the Hub is read as it is downloaded, and not kept.
        """
        self.progress.marks.clear()
        return islice(self._records(limit, stream or self.streams, self.progress), limit)

    def having(self, names: Collection[str]) -> list[str]:
        """Those of the names that a column has, wherever it first stands; none of a dataset on the Hub."""
        if self.piece:
            return list(names)  # it was seen in the whole table
        found: dict[str, None] = {}
        for one in () if self.of_hub else self._records(None, False, TableProgress()):
            found.update(dict.fromkeys(name for name in one.row if name in names))
            if len(found) == len(names):
                break
        return list(found)

    def settled(self, file: str) -> None:
        """Rows of a file that are known need not come any more."""
        self.progress.settled(file)

    def _records(self, limit: int | None, stream: bool, progress: TableProgress) -> Iterator[Record]:
        local = self.local
        if self.of_hub:
            where = (self.repo, self.commit, self.config, self.split, self.delimiter, limit, stream)
            rows = hub_pieces.rows_of(self.piece) if self.piece else enumerate(hub_dataset.hub_rows(*where))
            yield from (record(f"{self.repo}[{index}]", row) for index, row in rows)
        elif self.files:
            for name, path in self.files:
                if self.piece and self.piece.name != name:
                    continue
                reading = progress.file(name)
                for mark, value in self._file(path, reading):
                    behind = self.piece is not None and not self.piece.holds(mark)
                    if behind and reading.settled:
                        self._check(on_disk(path), path)
                        return
                    one = record(f"{name}{mark}", value)
                    yield one._replace(known=True) if behind or reading.known else one
                if not self.piece and isinstance(path, Path) and goes_on(path) and (marks := reading.marks(path)):
                    progress.marks[name] = marks
        elif local is not None:
            found = hub_dataset.folder_rows(self.path, local, self.config, self.split, self.delimiter)
            yield from (record(f"{self._shown(local)}[{index}]", row) for index, row in enumerate(found))

    def _file(self, path: File, reading: FileReading) -> Iterator[tuple[str, Any]]:
        try:
            yield from reader(path, self.delimiter, reading, whole_texts=self.whole_texts)(path)
        except UNPACK_ERRORS as error:
            raise SourceError(f"the packed data is damaged: {error}", place=place_of(path)) from None
        except OSError as error:
            why = told_of_reading(error) if self.stored else error.strerror or str(error)
            raise SourceError(why, place=place_of(path)) from None
        self._check(on_disk(path), path)

    def _check(self, file: Path | StoredFile, path: File) -> None:
        known = file.version if isinstance(file, StoredFile) else self._stamps.get(file)
        if known is not None and stamp(file) != known:
            raise SourceError("was changed while it was read", place=place_of(path), help="run the command again")

    def _of_split(self, files: list[tuple[str, File]]) -> list[tuple[str, File]]:
        """The files of the split that is asked for; texts may be called as splits are, and are none."""
        whole = self.whole_texts and self.split is None
        return files if whole else of_split(self.path, files, self.split)

    def _unzipped(self, files: Sequence[tuple[str, Path | StoredFile]]) -> list[tuple[str, File]]:
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
        self._check_split(one=one)

    def _check_split(self, *, one: bool) -> None:
        if self.split is not None and one:
            raise SourceError(f"{self.path}: is one file and has no splits", key="split", help="leave it out")

    def _shown(self, local: Path, name: str | None = None) -> str:
        """The path as rows and releases may show it: relative to the recipe, with no folder of this machine."""
        if not Path(self.path).is_absolute() and not self.path.startswith("~"):
            return Path(self.path).as_posix() if name is None else name
        relative = os.path.relpath(local.absolute(), self.base.absolute())
        return local.name if relative.startswith("..") else Path(relative).as_posix()


def _archive_name(name: str, file: File) -> str:
    return name.removesuffix(f"/{file.inside}") if isinstance(file, Member) else name
