"""A thousand rows at a server where every tenth meets a fault, each kind in turn, with the patience of a real build.

    uv run python tests/benchmarks/bench_faults.py

Wanted: no row lost, none wrong, none sent more often than its fault asks for, and the server's own count of tokens.
Ends with 1 where that is not so.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))


def main() -> None:
    from hfsft.models.pool import Pool
    from hfsft.models.store.store import Store
    from tests.models.every_fault import FAULTS, ROWS, EveryFault, fault_of, models, tasks, wrong

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(EveryFault(drip_seconds=600.0))
        pool = stack.enter_context(Pool(models(server.url), Store(folder / "responses.sqlite")))
        began = time.perf_counter()
        failures = pool.drive("generate", tasks(), total=ROWS, max_failed_share=1)
        seconds = time.perf_counter() - began
        met = Counter(fault_of(row) for row in range(ROWS))
        print("fault                        rows  sent each  becomes")
        for name, fault in FAULTS.items():
            print(f"{name:28} {met[name]:>4} {fault.sent:>10}  {fault.cause or 'kept'}")
        spent = pool.usage.total()
        print(
            f"{ROWS} rows, {met.total() - met['']} with one of {len(FAULTS)} faults: {ROWS - len(failures)} kept, "
            f"{len(failures)} failed, {len(server.requests)} requests, "
            f"{spent.input_tokens + spent.output_tokens:,} tokens, {seconds:.1f} s"
        )
        found = wrong(pool, failures, server)
        for each in found:
            print(f"WRONG: {each}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
