"""How close the pool comes to the ideal, beside a plain aiohttp script that keeps nothing, in one run.

    uv run python tests/benchmarks/bench_pool.py
    uv run python tests/benchmarks/bench_pool.py store    # looking one answer up among a million

Ideal is requests x latency / concurrency. Wanted: at most 1.10 of it at 64, 1.25 at 256, and 0.4 ms of CPU a request
where the plain script takes 0.13. The gentle start costs 0.03 s: a quarter of the places is used at once, another
quarter each 10 ms.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LATENCY, REQUESTS = 0.2, 2000
QUESTION = "A customer was charged twice for order {0} and asks when the money comes back. " * 3
RUNS = ("plain", "pool", "plain", "pool")


def pool(url: str, concurrency: int) -> None:
    # Imported first here and in `plain`, so that both measure their requests alone.
    import filelock  # noqa: F401

    import hfsft.models.http.client  # noqa: F401
    from hfsft.__main__ import OBJECTS
    from hfsft.models.model import Model, Request
    from hfsft.models.pool import Pool
    from hfsft.models.store.store import Store

    def row(index: int):
        def start():
            answer = yield Request("m", ({"role": "user", "content": QUESTION.format(index)},), max_tokens=256)
            return answer.text

        return str(index), start

    with tempfile.TemporaryDirectory() as folder:
        models = {"m": Model(model="canned", base_url=url, concurrency=concurrency)}
        Pool.prepare()  # as a build does while it waits for the first answers
        gc.set_threshold(OBJECTS)  # as the command does
        with Measured(concurrency), Pool(models, Store(Path(folder) / "r.sqlite")) as asked:
            assert not asked.drive("bench", map(row, range(REQUESTS)), total=REQUESTS)


def plain(url: str, concurrency: int) -> None:
    import aiohttp

    async def main() -> None:
        gate = asyncio.Semaphore(concurrency)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def ask(index: int) -> str:
                body = {"model": "canned", "messages": [{"role": "user", "content": QUESTION.format(index)}]}
                async with gate, session.post(f"{url}/v1/chat/completions", json=body) as response:
                    return (await response.json())["choices"][0]["message"]["content"]

            await asyncio.gather(*map(ask, range(REQUESTS)))

    with Measured(concurrency):
        asyncio.run(main())


class Measured:
    def __init__(self, concurrency: int) -> None:
        self.ideal = REQUESTS * LATENCY / concurrency

    def __enter__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def __exit__(self, *error: object) -> None:
        wall, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found = {"ratio": wall / self.ideal, "wall_s": wall, "cpu_ms": cpu / REQUESTS * 1000, "mib": memory}
        print(json.dumps({name: round(value, 3) for name, value in found.items()}))


def lookups() -> None:
    """Time to find one answer among a million."""
    from hfsft.models.model import Answer
    from hfsft.models.store.store import Entry, Store, write

    def key(index: int) -> str:
        return hashlib.sha256(b"%d" % index).hexdigest()

    count, tries = 1_000_000, 20_000
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "r.sqlite") as store:
        connection = store.connect()
        began = time.perf_counter()
        for first in range(0, count, 1000):
            request = QUESTION.format(first)
            write(connection, [Entry(key(i), request, Answer("word " * 100), "m") for i in range(first, first + 1000)])
        written = count / (time.perf_counter() - began)
        connection.close()
        chosen = [key(random.randrange(count)) for _ in range(tries)]
        began = time.perf_counter()
        assert all(map(store.get, chosen))
        found = (time.perf_counter() - began) / tries * 1e6
        began = time.perf_counter()
        assert not any(store.get(key(count + i)) for i in range(tries))
        missed = (time.perf_counter() - began) / tries * 1e6
        size = store.path.stat().st_size / 2**20
    print(f"a store of {count:,} answers: {size:.0f} MiB, {written:,.0f} written a second")
    print(f"an answer is found in {found:.0f} us, missed in {missed:.0f} us")


def main() -> None:
    here = Path(__file__)
    server = subprocess.Popen(
        [sys.executable, str(here.with_name("loopback.py")), str(LATENCY)], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout
    url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
    try:
        for concurrency in (64, 256):
            for kind in RUNS:
                command = [sys.executable, str(here), kind, url, str(concurrency)]
                result = subprocess.run(command, capture_output=True, text=True, check=True)
                print(f"C={concurrency:<4} {kind:6} {result.stdout.strip()}", flush=True)
    finally:
        server.kill()


if __name__ == "__main__":
    if sys.argv[1:] == ["store"]:
        lookups()
    elif sys.argv[1:]:
        {"pool": pool, "plain": plain}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
    else:
        main()
