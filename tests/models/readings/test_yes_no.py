"""Answers to the questions of a checklist, of which only plain ones are read; and the score before its reason."""

from __future__ import annotations

import json

import pytest

from hfsft.models.structured import parse
from hfsft.stages.judging.judge import Judge
from hfsft.stages.judging.verdict import schema_of

RUBRIC = {
    "tone": {"checklist": ["Is it calm?", "Is it short?"]},
    "use": {"checklist": ["Does it help?", "Is there a step?", "Is it true?"]},
}
SCHEMA = schema_of(Judge.model_validate({"rubric": RUBRIC}).grader("judge").rubric, before=True)
PLAIN = [
    '{"tone": {"reason": "x", "1": "yes", "2": "no"}, "use": {"1": "yes", "2": "no", "3": "yes"}}',
    '{"tone": {"1": "Yes.", "2": "NO"}, "use": {"1": "yes!", "2": " No ", "3": "Yes"}}',
    '{"tone": {"1": true, "2": false}, "use": {"1": true, "2": false, "3": true}}',
    '{"tone": {"1": "true", "2": "False"}, "use": {"1": "TRUE", "2": "false", "3": "true"}}',
    '{"tone": {"1": "Yes, it is.", "2": "No - it rambles"}, '
    '"use": {"1": "yes (a step)", "2": "no: none", "3": "Yes; checked"}}',
    '{"tone": {"1": "**yes**", "2": "`no`"}, "use": {"1": "\\"yes\\"", "2": "\'no\'", "3": "[yes]"}}',
    '{"tone": ["yes", "no"], "use": ["yes", "no", "yes"]}',
    '{"tone": {"q1": "yes", "q2": "no"}, "use": {"Q1": "yes", "Q2": "no", "Q3": "yes"}}',
    '{"tone": {"question_1": "yes", "question 2": "no"}, "use": {"1.": "yes", "2.": "no", "3.": "yes"}}',
    '{"tone": {"Is it calm?": "yes", "Is it short?": "no"}, '
    '"use": {"Does it help?": "yes", "Is there a step?": "no", "Is it true?": "yes"}}',
    '{"tone": {"1. Is it calm?": "yes", "2. Is it short?": "no"}, '
    '"use": {"1. Does it help?": "yes", "2. Is there a step?": "no", "3. Is it true?": "yes"}}',
    '{"tone": [{"question": 1, "answer": "yes"}, {"question": 2, "answer": "no"}], '
    '"use": [{"question": 1, "answer": "yes"}, {"question": 2, "answer": "no"}, {"question": 3, "answer": "yes"}]}',
    '{"tone": {"1": {"answer": "yes", "reason": "a"}, "2": {"answer": "no"}}, '
    '"use": {"1": {"answer": "yes"}, "2": {"answer": "no"}, "3": {"answer": "yes"}}}',
    '{"scores": {"tone": {"1": "yes", "2": "no"}, "use": {"1": "yes", "2": "no", "3": "yes"}}}',
    '[{"criterion": "tone", "1": "yes", "2": "no"}, {"criterion": "use", "1": "yes", "2": "no", "3": "yes"}]',
    '{"tone": {"answers": ["yes", "no"]}, "use": {"answers": ["yes", "no", "yes"]}}',
    '{"tone": {"1": "\\u2713 yes", "2": "\\u2717 no"}, '
    '"use": {"1": "yes \\u2713", "2": "no \\u2717", "3": "yes \\u2705"}}',
    "tone:\n1. yes\n2. no\nuse:\n1. yes\n2. no\n3. yes",
    "tone:\n  1: yes\n  2: no\nuse:\n  1: yes\n  2: no\n  3: yes",
    "**Tone**\n1) Yes - calm\n2) No - long\n**Use**\n1) Yes\n2) No\n3) Yes",
    "{tone: {1: yes, 2: no}, use: {1: yes, 2: no, 3: yes}}",
    "tone: 1 yes, 2 no\nuse: 1 yes, 2 no, 3 yes",
    '{"tone_1": "yes", "tone_2": "no", "use_1": "yes", "use_2": "no", "use_3": "yes"}',
]
ANSWERS = [
    "yes and no",
    "partly",
    "mostly yes",
    "yes?",
    "not yes",
    "ja",
    "oui",
    "1",
    "0",
    1,
    "y",
    "sometimes",
    "maybe",
    "yes, but no",
    "no, yes",
    "",
    "N/A",
    None,
    "yes/no",
    "yes or no",
    "Yes in part",
    "no doubt",
    "not really",
    "\u2713",
    "+",
    "yes, partly",
    "Yes - no",
    "yesno",
    "Yes, no",
]
UNSURE = [
    '{"tone": {"1": "yes"}, "use": {"1": "yes", "2": "no", "3": "yes"}}',
    '{"tone": ["yes"], "use": ["yes", "no", "yes"]}',
    '{"tone": ["yes", "no", "yes"], "use": ["yes", "no", "yes"]}',
    '{"tone": "yes", "use": "no"}',
    '{"tone": 0.5, "use": 0.67}',
    '{"tone": {"1": "yes", "1.": "no", "2": "no"}, "use": {"1": "yes", "2": "no", "3": "yes"}}',
    '{"tone": {"yes": 1, "no": 1}, "use": {"yes": 2, "no": 1}}',
    "tone: yes\nuse: no",
    '{"tone": ["yes", "no", "no"], "use": ["yes", "no", "yes"]}',
    "tone: yes, no\nuse: yes, no, yes",
]


def answers(text: str) -> dict[str, list[str]]:
    """What is answered, question by question."""
    said = parse(text, SCHEMA)
    return {name: [entry[number] for number in sorted(entry) if number.isdigit()] for name, entry in said.items()}


@pytest.mark.parametrize("text", PLAIN, ids=ascii)
def test_plain_answers_are_read(text: str) -> None:
    assert answers(text) == {"tone": ["yes", "no"], "use": ["yes", "no", "yes"]}


@pytest.mark.parametrize("answer", ANSWERS, ids=ascii)
def test_only_what_is_asked_for_is_an_answer(answer: object) -> None:
    given = {"tone": {"1": answer, "2": "no"}, "use": {"1": "yes", "2": "no", "3": "yes"}}
    with pytest.raises(ValueError, match=r"."):
        parse(json.dumps(given), SCHEMA)


@pytest.mark.parametrize("text", UNSURE, ids=ascii)
def test_answers_to_nobody_knows_which_questions_are_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text, SCHEMA)


FIRST = schema_of(Judge(rubric={"tone": "?", "use": "?"}).grader("judge").rubric, before=True)


@pytest.mark.parametrize(
    "text",
    [
        '{"tone": {"score": 4, "reason": "calm"}, "use": {"score": 5, "reason": "a step"}}',
        '{"tone": {"score": "4/5", "reason": "calm"}, "use": {"score": "5/5", "reason": "a step"}}',
        '{"tone": [4, "calm"], "use": [5, "a step"]}',
        '{"tone": "4 - calm", "use": "5: a step"}',
        "tone: 4 - calm\nuse: 5 - a step",
        '{"tone": {"score": 4, "reason": "says "at once" twice"}, "use": {"score": 5, "reason": ""}}',
    ],
)
def test_the_score_before_the_reason_is_read_as_well(text: str) -> None:
    assert [entry["score"] for entry in parse(text, FIRST).values()] == [4, 5]
