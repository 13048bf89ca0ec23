"""What card and report say of attributes: what was asked for, what is there, and what is thin."""

from __future__ import annotations

from typing import Any

from hfsft.stages.attributes.coverage import covers, empty
from hfsft.stages.base import Outcome

Rows = list[dict[str, Any]]


def row(seed: str, tone: str, origin: str = "written") -> dict[str, Any]:
    return {"seed_id": seed, "origin": origin, "tone": tone}


def outcome(kept: Rows, fell: Rows) -> Outcome:
    return Outcome([], lambda name: [each[name] for each in kept], lambda name, *_: [each[name] for each in fell], [])


def test_several_answers_to_one_prompt_were_asked_for_once() -> None:
    kept = [row("a", "calm"), row("b", "calm", "evolved"), row("p", "calm", "seed")]
    fell = [row("a", "calm"), row("a", "calm"), row("b", "calm"), row("c", "angry")]
    (cover,) = covers(outcome(kept, fell), ["tone"], 1)
    assert cover.asked == {("calm",): 2, ("angry",): 1}
    assert cover.kept == {("calm",): 3}


def test_what_has_no_row_is_told() -> None:
    (said,) = empty(outcome([row("a", "calm")], [row("c", "angry")]), ["tone"])
    assert said == "1 of 2 values that were asked for have no row: tone angry (1 asked for)"
