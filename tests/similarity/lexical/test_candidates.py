"""More texts than are all compared: sketches find the pairs, in time and memory that grow with the number of texts."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from datasketch import MinHash

from hfsft.similarity import LexicalIndex, families
from hfsft.similarity.lexical.candidates import bounded
from hfsft.similarity.lexical.shingles import Chunk, shingles
from hfsft.similarity.lexical.similar_pairs import FEW
from hfsft.similarity.lexical.sketches import SEED, sketches
from tests.similarity.pairs import near_pairs

SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]


def lexicon(draw: random.Random, count: int = 2500) -> list[str]:
    return ["".join(draw.choices(SYLLABLES, k=draw.randint(1, 4))) for _ in range(count)]


def planted(count: int, seed: int = 1) -> tuple[list[str], set[tuple[int, int]]]:
    """Different texts, and behind them near copies of every fourth: one word of them is another."""
    draw = random.Random(seed)
    words = lexicon(draw)
    texts = [" ".join(draw.choices(words, k=24)) for _ in range(count)]
    twins = set()
    for place in range(0, count, 4):
        said = texts[place].split()
        said[draw.randrange(len(said))] = draw.choice(words)
        twins.add((place, len(texts)))
        texts.append(" ".join(said))
    return texts, twins


def test_sketches_are_those_of_datasketch() -> None:
    sets = [shingles(text) for text in ("where is it", "a", "退款多久", "x" * 300)] + [np.zeros(0, np.uint64)]
    for permutations in (16, 128, 217):
        for one, row in zip(sets, sketches(sets, permutations), strict=True):
            other = MinHash(num_perm=permutations, seed=SEED, hashfunc=int)
            other.update_batch((one & np.uint64(0xFFFFFFFF)).tolist())
            assert row.tolist() == other.hashvalues.tolist()


def test_every_planted_copy_among_many_is_found_and_no_other() -> None:
    texts, twins = planted(FEW)
    assert len(texts) > FEW
    found = {(one, other): similarity for one, other, similarity in near_pairs(texts, 0.7)}
    assert len(twins - found.keys()) <= len(twins) // 200
    for one, other in list(found)[:50]:
        ((_, _, exact),) = near_pairs([texts[one], texts[other]], 0.0)
        assert found[one, other] == pytest.approx(exact)


@pytest.mark.parametrize("at_least", [0.6, 0.8])
def test_sketches_find_what_a_comparison_of_all_finds(at_least: float, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, _ = planted(900, seed=3)
    draw = random.Random(4)
    texts += [" ".join(word for word in draw.choice(texts).split() if draw.random() > 0.08) for _ in range(500)]
    items = [(text, text[:40] if place % 3 else "") for place, text in enumerate(texts)]
    exact = {(one, other): value for one, other, value in near_pairs(items, at_least)}
    monkeypatch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", 10)
    found = {(one, other): value for one, other, value in near_pairs(items, at_least)}
    assert len(exact) > 150
    assert found.items() <= exact.items()
    assert len(found) >= 0.99 * len(exact)


def test_groups_keep_many_apart() -> None:
    texts, twins = planted(FEW)
    systems = [str(place % 2) for place in range(len(texts))]
    index = LexicalIndex[int]()
    index.add(range(len(texts)), texts, systems)
    found = {(one, other) for one, other, _ in index.pairs(0.7)}
    together = {pair for pair in twins if (pair[0] - pair[1]) % 2 == 0}
    assert len(together - found) <= 3
    assert all((one - other) % 2 == 0 for one, other in found)


def test_families_of_many_do_not_depend_on_the_order_of_rows() -> None:
    texts, _ = planted(FEW)
    draw = random.Random(2)
    texts += [f"Read the meter of house {draw.randrange(10**6)} and say whether it is plausible." for _ in range(300)]

    def grouped(order: list[int]) -> set[frozenset[int]]:
        groups: dict[int, set[int]] = {}
        for place, root in enumerate(families(len(order), near_pairs([texts[at] for at in order], 0.6))):
            groups.setdefault(root, set()).add(order[place])
        return set(map(frozenset, groups.values()))

    places = list(range(len(texts)))
    moved = draw.sample(places, len(places))
    assert grouped(places) == grouped(moved)


GROWTH = """
import random, re, sys, time
from pathlib import Path
from hfsft.similarity.lexical import similar_pairs
from tests.similarity.pairs import near_pairs
similar_pairs.FEW = 100
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
kind, count = sys.argv[1], int(sys.argv[2])
draw = random.Random(1)
words = ["".join(draw.choices("abcdefghilmnoprstu", k=draw.randint(2, 9))) for _ in range(3000)]
def boilerplate():
    return f"You are a careful clerk of a water company. Read meter {draw.randrange(10**9)} and say why."
def edited(base=" ".join(words[:30]).split()):
    said = list(base); said[draw.randrange(30)] = draw.choice(words); said[draw.randrange(30)] = draw.choice(words)
    return " ".join(said)
