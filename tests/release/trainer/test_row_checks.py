"""What a trainer will not see of rows is told row by row, with its cause."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hfsft.recipe.publish import FormatName
from hfsft.release.rows.told_rows import ToldRows
from hfsft.release.trainer.check import TrainerCheck, check
from hfsft.release.trainer.dataset_writer import DatasetWriter
from hfsft.release.trainer.format_needs import take_turns
from hfsft.release.trainer.message_style import MessageStyle
from hfsft.release.trainer.row_checks import Cause, RowWarning
from hfsft.release.trainer.tokenizer import load_tokenizer
from tests.release.samples import NO_SYSTEM, SYSTEM, dataset, single, tokenizer_folder, typed
from tests.release.trainer.templates import DEEPSEEK, HARMONY, HERMES, LLAMA, QWEN, SMOL
from tests.release.trainer.test_dataset_writer import ANSWERED, ASKED, CALL, CALLED, RESULT, TURNS, WEATHER

SILENT = "{% for message in messages if message.role == 'user' %}{{ message.content }}{% endfor %}"
PLAIN = {"role": "assistant", "content": "Yes."}
TOOLS = typed(*TURNS, tools=[WEATHER])
THINKS = typed(ASKED, ANSWERED)
TWO_CALLS = typed(ASKED, {**CALLED, "tool_calls": [CALL, {"name": "now", "arguments": "{}"}]}, tools=[WEATHER])
WEIGHTED = typed(ASKED, {**PLAIN, "weight": 0.0}, ASKED, PLAIN)


def found(
    folder: Path,
    template: str | None,
    row: dict[str, Any],
    format: FormatName = "messages",
    max_length: int | None = None,
    **style: Any,
) -> TrainerCheck:
    rows = dataset(single(7, response="Here."), row)
    tokenizer = load_tokenizer(str(tokenizer_folder(folder, template))) if template else None
    return check(rows, DatasetWriter.of(rows, format, tokenizer, MessageStyle(**style)), max_length)


@pytest.mark.parametrize(
    ("template", "row", "more", "causes"),
    [
        (QWEN, TOOLS, {}, {}),
        (QWEN, THINKS, {}, {}),
        (QWEN, THINKS, {"reasoning": "inline"}, {}),
        (QWEN, typed(ASKED, ANSWERED, ASKED, PLAIN), {}, {"reasoning hidden": "1 of 1 answers"}),
        (LLAMA, THINKS, {}, {"reasoning hidden": "1 of 1 answers"}),
        (LLAMA, THINKS, {"reasoning": "inline"}, {}),
        (LLAMA, THINKS, {"reasoning": "drop"}, {}),
        (LLAMA, TWO_CALLS, {"reasoning": "drop"}, {"refused": "This model only supports single tool-calls at once!"}),
        (HERMES, TOOLS, {"reasoning": "inline"}, {}),
        (HERMES, TOOLS, {"reasoning": "drop", "tool_calls": "text"}, {"arguments written twice": "1 of 1 calls"}),
        (DEEPSEEK, TOOLS, {"reasoning": "drop", "tool_calls": "text"}, {"tools hidden": "1 tools"}),
        (DEEPSEEK, THINKS, {"reasoning": "inline"}, {"reasoning hidden": "1 of 1 answers"}),
        (DEEPSEEK, single(1, response="<think>\nWarm.\n</think>\n\nYes."), {}, {"reasoning hidden": "1 of 1 answers"}),
        (SILENT, single(1, system=SYSTEM), {}, {"system prompt hidden": "", "words hidden": "1 of 2 turns"}),
        (QWEN, single(1, response="Close it with </think> and go on."), {}, {"words hidden": "1 of 2 turns"}),
        (QWEN, typed(ASKED, {**PLAIN, "content": "a </think> b"}, ASKED, PLAIN), {}, {"words hidden": "1 of 4 turns"}),
        (LLAMA, single(1, instruction=" Is it </think>? \n"), {}, {}),
        (SMOL, TOOLS, {"reasoning": "drop"}, {"calls hidden": "1 of 1 calls"}),
        (SMOL, TOOLS, {"reasoning": "inline", "tool_calls": "xml"}, {}),
        (HARMONY, TOOLS, {}, {}),
        (HARMONY, TWO_CALLS, {}, {"calls hidden": "1 of 2 calls"}),
        (NO_SYSTEM, single(1, system=SYSTEM), {}, {"refused": "System role not supported"}),
        (SILENT, TOOLS, {"format": "prompt_completion", "reasoning": "drop"},
         {"calls hidden": "1 of 1 calls", "results hidden": "1 of 1 results", "tools hidden": "1 tools",
          "words hidden": "1 of 2 turns",
          "untrained": "the chat template writes nothing of its answer"}),
        (LLAMA, TOOLS, {"format": "text"}, {"reasoning hidden": "2 of 2 answers"}),
        (None, WEIGHTED, {}, {"weights ignored": "1 of 2 answers"}),
        (None, WEIGHTED, {"format": "prompt_completion"}, {}),
        (None, typed(ASKED, {**PLAIN, "weight": 0}), {"format": "prompt_completion"},
         {"weights ignored": "1 of 1 answers"}),
        (None, TOOLS, {"format": "sharegpt"}, {"left out": "ids of calls, names"}),
        (None, TOOLS, {"format": "hermes"}, {"left out": "ids of calls, names"}),
    ],
)  # fmt: skip
def test_it_is_told_by_row_and_cause(
    tmp_path: Path, template: str | None, row: dict[str, Any], more: dict[str, Any], causes: dict[str, str]
) -> None:
    checked = found(tmp_path, template, row, **more)
    assert {told.cause: told.detail for told in checked.told if told.id == row["id"]} == causes
    counts = Counter(cause for _, cause in {(told.id, told.cause) for told in checked.told})
    assert checked.causes() == counts


@pytest.mark.parametrize(
    ("format", "max_length", "cause"),
    [
        ("messages", 1000, None),
        ("messages", 100, "answer cut"),
        ("messages", 30, "cut before its answer"),
        ("prompt_completion", 30, "untrained"),
        ("prompt_completion", 100, "answer cut"),
        ("prompt_completion_text", 20, "untrained"),
        ("text", 30, "cut before its answer"),
        ("alpaca", 90, "cut before its answer"),
    ],
)
def test_rows_that_are_cut_are_listed_with_where(
    tmp_path: Path, format: FormatName, max_length: int, cause: str | None
) -> None:
    row = single(1, response="x" * 100)
    checked = found(tmp_path, QWEN.replace("{{ bos_token }}", ""), row, format, max_length)
    assert [told.cause for told in checked.told if told.id == row["id"]] == ([cause] if cause else [])


def test_counts_stand_in_the_summary_and_rows_in_lines(tmp_path: Path) -> None:
    checked = found(tmp_path, LLAMA, THINKS)
    assert checked.as_dict()["told"] == {"reasoning hidden": 1}
    assert list(map(json.loads, checked.lines())) == [
        {"id": THINKS["id"], "cause": "reasoning hidden", "detail": "1 of 1 answers"}
    ]
    (note,) = [note for note in checked.notes() if "reasoning" in note]
    assert note.startswith(f"1 row whose reasoning the chat template of {tmp_path} leaves out")
    assert note in checked.alarms()


def test_what_a_format_leaves_out_is_noted(tmp_path: Path) -> None:
    notes = found(tmp_path, None, TOOLS, "sharegpt").told_notes()
    assert notes == [
        "format sharegpt leaves out the ids of calls of 1 row",
        "format sharegpt leaves out the names of 1 row",
    ]


@pytest.mark.parametrize(
    ("turns", "fits"),
    [
        (TURNS, True),
        ((ASKED, CALLED), True),
        ((ASKED, CALLED, RESULT), False),
        ((ASKED, RESULT, ANSWERED), False),
        ((ASKED, CALLED, ASKED, ANSWERED), False),
        ((ASKED, CALLED, RESULT, RESULT, ANSWERED), False),
        ((ASKED, {**PLAIN, "content": "<tool_call>{}</tool_call>"}, RESULT, RESULT, ANSWERED), True),
        ((ASKED, TWO_CALLS["messages"][1], RESULT, RESULT, ANSWERED), True),
    ],
)
def test_results_follow_calls(turns: tuple[dict[str, Any], ...], fits: bool) -> None:
    assert take_turns(turns) == fits


def test_warnings_beyond_memory_are_told_in_the_same_order() -> None:
    draw = random.Random(4)
    causes: list[tuple[Cause, list[str]]] = [
        ("left out", ["names", "ids", "names, tools"]),
        ("answer cut", ["7", "70"]),
    ]
    rows = [(f"{n:03}", [(c, draw.choice(d)) for c, d in causes if draw.random() < 0.6]) for n in range(90)]
    every = sorted(RowWarning(row_id, *each) for row_id, told in rows for each in told)
    parts: dict[str, set[str]] = {}
    for each in every:
        for part in each.detail.split(", ") if each.cause == "left out" else ():
            parts.setdefault(part, set()).add(each.id)
    draw.shuffle(rows)
    for held in (7, 1000):
        found = ToldRows(held)
        for row in rows:
            found.add(*row)
        assert list(found) == every
        assert found.rows == Counter(each.cause for each in every)
        assert list(found.left_out().items()) == [(part, len(ids)) for part, ids in parts.items()]
