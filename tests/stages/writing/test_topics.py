"""Trees of topics: read from answers, from files, and written again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import SourceError
from hfsft.stages.writing.topics import FromTopics, leaves, shown_tree, topics_in, tree_of


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


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("topics:\n  fees:\n  pool: null\n  courses: ~\n", [("fees",), ("pool",), ("courses",)]),
        ("topics:\n  fees:\n  - children\n  - 2024\n", [("fees", "children"), ("fees", "2024")]),
        ("topics:\n- fees:\n    children: null\n- pool\n", [("fees", "children"), ("pool",)]),
        ("", None),
        ("other: [a, b]\n", None),
    ],
)
def test_a_tree_that_was_pruned_ends_where_nothing_is_left(
    tmp_path: Path, text: str, ways: list[tuple[str, ...]] | None
) -> None:
    (tmp_path / "r.topics.yaml").write_text(text)
    tree = FromTopics.model_validate({"from": "topics"}).grown_in(tmp_path, "r", "topics")
    assert (None if tree is None else leaves(tree)) == ways


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- fees\n- pool\n", "is a mapping from the name of each source to its tree, as `topics: "),
        ("topics:\n  fees: children\n", "below `fees` stands `children`"),
        ("topics: []\n", "has no topic"),
        ("topics: null\n", "has no topic"),
    ],
)
def test_a_file_that_holds_no_tree_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "r.topics.yaml").write_text(text)
    with pytest.raises(SourceError, match=re.escape(said)):
        FromTopics.model_validate({"from": "topics"}).grown_in(tmp_path, "r", "topics")
