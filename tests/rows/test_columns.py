"""Every column is known by its name and the part it plays, whoever writes it."""

from __future__ import annotations

import pytest

from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from hfsft.rows.columns import COLUMNS, OTHERS, ROLES, ROW, Column, column, named, variables


@pytest.mark.parametrize(
    ("name", "given", "role", "kind"),
    [
        ("instruction", (), "text", "string"),
        ("id", ("string", "kept"), "lineage", "string"),  # what the registry knows, no step makes anything else
        ("score_usefulness", (), "score", "float64"),
        ("reason_usefulness", (), "score", "string"),
        ("score_", ("string", "kept"), "kept", "string"),
        ("tokens_response", ("int64",), "measure", "int64"),
        ("channel", ("string", "kept"), "kept", "string"),
        ("unscored", ("string",), "verdict", "string"),
    ],
)
def test_a_column_plays_its_part(name: str, given: tuple[str, ...], role: str, kind: str) -> None:
    found = column(name, *given)  # type: ignore[arg-type]
    assert (found.name, found.role, found.type) == (name, role, kind)


def test_the_registry_says_what_each_column_holds() -> None:
    known = [*ROW, *OTHERS]
    assert len({each.name for each in known}) == len(known)
    assert all(each.about.endswith(".") and each.role in ROLES for each in known)
    assert column("score_clear_steps").about == "The judge's score of clear steps."


def test_a_plan_knows_the_part_of_every_column_that_its_steps_write() -> None:
    steps = (
        Step("sources", rows="source", writes={**COLUMNS, "channel": "string"}, role="kept"),
        Step("filters[pii].redact", writes={"instruction": "string", "channel": "string", "pii": "int64"}),
        Step("quality", asks=True, writes={"quality": "string", "scratch": "string"}, role="label"),
        Step("judge", asks=True, writes={"score_mean": "float64"}),
        Step("split", sees="all", writes={"family": "string", "split": "string"}, drops=("scratch",)),
    )
    found = Plan("toy", steps).columns()
    parts = {role: named(found, role) for role in ROLES}
    assert parts["kept"] == ["channel"]  # redacted, and still a column of the source
    assert (parts["label"], parts["measure"], parts["score"]) == (["quality"], ["pii"], ["score_mean"])
    assert parts["verdict"] == ["split"]
    assert "scratch" not in found
    assert found["pii"] == Column("pii", "int64", "measure", "Written by filters[pii].redact.")


def test_templates_may_use_the_texts_that_are_there_by_then() -> None:
    without = ("system", "response", "reasoning", "tools", "reference")
    assert variables(*without) == ("topic", "context", "instruction")
