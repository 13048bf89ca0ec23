"""Checks of an answer as it is written: asked again, told what was wrong, and in the end taken out with the fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from hfsft.errors import AnswerError
from hfsft.hashing import sampling_seed
from hfsft.stages.answers.generate import Generate
from tests.stages.helpers import CONTEXT, converse, row

CHECK = [{"matches": {"none": ["bad"]}}, {"tokens": {"at_least": 2}}]


def ask(answers: list[str], check: Any = CHECK, **section: Any) -> tuple[Any, dict[str, Any]]:
    step, _ = Generate.model_validate({"check": check, **section}).steps(CONTEXT)
    return converse(step.function(row(reference="42")), answers)


def test_an_answer_that_passes_is_asked_for_once() -> None:
    requests, columns = ask(["All is well."])
    (plain,) = Generate().steps(CONTEXT)
    assert requests == [next(plain.function(row(reference="42")))]
    assert (columns["response"], columns["tries"], columns["check_fault"]) == ("All is well.", 1, None)


def test_one_that_does_not_is_asked_for_again_with_another_seed() -> None:
    requests, columns = ask(["so bad", "Short", "All is well."])
    assert (columns["response"], columns["tries"], columns["check_fault"]) == ("All is well.", 3, None)
    assert [request.messages for request in requests] == [requests[0].messages] * 3
    assert requests[0].seed == sampling_seed(row(reference="42")["id"], "generate")
    assert len({request.seed for request in requests}) == 3


def test_the_last_answer_falls_with_what_is_wrong() -> None:
    requests, columns = ask(["so bad", "Short", ""], tries=2)
    assert len(requests) == 2
    assert (columns["response"], columns["tries"], columns["check_fault"]) == (
        "Short",
        2,
        "tokens is 1, not at_least 2",
    )
    _, step = Generate.model_validate({"check": CHECK}).steps(CONTEXT)
    assert step.bound
    assert (step.bound.rule, step.bound.keeps(columns["check_fault"])) == ("check", False)


def test_an_empty_answer_is_asked_for_again_and_fails_in_the_end() -> None:
    _, columns = ask(["", "All is well."])
    assert (columns["response"], columns["tries"]) == ("All is well.", 2)
    with pytest.raises(AnswerError, match="wrote no response"):
        ask(["", " "], tries=2)


def test_an_answer_that_was_cut_is_one_of_the_tries_of_a_section_that_checks() -> None:
    step, _ = Generate.model_validate({"check": CHECK, "tries": 2}).steps(CONTEXT)
    requests, columns = converse(step.function(row()), [AnswerError("length", "cut"), "All is well."])
    assert (columns["response"], columns["tries"], len({each.seed for each in requests})) == ("All is well.", 2, 2)
    with pytest.raises(AnswerError, match="cut"):
        converse(step.function(row()), [AnswerError("length", "cut"), AnswerError("length", "cut")])
    with pytest.raises(AnswerError, match="refused"):
        converse(step.function(row()), [AnswerError("content_filter", "refused")])
    (plain,) = Generate().steps(CONTEXT)
    with pytest.raises(AnswerError, match="cut"):
        converse(plain.function(row()), [AnswerError("length", "cut")])


def test_to_repair_the_model_is_told_what_was_wrong_and_the_data_is_not() -> None:
    requests, columns = ask(["so bad", "bad again", "All is well."], retry="repair")
    assert [turn["role"] for turn in requests[2].messages] == ["user", "assistant", "user"]
    assert requests[2].messages[1]["content"] == "bad again"
    assert "it must not have `bad`." in requests[2].messages[-1]["content"]
    assert columns["response"] == "All is well."


def test_a_wrong_answer_is_refused_without_the_right_one_being_told() -> None:
    requests, columns = ask(["#### 41", "#### 42"], [{"answer": {"by": "number"}}], retry="repair")
    assert columns["response"] == "#### 42"
    assert "41 is not right" in requests[1].messages[-1]["content"]
    assert "42" not in requests[1].messages[-1]["content"]


@pytest.mark.parametrize("missing", ["reject", "keep"])
def test_a_row_of_which_no_answer_can_pass_is_not_asked(missing: Any) -> None:
    section = Generate.model_validate({"check": [{"answer": {"by": "number", "missing": missing}}]})
    step, _ = section.steps(CONTEXT)
    requests, columns = converse(step.function(row()), ["42"])
    assert len(requests) == (1 if missing == "keep" else 0)
    told = (columns["response"], columns["tries"], columns["check_fault"])
    assert told == (("42", 1, None) if missing == "keep" else (None, 0, "answer needs reference, and the row has none"))


def test_what_a_check_depends_on_is_in_the_identity() -> None:
    def fingerprint(**section: Any) -> str:
        return Generate.model_validate(section).steps(CONTEXT)[0].fingerprint("")

    plain = fingerprint()
    checked = [fingerprint(check=CHECK), fingerprint(check=CHECK, tries=2), fingerprint(check=CHECK, retry="repair")]
    checked += [fingerprint(check=[{"tokens": {"at_least": n}}]) for n in (2, 3)]
    assert len({plain, *checked}) == 6


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"near_duplicate": {}}, "compares rows with each other"),
        ({"pii": {}}, "rewrites what it finds"),
        ({"score": {"mean": {"at_least": 3}}}, "reads score_mean, which no row has when its answer is written"),
        ({"expr": "respons | words > 3"}, "reads respons, which no row has when its answer is written"),
        ({"expr": "instruction | words > 3"}, "reads nothing of the answer"),
        ({"tokens": {"column": "instruction", "at_least": 3}}, "reads nothing of the answer"),
        ({"json_schema": {"per_row": "form"}}, "reads form, which no row has when its answer is written"),
        ({"json_schema": {"file": "none.json"}}, "no file none.json can be read"),
    ],
)
def test_filters_that_cannot_check_an_answer_are_problems(rule: Any, said: str) -> None:
    (problem,) = Generate.model_validate({"check": [rule]}).problems(CONTEXT)
    assert said in problem.message


def test_a_check_reads_what_the_row_keeps() -> None:
    context = replace(CONTEXT, kept=("form",))
    section = Generate.model_validate({"check": [{"json_schema": {"per_row": "form"}}]})
    assert not list(section.problems(context))
    step, _ = section.steps(context)
    assert "form" in step.reads
    _, columns = converse(step.function({**row(), "form": '{"type": "array"}'}), ["{}", "[]"])
    assert (columns["response"], columns["tries"]) == ("[]", 2)


def test_tries_without_a_check_are_refused() -> None:
    with pytest.raises(ValidationError, match="tries and retry without `check`"):
        Generate(tries=2, retry="repair")


def test_a_section_reads_its_checks_back_as_it_wrote_them() -> None:
    for section in (Generate.model_validate({"check": CHECK}), Generate()):
        assert Generate.model_validate(section.model_dump(mode="json", exclude_none=True)) == section


@pytest.mark.parametrize(
    ("rule", "answer", "said"),
    [
        ("placeholder", "Ask [Your Name] for it.", "[Your Name] is left in it, where something was to be filled in"),
        (
            "second_task",
            "Yes.\n\n### Instruction:\nGo on.",
            "goes on with a task that nobody gave, from ### Instruction:",
        ),
        ("truncated", "Here it is:\n```\nprint(1", "it stops before its end: a block of code that is not closed"),
        ({"phrases": {"packs": ["sycophancy"]}}, "Great question! Yes.", "phrases: great question"),
    ],
)
def test_what_wording_filters_find_is_told_as_a_sentence(rule: Any, answer: str, said: str) -> None:
    _, columns = ask([answer] * 3, [rule], tries=3)
    assert said in columns["check_fault"]
