"""Near vectors by rounds over Daft beside the search in one process: the same pairs, seconds of the processor, memory.

    uv run python -m tests.benchmarks.bench_vectors_by_rounds [--rows 60000]

Vectors of 256 numbers around as many topics as there are fifties of rows; a quarter are near copies of others.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hfsft.hashing import digest
from hfsft.near import VECTORS
from hfsft.rows.features import arrow_schema

FLOOR, WIDTH = 0.9, 256


def prepared(folder: Path, rows: int) -> None:
    """Write vectors that are made up."""
    draw = np.random.default_rng(1)
    topics = draw.normal(size=(rows // 50, WIDTH))
    made = topics[draw.integers(0, len(topics), rows)] * 0.8 + draw.normal(size=(rows, WIDTH)) * 0.6
    made[-(rows // 4) :] = made[draw.integers(0, rows // 2, rows // 4)] + 0.25 * draw.normal(size=(rows // 4, WIDTH))
    said = [each.tobytes() for each in made.astype(np.float32)]
    ranks = [number.to_bytes(8, "big") for number in range(rows)]
    table = pa.table([list(range(rows)), ranks, [b""] * rows, said], schema=arrow_schema(VECTORS))
    pq.write_table(table, folder / "vectors.parquet", row_group_size=16_000)


def here(folder: Path) -> list[tuple[int, int, float]]:
    """The search in one process."""
    from hfsft.similarity import DenseIndex

    said = pq.read_table(folder / "vectors.parquet")["vector"].to_pylist()
    index = DenseIndex[int]()
    index.add(range(len(said)), np.frombuffer(b"".join(said), np.float32).reshape(len(said), -1))
    return list(index.pairs(FLOOR))


def by_rounds(folder: Path) -> list[tuple[int, int, float]]:
    """The search by rounds."""
    from hfsft.engine.on_daft.queries import daft_module
    from hfsft.engine.on_daft.shuffles import Rounds, Shuffled
    from hfsft.engine.on_daft.work_folder import WorkFolder
    from hfsft.near import near_vectors

    frame = daft_module().read_parquet(str(folder / "vectors.parquet"))
    known = Shuffled(lambda names: frame.select(*names), VECTORS, Rounds(WorkFolder.of(folder), "vectors"))
    found = near_vectors(known, FLOOR).pairs.collected()
    return list(zip(*found.to_pydict().values(), strict=True))


def main() -> None:
    """Print what both take; this module is called again for each."""
    parser = ArgumentParser()
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--how", choices=("here", "by_rounds"))
    given = parser.parse_args()
    if given.how:
        began = time.monotonic()
        pairs = (here if given.how == "here" else by_rounds)(given.folder)
        used = resource.getrusage(resource.RUSAGE_SELF)
        told = {"pairs": len(pairs), "hash": digest(sorted(pairs)), "cpu_s": round(used.ru_utime + used.ru_stime, 1)}
        print(json.dumps({**told, "s": round(time.monotonic() - began, 1), "peak_gib": used.ru_maxrss / 2**20}))
        return
    with tempfile.TemporaryDirectory() as name:
        prepared(Path(name), given.rows)
        for how in ("here", "by_rounds"):
            again = [sys.executable, "-m", "tests.benchmarks.bench_vectors_by_rounds", "--folder", name, "--how", how]
            print(how, subprocess.run(again, check=True, capture_output=True, text=True).stdout.strip(), flush=True)


if __name__ == "__main__":
    main()
