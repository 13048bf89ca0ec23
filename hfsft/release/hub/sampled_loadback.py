"""Whether a large release on the Hub is what was built, by its files' hashes, the counts of all and some of its rows.

Every file was compared by its hash before. What is seen here is that it loads as it stands there: the splits and
columns of each configuration as anybody streams them, how many rows each shard has by its own footer, and the rows of a
row group of some shards. So a release of any size is looked through in the same memory, and little of it comes back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.hashing import digest
from hfsft.release.hub.release_files import File

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

LARGE = 1_000_000_000  # bytes of Parquet files, from which on not all rows are loaded back
SHARDS = 4  # of each split, of which a row group is read
AT_ONCE = 8  # footers that are read

Opened = Callable[[str], Any]
"""A file on the Hub by its path in the release, open to be read from any place."""


def shards_of(files: Mapping[str, File]) -> dict[str, File]:
    """The Parquet files of a release by their paths."""
    return {path: file for path, file in files.items() if path.endswith(".parquet")}


def is_large(files: Mapping[str, File]) -> bool:
    """Whether a release is so large that a sample of its rows is loaded back."""
    return sum(file.size for file in shards_of(files).values()) >= LARGE


def counted(files: Mapping[str, File], opened: Opened) -> tuple[dict[str, dict[str, int]], list[str]]:
    """Rows on the Hub by folder and split, of all shards by their footers; and which shard has others than here."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    shards = shards_of(files)
    wrong = []
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for path, told in zip(shards, threads.map(lambda path: _footer(opened, path), shards), strict=True):
            here = _here(shards[path])
            if told != (here.metadata.num_rows, here.schema_arrow):
                wrong.append(f"{path}: has {told[0]} rows on the Hub, {here.metadata.num_rows} here, or other columns")
            folder, _, name = path.partition("/")
            found[folder][name.partition("-")[0]] += told[0]
    return {folder: dict(splits) for folder, splits in found.items()}, wrong


def sample_differs(files: Mapping[str, File], opened: Opened) -> list[str]:
    """The shards of a sample of which a row group says something else on the Hub than here.

    Which are looked at hangs on their hashes: of the same release always the same, of the next one others.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for path in shards_of(files):
        groups[path.rpartition("/")[2].partition("-")[0] + path.partition("/")[0]].append(path)
    chosen = [path for paths in groups.values() for path in _drawn(paths, files)]
    return [
        f"{path}: some rows say something else on the Hub than here" for path in chosen if _differ(path, files, opened)
    ]


def _drawn(paths: Iterable[str], files: Mapping[str, File]) -> list[str]:
    return sorted(paths, key=lambda path: digest([path, files[path].sha256]))[:SHARDS]


def _differ(path: str, files: Mapping[str, File], opened: Opened) -> bool:
    here = _here(files[path])
    group = int(files[path].sha256[:8], 16) % max(1, here.metadata.num_row_groups)
    with opened(path) as file:
        there = _parquet(file)
        if not here.metadata.num_row_groups or there.metadata.num_row_groups != here.metadata.num_row_groups:
            return bool(there.metadata.num_row_groups != here.metadata.num_row_groups)
        return not here.read_row_group(group).equals(there.read_row_group(group))


def _footer(opened: Opened, path: str) -> tuple[int, Any]:
    with opened(path) as file:
        found = _parquet(file)
        return found.metadata.num_rows, found.schema_arrow


def _here(file: File) -> ParquetFile:
    assert isinstance(file.content, Path)
    return _parquet(file.content)


def _parquet(source: Any) -> ParquetFile:
    from pyarrow.parquet import ParquetFile

    return ParquetFile(source)
