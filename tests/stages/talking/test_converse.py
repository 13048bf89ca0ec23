"""Converse: rows that are picked by their ids grow into conversations, turn by turn, and others stay as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from hfsft.engine.step import Step
from hfsft.errors import AnswerError
from hfsft.models.model import Answer, Request
from hfsft.rows.views import messages
from hfsft.stages.answers.generate import Generate
from hfsft.stages.base import Outcome
from hfsft.stages.talking import conversation_report
from hfsft.stages.talking.converse import Converse
from tests.stages.helpers import CONTEXT, row

Says = Callable[[Request], str | Exception]
ANSWERED = {"system": "Be brief.", "response": "Well, tomorrow, by noon."}


@cache
def step_of(section: str, generate: str) -> Step:
    """The step of a section beside a `generate`, made once for all rows of a test."""
    answering = Generate.model_validate_json(generate).answering(CONTEXT)
    (step,) = Converse.model_validate_json(section).steps(replace(CONTEXT, answering=answering))
    return step


def grow(section: Converse, says: Says, generate: Generate | None = None, **texts: Any) -> tuple[list[Request], Any]:
    """What is asked, and the columns, where each request is answered by `says`."""
    step = step_of(
        section.model_dump_json(exclude_unset=True), (generate or Generate()).model_dump_json(exclude_unset=True)
    )
    turns, requests = step.function(row(**{**ANSWERED, **texts})), []
    columns: Any = None
    try:
        request = next(turns)
        while True:
            requests.append(request)
            said = says(request)
            request = turns.throw(said) if isinstance(said, Exception) else turns.send(Answer(said))
    except StopIteration as stop:
        columns = stop.value
    assert set(columns) == set(step.writes)
    return requests, columns


def is_user(request: Request) -> bool:
    return "You play a person" in str(request.messages[0]["content"])


def plain(request: Request) -> str:
    """A user who asks on, and an assistant who answers."""
    if is_user(request):
        return f"And what about parcel {len(request.messages)}?"
    return f"Parcel {len(request.messages)} comes on Friday."


def test_user_and_assistant_take_turns_until_there_are_enough() -> None:
    requests, columns = grow(Converse(share=1, turns=3), plain)
    assert [turn["role"] for turn in columns["messages"]] == ["user", "assistant"] * 3
    assert columns["messages"][0]["content"] == "Where is my parcel?"
    assert columns["response"] == columns["messages"][-1]["content"]
    assert (columns["user_turns"], columns["conversation_end"]) == (3, "turns")
    assert [is_user(request) for request in requests] == [True, False, True, False]
    assert messages({**row(**ANSWERED), **columns})[0] == {"role": "system", "content": "Be brief."}


def test_the_assistant_is_asked_as_generate_asks_it_with_all_that_was_said() -> None:
    generate = Generate(temperature=0.1, max_tokens=77, reasoning="keep")
    requests, columns = grow(Converse(share=1, turns=2, temperature=1.2), plain, generate, reasoning="Hm.")
    user, answer = requests
    assert (answer.temperature, answer.max_tokens, user.temperature) == (0.1, 77, 1.2)
    assert [turn["role"] for turn in answer.messages] == ["system", "user", "assistant", "user"]
    assert not any("reasoning" in name for turn in answer.messages for name in turn)
    assert columns["messages"][1]["reasoning"] == "Hm."


def test_the_user_sees_who_it_is_and_what_was_said_but_not_the_system_prompt() -> None:
    requests, columns = grow(Converse(share=1, turns=2, personas=["a calm baker"]), plain)
    system, *said = requests[0].messages
    assert "a calm baker" in system["content"]
    assert [turn["role"] for turn in said] == ["user", "assistant", "user"]
    assert said[1]["content"] == "Where is my parcel?"
    assert said[2]["content"].startswith("Well, tomorrow, by noon.\n\n(")
    assert "Be brief." not in str(requests[0].messages)
    assert columns["user_persona"] == "a calm baker"


def test_the_user_sees_no_calls_and_no_results() -> None:
    call = {"id": "c", "name": "track", "arguments": "{}"}
    turns = [
        {"role": "user", "content": "Where is my parcel?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "on its way", "tool_call_id": "c", "name": "track"},
        {"role": "assistant", "content": "It is near."},
    ]
    requests, columns = grow(Converse(share=1, turns=2), plain, messages=turns, response="It is near.")
    assert [turn["role"] for turn in requests[0].messages] == ["system", "user", "assistant", "user"]
    assert "track" not in str(requests[0].messages)
    assert [turn["role"] for turn in columns["messages"]] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
        "assistant",
    ]


def test_a_plan_knows_how_many_requests_a_conversation_takes() -> None:
    (step,) = Converse(share=1, turns=4).steps(replace(CONTEXT, answering=Generate().answering(CONTEXT)))
    requests, _ = grow(Converse(share=1, turns=4), plain)
    assert 1 + step.follows == len(requests) == 6


def test_a_share_of_the_rows_grows_whatever_else_there_is() -> None:
    section = Converse(share=0.3, turns=2)
    rows = [row(instruction=f"Where is parcel {number}?", **ANSWERED) for number in range(400)]
    grown = {each["id"] for each in rows if section.grows(each)}
    assert 80 < len(grown) < 160
    assert {each["id"] for each in rows if Converse(share=0.6).grows(each)} > grown


@pytest.mark.parametrize(
    ("texts", "examples", "grows"),
    [
        ({}, False, True),
        ({"origin": "example"}, False, False),
        ({"origin": "example"}, True, True),
        (
            {
                "origin": "example",
                "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}],
            },
            True,
            False,
        ),
        ({"response": None}, False, False),
    ],
)
def test_conversations_of_people_and_rows_without_an_answer_stay(texts: Any, examples: bool, grows: bool) -> None:
    section = Converse(share=1, turns=2, examples=examples)
    given = row(**{**ANSWERED, **texts})
    requests, columns = grow(section, plain, **texts)
    assert bool(requests) == grows
    if not grows:
        assert columns["messages"] == given["messages"]
        assert columns["response"] == given["response"]
        assert columns["user_turns"] is None


def test_bounds_of_turns_are_met_by_a_hash_of_the_row() -> None:
    section = Converse(share=1, turns={"at_least": 2, "at_most": 4})
    counts = [grow(section, plain, instruction=f"Parcel {n}?")[1]["user_turns"] for n in range(30)]
    assert set(counts) == {2, 3, 4}
    assert counts == [grow(section, plain, instruction=f"Parcel {n}?")[1]["user_turns"] for n in range(30)]


def test_a_faulty_user_turn_is_asked_again_with_another_seed() -> None:
    tried: list[Request] = []

    def says(request: Request) -> str:
        if not is_user(request):
            return "On Friday."
        tried.append(request)
        return "Where is my parcel?" if len(tried) == 1 else "And the other one?"

    _, columns = grow(Converse(share=1, turns=2), says)
    assert [turn["content"] for turn in columns["messages"]][2] == "And the other one?"
    assert columns["user_faults"] == ["user: unchanged"]
    assert tried[0].messages == tried[1].messages
    assert tried[0].seed != tried[1].seed


@pytest.mark.parametrize(
    ("user", "answer", "end"),
    [
        ("Where is my parcel?", "On Friday.", "user: unchanged"),
        ("I can help you with that.", "On Friday.", "user: answers"),
        ("And then?", "I'm sorry, but I cannot help with that.", "answer: refuses"),
        ("And then?", "Please wait. " * 20, "answer: loops"),
        ("And then?", " ", "answer: empty"),
        ("And what about the other one?", "And what about the other one?", "answer: echoes"),
        ("(Now write your next message to the assistant, and tell it.)", "On Friday.", "user: template"),
        ("And then?", AnswerError("length", "cut"), "answer: length"),
        (AnswerError("length", "cut"), "On Friday.", "user: length"),
    ],
)
def test_a_turn_that_stays_faulty_ends_the_conversation_at_the_last_good_answer(
    user: Any, answer: Any, end: str
) -> None:
    requests, columns = grow(Converse(share=1, turns=3, tries=1), lambda request: user if is_user(request) else answer)
    assert columns["conversation_end"] == end
    assert (columns["user_turns"], columns["response"], columns["messages"]) == (1, ANSWERED["response"], None)
    assert columns["user_faults"] == [end, end]
    assert columns["user_templates"] == []
    assert len(requests) == (2 if end.startswith("user") else 3)


def test_without_elimination_every_turn_that_says_something_is_taken() -> None:
    def says(request: Request) -> str:
        return "Where is my parcel?" if is_user(request) else "I'm sorry, but I cannot help with that."

    _, columns = grow(Converse(share=1, turns=2, eliminate=False), says)
    assert columns["user_turns"] == 2


def test_a_row_whose_answer_is_none_is_left_to_the_filters() -> None:
    requests, columns = grow(Converse(share=1), plain, response="I'm sorry, but I cannot help with that.")
    assert not requests
    assert (columns["user_turns"], columns["conversation_end"]) == (1, "answer: refuses")


def test_a_server_that_fails_fails_the_row_so_that_it_is_asked_again() -> None:
    with pytest.raises(AnswerError, match="server"):
        grow(Converse(share=1), lambda _: AnswerError("server", "down"))


@pytest.mark.parametrize(
    ("said", "turns", "last"), [("[END]", 1, ANSWERED["response"]), ("Thanks, that is all. [END]", 2, "Gladly.")]
)
def test_the_user_may_end_it(said: str, turns: int, last: str) -> None:
    _, columns = grow(Converse(share=1, turns=4), lambda request: said if is_user(request) else "Gladly.")
    assert (columns["user_turns"], columns["conversation_end"], columns["response"]) == (turns, "user", last)


def test_a_template_that_ends_writes_the_last_turn_only() -> None:
    section = Converse(share=1, turns=4, user=["follow_up", {"thanks_end": 9}])
    for number in range(20):
        _, columns = grow(section, plain, instruction=f"Where is parcel {number}?")
        assert columns["user_templates"][:2] == ["follow_up"] * 2


def test_weights_say_how_often_a_template_is_used() -> None:
    section = Converse(share=1, turns=2, user=[{"follow_up": 3}, "clarify"])
    names = [grow(section, plain, instruction=f"Parcel {n}?")[1]["user_templates"][0] for n in range(200)]
    assert 120 < names.count("follow_up") < 180


def test_inline_templates_have_the_columns_of_the_row() -> None:
    section = Converse(
        share=1, turns=2, user="You play a person: {{ topic }} {{ conversation | length }} {{ turn }}/{{ turns }}"
    )
    requests, columns = grow(section, plain, topic="parcels")
    assert requests[0].messages[0]["content"] == "You play a person: parcels 2 2/2"
    assert columns["user_templates"][0].startswith("inline-")


def test_card_and_notes_tell_turns_and_early_ends() -> None:
    columns: dict[str, list[Any]] = {
        "user_turns": [3, 3, 1, None],
        "conversation_end": ["turns", "user", "user: answers", None],
        "user_templates": [["follow_up", "clarify"], ["follow_up"], [], []],
        "user_faults": [[], [], ["user: answers"] * 3, []],
    }
    outcome = Outcome(splits=["train"], values=columns.__getitem__, removed=lambda *_: [], fell=[])
    card = conversation_report.card(outcome)
    assert card is not None
    assert (card.values["grown"], card.values["rows"], card.values["early"], card.values["ended"]) == (3, 4, 1, 1)
    assert list(card.values["turns"].rows) == [(1, 1), (3, 2)]
    assert [note for note in conversation_report.notes(outcome) if "1 of 3" in note]
    panel = conversation_report.panel(outcome)
    assert panel is not None
    assert ("user: answers", 3) in [row for piece in panel.pieces if not isinstance(piece, str) for row in piece.rows]


def test_rows_without_tools_get_none_within_a_conversation() -> None:
    tools = {"schemas": [{"name": "track", "parameters": {"type": "object", "properties": {}}}]}
    requests, columns = grow(Converse(share=1, turns=2), plain, Generate(tools=tools), call_faults=[])
    assert not any(request.tools for request in requests)
    offered = json.dumps([{"name": "find", "parameters": {"type": "object", "properties": {}}}])
    requests, _ = grow(Converse(share=1, turns=2), plain, Generate(tools=tools), tools=offered)
    assert [bool(request.tools) for request in requests] == [False, True]
    assert requests[1].tools[0]["function"]["name"] == "find"
    assert columns["call_faults"] == []
