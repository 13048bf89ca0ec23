"""`hfsft export`: the rows of a build, from its folder alone, as other trainers read them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft.cli import main
from hfsft.pipeline import run
from hfsft.release.trainer.formats import FORMATS
from hfsft.release.trainer.texts import ALPACA_INPUT, ALPACA_OPENING
from tests.release.samples import SYSTEM, examples, read_jsonl, tokenizer_folder

ROW = {"instruction": "Where is it?", "context": "Order 7", "response": "Hier: „dort“.", "system": None}


@pytest.fixture
def folder(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    recipe = examples()
    recipe["examples"].append({"rows": [ROW]})
    run(recipe, out="build")
    return Path("build/toy")


def axolotl(printed: str) -> dict[str, Any]:
    (entry,) = yaml.safe_load(printed.split("axolotl:\n\n")[1])["datasets"]
    assert isinstance(entry, dict)
    return entry


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_written_from_the_folder(
    folder: Path, format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokenizer = tokenizer_folder(tmp_path / "tokenizer")
    arguments = ["--format", format, "--tokenizer", str(tokenizer), "--out", "out/rows.jsonl"]
    assert main(["export", str(folder), *arguments]) == 0
    rows = read_jsonl(Path("out/rows.jsonl"))
    assert all(set(row) == set(FORMATS[format].columns) for row in rows)
    assert f"wrote {len(rows)} rows to out/rows.jsonl" in capsys.readouterr().out


def test_letters_stay_letters(folder: Path) -> None:
    main(["export", str(folder), "--out", "train.jsonl"])
    main(["export", str(folder), "--split", "validation", "--out", "validation.jsonl"])
    both = Path("train.jsonl").read_text(encoding="utf-8") + Path("validation.jsonl").read_text(encoding="utf-8")
    assert "Hier: „dort“." in both


def test_the_validation_split_is_exported_and_entered_beside_train(folder: Path) -> None:
    for split in ("train", "validation"):
        main(
            [
                "export",
                str(folder),
                "--format",
                "sharegpt",
                "--split",
                split,
                "--out",
                f"data/{split}.jsonl",
                "--llama-factory",
            ]
        )
    table = json.loads(Path("data/dataset_info.json").read_text(encoding="utf-8"))
    assert {name: entry["file_name"] for name, entry in table.items()} == {
        "toy": "train.jsonl",
        "toy_validation": "validation.jsonl",
    }
    assert len(read_jsonl(Path("data/train.jsonl")) + read_jsonl(Path("data/validation.jsonl"))) == 21


def test_entries_of_other_datasets_stay_and_one_of_our_name_goes_when_told_to(folder: Path) -> None:
    other = {"file_name": "other.json"}
    Path("dataset_info.json").write_text(json.dumps({"other": other, "toy": {"file_name": "old.json"}}))
    command = ["export", str(folder), "--format", "alpaca", "--out", "train.jsonl", "--llama-factory"]
    assert main(command) == 1
    assert not Path("train.jsonl").exists()
    assert main([*command, "--force"]) == 0
    table = json.loads(Path("dataset_info.json").read_text(encoding="utf-8"))
    assert table["other"] == other
    assert table["toy"] == {
        "file_name": "train.jsonl",
        "columns": {"prompt": "instruction", "query": "input", "response": "output", "system": "system"},
    }


@pytest.mark.parametrize("content", ["{", "[1]"], ids=["not JSON", "no object"])
def test_a_damaged_table_is_left_as_it_is(folder: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("dataset_info.json").write_text(content)
    assert main(["export", str(folder), "--out", "train.jsonl", "--llama-factory"]) == 1
    assert "error: dataset_info.json: not " in capsys.readouterr().err
    assert Path("dataset_info.json").read_text() == content


@pytest.mark.parametrize("format", ["messages", "sharegpt"])
def test_llama_factory_finds_role_text_and_speakers_where_they_are(folder: Path, format: str) -> None:
    main(["export", str(folder), "--format", format, "--out", "train.jsonl", "--llama-factory"])
    entry = json.loads(Path("dataset_info.json").read_text(encoding="utf-8"))["toy"]
    tags, row = entry["tags"], read_jsonl(Path("train.jsonl"))[0]
    turns = row[entry["columns"]["messages"]]
    assert [turn[tags["role_tag"]] for turn in turns] == [
        tags[f"{role}_tag"] for role in ("system", "user", "assistant")
    ]
    assert turns[0][tags["content_tag"]] == SYSTEM


def test_axolotl_is_told_the_fields(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["export", str(folder), "--format", "sharegpt", "--out", "train.jsonl"])
    entry = axolotl(capsys.readouterr().out)
    row = read_jsonl(Path("train.jsonl"))[0]
    assert (entry["path"], entry["ds_type"]) == ("train.jsonl", "json")
    assert set(row[entry["field_messages"]][0]) == set(entry["message_property_mappings"].values())


def test_axolotl_writes_the_alpaca_prompt_as_text_has_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Read as axolotl reads a prompt of one's own: the format's braces are filled with the row's fields."""
    main(["export", str(folder), "--format", "alpaca", "--out", "train.jsonl"])
    told = axolotl(capsys.readouterr().out)["type"]
    for row in read_jsonl(Path("train.jsonl")):
        said = {"instruction": row[told["field_instruction"]], "input": row[told["field_input"]]}
        opening = ALPACA_OPENING.format(ALPACA_INPUT if row["input"] else "") + "\n\n"
        system = told["system_format"].format(system=row[told["field_system"]]) if row["system"] else opening
        turn = told["format" if row["input"] else "no_input_format"].format(**said)
        assert system + turn + row[told["field_output"]] == row["text"]


