"""Toy steps of every kind beyond those of one row: over all rows, over groups, of many rows, in side tables."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

from hfsft.engine.step import Bound, Step
from hfsft.models.model import Turns
from hfsft.rows.batch import Batch, Row
from tests.engine.held import held


def ranked(batch: Batch) -> Batch:
    order = sorted(range(len(batch["id"])), key=lambda number: (batch["text"][number], batch["id"][number]))
    rank = {number: place for place, number in enumerate(order)}
    return {"rank": [rank[number] for number in range(len(order))]}


def letters(row: Row) -> Turns:
    """The row itself with a mark, and a child for each letter of a text longer than three; none of an `a`."""
    answer: Any = yield "request"  # type: ignore[misc]
    if row["text"] == "a":
        return []
    grown = [{"text": letter + answer} for letter in row["text"]] if len(row["text"]) > 3 else []
    return [{"id": row["id"], "note": answer}, *grown]


def best(batch: Batch) -> Batch:
    """The last row of each group, and all of a group that the text `cc` is in."""
    numbers = range(len(batch["id"]))
    stay = [n for n in numbers if "cc" in batch["text"] or n == len(numbers) - 1]
    return {"id": [batch["id"][n] for n in stay], "of": [len(numbers)] * len(stay)}


def judged(rows: list[Row]) -> Turns:
    yield "request"  # type: ignore[misc]
    return [{"id": row["id"], "place": place} for place, row in enumerate(rows)][::2]


def pairs(batch: Batch) -> Batch:
    found = [
        (f"{one}-{other}", one, other, f"{first}|{second}")
        for (one, first), (other, second) in combinations(sorted(zip(batch["id"], batch["text"], strict=True)), 2)
        if len(first) == len(second)
    ]
    return (
        dict(zip(("id", "one", "other", "text"), map(list, zip(*found, strict=True)), strict=True))
        if found
        else {name: [] for name in ("id", "one", "other", "text")}
    )


def alike(batch: Batch) -> Batch:
    return {"alike": [len(set(text.split("|"))) for text in batch["text"]]}


def same(row: Row) -> Turns:
    answer: Any = yield "request"  # type: ignore[misc]
    return {"verdict": row["text"] + answer}


def folded(batch: Batch, table: Batch) -> Batch:
    times = Counter((*table["one"], *table["other"]))
    said = dict(zip(table["one"], table["verdict"], strict=True))
    return {"pairs": [times[each] for each in batch["id"]], "said": [said.get(each) for each in batch["id"]]}


RANKED = Step("rank", sees="all", reads=("text",), optional=("id",), writes={"rank": "int64"}, work=held(ranked))
CHILDREN = Step(
    "letters", asks=True, rows="many", reads=("text",), writes={"text": "string", "note": "string"}, work=held(letters)
)
BEST = Step(
    "best", rows="fewer", sees="group", group_by="length", reads=("text",), writes={"of": "int64"}, work=held(best)
)
JUDGED = Step(
    "judged", asks=True, rows="fewer", sees="group", group_by="length", writes={"place": "int64"}, work=held(judged)
)
PAIR = {"id": "string", "one": "string", "other": "string", "text": "string"}
PAIRED = (
    Step("pairs", rows="many", sees="all", makes="pairs", reads=("id", "text"), writes=PAIR, work=held(pairs)),
    Step("alike", table="pairs", reads=("text",), writes={"alike": "int64"}, work=held(alike)),
    Step("unlike", rows="fewer", table="pairs", reads=("alike",), bound=Bound("unlike", "alike", at_least=2)),
    Step("same", asks=True, table="pairs", reads=("text",), writes={"verdict": "string"}, work=held(same)),
)
FOLDED = Step("folded", beside="pairs", reads=("id",), writes={"pairs": "int64", "said": "string"}, work=held(folded))
