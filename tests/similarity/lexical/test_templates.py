"""Prompts made from one template are as alike as what was filled in, and texts without one as their characters say."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from hfsft.similarity import families
from hfsft.similarity.lexical.shingles import Chunk, Chunks
from hfsft.similarity.lexical.templates import Templates
from tests.similarity.pairs import near_pairs

NAMES = [
    "Abel",
    "Bruna",
    "Cem",
    "Dalia",
    "Emre",
    "Freya",
    "Goran",
    "Hilda",
    "Ivo",
    "Jana",
    "Kofi",
    "Lena",
    "Milo",
    "Nadia",
    "Oskar",
    "Petra",
    "Quin",
    "Rosa",
    "Said",
    "Tove",
]
THINGS = [
    "kettle",
    "ladder",
    "violin",
    "carpet",
    "lantern",
    "bucket",
    "compass",
    "hammock",
    "teapot",
    "anchor",
    "pillow",
    "saddle",
    "whistle",
    "candle",
]
COLOURS = ["red", "amber", "green", "blue", "violet", "grey", "ivory", "crimson", "teal", "ochre"]
FRUITS = ["梨", "桃子", "西瓜", "葡萄", "樱桃", "柠檬", "石榴", "草莓", "椰子", "芒果", "枇杷", "杨梅"]

Draw = random.Random


def dated(draw: Draw) -> str:
    days = [f"{draw.randint(1, 28):02}/{draw.randint(1, 12):02}/{draw.randint(1950, 2030)}" for _ in range(4)]
    when = draw.choice(["a week ago", "tomorrow", "two days from now", "a month ago", "in one year"])
    options = "\n".join(f"({letter}) {day}" for letter, day in zip("ABC", days[1:], strict=True))
    return (
        f"Work out a date from what is said about other dates.\n\nQ: Today is {days[0]}. Which date is it {when}, "
        f"written as day, month and year?\nOptions:\n{options}\nA:"
    )


def swapped(draw: Draw) -> str:
    people, colours = draw.sample(NAMES, 4), draw.sample(COLOURS, 4)
    held = ", ".join(f"{name} holds the {colour} card" for name, colour in zip(people, colours, strict=True))
    moves = " ".join("{} and {} trade their cards.".format(*draw.sample(people, 2)) for _ in range(4))
    return (
        "Follow a number of things through a row of swaps, and say where one of them is at the end.\n\nQ: Four friends "
        f"play a game of cards. At the start, {held}. Then the game begins. {moves} At the end of the game, which card "
        f"does {draw.choice(people)} hold?\nA:"
    )


def ordered(draw: Draw) -> str:
    words = " ".join(draw.sample(THINGS + COLOURS, draw.randint(5, 9)))
    return f"Put a list of words into the order of the alphabet.\n\nQ: Sort the words from first to last: {words}\nA:"


def coloured(draw: Draw) -> str:
    things = draw.sample(THINGS, 4)
    listed = ", ".join(f"a {draw.choice(COLOURS)} {thing}" for thing in things)
    return (
        "Answer a very simple question about the colours of things on a table.\n\nQ: On the table in front of you "
        f"there are {listed}. What is the colour of the {draw.choice(things)}? Options: {', '.join(COLOURS)}\nA:"
    )


def toured(draw: Draw) -> str:
    town = draw.choice(NAMES) + draw.choice(THINGS)
    return (
        "You are a patient guide who knows every street. Write a plan for three days with places to eat and things to "
        f"see for a family with two small children that travels to {town} in the week after the summer holidays."
    )


def chinese(draw: Draw) -> str:
    first, second, third = draw.sample(FRUITS, 3)
    return (
        f"请根据下面的超市库存清单回答顾客提出的问题，并且用完整的句子说明理由。清单：{first}{draw.randint(3, 99)}箱，"
        f"{second}{draw.randint(3, 99)}箱，{third}{draw.randint(3, 99)}箱。顾客问：{draw.choice(FRUITS)}还剩下多少箱？"
    )


KINDS: dict[str, Callable[[Draw], str]] = {
    make.__name__: make for make in (dated, swapped, ordered, coloured, toured, chinese)
}


def made(make: Callable[[Draw], str], count: int) -> list[str]:
    draw = Draw(make.__name__)
    return list(dict.fromkeys(make(draw) for _ in range(count)))


def removal(texts: Sequence[str], at_most: float = 0.8) -> set[int]:
    removed: set[int] = set()
    for one, other, similarity in sorted(near_pairs(texts, 0.6), key=lambda pair: pair[1]):
        if similarity > at_most and one not in removed:
            removed.add(other)
    return removed


@pytest.mark.parametrize("kind", KINDS)
def test_prompts_of_one_template_are_no_copies(kind: str) -> None:
    texts = made(KINDS[kind], 40)
    others = [text for other in KINDS if other != kind for text in made(KINDS[other], 12)]
    assert len(removal(texts + others)) <= len(texts + others) // 50


def sums(draw: Draw) -> str:
    bags, pears, given, friends = (draw.randint(2, 99) for _ in range(4))
    return (
        f"Lena picks {bags} bags of pears with {pears} pears in each. On the way home she gives {given} pears to each "
        f"of her {friends} friends. How many pears has Lena got left in the end?"
    )


def chinese_sums(draw: Draw) -> str:
    boxes, each, sold, more = (draw.randint(2, 99) for _ in range(4))
    return f"果农摘了{boxes}箱梨，每箱{each}个，上午卖出{sold}个，下午又摘了{more}个。请问现在一共还剩下多少个梨？"


@pytest.mark.parametrize("count", [60, 1500, 2400])
@pytest.mark.parametrize("make", [sums, chinese_sums])
def test_sums_in_the_same_words_with_other_numbers_are_no_copies(make: Callable[[Draw], str], count: int) -> None:
    texts = made(make, count)
    twins = [f"{text} Please." for text in texts[:5]] + [text.upper() for text in texts[5:8]]
    pairs = {(one, other): value for one, other, value in near_pairs(texts + twins, 0.8)}
    assert all((place, len(texts) + place) in pairs for place in range(8))
    assert len(removal(texts)) <= count // 50


def test_a_number_that_is_always_the_same_belongs_to_the_template() -> None:
    draw = Draw(3)
    texts = [f"Describe it in 3 short sentences of 12 words each, no more: {draw.choice(NAMES)}{n}" for n in range(40)]
    assert not removal(texts)


def test_fewer_texts_than_make_a_template_are_compared_by_their_characters() -> None:
    assert len(removal(made(toured, 9))) == 8
    assert not removal(made(toured, 10))


@pytest.mark.parametrize("kind", KINDS)
def test_a_twin_with_a_word_more_is_found(kind: str) -> None:
    texts = made(KINDS[kind], 40)
    twins = [f"{text} Please." for text in texts[:5]] + [text.upper() for text in texts[5:8]]
    pairs = {(one, other) for one, other, similarity in near_pairs(texts + twins, 0.8)}
    assert {(place, len(texts) + place) for place in range(8)} <= pairs


def test_the_measure_never_rises_above_the_characters_in_common() -> None:
    texts = [text for make in KINDS.values() for text in made(make, 15)]
    alone = {(one, other): value for one, other, value in near_pairs(texts, 0.3)}
    for (one, other), value in list(alone.items())[:300]:
        ((_, _, whole),) = near_pairs([texts[one], texts[other]], 0.0)
        assert value <= whole + 1e-12


def test_a_question_about_one_text_is_not_another_about_it() -> None:
    draw = Draw(5)
    text = " ".join(draw.choice(THINGS + NAMES + COLOURS) for _ in range(120))
    questions = [f"What does {name} do with the {thing}?" for name, thing in zip(NAMES, THINGS, strict=False)]
    assert not list(near_pairs([(question, text) for question in questions], 0.8))
    both = [(questions[0], text), (questions[0], ""), (questions[0], text + " " + text[:9]), ("", text)]
    assert [(one, other) for one, other, _ in near_pairs(both, 0.8)] == [(0, 2)]


def slip(draw: random.Random, text: str, kind: str) -> str:
    words = text.split()
    place = draw.randrange(len(words))
    if kind == "another word":
        words[place] = draw.choice(NAMES)
    elif kind == "a word more":
        words.insert(place, draw.choice(THINGS))
    else:
        words[place] = f"{words[place][:-1]}x"
    return " ".join(words)


@pytest.mark.parametrize("size", [12, 30, 100])
@pytest.mark.parametrize("kind", ["another word", "a word more", "a typo"])
def test_near_copies_of_one_text_are_no_template_however_many(kind: str, size: int) -> None:
    draw = random.Random(5)
    letters = "abcdefghiklmnoprstuvwz"
    texts, origins = [], []
    for origin in range(max(240 // size, 3)):
        original = " ".join("".join(draw.choices(letters, k=draw.randint(3, 8))) for _ in range(18))
        texts += [slip(draw, original, kind) for _ in range(size)]
        origins += [origin] * size
    family = families(len(texts), near_pairs(texts, 0.6))
    tops = [Counter(top for at, top in zip(origins, family, strict=True) if at == origin) for origin in set(origins)]
    assert sum(max(counts.values()) for counts in tops) >= 0.95 * len(texts)
    assert len(set(family)) == sum(map(len, tops)), "no family of two originals"


def test_what_stands_at_one_place_in_every_text_is_filled_in() -> None:
    texts = [f"Tell the customer in two friendly sentences how our shop handles the {thing}" for thing in THINGS]
    assert len(texts) >= 10
    assert list(near_pairs(texts, 0.6)) == []


def test_what_is_left_of_a_text_hangs_on_no_text_that_is_looked_at_with_it() -> None:
    words = [f"{first}{second}" for first in "bdfgk" for second in ("a", "e")]
    texts = [" ".join(words[place : place + 6]) for place in range(5)] * 30
    texts = [f"{text} {number}x" for number, text in enumerate(texts)]
    short = " ".join(words[:5])  # 151 texts have its only run, more than ten times as many as it has words
    templates = Templates(Chunks([*texts * 5, short]))
    alone, beside = templates.rests(Chunk([short])), templates.rests(Chunk([short, *texts]))
    assert alone.templated[0] == beside.templated[0]
    assert alone.sets[0].tolist() == beside.sets[0].tolist()
