"""What is packed of texts is enough to find what a look at all of them finds, and few of them are looked at."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.hashing import digest
from hfsft.similarity import VERSION, LexicalIndex, Sketched, keys_of, sketches_of
from hfsft.similarity.lexical.measure import Measured
from hfsft.similarity.lexical.packed import key_of, packed
from hfsft.similarity.lexical.shingles import Chunk, Chunks
from hfsft.similarity.lexical.similar_pairs import PartTexts, looked_at, parts_of
from hfsft.similarity.lexical.templates import Templates
from hfsft.similarity.lexical.told_runs import unpacked
from hfsft.similarity.sketched import grouped
from tests.similarity.lexical.test_candidates import planted
from tests.similarity.pairs import at_hand

Texts = tuple[str, ...]
TOLD = 48  # runs of a text at most, here: long texts make slow tests
PLACES = ["the mill", "the old baker", "the lake", "a farm", "the far ferry", "the red door", "the last stop", "a hut"]


def framed(draw: random.Random, count: int) -> list[str]:
    """Prompts of a few frames that are filled in, some with numbers, some of them slips or long."""
    frames = [
        "Please read the meter of {place} in house {number} and say whether that is plausible",
        "What does {word} mean in the letter that {place} sent",
        "Tell me about {word}",
        "How do I return the {word} that I bought at {place} on day {number} of the month",
        "{long}",
    ]
    texts, _ = planted(40, seed=draw.randrange(99))
    words = " ".join(texts).split()
    made = []
    for _ in range(count):
        said = draw.choice(frames).format(
            place=draw.choice(PLACES),
            number=draw.randrange(draw.choice([3, 5000])),
            word=" ".join(draw.choices(words, k=draw.randint(1, 4))),
            long=" ".join(draw.choices(words[:200], k=draw.choice([12, TOLD + 20]))),
        )
        made.append(said.replace("meter", "metre", 1) if draw.random() < 0.05 else said)
    return made


def sketched(items: Sequence[Texts], known: pa.Table | None = None, read: Any = None) -> LexicalIndex[int]:
    keys, sketches = sketches_of(items, 0.6)
    there = [place for place, key in enumerate(keys) if key is not None]
    looked = read or (lambda places: [items[there[place]] for place in places])
    index = LexicalIndex[int](known)
    made = [sketches[place] or b"" for place in there]
    index.add(there, Sketched([keys[place] or b"" for place in there], made, 0.6, looked))
    return index


@pytest.fixture(autouse=True)
def few_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hfsft.similarity.lexical.packed.TOLD", TOLD)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even ten items are all compared."""
    monkeypatch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", 10)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(20, 400))
def test_no_other_text_has_a_part_in_what_is_template(seed: int, count: int) -> None:
    draw = random.Random(seed)
    assert_seen_alike(framed(draw, count))


def test_a_number_that_takes_many_values_in_texts_of_no_template_makes_no_template() -> None:
    draw = random.Random(1)
    words = [f"w{draw.randrange(10**6)}x" for _ in range(600)]
    frame = "{} {} ship crate {} to north {} {}"
    numbers = [7] * 12 + list(range(100, 160))
    assert_seen_alike(
        [frame.format(*words[4 * at : 4 * at + 2], n, *words[4 * at + 2 :][:2]) for at, n in enumerate(numbers)]
    )


def assert_seen_alike(said: list[str]) -> None:
    """What sketches let pass for template, and what is left of texts, is what a look at all texts says."""
    texts = list(dict.fromkeys(parts_of(text)[0] for text in said))
    items = at_hand([(text,) for text in texts])
    made = packed([(text,) for text in texts], 0.6)
    _, (told,) = unpacked([made], np.ones((len(texts), 1), bool), 0.6)
    part = PartTexts(items.texts[0], *looked_at(items.texts[0], told, items.of[0]), 0)
    everything = Templates(Chunks(texts))
    chunk = Chunk(texts)
    flags, rests = everything.rests(chunk)
    found, same = part.measured._templates.rests(chunk)
    assert found.tolist() == flags.tolist() == part.templated[items.of[0]].tolist()
    assert [rest.tolist() for rest in same] == [rest.tolist() for rest in rests]


