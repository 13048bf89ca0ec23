"""Rewriting: what a text said before stays beside it, unless nobody may know it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.plan import Plan
from hfsft.engine.step import Bound, Step, compare, keeping_first
from hfsft.filters import Pii
from hfsft.filters.privacy.rewriting import Rewriting
from hfsft.privacy.found import Found
from hfsft.recipe.checks.rewrites import Rewrites
from hfsft.rows.batch import Batch, Row
from hfsft.rows.columns import COLUMNS
from hfsft.rows.row import new_row
from tests.engine.held import held
from tests.engine.test_engine import Echo

TEXTS = {"instruction": "Where is it?", "response": "Here. Hope this helps! Mail jo.smith@acme.org"}


class Endings(Rewriting):
    """Takes out how many answers end; no secret."""

    name: ClassVar[str] = "endings"
    private: ClassVar[bool] = False

    def find(self, text: str) -> Sequence[Found]:
        at = text.find("Hope this helps!")
        return [Found("ENDING", at, at + 16)] if at >= 0 else []


def lower(batch: Batch) -> Batch:
    return {"response": [text.lower() for text in batch["response"]]}


def shorter(batch: Batch) -> Batch:
    return {"response": [text[:4] for text in batch["response"]]}


def polished(row: Row) -> Any:
    answer = yield "better?"
    return {"response": f"{row['response']}{answer}"}


def source() -> Iterator[Row]:
    for response in ("Here it is", "here"):
        yield new_row("example", {"instruction": "Where?", "response": response})


SOURCE = Step("source", rows="source", writes=COLUMNS, work=held(source))


def rewriting(name: str, function: Any, **facets: Any) -> Step:
    step = Step(name, reads=("response",), writes={"response": "string"}, work=held(function), **facets)
    return keeping_first(step, ["response"])


def built(folder: Path, *steps: Step) -> list[Row]:
    return engine.run(Plan("toy", steps), Echo(), folder, Ledger()).to_list()


def test_what_was_said_first_stays_however_often_it_is_rewritten(tmp_path: Path) -> None:
    rows = built(tmp_path, SOURCE, rewriting("lower", lower), rewriting("shorter", shorter))
    assert [(row["response"], row["first_response"]) for row in rows] == [("here", "Here it is"), ("here", None)]


def test_a_step_that_asks_keeps_it_too(tmp_path: Path) -> None:
    step = rewriting("refine", polished, asks=True, models=("m",))
    rows = built(tmp_path, SOURCE, step)
    assert [(row["response"], row["first_response"]) for row in rows] == [
        ("Here it is!", "Here it is"),
        ("here!", "here"),
    ]


def test_the_plan_says_so_and_knows_the_column() -> None:
    plan = Plan("toy", (SOURCE, rewriting("lower", lower)))
    plan.check()
    assert plan.steps[1].rewrites == ("response",)
    assert plan.columns()["first_response"].role == "lineage"
    assert "before it was rewritten" in plan.columns()["first_response"].about


@pytest.mark.parametrize("order", [(Endings(), Pii()), (Pii(), Endings())], ids=["private last", "private first"])
def test_what_was_redacted_is_kept_by_none(tmp_path: Path, order: tuple[Rewriting, ...]) -> None:
    def one() -> Iterator[Row]:
        yield {**new_row("example", TEXTS), "defect": None}

    read = [
        Step("sources", rows="source", writes={**COLUMNS, "defect": "string"}, work=held(one)),
        compare("sources.defect", Bound("defect", "defect", absent=True)),
    ]
    steps = list(Rewrites([(rule, None, rule.name) for rule in order]).behind(read))
    (row,) = built(tmp_path, *steps)
    assert "acme.org" not in str(row)
    assert row["response"] == "Here. <ENDING_1> Mail <EMAIL_1>"
    assert row["first_response"] == "Here. Hope this helps! Mail <EMAIL_1>"
    assert row["first_instruction"] is None
    assert [step.rewrites != () for step in steps if step.bound is None and step.rows == "same"] == [True, True]
