"""Rows as trainers and readers want them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from hfsft.errors import ReleaseError
from hfsft.hashing import digest
from hfsft.release.folder.outputs import writing as written
from hfsft.release.trainer.dataset_writer import DatasetWriter
from hfsft.release.trainer.formats import FORMATS
from hfsft.rows.batch import rows_of
from hfsft.rows.columns import COLUMNS, CONTENT, LEDGER, TEXTS, Column, column, named
from hfsft.rows.features import features
from hfsft.rows.views import content

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.release.result import Built

DATASET_INFO = "dataset_info.json"  # where LLaMA-Factory looks up the files of a folder
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]|[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]{1,1000}[=@＝＠]")
"""How a cell begins that a spreadsheet takes for a formula, some after blanks and letters without width."""
SPLIT = "split"  # of a kept row the name of its file; no row that fell has one


def provenance_rows(built: Built, rows: Dataset) -> Dataset:
    """Everything else of kept rows, by id: lineage, measures, scores, reasons; no column that is empty in all."""
    left_out = _left_out(built)
    rows = rows.remove_columns([name for name in rows.column_names if name in left_out])
    return _with_content(rows, built.contents)


def rejected_rows(built: Built) -> Dataset:
    """The rows that fell, with all that was measured of them by then, and stage, rule, value, bound and error."""
    taking = [place for place, step in enumerate(built.plan.steps) if step.bound or step.asks]
    known = {name for step in built.plan.steps[: max(taking, default=0) + 1] for name in step.writes}
    left_out = _left_out(built)
    registry = {name: each for name, each in built.plan.columns().items() if name not in left_out}
    wanted = {name: each.type for name, each in registry.items() if name in {*COLUMNS, *known}}
    wanted |= dict.fromkeys(LEDGER, "string")
    found: dict[str, list[Any]] = {name: [] for name in wanted}  # by columns, so that none may fall
    for removal, entries in built.ledger.removed():
        rows = removal.rows[:]
        for name, values in found.items():
            if name in LEDGER:
                values += [entry[name] for entry in entries]
            else:
                values += rows.get(name, [None] * len(entries))
    return _with_content(_dataset(found, wanted))


def _dataset(columns: Mapping[str, list[Any]], kinds: Mapping[str, Any]) -> Dataset:
    """Columns as a dataset. Its own way to make one looks at each value, and pickles all for a name."""
    import pyarrow as pa
    from datasets import Dataset, DatasetInfo
    from datasets.table import InMemoryTable

    types = features(kinds)
    if "json" in json.dumps(kinds):  # a value is no text yet
        return Dataset.from_dict(dict(columns), features=types)
    schema = types.arrow_schema
    table = pa.table([pa.array(columns[field.name], field.type) for field in schema], schema=schema)
    name = digest(["columns", kinds, columns["id"]])
    return Dataset(InMemoryTable(table), info=DatasetInfo(features=types), fingerprint=name)


def published_columns(built: Built) -> dict[str, Column]:
    """The registry of what stands in `provenance` and `rejected`: every column by its name, in its order there."""
    left_out = _left_out(built)
    made = {name: each for name, each in built.plan.columns().items() if name not in left_out}
    return {name: made.get(name) or column(name) for name in _behind_id((*made, *LEDGER))}


def _left_out(built: Built) -> set[str]:
    """What no file needs: what a row says by the file that it is in, what none holds, vectors that nobody asked for,
    documents that the writer alone was shown.
    """
    columns = built.plan.columns()
    vectors = [] if built.recipe.publish.vectors else named(columns, "vector")
    secret = [name for name, each in columns.items() if not each.published]
    return {SPLIT, *secret, *built.plan.settled(), *vectors}


def _with_content(rows: Dataset, known: Mapping[str, str | None] | None = None) -> Dataset:
    """The rows with a hash of what they say, behind their ids; `known` has it of all of them by id, or of none."""
    import pyarrow as pa
    from datasets import Dataset, DatasetInfo, Features, Value
    from datasets.table import InMemoryTable

    from hfsft.engine.parts.rows import column_of

    texts = rows.select_columns([name for name in TEXTS if name in rows.column_names])
    if known:
        found = [known[row_id] for row_id in column_of(rows, "id")]
    else:
        found = [content(row) for batch in texts.iter(batch_size=1000) for row in rows_of(batch)]
    kinds = rows.features.copy()
    kinds[CONTENT] = Value("string")
    names = _behind_id(rows.column_names)
    table = rows.data.table.append_column(CONTENT, pa.array(found, pa.string())).select(names)
    info = DatasetInfo(features=Features({name: kinds[name] for name in names}))
    return Dataset(InMemoryTable(table), info=info, fingerprint=digest([rows._fingerprint, CONTENT]))


def _behind_id(names: Iterable[str]) -> list[str]:
    return [each for name in names for each in ((name, CONTENT) if name == "id" else (name,))]


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
