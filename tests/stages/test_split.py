"""Split: whole families, by hashes; new seeds never move an old row out of train."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.stages.split import Split
from tests.stages.helpers import CONTEXT, row

WORDS = ("parcel", "refund", "invoice", "password", "coupon", "battery", "colour", "address", "courier", "warranty")
ABOUT = [f"What about the {a} and the {b} when {c} fails?" for a in WORDS for b in WORDS for c in WORDS if a < b < c]


def split(rows: list[dict[str, Any]], share: float = 0.3) -> dict[str, tuple[str, str]]:
    (step,) = Split(validation=share).steps(CONTEXT)
    columns = {name: [each[name] for each in rows] for name in ("id", "seed_id", "instruction", "context")}
    found = step.fn(columns)  # type: ignore[misc]
    return dict(zip(columns["id"], zip(found["family"], found["split"], strict=True), strict=True))


def family(seed: dict[str, Any], *instructions: str) -> list[dict[str, Any]]:
    children = [row(text) | {"seed_id": seed["id"]} for text in instructions]
    return [seed, *children]


def test_children_of_one_seed_stand_on_one_side() -> None:
    for text in ABOUT[:40]:
        rows = family(row(text), "Something quite different.", "And a third thing: how tall is it?")
        assert len(set(split(rows).values())) == 1


def test_near_duplicates_of_different_seeds_stand_on_one_side() -> None:
    for text in ABOUT[:40]:
        a, b = row(text), row(f"{text}!")
        assert len(set(split([a, b]).values())) == 1


def test_the_share_is_about_what_was_asked() -> None:
    rows = [
        row(f"{i} {i * 7919} {'abcdefghij'[i % 10] * 9} {i * i}", context=f"{i * 104729:x}" * 4) for i in range(600)
    ]
    sides = [side for _, side in split(rows, 0.2).values()]
    assert 0.1 < sides.count("validation") / len(sides) < 0.3


def test_no_validation_means_none() -> None:
    assert {side for _, side in split([row(text) for text in ABOUT], 0).values()} == {"train"}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(ABOUT), unique=True, min_size=2, max_size=25), st.integers(0, 24), st.randoms())
def test_laws(texts: list[str], cut: int, random: Any) -> None:
    rows = [row(text) for text in texts]
    before, after = split(rows[:cut]), split(rows)
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert split(shuffled) == after, "order is nothing"
    moved = [each for each in before if before[each][1] == "train" and after[each][1] == "validation"]
    assert not moved, "new seeds move no row from train to validation"
