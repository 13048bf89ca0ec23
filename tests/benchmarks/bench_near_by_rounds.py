"""Near pairs by rounds over Daft beside the search in one process: the same pairs, seconds of the processor, memory.

    uv run python -m tests.benchmarks.bench_near_by_rounds [--rows 100000] [--kind different|template]

Rows of 120 words, of which one in ten is a copy of one before with words changed, or prompts of a few templates.
Sketches are made beforehand: they are a row-wise step of their own in either engine.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

import pyarrow.parquet as pq

from hfsft.hashing import digest
from tests.benchmarks.peer_datasketch import made_up

FLOOR = 0.6


def templates(count: int) -> list[str]:
    """Prompts of twenty templates, filled in with words and numbers."""
    texts, _ = made_up(200)
    words, draw = " ".join(texts).split(), random.Random(2)
    frames = [draw.choices(words, k=30) for _ in range(20)]
    made = []
    for _ in range(count):
        said = list(draw.choice(frames))
        said[10:12] = [*draw.choices(words, k=3), str(draw.randrange(10**6))]
        made.append(" ".join(said))
    return made


def prepared(folder: Path, rows: int, kind: str) -> None:
    """Write keys, sketches and texts of made-up rows."""
    from tests.near.by_rounds import scattered

    known, said = scattered(templates(rows) if kind == "template" else made_up(rows)[0], at_least=FLOOR)
    pq.write_table(known.table, folder / "known.parquet", row_group_size=16_000)
    pq.write_table(said.table, folder / "said.parquet", row_group_size=16_000)


def here(folder: Path) -> list[tuple[int, int, float]]:
    """The search in one process."""
    from hfsft.similarity import LexicalIndex, Sketched

    known, said = (pq.read_table(folder / f"{name}.parquet") for name in ("known", "said"))
    texts = said["texts"]

    def read(places: object) -> list[tuple[str, ...]]:
        return [tuple(each) for each in texts.take(list(places)).to_pylist()]  # type: ignore[call-overload]

    index = LexicalIndex[int]()
    sketched = Sketched(known["key"].to_pylist(), said["sketch"].to_pylist(), FLOOR, read)
    index.add(range(known.num_rows), sketched)
    return list(index.pairs(FLOOR, ranked=True))


def daft(folder: Path) -> list[tuple[int, int, float]]:
    """Rounds."""
    from hfsft.engine.on_daft.queries import daft_module
    from hfsft.engine.on_daft.shuffles import Rounds, Shuffled
    from hfsft.engine.on_daft.work_folder import WorkFolder
    from hfsft.near import KNOWN, SAID
    from tests.near.by_rounds import by_rounds

    rounds, tables = Rounds(WorkFolder.of(folder), "key"), []
    for name, kinds in (("known", KNOWN), ("said", SAID)):
        frame = daft_module().read_parquet(str(folder / f"{name}.parquet"))
        tables.append(Shuffled(lambda names, frame=frame: frame.select(*names), kinds, rounds))
    known, said = tables
    found = by_rounds(known, said, FLOOR)
    return [*((first, copy, 1.0) for copy, first in found.copies.items()), *found.alike]


def main() -> None:
    asked = ArgumentParser()
    asked.add_argument("--rows", type=int, default=100_000)
    asked.add_argument("--kind", choices=("different", "template"), default="different")
    asked.add_argument("--only")
    asked.add_argument("--folder")
    given = asked.parse_args()
    if given.only == "prepared":
        prepared(Path(given.folder), given.rows, given.kind)
        return
    if given.only:
        before = time.process_time()
        pairs = sorted({"here": here, "daft": daft}[given.only](Path(given.folder)))
        used = resource.getrusage(resource.RUSAGE_SELF)
        told = {"cpu": time.process_time() - before, "peak": used.ru_maxrss / (1 << 20)}
        print(json.dumps({**told, "pairs": len(pairs), "digest": digest(pairs)}))
        return
    with tempfile.TemporaryDirectory() as folder:
        again = [sys.executable, "-m", "tests.benchmarks.bench_near_by_rounds", "--folder", folder]
        subprocess.run([*again, "--only", "prepared", "--rows", str(given.rows), "--kind", given.kind], check=True)
        told = {
            which: json.loads(subprocess.run([*again, "--only", which], stdout=subprocess.PIPE, check=True).stdout)
            for which in ("here", "daft")
        }
    for which, found in told.items():
        print(f"{which:6} {found['cpu']:7.1f} s CPU, {found['peak']:.2f} GiB at most, {found['pairs']} pairs")
    assert told["here"]["digest"] == told["daft"]["digest"], "other pairs"
    print(f"by rounds {told['daft']['cpu'] / told['here']['cpu']:.2f} times the time in one process, the same pairs")


if __name__ == "__main__":
    main()
