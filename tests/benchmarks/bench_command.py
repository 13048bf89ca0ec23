"""How close the whole command comes to the ideal, from a cold start, beside a plain aiohttp script in the same run.

    uv run python tests/benchmarks/bench_command.py

Generates and judges 1,000 rows, filters, splits and writes. Ideal is calls x latency / concurrency, without start-up.
Both run with their modules compiled, as from the second run of any installation on, whatever the environment says of
bytecode. CPU is that of a command with its helper processes: where a machine has other work, only that can be compared.
Wanted: at most 1.2 of it at 64, 2.2 at 256, under 220 MiB, and 10 rows within 3 s.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LATENCY, ROWS = 0.2, 1000
HERE = Path(__file__).parent
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
PLAIN = """
import asyncio, sys, aiohttp
url, calls, concurrency = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
async def main():
    gate = asyncio.Semaphore(concurrency)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        async def ask(index):
            body = {"model": "canned", "messages": [{"role": "user", "content": f"Question {index}?"}]}
            async with gate, session.post(f"{url}/chat/completions", json=body) as response:
                return await response.json()
        await asyncio.gather(*map(ask, range(calls)))
asyncio.run(main())
"""


def recipe(url: str, rows: int, concurrency: int) -> dict[str, object]:
    model = {"model": "canned", "base_url": url, "concurrency": concurrency}
    prompts = [f"Customer {i} asks: order {i * 7919} was charged {i % 9 + 2} times, what now?" for i in range(rows)]
    return {
        "name": f"bench-{rows}-{concurrency}",
        "models": {"writer": model, "judge": model},
        "seeds": [{"prompts": prompts}],
        "generate": {},
        "judge": {"rubric": {"relevance": "Does it answer?", "usefulness": "Does it help?"}},
        "filters": [{"tokens": {"at_least": 5}}, "refusal", {"score": {"mean": {"at_least": 3}}}],
    }


def environment(**more: str) -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if name != NO_BYTECODE}, **more}


def used_by_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def build(url: str, rows: int, concurrency: int, compiled: str) -> None:
    import yaml

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.yaml"
        path.write_text(yaml.safe_dump(recipe(url, rows, concurrency)))
        command = [sys.executable, "-m", "hfsft", "build", str(path), "--out", str(Path(folder) / "build"), "--json"]
        began = time.perf_counter()
        before = used_by_children()
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(HF_HOME=folder, PYTHONPYCACHEPREFIX=compiled),
        )
        assert process.stdout
        summary = json.loads(process.stdout.read())
        # The memory of the larger of its two processes: one of them only draws.
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        assert not status
        steps = {line["step"]: line["seconds"] for line in summary["funnel"]}
    memory, asking = used.ru_maxrss / 1024, steps["generate"] + steps["judge"]
    cpu = used_by_children() - before
    show("hfsft", rows, concurrency, wall, f"CPU {cpu:.2f} s, {memory:.0f} MiB, asking {asking:.2f} s")


def plain(url: str, rows: int, concurrency: int, compiled: str) -> None:
    began, before = time.perf_counter(), used_by_children()
    command = [sys.executable, "-c", PLAIN, url, str(2 * rows), str(concurrency)]
    subprocess.run(command, check=True, env=environment(PYTHONPYCACHEPREFIX=compiled))
    show("plain", rows, concurrency, time.perf_counter() - began, f"CPU {used_by_children() - before:.2f} s")


def show(name: str, rows: int, concurrency: int, wall: float, more: str = "") -> None:
    ideal = 2 * rows * LATENCY / concurrency
    print(f"{rows:>5} rows C={concurrency:<4} {name:6} {wall:6.2f} s = {wall / ideal:5.2f} x ideal  {more}", flush=True)


def main() -> None:
    command = [sys.executable, str(HERE / "loopback.py"), str(LATENCY)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
    try:
        with tempfile.TemporaryDirectory() as compiled:
            # The first of both compile what they import.
            for rows, concurrency in ((10, 64), (ROWS, 64), (ROWS, 256), (10, 64)):
                for _ in range(2):
                    plain(url, rows, concurrency, compiled)
                    build(url, rows, concurrency, compiled)
    finally:
        server.kill()


if __name__ == "__main__":
    main()
