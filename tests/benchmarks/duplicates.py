"""Precision and recall of `near_duplicate` and `semantic_duplicate` on public sets, at their default bounds and others.

    uv run python tests/benchmarks/duplicates.py --data FOLDER

Of pairs of sentences with labels of people, each pair is asked under a system prompt of its own, so that a sentence can
only fall for the other one of its pair. A pair says the same, or something else: in SICK with a relatedness of 4.5 and
more, or with one below 4 or a contradiction; in STS-B with 4.5 and more, or below 3; in MRPC and PAWS by label. Others
are left out. `alarms` is the share of the pairs that say something else which falls.

The rows of Toolformer are compared with all others, as in a recipe. They have no label, but an answer that the filters
do not look at: a row is a duplicate where one before it calls the same tool with the same words. `- apart` are the same
rows with the description of the tool, which each of them opens with, as the system prompt.

Precision, recall and alarms at the defaults were, of near_duplicate: SICK 0.460, 0.145, 0.050; STS-B 1.000, 0.039,
0.000; MRPC 1.000, 0.037, 0.000; PAWS 0.552, 0.514, 0.317; Toolformer 0.698, 0.278, 0.069; apart 0.674, 0.145, 0.040. Of
semantic_duplicate with the packaged embedder: SICK 0.495, 0.354, 0.106; STS-B 0.938, 0.234, 0.002; MRPC 0.979, 0.079,
0.003; PAWS 0.432, 0.802, 0.799; Toolformer 0.633, 0.332, 0.110; apart 0.633, 0.332, 0.110.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from datasets import Dataset

from hfsft.filters import NearDuplicate, SemanticDuplicate
from hfsft.similarity import normalise
from tests.benchmarks.sets import HEADS, Score, lines, reading, share

RULES = (
    (NearDuplicate(at_most=1), (0.7, 0.8, 0.9)),
    (SemanticDuplicate(at_most=1), (0.9, 0.95, 0.97)),
)
DEFAULTS = {rule.name: type(rule)().at_most for rule, _ in RULES}
TOOL = 4  # lines that tell the tool
CALL = re.compile(r"\b(\w+)\((.*)\)", re.DOTALL)


def sick(row: dict[str, Any]) -> bool | None:
    other = row["relatedness"] < 4 or row["entailment"] == "CONTRADICTION"
    return False if other else True if row["relatedness"] >= 4.5 else None


def stsb(row: dict[str, Any]) -> bool | None:
    return True if row["score"] >= 4.5 else False if row["score"] < 3 else None


def by_label(row: dict[str, Any]) -> bool | None:
    return bool(row["label"])


PAIRS: dict[str, tuple[str, Callable[[dict[str, Any]], bool | None]]] = {
    "SICK": ("dedup/sick_train.jsonl.gz", sick),
    "STS-B": ("dedup/stsb_dev.jsonl.gz", stsb),
    "MRPC": ("dedup/mrpc_train.jsonl.gz", by_label),
    "PAWS": ("dedup/pawsx_en_dev_2000.jsonl.gz", by_label),
}
CALLS = "dedup/gpteacher_toolformer_dedupe_only.jsonl.gz"


def pairs(path: Path, same: Callable[[dict[str, Any]], bool | None]) -> tuple[list[bool], Dataset]:
    """Whether each pair says the same, and both sentences of each under a system prompt of its own."""
    told = [(label, row) for row in lines(path) if (label := same(row)) is not None]
    rows = [
        {"id": f"{place:05} {side}", "system": f"pair {place:05}", "instruction": row[side]}
        for place, (_, row) in enumerate(told)
        for side in ("s1", "s2")
    ]
    return [label for label, _ in told], Dataset.from_list(rows)


def calls(path: Path, apart: bool) -> tuple[list[bool], Dataset]:
    """Whether each row calls what one before it calls, and the rows; `apart`, the tool is told as the system prompt."""
    seen: set[tuple[str, str]] = set()
    labels, rows = [], []
    for place, row in enumerate(lines(path)):
        if (found := CALL.search(row["output"])) is None:
            continue
        call = found[1], normalise(found[2])
        labels.append(call in seen)
        seen.add(call)
        *tool, task = row["instruction"].split("\n", TOOL) if apart else [row["instruction"]]
        rows.append(
            {"id": f"{place:05}", "system": "\n".join(tool), "instruction": task, "context": row["input"]},
        )
    return labels, Dataset.from_list(rows)


def printed(name: str, labels: list[bool], dataset: Dataset) -> None:
    """One line for each filter and bound."""
    each = len(dataset) // len(labels)  # rows of one label
    for rule, bounds in RULES:
        values = list(measured(rule, dataset))
        largest = [max(values[place : place + each]) for place in range(0, len(values), each)]
        for bound in bounds:
            score = Score.of(labels, [value > bound for value in largest])
            told = f"{bound:g}{' (default)' if bound == DEFAULTS[rule.name] else ''}"
            alarms = share(score.found - score.right, len(labels) - score.wanted)
            print(f"{name:<12}{rule.name:<20}{told:<16}{len(labels):>6}{score}{alarms:>8}")


def measured(rule: NearDuplicate | SemanticDuplicate, dataset: Dataset) -> Iterator[float]:
    """What a filter that lets all stay measures, in the order of the rows."""
    kept, _ = rule.apply(dataset)
    by_id = dict(zip(kept["id"][:], kept[rule.measured][:], strict=True))
    return (by_id[key] or 0 for key in dataset["id"][:])


def main() -> None:
    folder = reading(__doc__ or "").parse_args().data
    print(f"{'set':<12}{'filter':<20}{'at_most':<16}{'of':>6}{HEADS}{'alarms':>8}")
    for name, (path, same) in PAIRS.items():
        printed(name, *pairs(folder / path, same))
    printed("Toolformer", *calls(folder / CALLS, apart=False))
    printed("- apart", *calls(folder / CALLS, apart=True))


if __name__ == "__main__":
    main()