@pytest.mark.usefixtures("many")
def test_what_was_counted_of_other_texts_changes_nothing_and_is_counted_once() -> None:
    draw = random.Random(3)
    texts = framed(draw, 500)
    texts += [text.replace(" ", " please ", 1) for text in texts[::5]]
    items = [(text, draw.choice(["", texts[place // 2]])) for place, text in enumerate(texts)]
    for start, stop in ((0, 500), (100, 600)):
        cold, index = sketched(items[:400]), sketched(items[start:stop])
        before = list(cold.pairs(0.6))
        wanted = list(index.pairs(0.6))
        assert len(wanted) > 20
        known = cold.counted()
        again = sketched(items[start:stop], known)
        assert list(again.pairs(0.6)) == wanted
        assert again.counted().num_rows < index.counted().num_rows
        more = sketched(items[:400], pa.concat_tables([known, again.counted()]))
        assert list(more.pairs(0.6)) == before
        assert not more.counted().num_rows


@pytest.mark.usefixtures("many")
def test_texts_that_are_like_no_other_are_not_looked_at() -> None:
    texts, _ = planted(800)
    items = [(text,) for text in texts]
    looked: list[int] = []

    def read(places: Sequence[int]) -> list[Texts]:
        looked.extend(places)
        return [items[place] for place in places]

    known = sketched(items[:-1])
    pairs = list(known.pairs(0.6))
    again = sketched(items, known.counted(), read)
    found = list(again.pairs(0.6))
    assert set(pairs) < set(found)
    assert {len(items) - 1} < set(looked)
    assert len(looked) < 5


@pytest.mark.usefixtures("many")
@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.booleans())
def test_groups_and_blank_parts_are_packed_as_they_are(seed: int, ranked: bool) -> None:
    draw = random.Random(seed)
    texts = framed(draw, 60)
    items = [(text, draw.choice(["", " ", text[:30]])) if draw.random() < 0.9 else ("", " ") for text in texts * 2]
    groups = [draw.choice(["", "be brief", "Be brief."]) for _ in items]
    keys, sketches = sketches_of(items, 0.6)
    there = [place for place, key in enumerate(keys) if key is not None]
    digests, inside = [keys[place] or b"" for place in there], [groups[place] for place in there]
    whole = keys_of(items, groups)
    assert grouped(digests, inside) == [whole[place] for place in there]
    index, made = LexicalIndex[int](), [sketches[place] or b"" for place in there]
    index.add(there, Sketched(digests, made, 0.6, lambda places: [items[there[p]] for p in places]), inside)
    wanted = at_hand(items, groups)
    assert index.copies() == wanted.copies
    copies = [(first, copy, 1.0) for copy, first in wanted.copies.items()]
    assert list(index.pairs(0.6, ranked=ranked)) == [*copies, *wanted.alike(0.6, ranked=ranked)]
    plain = LexicalIndex[int]()
    plain.add(there, [items[place] for place in there], inside)
    assert index.table() == plain.table()
    more = ["Tell me about the old baker and the red door"]
    assert index.neighbours([(more[0], "")], 0.2) == plain.neighbours([(more[0], "")], 0.2)
    for each in (index, plain):
        each.add([len(items)], [(more[0], "")])
    assert list(index.pairs(0.6)) == list(plain.pairs(0.6)), "some are sketched before, some are not"


def test_a_row_takes_about_300_bytes() -> None:
    texts, _ = planted(200)
    keys, sketches = sketches_of([(text, "") for text in texts], 0.6)
    assert max(len(key or b"") + len(sketch or b"") for key, sketch in zip(keys, sketches, strict=True)) < 350
    long = packed([("a word of a very long text " * 500,)], 0.6).each()[0]
    assert long is not None
    assert len(long) < 500


def test_a_key_tells_what_is_blank() -> None:
    assert key_of(("", "")) is None
    assert keys_of([("a", ""), ("", "a"), ("A?", " "), None, (" ",)])[0] == keys_of([("A?", " ")])[0]
    assert len({key_of(("a", "")), key_of(("", "a")), key_of(("a",), "a"), key_of(("a",), "")}) == 4


def test_what_is_kept_changes_with_its_version_alone() -> None:
    texts = framed(random.Random(4), 40)
    items = [(text, texts[0] if place % 3 else "") for place, text in enumerate(texts)]
    shares = Measured(at_hand(texts).texts[0], Templates(Chunks([])), np.zeros(len(texts), bool), None)
    alike = shares.each(np.arange(5), np.arange(5, 10), 0.0)
    kept = [(sketches_of(items, at_least), alike.tobytes()) for at_least in (0.3, 0.6, 0.8)]
    assert (VERSION, digest(repr(kept))) == (2, "e9a54d137e744ab2f08c05d9d8a8274a"), (
        "raise the version, then pin both here"
    )
