"""What each filter that needs no arguments costs: microseconds of the processor for a row, and which are default.

    uv run python -m tests.benchmarks.bench_filters [ROWS]

Rows are those of `bench_million`: a question of 40 words and an answer of 80. A whole build without a model may take
1,800 for a row, so that a million rows end in 15 minutes on two cores.
"""

from __future__ import annotations

import sys
import time

from hfsft.engine.step import Step
from hfsft.errors import ArgumentError
from hfsft.filters import DEFAULT_FILTERS, FILTERS
from hfsft.rows.batch import Batch
from tests.benchmarks.bench_million import rows

BATCH = 1000


def batches(count: int) -> list[Batch]:
    made = [{"id": str(place), "origin": "example", **row} for place, row in enumerate(rows(count))]
    return [
        {name: [row[name] for row in made[start : start + BATCH]] for name in made[0]}
        for start in range(0, count, BATCH)
    ]


def cost(step: Step, given: list[Batch], count: int) -> float:
    step.function(given[0])  # imports, patterns, tables
    began = time.process_time()
    for batch in given:
        step.function({name: batch[name] for name in step.given(batch)})
    return (time.process_time() - began) / count * 1e6


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    given, known = batches(count), {type(each): each for each in DEFAULT_FILTERS}
    costs: dict[str, float] = {}
    for name, kind in FILTERS.items():
        try:
            rule = known.get(kind) or kind()
        except ArgumentError:
            continue  # it needs arguments
        for step in rule.steps():
            there = set(step.reads) <= set(given[0])
            if step.sees == "row" and step.bound is None and there and not step.heavy:
                label = f"{name}{' (default)' if kind in known else ''}"
                costs[label] = costs.get(label, 0) + cost(step, given, count)
    for name, spent in sorted(costs.items(), key=lambda item: -item[1]):
        print(f"{name:36} {spent:7.1f} us a row")
    print(f"{'all that are default':36} {sum(spent for name, spent in costs.items() if 'default' in name):7.1f}")


if __name__ == "__main__":
    main()
