"""Verdicts: what one request asks for, and how scores are read of digits, words and probabilities."""

from __future__ import annotations

import json
import math
from collections.abc import Generator, Iterable, Sequence
from typing import Any

import pytest

from hfsft.errors import AnswerError
from hfsft.models.model import Answer, Request, TokenProbability
from hfsft.stages.judging.judge import Judge
from hfsft.stages.judging.verdict import Grade
from tests.stages.helpers import row

CHECKS = {"checklist": ["Does it name a time?", "Does it name a person?"]}
RUBRIC: dict[str, Any] = {"use": "Does it help?", "full": CHECKS}
ROW = row(response="Tomorrow.")


def graded(
    turns: Generator[Request, Answer, dict[str, Grade]], answers: Iterable[Answer | str | AnswerError]
) -> tuple[list[Request], dict[str, Grade]]:
    requests, remaining = [], iter(answers)
    try:
        requests.append(next(turns))
        while True:
            answer = next(remaining)
            if isinstance(answer, AnswerError):
                requests.append(turns.throw(answer))
            else:
                requests.append(turns.send(Answer(answer) if isinstance(answer, str) else answer))
    except StopIteration as stop:
        return requests, stop.value


def told(*tokens: str | tuple[str, dict[str, float]]) -> Answer:
    """An answer of these tokens, some of them with the probabilities of what could stand in their place."""
    places = []
    for each in tokens:
        token, shares = (each, {each: 1.0}) if isinstance(each, str) else each
        top = tuple((other, math.log(share)) for other, share in shares.items())
        places.append(TokenProbability(token, dict(top)[token], top))
    return Answer("".join(place.token for place in places), logprobs=tuple(places))


def grade(answers: Sequence[Any], row: dict[str, Any] = ROW, **section: Any) -> tuple[list[Request], dict[str, Grade]]:
    grader = Judge.model_validate({"rubric": RUBRIC, **section}).grader("judge")
    return graded(grader.grade(row), answers)


def test_all_criteria_are_asked_for_at_once_and_a_checklist_is_the_share_of_yes() -> None:
    verdict = {"use": {"reason": "so", "score": 4}, "full": {"reason": "half", "1": "yes", "2": "no"}}
    requests, found = grade([json.dumps(verdict)])
    assert found == {"use": Grade(4.0, "so"), "full": Grade(0.5, "half")}
    (request,) = requests
    assert request.logprobs is None
    text = request.messages[0]["content"]
    assert '"full": {"reason": "...", "1": "yes" or "no", "2": "yes" or "no"}' in text
    assert "2. Does it name a person?" in text


def test_criteria_and_questions_may_be_asked_one_by_one() -> None:
    requests, found = grade([json.dumps({"use": {"reason": "so", "score": 4}}), "Yes.", "**No**"], per="question")
    assert [request.schema is None for request in requests] == [False, True, True]
    assert found["use"] == Grade(4.0, "so")
    assert found["full"] == Grade(0.5, "Does it name a time? yes; Does it name a person? no")
    texts = [request.messages[0]["content"] for request in requests]
    assert "Does it name a person?" not in texts[0] + texts[1]
    both = {"full": {"reason": "", "1": "yes", "2": "yes"}}
    requests, found = grade([json.dumps({"use": {"reason": "so", "score": 4}}), json.dumps(both)], per="criterion")
    assert found["full"].score == 1.0
    assert "Does it help?" not in requests[1].messages[0]["content"]


def test_expected_scores_are_means_of_probabilities_with_spread_and_what_was_lost() -> None:
    score = ("4", {"4": 0.6, "5": 0.2, "x": 0.2})
    first = told('{"use": {"score": ', score, ', "reason": "so"}}')
    yes, no = ("Yes", {"Yes": 0.8, "No": 0.2}), ("No", {"No": 0.5, "Yes": 0.25, "Well": 0.25})
    requests, found = grade([first, told(yes), told(no)], per="question", score="expected")
    assert {request.logprobs for request in requests} == {20}
    assert found["use"].score == pytest.approx(4.25)
    assert found["use"].spread == pytest.approx(math.sqrt(0.75 * 0.25))
    assert found["use"].lost == pytest.approx(0.2)
    assert found["use"].reason == "so"
    assert found["use"].shares["5"] == pytest.approx(0.25)
    assert found["full"].score == pytest.approx((0.8 + 1 / 3) / 2)
    assert found["full"].lost == pytest.approx(0.125)
    assert found["full"].spread == pytest.approx(math.sqrt(0.8 * 0.2 + 2 / 9) / 2)
    assert requests[0].messages[0]["content"].endswith('{"use": {"score": 1 to 5, "reason": "..."}}')
    assert list(requests[0].schema["properties"]["use"]["properties"]) == ["score", "reason"]  # type: ignore[index]


