"""What a build of very many rows would take on this machine, told by a sample of them before anything is begun.

The first rows of each source go through the steps that look at one row alone; how often steps that compare all rows
would meet two is told by their sketches. Nothing is asked, and nothing kept.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from hfsft.engine.step import Step
from hfsft.errors import HfsftError
from hfsft.loading import AnyRecipe, AnyTrust, load
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.reading import DEFECT, FROM
from hfsft.recipe.sources import given_of
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.row import new_row
from hfsft.rows.tables.readers import SUFFIXES
from hfsft.rows.tables.text_files import PACKED, open_bytes, plain_suffix
from hfsft.stages.source import TableSource

if TYPE_CHECKING:
    from hfsft.recipe.recipe import Recipe
    from hfsft.rows.tables.table import Table
    from hfsft.similarity.foreseen import Foreseen

LEAST = 200_000  # rows, from which on it is worth the seconds that it takes
READ, EVERY = 8_000, 4  # rows of each source that are read, and which of them are the sample: neighbours are alike
LIKENESS = "likeness"  # the kind of step that sketches
_HEAD = 1 << 20  # bytes of a file that tell how long its lines are
_PACKED = 4  # how much smaller a file is that is packed


@dataclass(frozen=True)
class Foresight:
    """What a build takes: its rows, the processor's time for those that are looked at alone, and each comparison."""

    rows: int
    seconds: float  # of steps over single rows, of one core
    compared: dict[str, Foreseen]  # by what compares
    memory: int  # bytes that this machine has

    @property
    def bytes(self) -> float:
        """Of memory that the largest comparison takes, all of it in one process."""
        return max((each.bytes for each in self.compared.values()), default=0)

    @property
    def fits(self) -> bool:
        """Whether a build on this machine has memory enough."""
        return self.bytes <= self.memory


def foresee(recipe: AnyRecipe, *, overrides: Sequence[str] = (), trust: AnyTrust = None) -> Foresight | None:
    """What a build takes; None for fewer than 200,000 rows, and where how many there are cannot be seen."""
    loaded = load(recipe, overrides, trust)
    try:
        count = sum(rows for _, rows in _sized(loaded))
        if count < LEAST:
            return None
        plan = compile_recipe(loaded, weights=False, download=False, sources=False)
        sample = list(_sample(loaded))
    except (HfsftError, OSError):  # what is wrong with a recipe or a source is told by the plan itself
        return None
    return _followed(plan.steps[1:], sample, count) if sample else None


def _sized(recipe: Recipe) -> Iterator[tuple[TableSource, int]]:
    """The sources that are files here, and about how many rows each brings."""
    for given in given_of(recipe):
        source = given.source
        if isinstance(source, TableSource) and (table := source.table(recipe.base)).local is not None:
            count = sum(_rows_in(path, table) for _, path in table.on_disk)
            if isinstance(source.sample, float):
                count *= source.sample
            most = [each for each in (source.limit, source.sample) if isinstance(each, int)]
            yield source, round(min([count, *most]))


def _rows_in(path: Path, table: Table) -> float:
    """About how many rows a file holds: of Parquet as it says, of text by how long its first lines are."""
    if plain_suffix(path) == ".parquet":
        import pyarrow.parquet as pq

        return float(pq.read_metadata(path).num_rows)
    if plain_suffix(path) not in SUFFIXES or table.whole_texts:
        return 1
    with open_bytes(path) as file:
        head = file.read(_HEAD)
    size = path.stat().st_size * (_PACKED if path.suffix in PACKED else 1)
    rows = head.count(b"\n") + (not head.endswith(b"\n"))
    return size / max(1, len(head)) * rows if len(head) == _HEAD else float(rows)


def _sample(recipe: Recipe) -> Iterator[Row]:
    """Some of the first rows of each source that is a file here."""
    for given in given_of(recipe):
        if isinstance(given.source, TableSource):
            origin = "seed" if given.section == "seeds" else "example"
            for read in islice(given.opened(recipe.base).rows(READ), None, None, EVERY):
                if read.defect is None:
                    yield {**new_row(origin, read.texts), **read.kept, FROM: given.name, DEFECT: None}


def _followed(steps: Sequence[Step], sample: list[Row], count: int) -> Foresight:
    """The sample on its way through the steps, as far as no model has to be asked for what they read."""
    from hfsft.similarity.foreseen import foreseen

    rows, seconds = sample, 0.0
    compared: dict[str, Foreseen] = {}
    lacking: set[str] = set()  # columns that models write, and what is made of them
    for step in steps:
        if not rows or (step.asks and step.rows == "many"):
            break
        if step.makes or step.table or (step.sees != "row" and not step.asks):
            continue
        if step.bound is not None:
            rows = [row for row in rows if step.bound.column not in row or step.bound.keeps(row[step.bound.column])]
            continue
        began = time.process_time()
        made = None if step.asks or step.heavy or lacking & {*step.reads} else _made(step, rows)
        seconds += (time.process_time() - began) / len(sample) * count
        if made is None:
            lacking |= step.writes.keys()
            continue
        if step.kind == LIKENESS:
            texts = [" ".join(str(row.get(name) or "") for name in step.reads) for row in rows]
            known = round(count * len(rows) / len(sample))
            found = foreseen(made["likeness_sketch"], texts, step.identity["at_least"], known)
            compared[step.name.removesuffix(".sketch")] = found
        new = list(rows_of(made))
        rows = new if step.rows == "many" else [{**row, **more} for row, more in zip(rows, new, strict=True)]
    return Foresight(count, seconds, compared, _memory())


def _made(step: Step, rows: Sequence[Row]) -> Batch | None:
    """What a step makes of rows; None where it cannot, as a template over a text that is not there yet."""
    try:
        made: Batch = step.function({name: [row[name] for row in rows] for name in step.given(rows[0])})
    except Exception:  # whatever is wrong with it, a build tells
        return None
    return made


def _memory() -> int:
    """Bytes that this machine has, or that its container may take."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    with suppress(OSError, ValueError):
        found.append(int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return min(found)
