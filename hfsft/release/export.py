"""Rows as trainers and readers want them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from hfsft.errors import ReleaseError
from hfsft.recipe.publish import FormatName
from hfsft.release.folder.outputs import writing
from hfsft.release.trainer.formats import FORMATS
from hfsft.release.trainer.tokenizer import Tokenizer
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.columns import COLUMNS, TEXTS
from hfsft.rows.features import features

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.release.result import Built

DATASET_INFO = "dataset_info.json"  # where LLaMA-Factory looks up the files of a folder
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]|[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]{1,1000}[=@＝＠]")
"""How a cell begins that a spreadsheet takes for a formula, some after blanks and letters without width."""
ENTRY = ("fate", "stage", "rule", "value", "bound", "of", "error")  # of the ledger
SPLIT = "split"  # of a kept row the name of its file; no row that fell has one


def default_rows(rows: Dataset, format: FormatName = "messages", tokenizer: Tokenizer | None = None) -> Dataset:
    """Only what a trainer reads, in one of the formats; `rows` has the columns of `COLUMNS`.

    Raises `ReleaseError` where rows cannot be written in that format.
    """
    from hfsft.engine.parts.on_datasets import rewrite

    chosen = FORMATS[format]
    if not chosen.several_turns:
        _refuse_several_turns(rows, format)

    def convert(batch: Batch) -> Batch:
        written = [chosen.write(row, tokenizer) for row in rows_of(batch)]
        return {name: [row[name] for row in written] for name in chosen.columns}

    return rewrite(rows, convert, ["id", *TEXTS], dict(chosen.columns))


def provenance_rows(built: Built, split: str) -> Dataset:
    """Everything else of a split, by id: lineage, measures, scores, reasons; no column that is empty in all of them."""
    rows = built.split(split)
    return rows.remove_columns([name for name in rows.column_names if name in {SPLIT, *built.plan.settled()}])


def rejected_rows(built: Built) -> Dataset:
    """The rows that fell, with all that was measured of them by then, and stage, rule, value, bound and error."""
    from datasets import Dataset

    # What would stand in a settled column stands in `value`.
    left_out = {*COLUMNS, SPLIT, "family", *built.plan.settled()}
    measured = {name: each.type for name, each in built.plan.columns().items() if name not in left_out}
    wanted = {**COLUMNS, **measured, **dict.fromkeys(ENTRY, "string")}
    found: dict[str, list[Any]] = {name: [] for name in wanted}  # by columns, so that none may fall
    for fallen, entries in built.ledger.fell():
        rows = fallen.rows[:]
        for name, values in found.items():
            if name in ENTRY:
                values += [entry[name] for entry in entries]
            else:
                values += rows.get(name, [None] * len(entries))
    return Dataset.from_dict(found, features=features(wanted))


def write_jsonl(rows: Dataset, path: Path) -> None:
    """The rows, one JSON object a line. Raises `ReleaseError` where the file cannot be written."""
    with writing(path) as lines:
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
    with writing(path, newline="") as file:
        lines = csv.writer(file)
        lines.writerow(rows.column_names)
        for row in rows:
            cells = [f"'{text}" if FORMULA.match(text or "") else text for text in row.values()]
            marked += sum(cell != text for cell, text in zip(cells, row.values(), strict=True))
            lines.writerow(cells)
    return marked


def llama_factory_entry(format: FormatName, name: str, file: Path) -> dict[str, Any] | None:
    """What LLaMA-Factory's table of datasets says of the file; None where it cannot read the format."""
    entry = FORMATS[format].llama_factory
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
    with writing(file.parent / DATASET_INFO) as table:
        table.write(text + "\n")
    return file.parent / DATASET_INFO


def axolotl_snippet(format: FormatName, file: Path) -> str | None:
    """What axolotl's configuration says of the file, as YAML; None where it cannot read the format."""
    entry = FORMATS[format].axolotl
    if entry is None:
        return None
    return yaml.safe_dump({"datasets": [{"path": str(file), "ds_type": "json", **entry}]}, sort_keys=False)


def _refuse_several_turns(rows: Dataset, format: FormatName) -> None:
    several = sum(len(turns or ()) > 2 for turns in rows["messages"])
    if several:
        able = ", ".join(name for name, other in FORMATS.items() if other.several_turns)
        raise ReleaseError(
            f"format {format} holds one question and its answer, but {several:,} of {len(rows):,} rows "
            f"are longer conversations (choose {able})"
        )
