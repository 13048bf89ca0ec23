"""Whether a text asks, or answers, with and without a prompt that it grew from."""

from __future__ import annotations

import pytest

from hfsft.texts.prompt_asking import answers
from hfsft.texts.prompt_faults import RULES, prompt_fault, rule_of

PARENT = "How do I return a lamp?"


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("I am happy to assist with all kinds of lamps. I don't offer other things.", "begins as an answer does"),
        ("I would be more than happy to deliver a lamp to you.", "begins as an answer does"),
        ("I'm just a machine. Can you help me?", "begins as an answer does"),
        ("I'm sorry to inform you that we take none back.", "begins as an answer does"),
        ("How do I return a lamp?\nAnswer: In any shop.", "has its answer with it"),
        ("How do I return it?\n\n**Response:** Bring it to us.", "has its answer with it"),
        ("I have 3 lamps and get 2. How many is that? The answer is 5.", "has its answer with it"),
        ("It is so good of you to ask. Would you like to see a few other ways?", "offers help"),
        ("Lamps can be returned within thirty days in every shop.", "asks for nothing"),
        ("30 days", "asks for nothing"),
        ("The lamp won't turn on since yesterday.", ""),
        ("The parcel was declined at the border", ""),
        ("You are given a list of lamps. Sort them by price.", ""),
        ("Rearrange the steps of a return so that they make sense.", ""),
        ("Underline the verb in the following sentence: I return a lamp.", ""),
        ("return a lamp without box", ""),
        ("Would you like to know what happened? The lamp exploded. How do I return it?", ""),
        ("鉴定以下灯具的年代。", ""),
    ],
)
def test_how_a_text_answers_its_parent(text: str, how: str) -> None:
    assert answers(text, PARENT) == how


def test_an_answer_without_spaces_is_told_by_its_words_where_the_parent_asks() -> None:
    told = "灯可以在店里退，我们会给您发标签。"
    assert answers(told, "灯怎么退货？") == "asks for nothing"
    assert answers(told, "写一段关于退货的话。") == ""


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("The lamp can be returned in any shop within thirty days of the day on which it came.", "asks for nothing"),
        ("Thank you for your question. It takes thirty days.", "begins as an answer does"),
        ("What is a watt? Answer: a unit.", ""),  # in one line it may be a riddle
        ("What is a watt?\nAnswer: a unit.", "has its answer with it"),
        ("vegan lasagna for four people", ""),
        ("Craft a poem on a lamp that does not want to be switched off at night by anybody.", ""),
        ("Lamp broke.", ""),
    ],
)
def test_without_a_parent_only_what_is_plain_is_an_answer(text: str, how: str) -> None:
    assert answers(text) == how


def test_whoever_takes_a_turn_may_just_tell_something() -> None:
    told = "The lamp still flickers, and the new bulb does the same thing as the one before it did."
    assert answers(told, turn=True) == ""
    assert prompt_fault("You're welcome, I am happy to help you with that.", turn=True) is not None


CHUNK = "Each decade the sea rises by a hand, so the town has built a wall of stone along the whole of its shore."


@pytest.mark.parametrize(
    ("text", "how", "fault"),
    [
        ("How high is the wall?", {"shown": ["How high is the wall?"]}, "unchanged"),
        ("How high is a wall?", {"shown": ["What is it?", "How high is the wall?"]}, "unchanged"),
        ("How high is the wall?", {"shown": ["How long is the wall?"]}, None),
        (CHUNK, {"beside": CHUNK}, "answers: repeats what it is about"),
        (f"{CHUNK} Why of stone?", {"beside": CHUNK}, None),
        ("Wie hoch ist die Mauer, und warum ist sie nicht aus Holz?", {"shown": ["What is the wall?"]}, "language"),
        ("Wie hoch ist die Mauer, und warum ist sie nicht aus Holz?", {"language_of": "Das ist der Text"}, None),
        ("Why? " * 30, {}, "loops: 97% of it"),
        ("How high is it? " + "I like walls of stone. " * 8, {"parent": "How high?"}, "loops: 70% of it"),
        (
            "Tell me of " + " ".join(f"wall{n}" for n in range(30)),
            {"max_words": 20},
            "too_long: 33 words of at most 20",
        ),
        (
            "Tell me of " + " ".join(f"wall{n}" for n in range(99)),
            {"parent": "Tell me of it.", "max_growth": 5},
            "too_long: 102 words of at most 100",
        ),
        ("Tell me of " + " ".join(f"wall{n}" for n in range(97)), {"parent": "Tell me.", "max_growth": 5}, None),
        ("How high is it?\n\nOr:\n\nHow long is it?", {"parent": "What is it?"}, "several"),
        ("How high is it? Alternatively, how long?", {"parent": "What is it?"}, None),
    ],
)
def test_what_is_wrong_beside_a_parent(text: str, how: dict[str, object], fault: str | None) -> None:
    assert prompt_fault(text, **how) == fault  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "parent", "unchanged"),
    [
        ("Please, how do I return a lamp?", PARENT, True),
        ("How do I return lamps?", PARENT, True),
        ("How do I return lampshades?", PARENT, False),
        ("How do I return 2 lamps?", PARENT, False),
        ("How do I not return a lamp?", PARENT, False),
        ("How do I return a lamp today?", PARENT, True),
        ("How do I return a desk?", PARENT, False),
        (
            " ".join(f"w{n}" for n in "abcdefghijklmnopqrstuvwx") + " new",
            " ".join(f"w{n}" for n in "abcdefghijklmnopqrstuvwx"),
            True,
        ),
    ],
)
def test_nearly_unchanged_is_unchanged(text: str, parent: str, unchanged: bool) -> None:
    assert (prompt_fault(text, parent) == "unchanged") is unchanged


def test_every_rule_can_be_told_from_what_was_found() -> None:
    assert [rule_of(f"{rule}: found: this") for rule in RULES] == list(RULES)
