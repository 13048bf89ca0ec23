"""Pairs of rows, and what verdicts on them say, are the same where no process has all rows."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.embedding import packaged
from hfsft.engine.on_daft.shuffles import Rounds, Shuffled
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.spread.scattered import NUMBER, Scattered
from hfsft.errors import UserError
from hfsft.rows.batch import Batch
from hfsft.stages.contradicting.alike_questions import Pairing
from hfsft.stages.contradicting.chosen_pairs import PAIR
from hfsft.stages.contradicting.marking import MARKS, Marking
from tests.engine.spread.rounds import scattered, spread_out
from tests.fuzz.bounds import tries
from tests.near.test_vectors_by_rounds import in_small_cells, rows_of

VERDICTS = {**PAIR, "verdict": "string", "reason": "string"}


def asked(seed: int, count: int) -> tuple[Batch, dict[str, Any]]:
    """Rows that are answered in a few ways, with the vectors of what they ask, and the kinds of their columns."""
    draw, rows = random.Random(seed), rows_of(seed, count)
    answers = [draw.choice(["Yes.", "yes", "No, never.", "In the kiln.", " ", None]) for _ in range(count)]
    scores = [draw.choice([1.0, 2.5, None]) for _ in range(count)]
    batch = {**rows, "response": answers, "score_mean": scores}
    step = packaged("instruction")
    kinds = {**dict.fromkeys(batch, "string"), "round": "int64", "score_mean": "float64", **step.writes}
    return {**batch, **step.function(batch)}, kinds


def assert_paired(seed: int, by: str, cut: int | None = None, over: Scattered | None = None) -> Batch:
    batch, kinds = asked(seed, 50)
    batch = {name: batch[name] for name in batch if name not in ("origin", "round", "score_mean")}
    find = Pairing(at_least=0.6 if by == "letters" else 0.9, by=by, most=1 + seed % 3)
    wanted = find(batch)
    made = find.spread(scattered(batch, kinds, cut, over))
    assert dict(made.kinds) == PAIR
    assert made.collected().sort_by("id").to_pydict() == wanted
    return wanted


@given(st.integers(0, 10**6), st.sampled_from(["letters", "meaning"]), st.sampled_from([None, 9]))
@tries(10)
def test_pairs_are_the_same(seed: int, by: str, cut: int | None) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if seed % 2:
            in_small_cells(patch, 3)
            patch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", 0)
        assert_paired(seed, by, cut)


def verdicts(seed: int, ids: list[str]) -> Batch:
    """What was said of pairs of rows, some of which are not there any more."""
    draw = random.Random(seed)
    rows = []
    for place in range(len(ids)):
        one, other = sorted(draw.sample([*ids, "gone"], 2))
        said = draw.choice(["contradict", "contradict", "agree", None])
        rows.append((f"p{place:03}", one, "", "", other, "", "", 0.9, said, draw.choice(["so it says", "", None])))
    return {name: list(values) for name, values in zip(VERDICTS, zip(*rows, strict=True), strict=True)}


def assert_marked(seed: int, cut: int | None = None, over: Scattered | None = None) -> Batch:
    batch, kinds = asked(seed, 40)
    names = ["id", "origin", "round", *(["score_mean"] if seed % 3 else [])]
    batch = {name: batch[name] for name in names}
    pairs = verdicts(seed, batch["id"])
    mark = Marking(every=bool(seed % 2))
    wanted = mark(batch, pairs)
    beside = scattered(pairs, VERDICTS, cut, over)

    class Beside:
        def spread(self, rows: Scattered) -> Scattered:
            return mark.spread(rows, beside)

    assert spread_out(Beside(), scattered(batch, kinds, cut, over), len(batch["id"]), MARKS) == wanted
    return wanted


@given(st.integers(0, 10**6), st.sampled_from([None, 7]))
@tries(30)
def test_marks_are_the_same(seed: int, cut: int | None) -> None:
    assert_marked(seed, cut)


def test_scores_that_are_no_numbers_are_refused_alike() -> None:
    batch = {"id": ["b", "a"], "score_mean": [None, float("nan")]}
    kinds, pairs = {"id": "string", "score_mean": "float64"}, verdicts(1, ["a", "b"])
    for make in (
        lambda: Marking()(batch, pairs),
        lambda: Marking().spread(scattered(batch, kinds), scattered(pairs, VERDICTS)),
    ):
        with pytest.raises(UserError, match=r"keeps the best by score_mean, where no row has a number: 'nan'"):
            make()


@pytest.mark.lasting
def test_over_daft(tmp_path: Path) -> None:
    for number, by in enumerate(("letters", "meaning")):
        over = Shuffled(lambda _: None, {}, Rounds(WorkFolder.of(tmp_path), by))
        assert assert_paired(number, by, over=over)["id"]
    over = Shuffled(lambda _: None, {}, Rounds(WorkFolder.of(tmp_path), "marks"))
    assert any(assert_marked(4, over=over)["contradiction"])
    assert NUMBER not in MARKS