def test_a_server_without_probabilities_gives_digits_and_nothing_is_said_of_how_sure_they_are() -> None:
    answers = [json.dumps({"use": {"reason": "so", "score": 4}}), "yes", "no"]
    _, found = grade(answers, per="question", score="expected")
    assert (found["use"].score, found["use"].spread, found["use"].lost) == (4.0, None, None)
    assert (found["full"].score, found["full"].spread, found["full"].lost) == (0.5, None, None)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("yes", 1),
        ("Yes.", 1),
        ("**YES**", 1),
        ("Yes, as it names Monday.", 1),
        ("Answer: no", 0),
        ("The answer is: No", 0),
        ("It names a person.\n\nAnswer: **Yes**", 1),
        ("- no", 0),
        ("yes\nno", None),
        ("Nothing.", None),
        ("It is not clear, maybe yes or no", None),
        ("", None),
    ],
)
def test_one_word_is_read_where_it_stands_first_or_last(text: str, share: int | None) -> None:
    section = {"rubric": {"full": {"checklist": ["Is it?"]}}, "per": "question"}
    if share is None:
        with pytest.raises(AnswerError, match="neither yes nor no"):
            grade([text, text], **section)
    else:
        requests, found = grade([text], **section)
        assert len(requests) == 1
        assert found["full"].score == share


def test_a_word_that_thoughts_left_no_room_for_is_asked_again_with_room() -> None:
    section: dict[str, Any] = {"rubric": {"full": {"checklist": ["Is it?"]}}, "per": "question"}
    requests, found = grade([AnswerError("length"), "yes"], **section)
    assert [request.max_tokens for request in requests] == [16, 1024]
    assert found["full"].score == 1
    requests, _ = grade(["yes"], **section, max_tokens=300)
    assert [request.max_tokens for request in requests] == [300]
    requests, _ = grade(["Hm.", "yes"], **section)
    assert requests[1].messages[-1]["content"] == "That says neither yes nor no. Answer with one word, yes or no."


ANCHORS = [
    {"instruction": "Hi?", "response": "Wait.", "scores": {"use": 1, "full": 0}},
    {"instruction": "Ho?", "response": "Ask Ann at noon.", "scores": {"use": 5, "full": 1}},
    {"instruction": "Hu?", "response": "Ask Ann.", "scores": {"use": 3, "full": 0.5}},
]


def test_an_anchor_is_left_out_and_a_row_asked_about_again() -> None:
    grader = Judge.model_validate({"rubric": RUBRIC, "anchors": ANCHORS}).grader("judge")
    verdict = json.dumps({"use": {"reason": "so", "score": 4}, "full": {"reason": "", "1": "yes", "2": "no"}})

    def asked(**how: Any) -> Request:
        return graded(grader.grade(ROW, **how), [verdict])[0][0]

    usual, lacking = asked(), asked(without=1)
    assert "Ask Ann at noon." in usual.messages[0]["content"]
    assert "Ask Ann at noon." not in lacking.messages[0]["content"]
    assert "Wait." in lacking.messages[0]["content"]
    assert usual.seed is None
    again, third = asked(again=1), asked(again=2)
    assert again.messages == usual.messages
    assert None is not again.seed != third.seed is not None
    assert asked(again=1) == again


def test_one_question_is_shown_the_anchors_whose_answer_to_it_is_known() -> None:
    grader = Judge.model_validate({"rubric": RUBRIC, "anchors": ANCHORS, "per": "question"}).grader("judge")
    texts = [grader.render(ROW, each) for each in grader.parts]
    assert "Scores: use 3" in texts[0]
    assert "| Ask Ann at noon.\nDoes it name a person? yes\n" in texts[2]
    assert "| Wait.\nDoes it name a person? no\n" in texts[2]
    assert "| Ask Ann.\n" not in texts[2]
    answers = [*ANCHORS[:2], {**ANCHORS[2], "scores": {"use": 3}, "answers": {"full": ["no", "yes"]}}]
    grader = Judge.model_validate({"rubric": RUBRIC, "anchors": answers, "per": "question"}).grader("judge")
    assert "| Ask Ann.\nDoes it name a person? yes\n" in grader.render(ROW, grader.parts[2])
    assert "| Ask Ann.\nDoes it name a time? no\n" in grader.render(ROW, grader.parts[1])
    grader = Judge.model_validate({"rubric": RUBRIC, "anchors": answers}).grader("judge")
    assert "Scores: use 3, full 1 no 2 yes\n" in grader.render(ROW)


def test_the_judge_sees_the_right_answer_and_the_documents_of_a_row() -> None:
    text = Judge().grader("judge").render({**row(response="Tomorrow.", reference="On Monday."), "evidence": "D1."})
    assert "[documents that the assistant was shown]\n| D1.\n[the right answer, to compare with]\n| On Monday." in text


@pytest.mark.parametrize("more", [{}, {"per": "question"}, {"score": "expected"}])
def test_many_rows_are_asked_about_as_each_of_them_alone(more: dict[str, str]) -> None:
    anchors = [{"instruction": "When?", "response": "Soon.", "scores": {"use": 2, "full": 0.5}, "why": "vague"}]
    grader = Judge.model_validate({"rubric": RUBRIC, "anchors": anchors, **more}).grader("judge")
    for text in ("Tomorrow.", "At {{ noon }}.", "Tomorrow.\n\nAnd today."):
        asked = row(response=text)
        for part in grader.parts:
            assert grader.render(asked, part) == grader.render(asked, part, grader.anchors)
            assert text.split()[-1] in grader.render(asked, part)