def test_nothing_is_entered_anywhere_unasked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(folder), "--out", "train.jsonl"]) == 0
    printed = capsys.readouterr().out
    assert '"file_name": "train.jsonl"' in printed
    assert "--llama-factory enters it" in printed
    assert not Path("dataset_info.json").exists()


def test_a_dash_is_standard_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(folder), "--format", "alpaca", "--out", "-"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    main(["export", str(folder), "--format", "alpaca", "--out", "train.jsonl"])
    assert rows == read_jsonl(Path("train.jsonl"))
    assert not Path("-").exists()


def test_a_csv_is_one_and_runs_nothing(tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = ["=1+1", "+1", "-1 is less, and\nmore", "@sum", "plain, with a comma", '"quoted"']
    said += ["＝1+1", "＠sum", " =1+1", "\u200b=1+1"]  # as spreadsheets of other keyboards take them, behind blanks
    rows = [{"instruction": f"Question {n}?", "response": text} for n, text in enumerate(said)]
    build = run(examples(examples=[{"rows": rows}], split={"validation": 0}), out=tmp_path / "b")[1]
    out = tmp_path / "train.csv"
    capsys.readouterr()
    assert main(["export", str(build), "--format", "alpaca", "--out", str(out)]) == 0
    assert "note: 8 cells would be taken for a formula" in capsys.readouterr().out
    with out.open(newline="", encoding="utf-8") as file:
        found = {row["output"] for row in csv.DictReader(file)}
    assert found == {*said[4:6], *(f"'{text}" for text in (*said[:4], *said[6:]))}
    assert main(["export", str(build), "--out", str(out), "--force"]) == 1
    assert "messages holds turns (choose --format prompt_completion_text, alpaca, text)" in capsys.readouterr().err
    assert main(["export", str(build), "--out", "train.parquet"]) == 1
    assert "name a .jsonl or a .csv file" in capsys.readouterr().err


def test_what_others_cannot_read_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["export", str(folder), "--format", "prompt_completion", "--out", "train.jsonl"])
    printed = capsys.readouterr().out
    assert "LLaMA-Factory: cannot read prompt_completion" in printed
    assert "axolotl: cannot read prompt_completion" in printed
    assert not Path("dataset_info.json").exists()


