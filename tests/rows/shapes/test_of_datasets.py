"""Rows as public datasets and trainers have them, read without a key, and what is asked where they are unclear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import SourceError
from hfsft.rows.row import new_row
from hfsft.rows.views import messages, reasoning, response
from tests.rows.helpers import examples, said, seeds
from tests.rows.shapes.helpers import ANSWER, ARGUMENTS, MARKED, SYSTEM, THOUGHT, TOOL, USER, gpt, human

QUESTION, REPLY = USER["content"], ANSWER["content"]
TALK = [("user", QUESTION), ("assistant", REPLY)]
WITH_SYSTEM = [("system", SYSTEM["content"]), *TALK]
MORE = [*TALK, ("user", "And in Rome?"), ("assistant", "No, 20.")]


NO = {**ANSWER, "content": "No."}
EXCHANGES = [{"input": QUESTION, "output": REPLY}, {"input": MORE[2][1], "output": MORE[3][1]}]


def piece(label: bool, text: str) -> dict[str, Any]:
    return {"label": label, "text": text}


def chatml(role: str, text: str) -> str:
    return f"<|im_start|>{role}\n{text}<|im_end|>\n"


OPENING = "<|im_start|>assistant\n"
PAIR = {"chosen": REPLY, "rejected": "No."}
LISTS = {"chosen": [USER, ANSWER], "rejected": [USER, NO]}
READ: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "aya": ({"inputs": QUESTION, "targets": REPLY, "language": "English", "user_id": "u1"}, TALK),
    "capybara": ({"source": "x", "conversation": EXCHANGES}, MORE),
    "capybara, as older files store it": (
        {"conversation": {"input": [QUESTION, MORE[2][1]], "output": [REPLY, MORE[3][1]]}, "source": "x"},
        MORE,
    ),
    "capybara, with a system prompt": (
        {"conversation": [{"system": SYSTEM["content"], "input": QUESTION, "output": REPLY}], "source": "x"},
        WITH_SYSTEM,
    ),
    "dolphin r1": ({"messages": [SYSTEM, USER], "reasoning": THOUGHT, "answer": REPLY, "model": "x"}, WITH_SYSTEM),
    "glaive v1": (
        {"sample": f"SYSTEM: {SYSTEM['content']}\n\nUSER: {QUESTION}\n\n\nASSISTANT: {REPLY} <|endoftext|>"},
        WITH_SYSTEM,
    ),
    "pairs of texts": ({"prompt": QUESTION, **PAIR}, TALK),
    "pairs with a question": ({"system": SYSTEM["content"], "question": QUESTION, **PAIR}, WITH_SYSTEM),
    "pairs of turns": ({"prompt": [USER], "chosen": [ANSWER], "rejected": [NO]}, TALK),
    "pairs of conversations": (LISTS, TALK),
    "pairs beside the better of them": ({"prompt": QUESTION, **LISTS, "messages": LISTS["chosen"], "score": 8}, TALK),
    "pairs below turns": (
        {"conversations": [human()], "chosen": gpt(REPLY), "rejected": gpt("No.")},
        TALK,
    ),
    "segments": (
        {"segments": [piece(False, f"<s>{QUESTION}\n"), piece(True, REPLY[:4]), piece(True, f"{REPLY[4:]}</s>")]},
        TALK,
    ),
    "segments of a template": (
        {
            "segments": [
                piece(False, chatml("system", SYSTEM["content"]) + chatml("user", QUESTION) + OPENING),
                piece(True, f"{REPLY}<|im_end|>\n"),
            ]
        },
        WITH_SYSTEM,
    ),
    "segments as Llama 2 has them": (
        {
            "segments": [
                piece(False, f"<s>[INST] <<SYS>>\n{SYSTEM['content']}\n<</SYS>>\n\n{QUESTION} [/INST]"),
                piece(True, f" {REPLY} </s>"),
            ]
        },
        WITH_SYSTEM,
    ),
    "segments as Llama 3 has them": (
        {
            "segments": [
                piece(
                    False,
                    f"<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{QUESTION}<|eot_id|>"
                    "<|start_header_id|>assistant<|end_header_id|>\n\n",
                ),
                piece(True, f"{REPLY}<|eot_id|>"),
            ]
        },
        TALK,
    ),
    "segments as Gemma has them": (
        {
            "segments": [
                piece(False, f"<bos><start_of_turn>user\n{QUESTION}<end_of_turn>\n<start_of_turn>model\n"),
                piece(True, f"{REPLY}<end_of_turn>"),
            ]
        },
        TALK,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_rows_of_public_datasets_are_told_by_themselves(tmp_path: Path, name: str) -> None:
    row, talk = READ[name]
    for read in examples(tmp_path, row, row):
        assert said(read) == talk
    assert [row.texts["instruction"] for row in seeds(tmp_path, row)] == [QUESTION]


@pytest.mark.parametrize("name", ["capybara", "dolphin_r1", "segments", "oasst"])
def test_a_shape_that_is_named_and_not_there_says_what_it_needs(tmp_path: Path, name: str) -> None:
    (row,) = examples(tmp_path, {"text": "Hi"}, format=name)
    assert (row.defect or "").startswith("no ")


def test_reasoning_of_openthoughts_and_dolphin_is_told_from_the_answer(tmp_path: Path) -> None:
    marked = (
        f"<|begin_of_thought|>\n\n{THOUGHT}\n\n<|end_of_thought|>\n\n"
        f"<|begin_of_solution|>\n\n{REPLY}\n\n<|end_of_solution|>"
    )
    turns = [{"from": "user", "value": QUESTION}, {"from": "assistant", "value": marked}]
    (thoughts,) = examples(tmp_path, {"system": SYSTEM["content"], "conversations": turns})
    (dolphin,) = examples(tmp_path, READ["dolphin r1"][0])
    for read in (thoughts, dolphin):
        row = new_row("example", read.texts)
        assert read.defect is None
        assert (row["system"], reasoning(row), response(row)) == (SYSTEM["content"], THOUGHT, REPLY)


def test_glaive_calls_tools_in_either_version(tmp_path: Path) -> None:
    system = (
        f"SYSTEM: {SYSTEM['content']}\n"
        + '{\n "name": "weather", "description": "The weather.",\n'
        + ' "parameters": {"type": "object", "properties": {}}\n}\n'
    )
    one, two = (
        examples(tmp_path, {"sample": f"{system}\n\n{MARKED}"}),
        examples(tmp_path, {"system": system, "chat": MARKED}),
    )
    for (read,) in (one, two):
        assert read.defect is None
        made = messages(new_row("example", read.texts))
        assert made[0] == SYSTEM
        assert made[2]["tool_calls"] == [{"name": "weather", "arguments": ARGUMENTS}]
        assert [turn["role"] for turn in made] == ["system", "user", "assistant", "tool", "assistant"]
        assert f'"name": "{TOOL["name"]}"' in read.texts["tools"]


def test_labels_of_segments_are_weights_of_answers(tmp_path: Path) -> None:
    first = piece(
        False, chatml("user", QUESTION) + chatml("assistant", REPLY) + chatml("user", "And in Rome?") + OPENING
    )
    (row,) = examples(tmp_path, {"segments": [first, piece(True, "No, 20.<|im_end|>")]})
    assert said(row) == MORE
    assert [turn.get("weight") for turn in row.texts["messages"]] == [None, 0, None, None]


@pytest.mark.parametrize(
    ("pieces", "defect"),
    [
        (
            [piece(False, f"{chatml('user', 'Hi')}{OPENING}Yes, "), piece(True, "3.<|im_end|>")],
            "an answer of which only a part is trained on",
        ),
        ([piece(True, chatml("user", "Hi") + chatml("assistant", "Yes."))], "a turn of the user that is trained on"),
        ([piece(False, f"Look: {chatml('user', 'Hi')}"), piece(True, "Yes.")], "marks of a chat template that"),
        ([piece(True, "Hi, I am here."), piece(False, "Go on."), piece(True, "Yes.")], "the assistant opens it"),
    ],
)
def test_segments_that_turns_cannot_say_are_set_aside(tmp_path: Path, pieces: list[Any], defect: str) -> None:
    (row,) = examples(tmp_path, {"segments": pieces})
    assert (row.defect or "").startswith(defect)


def test_an_answer_beside_the_turns_is_read_where_it_is_none_to_compare_with(tmp_path: Path) -> None:
    beside = {"messages": [USER], "answer": "3"}
    (row,) = examples(tmp_path, beside)
    assert "whose answer may stand in answer (`format: dolphin_r1` reads it there)" in (row.defect or "")
    for keys in ({"format": "dolphin_r1"}, {"instruction": "messages", "response": "answer"}):
        assert said(examples(tmp_path, beside, **keys)[0]) == [TALK[0], ("assistant", "3")]
    # What the recipe names comes before what the rows tell.
    (row,) = examples(tmp_path, {**beside, "reasoning": THOUGHT}, instruction="messages", response="answer")
    assert said(row) == [TALK[0], ("assistant", "3")]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": QUESTION, "completion": REPLY, **PAIR},
        {"messages": [USER, {**ANSWER, "content": "Maybe."}], **LISTS},
        {"prompt": QUESTION, "completion": REPLY, "rejected": "No."},
    ],
)
def test_a_pair_beside_another_answer_is_nobodys_to_choose(tmp_path: Path, row: dict[str, Any]) -> None:
    (read,) = examples(tmp_path, row)
    assert (read.defect or "").startswith("a preference pair (`format: preference`")


def test_pairs_may_be_dropped_and_other_columns_read(tmp_path: Path) -> None:
    row = {"prompt": "x", **LISTS, "messages": LISTS["chosen"]}
    (read,) = examples(tmp_path, row, drop=["pair"])
    assert {"chosen", "rejected"} <= set(read.texts["unread"])
    with pytest.raises(SourceError, match="`response: chosen`"):
        examples(tmp_path, {"prompt": QUESTION, **PAIR}, drop=["pair"])


def test_a_few_rows_of_another_shape_do_not_change_a_table(tmp_path: Path) -> None:
    rows = [{"messages": [USER, ANSWER]}] * 3 + [{"inputs": "a", "targets": "b"}, {"prompt": "x", **PAIR}]
    assert [row.defect is None for row in examples(tmp_path, *rows)] == [True, True, True, False, False]
