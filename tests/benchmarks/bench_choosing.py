"""Steps that see all rows, worked out by a process that holds them and by rounds: processor seconds and memory.

    uv run python tests/benchmarks/bench_choosing.py --rows 100000 [--only size.rank]

Rows are made: a question of some 40 words, one of some 300 topics, a score, a vector of 64 numbers. They lie in parts,
as over Daft. Printed are the seconds of the processors and by how many MB the largest memory of the process is
above what it took before, of a process of its own each; what comes of it is compared.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ["DAFT_ANALYTICS_ENABLED"] = "0"

import numpy as np

from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.engine.resources import Work
from hfsft.engine.step import Step
from hfsft.hashing import digest
from hfsft.stages.balancing.balance import UNBALANCED, Balance
from hfsft.stages.guards.people import keeping_share
from hfsft.stages.judging.bias.length_adjusted import adjusting_step
from hfsft.stages.judging.bias.measured import placing_step
from hfsft.stages.selecting.select import UNSELECTED
from hfsft.stages.selecting.twin import CHOSEN
from hfsft.stages.sizing.trim import trimming

KINDS: dict[str, Any] = {
    **dict.fromkeys(("id", "origin", "topic", "instruction", "response"), "string"),
    "score_mean": "float64",
    "vector_instruction": "vector[64]",
}


def rows(count: int) -> Iterator[dict[str, Any]]:
    """So many rows, the same on every machine."""
    draw, vectors = random.Random(1), np.random.default_rng(1)
    words = ["".join(draw.choices("aeioubcdfg", k=6)) for _ in range(5_000)]
    for number in range(count):
        vector = vectors.normal(size=64).astype(np.float32)
        yield {
            "id": digest(number, 16),
            "origin": draw.choice(["seed", *["evolved"] * 9]),
            "topic": f"topic {int(draw.paretovariate(0.5)) % 300}",
            "instruction": " ".join(draw.choices(words, k=40)),
            "response": " ".join(draw.choices(words, k=draw.randint(40, 120))),
            "score_mean": draw.randint(4, 20) / 4,
            "vector_instruction": vector / np.linalg.norm(vector),
        }


def steps() -> dict[str, Step]:
    """What is measured."""
    rules = [Balance.model_validate({"column": "topic", "share": {"at_most": 0.02}}).told]
    balance = Step(
        "balance.decide",
        sees="all",
        reads=("id", "topic", "score_mean"),
        writes={UNBALANCED: "string"},
        work=Work("hfsft.stages.balancing.balance:deciding", {"rules": rules}),
    )

    def walk(**more: Any) -> Step:
        how = {"rows": 5_000, "by": ["score_mean"], "random": True, **more}
        return Step(
            "select.walk",
            sees="all",
            reads=("id", "score_mean", *filter(None, [more.get("compared")])),
            writes={UNSELECTED: "string", f"{UNSELECTED}_of": "string", CHOSEN: "string"},
            work=Work("hfsft.stages.selecting.select:walking", how),
        )

    return {
        "guards.people": keeping_share(0.3, None)[0],  # type: ignore[arg-type]
        "size.rank": trimming(1_000, ["topic"])[0],
        "judge.place": placing_step("judge.place"),
        "judge.adjust": adjusting_step("judge.adjust", ["mean"]),
        "balance": balance,
        "select": walk(),
        "select, by meaning": walk(compared="vector_instruction", at_most=0.35),
        "select, by words": walk(compared="instruction", at_most=0.6),
    }


def one(folder: Path, name: str, spread: bool, count: int) -> None:
    """One step in this process; what it took is printed as JSON."""
    source = Step("source", rows="source", writes=KINDS).doing(lambda: rows(count))
    with OnDaft(folder, spread_from=0 if spread else sys.maxsize) as engine:
        lie = engine.source(source, None).rows
        if not name:
            return
        step = replace(steps()[name], identity={"measured": [name, spread]})  # nothing is taken from the other way
        started = time.process_time()
        Path("/proc/self/clear_refs").write_text("5")
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        made = engine.all(lie, step, None).rows
        took = time.process_time() - started
        status = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
        said = digest([list(made[each]) for each in step.writes])
        print(json.dumps({"cpu": took, "mb": (int(status) * 1024 - resident) / 1e6, "said": said}))


def main() -> None:
    """Each step both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only", default="")
    parser.add_argument("--one", nargs=3)
    given = parser.parse_args()
    if given.one:
        one(Path(given.one[0]), given.one[1], given.one[2] == "rounds", given.rows)
        return
    with tempfile.TemporaryDirectory() as folder:
        one(Path(folder) / "rows", "", False, given.rows)
        print(f"{given.rows:,} rows | CPU s held | CPU s by rounds | MB held | MB by rounds", flush=True)
        for name in steps():
            if given.only and given.only != name:
                continue
            found = []
            for way in ("held", "rounds"):
                command = [sys.executable, __file__, "--rows", str(given.rows), "--one", f"{folder}/rows", name, way]
                found.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
            held, spread = found
            assert held["said"] == spread["said"], name
            print(
                f"{name} | {held['cpu']:.1f} | {spread['cpu']:.1f} | {held['mb']:,.0f} | {spread['mb']:,.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
