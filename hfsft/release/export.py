"""Rows as trainers and readers want them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from hfsft.engine.ordering.streamed_rows import streamed
from hfsft.errors import ReleaseError
from hfsft.release.folder.outputs import writing as written
from hfsft.release.folder.parquet import ShardCut
from hfsft.release.shards.row_shards import Beside, behind_id, with_content
from hfsft.release.trainer.dataset_writer import DatasetWriter
from hfsft.release.trainer.formats import FORMATS
from hfsft.rows.columns import COLUMNS, LEDGER, Column, column, named
from hfsft.rows.features import arrow_schema, values_of

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from hfsft.engine.ledger import Ledger, Removal
    from hfsft.release.result import Built

DATASET_INFO = "dataset_info.json"  # where LLaMA-Factory looks up the files of a folder
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]|[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]{1,1000}[=@＝＠]")
"""How a cell begins that a spreadsheet takes for a formula, some after blanks and letters without width."""
SPLIT = "split"  # of a kept row the name of its file; no row that fell has one


def provenance(built: Built) -> Beside:
    """Everything else of kept rows, by id: lineage, measures, scores, reasons; no column that is empty in all."""
    return Beside(frozenset(_left_out(built)))


@dataclass(frozen=True)
class RejectedRows:
    """The rows that fell, with all that was measured of them by then, and stage, rule, value, bound and error."""

    ledger: Ledger
    kinds: Mapping[str, Any]

    def __len__(self) -> int:
        return sum(len(each.rows) for each in self.ledger.removals)

    def cut(self) -> ShardCut:
        """How they are cut into files: by the size of the first of each rule, as one rule's may be far longer."""
        size, rows, schema = 0.0, 0, arrow_schema(self.kinds)
        for removal in self.ledger.removals:
            if len(removal.rows):
                first = next(self._of(removal))
                schema = first.schema
                size += first.nbytes / len(first) * len(removal.rows)
                rows += len(removal.rows)
        return ShardCut.of(schema, int(size), rows, rows)

    def tables(self) -> Iterator[pa.Table]:
        """The rows, some at a time."""
        return (table for removal in self.ledger.removals for table in self._of(removal))

    def _of(self, removal: Removal) -> Iterator[pa.Table]:
        import pyarrow as pa

        schema, rows = arrow_schema(self.kinds), streamed(removal.rows)
        names = dict.fromkeys([*(name for name in self.kinds if name not in LEDGER), *removal.told_by])
        there = [name for name in names if name in rows.column_names]
        for table in rows.batches(there):
            nothing = [None] * len(table)
            batch = {name: values_of(table[name]) if name in there else nothing for name in removal.told_by}
            entries = [self._standing(removal, entry) for entry in removal.told(batch)]
            columns = []
            for field in schema:
                if field.name in LEDGER:
                    columns.append(pa.array([entry[field.name] for entry in entries], field.type))
                elif field.name in there:
                    columns.append(table[field.name].cast(field.type))
                else:
                    columns.append(pa.nulls(len(table), field.type))
            yield with_content(pa.table(columns, schema=schema))

    @cached_property
    def _standing(self) -> Callable[[Removal, dict[str, Any]], dict[str, Any]]:
        return self.ledger.standing()


def rejected_rows(built: Built) -> RejectedRows:
    """The rows of a build that fell."""
    taking = [place for place, step in enumerate(built.plan.steps) if step.bound or step.asks]
    known = {name for step in built.plan.steps[: max(taking, default=0) + 1] for name in step.writes}
    left_out = _left_out(built)
    registry = {name: each for name, each in built.plan.columns().items() if name not in left_out}
    wanted = {name: each.type for name, each in registry.items() if name in {*COLUMNS, *known}}
    return RejectedRows(built.ledger, wanted | dict.fromkeys(LEDGER, "string"))


