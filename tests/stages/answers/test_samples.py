"""Several answers to one prompt: who they are, and which of them stays."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hfsft.hashing import sampling_seed
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.row import child_id
from hfsft.stages.answers.generate import Generate
from hfsft.stages.answers.samples import Samples
from tests.stages.helpers import CONTEXT, converse, row


def batch(rows: list[Row]) -> Batch:
    return {name: [each[name] for each in rows] for name in rows[0]}


def candidates(count: int, *rows: Row) -> list[Row]:
    """The rows as they are before they are answered."""
    found = batch(list(rows))
    for step in Samples(count=count).branch(None):
        found |= step.function(dict(found))
    return list(rows_of(found))


def chosen(keep: Any, rows: list[Row]) -> Batch:
    choice, *_ = Samples(count=len(rows), keep=keep).choice(None)
    made: Batch = choice.function(batch(rows))
    return made


def test_candidates_are_rows_and_the_first_is_the_row_itself() -> None:
    asked, answered = row(), row("Done?", response="Yes.", origin="example")
    found = candidates(3, asked, answered)
    ids = [asked["id"], child_id(asked["id"], "sample", 1), child_id(asked["id"], "sample", 2), answered["id"]]
    assert [each["id"] for each in found] == ids
    assert [each["prompt_id"] for each in found] == [asked["id"]] * 3 + [None]
    assert [each["candidate"] for each in found] == [0, 1, 2, None]
    assert {each["seed_id"] for each in found[:3]} == {asked["seed_id"]}
    assert [each["id"] for each in candidates(2, asked)] == ids[:2]  # another count leaves the others as they are


def test_the_first_candidate_asks_what_was_asked_without_samples() -> None:
    (plain,) = Generate().steps(CONTEXT)
    *_, step = Generate(samples=Samples(count=2)).steps(CONTEXT)
    first, second = candidates(2, row())
    requests = [next(step.function(each)) for each in (first, second)]
    assert requests[0] == next(plain.function(row()))
    assert requests[1].messages == requests[0].messages
    assert requests[1].seed == sampling_seed(second["id"], "generate") != requests[0].seed


def said(*responses: str, **columns: list[Any]) -> list[Row]:
    rows = candidates(len(responses), row())
    more = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)] or [{}] * len(
        rows
    )
    return [{**each, "response": text, **new} for each, text, new in zip(rows, responses, more, strict=True)]


@pytest.mark.parametrize("turned", [False, True])
def test_most_votes_win_whatever_the_order_of_rows(turned: bool) -> None:
    rows = said("It is 3.", "So 4.00 it is", "The answer is 4", "Who knows?\nNobody does.", "#### 5")
    found = chosen("majority", rows[::-1] if turned else rows)
    assert found == {"id": [rows[1]["id"]], "final_answer": ["4.00"], "agreement": [0.4]}


def test_a_tie_is_broken_by_a_hash_and_not_by_who_came_first() -> None:
    won = {
        chosen("majority", [{**each, "prompt_id": f"p{n}"} for each in said("3", "4")])["final_answer"][0]
        for n in range(9)
    }
    assert won == {"3", "4"}


def test_where_nobody_answers_the_first_stays_and_nobody_agrees() -> None:
    rows = said("Nothing to say\nin two lines.", "Nor\nhere.")
    assert chosen("majority", rows) == {"id": [rows[0]["id"]], "final_answer": [None], "agreement": [0.0]}


def test_the_best_has_the_highest_mean_and_the_first_valid_the_lowest_number() -> None:
    rows = said("a", "b", "c", score_mean=[3.0, 5.0, 4.0])
    assert chosen("best", rows) == {"id": [rows[1]["id"]]}
    assert chosen("first_valid", rows[::-1]) == {"id": [rows[0]["id"]]}
    tied = said("a", "b", score_mean=[4.0, 4.0])
    ties = {chosen("best", [{**each, "id": f"{n}{each['id']}"} for each in tied])["id"][0][1:] for n in range(9)}
    assert len(ties) == 2


def test_a_row_that_is_no_candidate_stays_as_it_is() -> None:
    example = {**row("Done?", response="Yes."), "prompt_id": None, "candidate": None, "score_mean": 1.0}
    for keep in ("best", "first_valid", "majority"):
        assert chosen(keep, [example])["id"] == [example["id"]]


def test_models_take_turns_over_the_candidates_and_rows_are_spread_over_them() -> None:
    section = Generate.model_validate({"model": ["writer", "judge"], "samples": {"count": 4}})
    *_, step = section.steps(CONTEXT)
    assert step.models == ("writer", "judge")
    rows = [candidates(4, row(f"Question {n}?")) for n in range(12)]
    asked = [[next(step.function(each)).model for each in group] for group in rows]
    assert all(models in (["writer", "judge"] * 2, ["judge", "writer"] * 2) for models in asked)
    assert {models[0] for models in asked} == {"writer", "judge"}
    _, columns = converse(step.function(rows[0][0]), ["Yes."])
    assert columns["written_with"] == asked[0][0]


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ValidationError, match="best counts no agreement"):
        Samples(keep="best", at_least=0.5)
    with pytest.raises(ValidationError, match="names a model twice"):
        Generate(model=["writer", "writer"])
    (problem,) = Generate(samples=Samples(keep="best")).problems(CONTEXT)
    assert (problem.message, problem.help) == (
        "generate.samples: `best` goes by the judge's scores, and nothing is judged",
        "add a judge section",
    )
