"""Split: whole families, as many rows as asked, and no row ever moves as others are added."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import combinations, compress, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.hashing import digest
from hfsft.rows.columns import COLUMNS
from hfsft.rows.views import questions
from hfsft.similarity import normalise
from hfsft.similarity.lexical.shingles import shingles
from hfsft.stages.split import Split
from hfsft.stages.split.sides import NONE, Sides
from tests.stages.helpers import CONTEXT, row

Rows = list[dict[str, Any]]
SHARES = st.sampled_from([0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 0.99])
SIZES = st.lists(st.integers(1, 9) | st.sampled_from([1, 2, 40]), min_size=2, max_size=60)


def text(*parts: Any) -> str:
    """Eight words that follow from `parts`, and are like those of no others."""
    return " ".join(digest([*parts, word], 7) for word in range(8))


def alike(number: int, telling: int) -> str:
    """One matter, told in nearly the same words."""
    return f"{text(number)} {digest([number, telling], 7)}"


def example(instruction: str, **texts: Any) -> dict[str, Any]:
    return row(instruction, origin="example", **{"response": "Yes.", **texts})


def chat(*said: str, **texts: Any) -> dict[str, Any]:
    turns = [{"role": role, "content": each} for text in said for role, each in (("user", text), ("assistant", "Yes."))]
    return example(said[0], messages=turns, **texts)


def split(rows: Rows, share: float = 0.3, former: Sides = NONE, **options: Any) -> Rows:
    """The rows with family and side, without those that would join sides."""
    columns = {name: [each[name] for each in rows] for name in COLUMNS}
    for step in Split(validation=share, **options).steps(replace(CONTEXT, former={"split": former})):
        if step.bound:
            stay = [step.bound.keeps(value) for value in columns[step.bound.column]]
            columns = {name: list(compress(values, stay)) for name, values in columns.items()}
        elif step.name != "split.leak":
            columns |= step.function({name: columns[name] for name in step.given(columns)})
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def after(rows: Rows, former: Sides = NONE, share: float = 0.3, **options: Any) -> Sides:
    """What is remembered once these rows were given their sides."""
    columns = {name: [each[name] for each in rows] for name in rows[0]}
    return former.after(Split(validation=share, **options).drawn_by, [columns])


def sides(rows: Rows) -> dict[str, str]:
    return {each["id"]: each["split"] for each in rows}


def held(rows: Rows, side: str = "validation") -> int:
    return sum(each["split"] == side for each in rows)


def moved(old: Rows, new: Rows) -> Counter[str]:
    before, now = sides(old), sides(new)
    return Counter(now[each] for each in before if each in now and before[each] != now[each])


def grown(number: int, size: int, topic: str | None) -> Rows:
    """A seed and what grew from it: in other words, but one family."""
    seed = row(text(number), topic=topic)
    return [seed, *({**row(text(number, each), topic=topic), "seed_id": seed["id"]} for each in range(1, size))]


def divided(rows: Rows) -> list[str]:
    found = {(each["family"], each["split"]) for each in rows}
    return [family for family, count in Counter(family for family, _ in found).items() if count > 1]


def leaks(rows: Rows, at_least: float = 0.6) -> list[tuple[str, str]]:
    """Pairs across the split of which what is said and the context are each so alike, counted one by one."""
    asked = questions({name: [each[name] for each in rows] for name in COLUMNS})
    sets = [[set(shingles(normalise(part)).tolist()) for part in (each.said, each.context)] for each in asked]

    def like(one: int, other: int) -> bool:
        return all(len(a & b) >= at_least * len(a | b) for a, b in zip(sets[one], sets[other], strict=True))

    places = combinations(range(len(rows)), 2)
    across = ((a, b) for a, b in places if rows[a]["split"] != rows[b]["split"])
    return [(rows[a]["instruction"], rows[b]["instruction"]) for a, b in across if like(a, b)]


# The share


@settings(max_examples=150, deadline=None)
@given(SIZES, SHARES, st.sampled_from([1, 3, 1000]), st.randoms(use_true_random=False))
def test_the_share_of_rows_is_met_within_one_family(sizes: list[int], share: float, topics: int, order: Any) -> None:
    rows = [
        each
        for number, size in enumerate(sizes)
        for each in grown(number, size, f"topic {number % topics}" if topics > 1 else None)
    ]
    found = split(rows, share)
    assert abs(held(found) - share * len(rows)) <= max(sizes)
    assert 0 < held(found) < len(rows)
    assert not divided(found)
    order.shuffle(rows)
    assert sides(split(rows, share)) == sides(found), "the order of rows is nothing"


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_pairs_are_held_out_like_single_rows(share: float) -> None:
    pairs = [example(alike(number, telling)) for number in range(400) for telling in range(2)]
    found = split(pairs, share)
    assert held(found) == share * len(pairs)
    assert not leaks(found)


def test_families_of_every_size_have_the_same_chance() -> None:
    rows = [each for number in range(1500) for each in grown(number, 1 + number % 5, None)]
    found = split(rows, 0.2)
    size = Counter(each["family"] for each in found)
    for wanted in range(1, 6):
        of_size = [each for each in found if size[each["family"]] == wanted]
        assert 0.14 < held(of_size) / len(of_size) < 0.26


def test_each_topic_gives_its_share() -> None:
    rows = [each for number in range(900) for each in grown(number, 1 + number % 4, f"topic {number % 9}")]
    rows += [each for number in range(900, 1000) for each in grown(number, 1 + number % 3, f"small {number}")]
    found = split(rows, 0.1)
    for topic in (f"topic {number}" for number in range(9)):
        of_topic = [each for each in found if each["topic"] == topic]
        assert abs(held(of_topic) - 0.1 * len(of_topic)) <= 5
    small = [each for each in found if each["topic"].startswith("small")]
    assert abs(held(small) - 0.1 * len(small)) <= 5


def test_any_other_column_gives_its_share_where_it_is_named() -> None:
    rows = [each for number in range(600) for each in grown(number, 1 + number % 3, f"topic {number % 2}")]
    tones = {each["id"]: number * 7 % 3 for number, each in enumerate(rows)}
    columns = {name: [each[name] for each in rows] for name in COLUMNS}
    columns["tone"] = [tones.get(each["seed_id"]) for each in rows]
    for step in Split(validation=0.1, stratify="tone").steps(replace(CONTEXT, former={"split": NONE})):
        if step.bound:
            continue
        columns |= step.function({name: columns[name] for name in step.given(columns)})
    for tone in range(3):
        sides = [side for side, each in zip(columns["split"], columns["tone"], strict=True) if each == tone]
        assert abs(sides.count("validation") - 0.1 * len(sides)) <= 4
    (held,) = [step for step in Split(stratify="tone").steps(CONTEXT) if step.name == "split"]
    (usual,) = [step for step in Split().steps(CONTEXT) if step.name == "split"]
    assert "tone" in held.reads
    assert "topic" not in held.reads
    assert usual.identity == {"validation": 0.1}


def test_the_sides_of_builds_that_knew_no_other_column_are_kept() -> None:
    assert Split().drawn_by == {"validation": 0.1, "similarity": 0.6}
    assert Split(stratify="tone").drawn_by == {"validation": 0.1, "similarity": 0.6, "stratify": "tone"}


def test_a_column_that_no_row_has_is_told() -> None:
    (problem,) = Split(stratify="tonne").problems(replace(CONTEXT, kept=("tone",)))
    assert problem.message == "split.stratify: no column is called `tonne` by then"
    assert "tone" in str(problem.help)
    assert not list(Split(stratify="tone").problems(replace(CONTEXT, kept=("tone",))))


def test_a_topic_is_not_held_out_with_its_one_large_family() -> None:
    rows = [each for topic in range(20) for each in grown(topic, 60, f"topic {topic}")]
    rows += [row(text(topic, each, "alone"), topic=f"topic {topic}") for topic in range(20) for each in range(40)]
    found = split(rows, 0.1)
    by_topic = Counter(each["topic"] for each in found if each["split"] == "validation")
    assert all(8 <= by_topic[f"topic {topic}"] <= 12 for topic in range(20))


def test_no_validation_means_none() -> None:
    assert not held(split([example(text(number)) for number in range(50)], 0))


def test_one_row_alone_is_trained_on() -> None:
    assert not held(split([example("Where is it?")]))


# Families


GREETINGS = ("Hi there, I hope you can help me today.", "Good morning! I have a small question, if I may ask it.")
TWINS: dict[str, Callable[[int, int], dict[str, Any]]] = {
    "seeds": lambda number, telling: row(alike(number, telling)),
    "examples": lambda number, telling: example(alike(number, telling), response=f"Answer {telling}."),
    "conversations that open in two ways": lambda number, telling: chat(
        GREETINGS[telling], f"{alike(number, telling)} {text(number, 'more')} {text(number, 'rest')}"
    ),
    "questions with a context": lambda number, telling: example(
        alike(number, telling), context=alike(-number, telling)
    ),
    "one question under two systems": lambda number, telling: example(text(number), system=f"You are bot {telling}."),
}
OTHERS: dict[str, Callable[[int], dict[str, Any]]] = {
    "conversations that open alike": lambda number: chat("Hi", text(number)),
    "conversations that open with one long greeting": lambda number: chat(GREETINGS[0], text(number)),
    "questions about one context": lambda number: example(text(number), context=text("about") * 20),
    "one question about many contexts": lambda number: example("Summarise the text below.", context=text(number) * 5),
    "questions with one system": lambda number: example(text(number), system=text("system") * 20),
}


@pytest.mark.parametrize("make", TWINS.values(), ids=TWINS)
def test_what_is_nearly_the_same_stands_on_one_side(make: Callable[[int, int], dict[str, Any]]) -> None:
    rows = [make(number, telling) for number in range(40) for telling in range(2)]
    found = split(rows, 0.5)
    assert held(found) == 40
    assert len({each["family"] for each in found}) == 40
    assert not divided(found)
    assert not leaks(found)


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_what_is_only_partly_the_same_is_no_family(make: Callable[[int], dict[str, Any]]) -> None:
    found = split([make(number) for number in range(60)], 0.5)
    assert len({each["family"] for each in found}) == 60
    assert held(found) == 30


def test_a_corrected_answer_moves_no_row_and_needs_no_memory() -> None:
    questions = [text(number) for number in range(300)]
    before, after = (split([example(each, response=answer) for each in questions]) for answer in ("Yes.", "No."))
    assert [each["split"] for each in before] == [each["split"] for each in after]
    assert [each["family"] for each in before] == [each["family"] for each in after]


# What is remembered


def builds(waves: Iterable[Rows], share: float = 0.3, **options: Any) -> list[Rows]:
    """The rows of builds that follow each other, each with the rows of those before it."""
    rows, former, found = list[dict[str, Any]](), NONE, list[Rows]()
    for wave in waves:
        rows = [*rows, *wave]
        found.append(split(rows, share, former, **options))
        former = after(found[-1], former, share, **options)
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 12), st.integers(0, 5)), min_size=1, max_size=12), min_size=2, max_size=8
    ),
    st.sampled_from([0.01, 0.1, 0.3, 0.5]),
    st.sampled_from([0.0, 0.05, 0.4]),
    st.randoms(use_true_random=False),
)
def test_no_row_moves_as_rows_are_added_and_no_family_is_divided(
    waves: list[list[tuple[int, int]]], share: float, test: float, order: Any
) -> None:
    # Two matters in one text join the families of both.
    made = [
        [
            example(f"{alike(a, b)} {text(a + 1)}" if b == 5 else alike(a, b), response=f"{index} {a} {b}")
            for a, b in wave
        ]
        for index, wave in enumerate(waves)
    ]
    found = builds(made, share, test=test)
    for old, new in pairwise(found):
        assert not moved(old, new)
        assert not divided(new)
        assert not leaks(new)
        assert sides(old).keys() <= sides(new).keys(), "none that is there falls"
    last = [each for wave in made for each in wave]
    order.shuffle(last)
    former = after(found[-2], share=share, test=test)
    assert sides(split(last, share, former, test=test)) == sides(split(last[::-1], share, former, test=test))


def test_the_share_is_met_again_with_what_is_added_one_by_one() -> None:
    found = builds([[example(text(number))] for number in range(120)], 0.1)
    assert all(abs(held(rows) - 0.1 * len(rows)) <= 1 for rows in found)
    assert not sum((moved(old, new) for old, new in pairwise(found)), Counter())


def test_rows_past_the_number_up_to_which_all_are_compared_move_none() -> None:
    order = random.Random(1)
    first = [example(alike(number, telling)) for number in range(1000) for telling in range(2)]
    second = [example(alike(number, 2)) for number in order.sample(range(1000), 200)]
    old, new, last = builds([first, [example("Quite another thing.")], second])
    assert not moved(old, new)
    assert not moved(new, last)["validation"]
    assert abs(held(last) / len(last) - 0.3) < 0.02


def test_one_more_row_moves_next_to_none_even_without_memory() -> None:
    rows = [each for number in range(400) for each in grown(number, 1 + number % 3, f"topic {number % 7}")]
    before = split(rows, 0.1)
    changes = [moved(before, split([*rows, row(text("more", number), topic="topic 3")], 0.1)) for number in range(20)]
    assert sum(sum(change.values()) for change in changes) < 20 * 6, "rows that moved, of 800, for each row added"


def test_what_would_join_both_sides_falls_and_nothing_else() -> None:
    rows = [example(text(number)) for number in range(40)]
    old = split(rows, 0.5)
    train, validation = (next(r for r in old if r["split"] == side) for side in ("train", "validation"))
    bridge = example(f"{train['instruction']} {validation['instruction']}")
    new = split([*rows, bridge], 0.5, after(old, share=0.5), similarity=0.6)
    assert not moved(old, new)  # half of each is not alike enough
    near = [
        example(" ".join([*train["instruction"].split()[k:], *validation["instruction"].split()[:k]]))
        for k in range(1, 8)
    ]
    new = split([*rows, *near], 0.5, former := after(old, share=0.5))
    assert not moved(old, new)
    assert not divided(new)
    assert not leaks(new)
    assert 0 < len([*rows, *near]) - len(new) < len(near)
    again = split([*rows, *near], 0.5, after(new, former, 0.5))
    assert sides(again) == sides(new)


def test_rows_of_both_sides_that_become_one_family_are_trained_on_and_counted() -> None:
    rows = [example(text(number)) for number in range(40)]
    old = split(rows, 0.5)
    one, other = (next(r for r in old if r["split"] == side) for side in ("train", "validation"))
    joined = [{**each, "family_key": "one"} if each["id"] in (one["id"], other["id"]) else each for each in rows]
    columns = {name: [each.get(name) for each in joined] for name in (*COLUMNS, "family_key")}
    former = after(old, share=0.5)
    for step in Split(validation=0.5).steps(replace(CONTEXT, former={"split": former})):
        if not step.bound and step.name != "split.leak":
            columns |= step.function({name: columns[name] for name in step.given(columns)})
    new = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    assert moved(old, new) == {"train": 1}
    assert after(new, former, 0.5).moved == {("validation", "train"): 1}
    assert not divided(new)


def test_rows_that_were_gone_come_back_to_their_side() -> None:
    rows = [example(text(number)) for number in range(60)]
    old = split(rows)
    less = split(rows[:20], former=after(old))
    back = split(rows, former=after(less, after(old)))
    assert sides(back) == sides(old)


def test_a_corrected_answer_or_topic_keeps_the_side_of_a_seed_and_of_an_example() -> None:
    for make in (row, example):
        rows = [make(text(number), topic=f"topic {number % 3}", response="Yes.") for number in range(90)]
        old = split(rows)
        mended = [make(each["instruction"], topic="topic 1", response="No.") for each in rows]
        new = split(mended, former=after(old))
        assert [each["split"] for each in new] == [each["split"] for each in old]


@pytest.mark.parametrize("asked", [{"share": 0.6}, {"similarity": 0.7}])
def test_another_split_is_drawn_anew_and_what_that_moved_is_counted(asked: dict[str, Any]) -> None:
    rows = [each for number in range(100) for each in grown(number, 2, None)]
    old = split(rows)
    former = after(old)
    new = split(rows, **asked, former=former)
    assert sides(new) == sides(split(rows, **asked))
    assert (
        former.after({}, [{name: [each[name] for each in new] for name in new[0]}]).moved.get(
            ("train", "validation"), 0
        )
        == (moved(old, new)["validation"])
    )
