"""A build of toy steps that ask a model at a URL for several rows of one, for groups, for pairs; also as a process."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.live import Live
from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from hfsft.errors import unusable
from hfsft.models.model import Model, Request, Turns
from hfsft.models.pool import Pool
from hfsft.models.store.store import Store
from hfsft.rows.batch import Batch, Row
from tests.engine.held import held

KINDS = {"id": "string", "parent_id": "string", "text": "string"}
PAIR = {"id": "string", "one": "string", "text": "string"}


def ask(text: str) -> Request:
    return Request("m", ({"role": "user", "content": text},))


def source(count: int) -> Step:
    def rows() -> Iterator[Row]:
        for number in range(count):
            yield {"id": f"r{number:03}", "parent_id": None, "text": f"seed {number}"}

    return Step("source", rows="source", writes=KINDS, identity={"count": count}, work=held(rows))


def grow(row: Row) -> Turns:
    answer = yield ask(f"grow {row['text']}")
    if answer.text == "none":
        raise unusable("empty", "no words")
    return [{"text": f"{row['text']} {word}"} for word in answer.text.split("|")]


def choose(rows: list[Row]) -> Turns:
    answer = yield ask("choose " + " or ".join(row["text"] for row in rows))
    if answer.text == "none":
        raise unusable("empty", "no choice")
    place = int(answer.text) % len(rows)
    return [{"id": rows[place]["id"], "among": len(rows)}]


def pairs(batch: Batch) -> Batch:
    rows = sorted(zip(batch["text"], batch["id"], strict=True))
    found = [(f"{one}-{two}", one, f"{first}, {second}") for (first, one), (second, two) in pairwise(rows)]
    return {name: [pair[place] for pair in found] for place, name in enumerate(PAIR)}


def compare(row: Row) -> Turns:
    answer = yield ask(f"same {row['text']}")
    return {"verdict": answer.text}


def fold(batch: Batch, table: Batch) -> Batch:
    said = Counter(table["one"])
    return {"told": [said[row_id] for row_id in batch["id"]]}


GROW = Step(
    "grow",
    asks=True,
    rows="many",
    reads=("text",),
    writes={"text": "string"},
    work=held(grow),
    models=("m",),
    max_failed_share=0.5,
)
CHOOSE = Step(
    "choose",
    asks=True,
    rows="fewer",
    sees="group",
    group_by="parent_id",
    reads=("text",),
    writes={"among": "int64"},
    work=held(choose),
    models=("m",),
    max_failed_share=0.5,
)
PAIRS = Step("pairs", rows="many", sees="all", makes="pairs", reads=("id", "text"), writes=PAIR, work=held(pairs))
SAME = Step(
    "same", asks=True, table="pairs", reads=("text",), writes={"verdict": "string"}, work=held(compare), models=("m",)
)
FOLD = Step("fold", beside="pairs", reads=("id",), writes={"told": "int64"}, work=held(fold))
STEPS = (GROW, CHOOSE, PAIRS, SAME, FOLD)


def build(folder: Path, url: str, count: int) -> tuple[list[Row], Ledger, Any]:
    model = Model(model="m-1", base_url=url, concurrency=4)
    with Store(folder / "responses.sqlite") as store, Pool({"m": model}, store) as pool:
        ledger = Ledger()
        rows = engine.run(Plan("toy", (source(count), *STEPS)), Live(pool), folder / "cache", ledger)
        ledger.finish({"train": rows["id"][:]})
        return rows.to_list(), ledger, pool.usage


if __name__ == "__main__":
    print(json.dumps(build(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))[0]))