make = {"boilerplate": boilerplate, "edited": edited, "different": lambda: " ".join(draw.choices(words, k=60))}[kind]
texts = [make() for _ in range(count)]
list(near_pairs(texts[:200], 0.6))  # imports, and what is set up once
start = time.process_time()
pairs = sum(1 for _ in near_pairs(texts, 0.6))
print(time.process_time() - start, peak(), pairs)
"""


@pytest.mark.parametrize("kind", ["boilerplate", "edited", "different"])
def test_time_and_memory_grow_with_the_number_of_texts(kind: str) -> None:
    seconds, megabytes = [], []
    for count in (1500, 6000, 1500):  # the first once more, as other work may have slowed one of them
        command = [sys.executable, "-c", GROWTH, kind, str(count)]
        one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
        shown = subprocess.run(command, capture_output=True, check=True, text=True, env=one_thread).stdout.split()
        seconds.append(float(shown[0]))
        megabytes.append(int(shown[1]))
        assert int(shown[2]) < 100 * count
    # Four times the texts; sixteen times where every pair is looked at.
    assert seconds[1] < 8 * max(seconds[0], seconds[2], 0.25)
    assert megabytes[1] < 360  # 64 pairs a text where all are near copies


def edits_of_one(count: int) -> list[str]:
    draw = random.Random(6)
    words = lexicon(draw)
    base = words[:30]
    return [" ".join(draw.choice(words) if draw.random() < 0.07 else word for word in base) for _ in range(count)]


def of_one_template(count: int) -> list[str]:
    return [f"Parcel {n} of sender {n * 7919} was weighed {n % 9 + 2} times, why is that?" for n in range(count)]


def families_by_joins(texts: list[str], at_least: float) -> tuple[list[int], int]:
    """The families, and how many pairs were compared for them."""
    index = LexicalIndex[int]()
    index.add(range(len(texts)), texts)
    return families(len(texts), index.joined(at_least)), index.counted().num_rows


@pytest.mark.parametrize("at_least", [0.55, 0.6, 0.7, 0.8])
@pytest.mark.parametrize("few", [10, FEW])
def test_joins_make_the_families_that_all_pairs_make(
    at_least: float, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", few)
    texts, _ = planted(200, seed=9)
    texts += [*of_one_template(250), *texts[:9]]
    assert families_by_joins(texts, at_least)[0] == families(len(texts), near_pairs(texts, at_least))


def test_prompts_of_one_template_are_joined_by_few_comparisons() -> None:
    compared = {}
    for count in (FEW + 500, 2 * FEW + 1000):
        root, compared[count] = families_by_joins(of_one_template(count), 0.6)
        assert set(root) == {0}
        assert compared[count] < 12 * count  # some 47 of each where all that sketches bring together are compared
    fewer, more = compared.values()
    assert more < 2.5 * fewer


def test_pairs_that_are_let_go_on_the_way_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = of_one_template(1500)
    monkeypatch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", 10)
    held: list[int] = []

    def told(first: Any, *rest: Any) -> Any:
        held.append(len(first))
        return bounded(first, *rest)

    monkeypatch.setattr("hfsft.similarity.lexical.candidates.bounded", told)
    found = list(near_pairs(texts, 0.6))
    assert max(held) < 150 * len(texts)
    monkeypatch.setattr("hfsft.similarity.lexical.candidates.HELD", 10**6)
    held.clear()
    assert list(near_pairs(texts, 0.6)) == found
    assert max(held) > 150 * len(texts)  # so many at once where none is let go


def test_what_is_kept_and_counted_at_once_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above some sizes words are cut again for each look, and pairs are counted in groups."""
    texts, _ = planted(400, seed=7)
    draw = random.Random(8)
    frame = "Please read the meter of house {} in {} and tell me whether it is plausible"
    texts += [frame.format(draw.choice(texts)[:20], draw.randrange(40)) for _ in range(200)]
    items = [(text, draw.choice(["", texts[place - 1]])) for place, text in enumerate(texts)]
    monkeypatch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", 10)
    found = list(near_pairs(items, 0.6))
    assert len(found) > 20
    monkeypatch.setattr("hfsft.similarity.lexical.shingles.KEPT", 0)
    monkeypatch.setattr("hfsft.similarity.lexical.shingles.CHUNK", 2000)
    monkeypatch.setattr("hfsft.similarity.lexical.measure.COUNTED", 3000)
    for looked in (1 << 14, 7):
        monkeypatch.setattr("hfsft.similarity.lexical.measure._LOOKED", looked)
        assert list(near_pairs(items, 0.6)) == found


def test_a_text_of_many_pairs_is_cut_once(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = edits_of_one(1200)
    monkeypatch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", 10)
    cut: list[int] = []

    def told(chunk: Chunk) -> Any:
        cut.append(len(chunk))
        return shingles_of(chunk)

    shingles_of = Chunk.shingles
    monkeypatch.setattr("hfsft.similarity.lexical.shingles.Chunk.shingles", told)
    found = list(near_pairs(texts, 0.6))
    assert len(found) > 30 * len(texts)
    assert sum(cut) <= 2 * len(texts)  # for its sketch, and for all its pairs
