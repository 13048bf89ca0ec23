"""What card, report and screen say of answers that call tools."""

from __future__ import annotations

from typing import Any

from hfsft.rows.calls import as_json
from hfsft.stages.base import Outcome
from hfsft.stages.tools import tool_report

TOOLS = as_json([{"name": "weather"}, {"type": "function", "function": {"name": "clock"}}])


def turns(*calls: str) -> list[dict[str, Any]]:
    made = [{"id": str(place), "name": name, "arguments": "{}"} for place, name in enumerate(calls)]
    return [{"role": "user", "content": "?"}, {"role": "assistant", "content": "", "tool_calls": made}]


def outcome(*rows: dict[str, Any]) -> Outcome:
    blank = {
        "instruction": "?",
        "response": "So.",
        "messages": None,
        "tools": TOOLS,
        "call_faults": [],
        "tool_case": None,
    }
    return Outcome(
        splits=["train"], values=lambda name: [{**blank, **row}[name] for row in rows], removed=lambda *_: [], fell=[]
    )


def test_the_card_counts_tools_calls_and_cases() -> None:
    told = outcome(
        {"messages": turns("weather"), "call_faults": ["not_json", "unknown_tool"]},
        {"messages": turns("weather", "weather")},
        {"tool_case": "irrelevant"},
        {"tools": None},
    )
    card = tool_report.card(told, "a list", None)
    assert card is not None
    shown = card.values["tools"]
    assert (shown["rows"], shown["called"], shown["parallel"], shown["at_once"]) == (3, 2, 1, 1)
    assert [tuple(row) for row in shown["table"].rows] == [("weather", 3, 3), ("clock", 3, 0)]
    assert list(shown["cases"].rows) == [("irrelevant", 1)]
    assert [note for note in tool_report.notes(told, {}) if "1 of 2 rows with calls" in note]
    assert any("not_json" in str(piece) for piece in tool_report.pieces(told))


def test_tools_that_nobody_calls_are_told_unless_no_call_is_right() -> None:
    assert ["no answer calls a tool" in note for note in tool_report.notes(outcome({}, {}), {})] == [True]
    assert not list(tool_report.notes(outcome({"tool_case": "irrelevant"}), {}))
    assert not list(tool_report.notes(outcome({"messages": turns("weather")}), {}))


def test_nothing_is_said_where_no_row_offers_tools() -> None:
    bare = outcome({"tools": None})
    assert tool_report.card(bare, "a model", None) is None
    assert not tool_report.pieces(bare)
    assert not list(tool_report.notes(bare, {}))


def test_tools_that_the_model_was_not_told_of_are_told() -> None:
    told = outcome({"origin": "seed"}, {"origin": "example"}, {"origin": "seed", "tools": None})
    assert [note.startswith("1 row ") for note in tool_report.unoffered(told)] == [True]
    assert not list(tool_report.unoffered(outcome({"origin": "example"})))


def test_a_case_that_was_asked_for_and_never_made_is_told() -> None:
    told = outcome(*[{"messages": turns("weather")}] * 20)
    (note,) = tool_report.notes(told, {"irrelevant": 0.2, "asks_back": 0.0})
    assert "no row is of the case `irrelevant`, which 20% were to be" in note
    assert not list(tool_report.notes(outcome({"messages": turns("weather")}), {"irrelevant": 0.2}))
    made = outcome(*[{"messages": turns("weather")}] * 20, {"messages": turns(), "tool_case": "irrelevant"})
    assert not list(tool_report.notes(made, {"irrelevant": 0.2}))
