"""What one text says and another does not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.similarity.changes import MOST_WORDS, changes


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("One two three.", "One two three.", [("same", "One two three.")]),
        (
            "It comes on Monday.",
            "It comes on Friday.",
            [("same", "It comes on "), ("gone", "Monday"), ("new", "Friday"), ("same", ".")],
        ),
        ("It comes.", "It comes soon.", [("same", "It comes "), ("new", "soon"), ("same", ".")]),
        ("It comes very soon.", "It comes soon.", [("same", "It comes "), ("gone", "very "), ("same", "soon.")]),
        ("我明天来。", "我今天来。", [("same", "我"), ("gone", "明"), ("new", "今"), ("same", "天来。")]),
        ("", "All of it is new.", None),
        ("Nothing is left of this.", "We sell shoes only at night", None),
    ],
)
def test_words_that_differ_are_told_apart(old: str, new: str, parts: object) -> None:
    assert changes(old, new) == parts


@given(st.text("ab .\n我", max_size=40), st.text("ab .\n我", max_size=40))
def test_the_new_text_is_whole_in_the_parts(old: str, new: str) -> None:
    found = changes(old, new)
    if found is not None:
        assert "".join(text for kind, text in found if kind != "gone") == new
        assert not [kind for (kind, _), (other, _) in pairwise(found) if kind == other]


def test_longer_texts_are_compared_line_by_line() -> None:
    old = "\n".join(f"line {number} of a text" for number in range(MOST_WORDS // 4))
    new = old.replace("line 7 of", "row 7 of")
    found = changes(old, new)
    assert found is not None
    assert [(kind, text) for kind, text in found if kind != "same"] == [
        ("gone", "line 7 of a text\n"),
        ("new", "row 7 of a text\n"),
    ]
    assert changes("a \n" * (MOST_WORDS + 1), "a \n" * MOST_WORDS) is None
