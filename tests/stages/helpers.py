"""What the tests of stages share: a context, rows, and a model that answers what it is told."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hfsft.errors import Place
from hfsft.models.model import Answer, Request, Turns
from hfsft.rows.row import new_row
from hfsft.stages.base import Context

CONTEXT = Context(
    name="support",
    description="Customers of an online store.",
    language=("en",),
    models={"writer": {"model": "w"}, "judge": {"model": "j"}},
    base=Path(),
    place=lambda *loc: Place("recipe.yaml", 1, 1),
)


def row(instruction: str = "Where is my parcel?", **texts: Any) -> dict[str, Any]:
    return new_row(texts.pop("origin", "seed"), {"instruction": instruction, **texts})


def converse(turns: Turns, answers: Iterable[str | Exception]) -> tuple[list[Request], dict[str, Any]]:
    """The requests that a stage makes when it is answered so, and the columns that it returns."""
    requests, remaining = [], iter(answers)
    try:
        requests.append(next(turns))
        while True:
            answer = next(remaining)
            if isinstance(answer, Exception):
                requests.append(turns.throw(answer))
            else:
                requests.append(turns.send(Answer(answer)))
    except StopIteration as stop:
        return requests, stop.value
