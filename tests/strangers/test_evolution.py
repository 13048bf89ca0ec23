"""An evolution as a contributor adds it: one Jinja file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.parquet

from tests.models.server import LLM, Body, digest, said_to
from tests.strangers.checkout import Checkout

EVOLUTION = """\
{{ user }}
Ask this as somebody in a great hurry would, about {{ topic or "anything" }}: {{ instruction }}
"""


def says(body: Body) -> str:
    number = int(digest(body["messages"])[:6], 16)
    if "great hurry" in said_to(body):
        return (
            f"Quick question, case {number}: my train leaves in {number % 50} minutes, what about order {number * 7}?"
        )
    return f"Please bring receipt {number}."


def test_an_evolution_is_one_file(tmp_path: Path) -> None:
    checkout = Checkout.copied(tmp_path)
    with LLM(reply=says) as llm:
        recipe = {
            "name": "toy",
            "models": {"writer": {"model": "w", "base_url": llm.url}},
            "seeds": [{"prompts": [f"Where is my {each}?" for each in ("parcel", "refund", "invoice", "coupon")]}],
            "evolve": {"templates": ["in_a_hury"]},
            "filters": [],
            "split": {"validation": 0},
        }
        checkout.recipe(**recipe)
        assert "no template" in (said := checkout.run("validate", "recipe.yaml", code=1))
        assert "in_a_hurry" not in said
        checkout.write("templates/evolve/in_a_hurry.jinja", EVOLUTION)
        assert "did you mean `in_a_hurry`?" in checkout.run("validate", "recipe.yaml", code=1)
        checkout.run("build", "recipe.yaml", "--set", "evolve.templates=[in_a_hurry]")
    files = (tmp_path / "build/toy/provenance").glob("*.parquet")
    rows = [row for file in files for row in pyarrow.parquet.read_table(file).to_pylist()]
    assert Counter((row["origin"], row["template"]) for row in rows) == {
        ("seed", None): 4,
        ("evolved", "in_a_hurry"): 4,
    }
