"""A row as a reviewer sees it: all that it says, and nothing of what a judge said."""

from __future__ import annotations

import json
from typing import Any

from hfsft.review.row_view import judge_scores, review_row
from hfsft.rows.columns import Column, column
from tests.review.memory import a_row


def registry(row: dict[str, Any], **roles: Any) -> dict[str, Column]:
    return {name: column(name, role=roles.get(name, "kept")) for name in row}


def test_nothing_of_a_judge_or_of_a_rule_is_shown() -> None:
    said = {
        "score_mean": 2.2517,
        "reason_mean": "MEAN",
        "spread_mean": 0.7713,
        "tokens_response": 7,
        "unscored": "UNREAD",
    }
    fell = {
        "fate": "rejected",
        "stage": "filters[usefulness]",
        "rule": "usefulness",
        "value": "2.2517",
        "bound": "at_least 3",
    }
    row = a_row(1, **said, **fell)
    roles = {"spread_mean": "score", "tokens_response": "measure"}
    shown = json.dumps(review_row(row, registry(row, **roles)))
    for hidden in ("2.2517", "0.7713", "MEAN", "UNREAD", "filters", "at_least", "Judged"):
        assert hidden not in shown, hidden
    assert '"tokens_response": 7' in shown
    scores = {each["name"]: (each["value"], each["reason"]) for each in judge_scores(row, registry(row, **roles))}
    assert scores["mean"] == (2.2517, "MEAN")
    assert scores["spread mean"] == (0.7713, "")


def test_a_long_text_is_whole() -> None:
    row = a_row(1, response="word " * 40_000, reference="word " * 30_000)
    shown = review_row(row, registry(row))
    assert shown["turns"][-1]["text"] == row["response"]
    assert shown["compared"][0]["text"] == row["reference"]


def test_the_context_is_told_apart() -> None:
    row = a_row(1, instruction="Sum it up.", context="A long text.", system="Be brief.")
    turns = [(turn["role"], turn["text"]) for turn in review_row(row, registry(row))["turns"]]
    assert turns == [
        ("system", "Be brief."),
        ("user", "Sum it up."),
        ("context", "A long text."),
        ("assistant", row["response"]),
    ]


def test_a_row_is_compared_with_what_it_was_made_from() -> None:
    parent = a_row(1, instruction="When does it come?", response="On Monday.")
    grown = a_row(2, instruction="When does my parcel come?", response="On Tuesday.")
    edited = a_row(3, instruction="When does it come?", response="On Friday.", reference="On Friday.")
    refined = a_row(4, instruction="When does it come?", response="On Monday.", first_response="On Sunday.")

    def titles(row: dict[str, Any]) -> list[str]:
        return [each["title"] for each in review_row(row, registry(row), parent=parent)["compared"]]

    assert titles(grown) == ["instruction of the row that it was made from"]
    assert titles(edited) == ["response of the row that it was made from"]
    assert titles(refined) == ["response before it was rewritten"]
    assert review_row(edited, registry(edited))["about"]["reference"] == "On Friday."
