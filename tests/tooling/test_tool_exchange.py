"""One answer with tools: calls that are checked, asked again, answered, and the cases in which none is right."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from hfsft.errors import AnswerError
from hfsft.models.model import Answer, Request
from hfsft.prompts import Prompt
from hfsft.tooling import no_call_cases
from hfsft.tooling.tool_exchange import ToolExchange
from hfsft.tooling.tool_results import Canned, Results, entries_in
from hfsft.tooling.tool_schemas import Tool, tools_in

TOOLS = tools_in(
    [
        {
            "name": "weather",
            "description": "The weather of a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "unit": {"type": "string", "default": "C"}},
                "required": ["city"],
            },
        },
        {"name": "clock", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
        {"name": "refund", "parameters": {"type": "object", "properties": {"number": {"type": "string"}}}},
    ]
)
BEFORE = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Is it cold in Oslo?"}]
CANNED = Canned(
    [{"name": "weather", "arguments": {"city": "Oslo"}, "result": {"degrees": 3}}, {"name": "clock", "result": "noon"}]
)
SIMULATED = Prompt.parse("{{ tool }} {{ arguments }} after {{ results | length }}")
ROW = {"id": "r1", "instruction": "Is it cold in Oslo?", "topic": None}


def called(*calls: tuple[str, Any]) -> Answer:
    made = [
        {"id": f"chance{n}", "name": name, "arguments": given if isinstance(given, str) else json.dumps(given)}
        for n, (name, given) in enumerate(calls)
    ]
    return Answer("", tool_calls=tuple(made), finish_reason="tool_calls")


WEATHER = called(("weather", {"city": "Oslo"}))


def exchange(tools: Sequence[Tool] = TOOLS, prompt: Prompt | None = SIMULATED, **more: Any) -> ToolExchange:
    results = Results(CANNED, prompt, "simulator", 0.5, 99)
    return ToolExchange(ROW, tools, results, more.pop("rounds", 3), more.pop("tries", 1), **more)


def asking(tag: str) -> Request:
    return Request("writer", max_tokens=50, stop=(tag,))  # the tag stands where a test sees it


def run(turns: Any, answers: Sequence[Answer] | Callable[[Request], Answer]) -> tuple[list[Request], Any]:
    requests, remaining = [], iter(() if callable(answers) else answers)
    try:
        request = next(turns)
        while True:
            requests.append(request)
            request = turns.send(answers(request) if callable(answers) else next(remaining))
    except StopIteration as stop:
        return requests, stop.value


def test_calls_get_results_and_an_answer_follows() -> None:
    requests, turned = run(exchange().answer(BEFORE, asking, "a"), [WEATHER, Answer("It is 3 degrees.")])
    call, result, said = turned.turns
    assert [turn["role"] for turn in turned.turns] == ["assistant", "tool", "assistant"]
    assert (result["content"], result["name"], result["tool_call_id"]) == (
        '{"degrees": 3}',
        "weather",
        call["tool_calls"][0]["id"],
    )
    assert said == {"role": "assistant", "content": "It is 3 degrees."}
    assert turned.faults == []
    assert [tool["function"]["name"] for tool in requests[0].tools] == ["weather", "clock", "refund"]
    assert requests[1].messages[2]["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"city": "Oslo"}'}


def test_calls_may_be_all_that_is_wanted() -> None:
    requests, turned = run(exchange(ends_at_calls=True).answer(BEFORE, asking, "a"), [WEATHER])
    assert len(requests) == 1
    assert [turn["role"] for turn in turned.turns] == ["assistant"]
    _, turned = run(exchange(ends_at_calls=True).answer(BEFORE, asking, "a"), [Answer("It is cold.")])
    assert turned.turns == [{"role": "assistant", "content": "It is cold."}]


def test_ids_are_no_chance_of_the_server() -> None:
    other = Answer("", tool_calls=({**WEATHER.tool_calls[0], "id": "other"},))
    ids = [
        run(exchange().answer(BEFORE, asking, "a"), [first, Answer("So.")])[1].turns[0] for first in (WEATHER, other)
    ]
    assert ids[0] == ids[1]
    assert len(ids[0]["tool_calls"][0]["id"]) == 9


def test_parallel_calls_get_each_their_result_in_their_order() -> None:
    both = called(("clock", {"city": "Oslo"}), ("weather", {"city": "Oslo"}))
    _, turned = run(exchange().answer(BEFORE, asking, "a"), [both, Answer("Noon, 3 degrees.")])
    assert [turn["content"] for turn in turned.turns[1:3]] == ["noon", '{"degrees": 3}']


@pytest.mark.parametrize(
    ("wrong", "cause", "told"),
    [
        (called(("wether", {"city": "Oslo"})), "unknown_tool", "there is no tool `wether`; the tools are weather"),
        (called(("weather", '{"city": "Oslo"')), "not_json", "no JSON object"),
        (called(("weather", {})), "missing_argument", "ask the user for it and call nothing"),
        (called(("weather", {"city": "Oslo", "town": 1})), "unknown_argument", "it takes city, unit"),
        (called(("weather", {"city": 7})), "wrong_argument", "city: 7 is not of type"),
        (called(("weather", {"city": "<city>"})), "placeholder", "which is no value"),
        (called(("clock", {}), ("clock", {})), "repeated", "twice"),
        (Answer("<tool_call>weather</tool_call>"), "unreadable", "no call can be read"),
        (Answer(" ", reasoning="Hm."), "unreadable", "says nothing"),
    ],
)
def test_calls_that_cannot_be_used_are_asked_again_and_told_why(wrong: Answer, cause: str, told: str) -> None:
    requests, turned = run(exchange().answer(BEFORE, asking, "a"), [wrong, WEATHER, Answer("It is cold.")])
    assert turned.faults == [cause]
    assert told in requests[1].messages[-1]["content"]
    assert requests[0].stop != requests[1].stop
    assert "That cannot be used" not in json.dumps(turned.turns)
    assert not any("That cannot be used" in str(turn["content"]) for turn in requests[2].messages)


def test_calls_that_stay_unusable_fail_the_row_with_the_cause() -> None:
    wrong = called(("weather", {"town": "Oslo"}))
    with pytest.raises(
        AnswerError, match=r"missing_argument: the call of weather lacks `city`.*\(asked 2 times\)"
    ) as error:
        run(exchange().answer(BEFORE, asking, "a"), lambda _: wrong)
    assert error.value.cause == "tool_calls"


def test_rounds_are_bounded_and_the_last_must_answer() -> None:
    numbers = iter(range(100))
    with pytest.raises(AnswerError, match="no more calls can be made"):
        run(
            exchange(rounds=2).answer(BEFORE, asking, "a"),
            lambda r: Answer("x") if r.model == "simulator" else called(("clock", {"city": str(next(numbers))})),
        )


def test_a_result_that_is_not_listed_is_written_by_a_model_once_for_the_same_call() -> None:
    rome = called(("weather", {"city": "Rome"}))

    def says(request: Request) -> Answer:
        if request.model == "simulator":
            return Answer('```json\n{"degrees": 20}\n```')
        return Answer("Warm.") if len(request.messages) > 5 else rome

    requests, turned = run(exchange().answer(BEFORE, asking, "a"), says)
    asked = [request for request in requests if request.model == "simulator"]
    assert [request.messages[0]["content"] for request in asked] == ['weather {"city": "Rome"} after 0']
    assert [turn["content"] for turn in turned.turns if turn["role"] == "tool"] == ['{"degrees": 20}'] * 2


def test_a_result_that_nobody_gives_fails_the_row() -> None:
    with pytest.raises(AnswerError, match=r'no_result: `results` lists none of weather\({"city": "Rome"}\)'):
        run(exchange(prompt=None).answer(BEFORE, asking, "a"), [called(("weather", {"city": "Rome"}))])


def test_without_fields_tools_stand_in_the_system_prompt_and_calls_in_the_text() -> None:
    text = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>'
    requests, turned = run(exchange(native=False).answer(BEFORE, asking, "a"), [Answer(text), Answer("It is cold.")])
    assert requests[0].tools == ()
    assert requests[0].messages[0]["content"].startswith("Be brief.")
    assert '"name": "weather"' in requests[0].messages[0]["content"]
    assert [turn["role"] for turn in requests[1].messages] == ["system", "user", "assistant", "user"]
    assert requests[1].messages[-1]["content"] == '<tool_response>\n{"degrees": 3}\n</tool_response>'
    assert turned.turns[0]["tool_calls"][0]["name"] == "weather"


def test_the_first_answer_alone_must_call_where_that_is_required() -> None:
    requests, _ = run(exchange(choice="required").answer(BEFORE, asking, "a"), [WEATHER, Answer("Cold.")])
    assert [request.tool_choice for request in requests] == ["required", None]


def test_the_tools_that_a_row_needs_are_taken_away_until_it_calls_none() -> None:
    def says(request: Request) -> Answer:
        names = {tool["function"]["name"] for tool in request.tools}
        if "weather" in names:
            return WEATHER
        return called(("clock", {"city": "Oslo"})) if "clock" in names else Answer("I have no tool for that.")

    _, found = run(no_call_cases.answer(exchange(), "irrelevant", BEFORE, asking, "a"), says)
    assert [tool.name for tool in found.tools] == ["refund"]
    assert (found.case, found.turned.turns[-1]["content"]) == ("irrelevant", "I have no tool for that.")


@pytest.mark.parametrize(
    "says",
    [
        lambda _: Answer("It is cold."),
        lambda r: called((r.tools[0]["function"]["name"], {"city": "Oslo"})) if r.tools else Answer("So."),
    ],
)
def test_a_row_that_needs_no_tool_or_all_of_them_is_no_case(says: Any) -> None:
    def answers(request: Request) -> Answer:
        return Answer("So.") if request.messages[-1]["role"] == "tool" else says(request)

    two = [TOOLS[0], TOOLS[1]]
    _, found = run(no_call_cases.answer(exchange(two), "irrelevant", BEFORE, asking, "a"), answers)
    assert (found.case, list(found.tools)) == ("", two)


@pytest.mark.parametrize("native", [True, False])
def test_an_answer_without_the_call_that_is_required_is_asked_again_and_fails(native: bool) -> None:
    calls = WEATHER if native else Answer('<tool_call>{"name": "weather", "arguments": {"city": "Oslo"}}</tool_call>')
    made = exchange(choice="required", native=native)
    requests, turned = run(made.answer(BEFORE, asking, "a"), [Answer("It is."), calls, Answer("Cold.")])
    assert turned.faults == ["no_call"]
    assert [turn["role"] for turn in turned.turns] == ["assistant", "tool", "assistant"]
    assert requests[1].messages[-1]["content"] == (
        "That cannot be used: the answer must begin with a call of a tool. Answer again, with a call."
    )
    with pytest.raises(AnswerError, match=r"no_call: the answer must begin with a call of a tool \(asked 2 times\)"):
        run(made.answer(BEFORE, asking, "a"), [Answer("It is."), Answer("It is.")])


def test_a_parameter_that_was_left_out_is_required_so_that_the_user_is_asked() -> None:
    def says(request: Request) -> Answer:
        if "ask the user" in str(request.messages[-1]["content"]):
            return Answer("In Celsius or in Fahrenheit?")
        return WEATHER

    _, found = run(no_call_cases.answer(exchange(), "asks_back", BEFORE, asking, "a"), says)
    assert found.case == "asks_back"
    assert found.tools[0].required == ["city", "unit"]
    assert "default" not in found.tools[0].properties["unit"]
    assert TOOLS[0].required == ["city"]
    assert found.turned.turns == [{"role": "assistant", "content": "In Celsius or in Fahrenheit?"}]
    assert found.turned.faults == ["missing_argument"]


def test_cases_and_tools_are_picked_by_the_row_alone() -> None:
    cases = [no_call_cases.case_of(str(number), 0.2, 0.1) for number in range(1000)]
    assert 150 < cases.count("irrelevant") < 250
    assert 60 < cases.count("asks_back") < 140
    offered = [[tool.name for tool in no_call_cases.offered(str(number), TOOLS, 2)] for number in range(60)]
    assert {tuple(names) for names in offered} == {("weather", "clock"), ("weather", "refund"), ("clock", "refund")}
    assert no_call_cases.offered("x", TOOLS, None) == TOOLS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"name": "a", "result": 1}]', None),
        ('{"name": "a", "result": 1}\n\n{"name": "b", "arguments": {}, "result": "x"}', None),
        ("", "holds no list"),
        ('{"name": ', "neither a JSON list nor JSON lines"),
        ('[{"name": "a"}]', "result 1 needs the keys name and result"),
    ],
)
def test_lists_of_results_are_read_or_told(text: str, said: str | None, tmp_path: Any) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text(text)
    if said is None:
        assert Canned(entries_in(path)).of({"name": "a", "arguments": "{}"}) == "1"
        return
    with pytest.raises(ValueError, match=said):
        Canned(entries_in(path))
