"""Rows out of files and datasets: what seeds and examples are read with.

Local files are `.txt` (a row a line), `.jsonl`, `.json`, `.csv`, `.tsv` and `.parquet`; anything else that exists
locally, and any `owner/name`, is read by `datasets.load_dataset`.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hfsft.errors import Place, SourceError, place_of

HUB_ID = re.compile(r"^[A-Za-z0-9][\w.\-]*/[\w.\-]+$")
TEXT_COLUMN = "text"  # the only column of a .txt file
CSV_FIELD_LIMIT = 2**24  # characters; the module's own 131,072 is less than a long conversation


@dataclass(frozen=True)
class Table:
    """Where rows are read from: a local path, or a dataset on the Hub."""

    path: str
    base: Path  # what a relative path is relative to
    split: str | None = None
    config: str | None = None
    revision: str | None = None

    @property
    def local(self) -> Path | None:
        """The file or folder, None where the path names a dataset on the Hub.

        Raises `SourceError` for what is neither.
        """
        candidate = self.base / Path(self.path).expanduser()
        if candidate.exists():
            return candidate
        if candidate.suffix.lower() in READERS or not HUB_ID.match(self.path):
            near = _nearest(candidate)
            raise SourceError(f"{self.path}: no such file" + (f" (did you mean {near}?)" if near else ""))
        return None

    def identity(self) -> dict[str, Any]:
        """What the rows depend on: a hash of the files' bytes, or the commit on the Hub."""
        where = {"split": self.split, "config": self.config}
        local = self.local
        if local is None:
            return {**where, "repo": self.path, "commit": self._commit()}
        files = [local] if local.is_file() else sorted(path for path in local.rglob("*") if path.is_file())
        return {**where, "sha256": [_sha256(file) for file in files], "kind": local.suffix.lower()}

    def rows(self) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Each row with the place it stands at. Raises `SourceError` with that place for what cannot be read."""
        local = self.local
        if local is None or local.is_dir():
            yield from self._dataset(local)
            return
        reader = READERS.get(local.suffix.lower())
        if reader is None:
            raise SourceError(f"{self.path}: no reader for {local.suffix or 'this'} files ({', '.join(READERS)})")
        try:
            yield from reader(local)
        except UnicodeDecodeError:
            raise SourceError(f"{_not_utf8(local)} (save the file as UTF-8)") from None
        except (OSError, csv.Error) as error:
            raise SourceError(f"{place_of(local)}: {error}") from None

    def _dataset(self, local: Path | None) -> Iterator[tuple[Place, dict[str, Any]]]:
        from datasets import Dataset, DatasetDict, load_dataset, load_from_disk

        try:
            if local is not None and ((local / "state.json").exists() or (local / "dataset_dict.json").exists()):
                loaded = load_from_disk(str(local))
            else:
                loaded = load_dataset(str(local or self.path), self.config, revision=self.revision)
        except Exception as error:  # datasets raises whatever its builders and clients raise
            raise SourceError(f"{self.path}: {error}") from None
        if isinstance(loaded, DatasetDict):
            splits = {str(name): rows for name, rows in loaded.items()}
            if self.split is None and len(splits) > 1:
                raise SourceError(f"{self.path}: has the splits {', '.join(splits)} (name one with split:)")
            if self.split is not None and self.split not in splits:
                raise SourceError(f"{self.path}: no split {self.split!r} (it has {', '.join(splits)})")
            loaded = splits[self.split] if self.split else next(iter(splits.values()))
        assert isinstance(loaded, Dataset)
        for index, row in enumerate(loaded):
            yield Place(f"{self.path}[{index}]"), dict(row)

    def _commit(self) -> str:
        from huggingface_hub import HfApi

        try:
            return str(HfApi().dataset_info(self.path, revision=self.revision).sha)
        except Exception as error:  # any failure of the client means the same to the user
            raise SourceError(f"{self.path}: cannot be read from the Hub: {error}") from None


def _text(path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield place_of(path, number), {TEXT_COLUMN: line.strip()}


def _jsonl(path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _record(_json(line.strip(), path, number), place_of(path, number))


def _json_file(path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    data = _json(path.read_text(encoding="utf-8-sig"), path, 1)
    if isinstance(data, dict) and len(data) == 1:
        (data,) = data.values()  # {"data": [...]}
    if not isinstance(data, list):
        raise SourceError(f"{place_of(path)}: not a list of rows")
    for index, row in enumerate(data):
        place = Place(f"{place_of(path)}[{index}]")
        yield _record(row, place)


def _csv(path: Path, delimiter: str = ",") -> Iterator[tuple[Place, dict[str, Any]]]:
    csv.field_size_limit(CSV_FIELD_LIMIT)
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines, delimiter=delimiter, strict=True)
        for row in reader:
            if None in row:
                raise SourceError(f"{place_of(path, reader.line_num)}: more fields than the header names")
            yield place_of(path, reader.line_num), dict(row)


def _tsv(path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    yield from _csv(path, "\t")


def _parquet(path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        index = 0
        for batch in pq.ParquetFile(path).iter_batches(batch_size=1000):
            for row in batch.to_pylist():
                yield Place(f"{place_of(path)}[{index}]"), row
                index += 1
    except pa.ArrowInvalid as error:
        raise SourceError(f"{place_of(path)}: not a Parquet file: {error}") from None


READERS = {
    ".txt": _text,
    ".jsonl": _jsonl,
    ".json": _json_file,
    ".csv": _csv,
    ".tsv": _tsv,
    ".parquet": _parquet,
}


def _json(text: str, path: Path, line: int) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        number = line + getattr(error, "lineno", 1) - 1
        place = place_of(path, number, getattr(error, "colno", 0))
        raise SourceError(f"{place}: not JSON: {getattr(error, 'msg', error)}") from None


def _not_utf8(path: Path) -> str:
    """Where the first byte stands that UTF-8 does not know; a reader's own position is that of its buffer."""
    data = path.read_bytes()
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        return f"{place_of(path, line, column)}: byte 0x{data[error.start]:02x} is not UTF-8"
    return f"{place_of(path)}: not UTF-8"


def _record(value: Any, place: Place) -> tuple[Place, dict[str, Any]]:
    """The row with its place, if it is one."""
    if not isinstance(value, dict):
        raise SourceError(f"{place}: a row must be an object with named columns, not {json.dumps(value)[:40]}")
    return place, value


def _sha256(path: Path) -> str:
    sha256 = hashlib.sha256()
    with path.open("rb") as data:
        while block := data.read(2**20):
            sha256.update(block)
    return sha256.hexdigest()


def _nearest(path: Path) -> str | None:
    from difflib import get_close_matches

    siblings = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    return next(iter(get_close_matches(path.name, siblings, 1)), None)
