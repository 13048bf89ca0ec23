"""Rounds over scattered rows find the very pairs that the search in one process finds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.engine.on_daft.shuffles import Rounds, Shuffled
from hfsft.engine.on_daft.work_folder import WorkFolder
from tests.near.by_rounds import Pairs, by_rounds, scattered
from tests.similarity.lexical.test_candidates import of_one_template, planted
from tests.similarity.lexical.test_packed import framed
from tests.similarity.pairs import at_hand

Item = str | tuple[str, ...]


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even ten items are all compared."""
    monkeypatch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", 10)


def assert_same(
    items: Sequence[Item],
    groups: Sequence[str] | None = None,
    *,
    at_least: float = 0.6,
    by_content: bool = False,
    cut: int | None = None,
    most: int | None = None,
) -> Pairs:
    """The pairs, which are those of the search in one process."""
    here = at_hand(items, groups)
    wanted = list(here.alike(at_least, ranked=not by_content))
    rows = scattered(items, groups, at_least, cut)
    found = by_rounds(*rows, at_least, by_content=by_content, most=most)
    assert found.copies == here.copies
    alike = [(*sorted(pair[:2]), pair[2]) for pair in found.alike]
    assert sorted(alike) == sorted(wanted)
    assert by_content or all(one < other for one, other, _ in found.alike)
    return wanted


def corpus(seed: int, count: int) -> list[Item]:
    """Texts of many kinds: plain ones with twins, filled frames, one template, many near copies, copies, blank ones."""
    draw = random.Random(seed)
    texts, _ = planted(count // 4 + 4, seed=seed)
    texts += framed(draw, count // 4)
    texts += of_one_template(count // 4)
    base = draw.choice(texts).split()
    for _ in range(count // 4):
        said = list(base)
        said[draw.randrange(len(said))] = draw.choice(["so", "then", "why", "there", "mill", "lake", "stone"])
        texts.append(" ".join(said))
    texts += [*draw.choices(texts, k=count // 10), "", "  "]
    draw.shuffle(texts)
    return list(texts)


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6), st.integers(0, 160), st.booleans(), st.sampled_from([0.4, 0.6, 0.8]))
def test_pairs_are_the_same(seed: int, count: int, by_content: bool, at_least: float) -> None:
    draw = random.Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", draw.choice([0, 10, 2000]))
        items = corpus(seed, count)
        if seed % 3:
            items = [(str(item), str(draw.choice(items)) if draw.random() < 0.4 else "") for item in items]
        groups = [draw.choice(["", "a", "b"]) for _ in items] if seed % 2 else None
        cut, most = draw.choice([None, 7, 50]), draw.choice([None, 3000, 40000])
        assert_same(items, groups, at_least=at_least, by_content=by_content, cut=cut, most=most)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("by_content", [False, True])
@pytest.mark.parametrize("most", [None, 100_000])
def test_hundreds_of_one_template_and_bands_fuller_than_all_meet(by_content: bool, most: int | None) -> None:
    texts = of_one_template(700)
    draw = random.Random(1)
    base = " ".join(planted(4)[0]).split()[:40]
    for _ in range(300):
        said = list(base)
        said[draw.randrange(40)] = draw.choice(base)
        texts.append(" ".join(said))
    pairs = assert_same(texts, by_content=by_content, cut=100, most=most)
    assert len(pairs) > 5000


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("most", [None, 60_000])
def test_over_daft_pairs_are_the_same(tmp_path: Path, most: int | None) -> None:
    items = corpus(5, 300)
    parted = [(str(item), str(items[place - 1]) if place % 4 == 0 else "") for place, item in enumerate(items)]
    groups = ["a" if place % 5 else "" for place in range(len(items))]
    here = at_hand(parted, groups)
    daft = Shuffled(lambda _: None, {}, Rounds(WorkFolder.of(tmp_path), "key"))
    known, said = (daft.of(each.table, each.kinds) for each in scattered(parted, groups))
    found = by_rounds(known, said, most=most)
    assert found.copies == here.copies
    assert sorted(found.alike) == sorted(here.alike(0.6, ranked=True))
