"""Rows that deserve eyes: which of each kind, in which order, and why, without a number of the judge's."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.errors import UserError
from hfsft.review.drawn.eyes import KINDS, EyesRow, of_kind, taken_in_turn
from hfsft.review.drawn.kinds_shown import DISPUTED, ONLY
from hfsft.review.drawn.reviewer_walk import WantedSample, draw
from tests.review.memory import a_row
from tests.review.rows import FELL, many, reviewed

BOUND = {"step": "filters[score]", "column": "score_usefulness", "at_least": 4, "at_most": None}
FRENCH = "Votre colis arrive demain matin avant dix heures, et le livreur vous appelle une heure avant son passage."
ENGLISH = "Your parcel comes tomorrow before ten in the morning, and the driver calls you an hour before he is there."


def found(kind: str, rows: list[dict[str, Any]], **more: Any) -> list[tuple[int, str]]:
    return [(int(each.row.id, 16), each.why) for each in of_kind(reviewed(rows, **more), kind)]


def test_judges_that_lie_farthest_apart_come_first() -> None:
    rows = [a_row(n, spread_usefulness=spread, by_one_usefulness=3.0) for n, spread in enumerate((0.0, 2.0, 0.5, None))]
    assert found("disagree", rows) == [
        (1, "the judges disagree on its usefulness"),
        (2, "the judges disagree on its usefulness"),
    ]
    alone = [a_row(1, spread_usefulness=0.7)]
    assert found("disagree", alone) == [(1, "the judge is unsure of its usefulness")]


def test_rows_close_to_a_bound_on_either_side_and_none_that_fell_elsewhere() -> None:
    rows = [a_row(number, score_usefulness=score) for number, score in enumerate((5.0, 4.0, 4.5))]
    fell = [a_row(9, score_usefulness=3.9, fate="rejected", stage="filters[score]", rule="usefulness")]
    fell += [a_row(10, score_usefulness=1.0, fate="rejected", stage="filters[score]", rule="usefulness")]
    fell += [a_row(11, score_usefulness=4.0, fate="rejected", stage="filters[tokens]", rule="tokens")]
    near = found("bound", rows, fell=fell, bounds=[BOUND])
    assert [number for number, _ in near] == [1, 9, 2, 0]
    assert {why for _, why in near} == {"its score of usefulness is close to the bound"}


@pytest.mark.parametrize(
    "columns",
    [
        ("near_duplicate_instruction", "near_duplicate_instruction_of"),
        ("near_duplicate_instruction_similarity", "near_duplicate_instruction_nearest"),
    ],
)
def test_rows_much_like_another_with_the_nearest_first(columns: tuple[str, str]) -> None:
    rows = [a_row(n, **{columns[0]: alike, columns[1]: "abc"}) for n, alike in enumerate((0.6, 0.9, 0.2, None))]
    assert found("duplicates", rows) == [(1, "it is much like row abc (90%)"), (0, "it is much like row abc (60%)")]


def test_rows_of_a_set_that_nobody_compared_are_compared_when_they_are_asked_for() -> None:
    said = ("Where is my parcel?", "How long does a refund of forty euros take?", "Where is my parcel please?")
    rows = reviewed([a_row(n, instruction=text) for n, text in enumerate((*said, said[1]))])
    assert of_kind(rows, "duplicates") == []
    found = [(int(each.row.id, 16), each.why) for each in of_kind(rows, "duplicates", thorough=True)]
    first, second = (f"{n:0{len(rows.candidates[0].id)}x}" for n in (0, 1))
    assert [number for number, _ in found] == [3, 2]
    assert found[0][1] == f"it asks much the same as row {second} (100%)"
    assert found[1][1].startswith(f"it asks much the same as row {first} (")
    (drawn,) = [draw(rows, WantedSample(only=("duplicates",), rows=9)).eyes]
    assert [int(each.row.id, 16) for each in drawn] == [3, 2]


def test_rows_in_any_number_are_compared_unless_that_takes_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [f"Where is parcel {n} of the shop in street {n * 7 % 83}?" for n in range(40)]
    rows = reviewed([a_row(n, instruction=text) for n, text in enumerate((*asked, asked[11] + " Please", "?!"))])
    few = of_kind(rows, "duplicates", thorough=True)
    assert any(int(each.row.id, 16) == 40 for each in few)
    monkeypatch.setattr("hfsft.review.drawn.eyes.LOOKED_AT", 15)
    monkeypatch.setattr("hfsft.review.drawn.eyes.MOST_SAMPLED", 10)
    assert of_kind(rows, "duplicates", thorough=True) == few
    monkeypatch.setattr("hfsft.review.drawn.eyes.MOST_BYTES", 100)
    with pytest.raises(UserError, match=r"42 rows are too many to be compared .* build them with `near_duplicate`"):
        of_kind(rows, "duplicates", thorough=True)


def test_contradictions_and_rows_without_a_score_say_why() -> None:
    rows = [a_row(1, contradiction="One says five days.", contradiction_of="abc"), a_row(2, contradiction=None)]
    assert found("contradictions", rows) == [(1, "its answer contradicts that of row abc: One says five days.")]
    fell = [a_row(3, unscored="unreadable", fate="rejected", stage="judge.unscored", rule="unscored")]
    assert found("unscored", [a_row(1)], fell=fell) == [(3, "the judge's verdict on it could not be read")]


def test_the_longest_twentieth() -> None:
    rows = [a_row(number, response="word " * (number + 1)) for number in range(40)]
    assert [number for number, _ in found("longest", rows)] == [39, 38]
    assert found("longest", [a_row(1)] * 1) == []


@pytest.mark.parametrize("languages", [["en"], []])
def test_odd_languages_are_those_not_asked_for_or_that_few_are_in(languages: list[str]) -> None:
    rows = [a_row(number, response=ENGLISH) for number in range(60)] + [a_row(99, response=FRENCH)]
    assert found("language", rows, languages=languages) == [(99, "it is in a language that few rows are in: fr")]
    assert found("language", rows, languages=["en", "fr-CA"]) == []


def test_no_kind_takes_what_people_wrote_or_what_fell_before_it_could_be_seen() -> None:
    written = many(1, response="word " * 99, unscored="x", contradiction="x", score_usefulness=4.0)
    rows = [{**row, "origin": "edited"} for row in written]
    assert [of_kind(reviewed(rows, bounds=[BOUND]), kind) for kind in KINDS] == [[]] * len(KINDS)
    fell = [a_row(1, **FELL | {"stage": "filters[tokens]"}, contradiction="x", spread_tone=1.0)]
    assert [found(kind, [a_row(2)], fell=fell) for kind in ("disagree", "contradictions", "duplicates")] == [[]] * 3


def test_kinds_take_turns_and_no_row_comes_twice() -> None:
    rows = reviewed(many(8)).candidates
    first = [EyesRow(row, "a", "") for row in rows[:4]]
    second = [EyesRow(row, "b", "") for row in (rows[0], rows[7])]
    taken = taken_in_turn([first, second, []], 5, without={rows[1].id})
    assert [(each.row.place, each.kind) for each in taken] == [(0, "a"), (7, "b"), (2, "a"), (3, "a")]
    assert taken_in_turn([first], 2) == first[:2]


def test_rows_that_a_choice_behind_the_review_left_out_are_sampled_and_no_others_that_fell() -> None:
    stages = (
        "select",
        "balance[0].column",
        "size",
        "split.leak",
        "review",
        "filters[tokens]",
        "judge.unscored",
        "guards",
    )
    fell = [a_row(9 + n, fate="rejected", stage=stage) for n, stage in enumerate(stages)]
    candidates = reviewed([a_row(0)], fell).candidates
    assert [row.stage for row in candidates if row.reached] == [
        "", "select", "balance[0].column", "size", "split.leak", "review", "guards"
    ]  # fmt: skip
    assert [row.stage for row in candidates if row.judged_here] == ["", "review"]


def test_every_kind_may_be_looked_at_alone() -> None:
    assert (*KINDS, DISPUTED) == ONLY


@pytest.mark.parametrize("languages", [["en"], []])
def test_of_very_many_rows_the_language_of_some_is_told_and_of_all_where_it_is_asked_for(
    languages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [FRENCH if n % 20 == 19 else f"{ENGLISH}\n\n{FRENCH}" if n == 7 else ENGLISH for n in range(240)]
    rows = reviewed([a_row(n, response=text) for n, text in enumerate(texts)], languages=languages)
    monkeypatch.setattr("hfsft.review.drawn.eyes.RARE", 0.2)
    every = [each.row.id for each in of_kind(rows, "language")]
    assert ({int(each, 16) % 20 for each in every[:12]}, int(every[12], 16), len(every)) == ({19}, 7, 13)
    monkeypatch.setattr("hfsft.review.drawn.eyes.LOOKED_AT", 100)
    some = [each.row.id for each in of_kind(rows, "language")]
    assert 0 < len(some) < 13
    assert some == [each for each in every if each in some]
    assert [each.row.id for each in of_kind(rows, "language", thorough=True)] == every
