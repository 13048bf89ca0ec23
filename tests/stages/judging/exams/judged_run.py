"""Recipes over rows whose worth is known, for a scripted judge."""

from __future__ import annotations

from typing import Any

from tests.stages.judging.scripted_judge import ScriptedJudge, answer

LEVELS = (1, 2, 4, 5)


def anchor(worth: int, **scores: float) -> dict[str, Any]:
    return {"instruction": "What of bicycles?", "response": answer(worth, 900 + worth), "scores": scores}


def recipe(judge: ScriptedJudge, rows: int = 12, model: dict[str, Any] | None = None, **section: Any) -> dict[str, Any]:
    """Examples that are worth 1 to 5 in turn, and anchors worth 1, 2, 4 and 5."""
    said = [
        {"instruction": f"What of bicycle number {number}?", "response": answer(1 + number * 7 % 5, number)}
        for number in range(rows)
    ]
    return {
        "name": "examined",
        "license": "apache-2.0",
        "models": {"judge": {"model": "j", "base_url": judge.url, "identity": "j", **(model or {})}},
        "examples": [{"rows": said}],
        "judge": {
            "rubric": {"use": "Does it help?"},
            "anchors": [anchor(worth, use=worth) for worth in LEVELS],
            **section,
        },
        "filters": [],
        "split": {"validation": 0},
    }
