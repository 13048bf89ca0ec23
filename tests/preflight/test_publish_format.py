"""What a format cannot hold of the rows of its sources is told before anything is built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import HfsftError, RecipeError
from hfsft.pipeline import Watcher, run, validate
from hfsft.recipe.publish import FormatName
from hfsft.stages.examples import ExampleTable
from tests.models.server import LLM
from tests.recipes import merged, support
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


def test_no_source_is_opened_once_more_for_it(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"instruction": "Where is it?", "response": "Here."}) + "\n")
    opened: list[FormatName] = []
    table = ExampleTable.opened
    formats: list[FormatName] = ["messages", "alpaca"]
    for each in formats:
        monkeypatch.setattr(ExampleTable, "opened", lambda *given, f=each: (opened.append(f), table(*given))[1])
        run(examples(examples=[{"path": str(tmp_path / "rows.jsonl")}], publish={"format": each}), out=tmp_path)
    assert opened.count("alpaca") == opened.count("messages")


@pytest.mark.parametrize("filters", [None, [{"tokens": {"at_least": 1}}]], ids=["default", "own"])
def test_a_build_tells_it_before_it_pays(
    tmp_path: Path, home: Path, llm: LLM, filters: list[dict[str, Any]] | None
) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"messages": CALLED, "tools": [TOOL]}) + "\n")
    said = examples(
        models={"judge": {"model": "judge", "base_url": llm.url}},
        examples=[{"path": str(tmp_path / "rows.jsonl")}],
        judge={"rubric": {"usefulness": "Would it help?"}},
        publish={"format": "alpaca"},
    )
    said = {**said, "filters": filters} if filters else {name: said[name] for name in said if name != "filters"}
    warned: list[str] = []
    with pytest.raises(HfsftError, match="alpaca") as caught:
        run(said, out=tmp_path / "build", watcher=Watcher(on_warning=warned.append))
    assert isinstance(caught.value, RecipeError) == (filters is None)
    assert bool(llm.requests) == bool(filters)
    assert any("cannot hold tools" in warning for warning in warned) == bool(filters)


@pytest.mark.parametrize("style", ["field", "inline"])
def test_a_place_for_reasoning_that_no_row_has_is_told(tmp_path: Path, home: Path, llm: LLM, style: str) -> None:
    said = merged(support(llm), {"publish": {"reasoning": style}})
    (told,) = (each for each in validate(said).warnings if "publish.reasoning" in each.message)
    assert "no row will have any" in told.message
    assert "generate: {reasoning: keep}" in str(told)
    kept = merged(said, {"generate": {"reasoning": "keep"}})
    assert not any("publish.reasoning" in each.message for each in validate(kept).warnings)
