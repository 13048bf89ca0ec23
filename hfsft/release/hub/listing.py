"""Listing: what a release would hold, shown before it is published: files, rows, columns, and what they are."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hfsft.release.folder.file_names import (
    CALIBRATION,
    CARD,
    FUNNEL,
    GUIDELINES,
    LEDGER,
    LOCK,
    PREFERENCE,
    RANDOM,
    REPORT,
    RESOLVED,
    SIDES,
    TRAINER,
    VERDICTS,
    WRITTEN,
)
from hfsft.release.hub.release_files import Build, File, size
from hfsft.release.reader import Release
from hfsft.rows.columns import TEXTS, named

ROW = "\n## A row\n"  # of the card
NO_SOURCES = "(no source file goes along)"
ABOUT = {
    "data": "the rows, as a trainer reads them",
    "provenance": "the same rows with lineage, kept columns, measures and reasons",
    "rejected": "the rows that fell",
    RANDOM: "as many rows by chance of the same candidates",
    PREFERENCE: "a better and a worse answer to one prompt, with the texts of both",
    "sources": "what was read of this source",
    "assets": "the charts of the card",
    LEDGER: "the fate of every row, by its id and where it was read",
    TRAINER: "rows that a trainer will not see as they are, by id, and why",
    FUNNEL: "how many rows each step left, causes and notes",
    SIDES: "the side of each row, by a hash of what it asks",
    VERDICTS: "what people said of rows",
    GUIDELINES: "by what they judged",
    CALIBRATION: "how far the judge agrees with people",
    LOCK: "models, libraries, and hashes of the sources",
    WRITTEN: "the recipe as you wrote it",
    RESOLVED: "the recipe with all defaults",
}


@dataclass(frozen=True)
class ListedFile:
    """One kind of file that a release holds."""

    name: str  # a folder and split, or a file
    about: str
    size: int
    rows: int | None = None
    columns: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """The entry as the screen shows it."""
        rows = "" if self.rows is None else f"{self.rows:,} {'row' if self.rows == 1 else 'rows'}"
        yield f"  {self.name:<28} {rows:>13} {size(self.size):>10}  {self.about}".rstrip()
        if self.columns:
            yield f"      columns: {', '.join(self.columns)}"


def held(build: Build) -> list[ListedFile]:
    """All that a release holds, each file once; of Parquet files a split at a time."""
    groups: dict[str, list[str]] = defaultdict(list)
    for path in sorted(build.files):
        groups[_group(path)].append(path)
    release = Release(str(build.folder), build.folder)
    kept = set(named(release.registry(), "kept"))
    return [_held(name, {path: build.files[path] for path in paths}, release, kept) for name, paths in groups.items()]


def listing(build: Build) -> list[str]:
    """The same in lines: whoever may see the dataset may read it all."""
    found = held(build)
    lines = [line for each in found for line in each.lines()]
    return lines if any(each.name.startswith("sources/") for each in found) else [*lines, f"  {NO_SOURCES}"]


def _group(path: str) -> str:
    top, _, file = path.partition("/")
    if not file or top == "sources":
        return path
    return f"{top}/{file.partition('-')[0]}" if file.endswith(".parquet") else f"{top}/"


def _held(name: str, files: Mapping[str, File], release: Release, kept: set[str]) -> ListedFile:
    top, total = name.partition("/")[0], sum(file.size for file in files.values())
    if name in (REPORT, CARD):
        return ListedFile(name, _page(name, release), total)
    if name in (WRITTEN, RESOLVED):
        inline = _inline(release.recipe())
        return ListedFile(name, ABOUT[name] + (", and the rows in it" if inline else ""), total, inline or None)
    if top == "sources":
        return ListedFile(name, ABOUT[top], total, *_of_lines(release.folder / name))
    rows, columns = None, dict[str, None]()
    for path in files:
        if path.endswith(".parquet"):
            here, names = _of_parquet(release.folder / path)
            rows, columns = (rows or 0) + here, columns | dict.fromkeys(names)
    named = tuple(f"{column} (of your source)" if column in kept and top != "data" else column for column in columns)
    about = ABOUT.get(top, "")
    if top == "rejected":
        about += ", with their texts" if _says(release) else ": ids, rules and numbers, nothing that they say"
    return ListedFile(name, about, total, rows, named)


def _of_parquet(path: Path) -> tuple[int, list[str]]:
    from pyarrow.parquet import read_metadata, read_schema

    return read_metadata(path).num_rows, read_schema(path).names


def _of_lines(path: Path) -> tuple[int, tuple[str, ...]]:
    """Rows and columns of JSON lines; a line that somebody changed may have none."""
    rows, columns = 0, dict[str, None]()
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            rows += 1
            with suppress(ValueError, TypeError, RecursionError):
                columns |= dict.fromkeys(json.loads(line))
    return rows, tuple(columns)


def _page(name: str, release: Release) -> str:
    """What a page shows of rows, as it stands there, whatever its recipe says by now."""
    text = (release.folder / name).read_text(encoding="utf-8", errors="replace")
    if name == CARD:
        return f"the card, with {'one row and ' if ROW in text else ''}the recipe"
    if 'id="samples"' not in text:
        return "counts and charts; no row is shown"
    return "samples of the rows, of those that fell too" if _says(release) else "samples of the rows that were kept"


def _says(release: Release) -> bool:
    """Whether any row that fell has its texts."""
    from pyarrow.parquet import ParquetFile

    for path in sorted((release.folder / "rejected").glob("*.parquet")):
        with ParquetFile(path) as file:
            texts = [name for name in TEXTS if name in file.schema_arrow.names]
            batches = file.iter_batches(columns=texts) if texts else ()
            if any(column.null_count < len(column) for batch in batches for column in batch.columns):
                return True
    return False


def _inline(recipe: Mapping[str, Any]) -> int:
    """How many rows stand in the recipe itself."""
    sources = [source for section in ("seeds", "examples") for source in recipe.get(section) or ()]
    return sum(len(source.get(item) or ()) for source in sources for item in ("prompts", "rows"))
