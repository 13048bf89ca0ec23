"""What becomes of 60 rows, generated and judged by a schema, at each kind of server; what hfsft counts beside what the
server does.

    uv run python tests/benchmarks/bench_servers.py [kind ...]

Wanted: every row is kept with the very answer that the server gave, or failed with the true cause; tokens and cost are
the server's own. Ends with 1 where a line is not as it should be.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
PRICE = {"input": 1.0, "output": 2.0}


def recipe(server: Any, count: int) -> dict[str, Any]:
    """The quick path at one server; three prompts are longer than a small context."""
    model = {"model": "m", "base_url": server.address, "price": PRICE, "concurrency": 16, **server.kind.model}
    prompts = [f"My order {row} was charged {row % 9 + 2} times, what now?" for row in range(count)]
    for row in (25, 35, 45):
        prompts[row] += " " + " ".join(f"On day {day} I wrote to you about it." for day in range(400 + 60 * (row % 7)))
    return {
        "name": "servers",
        "license": "apache-2.0",
        "models": {"writer": model, "judge": model},
        "seeds": [{"prompts": prompts}],
        "generate": {"system": "You are a support agent.", "failed_at_most": 0.2},
        "judge": {"rubric": {"relevance": "Does it answer?", "usefulness": "Does it help?"}},
        "filters": [{"score": {"mean": {"at_least": 3}}}],
        "split": {"validation": 0},
    }


def line(kind: Any, folder: Path) -> tuple[str, list[str]]:
    """One line of the table, and what is wrong with it."""
    from hfsft import pipeline
    from tests.benchmarks.kind_server import ROWS, KindServer, right

    began = time.perf_counter()
    with KindServer(kind) as server:
        try:
            built, _ = pipeline.run(recipe(server, ROWS), out=folder / "build")
        except Exception as error:
            return f"{kind.name:18} {type(error).__name__}: {error}", ["no build"]
        seconds = time.perf_counter() - began
    failed = Counter(str(entry["error"]).split(":")[0] for entry in built.ledger.entries() if entry["fate"] == "failed")
    rows, spent, billed = built.rows, built.usage.total(), server.billed
    wrong = [] if dict(failed) == kind.failed else [f"failed {dict(failed)}, not {kind.failed}"]
    if len(rows) + failed.total() != ROWS:
        wrong.append(f"{len(rows)} rows kept")
    texts = dict(zip(rows["instruction"][:], rows["response"][:], strict=True))
    wrong += [f"wrong text: {said!r}" for asked, said in texts.items() if said != right(int(asked.split()[2]))]
    if (spent.input_tokens, spent.output_tokens) != (billed["input"], billed["output"]):
        wrong.append(f"counted {spent.input_tokens:,} + {spent.output_tokens:,} tokens")
    usd = (billed["input"] * PRICE["input"] + billed["output"] * PRICE["output"]) / 1e6
    if built.usage.usd is None or abs(built.usage.usd - usd) > 1e-9:
        wrong.append(f"counted ${built.usage.usd}")
    causes = ", ".join(f"{count} {cause}" for cause, count in failed.items()) or "-"
    learned = "; ".join(sorted({name for names in built.usage.dialects.values() for name in names})) or "-"
    return (
        f"{kind.name:18} {len(rows):>3} {causes:26} {len(server.requests):>4} {billed['answers']:>4} "
        f"{billed['input'] + billed['output']:>8,} ${usd:.4f} {seconds:5.1f}  {learned}"
    ), wrong


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"HF_HOME": home, "HF_HUB_OFFLINE": "1", "AZURE_TEST_KEY": "azure-secret-0123456789"}
        from hfsft.models.dialects import piecewise
        from tests.benchmarks.own_servers import GATEWAY_SECONDS
        from tests.benchmarks.server_kinds import KINDS

        usual = piecewise.SILENCE_SECONDS
        print("server            kept failed                     sent answ   tokens   cost     s  dialects")
        bad = False
        for kind in KINDS:
            if sys.argv[1:] and kind.name not in sys.argv[1:]:
                continue
            # The gateway here loses patience sooner.
            piecewise.SILENCE_SECONDS = GATEWAY_SECONDS / 2 if kind.name == "stingy-gateway" else usual
            shown, wrong = line(kind, Path(home) / kind.name)
            bad = bad or bool(wrong)
            print(shown, *(f"\n    WRONG: {each}" for each in wrong), flush=True)
    sys.exit(bad)


if __name__ == "__main__":
    main()
