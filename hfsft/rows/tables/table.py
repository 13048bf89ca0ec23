"""Where rows are read from: a file, a folder of files, or a dataset; what they depend on, and the rows themselves."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from hfsft.errors import SourceError, nearest, place_of
from hfsft.rows.tables import hub, objects
from hfsft.rows.tables.files import PACKED, UNPACK_ERRORS, plain_suffix
from hfsft.rows.tables.folder import data_files, made_for_datasets, of_split
from hfsft.rows.tables.parsing import Odd, odd_in
from hfsft.rows.tables.readers import SUFFIXES, TEXT_COLUMN, reader

HUB_ID = re.compile(r"^[A-Za-z0-9][\w.\-]*/[\w.\-]+$")
GLOB = re.compile(r"[*?]|\[[^\]]*\]")  # marks of a pattern that several files may match
NO_OBJECT = "not an object with named columns"


class Record(NamedTuple):
    """One row as it stands in its file; `defect` says why there is none."""

    source: str  # `tickets.jsonl:3`, `data.json[1]`, `owner/name[5]`, as the recipe names the file
    row: dict[str, Any]
    defect: str | None = None


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


@dataclass(frozen=True)
class Table:
    """Where rows are read from: a local path, or a dataset on the Hub."""

    path: str
    base: Path  # what a relative path is relative to
    split: str | None = None
    config: str | None = None
    revision: str | None = None
    delimiter: str | None = None

    @cached_property
    def local(self) -> Path | None:
        """The file or folder, None where the path names a dataset on the Hub.

        Raises `SourceError` for what is neither, and for a key that does not go with it.
        """
        if self.path.startswith(hub.HUB):
            return None
        candidate = self.base / Path(self.path).expanduser()
        if candidate.exists():
            self._check_keys(candidate)
            return candidate
        if plain_suffix(candidate) in SUFFIXES or not HUB_ID.match(self.path):
            near = [other.name for other in candidate.parent.iterdir()] if candidate.parent.is_dir() else []
            guess = nearest(candidate.name, near).partition(" allowed:")[0] if near else ""
            raise SourceError(f"{self.path}: no such file", help=guess if guess.startswith("did you") else "")
        return None

    @property
    def doubtful(self) -> str:
        """What to know of a path that is a folder here and may be a dataset on the Hub; empty for any other."""
        if self.local is None or plain_suffix(self.local) in SUFFIXES or not HUB_ID.match(self.path):
            return ""
        return f"{self.path}: is read from the disk, where it lies beside the recipe; {hub.HUB}{self.path} is the Hub's"

    @cached_property
    def repo(self) -> str:
        """The name of the dataset on the Hub."""
        return self.path.removeprefix(hub.HUB)

    @cached_property
    def commit(self) -> str:
        """The commit on the Hub that rows are read from: looked up once, so that a push in between changes nothing."""
        return hub.commit_of(self.repo, self.revision)

    @cached_property
    def files(self) -> list[tuple[str, Path]]:
        """The files of rows, each with the name it has in a row's `source`; empty where `datasets` does the reading."""
        local = self.local
        if local is None:
            return []
        if local.is_file():
            return [(self._shown(local), local)]
        if hub.saved(local) or made_for_datasets(local) or self.config is not None:
            return []
        return [
            (f"{self._shown(local)}/{name}", path)
            for name, path in of_split(self.path, data_files(local, SUFFIXES), self.split)
        ]

    @cached_property
    def _stamps(self) -> dict[Path, tuple[int, int]]:
        """Size and time of the files that `identity` has seen."""
        return {}

    def identity(self) -> dict[str, Any]:
        """What the rows depend on beside the keys: names and hashes of the files, or the commit on the Hub."""
        local = self.local
        if local is None:
            return {"repo": self.repo, "commit": self.commit}
        if self.files:
            self._stamps.update({path: _stamp(path) for _, path in self.files})
            return {"files": [[name, _sha256(path)] for name, path in self.files]}
        folder = sorted(path for path in local.rglob("*") if path.is_file() and not path.name.startswith("."))
        return {"files": [[path.relative_to(local).as_posix(), _sha256(path)] for path in folder]}

    def records(self, limit: int | None = None, *, stream: bool = False) -> Iterator[Record]:
        """Each row with where it stands, `limit` of them at most. Raises `SourceError` for what cannot be read.

        With `stream`, and where there is a limit, a dataset of the Hub is read as it is downloaded, and not kept.
        """
        return islice(self._records(limit, stream), limit)

    def having(self, names: Collection[str]) -> list[str]:
        """Those of the names that a column has, wherever it first stands; none of a dataset on the Hub."""
        found: dict[str, None] = {}
        for one in self.records() if self.local is not None else ():
            found.update(dict.fromkeys(name for name in one.row if name in names))
            if len(found) == len(names):
                break
        return list(found)

    def _records(self, limit: int | None, stream: bool) -> Iterator[Record]:
        local = self.local
        if local is None:
            rows = hub.hub_rows(self.repo, self.commit, self.config, self.split, self.delimiter, limit, stream)
            yield from (record(f"{self.repo}[{index}]", row) for index, row in enumerate(rows))
        elif self.files:
            for name, path in self.files:
                yield from (record(f"{name}{mark}", value) for mark, value in self._file(path))
        else:
            rows = hub.folder_rows(self.path, local, self.config, self.split, self.delimiter)
            yield from (record(f"{self._shown(local)}[{index}]", row) for index, row in enumerate(rows))

    def _file(self, path: Path) -> Iterator[tuple[str, Any]]:
        try:
            yield from reader(path, self.delimiter)(path)
        except UNPACK_ERRORS as error:
            raise SourceError(f"the packed data is damaged: {error}", place=place_of(path)) from None
        except OSError as error:
            raise SourceError(error.strerror or str(error), place=place_of(path)) from None
        if self._stamps.get(path, _stamp(path)) != _stamp(path):
            raise SourceError("was changed while it was read", place=place_of(path), help="run the command again")

    def _check_keys(self, local: Path) -> None:
        for key in ("revision", "config"):
            if getattr(self, key) is not None and (key == "revision" or local.is_file()):
                raise SourceError(f"{self.path}: is local and has no {key}", key=key, help="leave it out")
        if self.delimiter is not None and local.is_file() and plain_suffix(local) not in (".csv", ".tsv"):
            raise SourceError(f"{self.path}: is no CSV and has no delimiter", key="delimiter", help="leave it out")
        if self.split is not None and local.is_file():
            raise SourceError(f"{self.path}: is one file and has no splits", key="split", help="leave it out")

    def _shown(self, local: Path) -> str:
        """The path as rows and releases may show it: relative to the recipe, with no folder of this machine."""
        if not Path(self.path).is_absolute() and not self.path.startswith("~"):
            return Path(self.path).as_posix()
        relative = os.path.relpath(local.absolute(), self.base.absolute())
        return local.name if relative.startswith("..") else Path(relative).as_posix()


def own_name(path: str) -> str:
    """What a source of that path is called where it has no name: its dataset, its folder, or its file alone."""
    if path.startswith(hub.HUB):
        return path.removeprefix(hub.HUB)
    parts = Path(path.rstrip("/")).parts
    if GLOB.search(path):
        folders = [part for part in parts[:-1] if not GLOB.search(part) and part not in ("/", "~", "..")]
        return folders[-1] if folders else parts[-1]
    if plain_suffix(Path(path)) not in SUFFIXES and HUB_ID.match(path):
        return path
    name = parts[-1] if parts else path
    suffixes = {*SUFFIXES, *PACKED}
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
    return Record(source, {}, reason) if reason else Record(source, value)


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _sha256(path: Path) -> str:
    sha256 = hashlib.sha256()
    with path.open("rb") as data:
        while block := data.read(2**20):
            sha256.update(block)
    return sha256.hexdigest()
