"""A filter as a contributor adds it: one file, and one line in the table."""

from __future__ import annotations

import json
from pathlib import Path

from tests.strangers.checkout import Checkout

FILTER = '''
"""shouting: a text in capitals."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from hfsft.filters.cells import text_of
from hfsft.filters.text_column import OfColumn, Share


class Shouting(OfColumn):
    """Share of the letters of a text that are capitals."""

    name: ClassVar[str] = "shouting"

    at_most: Share | None = Field(0.5, description="Largest share that is kept.")

    def value(self, cell: Any) -> float:
        """The share."""
        letters = [letter for letter in text_of(cell, self.column) or "" if letter.isalpha()]
        return sum(letter.isupper() for letter in letters) / max(1, len(letters))
'''


def test_a_filter_is_one_file_and_one_line(tmp_path: Path) -> None:
    checkout = Checkout.copied(tmp_path)
    checkout.write("hfsft/filters/text/shouting.py", FILTER)
    table = "hfsft/filters/__init__.py"
    checkout.register(table, '    "score": Later(', '    "shouting": Later("hfsft.filters.text.shouting", "Shouting"),')
    rows = [{"instruction": f"Where is parcel {each}?", "response": "It comes soon."} for each in range(9)]
    rows.append({"instruction": "Where is my refund?", "response": "WE SENT IT!"})
    recipe = {"name": "toy", "examples": [{"rows": rows}], "split": {"validation": 0}}

    checkout.recipe(**recipe, filters=[{"shouting": {"at_mst": 0.3}}])
    assert "recipe.yaml:" in (said := checkout.run("validate", "recipe.yaml", code=1))
    assert "unknown key `at_mst` in filters[shouting] (did you mean `at_most`?" in said
    checkout.recipe(**recipe, filters=["shouting"])
    checkout.run("build", "recipe.yaml")
    fates = [json.loads(line) for line in (tmp_path / "build/toy/ledger.jsonl").read_text().splitlines()]
    assert [each["stage"] for each in fates if each["fate"] == "rejected"] == ["filters[shouting]"]
    assert "`filters[shouting]`" in (tmp_path / "build/toy/README.md").read_text()
    assert "shouting_response" in (tmp_path / "build/toy/report.html").read_text()
    schema = json.loads(checkout.run("schema"))
    assert schema["$defs"]["Shouting"]["description"] == "Share of the letters of a text that are capitals."
