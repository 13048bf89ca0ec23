"""What is taken for personal data, what only looks like it, and that looking takes time that grows with the text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.privacy.found import Found, apart
from hfsft.privacy.phones import REGIONS
from hfsft.privacy.pii import find
from tests.privacy.canaries import SAID, value
from tests.privacy.samples import HITS, MISSES, PIECES

ALL = tuple(dict.fromkeys(region for regions in REGIONS.values() for region in regions))


def marked(text: str) -> tuple[str, list[str]]:
    """A text without its outermost marks, and what stands between them."""
    plain, inside, depth = "", [], 0
    for letter in text:
        if letter == "[":
            depth += 1
            if depth == 1:
                inside.append("")
                continue
        elif letter == "]":
            depth -= 1
            if depth == 0:
                continue
        plain += letter
        if depth:
            inside[-1] += letter
    return plain, inside


@pytest.mark.parametrize("kind", HITS)
def test_what_is_found(kind: str) -> None:
    wrong = {}
    for text in HITS[kind]:
        plain, inside = marked(text)
        found = [(each.kind, plain[each.start : each.end]) for each in find(plain, regions=ALL)]
        if found != [(kind, said) for said in inside]:
            wrong[plain] = found
    assert wrong == {}


@pytest.mark.parametrize("regions", [("US", "GB"), ("VN",), ("CN",), ALL], ids=["en", "vi", "zh", "all"])
def test_what_only_looks_like_it(regions: tuple[str, ...]) -> None:
    wrong = {}
    for text in MISSES:
        found = [(each.kind, text[each.start : each.end]) for each in find(text, regions=regions)]
        if found:
            wrong[text] = found
    assert wrong == {}


@pytest.mark.parametrize("kind", SAID)
def test_made_up_values_are_found_wherever_they_stand(kind: str) -> None:
    for number in range(0, 999, 37):
        said = value(kind, number)
        for text in (SAID[kind].format(said), SAID[kind].format(said).upper(), f"{SAID[kind].format(said)}\nBye"):
            (each,) = find(text)
            assert each.kind == kind.upper()
            assert text[each.start : each.end].casefold() == said.casefold()


def test_only_the_kinds_asked_for_are_found() -> None:
    text = "jane@example.com, +1 415 555 0132"
    assert [each.kind for each in find(text, ("phone",))] == ["PHONE"]


def test_finds_that_overlap_are_one_of_the_kind_that_came_first() -> None:
    assert apart([Found("B", 4, 9), Found("A", 0, 5), Found("C", 9, 12), Found("D", 2, 3)]) == [
        Found("B", 0, 9),
        Found("C", 9, 12),
    ]


@pytest.mark.parametrize("piece", PIECES)
def test_time_grows_with_the_text(piece: str) -> None:
    def seconds(size: int, tries: int = 3) -> float:
        text, taken = piece * (size // len(piece)) + "x", []
        for _ in range(tries):
            began = time.process_time()
            find(text)
            taken.append(time.process_time() - began)
        return min(taken)

    find("a@b.co 415-555-0132")  # loads what is loaded once
    if seconds(4_000, 1) > 0.1:
        assert seconds(8_000) < 3 * seconds(4_000) + 0.05


@given(st.text(alphabet="a1 @.:+-()/[]\u200b１x我,0", max_size=60))
def test_finds_stand_apart_and_within_the_text(text: str) -> None:
    place = 0
    for each in find(text):
        assert place <= each.start < each.end <= len(text)
        place = each.end
