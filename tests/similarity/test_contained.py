"""Items that stand in texts: whole, wrapped anew, embedded, edited, in any script; and what is none of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.similarity.contained import Contained

ITEMS = [
    "A potter fires 14 bowls in each of 6 kilns and sells every third bowl for $9. How much does she earn in a week?",
    "What happens if you glaze a wet pot?",
    "窯の温度を千二百度まで上げるには、何時間かけて薪をくべればよいですか。",
    "Nghệ nhân nung mười bốn cái bát trong mỗi lò và bán một phần ba số bát đó, hỏi bà thu được bao nhiêu tiền?",
    "def cone(temperature):\n    return next(name for name, top in CONES.items() if temperature <= top)",
    "Clay?",
]
LONGER = "Before we begin, a word on method: read twice, answer once. {} And show each of your steps, please."


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize(
    ("change", "levels"),
    [
        (lambda text: text, {"exact"}),
        (str.upper, {"exact"}),
        (lambda text: "> " + "\n> ".join(text.replace(",", " ,").split(" ")), {"exact"}),
        (lambda text: f"**{text.rstrip('?.')}**", {"exact"}),
        (LONGER.format, {"ngrams"}),
    ],
    ids=["copied", "capitals", "wrapped", "bold", "embedded"],
)
def test_items_are_found_however_they_are_typed(number: int, change: object, levels: set[str]) -> None:
    (hit,) = Contained(ITEMS).search([change(ITEMS[number])])  # type: ignore[operator]
    assert hit is not None
    assert (hit.item, hit.share) == (number, 1.0)
    assert hit.level in levels


@pytest.mark.parametrize(
    "text",
    [
        ITEMS[0].replace("14", "15").replace("sells", "gives away").replace("$9", "$7"),
        LONGER.format(ITEMS[0].replace("potter", "baker").replace("kilns", "ovens").replace("week", "month")),
        ITEMS[2].replace("千二百", "九百").replace("薪", "炭"),
    ],
)
def test_an_item_that_was_lightly_edited_is_near(text: str) -> None:
    (hit,) = Contained(ITEMS).search([text])
    assert hit is not None
    assert hit.level == "near"
    assert 0.8 <= hit.share < 1


@pytest.mark.parametrize(
    "text",
    [
        "How much does she earn in a week? A potter who fires bowls.",
        "What happens if you leave the kiln open?",
        "Clay? What clay, and what happens if it is wet?",
        "薪をくべるのは誰ですか。",
        "",
        "?!",
        " ".join(sorted(ITEMS[0].split())),
    ],
)
def test_what_only_sounds_like_an_item_is_none(text: str) -> None:
    assert Contained(ITEMS).search([text]) == [None]


def test_levels_and_bounds_decide_what_is_a_hit() -> None:
    half = " ".join(ITEMS[0].split()[:14])
    assert [hit and hit.level for hit in Contained(ITEMS, share=0.3).search([half])] == ["ngrams"]
    assert Contained(ITEMS).search([half]) == [None]
    assert Contained(ITEMS, levels=["exact"]).search([LONGER.format(ITEMS[0])]) == [None]


def test_what_stands_in_very_many_items_marks_none_of_them() -> None:
    rules = "Choose the best of the four answers below and write nothing but its letter:"
    items = [f"{rules} which kiln holds {number} pots of the old {number * 7} kind" for number in range(150)]
    index = Contained(items)
    assert index.search([f"{rules} is this a question?"]) == [None]
    (hit,) = index.search([f"Now. {items[77]} Thank you."])
    assert hit is not None
    assert hit.item == 77


def test_no_items_are_found_nowhere() -> None:
    assert Contained([]).search(["Some text of five words."]) == [None]
    assert Contained(["", "?", "two words"]).search(["two words", ""]) == [None, None]


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_text_may_be_an_item_and_is_found_in_itself(item: str, before: str, text: str) -> None:
    index = Contained([item, before, ITEMS[0]])
    index.search([text, before])
    (hit,) = index.search([f"{before} {ITEMS[0]} {text}"])
    assert hit is not None
