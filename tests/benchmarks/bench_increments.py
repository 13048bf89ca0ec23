"""What a change to a finished build costs: seconds, and bytes on disk, beside the first build.

    uv run python tests/benchmarks/bench_increments.py [rows [tree]]

A build of 20,000 rows without a model; then one bound moved, one row added, a wave of a tenth more. The same for a
build that asks a model on loopback, of a tenth of the rows. `cache` is what the folder of finished steps has grown by,
`store` the answers; the folder of the build itself is written anew each time and is not counted. In brackets the share
of the first build. With the folder of another checkout (`git worktree add ../before main`) each is built with its code
too, right before, and behind `x` stands what share of its time the processor takes now.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROWS, LATENCY = 20_000, 0.005


class Build:
    """A recipe over one file, built again and again in a home of its own."""

    def __init__(
        self, folder: Path, name: str, section: str, recipe: dict[str, Any], rows: list[dict[str, str]], tree: str = ""
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.name, self.recipe, self.first = folder, name, dict(recipe), (0.0, 0)
        self.tree = tree  # the checkout whose code builds; empty for this one
        self.rows = folder / f"{name}.jsonl"
        self.recipe |= {"name": name, section: [{"path": str(self.rows)}]}
        self.add(rows)

    def add(self, rows: list[dict[str, str]]) -> None:
        """Append rows to the file."""
        with self.rows.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)

    def show(self, what: str, before: float = 0) -> float:
        """Build, and print what it cost; the seconds of the processor."""
        sizes = self.sizes()
        wall, cpu, summary = self.run()
        cache, store = (after - size for after, size in zip(self.sizes(), sizes, strict=True))
        fates = summary["fates"]
        self.first = self.first if self.first[0] else (cpu, cache)
        print(
            f"{'before' if self.tree else self.name:8} {what:24} {wall:7.2f} s {cpu:7.2f} s CPU"
            f" ({cpu / self.first[0]:4.2f}){f' x {cpu / before:4.2f}' if before else ' ' * 7}"
            f"  cache {cache / 1e6:+8.2f} MB ({cache / self.first[1]:5.3f})  store {store / 1e6:+7.2f} MB"
            f"  {summary['rows_in']} rows, {fates['train'] + fates['validation']} kept",
            flush=True,
        )
        if os.environ.get("STEPS"):
            for line in summary["funnel"]:
                print(f"    {line['step']:34} {line['seconds']:8.3f} s {'cached' if line['cached'] else ''}")
        return cpu

    def run(self) -> tuple[float, float, dict[str, Any]]:
        """Seconds on the clock and of the processor, and what the command says."""
        import yaml

        path = self.folder / "recipe.yaml"
        path.write_text(yaml.safe_dump(self.recipe))
        command = [sys.executable, "-m", "hfsft", "build", str(path), "--out", str(self.folder / "build"), "--json"]
        code = {"PYTHONPATH": self.tree} if self.tree else {}
        began = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, env={**os.environ, "HF_HOME": str(self.folder), **code}, cwd=self.folder
        )
        assert process.stdout
        summary = json.loads(process.stdout.read())
        _, status, used = os.wait4(process.pid, 0)
        assert not status
        return time.perf_counter() - began, used.ru_utime + used.ru_stime, summary

    def sizes(self) -> tuple[int, int]:
        """Bytes of finished steps, and of answers."""
        hfsft = self.folder / "datasets" / "hfsft"
        return size(hfsft / self.name), size(self.folder / "hfsft")


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def made_up(count: int, *, seed: int) -> list[dict[str, str]]:
    """Questions with answers; one in twenty is nearly one of those before it."""
    draw = random.Random(seed)
    vowels, consonants = "aeiou", "bcdfglmnprstv"
    words = [
        "".join(draw.choice(consonants) + draw.choice(vowels) for _ in range(draw.randint(1, 4))) for _ in range(9000)
    ]
    questions: list[list[str]] = []
    for _ in range(count):
        if questions and draw.random() < 0.05:
            question = list(draw.choice(questions))
            question[draw.randrange(len(question))] = draw.choice(words)
        else:
            question = draw.choices(words, k=draw.randint(8, 24))
        questions.append(question)
    answers = (draw.choices(words, k=draw.randint(20, 120)) for _ in range(count))
    return [
        {"instruction": " ".join(question) + "?", "response": " ".join(answer) + "."}
        for question, answer in zip(questions, answers, strict=True)
    ]


def asked(count: int, *, seed: int) -> list[dict[str, str]]:
    """The questions alone."""
    return [{"prompt": row["instruction"]} for row in made_up(count, seed=seed)]


def filters(at_most: int) -> list[Any]:
    return [{"tokens": {"column": "instruction", "at_most": at_most}}, "refusal", "exact_duplicate", "near_duplicate"]


def changes(
    folder: str, name: str, section: str, recipe: dict[str, Any], rows: int, made: Callable[..., list[dict[str, str]]]
) -> None:
    """The first build, and the changes; by the code of another checkout before, where one is given."""
    trees = [*sys.argv[2:3], ""]
    recipe |= {"filters": filters(24)}
    builds = [
        Build(Path(folder, str(n)), name, section, recipe, made(rows, seed=1), tree) for n, tree in enumerate(trees)
    ]

    def show(what: str) -> None:
        cpu = 0.0
        for build in builds:
            cpu = build.show(what, cpu)

    show(f"first, {rows} rows")
    show("nothing changed")
    for build in builds:
        build.recipe["filters"] = filters(23)
    show("a bound moved")
    for build in builds:
        build.add(made(1, seed=2))
    show("a row added")
    for build in builds:
        build.add(made(rows // 10, seed=3))
    show(f"a wave of {rows // 10}")


@contextmanager
def server() -> Iterator[str]:
    command = [sys.executable, str(HERE / "loopback.py"), str(LATENCY)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
    finally:
        process.kill()


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        changes(folder, "cleaned", "examples", {}, rows, made_up)
    with tempfile.TemporaryDirectory() as folder, server() as url:
        model = {"model": "canned", "base_url": url, "concurrency": 64}
        changes(folder, "asked", "seeds", {"models": {"writer": model}, "generate": {}}, rows // 10, asked)


if __name__ == "__main__":
    main()
