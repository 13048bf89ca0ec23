"""Many texts at once are normalised to the letter as one by one."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.similarity import normalise_many
from hfsft.similarity.normalise import normalise
from hfsft.similarity.normalise_many import normalise_all

SIGNS = st.text(st.sampled_from("abXY019 _.,;:!?'\"`()-\t\n\x0b\x1c\x1f\r\0/*"), max_size=12)


@settings(deadline=None)
@given(st.lists(SIGNS | st.text(max_size=8), max_size=40))
def test_each_text_is_what_it_is_by_itself(texts: list[str]) -> None:
    assert normalise_all(texts) == [normalise(text) for text in texts]


@pytest.mark.parametrize("block", [1, 50])
def test_it_does_not_matter_which_texts_stand_together(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normalise_many, "BLOCK", block)
    draw = random.Random(2)
    parts = ["5!", "n!", "wow!", "f''(x)", "it's", " - ", "a - b", '"so"', "...", "?!", "x.y.", "  ", "\n", "End.", "é"]
    texts = ["".join(draw.choices(parts, k=draw.randint(0, 8))) for _ in range(2000)]
    assert normalise_all(texts) == [normalise(text) for text in texts]


def test_a_sign_at_the_edge_of_a_text_says_nothing_of_its_neighbour() -> None:
    texts = ["5", "!", "a", "!b", "'", "(x", "word -", "- word", "...", "", " ", ".", "a.", ".a"]
    assert normalise_all(texts) == [normalise(text) for text in texts]
