"""How throughput grows with askers and replicas: each replica takes so many requests at once, and no more.

    uv run python tests/benchmarks/bench_askers.py [--rows 600] [--latency 0.5] [--each 8] [--counts 1 2 4]

For each count as many loopback servers are one model, and as many processes of a cluster ask them: a head and two
nodes, on this machine. Printed are the seconds of the step that asks, its calls a second, and the share of what the
replicas could answer, with the seconds in which processes start. On few cores the askers' own CPU is the bound: it is
printed too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.bench_engines import used_by
from tests.engine.cluster.nodes import Nodes

HERE = Path(__file__).parent


def build(folder: Path, engine: str, count: int) -> None:
    """In a process of its own."""
    from hfsft.pipeline.building import run

    more = {"executor": engine, "work": folder / f"work-{count}", "askers": count} if engine else {}
    built, _ = run(folder / f"askers-{count}.yaml", out=folder / "out", **more)
    print(json.dumps({line.step: [line.seconds, line.calls] for line in built.ledger.funnel if line.calls}))


def measured(folder: Path, asked: argparse.Namespace, count: int, nodes: Nodes) -> None:
    """A build with so many askers and replicas."""
    server = [sys.executable, str(HERE / "loopback.py"), str(asked.latency)]
    servers = [subprocess.Popen(server, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    try:
        urls = [f"http://127.0.0.1:{each.stdout.readline().strip()}/v1" for each in servers if each.stdout]
        recipe = {
            "name": f"askers-{count}",
            "models": {"writer": {"model": "canned", "base_url": urls, "concurrency": asked.each * count}},
            "seeds": [
                {
                    "prompts": [
                        f"Order {n * 7919} of {count} was charged twice, what now?" for n in range(asked.rows * count)
                    ]
                }
            ],
            "generate": {},
            "filters": [],
        }
        (folder / f"askers-{count}.yaml").write_text(yaml.safe_dump(recipe))
        command = [sys.executable, __file__, "--build", str(folder), "--engine", nodes.engine, "--counts", str(count)]
        before, own = used_by(nodes), os.times()
        env = {**os.environ, "HF_HOME": str(folder / f"home-{count}")}
        said = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, env=env).stdout
        used = os.times()
        cpu = used_by(nodes) - before + used.children_user + used.children_system
        cpu -= own.children_user + own.children_system
        ((seconds, calls),) = json.loads(said.splitlines()[-1]).values()
        could = asked.each * count / asked.latency
        print(f"{count} askers: {seconds:6.1f} s, {calls / seconds:6.1f} calls/s = {calls / seconds / could:.2f} of "
              f"{could:.0f}, {cpu:.1f} CPU s of all processes", flush=True)  # fmt: skip
    finally:
        for each in servers:
            each.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=600, help="of each replica: all take as long")
    parser.add_argument("--latency", type=float, default=0.5)
    parser.add_argument("--each", type=int, default=8, help="requests at once of one replica")
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--build", help=argparse.SUPPRESS)
    parser.add_argument("--engine", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.build:
        build(Path(asked.build), asked.engine, asked.counts[0])
        return
    nodes = Nodes()
    try:
        with tempfile.TemporaryDirectory(prefix="hfsft-askers-") as name:
            for count in asked.counts:
                measured(Path(name), asked, count, nodes)
    finally:
        nodes.end()


if __name__ == "__main__":
    main()
