"""What a row says and what of it is not carried: to the letter, by the columns of its table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import SourceError
from hfsft.stages.examples import ExampleRows
from hfsft.stages.seeds import Prompts
from tests.rows.helpers import ASSISTANT, USER, examples, file, said, seeds

TALK = [("user", "Hi"), ("assistant", "Hello")]
HUMAN, GPT = {"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}


@pytest.mark.parametrize(
    "row",
    [
        {"instruction": "Hi", "output": "Hello"},
        {"instruction": "Hi", "input": "", "output": "Hello"},
        {"Instruction": "Hi", " Output ": "Hello"},
        {"input": "Hi", "output": "Hello"},
        {"prompt": "Hi", "completion": "Hello"},
        {"prompt": [USER], "completion": [ASSISTANT]},
        {"prompt": [USER], "completion": "Hello"},
        {"prompt": "Hi", "completion": [ASSISTANT]},
        {"question": "Hi", "answer": "Hello"},
        {"messages": [USER, ASSISTANT]},
        {"conversations": [HUMAN, GPT]},
        {"messages": None, "instruction": "Hi", "output": "Hello"},
    ],
    ids=str,
)
def test_every_usual_format_is_told_by_its_columns(tmp_path: Path, row: dict[str, Any]) -> None:
    (found,) = examples(tmp_path, row)
    assert said(found) == TALK
    assert (found.texts["instruction"], found.texts["response"], found.texts.get("messages")) == ("Hi", "Hello", None)


@pytest.mark.parametrize(
    ("format", "row"),
    [
        ("alpaca", {"instruction": "Hi", "output": "Hello", "prompt": "x", "completion": "y"}),
        ("prompt_completion", {"instruction": "x", "output": "y", "prompt": "Hi", "completion": "Hello"}),
        ("messages", {"instruction": "x", "output": "y", "conversations": [HUMAN, GPT]}),
        ("sharegpt", {"messages": [], "conversations": [HUMAN, GPT]}),
        ("columns", {"messages": [USER], "question": "Hi", "answer": "Hello"}),
    ],
)
def test_a_format_that_is_named_is_read_so(tmp_path: Path, format: str, row: dict[str, Any]) -> None:
    (found,) = examples(tmp_path, row, format=format)
    assert said(found) == TALK


CODE = "    if not rows:\n        return None\n"


@pytest.mark.parametrize(
    "row",
    [
        {"instruction": CODE, "output": CODE, "system": CODE, "topic": " t "},
        {"prompt": CODE, "completion": CODE, "system": CODE, "topic": " t "},
        {
            "messages": [{"role": "user", "content": CODE}, {"role": "assistant", "content": CODE}],
            "system": CODE,
            "topic": " t ",
        },
    ],
)
def test_texts_are_kept_to_the_letter(tmp_path: Path, row: dict[str, Any]) -> None:
    (found,) = examples(tmp_path, row)
    assert said(found) == [("system", CODE), ("user", CODE), ("assistant", CODE)]
    assert found.texts["topic"] == " t "
    (seed,) = seeds(tmp_path, {"prompt": CODE})
    assert seed.texts["instruction"] == CODE
    assert [row.texts["instruction"] for row in seeds(tmp_path, path=file(tmp_path, "s.txt", " a ", " ", "b"))] == [
        " a ",
        "b",
    ]


def test_one_odd_row_costs_that_row(tmp_path: Path) -> None:
    rows = [
        {"prompt": "Hi", "completion": "Hello"},
        {"completion": "x"},
        {"prompt": "x"},
        None,
        [1],
        "5",
        {},
        '{"prompt": NaN}',
    ]
    found = examples(tmp_path, *rows)
    assert [row.defect for row in found] == [
        None,
        "no instruction",
        "no response",
        *["not an object with named columns"] * 3,
        "no instruction",
        "no instruction",
    ]
    assert [row.texts["source"] for row in found] == [f"e.jsonl:{line}" for line in range(1, 9)]
    found = seeds(tmp_path, {"prompt": "Hi"}, {"prompt": 5}, {"prompt": " "}, {"frage": "x"}, [1], {"prompt": None})
    assert [row.defect for row in found] == [
        None,
        "instruction is not text",
        "no instruction",
        "no instruction",
        "not an object with named columns",
        "no instruction",
    ]


HALF = r"\ud83d"


@pytest.mark.parametrize(
    "line",
    [
        f'{{"instruction": "a{HALF}", "output": "b"}}',
        f'{{"instruction": "a", "output": "b{HALF}", "input": ""}}',
        f'{{"instruction": "a", "output": "b", "system": "{HALF}"}}',
        f'{{"instruction": "a", "output": "b", "history": [["{HALF}", "x"]]}}',
        f'{{"instruction": "a", "output": "b", "id": "{HALF}"}}',
        f'{{"instruction": "a", "output": "b", "id": {{"{HALF}": 1}}}}',
    ],
)
def test_half_a_character_sets_its_row_aside_and_no_other(tmp_path: Path, line: str) -> None:
    whole = r'{"instruction": "a \ud83d\ude00", "output": "b", "id": "x", "history": null, "system": ""}'
    bad, good = examples(tmp_path, line, whole, keep=["id"])
    assert bad.defect == "text that is not Unicode"
    assert (good.defect, good.texts["instruction"]) == (None, "a \U0001f600")
    str([bad.texts, bad.kept]).encode()


def test_half_a_character_in_turns_and_seeds_and_names(tmp_path: Path) -> None:
    (row,) = examples(
        tmp_path, f'{{"messages": [{{"role": "user", "content": "{HALF}"}}, {{"role": "gpt", "content": "x"}}]}}'
    )
    assert row.defect == "text that is not Unicode"
    (row,) = seeds(tmp_path, f'{{"prompt": "{HALF}", "{HALF}": 1}}')
    assert (row.defect, row.texts["unread"]) == ("text that is not Unicode", ["\ufffd"])


@pytest.mark.parametrize(
    "line",
    [
        '{"instruction": "a", "output": ' + "[" * 300 + "]" * 300 + "}",
        '{"instruction": "a", "output": ' + "9" * 5000 + "}",
    ],
)
def test_what_json_may_hold_and_no_row_should(tmp_path: Path, line: str) -> None:
    bad, good = examples(tmp_path, line, {"instruction": "a", "output": "b"})
    assert bad.defect in ("nested too deep", "response is not text")
    assert good.defect is None


@pytest.mark.parametrize(
    ("row", "keys", "talk"),
    [
        ({"history": []}, {}, TALK),
        ({"history": None}, {}, TALK),
        ({"history": ""}, {}, TALK),
        ({"history": "null"}, {}, TALK),
        ({"history": "[['a', \"it's\"]]"}, {}, [("user", "a"), ("assistant", "it's"), *TALK]),
        (
            {"history": [["a", "b"], ["c", "d"]]},
            {},
            [("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"), *TALK],
        ),
        ({"history": '[["a", "b"]]'}, {}, [("user", "a"), ("assistant", "b"), *TALK]),
        (
            {"history": [["a", "b"]], "input": "i", "system": "s"},
            {},
            [("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "Hi\n\ni"), TALK[1]],
        ),
        ({"history": [["a", "b"]]}, {"format": "alpaca"}, [("user", "a"), ("assistant", "b"), *TALK]),
        ({"history": "ordered twice"}, {"drop": ["history"]}, TALK),
        ({"context": "c", "input": "i"}, {}, [("user", "Hi\n\nc\n\ni"), TALK[1]]),
        ({"context": "", "input": "i"}, {}, [("user", "Hi\n\ni"), TALK[1]]),
        ({"context": "i", "input": "i"}, {}, [("user", "Hi\n\ni"), TALK[1]]),
        ({"system": "s"}, {}, [("system", "s"), *TALK]),
        ({"system": "s", "system_prompt": "t"}, {}, [("system", "s\n\nt"), *TALK]),
        ({"systemPrompt": "s"}, {}, [("system", "s"), *TALK]),
        ({"system_message": "s"}, {}, [("system", "s"), *TALK]),
    ],
    ids=str,
)
def test_what_belongs_to_the_conversation_is_read(tmp_path: Path, row: Any, keys: Any, talk: Any) -> None:
    (found,) = examples(tmp_path, {"instruction": "Hi", "output": "Hello", **row}, **keys)
    assert said(found) == talk
    assert found.texts["unread"] == (["history"] if keys.get("drop") else [])


@pytest.mark.parametrize("history", ["ordered twice", [["a"]], [["a", 1]], [{"q": "a"}], {"a": "b"}, 5, [["a", ""]]])
def test_a_history_of_another_shape_sets_its_row_aside(tmp_path: Path, history: Any) -> None:
    (row,) = examples(tmp_path, {"instruction": "Hi", "output": "Hello", "history": history})
    assert row.defect is not None
    assert "history" in row.defect or row.defect == "empty assistant turn"


@pytest.mark.parametrize(
    ("column", "value", "group", "reason"),
    [
        ("tools", ["x"], "tools", "tools are not JSON"),
        ("functions", [5], "tools", "tools are not objects"),
        ("reasoning_content", 5, "reasoning", "reasoning is not text"),
        ("images", ["a.png"], "images", "images or sound"),
        ("label", False, "label", "marked as a bad answer"),
        ("label", "FALSE", "label", "marked as a bad answer"),
        ("rejected", True, "label", "marked as a bad answer"),
        ("rejected", "worse", "pair", "a preference pair"),
        ("weight", 0.5, "weight", "a weight in training"),
        ("train", False, "weight", "a weight in training"),
        ("Loss-Weight", "0.0", "weight", "a weight in training"),  # as a CSV has it
    ],
)
@pytest.mark.parametrize(
    "base", [{"prompt": "Hi", "completion": "Hello"}, {"messages": [USER, ASSISTANT]}], ids=["texts", "turns"]
)
def test_what_changes_the_meaning_is_refused_or_dropped_by_name(
    tmp_path: Path, base: Any, column: str, value: Any, group: str, reason: str
) -> None:
    (refused,) = examples(tmp_path, {**base, column: value})
    assert (refused.defect or "").startswith(reason)
    assert f"`drop: [{group}]`" in (refused.defect or "")
    (row,) = examples(tmp_path, {**base, column: value}, drop=[group])
    assert (said(row), row.texts["unread"]) == (TALK, [column])


@pytest.mark.parametrize(
    ("column", "value"),
    [("tools", []), ("tools", "[]"), ("tools", None), ("functions", ""), ("thinking", " "), ("images", [])],
)
def test_columns_that_hold_nothing_mean_nothing(tmp_path: Path, column: str, value: Any) -> None:
    (row,) = examples(tmp_path, {"prompt": "Hi", "completion": "Hello", column: value})
    assert (said(row), row.texts["unread"]) == (TALK, [])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("label", True),
        ("label", 1),
        ("weight", 1),
        ("weight", "1.0"),
        ("weight", "3 kg"),
        ("rejected", 1),
        ("train", True),
        ("thinking", True),
        ("reasoning", "off"),
        ("name", "x"),
        ("consent", False),
    ],
)
def test_whatever_else_stands_in_a_row_is_told(tmp_path: Path, column: str, value: Any) -> None:
    (row,) = examples(tmp_path, {"prompt": "Hi", "completion": "Hello", column: value})
    assert (said(row), row.texts["unread"]) == (TALK, [column])


def test_fields_of_turns_are_told_too(tmp_path: Path) -> None:
    talk = [{**USER, "name": "Kim", "weight": 1, "id": None}, {**ASSISTANT, "timestamp": 7, "weight": 1}]
    (row,) = examples(tmp_path, {"chat": talk, "input": "x"})
    assert (said(row), row.texts["unread"]) == (TALK, ["chat[].weight", "chat[].timestamp", "input"])
    assert row.texts["messages"][0]["name"] == "Kim"


def test_a_preference_pair_by_its_better_answer(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"prompt": "Hi", "chosen": "Hello", "rejected": "Go away"}]
    for keys in ({}, {"response": "chosen"}, {"format": "preference"}):
        (row,) = examples(tmp_path, *rows, **keys)
        assert (said(row), row.texts["unread"]) == (TALK, ["rejected"])
    (row,) = examples(tmp_path, {"prompt": "Hi", "chosen": [USER, ASSISTANT], "rejected": [USER]}, response="chosen")
    assert said(row) == TALK
    asked = [{"role": "system", "content": "s"}, USER]  # the better answer repeats the question, not the system prompt
    (row,) = examples(tmp_path, {"prompt": asked, "chosen": [USER, ASSISTANT]}, response="chosen")
    assert said(row) == [("system", "s"), *TALK]
    asked = [USER, ASSISTANT, {"role": "user", "content": "and now?"}]
    (row,) = examples(tmp_path, {"prompt": asked, "chosen": [USER, ASSISTANT]}, response="chosen")
    assert (row.defect or "").startswith("two turns in a row")  # not the same talk: neither is picked
    rows = [{"conversations": [HUMAN], "chosen": GPT, "rejected": GPT}]
    for keys in ({}, {"response": "chosen"}):
        (row,) = examples(tmp_path, *rows, **keys)
        assert said(row) == TALK


@pytest.mark.parametrize("text", ['[{"role": "user", "content": "x"}]', '[{"name": "x", "age": 5}]', "[1, 2]", "{}"])
def test_a_text_that_happens_to_be_json_is_a_text(tmp_path: Path, text: str) -> None:
    (row,) = examples(tmp_path, {"instruction": text, "output": text})
    assert said(row) == [("user", text), ("assistant", text)]


def test_a_column_that_is_only_called_like_a_conversation_is_none(tmp_path: Path) -> None:
    for value in (3, ["Hi", "there"], "short"):
        (row,) = examples(tmp_path, {"turns": value, "question": "Hi", "answer": "Hello"})
        assert (said(row), row.texts["unread"]) == (TALK, ["turns"])


def test_a_list_of_texts_is_a_list_of_seeds(tmp_path: Path) -> None:
    found = seeds(tmp_path, path=file(tmp_path, "s.json", '["How?", "Why?"]'))
    assert [(row.texts["instruction"], row.texts["source"]) for row in found] == [
        ("How?", "s.json[0]"),
        ("Why?", "s.json[1]"),
    ]


def test_what_is_said_of_an_answer_does_not_matter_of_a_seed(tmp_path: Path) -> None:
    row = {"prompt": "Hi", "chosen": "a", "rejected": "b", "label": False, "weight": 0, "tools": [{"a": 1}]}
    (seed,) = seeds(tmp_path, row)
    assert (seed.defect, seed.texts["unread"]) == (None, [name for name in row if name != "prompt"])
    (seed,) = seeds(tmp_path, {"prompt": "Hi", "image": "a.png"})
    assert (seed.defect or "").startswith("images or sound")


def test_kept_columns_are_texts(tmp_path: Path) -> None:
    rows = [{"q": 1, "id": " 7 ", "n": 5, "ok": True, "tags": ["a"], "prompt": "x"}, {"prompt": "y"}]
    keep = ["id", "n", "ok", "tags"]
    one, two = seeds(tmp_path, *rows, keep=keep)
    assert dict(one.kept) == {"id": " 7 ", "n": "5", "ok": "true", "tags": '["a"]'}
    assert one.texts["unread"] == ["q"]
    assert dict(two.kept) == dict.fromkeys(keep)


@pytest.mark.parametrize(
    ("rows", "keys", "message"),
    [
        ([], {}, "e.jsonl: has no rows"),
        ([{"text": "Hi"}], {"format": "messages"}, r"e.jsonl: format messages needs messages \(it has text\)"),
        (
            [{"q": "Hi", "output": "x"}],
            {},
            r"no column holds the instruction \(name it with instruction:; it has q, output\)",
        ),
        ([{"question": "Hi"}, {"question": "x"}], {}, r"no column holds the response"),
        (
            [{"question": "Hi", "answer": "x"}],
            {"instruction": "qestion"},
            r"no column 'qestion' \(did you mean `question`\?",
        ),
        ([{"question": "Hi", "answer": "x"}], {"keep": ["id"]}, r"no column 'id'"),
        ([{"items": [USER, ASSISTANT]}], {}, r"a list of turns is read with `messages: items`; it has items"),
        ([{"messages": "User: Hi"}], {}, "messages holds no list of turns, and no column holds the instruction"),
        (
            [{"messages": [USER, ASSISTANT]}],
            {"messages": "messages", "context": "messages"},
            "conversations hold the context",
        ),
        (["{"], {}, "e.jsonl:1:2: not JSON"),
    ],
)
def test_a_fault_of_the_whole_table_is_told_as_one(tmp_path: Path, rows: Any, keys: Any, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        examples(tmp_path, *rows, **keys)


def test_inline_rows_are_as_they_stand_with_their_place_in_the_recipe() -> None:
    rows = [{"instruction": " Hi ", "response": "Hello", "topic": "t"}, {"instruction": "Hi", "response": " "}]
    one, two = ExampleRows.model_validate({"rows": rows}).opened(Path(), "examples[1]").rows(None)
    assert (one.texts["instruction"], one.texts["topic"], one.texts["source"]) == (" Hi ", "t", "examples[1].rows[0]")
    assert two.defect == "no response"
    (seed,) = Prompts(prompts=["How? "], topic="t", system="s").opened(Path(), "seeds[0]").rows(1)
    said = {"instruction": "How? ", "topic": "t", "context": None, "system": "s"}
    assert seed.texts == {**said, "source": "seeds[0].prompts[0]", "unread": []}
