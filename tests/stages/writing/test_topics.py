"""Trees of topics: read from answers, from files, and written again."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.stages.writing.topics import leaves, shown_tree, topics_in, tree_of


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("1. Refunds\n2. Late parcels", ["Refunds", "Late parcels"]),
        (
            "Sure! Here they are:\n\n1) **Refunds**: money back\n2) *Sizes* - of shoes\n\nHope it helps!",
            ["Refunds", "Sizes"],
        ),
        ("- Refunds\n* Sizes.\n\u2022 refunds", ["Refunds", "Sizes"]),
        ("Refunds\nSizes", ["Refunds", "Sizes"]),
        ("1. Refunds, 2. Sizes; 3. Hats", ["Refunds", "Sizes", "Hats"]),
        ("1. Windows 11 drivers\n2. The top 10 hats", ["Windows 11 drivers", "The top 10 hats"]),
        ("1. Shop\n2. Sizes", ["Sizes"]),
        ("...\n---", []),
        ("", []),
    ],
)
def test_topics_are_read_from_whatever_lists_them(answer: str, found: list[str]) -> None:
    assert topics_in(answer, ["Shop"]) == found


TREE = {"Refunds": ["late", "part"], "Sizes": {"shoes": ["wide"], "hats": None}, "Other": None}
WAYS = [("Refunds", "late"), ("Refunds", "part"), ("Sizes", "shoes", "wide"), ("Sizes", "hats"), ("Other",)]


def test_a_tree_is_lists_and_mappings() -> None:
    assert leaves(TREE) == WAYS
    assert leaves(["a", {"b": ["c"]}]) == [("a",), ("b", "c")]
    assert leaves(tree_of(WAYS)) == WAYS
    assert list(shown_tree(tree_of(WAYS[:2]))) == ["Refunds", "  late", "  part"]


@pytest.mark.parametrize("tree", ["a", {"a": "b"}, ["a", "a"], [["a"]], [""], ["x" * 200], {"a": ["b", "b"]}])
def test_what_is_no_tree_is_told(tree: Any) -> None:
    with pytest.raises(ValueError, match=r"topic|twice"):
        leaves(tree)
