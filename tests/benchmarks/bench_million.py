"""A whole build without a model, of as many rows as one asks for: what each step costs, and the memory of the tree.

    uv run python tests/benchmarks/bench_million.py --rows 100000 [--again] [--balance] [--engine daft] [--profile FILE]

Rows are made: a question of about 40 words and an answer of about 80, 2 in 100 the same as a row before and 5 in 100
nearly so. Read, measured, de-duplicated, split, written, with card and report. Printed are seconds on the clock,
seconds of the processors (of all processes; those count where others use the machine), and the largest memory while
the step was at work: all that lies in memory, of that what is no page of a file, which the machine cannot take back,
and of this the part of the process of the command. `--again` builds once more, of which nothing changed. `--balance`
balances by the length of answers, and splits. `--profile` writes what cProfile saw.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

WORDS, VOWELS, CONSONANTS = 20_000, "aeiou", "bcdfglmnprstv"
TICKS = os.sysconf("SC_CLK_TCK")


class Used(NamedTuple):
    """Of a process with all that it started."""

    cpu: float  # seconds
    resident: int  # bytes
    anonymous: int  # of these
    driver: int  # of these, in the process of the command alone


def rows(count: int, seed: int = 1) -> Iterator[dict[str, str]]:
    """Questions with answers, the same on every machine."""
    draw = random.Random(seed)
    words = [
        "".join(draw.choice(CONSONANTS) + draw.choice(VOWELS) for _ in range(draw.randint(1, 4))) for _ in range(WORDS)
    ]
    weights = list(accumulate(1 / (place + 10) for place in range(WORDS)))  # Zipf
    recent: list[tuple[list[str], list[str]]] = []

    def said(least: int, most: int) -> list[str]:
        return draw.choices(words, cum_weights=weights, k=draw.randint(least, most))

    for _ in range(count):
        chance = draw.random()
        question, answer = recent[draw.randrange(len(recent))] if chance < 0.07 and recent else (said(20, 60), None)
        if chance >= 0.02 and answer is not None:
            question = list(question)
            question[draw.randrange(len(question))] = draw.choice(words)
        answer = answer or said(40, 120)
        if len(recent) < 5000:
            recent.append((question, answer))
        else:
            recent[draw.randrange(5000)] = question, answer
        yield {"instruction": " ".join(question).capitalize() + "?", "response": sentences(answer)}


def sentences(words: list[str]) -> str:
    """Words as sentences of a dozen."""
    return " ".join(" ".join(words[at : at + 12]).capitalize() + "." for at in range(0, len(words), 12))


def used(root: int) -> Used:
    """What a process and all below it use now."""
    parents: dict[int, int] = {}
    times: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            times[int(entry.name)] = sum(map(int, fields[11:15])) / TICKS  # with the children that ended
    tree = [root]
    for process in tree:
        tree += [child for child, parent in parents.items() if parent == process]
    resident = anonymous = driver = 0
    for process in tree:
        try:
            lines = Path(f"/proc/{process}/status").read_text().splitlines()
        except OSError:
            continue
        sizes = {
            line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.startswith(("VmRSS", "RssAn"))
        }
        resident, anonymous = resident + sizes.get("VmRSS", 0), anonymous + sizes.get("RssAnon", 0)
        driver += sizes.get("RssAnon", 0) if process == root else 0
    return Used(sum(times.get(process, 0) for process in tree), resident, anonymous, driver)


class Watch:
    """Looks at a process tree all the time, and keeps the largest memory since it was asked last."""

    def __init__(self, process: int) -> None:
        self._process, self._ended = process, threading.Event()
        self.now = self.most = self.peak = Used(0, 0, 0, 0)
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(0.2):
            self.see()

    def see(self) -> None:
        self.now = used(self._process)
        self.most = Used(0, *map(max, self.now[1:], self.most[1:]))
        self.peak = Used(0, *map(max, self.now[1:], self.peak[1:]))

    def take(self) -> Used:
        self.see()
        most, self.most = self.most, self.now
        return Used(self.now.cpu, *most[1:])

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


def build(recipe: Path, out: Path, engine: str | None, profile: str) -> None:
    """In a process of its own: tells each step when it ends."""
    from cProfile import Profile

    from hfsft.pipeline.building import Watcher, run

    def tell(what: str, **more: object) -> None:
        print(json.dumps({"ended": what, **more}), flush=True)

    watcher = Watcher(on_line=lambda line: tell(line.step, rows=line.rows_out, cached=line.cached))
    seen = Profile() if profile else None
    tell("imports")
    if seen:
        seen.enable()
    built, _ = run(recipe, out=out, watcher=watcher, executor=engine)
    if seen:
        seen.disable()
        seen.dump_stats(profile)
    tell("measures for the release, files, card, report", rows=len(built.rows))


def show(folder: Path, what: str, count: int, engine: str | None, profile: str) -> None:
    """Build, and print what each step cost."""
    command = [sys.executable, __file__, "--build", str(folder), "--profile", profile]
    command += ["--engine", engine] if engine else []
    began = last = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "HF_HOME": str(folder)})
    watch, cpu = Watch(process.pid), 0.0
    print(f"{what}: {count} rows")
    print(f"{'step':48} {'rows':>9} {'s':>8} {'CPU s':>8} {'us a row':>9} {'MiB':>7} {'own MiB':>8} {'driver':>7}")
    assert process.stdout
    for line in process.stdout:
        told, now, clock = json.loads(line), watch.take(), time.perf_counter()
        took, mark = now.cpu - cpu, " kept" if told.get("cached") else ""
        print(
            f"{told['ended'] + mark:48} {told.get('rows', ''):>9} {clock - last:8.1f} {took:8.1f}"
            f" {took / count * 1e6:9.0f} {now.resident >> 20:7} {now.anonymous >> 20:8} {now.driver >> 20:7}",
            flush=True,
        )
        last, cpu = clock, now.cpu
    _, status, spent = os.wait4(process.pid, 0)
    watch.end()
    total = spent.ru_utime + spent.ru_stime
    print(
        f"{'all':48} {'':9} {time.perf_counter() - began:8.1f} {total:8.1f} {total / count * 1e6:9.0f}"
        f" {watch.peak.resident >> 20:7} {watch.peak.anonymous >> 20:8} {watch.peak.driver >> 20:7}",
        flush=True,
    )
    if status:
        raise SystemExit(f"the build ended with {status}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--folder", help="where to work; else a folder of its own, which is deleted")
    parser.add_argument("--engine", help="another than that of this machine, such as daft")
    parser.add_argument("--balance", action="store_true", help="balance by the length of answers, and split")
    parser.add_argument("--profile", default="")
    parser.add_argument("--build", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.build:
        build(Path(asked.build) / "million.yaml", Path(asked.build) / "build", asked.engine, asked.profile)
        return
    folder = Path(asked.folder or tempfile.mkdtemp(prefix="hfsft-million-"))
    folder.mkdir(exist_ok=True)
    try:
        with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows(asked.rows))
        recipe = "name: million\nlanguage: [en]\nlicense: cc0-1.0\nexamples:\n  - path: rows.jsonl\n"
        if asked.balance:
            recipe += "balance:\n  - {column: response, bands: [60, 100], share: {at_most: 0.45}}\n"
            recipe += "split: {validation: 0.1}\n"
        (folder / "million.yaml").write_text(recipe, encoding="utf-8")
        show(folder, "first build", asked.rows, asked.engine, asked.profile)
        if asked.again:
            show(folder, "nothing changed", asked.rows, asked.engine, "")
        pages = sorted((folder / "build").rglob("*.html"))
        print(", ".join(f"{page.name} {page.stat().st_size / 1e6:.1f} MB" for page in pages))
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        print(f"on disk in all {size / 1e6:.0f} MB")
    finally:
        if not asked.folder:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
