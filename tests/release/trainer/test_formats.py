"""Formats: each writes a row as its trainers read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from hfsft.cli.commands.export import add
from hfsft.errors import ReleaseError
from hfsft.recipe.publish import FormatName
from hfsft.release.trainer.dataset_writer import DatasetWriter
from hfsft.release.trainer.formats import FORMATS, format_named
from hfsft.release.trainer.tokenizer import load_tokenizer
from tests.release.samples import CHATML, NO_SYSTEM, SYSTEM, chat, dataset, single, tokenizer_folder

QUESTION, ANSWER = "Where is my parcel?", "The parcel arrives in 0 days."
USER, ASSISTANT = {"role": "user", "content": QUESTION}, {"role": "assistant", "content": ANSWER}
TURNS = ("Hi", "Hello", "Where is it?", "Here.")


def written(format: FormatName, *rows: dict[str, Any], **arguments: Any) -> list[dict[str, Any]]:
    found = dataset(*rows)
    return DatasetWriter.of(found, format, **arguments).rows(found).to_list()


def test_recipes_may_name_every_format_of_the_table_and_no_other() -> None:
    assert set(FORMATS) == set(get_args(FormatName))


def test_the_help_of_export_names_every_format() -> None:
    import argparse

    commands = argparse.ArgumentParser().add_subparsers()
    add(commands)
    text = commands.choices["export"].format_help()
    assert [name for name in FORMATS if name not in text] == []


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("messages", {"messages": [USER, ASSISTANT]}),
        ("prompt_completion", {"prompt": [USER], "completion": [ASSISTANT]}),
        ("prompt_completion_text", {"prompt": f"{QUESTION}\n\n", "completion": ANSWER}),
        (
            "alpaca",
            {
                "instruction": QUESTION,
                "input": "",
                "output": ANSWER,
                "system": "",
                "text": "Below is an instruction that describes a task. Write a response that appropriately completes "
                f"the request.\n\n### Instruction:\n{QUESTION}\n\n### Response:\n{ANSWER}",
            },
        ),
        ("sharegpt", {"conversations": [{"from": "human", "value": QUESTION}, {"from": "gpt", "value": ANSWER}]}),
    ],
)
def test_a_question_and_its_answer(format: FormatName, expected: dict[str, Any]) -> None:
    assert written(format, single()) == [expected]


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        (
            "messages",
            {
                "messages": [
                    {"role": "system", "content": SYSTEM},
                    {"role": "user", "content": f"{QUESTION}\n\nOrder 7"},
                    ASSISTANT,
                ]
            },
        ),
        ("prompt_completion_text", {"prompt": f"{SYSTEM}\n\n{QUESTION}\n\nOrder 7\n\n", "completion": ANSWER}),
        (
            "alpaca",
            {
                "instruction": QUESTION,
                "input": "Order 7",
                "output": ANSWER,
                "system": SYSTEM,
                "text": f"{SYSTEM}\n\n### Instruction:\n{QUESTION}\n\n### Input:\nOrder 7\n\n### Response:\n{ANSWER}",
            },
        ),
    ],
)
def test_system_and_context_stand_where_the_format_has_them(format: FormatName, expected: dict[str, Any]) -> None:
    assert written(format, single(system=SYSTEM, context="Order 7")) == [expected]


def test_alpaca_says_that_there_is_an_input() -> None:
    (row,) = written("alpaca", single(context="Order 7"))
    assert row["text"].startswith("Below is an instruction that describes a task, paired with an input that provides")


def test_only_the_last_answer_of_a_conversation_is_its_completion() -> None:
    (row,) = written("prompt_completion", chat(*TURNS, system=SYSTEM))
    assert [turn["role"] for turn in row["prompt"]] == ["system", "user", "assistant", "user"]
    assert row["completion"] == [{"role": "assistant", "content": "Here."}]


@pytest.mark.parametrize("format", ["messages", "sharegpt"])
def test_conversations_keep_every_turn(format: FormatName) -> None:
    (row,) = written(format, chat(*TURNS, system=SYSTEM))
    (turns,) = row.values()
    assert [turn.get("content") or turn["value"] for turn in turns] == [SYSTEM, *TURNS]


def test_a_format_without_turns_refuses_conversations_and_says_how_many() -> None:
    message = "format prompt_completion_text .* 1 of 2 rows .*choose messages, prompt_completion, "
    with pytest.raises(ReleaseError, match=message):
        written("prompt_completion_text", single(), chat(*TURNS))


def test_text_is_the_chat_template_s(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(str(tokenizer_folder(tmp_path)))
    (row,) = written("text", single(), tokenizer=tokenizer)
    # Nothing follows the end token: trainers would add another one behind it.
    assert row == {"text": f"<|im_start|>user\n{QUESTION}<|im_end|>\n<|im_start|>assistant\n{ANSWER}<|im_end|>"}


@pytest.mark.parametrize(("adds_bos", "begins"), [(True, "<|im_start|>"), (False, "<s><|im_start|>")])
def test_text_leaves_out_the_begin_token_that_the_tokenizer_adds(tmp_path: Path, adds_bos: bool, begins: str) -> None:
    folder = tokenizer_folder(tmp_path, "{{ bos_token }}" + CHATML, bos=adds_bos)
    (row,) = written("text", single(), tokenizer=load_tokenizer(str(folder)))
    assert row["text"].startswith(begins)


def test_rows_that_the_template_of_text_refuses_are_named(tmp_path: Path) -> None:
    row = single(1, system=SYSTEM)
    message = rf"refuses 1 of 2 rows \({row['id']}\), such as for: System role not supported \(the filter `tokens`"
    with pytest.raises(ReleaseError, match=message):
        written("text", single(), row, tokenizer=load_tokenizer(str(tokenizer_folder(tmp_path, NO_SYSTEM))))


def test_text_needs_a_tokenizer() -> None:
    with pytest.raises(ReleaseError, match="name a tokenizer"):
        written("text", single())


def test_an_unknown_format_is_told_the_known_ones() -> None:
    with pytest.raises(ReleaseError, match=r"no format 'json' \(choose messages, .*text\)$"):
        format_named("json")
