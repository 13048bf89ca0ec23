"""Tools, calls, reasoning and weights stand in a dataset where some row of it needs them, and only there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import ReleaseError
from hfsft.recipe.publish import FormatName, Publish
from hfsft.release.folder.parquet import write_parquet
from hfsft.release.trainer.dataset_writer import DatasetWriter
from hfsft.release.trainer.message_style import MessageStyle
from hfsft.release.trainer.tokenizer import load_tokenizer
from tests.release.samples import dataset, single, tokenizer_folder, typed
from tests.release.trainer.templates import HARMONY, QWEN

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
ASKED = {"role": "user", "content": "Is it warm in Bern?"}
CALL = {"id": "c1", "name": "weather", "arguments": '{"city":"Bern", "days": 1}'}
CALLED = {"role": "assistant", "content": "", "reasoning": "Look it up.", "tool_calls": [CALL]}
RESULT = {"role": "tool", "content": '{"t": 21}', "tool_call_id": "c1", "name": "weather"}
ANSWERED = {"role": "assistant", "content": "Yes, 21 degrees.", "reasoning": "Warm."}
TURNS = (ASKED, CALLED, RESULT, ANSWERED)
CHAT = {"role", "content"}


def written(format: FormatName, *rows: dict[str, Any], **style: Any) -> list[dict[str, Any]]:
    found = dataset(*rows)
    return DatasetWriter.of(found, format, style=MessageStyle(**style)).rows(found).to_list()


def bare(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in turn.items() if value is not None} for turn in turns]


def test_messages_have_openai_s_shape() -> None:
    (row,) = written("messages", typed(*TURNS, tools=[WEATHER]))
    function = {"name": "weather", "arguments": {"city": "Bern", "days": 1}}
    assert bare(row["messages"]) == [
        ASKED,
        {
            "role": "assistant",
            "content": "",
            "reasoning_content": "Look it up.",
            "tool_calls": [{"id": "c1", "type": "function", "function": function}],
        },
        RESULT,
        {"role": "assistant", "content": "Yes, 21 degrees.", "reasoning_content": "Warm."},
    ]
    assert json.loads(row["tools"]) == [WEATHER]


def test_arguments_that_came_as_text_go_out_to_the_letter_in_typed_columns() -> None:
    rows = dataset(typed(*TURNS, tools=[WEATHER]), single())
    writing = DatasetWriter.of(rows, style=MessageStyle(tool_calls="text"))
    (turn,) = writing.columns["messages"]
    function = {"name": "string", "arguments": "string"}
    assert turn["tool_calls"] == [{"id": "string", "type": "string", "function": function}]
    call = writing.rows(rows).to_list()[0]["messages"][1]["tool_calls"][0]
    assert call["function"]["arguments"] == CALL["arguments"]


@pytest.mark.parametrize(
    ("row", "fields", "columns"),
    [
        (single(1), set(), set()),
        (typed(ASKED, ANSWERED), {"reasoning_content"}, set()),
        (typed(ASKED, {**ANSWERED, "reasoning": None}, tools=[WEATHER]), set(), {"tools"}),
        (typed({**ASKED, "name": "Kim"}, {"role": "assistant", "content": "Yes."}), {"name"}, set()),
        (typed(ASKED, {"role": "assistant", "content": "Yes.", "weight": 0.0}), {"weight"}, set()),
    ],
    ids=["none", "reasoning", "tools", "names", "weights"],
)
def test_fields_and_columns_stand_where_some_row_needs_them(
    row: dict[str, Any], fields: set[str], columns: set[str]
) -> None:
    first, second = written("messages", single(), row)
    assert set(first) == {"messages", *columns}
    assert all(set(turn) == CHAT | fields for turn in [*first["messages"], *second["messages"]])


def test_both_splits_have_the_columns_that_some_row_of_either_needs() -> None:
    every = dataset(single(), typed(*TURNS, tools=[WEATHER]))
    writing = DatasetWriter.of(every)
    assert writing.rows(every.select([0])).features == writing.rows(every.select([1])).features


def test_what_is_written_is_loaded_as_it_was_by_plain_datasets(tmp_path: Path, home: Path) -> None:
    from datasets import load_dataset

    other = typed(ASKED, {**CALLED, "tool_calls": [{"name": "now", "arguments": '{"zone": null, "n": 0.1}'}]})
    rows = dataset(typed(*TURNS, tools=[WEATHER]), other, single())
    write_parquet(DatasetWriter.of(rows).rows(rows), tmp_path / "data", "train")
    loaded = load_dataset(str(tmp_path / "data"), split="train")
    calls = [turn["tool_calls"][0]["function"] for row in loaded for turn in row["messages"] if turn["tool_calls"]]
    assert calls == [
        {"name": "weather", "arguments": {"city": "Bern", "days": 1}},
        {"name": "now", "arguments": {"zone": None, "n": 0.1}},
    ]


@pytest.mark.parametrize("arguments", ["not JSON", "[1]", '"text"', '{"n": 100000000000000000000}', ""])
def test_arguments_that_are_no_object_that_datasets_reads_stay_text(arguments: str) -> None:
    turns = (ASKED, {**CALLED, "tool_calls": [{"name": "f", "arguments": arguments}]})
    (row,) = written("messages", typed(*turns))
    assert row["messages"][1]["tool_calls"][0]["function"]["arguments"] == arguments


@pytest.mark.parametrize(
    ("reasoning", "said"),
    [
        ("field", {"content": "Yes, 21 degrees.", "reasoning_content": "Warm."}),
        ("inline", {"content": "<think>\nWarm.\n</think>\n\nYes, 21 degrees."}),
        ("drop", {"content": "Yes, 21 degrees."}),
    ],
)
def test_reasoning_stands_where_the_recipe_says(reasoning: str, said: dict[str, str]) -> None:
    (row,) = written("messages", typed(ASKED, ANSWERED), reasoning=reasoning)
    assert bare(row["messages"])[1] == {"role": "assistant", **said}


@pytest.mark.parametrize(("template", "key"), [(QWEN, "reasoning_content"), (HARMONY, "thinking")])
def test_the_field_is_the_one_that_the_named_template_reads(tmp_path: Path, template: str, key: str) -> None:
    rows = dataset(typed(ASKED, ANSWERED))
    tokenizer = load_tokenizer(str(tokenizer_folder(tmp_path, template)))
    (row,) = DatasetWriter.of(rows, "messages", tokenizer, MessageStyle(reasoning="field")).rows(rows).to_list()
    assert row["messages"][1][key] == "Warm."


def test_xml_stands_in_texts_and_tools_in_the_system_prompt() -> None:
    for row in (
        *written("hermes", typed(*TURNS, tools=[WEATHER], system="Be brief.")),
        *written("messages", typed(*TURNS, tools=[WEATHER], system="Be brief."), tool_calls="xml", reasoning="inline"),
    ):
        system, _, called, result, answered = row["messages"]
        assert set(row) == {"messages"}
        assert set(called) == CHAT
        assert system["content"].startswith("Be brief.\n\n")
        assert f"<tools>\n{json.dumps(WEATHER)}\n</tools>" in system["content"]
        call = '{"name": "weather", "arguments": {"city":"Bern", "days": 1}}'
        assert called["content"].endswith(f"\n<tool_call>\n{call}\n</tool_call>")
        assert result == {"role": "tool", "content": '<tool_response>\n{"t": 21}\n</tool_response>'}
        assert answered["content"].startswith("<think>\nWarm.\n</think>")


def test_sharegpt_has_turns_for_calls_and_results() -> None:
    (row,) = written("sharegpt", typed(*TURNS, tools=[WEATHER]), reasoning="drop")
    assert row["conversations"] == [
        {"from": "human", "value": "Is it warm in Bern?"},
        {"from": "function_call", "value": '{"name": "weather", "arguments": {"city":"Bern", "days": 1}}'},
        {"from": "observation", "value": '{"t": 21}'},
        {"from": "gpt", "value": "Yes, 21 degrees."},
    ]
    assert json.loads(row["tools"]) == [WEATHER]


def test_several_calls_are_a_list_and_reasoning_stands_before_them() -> None:
    called = {**CALLED, "tool_calls": [CALL, {**CALL, "name": "now", "arguments": "{}"}]}
    (row,) = written("sharegpt", typed(ASKED, called))
    _, turn = row["conversations"]
    thought, calls = turn["value"].split("</think>\n\n")
    assert thought == "<think>\nLook it up.\n"
    assert [call["name"] for call in json.loads(calls)] == ["weather", "now"]


def test_alpaca_has_earlier_turns_as_history() -> None:
    turns = [{"role": role, "content": text} for role, text in zip(("user", "assistant") * 2, "abcd", strict=True)]
    plain, row = written("alpaca", single(), typed(*turns, system="Be brief."))
    assert plain["history"] is None
    assert (row["history"], row["instruction"], row["output"], row["system"]) == ([["a", "b"]], "c", "d", "Be brief.")
    assert row["text"] == (
        "Be brief.\n\n### Instruction:\na\n\n### Response:\nb\n\n### Instruction:\nc\n\n### Response:\nd"
    )


@pytest.mark.parametrize(
    ("weights", "prompt", "completion"), [((None, None), 3, "d"), ((0, 1), 3, "d"), ((1, 0), 1, "b")]
)
def test_a_completion_is_the_last_answer_that_has_a_weight(
    weights: tuple[float | None, float | None], prompt: int, completion: str
) -> None:
    first, second = weights
    row = typed(
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", "weight": first},
        {"role": "user", "content": "c"},
        {"role": "assistant", "content": "d", "weight": second},
    )
    (found,) = written("prompt_completion", row)
    assert (len(found["prompt"]), found["completion"]) == (prompt, [{"role": "assistant", "content": completion}])


@pytest.mark.parametrize("format", ["alpaca", "prompt_completion_text"])
def test_a_format_without_tools_refuses_rows_that_have_any_and_names_them(format: FormatName) -> None:
    row = typed(*TURNS, tools=[WEATHER])
    message = rf"format {format} cannot hold tools or calls .*1 of 2 rows \({row['id']}\) .*choose messages"
    with pytest.raises(ReleaseError, match=message):
        written(format, single(), row)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"format": "sharegpt", "reasoning": "field"}, "no field for reasoning: choose reasoning inline or drop"),
        ({"format": "alpaca", "reasoning": "field"}, "no field for reasoning"),
        ({"format": "hermes", "tool_calls": "object"}, "format hermes cannot hold tool_calls as object"),
        ({"format": "sharegpt", "tool_calls": "xml"}, "format sharegpt cannot hold tool_calls as xml"),
    ],
)
def test_what_a_format_cannot_carry_is_refused_with_the_recipe(section: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Publish.model_validate(section)


@pytest.mark.parametrize(
    "arguments",
    [
        '{"a": 1, "a": 2}',
        '{"a": 1e400}',
        '{"a": 12345678901234567890123}',
        '{"a": "\\ud83d"}',
        '{"\\ud83d": 1}',
        '{"a": ' * 900 + "1" + "}" * 900,
    ],
)
def test_arguments_that_no_column_of_json_holds_stay_the_text_they_are(arguments: str) -> None:
    call = {"name": "weather", "arguments": arguments}
    rows = (typed(ASKED, {"role": "assistant", "content": "", "tool_calls": [call]}), typed(*TURNS))
    found, other = written("messages", *rows, tool_calls="object")
    assert found["messages"][1]["tool_calls"][0]["function"]["arguments"] == arguments
    assert other["messages"][1]["tool_calls"][0]["function"]["arguments"] == {"city": "Bern", "days": 1}


@pytest.mark.parametrize("key", [None, "thinking"])
def test_reasoning_stands_in_one_field_whatever_the_sources_call_it(key: str | None) -> None:
    named = [
        {**typed(ASKED, ANSWERED), "id": name, "dialect": f"messages {name}"} for name in ("thinking", "reasoning")
    ]
    (alone,) = written("messages", named[0])
    assert alone["messages"][1]["thinking"] == "Warm."
    formats: dict[FormatName, str] = {"messages": "messages", "prompt_completion": "completion"}
    for chosen, column in formats.items():
        for row in written(chosen, *named, key=key):
            assert set(row[column][-1]) == {*CHAT, key or "reasoning_content"}
            assert row[column][-1][key or "reasoning_content"] == "Warm."
