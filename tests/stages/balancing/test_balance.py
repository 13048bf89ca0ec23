"""Balance: real builds over rows whose topics, openings and lengths are uneven."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import hfsft
from hfsft.errors import RecipeError, UserError
from hfsft.hashing import digest
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.release.reader import Release, open_release

pytestmark = pytest.mark.usefixtures("home")

TOPICS = ["order"] * 30 + ["refund"] * 12 + ["account"] * 6 + ["invoice"] * 2


def words(count: int, *parts: Any) -> str:
    return " ".join(digest([*parts, word], 7) for word in range(count))


def rows() -> list[dict[str, Any]]:
    opens = ["Sure, I can help", "Of course we do", "Please go on"]
    return [
        {
            "instruction": words(8, number),
            "response": f"{opens[number * number % 7 % 3]} {words(1 + number % 9, 'r', number)}",
            "topic": topic,
            "worth": number,
        }
        for number, topic in enumerate(TOPICS)
    ]


def built(folder: Path, *rules: dict[str, Any], **more: Any) -> Release:
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()), encoding="utf-8")
    source = {"path": str(folder / "rows.jsonl"), "keep": ["worth"]}
    recipe = {
        "name": "toy",
        "license": "mit",
        "examples": [source],
        "filters": ["control_tokens"],
        "balance": list(rules),
        **more,
    }
    hfsft.build(recipe, out=folder)
    return open_release(str(folder / "toy"))


def counts(release: Release, column: str) -> Counter[str]:
    return Counter(release.all_rows()[column])


def test_no_topic_has_more_than_its_share_and_the_ledger_says_why_rows_fell(tmp_path: Path) -> None:
    release = built(tmp_path, {"column": "topic", "share": {"at_most": 0.4}, "rows": {"at_least": 3}, "by": "worth"})
    found = counts(release, "topic")
    assert found == {"order": 13, "refund": 12, "account": 6, "invoice": 2}
    worth = [int(row["worth"]) for row in release.all_rows() if row["topic"] == "order"]
    assert sorted(worth) == list(range(17, 30)), "the best stay"
    fell = [json.loads(line) for line in (release.folder / "ledger.jsonl").read_text("utf-8").splitlines()]
    (told,) = {(e["stage"], e["rule"], e["value"]) for e in fell if e["fate"] == "rejected"}
    assert told == ("balance[0]", "balance", "topic order: 30 of 50 rows")
    assert (
        "balance of topic: invoice has 2 of 33 rows, 6.1%, and the recipe wants rows at least 3"
        in (release.summary()["notes"])
    )
    card, report = ((release.folder / name).read_text("utf-8") for name in ("README.md", "report.html"))
    assert r"| order | 30 | 60\.0% | 13 | 39\.4% |" in card
    assert "Balance of topic" in report


def test_rules_over_openings_and_lengths_hold_together(tmp_path: Path) -> None:
    release = built(
        tmp_path,
        {"column": "response", "opening": 3, "share": {"at_most": 0.4}},
        {"column": "response", "bands": [6, 9], "rows": {"at_most": 12}},
        {"column": "topic", "rows": {"at_most": 15}},
    )
    total = len(release.all_rows())
    assert total > 20
    assert max(counts(release, "response_opening").values()) <= 0.4 * total
    assert set(counts(release, "response_opening")) <= {"sure i can", "of course we", "please go on"}
    assert max(counts(release, "response_band").values()) <= 12
    assert set(counts(release, "response_band")) <= {"1-6 words", "7-9 words", "10 words or more"}
    assert max(counts(release, "topic").values()) <= 15


def test_a_minimum_that_is_missed_may_end_the_build(tmp_path: Path) -> None:
    rule = {"column": "topic", "values": ["invoice", "parcel"], "rows": {"at_least": 1}, "on_fail": "stop"}
    with pytest.raises(UserError, match=r"parcel has 0 of 50 rows, 0\.0%, and the recipe wants rows at least 1"):
        built(tmp_path, rule)


def test_what_is_wrong_with_a_rule_is_told_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(
        "name: toy\nexamples:\n  - rows: [{instruction: A, response: B}]\nbalance:\n"
        "  - {column: topicc, share: {at_most: 0.2}}\n  - {column: topic}\n  - {column: topic, share: {at_most: 2}}\n"
        "  - {column: response, opening: 2, bands: [3], rows: {at_most: 3}}\n"
    )
    with pytest.raises(RecipeError) as told:
        compile_recipe(load_recipe(path))
    said = str(told.value)
    assert "r.yaml:6" in said
    assert "needs rows or share" in said
    assert "share must lie between 0 and 1" in said
    assert "takes opening or bands, not both" in said
    path.write_text(path.read_text().partition("  - {column: topic}")[0])
    with pytest.raises(RecipeError, match=r"r.yaml:5:6: balance.column: no column is called `topicc` by then.*topic"):
        compile_recipe(load_recipe(path))