def published_columns(built: Built) -> dict[str, Column]:
    """The registry of what stands in `provenance` and `rejected`: every column by its name, in its order there."""
    left_out = _left_out(built)
    made = {name: each for name, each in built.plan.columns().items() if name not in left_out}
    return {name: made.get(name) or column(name) for name in behind_id((*made, *LEDGER))}


def _left_out(built: Built) -> set[str]:
    """What no file needs: what a row says by the file that it is in, what none holds, vectors that nobody asked for,
    documents that the writer alone was shown.
    """
    columns = built.plan.columns()
    vectors = [] if built.recipe.publish.vectors else named(columns, "vector")
    secret = [name for name, each in columns.items() if not each.published]
    return {SPLIT, *secret, *built.plan.settled(), *vectors}


def write_jsonl(rows: Dataset, path: Path) -> None:
    """The rows, one JSON object a line. Raises `ReleaseError` where the file cannot be written."""
    with written(path) as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write_csv(rows: Dataset, path: Path) -> int:
    """The rows as CSV; the number of cells that a spreadsheet would run, before which an apostrophe stands.

    Raises `ReleaseError` where the file cannot be written, or where a column holds more than texts.
    """
    lists = [name for name, feature in rows.features.items() if getattr(feature, "dtype", None) != "string"]
    if lists:
        able = ", ".join(
            name for name, other in FORMATS.items() if all(kind == "string" for kind in other.columns.values())
        )
        raise ReleaseError(f"{path}: a CSV holds texts, but {', '.join(lists)} holds turns (choose --format {able})")
    marked = 0
    with written(path, newline="") as file:
        lines = csv.writer(file)
        lines.writerow(rows.column_names)
        for row in rows:
            cells = [f"'{text}" if FORMULA.match(text or "") else text for text in row.values()]
            marked += sum(cell != text for cell, text in zip(cells, row.values(), strict=True))
            lines.writerow(cells)
    return marked


def llama_factory_entry(writer: DatasetWriter, name: str, file: Path) -> dict[str, Any] | None:
    """What LLaMA-Factory's table of datasets says of the file; None where it cannot read what is written."""
    entry = FORMATS[writer.format].llama_factory(writer.columns)
    return None if entry is None else {name: {"file_name": file.name, **entry}}


def llama_factory_table(entry: Mapping[str, Any], file: Path, force: bool = False) -> dict[str, Any]:
    """What the `dataset_info.json` beside `file` is to hold: the entry, and those of other names that it has.

    Raises `ReleaseError` for a file that is not such a table, or that has another entry of that name, without `force`.
    """
    table = file.parent / DATASET_INFO
    try:
        known = json.loads(table.read_text(encoding="utf-8")) if table.exists() else {}
    except ValueError as error:
        raise ReleaseError(f"{table}: not JSON: {error} (mend or move it)") from None
    except OSError as error:
        raise ReleaseError(f"{table}: cannot be read: {error.strerror or error}") from None
    if not isinstance(known, Mapping):
        raise ReleaseError(f"{table}: not an object with one entry a dataset (mend or move it)")
    others = [name for name, said in entry.items() if known.get(name, said) != said]
    if others and not force:
        raise ReleaseError(f"{table}: has another entry {others[0]} already (write over it with --force)")
    return {**known, **entry}


def register_for_llama_factory(entry: Mapping[str, Any], file: Path, force: bool = False) -> Path:
    """Enter it in the `dataset_info.json` beside `file`, see `llama_factory_table`; the table's path."""
    text = json.dumps(llama_factory_table(entry, file, force), ensure_ascii=False, indent=2)
    with written(file.parent / DATASET_INFO) as table:
        table.write(text + "\n")
    return file.parent / DATASET_INFO


def axolotl_snippet(writer: DatasetWriter, file: Path) -> str | None:
    """What axolotl's configuration says of the file, as YAML; None where it cannot read what is written."""
    entry = FORMATS[writer.format].axolotl(writer.columns)
    if entry is None:
        return None
    return yaml.safe_dump({"datasets": [{"path": str(file), "ds_type": "json", **entry}]}, sort_keys=False)
