"""The steps of a split by rounds over Daft beside those in one process: the same columns, time of a processor, memory.

    uv run python -m tests.benchmarks.bench_split_by_rounds [--rows 100000] [--steps split.apart split split.leak]

Rows are those of bench_million.py. Every tenth row of a build before is known by its keys to be on a side, for
`split.apart` and `split`. What each row says alone is made beforehand. Each step is a process of its own; families are
made by `split.family`, which `--steps` may name too.
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
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hfsft.hashing import digest, unit

STEPS = ("split.apart", "split", "split.leak")
KINDS = {**dict.fromkeys(("id", "seed_id", "origin", "instruction", "context", "topic", "family", "split"), "string")}
KINDS |= {"split_keys": ["string"], "likeness_key": "binary", "likeness_sketch": "binary"}
AT_ONCE = 16_000


def made(which: str, known: dict[str, str]) -> Any:
    """What a step does."""
    from hfsft.stages.split.joins import Parting
    from hfsft.stages.split.overlap import Overlap
    from hfsft.stages.split.row_families import Naming
    from hfsft.stages.split.sides import Giving

    functions = {
        "split.family": Naming(0.6),
        "split.apart": Parting(lambda: known, 0.6),  # type: ignore[arg-type,return-value]
        "split": Giving(lambda: known, 0.1, "topic", 0.05),  # type: ignore[arg-type,return-value]
        "split.leak": Overlap(),
    }
    return functions[which]


def prepared(folder: Path, count: int) -> None:
    """Write rows with keys, sketches, families and sides."""
    from hfsft.rows.features import arrow_schema
    from hfsft.stages.split.row_families import Naming, Sketching, keys_by_row
    from tests.benchmarks.bench_million import rows

    asked = [row["instruction"] for row in rows(count)]
    ids = [digest([place, said], 16) for place, said in enumerate(asked)]
    batch: dict[str, list[Any]] = {"id": ids, "seed_id": ids, "origin": ["example"] * count, "instruction": asked}
    batch |= {"context": [None] * count, "topic": [f"topic {place % 20}" for place in range(count)]}
    batch |= keys_by_row(batch)
    batch |= Sketching(0.6)(batch)
    batch |= Naming(0.6)(batch)
    batch |= made("split", {})(batch)
    pq.write_table(pa.table(batch, schema=arrow_schema(KINDS)), folder / "rows.parquet", row_group_size=AT_ONCE)


def known_in(folder: Path) -> dict[str, str]:
    """The sides that a build before gave, mostly those that rows have now."""
    table = pq.read_table(folder / "rows.parquet", columns=["split_keys", "split"])
    known = {}
    for (key, *_), side in zip(table["split_keys"].to_pylist(), table["split"].to_pylist(), strict=True):
        if unit(key, "known") < 0.1:
            known[key] = "validation" if unit(key, "other") < 0.01 else side
    return known


def measured(folder: Path, which: str, *, rounds: bool) -> dict[str, Any]:
    """What one step makes, in this process."""
    from hfsft.engine.on_daft.queries import daft_module
    from hfsft.engine.on_daft.shuffles import Rounds, Shuffled
    from hfsft.engine.on_daft.work_folder import WorkFolder
    from hfsft.engine.spread.scattered import NUMBER
    from hfsft.rows.features import values_of

    function = made(which, known_in(folder))
    names = {"split.leak": ["id", "split", "instruction", "context"], "split": ["split_keys", "family", "topic"]}
    given = names.get(which, [name for name in KINDS if name != "split"])
    before = time.process_time()
    if rounds:
        frame = daft_module().read_parquet(str(folder / "numbered.parquet"))
        kinds = {NUMBER: "int64", **{name: KINDS[name] for name in given}}
        lie = Shuffled(lambda wanted: frame.select(*wanted), kinds, Rounds(WorkFolder.of(folder / which), which))
        found = function.spread(lie).kept("made").collected().sort_by(NUMBER)
        columns = {name: found[name].to_pylist() for name in sorted(found.column_names) if name != NUMBER}
        there = found[NUMBER].to_pylist()
    else:
        table = pq.read_table(folder / "rows.parquet", columns=given)
        batch = function({name: values_of(table[name]) for name in given})
        there = [place for place in range(len(table)) if any(batch[name][place] is not None for name in batch)]
        columns = {name: [batch[name][place] for place in there] for name in sorted(batch)}
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {"cpu": time.process_time() - before, "peak": used.ru_maxrss / (1 << 20)}
    return {**told, "digest": digest([there, columns]), "rows": len(there)}


def main() -> None:
    asked = ArgumentParser()
    asked.add_argument("--rows", type=int, default=100_000)
    asked.add_argument("--steps", nargs="+", default=STEPS)
    asked.add_argument("--folder")
    asked.add_argument("--only", choices=("prepared", "here", "rounds"))
    given = asked.parse_args()
    if given.only == "prepared":
        prepared(Path(given.folder), given.rows)
        table = pq.read_table(Path(given.folder) / "rows.parquet")
        numbers = pa.array(range(len(table)), pa.int64())
        table = table.append_column("hfsft:number", numbers)
        pq.write_table(table, Path(given.folder) / "numbered.parquet", row_group_size=AT_ONCE)
        return
    if given.only:
        print(json.dumps(measured(Path(given.folder), given.steps[0], rounds=given.only == "rounds")))
        return
    with tempfile.TemporaryDirectory() as folder:
        again = [sys.executable, "-m", "tests.benchmarks.bench_split_by_rounds", "--folder", folder]
        subprocess.run([*again, "--only", "prepared", "--rows", str(given.rows)], check=True)
        for step in given.steps:
            told = {}
            for which in ("here", "rounds"):
                made_by = subprocess.run([*again, "--only", which, "--steps", step], stdout=subprocess.PIPE, check=True)
                found = told[which] = json.loads(made_by.stdout)
                each = 1e6 * found["cpu"] / given.rows
                print(f"{step:12} {which:6} {found['cpu']:7.1f} s CPU, {each:6.1f} µs a row, {found['peak']:.2f} GiB")
            assert told["here"]["digest"] == told["rounds"]["digest"], f"{step}: other columns"


if __name__ == "__main__":
    main()
