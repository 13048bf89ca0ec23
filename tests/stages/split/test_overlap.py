"""Overlap: which held-out row says most of what one row that models see more of says, by exact runs of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.hashing import digest
from hfsft.rows.columns import COLUMNS, SIDES
from hfsft.similarity import normalise, split_words
from hfsft.stages.split import word_runs
from hfsft.stages.split.overlap import Overlap
from tests.stages.helpers import row

WORDS = [digest(["word", number], 4) for number in range(9)]


def found(rows: Sequence[dict[str, Any]], sides: Sequence[str]) -> list[tuple[float | None, str | None]]:
    batch = {name: [each[name] for each in rows] for name in COLUMNS} | {"split": list(sides)}
    made = Overlap()(batch)
    return list(zip(made["overlap"], made["overlap_of"], strict=True))


def runs(text: str) -> set[tuple[str, ...]]:
    words = split_words(normalise(text))
    return {tuple(words[at : at + 8]) for at in range(max(len(words) - 7, 1))} if words else set()


def counted(mine: dict[str, Any], other: dict[str, Any]) -> float:
    parts = [(runs(mine[name] or ""), runs(other[name] or "")) for name in ("instruction", "context")]
    return min((len(own & theirs) / len(own) for own, theirs in parts if own), default=0.0)


TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=24).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(TEXTS, st.none() | TEXTS, st.sampled_from(SIDES)), min_size=2, max_size=14),
    st.randoms(use_true_random=False),
)
def test_it_is_what_counting_every_pair_finds(made: list[tuple[str, str | None, str]], order: Any) -> None:
    rows = [row(f"{said} {at}", context=context) for at, (said, context, _) in enumerate(made)]
    sides = [side for *_, side in made]
    told = found(rows, sides)
    by_id = {each["id"]: (each, side) for each, side in zip(rows, sides, strict=True)}
    for mine, side, (share, of) in zip(rows, sides, told, strict=True):
        rank = SIDES.index(side)
        shares = [counted(mine, each) for each, other in by_id.values() if SIDES.index(other) < rank]
        assert share == (pytest.approx(max(shares, default=0.0)) if side != "train" else None)
        if of:
            assert SIDES.index(by_id[of][1]) < rank
            assert counted(mine, by_id[of][0]) == pytest.approx(share)
    places = list(range(len(rows)))
    order.shuffle(places)
    again = found([rows[at] for at in places], [sides[at] for at in places])
    assert again == [told[at] for at in places], "the order of rows is nothing"


@pytest.mark.parametrize(
    ("held", "trained", "share"),
    [
        ("Where can I see when my parcel comes?", "Hello! I live far out. where can I see when my parcel comes", 1.0),
        ("请告诉我如何在网上查询我的包裹何时送达", "你好！请告诉我如何在网上查询我的包裹何时送达。谢谢", 1.0),
        ("ฉันจะดูได้ที่ไหนว่าพัสดุจะมาเมื่อไหร่", "สวัสดี ฉันจะดูได้ที่ไหนว่าพัสดุจะมาเมื่อไหร่", 1.0),
        ("How do I bake bread at home without an oven?", "How do I repair a bicycle at home without tools?", 0.0),
    ],
)
def test_what_stands_word_for_word_in_a_longer_text_is_found_in_any_script(
    held: str, trained: str, share: float
) -> None:
    rows = [row(held), row(trained)]
    assert found(rows, ["validation", "train"]) == [(share, rows[1]["id"] if share else None), (None, None)]


def test_a_test_row_is_compared_with_validation_too_and_no_row_with_one_that_is_seen_less_of() -> None:
    rows = [row(f"{said} in a few short words that are all the same") for said in ("A", "B", "C")]
    assert [share for share, _ in found(rows, ["validation", "test", "test"])] == [
        0.0,
        0.75,
        0.75,
    ]


def test_what_many_rows_begin_with_finds_none_and_one_of_them_is_found_by_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(word_runs, "COMMON", 5)
    opening = "Please read what stands below and say in one sentence what it is about:"
    rest = [" ".join(digest([number, at], 5) for at in range(12)) for number in range(20)]
    rows = [row(f"{opening} {text}") for text in rest] + [row(f"{opening} {rest[3]} indeed")]
    told = found(rows, ["train"] * 20 + ["validation"])
    assert told[-1] == (pytest.approx(0.95), rows[3]["id"])


def test_a_split_without_rows_that_are_held_out_or_trained_on_has_none() -> None:
    rows = [row("Where is my parcel?"), row("Where is it?")]
    assert found(rows, ["train", "train"]) == [(None, None)] * 2
    assert found(rows, ["test", "test"]) == [(0.0, None)] * 2
