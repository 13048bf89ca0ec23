"""Seeds and examples: every usual format, and a clear word for whatever cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import SourceError
from hfsft.stages.examples import ExampleRows, ExampleTable
from hfsft.stages.seeds import Prompts, PromptTable


def file(tmp_path: Path, name: str, *rows: Any) -> str:
    path = tmp_path / name
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text(text + "\n" if rows else "", encoding="utf-8")
    return str(path)


def parquet(tmp_path: Path, *rows: Any) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(list(rows)), tmp_path / "rows.parquet")
    return str(tmp_path / "rows.parquet")


def saved(tmp_path: Path, *rows: Any) -> str:
    from datasets import Dataset

    Dataset.from_list(list(rows)).save_to_disk(str(tmp_path / "saved"))
    return str(tmp_path / "saved")


ROWS = [{"question": "How?", "intent": "help"}, {"question": " Why? ", "intent": ""}]


@pytest.mark.parametrize(
    "write",
    [
        lambda tmp: file(tmp, "s.jsonl", *ROWS),
        lambda tmp: file(tmp, "s.json", json.dumps(ROWS)),
        lambda tmp: file(tmp, "s.json", json.dumps({"data": ROWS})),
        lambda tmp: file(tmp, "s.csv", "question,intent", "How?,help", "Why?,"),
        lambda tmp: file(tmp, "s.tsv", "question\tintent", "How?\thelp", "Why?\t"),
        lambda tmp: parquet(tmp, *ROWS),
        lambda tmp: saved(tmp, *ROWS),
    ],
    ids=["jsonl", "json", "json object", "csv", "tsv", "parquet", "save_to_disk"],
)
def test_seeds_come_from_any_table(tmp_path: Path, write: Any) -> None:
    seeds = PromptTable(path=write(tmp_path), prompt="question", topic="intent")
    texts = list(seeds.texts(tmp_path))
    assert [(text["instruction"], text["topic"]) for text in texts] == [("How?", "help"), ("Why?", None)]


def test_a_text_file_has_a_seed_a_line(tmp_path: Path) -> None:
    seeds = PromptTable(path=file(tmp_path, "s.txt", "How?", "", "Why?"))
    assert [text["instruction"] for text in seeds.texts(tmp_path)] == ["How?", "Why?"]


def test_inline_seeds_share_topic_and_system() -> None:
    (text,) = Prompts(prompts=["How? "], topic="t", system="s").texts(Path())
    assert text == {"instruction": "How?", "topic": "t", "context": None, "system": "s"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "has no rows"),
        ([{"prompt": 5}], "s.jsonl:1: prompt is int, not text"),
        ([{"prompt": "a"}, {"prompt": " "}], "s.jsonl:2: prompt is empty"),
        ([{"prompt": None}], "s.jsonl:1: prompt is NoneType, not text"),
        ([{"frage": "a"}], r"s.jsonl:1: no column holds the prompt \(name it with prompt:; it has frage\)"),
        (["{"], "s.jsonl:1:2: not JSON"),
        (["[1]"], "s.jsonl:1: a row must be an object with named columns"),
    ],
)
def test_seeds_that_cannot_be_read_are_named_with_their_line(tmp_path: Path, rows: list[Any], message: str) -> None:
    seeds = PromptTable(path=file(tmp_path, "s.jsonl", *rows))
    with pytest.raises(SourceError, match=message):
        list(seeds.texts(tmp_path))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("sed.jsonl", r"sed.jsonl: no such file \(did you mean seed.jsonl\?\)"),
        ("no such thing", "no such file"),
        ("picture.png", "no reader for .png files"),
    ],
)
def test_a_path_that_is_no_table(tmp_path: Path, path: str, message: str) -> None:
    file(tmp_path, "seed.jsonl", *ROWS)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    with pytest.raises(SourceError, match=message):
        list(PromptTable(path=path).texts(tmp_path))


def test_a_file_that_is_not_utf8_names_the_byte(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_bytes(b"caf\xe9")
    with pytest.raises(SourceError, match=r"s.txt:1:4: byte 0xe9 is not UTF-8"):
        list(PromptTable(path="s.txt").texts(tmp_path))


def test_the_identity_of_a_file_is_its_content(tmp_path: Path) -> None:
    path = file(tmp_path, "s.txt", "How?")
    seeds = PromptTable(path=path)
    before = seeds.identity(tmp_path)
    Path(path).touch()
    assert seeds.identity(tmp_path) == before
    file(tmp_path, "s.txt", "Why?")
    assert seeds.identity(tmp_path) != before


USER, ASSISTANT = {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}
HUMAN, GPT = {"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}


@pytest.mark.parametrize(
    "row",
    [
        {"instruction": "Hi", "output": "Hello"},
        {"instruction": "Hi", "input": "", "output": "Hello"},
        {"prompt": "Hi", "completion": "Hello"},
        {"prompt": [USER], "completion": [ASSISTANT]},
        {"question": "Hi", "answer": "Hello"},
        {"messages": [USER, ASSISTANT]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, ASSISTANT]},
        {"conversations": [HUMAN, GPT]},
    ],
    ids=["alpaca", "alpaca input", "plain", "prompt completion", "question", "messages", "parts", "sharegpt"],
)
def test_every_usual_format_is_told_by_its_columns(tmp_path: Path, row: dict[str, Any]) -> None:
    ((texts, defect),) = ExampleTable(path=file(tmp_path, "e.jsonl", row)).texts(tmp_path)
    assert (texts["instruction"], texts["response"], texts.get("messages"), defect) == ("Hi", "Hello", None, None)


def test_a_long_conversation_keeps_its_turns_and_its_system_apart(tmp_path: Path) -> None:
    system = {"role": "system", "content": "Sing."}
    row = {"messages": [system, USER, ASSISTANT, USER, {"role": "assistant", "content": "Bye"}]}
    ((texts, defect),) = ExampleTable(path=file(tmp_path, "e.jsonl", row)).texts(tmp_path)
    assert defect is None
    assert (texts["system"], texts["instruction"], texts["response"]) == ("Sing.", "Hi", "Bye")
    assert [turn["role"] for turn in texts["messages"]] == ["user", "assistant"] * 2


@pytest.mark.parametrize(
    ("row", "defect"),
    [
        ({"instruction": "Hi", "output": ""}, "no response"),
        ({"instruction": None, "output": "Hello"}, "no instruction"),
        ({"instruction": "Hi", "output": 5}, "response is not text"),
        ({"messages": []}, "no conversation"),
        ({"messages": [USER]}, "does not end with the assistant"),
        ({"messages": [ASSISTANT, USER]}, "does not begin with the user"),
        ({"messages": [USER, USER, ASSISTANT]}, "two turns in a row by one role"),
        ({"messages": [USER, {"role": "assistant", "content": " "}]}, "empty assistant turn"),
        ({"messages": [USER, {"role": "assistant", "content": None}]}, "a turn is not text"),
        ({"messages": [{"role": "robot", "content": "Hi"}, ASSISTANT]}, "unknown role robot"),
        ({"conversations": [HUMAN, {"from": "function", "value": "x"}]}, "unknown role function"),
    ],
)
def test_a_malformed_example_has_a_defect_and_is_not_lost(tmp_path: Path, row: dict[str, Any], defect: str) -> None:
    ((_, found),) = ExampleTable(path=file(tmp_path, "e.jsonl", row)).texts(tmp_path)
    assert found == defect


def test_a_format_that_the_rows_do_not_have(tmp_path: Path) -> None:
    examples = ExampleTable(path=file(tmp_path, "e.jsonl", {"text": "Hi"}), format="messages")
    with pytest.raises(SourceError, match=r"format messages needs messages \(the row has text\)"):
        list(examples.texts(tmp_path))


def test_inline_examples_are_rows_as_they_stand() -> None:
    rows = ExampleRows.model_validate({"rows": [{"instruction": "Hi", "response": "Hello", "topic": "t"}]})
    ((texts, defect),) = rows.texts(Path())
    assert (texts["topic"], defect) == ("t", None)
