"""Speed of the search for near-duplicates, and what MinHash misses of them.

    uv run python tests/benchmarks/bench_near_duplicate.py [rows.jsonl[.gz] column]
    uv run python tests/benchmarks/bench_near_duplicate.py --beside datasketch [--rows 100000]

Without a file it makes 6,000 short questions from a few hundred, each changed in a word or two.

With `--beside` it makes rows of 120 words, one in ten a copy of an earlier one with some words changed, and searches
them by ours and by plain datasketch (`MinHash.update_batch` over the same runs of characters, then `MinHashLSH`), each
in a process of its own, one right after the other: seconds of the processor, memory, the recall of the copies that are
above the bound by a count of their runs, and the share of the pairs that are what they are said to be.
"""

from __future__ import annotations

import gzip
import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from hfsft.similarity import normalise
from hfsft.similarity.lexical.measure import EveryPair
from tests.similarity.pairs import near_pairs

COUNT = 6_000
BOUNDS = (0.6, 0.7, 0.8, 0.9)


def made_up(count: int) -> list[str]:
    """Questions that are alike in groups, the same on every machine."""
    draw = random.Random(7)
    vowels, consonants = "aeiou", "bcdfglmnprstv"
    words = [
        "".join(draw.choice(consonants) + draw.choice(vowels) for _ in range(draw.randint(1, 4))) for _ in range(900)
    ]
    patterns = [draw.choices(words, k=draw.randint(6, 16)) for _ in range(count // 20)]
    rows = []
    for _ in range(count):
        row = list(draw.choice(patterns))
        for _ in range(draw.randint(0, 4)):
            row[draw.randrange(len(row))] = draw.choice(words)
        rows.append(" ".join(row))
    return rows


def read(path: Path, column: str) -> list[str]:
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
        return [text for line in lines if (text := json.loads(line).get(column))]


def brute_force(texts: list[str]) -> dict[tuple[str, str], float]:
    """Every pair of different texts with its similarity, from the lowest bound on."""
    alike = np.triu(EveryPair(texts).square(), 1)
    ones, others = np.nonzero(alike >= BOUNDS[0])
    return {
        (texts[one], texts[other]): float(alike[one, other])
        for one, other in zip(ones.tolist(), others.tolist(), strict=True)
    }


def beside(count: int) -> None:
    """Ours and datasketch over the same rows, in turns."""
    told = {}
    for which in ("datasketch", "ours"):
        command = [sys.executable, "-m", "tests.benchmarks.peer_datasketch", which, str(count)]
        told[which] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    for which, found in told.items():
        print(
            f"{which:10} {found['cpu']:7.1f} s CPU ({found['cpu'] / count * 1e6:4.0f} us a row),"
            f" {found['peak'] >> 10} MiB at most, {found['grown'] >> 10} of them for the search;"
            f" {found['found']} pairs, recall {found['recall']:.4f} of {found['true']}, right {found['right']:.4f}"
        )
    print(f"datasketch takes {told['datasketch']['cpu'] / told['ours']['cpu']:.1f} times as long as ours")


def main() -> None:
    if "--beside" in sys.argv:
        beside(int(sys.argv[sys.argv.index("--rows") + 1]) if "--rows" in sys.argv else 100_000)
        return
    texts = read(Path(sys.argv[1]), sys.argv[2]) if len(sys.argv) > 2 else made_up(COUNT)
    next(near_pairs(["warm", "up"], 0.9), None)  # imports
    different = list(dict.fromkeys(map(normalise, texts)))
    truth = brute_force(different)
    counted = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{len(texts)} rows, {len(different)} different")
    for bound in BOUNDS:
        start = time.perf_counter()
        found = {(different[i], different[j]): similarity for i, j, similarity in near_pairs(different, bound)}
        seconds = time.perf_counter() - start
        true = {pair: similarity for pair, similarity in truth.items() if similarity >= bound}
        assert all(abs(true[pair] - similarity) < 1e-9 for pair, similarity in found.items()), "a pair that is none"
        recall = len(found) / len(true) if true else 1
        print(f"at_least {bound}: {len(different) / seconds:8.0f} rows/s, {len(true)} pairs, recall {recall:.4f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"peak memory {peak} MB, of which the comparison of all pairs took {counted}")


if __name__ == "__main__":
    main()
