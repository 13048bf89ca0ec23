"""Generate: one answer a prompt; what the writer was asked is what the data says."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.errors import AnswerError
from hfsft.models.model import Answer
from hfsft.rows.views import messages
from hfsft.stages.answers.generate import Generate
from hfsft.stages.base import Outcome
from tests.stages.helpers import CONTEXT, converse, row


def ask(section: Generate, **texts: Any) -> Any:
    (step,) = section.steps(CONTEXT)
    return step.function(row(**texts))


def test_the_data_says_what_the_writer_was_asked() -> None:
    section = Generate(system="Be brief.")
    requests, columns = converse(ask(section, context="Parcel 7"), [" Tomorrow. "])
    assert columns == {"system": "Be brief.", "response": "Tomorrow."}
    assert messages({**row(context="Parcel 7"), **columns}) == [
        *requests[0].messages,
        {"role": "assistant", "content": "Tomorrow."},
    ]


def test_a_row_with_a_response_is_not_asked_but_shares_the_system_prompt() -> None:
    requests, columns = converse(ask(Generate(system="Be brief."), response="Here."), [])
    assert (requests, columns) == ([], {"system": "Be brief.", "response": "Here."})


def test_a_row_keeps_a_system_prompt_of_its_own() -> None:
    _, columns = converse(ask(Generate(system="Be brief."), system="Sing."), ["la"])
    assert columns["system"] == "Sing."


def test_a_template_changes_the_question_and_not_the_data() -> None:
    requests, columns = converse(ask(Generate(template="In 5 words: {{ instruction }}")), ["Soon."])
    assert requests[0].messages[-1]["content"] == "In 5 words: Where is my parcel?"
    assert columns == {"system": None, "response": "Soon."}


def test_sampling_seeds_hang_on_the_row() -> None:
    first, second = ask(Generate(), instruction="a"), ask(Generate(), instruction="b")
    assert next(first).seed != next(second).seed


def test_an_empty_answer_fails_the_row() -> None:
    with pytest.raises(AnswerError, match="empty"):
        converse(ask(Generate()), ["\n"])


@pytest.mark.parametrize(("choice", "thought"), [("drop", ...), ("keep", "Hm."), ("require", "Hm."), ("keep", None)])
def test_what_was_thought_stands_in_its_own_column_where_it_is_kept(choice: Any, thought: Any) -> None:
    section = Generate(reasoning=choice)
    (step,) = section.steps(CONTEXT)
    turns = step.function(row())
    (plain,) = Generate().steps(CONTEXT)
    assert next(turns) == next(plain.function(row()))
    with pytest.raises(StopIteration) as stop:
        turns.send(Answer("Yes.", " Hm. " if thought is not None else ""))
    assert stop.value.value.get("reasoning", ...) == thought
    assert set(stop.value.value) == set(step.writes)
    requests, columns = converse(step.function(row(response="Here.", reasoning="So.")), [])
    assert not requests
    assert columns.get("reasoning", ...) == (... if choice == "drop" else "So.")


def test_a_row_fails_without_a_thought_where_one_is_required() -> None:
    with pytest.raises(AnswerError, match="thought nothing"):
        converse(ask(Generate(reasoning="require")), ["Yes."])


def test_what_changes_the_answer_is_in_the_identity_and_nothing_else() -> None:
    def identity(section: Generate) -> Any:
        return dict(section.steps(CONTEXT)[0].identity)

    same = identity(Generate(system="Hello"))
    assert identity(Generate(system="Hello")) == same
    assert identity(Generate(system="Hallo")) != same
    assert identity(Generate(system="Hello", temperature=0)) != same
    assert identity(Generate(system="Hello", max_tokens=5)) != same
    assert identity(Generate(system="Hello {{ description }}"))["system"]["values"] == {
        "description": "Customers of an online store."
    }


@pytest.mark.parametrize(
    ("choice", "thoughts", "said"),
    [
        ("keep", [None, None, "Read."], "no response has reasoning"),
        ("keep", ["Hm.", None, "Read."], "1 of 2 responses have no reasoning"),
        ("keep", ["Hm.", "So.", None], ""),
        ("drop", [None, None, None], ""),
    ],
)
def test_reasoning_that_never_came_is_told(choice: Any, thoughts: list[str | None], said: str) -> None:
    columns: dict[str, list[Any]] = {
        "origin": ["seed", "evolved", "example"],
        "reasoning": thoughts,
        "tools": [None] * 3,
    }
    outcome = Outcome(splits=["train"], values=columns.__getitem__, removed=lambda *_: [], fell=[])
    notes = list(Generate(reasoning=choice).notes(outcome))
    assert [note.startswith(said) for note in notes] == ([True] if said else [])
