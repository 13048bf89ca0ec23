"""A build by each engine in turn: what it costs beside the local one, and whether they build the same.

    uv run python tests/benchmarks/bench_engines.py --rows 100000 [--engines local daft] [--again] [--steps]

The rows are those of bench_million.py, through three filters over rows and two that compare them. Printed are seconds
on the clock, seconds of the processors (of all processes), and the largest memory, with the ratio to the first engine;
`--again` builds once more, of which nothing changed, and `--steps` shows the seconds of each step.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.bench_million import Watch, rows

RECIPE = """
name: engines
language: [en]
license: cc0-1.0
examples:
  - path: rows.jsonl
filters:
  - tokens: {column: response, at_least: 5, at_most: 118}
  - repetition: {column: response, at_most: 0.4}
  - control_tokens
  - exact_duplicate
  - near_duplicate: {at_most: 0.8}
split: {validation: 0.1}
"""


def build(folder: Path, engine: str) -> None:
    """In a process of its own."""
    from hfsft.pipeline.building import run

    built, _ = run(folder / "engines.yaml", out=folder / engine, executor=engine)
    print(json.dumps([(line.step, line.seconds) for line in built.ledger.funnel]))


def measured(folder: Path, engine: str, first: tuple[float, int] | None, *, steps: bool) -> tuple[float, int]:
    """CPU seconds and the largest memory of a build by an engine."""
    command = [sys.executable, __file__, "--build", str(folder), "--engines", engine]
    began = time.perf_counter()
    home = {"HF_HOME": str(folder / f"home-{engine}")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **home})
    watch = Watch(process.pid)
    assert process.stdout
    said = process.stdout.read()
    _, status, spent = os.wait4(process.pid, 0)
    watch.end()
    if status:
        raise SystemExit(f"the build by {engine} ended with {status}")
    cpu = spent.ru_utime + spent.ru_stime
    memory, own = watch.peak.resident >> 20, watch.peak.anonymous >> 20
    ratio = f", {cpu / first[0]:.2f} x CPU, {own / first[1]:.2f} x own memory" if first else ""
    print(f"{engine}: {time.perf_counter() - began:.1f} s, {cpu:.1f} CPU s, {memory} MiB, own {own} MiB{ratio}")
    for step, seconds in json.loads(said) if steps else ():
        if seconds >= 0.05:
            print(f"    {step:44} {seconds:8.2f} s")
    return cpu, own


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--engines", nargs="+", default=["local", "daft"])
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--steps", action="store_true")
    parser.add_argument("--build", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.build:
        build(Path(asked.build), asked.engines[0])
        return
    with tempfile.TemporaryDirectory(prefix="hfsft-engines-") as name:
        folder = Path(name)
        with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows(asked.rows))
        (folder / "engines.yaml").write_text(RECIPE, encoding="utf-8")
        for what in ("first build", "nothing changed")[: 1 + asked.again]:
            print(f"{what}, {asked.rows:,} rows")
            first, ledgers = None, set()
            for engine in asked.engines:
                (folder / "engines.sides.jsonl").unlink(missing_ok=True)
                found = measured(folder, engine, first, steps=asked.steps)
                first = first or found
                ledgers.add(hashlib.sha256((folder / engine / "engines" / "ledger.jsonl").read_bytes()).hexdigest())
            print("one ledger" if len(ledgers) == 1 else "LEDGERS DIFFER")


if __name__ == "__main__":
    main()
