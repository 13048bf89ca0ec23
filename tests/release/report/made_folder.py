"""Folders as builds write them, of any number of rows, columns, rules and long texts, made in no time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from hfsft.rows.columns import Column

BLOCK = 20_000  # rows of one file; further files are the same one by another name
HOSTILE = "<&'\"> 日本語テキスト "  # takes several bytes a letter wherever it stands


@dataclass(frozen=True)
class Wide:
    """How much of everything a folder has."""

    measures: int = 4
    labels: int = 2
    rules: int = 6
    lines: int = 12  # of the funnel
    sources: int = 3
    notes: int = 3
    letters: int = 200  # of one text
    turns: int = 0  # of a row, where it is a conversation
    name: int = 10  # letters of one name
    recipe: int = 1_000  # letters
    told: int = 100  # rows that a trainer will not see as they are
    judges: int = 1  # models that were asked


def made(folder: Path, kept: int, fell: int, wide: Wide = Wide(), *, scale: int = 1) -> Path:
    """A folder with so many rows on disk; all counts of its summary are `scale` times as many."""
    name = f"_{'long' * (wide.name // 4)}"
    measures = [f"measure_{number}{name}" for number in range(wide.measures)]
    labels = [f"label_{number}{name}" for number in range(wide.labels)]
    rules = [f"filters[near_duplicate].{number}{name}" for number in range(wide.rules)]
    of = "near_duplicate_instruction"
    columns = [
        *(Column(each, "float64", "measure", HOSTILE * 5) for each in (*measures, of)),
        *(Column(each, "string", "label", HOSTILE * 5) for each in labels),
    ]
    train = _rows(min(kept, BLOCK), measures, labels, wide)
    _files(train, folder / "provenance", "train", kept)
    block = min(fell, BLOCK)
    ledger = {
        "fate": ["rejected"] * block,
        "stage": [rules[place % len(rules)] for place in range(block)],
        "rule": ["near_duplicate"] * block,
        "value": ["0.9"] * block,
        "bound": [f"at_most 0.8 {HOSTILE * wide.name}"] * block,
        "of": [f"{place % (block // 3 + 1):016x}" for place in range(block)],
        "error": pa.nulls(block, pa.string()),
        of: np.linspace(0.8, 1, block),
        f"{of}_of": [f"{place % (block // 3 + 1):016x}" for place in range(block)],
    }
    removed = _rows(block, measures, labels, wide)
    for column, values in ledger.items():
        removed = removed.append_column(column, pa.array(values))
    _files(removed, folder / "rejected", "rejected", fell)
    steps = [f"step_{number}{name}" for number in range(wide.lines)]
    usage = {"answers": kept * scale, "input_tokens": kept * scale, "output_tokens": kept * scale, "usd": 1.5}
    counted = dict.fromkeys(("read", "where", "sample", "mixture", "taken", "grown", "removed", "kept"), kept * scale)
    summary = {
        "name": "made",
        "built": "2026-11-27",
        "language": ["en"],
        "license": "apache-2.0",
        "rows_in": (kept + fell) * scale,
        "fates": {"train": kept * scale, "rejected": fell * scale, "failed": 0},
        "sources": [
            {"section": "seeds", "name": f"{number} {HOSTILE * wide.name}", "ended": False, "unreadable": {}} | counted
            for number in range(wide.sources)
        ],
        "funnel": [_line(step, kept * scale) for step in steps],
        "usage": {"calls": kept * scale, "usd": 1.5, "stored": 0},
        "spent": {
            **usage,
            "by_stage": [{"stage": f"judge[{each}]", "model": name, **usage} for each in range(wide.judges)],
        },
        "usd_per_row": 0.001,
        "lengths": None,
        "columns": [each.as_dict() for each in columns],
        "bounds": [
            {"step": rule, "rule": "near_duplicate", "column": column, "at_least": None, "at_most": 0.8}
            for rule, column in zip(rules, [of, *measures] * len(rules), strict=False)
        ],
        "causes": [],
        "notes": [HOSTILE * wide.name for _ in range(wide.notes)],
        "seconds": 1.0,
    }
    (folder / "funnel.json").write_text(json.dumps(summary))
    (folder / "recipe.resolved.yaml").write_text(yaml.safe_dump({"name": "made", "x": "<" * wide.recipe}))
    with (folder / "trainer.jsonl").open("w", encoding="utf-8") as lines:
        for number in range(wide.told):
            told = {"id": f"{number:016x}", "cause": f"cause {number % 9}", "detail": HOSTILE * 50}
            lines.write(json.dumps(told) + "\n")
    return folder


def _line(step: str, rows: int) -> dict[str, Any]:
    counts: Mapping[str, Any] = {"rows_in": rows, "added": 0, "removed": rows // 2, "rows_out": rows // 2}
    return {"step": step, **counts, "cached": False, "calls": 0, "seconds": 0.5, "share_removed": 0.5}


def _rows(count: int, measures: list[str], labels: list[str], wide: Wide) -> pa.Table:
    text = (HOSTILE * (wide.letters // len(HOSTILE) + 1))[: wide.letters]
    turns = [{"role": ("user", "assistant")[number % 2], "content": text} for number in range(wide.turns)]
    places = np.arange(count)
    values: dict[str, Any] = {
        "id": [f"{place:016x}" for place in range(count)],
        "instruction": pa.array([f"{place} {text}" for place in range(count)]),
        "response": pa.array([text] * count),
        **({"messages": pa.array([turns] * count)} if turns else {}),
        **{name: (places * (number + 1) % 7919) / 100 for number, name in enumerate(measures)},
        **{
            name: [f"{place * (number + 1) % 15_000} {HOSTILE}" for place in range(count)]
            for number, name in enumerate(labels)
        },
    }
    return pa.table(values)


def _files(rows: pa.Table, folder: Path, split: str, count: int) -> None:
    folder.mkdir(parents=True)
    first = folder / f"{split}-00000-of-1.parquet"
    pq.write_table(rows, first, row_group_size=2_048)
    for number in range(1, count // BLOCK):
        (folder / f"{split}-{number:05}-of-1.parquet").symlink_to(first)
