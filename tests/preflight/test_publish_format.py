"""What a format cannot hold of the rows of its sources is told before anything is built."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hfsft.pipeline import validate
from hfsft.recipe.publish import FormatName
from tests.release.samples import examples

TOOL = {"type": "function", "function": {"name": "track", "parameters": {}}}
CALLED = [{"role": "user", "content": "Where is it?"}, {"role": "assistant", "tool_calls": [TOOL]}]
TURNS = [{"role": role, "content": "Hello."} for role in ("user", "assistant") * 2]


@pytest.mark.parametrize(
    ("format", "told"),
    [
        ("messages", []),
        ("sharegpt", []),
        ("alpaca", ["cannot hold tools or calls of tools, which 1 of 3 rows have"]),
        (
            "prompt_completion_text",
            [
                "cannot hold more than one question and its answer, which 1 of 3 rows have",
                "cannot hold tools or calls of tools, which 1 of 3 rows have",
            ],
        ),
    ],
)
def test_it_is_told_at_the_format_s_line(tmp_path: Path, home: Path, format: FormatName, told: list[str]) -> None:
    rows = [{"messages": CALLED, "tools": [TOOL]}, {"messages": TURNS}, {"messages": TURNS[:2]}]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = validate(examples(examples=[{"path": str(tmp_path / "rows.jsonl")}], publish={"format": format}))
    assert len(found.warnings) == len(told)
    for warning, words in zip(found.warnings, told, strict=True):
        assert words in warning.message
        assert "choose messages, prompt_completion" in str(warning)