@pytest.fixture
def tools(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build of rows of which one has a tool, and calls it."""
    monkeypatch.chdir(tmp_path)
    tool = {"type": "function", "function": {"name": "track", "parameters": {"type": "object"}}}
    call = {"id": "c1", "type": "function", "function": {"name": "track", "arguments": {"parcel": 7}}}
    called = [
        {"role": "user", "content": "Where is parcel 7?"},
        {"role": "assistant", "content": "", "reasoning_content": "Track it.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "name": "track", "content": "in Oslo"},
        {"role": "assistant", "content": "It is in Oslo."},
    ]
    Path("rows.jsonl").write_text(json.dumps({"messages": called, "tools": [tool]}) + "\n")
    recipe = examples(split={"validation": 0})
    recipe["examples"].append({"path": str(tmp_path / "rows.jsonl")})
    run(recipe, out="build")
    return Path("build/toy")


def test_tools_are_exported_as_other_trainers_read_them(tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["export", str(tools), "--format", "sharegpt", "--out", "train.jsonl", "--llama-factory"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "note: format sharegpt leaves out the ids of calls of 1 row" in printed
    assert "axolotl: cannot read sharegpt as these rows need it; it reads hermes or text" in printed
    entry = json.loads(Path("dataset_info.json").read_text(encoding="utf-8"))["toy"]
    assert entry["columns"] == {"messages": "conversations", "tools": "tools"}
    (row,) = [row for row in read_jsonl(Path("train.jsonl")) if row["tools"]]
    roles = [turn["from"] for turn in row["conversations"]]
    assert roles == ["human", entry["tags"]["function_tag"], entry["tags"]["observation_tag"], "gpt"]

    assert main(["export", str(tools), "--out", "messages.jsonl"]) == 0
    printed = capsys.readouterr().out
    assert "LLaMA-Factory: cannot read messages as these rows need it; it reads sharegpt or hermes" in printed
    rows = read_jsonl(Path("messages.jsonl"))
    assert {tuple(row) for row in rows} == {("messages", "tools")}
    assert len({tuple(turn) for row in rows for turn in row["messages"]}) == 1
    (call,) = [call for row in rows for turn in row["messages"] for call in turn["tool_calls"] or ()]
    assert call["function"] == {"name": "track", "arguments": {"parcel": 7}}

    main(["export", str(tools), "--reasoning", "inline", "--tool-calls", "xml", "--out", "xml.jsonl"])
    texts = [turn["content"] for row in read_jsonl(Path("xml.jsonl")) for turn in row["messages"]]
    assert any(text.startswith("<think>\nTrack it.\n</think>\n\n<tool_call>") for text in texts)


def test_what_cannot_be_exported_is_an_error_of_one_line(tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options, said in (
        (["--format", "alpaca"], "format alpaca cannot hold tools or calls of tools, which 1 of 21 rows"),
        (["--format", "sharegpt", "--reasoning", "field"], "has no field for reasoning: choose reasoning inline"),
        (["--reasoning", "above"], "--reasoning Input should be 'as_read', 'field', 'inline' or 'drop'"),
        (["--tool-calls", "yaml"], "--tool-calls Input should be 'as_read', 'object', 'text' or 'xml'"),
    ):
        assert main(["export", str(tools), *options, "--out", "train.jsonl"]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert said in line
        assert not Path("train.jsonl").exists()


def test_a_wrong_format_or_split_is_an_error_of_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--format", "csv"], ["--split", "test"], ["--format", "text"]):
        assert main(["export", str(folder), *arguments, "--out", "train.jsonl"]) == 1
        assert capsys.readouterr().err.count("\n") == 1
    assert not Path("train.jsonl").exists()
