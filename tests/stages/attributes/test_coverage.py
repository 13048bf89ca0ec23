"""The coverage table: what was asked for, what stayed, and where it is thin."""

from __future__ import annotations

from typing import Any

from hfsft.stages.attributes import coverage
from hfsft.stages.base import Outcome, ShownTable


def outcome(kept: list[tuple[str, str | None, str]], fell: list[tuple[str, str | None, str]]) -> Outcome:
    def column(rows: list[Any], name: str) -> list[Any]:
        if name == "seed_id":
            return [f"{id(rows)} {place}" for place in range(len(rows))]
        return [row[("tone", "topic", "origin").index(name)] for row in rows]

    return Outcome(["train"], lambda name: column(kept, name), lambda name, step="": column(fell, name), [])


def rows(tone: str, topic: str | None, count: int, origin: str = "written") -> list[tuple[str, str | None, str]]:
    return [(tone, topic, origin)] * count


KEPT = [*rows("calm", "a", 10), *rows("calm", "b", 8), *rows("cross", "a", 1), *rows("calm", None, 3, "seed")]
FELL = [*rows("cross", "a", 9), *rows("cross", "b", 10)]


def test_pairs_with_few_rows_and_combinations_without_any_are_told() -> None:
    found = outcome(KEPT, FELL)
    (cover,) = coverage.covers(found, ["tone", "topic"], 2)
    assert cover.asked == {("calm", "a"): 10, ("calm", "b"): 8, ("cross", "a"): 10, ("cross", "b"): 10}
    assert cover.kept == {("calm", "a"): 10, ("calm", "b"): 8, ("cross", "a"): 1}
    assert cover.thin() == [("cross", "b"), ("cross", "a")]
    (note,) = coverage.empty(found, ["tone", "topic"])
    assert note == (
        "1 of 4 combinations of attributes that were asked for have no row: tone cross, topic b (10 asked for)"
    )
    part = coverage.card(found, ["tone", "topic"])
    assert part is not None
    assert list(part.values["table"].rows[0]) == ["tone", "cross", 20, 1, "5%"]
    assert [line[0] for line in part.values["spots"].rows] == ["tone: cross, topic: b", "tone: cross, topic: a"]
    panel = coverage.panel(found, ["tone", "topic"])
    assert panel is not None
    crossed = panel.pieces[-1]
    assert isinstance(crossed, ShownTable)
    assert list(crossed.head) == ["tone \u00d7 topic", "a", "b"]
    assert ["cross", "1 (10)", "0 (10)"] in [list(line) for line in crossed.rows]


def test_what_is_covered_is_no_note_and_without_rows_there_is_no_part() -> None:
    assert list(coverage.empty(outcome(KEPT[:18], []), ["tone", "topic"])) == []
    nothing = outcome([], rows("calm", "a", 3))
    assert coverage.card(nothing, ["tone"]) is None
    assert list(coverage.empty(nothing, ["tone"])) == []


def test_several_answers_to_one_prompt_were_asked_for_once() -> None:
    kept = [("a", "written", "calm"), ("b", "evolved", "calm"), ("p", "seed", "calm")]
    fell = [("a", "written", "calm"), ("b", "written", "calm"), ("c", "written", "cross"), ("c", "written", "cross")]
    names = ("seed_id", "origin", "tone")
    told = Outcome(
        [],
        lambda name: [row[names.index(name)] for row in kept],
        lambda name, step="": [row[names.index(name)] for row in fell],
        [],
    )
    (cover,) = coverage.covers(told, ["tone"], 1)
    assert cover.asked == {("calm",): 2, ("cross",): 1}
    assert cover.kept == {("calm",): 3}
