"""Novelty: the nearest of the new texts before, by ROUGE-L exactly, and by runs of characters."""

from __future__ import annotations

import random
from typing import Literal

import pytest

from hfsft.similarity.novelty import Nearest, nearest_before, words
from hfsft.stages.writing.self_instruct import SelfInstruct


def rouge_l(one: list[str], other: list[str]) -> float:
    """By the definition: twice the longest common subsequence over the words of both."""
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for row, word in enumerate(one):
        for column, against in enumerate(other):
            longest = max(table[row][column + 1], table[row + 1][column])
            table[row + 1][column + 1] = table[row][column] + 1 if word == against else longest
    return 2 * table[-1][-1] / (len(one) + len(other)) if one or other else 0.0


def test_rouge_l_is_that_of_the_definition_with_every_new_text_before() -> None:
    luck = random.Random(5)
    known = [f"w{number}" for number in range(40)]
    texts = [" ".join(luck.choices(known, k=luck.randint(1, 9))) for _ in range(300)]
    texts += [f"{text}, please" for text in texts[:30]]
    found = nearest_before(texts, [0] * 5 + [1] * 325, "rouge_l", 0.7)
    new = list(range(5))
    for place in range(5, 330):
        best = max((rouge_l(words(texts[place]), words(texts[other])), -other) for other in new)
        assert found[place] == Nearest(-best[1], pytest.approx(best[0]))
        if best[0] < 0.7:
            new.append(place)
    assert found[:5] == [None] * 5


@pytest.mark.parametrize("by", ["rouge_l", "near_duplicate"])
def test_a_copy_falls_for_what_stays_and_the_order_is_that_of_ranks(by: Literal["rouge_l", "near_duplicate"]) -> None:
    texts = ["How do I return this lamp to the shop?", "How do I return this lamp to the shop?", "Where is my dog?"]
    first = nearest_before(texts, [1, 1, 1], by, 0.7)
    assert first[0] is None
    assert first[1] == Nearest(0, 1.0)
    assert first[2] is None or first[2].likeness < 0.7
    assert nearest_before(texts, [2, 1, 1], by, 0.7)[0] == Nearest(1, 1.0)
    assert nearest_before(texts, [1, 0, 1], by, 0.7)[0] == Nearest(1, 1.0)


def test_words_are_those_of_any_script() -> None:
    assert words("Where's MY 2nd hat?") == ["where", "s", "my", "2nd", "hat"]
    assert words("你好吗") == ["你", "好", "吗"]
    assert words("\u00dcber\u00adall") != []
    assert nearest_before(["!?", "..."], [0, 1], "rouge_l", 0.7)[1] == Nearest(0, 0.0)


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        ("9. Where is it?", "Where is it?"),
        ("9. Where is it?\n10. When does it come?", "Where is it?"),
        ("Where is it?\n\n10) And now?", "Where is it?"),
        ("I need 3. No, 4. What now?", "I need 3. No, 4. What now?"),
        ("12 lamps are gone, where?", "12 lamps are gone, where?"),
    ],
)
def test_of_a_list_that_goes_on_the_first_is_taken(answer: str, taken: str) -> None:
    source = SelfInstruct.model_validate({"from": "self_instruct", "count": 1})
    assert source.taken(answer) == taken
