"""A build by each engine in turn: what it costs beside the local one, and whether they build the same.

    uv run python tests/benchmarks/bench_engines.py --rows 100000 [--engines local daft ray] [--again] [--steps]

`ray` is a cluster of a head and two nodes of one CPU each, on this machine, whose processes are counted too.
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
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.bench_million import Watch, rows

RAY = "ray"
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

    work = folder / "work" if engine.startswith("ray:") else None
    built, _ = run(folder / "engines.yaml", out=folder / engine.partition(":")[0], executor=engine, work=work)
    print(json.dumps([(line.step, line.seconds) for line in built.ledger.funnel]))


def used_by(nodes: Any) -> float:
    """CPU seconds of all processes of a cluster, and of those that they started and that ended."""
    import psutil

    from tests.engine.cluster.nodes import _all_of

    seconds = 0.0
    for node in (*nodes.workers, nodes._cluster.head_node) if nodes else ():
        for process in _all_of(node):
            with suppress(psutil.Error):
                seconds += sum(process.cpu_times()[:4])
    return seconds


def measured(
    folder: Path, engine: str, first: tuple[float, int] | None, nodes: Any, *, steps: bool
) -> tuple[float, int]:
    """CPU seconds and the largest memory of a build by an engine; that of a cluster's nodes is not in it."""
    nodes = nodes if engine == RAY else None
    command = [sys.executable, __file__, "--build", str(folder), "--engines", nodes.engine if nodes else engine]
    began, before = time.perf_counter(), used_by(nodes)
    home = {"HF_HOME": str(folder / f"home-{engine}")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **home})
    watch = Watch(process.pid)
    assert process.stdout
    said = process.stdout.read()
    _, status, spent = os.wait4(process.pid, 0)
    watch.end()
    if status:
        raise SystemExit(f"the build by {engine} ended with {status}")
    cpu = spent.ru_utime + spent.ru_stime + used_by(nodes) - before
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
    nodes = None
    if RAY in asked.engines:
        from tests.engine.cluster.nodes import Nodes

        nodes = Nodes()
    try:
        compare(asked, nodes)
    finally:
        if nodes:
            nodes.end()


def compare(asked: argparse.Namespace, nodes: Any) -> None:
    """All engines in turn."""
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
                found = measured(folder, engine, first, nodes, steps=asked.steps)
                first = first or found
                ledgers.add(hashlib.sha256((folder / engine / "engines" / "ledger.jsonl").read_bytes()).hexdigest())
            print("one ledger" if len(ledgers) == 1 else "LEDGERS DIFFER")


if __name__ == "__main__":
    main()
