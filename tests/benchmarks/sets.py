"""Public sets as they lie in a folder, and what a filter is worth on those with labels: precision and recall."""

from __future__ import annotations

import argparse
import gzip
import json
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import datasets

ORDINARY = {
    "alpaca": "instruct/alpaca_en_demo_1000.jsonl.gz",
    "alpaca_zh": "instruct/alpaca_zh_demo_1000.jsonl.gz",
    "dolly": "instruct/dolly_accepted_1000.jsonl.gz",
    "code_alpaca": "instruct/code_alpaca_2k.jsonl.gz",
    "gsm8k_train": "bench/gsm8k_train_1000.jsonl.gz",
}
"""Sets of text in which a filter should find next to nothing, and where they are."""


class Score(NamedTuple):
    """How many texts are what is looked for, how many are found, and how many are both."""

    wanted: int
    found: int
    right: int

    @classmethod
    def of(cls, labels: Iterable[bool], found: Iterable[bool]) -> Score:
        pairs = list(zip(labels, found, strict=True))
        return cls(sum(label for label, _ in pairs), sum(hit for _, hit in pairs), sum(map(all, pairs)))

    def __str__(self) -> str:
        return f"{self.wanted:>7}{self.found:>7}{share(self.right, self.found):>11}{share(self.right, self.wanted):>8}"


HEADS = f"{'wanted':>7}{'found':>7}{'precision':>11}{'recall':>8}"
"""What stands above a printed `Score`."""


def lines(path: Path) -> Iterator[Any]:
    """The rows of a file of JSON lines, or the lines of another, as they are or packed."""
    whole = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for line in whole.decode("utf-8").split("\n"):
        if line.strip():
            yield line if ".csv" in path.name else json.loads(line)


def share(part: int, whole: int) -> str:
    """With three decimals; `-` of nothing."""
    return f"{part / whole:.3f}" if whole else "-"


def reading(doc: str) -> argparse.ArgumentParser:
    """The arguments of a script that reads such a folder, which says nothing but its table."""
    datasets.disable_progress_bars()
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of public sets")
    return parser
