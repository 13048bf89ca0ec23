"""The openings of refusals: made from the phrases, and at the start of whatever these find."""

from __future__ import annotations

from itertools import product

from hfsft.texts.refusal import KINDS, pattern, refusal
from hfsft.texts.refusals import PHRASES
from hfsft.texts.refusals.openings import OPENINGS
from tests.texts.openings import PLACE, page
from tests.texts.test_refusal import texts


def test_the_table_is_made_from_the_phrases() -> None:
    assert PLACE.read_text() == page(), "run `python -m tests.texts.openings --write`"


def test_whatever_a_phrase_finds_begins_with_an_opening_of_its_language() -> None:
    found = 0
    for code, (place, kind) in product(PHRASES, enumerate(KINDS)):
        openings = tuple(OPENINGS[code][place].split("|"))
        for _, text in (*texts(0), *texts(1)):
            for match in pattern(code, kind).finditer(text.casefold().replace("\u2019", "'")):
                found += 1
                assert match[0].startswith(openings), (code, match[0])
    assert found > 400


def test_a_refusal_is_found_wherever_it_stands() -> None:
    said = [text for _, text in texts(0)]
    for text, other in zip(said, said[1:] + said[:1], strict=True):
        assert refusal(f"{text} {other}") == 1
        assert refusal("Step by step. " * 30 + text) == 0.5, text
