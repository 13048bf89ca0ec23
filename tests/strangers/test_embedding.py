"""A filter by meaning as a contributor adds it: one file that reads vectors, and does nothing to have them made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from tests.models.vectors.server import Vectors
from tests.strangers.checkout import Checkout

FILTER = '''
"""alike: says what another row says."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from hfsft.filters.base import Bounded
from hfsft.rows.batch import Batch
from hfsft.rows.columns import vector_of
from hfsft.similarity import DenseIndex


class Alike(Bounded):
    """The cosine, 0 to 1, to the row before it that is most like it in meaning; nothing under one half counts."""

    name: ClassVar[str] = "alike"
    whole: ClassVar[bool] = True

    at_most: float | None = Field(0.9, description="Largest cosine that is kept.")
    column: str = Field("instruction", description="The texts to compare.")

    @property
    def reads(self) -> tuple[str, ...]:
        """The ids, and the vectors of the texts."""
        return ("id", vector_of(self.column))

    @property
    def writes(self) -> dict[str, Any]:
        """The highest cosine."""
        return {f"alike_{self.column}": "float64"}

    def measure(self, batch: Batch) -> Batch:
        """The highest cosine to a row with a smaller id."""
        order = sorted(range(len(batch["id"])), key=batch["id"].__getitem__)
        index = DenseIndex[int]()
        index.add(order, [batch[vector_of(self.column)][place] for place in order])
        found = [0.0] * len(order)
        for _, other, similarity in index.pairs(0.5):
            found[other] = max(found[other], similarity)
        return {f"alike_{self.column}": found}
'''
ROWS = [
    {"instruction": "Where is my parcel?", "response": "It comes soon."},
    {"instruction": "Where is my parcel now?", "response": "It is on its way."},
    {"instruction": "How do I bake bread without yeast?", "response": "With baking soda."},
    {"instruction": "What is the capital of Peru?", "response": "Lima."},
]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout.copied(tmp_path)
    made.write("hfsft/filters/text/alike.py", FILTER)
    table = "hfsft/filters/__init__.py"
    made.register(table, '    "score": Later(', '    "alike": Later("hfsft.filters.text.alike", "Alike"),')
    return made


def recipe(**more: Any) -> dict[str, Any]:
    return {"name": "toy", "examples": [{"rows": ROWS}], "split": {"validation": 0}, "filters": ["alike"], **more}


def columns(checkout: Checkout, config: str) -> list[str]:
    (path,) = (checkout.folder / "build/toy" / config).glob("*.parquet")
    return list(pyarrow.parquet.read_schema(path).names)


def fates(checkout: Checkout) -> list[str]:
    lines = (checkout.folder / "build/toy/ledger.jsonl").read_text().splitlines()
    return sorted(json.loads(line)["fate"] for line in lines)


def test_vectors_are_there_where_a_filter_reads_them(checkout: Checkout) -> None:
    """By the packaged embedder: no model, no network."""
    checkout.recipe(**recipe())
    checkout.run("build", "recipe.yaml")
    assert fates(checkout) == ["rejected", "train", "train", "train"]
    for config in ("data", "provenance", "rejected"):
        assert "vector_instruction" not in columns(checkout, config)
    assert "vector_" not in (checkout.folder / "build/toy/README.md").read_text()
    checkout.recipe(**recipe(publish={"vectors": True}))
    checkout.run("build", "recipe.yaml")
    (path,) = (checkout.folder / "build/toy/provenance").glob("*.parquet")
    table = pyarrow.parquet.read_table(path, columns=["vector_instruction"])
    assert {len(each) for each in table["vector_instruction"].to_pylist()} == {256}
    lock = json.loads((checkout.folder / "build/toy/hfsft.lock.json").read_text())
    assert lock["models"]["embedder"]["model"].startswith("static ")
    assert "vector_instruction" in columns(checkout, "rejected")
    checkout.recipe(**recipe(filters=[{"alike": {"column": "answer"}}]))
    said = checkout.run("validate", "recipe.yaml", code=1)
    assert "filters[alike] reads vector_answer, which no stage writes" in said


def test_a_server_makes_them_where_the_recipe_names_one(checkout: Checkout) -> None:
    with Vectors(width=64) as server:
        embedder = {"model": "m-1", "base_url": server.url, "task": "embed", "price": {"input": 1, "output": 0}}
        filters = [{"alike": {"at_most": 0.9}}]
        checkout.recipe(**recipe(models={"embedder": embedder}, filters=filters))
        planned = json.loads(checkout.run("plan", "recipe.yaml", "--json"))
        (step,) = [each for each in planned if each["step"] == "embed[instruction]"]
        assert (step["calls"], step["estimate"]["output_tokens"]) == (4, 0)
        assert step["estimate"]["input_tokens"] == round(sum(len(row["instruction"]) for row in ROWS) / 4)
        assert not server.requests
        assert "a vector of 64 numbers" in checkout.run("check", "recipe.yaml")
        server.requests.clear()
        checkout.run("build", "recipe.yaml")
        assert sorted(server.texts) == sorted(row["instruction"] for row in ROWS)
        assert len(server.requests) == 1
        assert fates(checkout) == ["rejected", "train", "train", "train"]
        checkout.run("build", "recipe.yaml", "--set", "filters[0].alike.at_most=0.99")
        assert len(server.requests) == 1
        assert fates(checkout) == ["train"] * 4
        lock = json.loads((checkout.folder / "build/toy/hfsft.lock.json").read_text())
        assert lock["models"]["embedder"]["task"] == "embed"
        assert "synthetic" not in (checkout.folder / "build/toy/README.md").read_text(), "an embedder writes no text"

    checkout.recipe(**recipe(models={"embedder": {**embedder, "task": "chat"}}))
    said = checkout.run("validate", "recipe.yaml", code=1)
    assert "models.embedder: filters[alike] needs vectors of it (write `task: embed`)" in said
