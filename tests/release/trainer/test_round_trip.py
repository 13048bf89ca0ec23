"""Rows in five public shapes are built, loaded with plain `load_dataset`, and rendered by six chat templates.

Each cell of the table compares that text with what the source itself renders under the same template:

    same       the same text; with `told`, the template leaves out some of what the row says, and the row is told
    in text    reasoning, calls and tools stand in the texts, as the format has it, and all of them are there
    told       something is missing, and the row is told with this cause
    refused    the format, or the template, takes no such row, and says why
    neither    the template refuses the source too

`pytest -s tests/release/trainer/test_round_trip.py` prints it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from hfsft.errors import ReleaseError
from hfsft.pipeline import run
from hfsft.recipe.publish import FormatName
from hfsft.release.folder.parquet import write_parquet
from hfsft.release.reader import Release
from hfsft.release.trainer.check import check
from hfsft.release.trainer.dataset_writer import DatasetWriter
from hfsft.release.trainer.formats import FORMATS
from hfsft.release.trainer.tokenizer import ChatTokenizer, load_tokenizer
from hfsft.rows.think import split
from tests.release.samples import examples, tokenizer_folder
from tests.release.trainer.templates import TEMPLATES

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather at a place.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}, "days": {"type": "integer"}}},
    },
}
ASKED, RESULT, ANSWER = "Will it rain in Bergen tomorrow?", '{"rain": true}', "Yes, take an umbrella."
ARGUMENTS = {"place": "Bergen", "days": 1}
CALL_TEXT = f'{{"name": "get_weather", "arguments": {json.dumps(ARGUMENTS)}}}'
XML = f"<tool_call>\n{CALL_TEXT}\n</tool_call>"
TOLD = f"You may call functions.\n<tools>\n{json.dumps(WEATHER)}\n</tools>"
THOUGHT = "The forecast says rain, so an umbrella it is."


def _openai(arguments: Any) -> dict[str, Any]:
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": arguments}}
    messages = [
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "name": "get_weather", "content": RESULT},
        {"role": "assistant", "content": ANSWER},
    ]
    return {"messages": messages, "tools": [WEATHER]}


def _turns(names: str, *texts: str) -> list[dict[str, str]]:
    return [{"from": name, "value": text} for name, text in zip(names.split(), texts, strict=True)]


def _said(names: str, *texts: str) -> list[dict[str, Any]]:
    return [{"role": name, "content": text} for name, text in zip(names.split(), texts, strict=True)]


SHAREGPT = _turns("human function_call observation gpt", ASKED, CALL_TEXT, RESULT, ANSWER)
HERMES = (TOLD, ASKED, XML, f"<tool_response>\n{RESULT}\n</tool_response>", ANSWER)
INLINE = _said("user assistant", ASKED, f"<think>\n{THOUGHT}\n</think>\n\n{ANSWER}")
FIELD = [{"role": "user", "content": ASKED}, {"role": "assistant", "content": ANSWER, "reasoning_content": THOUGHT}]
SMOL = {"enable_thinking": False, "custom_instructions": "Speak as a sailor.", "xml_tools": [json.dumps(WEATHER)]}

OF_TRL = ("qwen3", "qwen2_5", "llama3_1", "deepseek_r1_distill", "deepseekv3", "gptoss", "glm4moe", "gemma3", "phi3")

Given = tuple[list[dict[str, Any]], Any, Mapping[str, Any]]  # messages, tools and values, as a template is given them
_no_ids = _openai(ARGUMENTS)["messages"]
SOURCES: dict[str, tuple[dict[str, Any], Given]] = {  # a row as its file holds it, and what it means to a template
    "openai, texts": (_openai(json.dumps(ARGUMENTS)), (_openai(json.dumps(ARGUMENTS))["messages"], [WEATHER], {})),
    "openai, objects": (_openai(ARGUMENTS), (_openai(ARGUMENTS)["messages"], [WEATHER], {})),
    "sharegpt": ({"conversations": SHAREGPT, "tools": json.dumps([WEATHER])}, (_no_ids, [WEATHER], {})),
    "hermes": (
        {"conversations": _turns("system human gpt tool gpt", *HERMES)},
        (_said("system user assistant tool assistant", *HERMES), None, {}),
    ),
    "reasoning, field": ({"messages": FIELD}, (FIELD, None, {})),
    "reasoning, inline": ({"messages": INLINE}, (INLINE, None, {})),
    "smoltalk2": (
        {"messages": _said("user assistant", ASKED, ANSWER), "chat_template_kwargs": SMOL},
        (_said("user assistant", ASKED, ANSWER), None, SMOL),
    ),
}


@pytest.fixture
def release(tmp_path: Path, home: Path) -> Release:
    """One build of a row of each source."""
    listed = []
    for number, (row, _) in enumerate(SOURCES.values()):
        (tmp_path / f"{number}.jsonl").write_text(json.dumps(row) + "\n")
        listed.append({"path": str(tmp_path / f"{number}.jsonl")})
    recipe = examples(examples=listed, split={"validation": 0}, publish={"samples": False})
    _, folder = run(recipe, out=tmp_path / "build")
    return Release(str(folder), folder)


@pytest.fixture
def tokenizers(tmp_path: Path) -> dict[str, ChatTokenizer]:
    return {
        name: load_tokenizer(str(tokenizer_folder(tmp_path / name, template))) for name, template in TEMPLATES.items()
    }


def test_the_table(
    release: Release, tokenizers: dict[str, ChatTokenizer], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = []
    for name in FORMATS:
        for source in SOURCES:
            cells = [cell(release, source, name, tokenizer, tmp_path) for tokenizer in tokenizers.values()]
            lines.append([name, source, *cells])
    table = "\n".join(shown([["format", "source", *TEMPLATES], *lines])) + "\n"
    with capsys.disabled():
        print(f"\n{table}")
    assert not [line for line in lines if "LOST" in line]
    assert table == (Path(__file__).parent / "round_trip.txt").read_text(encoding="utf-8")


def test_the_templates_that_trl_ships(release: Release, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = find_spec("trl")
    if spec is None or spec.origin is None:
        pytest.skip("needs the `train` group")
    lines = []
    for name in OF_TRL:
        template = (Path(spec.origin).parent / "chat_templates" / f"{name}.jinja").read_text(encoding="utf-8")
        tokenizer = load_tokenizer(str(tokenizer_folder(tmp_path / name, template)))
        lines.append([name, *(cell(release, source, "messages", tokenizer, tmp_path) for source in SOURCES)])
    with capsys.disabled():
        print("\n" + "\n".join(shown([["template", *SOURCES], *lines])))
    assert {cell for line in lines for cell in line[1:]} <= {"same", "same, told", "neither", "told: calls hidden"}


def shown(lines: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def cell(release: Release, source: str, format: FormatName, tokenizer: ChatTokenizer, folder: Path) -> str:
    """What becomes of one row."""
    from datasets import load_dataset

    every = release.rows("train")
    place = next(n for n, at in enumerate(every["source"]) if at.startswith(f"{list(SOURCES).index(source)}.jsonl"))
    one = every.select([place])
    meant = rendered(tokenizer, *SOURCES[source][1])
    key = tokenizer if format == "text" else None
    try:
        writer = DatasetWriter.of(one, format, key)
        if format == "messages":  # as the build wrote it, beside the rows of all other sources
            row = load_dataset(str(release.folder), split="train")[place]
        else:
            data = folder / f"{format}-{list(SOURCES).index(source)}-{Path(tokenizer.name).name if key else 'all'}"
            if not data.exists():
                write_parquet(writer.rows(one), data, "train")
            row = load_dataset(str(data), split="train")[0]
    except ReleaseError as error:
        if "the chat template" in str(error):
            return "neither" if meant is None else "refused"
        return "refused"
    checked = check(one, DatasetWriter.of(one, format, tokenizer), max_length=100_000)
    causes = sorted({told.cause for told in checked.told} - {"left out", "refused", "arguments written twice"})
    found = text_of(row, tokenizer)
    if found is None:
        return "neither" if meant is None else "refused" if checked.refused else "LOST"
    if meant is not None and found.rstrip("\n") == meant.rstrip("\n"):  # format text leaves out the last one
        return "same, told" if causes else "same"
    if all(part in found for part in parts(source)):
        return "in text"
    if format == "sharegpt" and any("roles of sharegpt" in note for note in checked.notes()):
        return "told: roles"
    return f"told: {causes[0]}" if causes else "LOST"


def parts(source: str) -> list[str]:
    """What a source says, piece by piece."""
    row, (messages, tools, _) = SOURCES[source]
    said = [ASKED, ANSWER]
    if "tools" in row or tools:
        said += ["get_weather", "Bergen", "The weather at a place.", "rain"]
    if any(turn.get("reasoning_content") or split(turn["content"]) for turn in messages):
        said.append(THOUGHT)
    return said


def text_of(row: Mapping[str, Any], tokenizer: ChatTokenizer) -> str | None:
    """What a trainer makes of a row that was loaded."""
    if isinstance(row.get("prompt"), str):
        return f"{row['prompt']}{row['completion']}"
    if "text" in row:
        return str(row["text"])
    turns = row.get("messages") or [*row.get("prompt", []), *row.get("completion", [])]
    turns = turns or [{"role": turn["from"], "content": turn["value"]} for turn in row["conversations"]]
    tools = row.get("tools")
    return rendered(tokenizer, turns, json.loads(tools) if tools else None, row.get("chat_template_kwargs") or {})


def rendered(tokenizer: ChatTokenizer, messages: Any, tools: Any, values: Mapping[str, Any]) -> str | None:
    """The text by transformers' own renderer; None where the template refuses."""
    try:
        text: str = tokenizer._inner.apply_chat_template(messages, tools=tools, tokenize=False, **values)
    except Exception:
        return None
    return text
