"""A domain of its own, written, evolved and answered by the embedded model until there are as many rows as wanted."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hfsft.pipeline import run

LIMITS = {"failed_at_most": 0.9}  # small models run on until they are cut
RECIPE: dict[str, Any] = {
    "name": "clinic-line",
    "description": "patients who write to a clinic's appointment line",
    "language": ["en"],
    "license": "cc-by-4.0",
    "size": 5,
    "models": {"writer": "smollm2-135m-instruct"},
    "attributes": {
        "intent": ["book", "cancel"],
        "tone": {"given": "intent", "values": {"book": ["casual", "polite"], "cancel": ["annoyed"]}},
    },
    "seeds": [
        {"prompts": ["Can I move my appointment to Friday?"]},
        {"from": "attributes", "count": 1, "max_tokens": 40, **LIMITS},
    ],
    # Few messages of this model keep to so few words, so that some evolutions always fall.
    "evolve": {"templates": ["deepen", "edge_case"], "max_words": 12, "max_tokens": 40, **LIMITS},
    "generate": {"system": "You answer for a clinic. Answer in one short sentence.", "max_tokens": 60, **LIMITS},
    "filters": ["refusal"],
    "split": {"validation": 0.2},
}


@pytest.mark.embedded
def test_waves_bring_as_many_rows_as_wanted_over_evolutions_that_fall(tmp_path: Path, home: Path) -> None:
    built, folder = run(RECIPE, out=tmp_path / "build")
    assert len(built.rows) == RECIPE["size"]
    assert max(built.rows["wave"][:]) > 1, "the first wave comes to four rows at most"
    fates = [json.loads(line) for line in (folder / "ledger.jsonl").read_text("utf-8").splitlines()]
    assert len(fates) == built.ledger.rows_in
    fallen = Counter(row["rule"] for row in fates if row["stage"] == "evolve[1].fault")
    assert fallen.total() > 0
    card = (folder / "README.md").read_text("utf-8")
    assert "## Attributes" in card
    for value in ("| intent | book |", "| intent | cancel |", "| tone | annoyed |"):
        assert value in card, "the table of what is covered"
