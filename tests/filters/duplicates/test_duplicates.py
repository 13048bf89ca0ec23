"""Rows against each other: who stays, who falls, and that no order of rows changes it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.errors import ArgumentError
from hfsft.filters import ExactDuplicate, NearDuplicate
from hfsft.filters.duplicates.common import Duplicates
from hfsft.rows.batch import Batch
from hfsft.similarity import normalise
from tests.similarity.pairs import near_pairs

REFUND = "How long does a refund take to arrive?"
WORDS = ["refund", "card", "late", "how", "Long", "a", "?", "退款"]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "instruction": st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join),
            "origin": st.sampled_from(["example", "seed", "evolved"]),
            "round": st.integers(0, 2),
        }
    ),
    max_size=10,
)


def batch_of(rows: list[dict[str, Any]]) -> Batch:
    return {name: [row.get(name) for row in rows] for name in ("id", "origin", "round", "context", "instruction")}


def exact(rows: list[dict[str, Any]]) -> list[tuple[int | None, str | None]]:
    measured = ExactDuplicate().measure(batch_of(rows))
    return list(zip(measured["exact_duplicate_instruction"], measured["exact_duplicate_instruction_of"], strict=True))


@pytest.mark.parametrize(
    ("rows", "expected", "reason"),
    [
        (
            [{"id": "b", "instruction": "Hi"}, {"id": "a", "instruction": "hi!"}, {"id": "c", "instruction": "HI"}],
            [(1, "a"), (0, None), (2, "a")],
            "the smallest id stays, each copy knows it",
        ),
        (
            [
                {"id": "a", "origin": "evolved", "round": 1, "instruction": "Hi"},
                {"id": "b", "origin": "seed", "round": 0, "instruction": "Hi"},
                {"id": "c", "origin": "example", "round": 0, "instruction": "Hi"},
            ],
            [(2, "c"), (1, "c"), (0, None)],
            "examples before seeds before what was evolved",
        ),
        (
            [
                {"id": "a", "origin": "evolved", "round": 2, "instruction": "Hi"},
                {"id": "b", "origin": "evolved", "round": 1, "instruction": "Hi"},
            ],
            [(1, "b"), (0, None)],
            "an earlier round is nearer to people",
        ),
        (
            [
                {"id": "a", "instruction": "Sum up.", "context": "The cat sat."},
                {"id": "b", "instruction": "Sum up.", "context": "The dog ran."},
                {"id": "c", "instruction": "Sum up.", "context": "The cat sat."},
            ],
            [(0, None), (0, None), (1, "a")],
            "the context is part of what the user says",
        ),
        (
            [{"id": "a", "instruction": None}, {"id": "b", "instruction": " "}, {"id": "c", "instruction": " "}],
            [(None, None)] * 3,
            "nothing is no copy of nothing",
        ),
    ],
)
def test_exact_duplicate(rows: list[dict[str, Any]], expected: list[Any], reason: str) -> None:
    assert exact(rows) == expected, reason


def test_conversations_that_open_alike_are_not_the_same() -> None:
    def chat(*said: str) -> list[dict[str, str]]:
        return [
            {"role": role, "content": text} for text in said for role, text in (("user", text), ("assistant", "ok"))
        ]

    turns = [chat("Hi", "My card is lost"), chat("Hi", "I was charged twice"), chat("hi", "my card is lost"), None]
    batch: Batch = {"instruction": ["Hi", "Hi", "hi", "Hi"], "messages": turns}
    assert ExactDuplicate().measure(batch)["exact_duplicate_instruction"] == [0, 0, 1, 0]


def test_several_columns_are_compared_apart() -> None:
    batch: Batch = {"topic": ["a b", "a", "A"], "response": ["c", "b c", "B c."]}
    rule = ExactDuplicate(column=["topic", "response"])
    assert rule.reads == ("topic", "response")
    assert rule.measure(batch) == {
        "exact_duplicate_topic_response": [0, 1, 0],
        "exact_duplicate_topic_response_of": [None, "2", None],
        "exact_duplicate_topic_response_cluster": [None, "2", "2"],
    }


def test_near_duplicate_measures_the_preferred_row_most_alike() -> None:
    batch: Batch = {
        "id": ["d", "c", "b", "a"],
        "instruction": ["How do I close my account?", REFUND + " Please tell me.", REFUND.upper(), REFUND],
    }
    measured = NearDuplicate().measure(batch)
    far, near, same, first = measured["near_duplicate_instruction"]
    assert (far, same, first) == (0, 1, 0)
    assert 0.6 < near < 0.9
    assert measured["near_duplicate_instruction_of"] == [None, "a", "a", None]


def chain(count: int) -> list[str]:
    """Each differs from the one before by a word: neighbours are alike, the ends are not."""
    sentence = "when does the fan of the north hall start after the long night shift and who may switch it off by hand"
    said = sentence.split()
    rows = []
    for place in range(count):
        said[2 * place + 1] = ["kiln", "lamp", "pipe", "door", "roof", "belt", "tank", "gate", "drum", "crane"][place]
        rows.append(" ".join(said))
    return rows


@pytest.mark.parametrize("at_most", [0.7, 0.8])
def test_a_row_of_a_chain_falls_for_one_that_stays(at_most: float) -> None:
    texts = chain(9)
    rule = NearDuplicate(at_most=at_most)
    measured = rule.measure({"id": [f"{place}" for place in range(9)], "instruction": texts})
    values = measured["near_duplicate_instruction"]
    removed = [value > at_most for value in values]
    assert 2 <= removed.count(False) < 9
    for place, original in enumerate(measured["near_duplicate_instruction_of"]):
        if original is not None:
            assert not removed[int(original)]
            ((_, _, alone),) = near_pairs([texts[place], texts[int(original)]], 0.0)
            assert values[place] == pytest.approx(alone)
    assert any(value <= at_most for value in values[1:]), "one is alike to rows that fell, and stays"


def test_parts_are_compared_each_for_itself() -> None:
    text = "The harbour was built by the town in two long winters, and ships of all kinds came to it. " * 9
    batch: Batch = {
        "id": ["a", "b", "c", "d"],
        "instruction": [
            "Who built the harbour?",
            "When did ships come?",
            "Who built the harbour?",
            "WHO built the harbour?",
        ],
        "context": [text, text, "", text.upper()],
        "system": ["Be brief.", "Be brief.", "Be brief.", "Be brief"],
    }
    assert NearDuplicate().measure(batch)["near_duplicate_instruction"] == [0, 0, 0, 1]
    batch["system"] = ["Be brief.", "Be brief.", "Be brief.", "Be rude."]
    for rule in (ExactDuplicate(), NearDuplicate()):
        assert rule.measure(batch)[rule.measured] == [0, 0, 0, 0], "another system prompt makes another row"


def test_a_copy_of_a_row_that_falls_names_the_row_that_stays() -> None:
    near = REFUND + " Please tell me."
    batch: Batch = {"id": ["c", "b", "a"], "instruction": [near.upper(), near, REFUND]}
    measured = NearDuplicate(at_most=0.6).measure(batch)
    copy, original, first = measured["near_duplicate_instruction"]
    assert copy == original > 0.6
    assert first == 0
    assert measured["near_duplicate_instruction_of"] == ["a", "a", None]


@settings(deadline=None, max_examples=40)
@given(ROWS, st.sampled_from([0.4, 0.6, 0.8]))
def test_rows_fall_for_rows_that_stay_and_those_are_far_apart(rows: list[dict[str, Any]], at_most: float) -> None:
    rule = NearDuplicate(at_most=at_most, floor=0.3)
    said = [row["instruction"] for row in rows]
    forms = [normalise(text) for text in said]
    measured = rule.measure({**batch_of(rows), "id": [f"{place:02}" for place in range(len(rows))]})
    values, originals = measured[rule.measured], measured[f"{rule.measured}_of"]
    stays = [value is None or value <= at_most for value in values]
    alike = {(one, other): value for one, other, value in near_pairs(said, 0.0)}
    for place, (value, original) in enumerate(zip(values, originals, strict=True)):
        if not stays[place]:
            assert stays[int(original)]
            if len(set(forms)) == len(forms):  # a copy is paired with the first of its kind alone
                assert value == pytest.approx(alike[min(place, int(original)), max(place, int(original))])
    for (one, other), value in alike.items():
        assert value <= at_most or not (stays[one] and stays[other])


def test_what_cannot_be_measured_cannot_be_asked() -> None:
    with pytest.raises(ArgumentError, match=r"at_most 0\.5 is under floor 0\.6"):
        NearDuplicate(at_most=0.5)
    assert NearDuplicate(at_most=0.5, floor=0.5).floor == 0.5


@pytest.mark.parametrize("rule", [ExactDuplicate(), NearDuplicate()])
def test_a_moved_bound_measures_nothing_again(rule: Duplicates) -> None:
    moved = rule.model_copy(update={"at_most": 1})
    assert moved.bounds() != rule.bounds()
    assert moved.steps()[0].fingerprint("") == rule.steps()[0].fingerprint("")
    assert type(rule)(column="response").steps()[0].fingerprint("") != rule.steps()[0].fingerprint("")
    assert moved.steps()[-1].fingerprint("") != rule.steps()[-1].fingerprint("")
    for step, other in zip(rule.steps()[:-1], moved.steps()[:-1], strict=True):
        hangs = step.name.endswith(".decide")
        assert (step.fingerprint("") != other.fingerprint("")) == hangs, "who stays hangs on the bound, and no more"


@settings(deadline=None, max_examples=30)
@given(ROWS, st.booleans(), st.randoms(use_true_random=False))
@pytest.mark.parametrize("rule", [ExactDuplicate(), NearDuplicate(floor=0.3)])
def test_no_order_of_rows_changes_a_measure(
    rule: Duplicates, rows: list[dict[str, Any]], with_ids: bool, shuffled: random.Random
) -> None:
    if with_ids:
        rows = [{**row, "id": f"{place:02}"} for place, row in enumerate(rows)]
    else:
        rows = [{"instruction": row["instruction"]} for row in rows]

    def measured(some: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        names = ("id", "origin", "round", "instruction") if with_ids else ("instruction",)
        batch: Batch = {name: [row[name] for row in some] for name in names}
        result = rule.measure(batch)
        shown = list(rule.writes) if with_ids else [rule.measured]  # without ids, a row is known by its place alone
        return sorted(zip(*(batch[name] for name in names), *(result[name] for name in shown), strict=True), key=str)

    moved = list(rows)
    shuffled.shuffle(moved)
    assert measured(rows) == measured(moved)


@settings(deadline=None, max_examples=30)
@given(ROWS, st.floats(0.3, 1), st.floats(0.3, 1))
def test_a_bound_compares_what_one_measure_gave(rows: list[dict[str, Any]], one: float, other: float) -> None:
    low, high = sorted((one, other))
    column = NearDuplicate(floor=0.3).measure({"instruction": [row["instruction"] for row in rows]})
    values = column["near_duplicate_instruction"]
    assert all(value is None or value == 0 or 0.3 <= value <= 1 for value in values)
    (strict,), (lax,) = (NearDuplicate(floor=0.3, at_most=bound).bounds() for bound in (low, high))
    assert all(lax.keeps(value) for value in values if strict.keeps(value))


@settings(deadline=None, max_examples=30)
@given(ROWS)
def test_one_of_each_group_stays(rows: list[dict[str, Any]]) -> None:
    said = [row["instruction"] for row in rows]
    counts = ExactDuplicate().measure({"instruction": said})["exact_duplicate_instruction"]
    words = [text.casefold().rstrip("? ").split() for text, count in zip(said, counts, strict=True) if count == 0]
    kept = [each for each in words if each]  # signs alone, as `?` and `? ?`, are texts of their own
    assert len(kept) == len({tuple(words) for words in kept})


def test_apply_to_a_dataset_from_elsewhere() -> None:
    dataset = Dataset.from_dict({"question": [REFUND, REFUND.lower(), "Where is my card?"], "answer": ["a", "b", "c"]})
    kept, rejected = NearDuplicate(column="question").apply(dataset)
    assert kept["question"][:] == [REFUND, "Where is my card?"]
    assert rejected["near_duplicate_question_of"][:] == ["0"]
    kept, rejected = ExactDuplicate(column=["question", "answer"]).apply(dataset)
    assert (len(kept), len(rejected)) == (3, 0)


def test_a_row_put_before_all_others_writes_next_to_nothing(tmp_path: Path) -> None:
    from hfsft.engine import run as engine
    from hfsft.engine.ledger import Ledger
    from hfsft.engine.plan import Plan
    from hfsft.engine.step import Step
    from tests.engine.held import held
    from tests.engine.test_engine import Echo

    texts = [f"Where is order {number * 7919 % 100_003}, which I paid for on day {number}?" for number in range(1500)]
    rows = [{"id": f"r{number:04}", "instruction": text} for number, text in enumerate(texts)]
    writes = {"id": "string", "instruction": "string"}

    def size() -> int:
        return sum(path.stat().st_size for path in tmp_path.iterdir())

    def build(rows: list[dict[str, str]]) -> None:
        identity = {"rows": [row["id"] for row in rows]}
        source = Step("source", rows="source", writes=writes, identity=identity, work=held(lambda: iter(rows)))
        engine.run(Plan("toy", (source, *NearDuplicate().steps())), Echo(), tmp_path, Ledger())

    build(rows)
    first = size()
    build([{"id": "a", "instruction": "Something else altogether."}, *rows])
    assert size() - first < 7000, "the ranks of all rows alone take 2 kB"
