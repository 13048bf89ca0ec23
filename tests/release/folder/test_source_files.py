"""What of the sources a release holds: nothing that nobody asked for, and what it was built from, as it was read."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft.cli import main
from hfsft.errors import ReleaseError
from hfsft.pipeline import run
from hfsft.release.folder.file_names import LOCK
from hfsft.release.reader import fetch_recipe
from tests.models.server import LLM, digest
from tests.recipes import reply, support
from tests.release.samples import read_jsonl

SECRET = ("kim@example.org", "Kim Example", "DE12500105170648489890")


def tickets(folder: Path, **publish: Any) -> Path:
    folder.mkdir(exist_ok=True)
    with (folder / "tickets.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("customer", "email", "question", "answer", "iban", "channel"))
        for number in range(6):
            rows.writerow(
                (SECRET[1], SECRET[0], f"Where is parcel {number}?", f"It left on {number}.", SECRET[2], "web")
            )
    chats = [
        [("user", f"Hi {n}"), ("assistant", "Yes?"), ("user", "And now?"), ("assistant", f"No. {n}")] for n in (1, 2)
    ]
    lines = [
        [{"role": role, "content": text} for role, text in turns]
        for turns in [*chats, [("user", "a"), ("assistant", "b")]]
    ]
    text = "".join(json.dumps({"messages": turns, "ticket": SECRET[2]}) + "\n" for turns in lines)
    (folder / "chats.jsonl").write_text(text)
    named = {"instruction": "question", "response": "answer", "limit": 4, "keep": ["channel"]}
    recipe = {
        "name": "toy",
        "license": "mit",
        "examples": [{"path": "tickets.csv", **named}, {"path": "chats.jsonl"}],
        "filters": [],
        "publish": publish,
    }
    (folder / "recipe.yaml").write_text("# as it was read\n" + yaml.safe_dump(recipe))
    return folder / "recipe.yaml"


@pytest.mark.parametrize("sources", [False, True])
def test_nothing_of_a_column_or_row_that_was_not_read_stands_in_any_file(
    tmp_path: Path, home: Path, sources: bool
) -> None:
    _, folder = run(tickets(tmp_path, sources=sources), out=tmp_path / "build")
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert len(written) > 8
    for path in written:
        content = path.read_bytes()
        assert not [text for text in (*SECRET, "parcel 4") if text.encode() in content], path
    assert (folder / "sources").exists() is sources


def test_what_was_read_is_published_where_the_recipe_says_so_and_builds_the_same(tmp_path: Path, home: Path) -> None:
    built, folder = run(tickets(tmp_path, sources=True), out=tmp_path / "build")
    rows = read_jsonl(folder / "sources" / "examples-0.jsonl")
    assert [(row["instruction"], row["channel"]) for row in rows] == [
        (f"Where is parcel {n}?", "web") for n in range(4)
    ]
    again, second = run(folder / "recipe.resolved.yaml", out=tmp_path / "again")
    assert sorted(again.rows["id"]) == sorted(built.rows["id"])
    for path in (folder / "data").iterdir():
        assert path.read_bytes() == (second / "data" / path.name).read_bytes()
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "`sources/examples-0.jsonl` (" in card
    assert "In a copy of this folder" in card
    assert json.loads((folder / LOCK).read_text())["unpublished"] == []


TOOL = {"name": "find", "parameters": {"type": "object"}}
FOUND = {"role": "tool", "content": "on its way", "tool_call_id": "c1", "name": "find"}


def _asked(text: str, **answer: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}, {"role": "assistant", "content": "", **answer}]


def _called(arguments: Any) -> dict[str, Any]:
    return {"tool_calls": [{"id": "c1", "type": "function", "function": {"name": "find", "arguments": arguments}}]}


AS_PEOPLE_WRITE: list[dict[str, Any]] = [
    {"messages": _asked("plain", content="yes")},
    {"messages": _asked("thought", content="yes", thinking="first")},
    {"messages": _asked("in the text", content="<think>\nfirst\n</think>\n\nyes")},
    {"messages": [*_asked("object", **_called({"n": 59.9139})), FOUND, *_asked("", content="b")[1:]]},
    {"messages": [*_asked("text", **_called('{"n":  1.0}')), FOUND, *_asked("", content="b")[1:]], "tools": [TOOL]},
    {"messages": [*_asked("not this", content="no", weight=0), *_asked("this", content="yes")]},
    {"conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "yes"}]},
    {
        "messages": _asked("told", content="yes"),
        "chat_template_kwargs": {"custom_instructions": "Be kind.", "enable_thinking": False, "xml_tools": [TOOL]},
    },
    {"query": "xlam", "answers": [{"name": "find", "arguments": {"n": 1}}], "tools": [TOOL]},
    {"instruction": "alpaca", "input": "its context", "output": "yes", "history": [["a", "b"]]},
]


def test_conversations_in_a_release_s_sources_build_the_same_rows_written_the_same(tmp_path: Path, home: Path) -> None:
    for number, row in enumerate(AS_PEOPLE_WRITE):
        (tmp_path / f"{number}.jsonl").write_text(json.dumps(row) + "\n")
    recipe = {
        "name": "toy",
        "examples": [{"path": f"{number}.jsonl"} for number in range(len(AS_PEOPLE_WRITE))],
        "filters": [],
        "publish": {"sources": True},
    }
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    built, folder = run(tmp_path / "recipe.yaml", out=tmp_path / "build")
    assert len(built.rows) == len(AS_PEOPLE_WRITE)
    again, second = run(folder / "recipe.resolved.yaml", out=tmp_path / "again")
    assert dict(zip(again.rows["id"], again.rows["dialect"], strict=True)) == dict(
        zip(built.rows["id"], built.rows["dialect"], strict=True)
    )
    for path in (folder / "data").iterdir():
        assert path.read_bytes() == (second / "data" / path.name).read_bytes()


def test_conversations_of_the_recipe_itself_stand_in_the_release_as_a_filter_left_them(
    tmp_path: Path, home: Path
) -> None:
    rows = [
        {"messages": [*_asked(SECRET[0], **_called({"to": SECRET[0]})), FOUND, *_asked("", content="b")[1:]]},
        {"messages": [{"role": "system", "content": "S"}, *_asked(SECRET[0], content="ok", reasoning=SECRET[0])]},
        {"messages": _asked("And to?", content=SECRET[0]), "system": "Be kind."},
    ]
    recipe = {"name": "toy", "examples": [{"rows": [{**row, "tools": [TOOL]} for row in rows]}], "filters": ["pii"]}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    built, folder = run(tmp_path / "recipe.yaml", out=tmp_path / "build")
    resolved = folder / "recipe.resolved.yaml"
    assert SECRET[0] not in resolved.read_text(encoding="utf-8")
    again, _ = run(resolved, out=tmp_path / "again")
    texts = ("system", "instruction", "response", "reasoning", "messages", "tools")
    said = [sorted(repr([row[name] for name in texts]) for row in each.rows) for each in (built, again)]
    assert said[0] == said[1]


def test_a_release_without_its_sources_says_why_it_cannot_be_built(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, folder = run(tickets(tmp_path), out=tmp_path / "build")
    resolved = yaml.safe_load((folder / "recipe.resolved.yaml").read_text())
    assert [source["path"] for source in resolved["examples"]] == ["tickets.csv", "chats.jsonl"]
    assert "reads `chats.jsonl`, `tickets.csv`, which is not part" in (folder / "README.md").read_text(encoding="utf-8")
    monkeypatch.setattr("hfsft.release.reader._download", lambda *_: folder)
    with pytest.raises(ReleaseError, match=r"reads chats\.jsonl, tickets\.csv, which was not\s+published"):
        fetch_recipe("hf://datasets/you/toy")
    assert main(["build", "hf://datasets/you/toy", "--out", str(tmp_path / "other")]) == 1
    assert "publish: {sources: true}" in capsys.readouterr().err


def test_recipe_and_sources_are_what_was_read_not_what_lies_there_at_the_end(tmp_path: Path, home: Path) -> None:
    recipe, seeds = tmp_path / "r.yaml", tmp_path / "seeds.txt"
    seeds.write_text("Where is my parcel?\nMay I pay later?\n")

    def edits(body: Any) -> str:
        recipe.write_text(recipe.read_text().replace("TERSE", "LONG"))
        seeds.write_text("Something else?\n")
        return reply(body)

    with LLM(reply=edits) as llm:
        data = support(llm, seeds=[{"path": "seeds.txt"}], generate={"system": "Be TERSE."}, publish={"sources": True})
        recipe.write_text(yaml.safe_dump(data))
        built, folder = run(recipe, out=tmp_path / "build")
    assert "LONG" in recipe.read_text()
    for name in ("recipe.yaml", "recipe.resolved.yaml", "README.md"):
        text = (folder / name).read_text(encoding="utf-8")
        assert "Be TERSE." in text
        assert "Be LONG." not in text
    assert [note for note in built.notes if note.startswith("seeds.txt is not what it was when this build read it")]
    assert not (folder / "sources").exists(), "what was read is there no more"
    assert json.loads((folder / LOCK).read_text())["unpublished"] == ["seeds.txt"]


def test_files_of_values_trees_and_tools_stand_in_the_recipe_and_others_are_told(tmp_path: Path, home: Path) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for folder in (here / "handbook", elsewhere):
        folder.mkdir(parents=True)
    (here / "handbook" / "a.md").write_text("Lamps are sent back within thirty days of the day on which they came.")
    (here / "tones.yaml").write_text("{retail: {calm: 2, cross: 1}, bank: [formal]}")
    (here / "tree.yaml").write_text("{lamps: [bulbs, shades], kettles: [lids, cords]}")
    (here / "desk.topics.yaml").write_text("grown: {beds: [slats, sheets], desks: [drawers, feet]}")
    (here / "people.txt").write_text("a nurse\na pilot\n")
    (here / "tools.json").write_text(json.dumps([TOOL]))
    (here / "results.json").write_text(json.dumps([{"name": "find", "result": "on its way"}]))
    own = {"templates": ["A {{ tone }} question on {{ leaf }}, {{ topic }}."], "eliminate": False}
    ask = {"templates": ["{{ persona }}, {{ tone }}?"], "eliminate": False}
    with LLM(reply=lambda body: f"We look into it: {digest(body)[:8]}") as llm:
        recipe = {
            "name": "desk",
            "license": "mit",
            "models": {"writer": {"model": "m", "base_url": llm.url}},
            "documents": [{"path": str(here / "handbook" / "*.md"), "license": "mit"}],
            "attributes": {"sector": ["retail", "bank"], "tone": {"given": "sector", "path": "tones.yaml"}},
            "seeds": [
                {"from": "topics", "count": 4, "path": "tree.yaml", **own},
                {"from": "topics", "name": "grown", "count": 4, **own},
                {"from": "personas", "count": 2, "path": "people.txt", **ask},
            ],
            "generate": {"tools": {"path": "tools.json", "results": "results.json"}, "context": {"documents": 1}},
            "filters": [],
            "split": {"validation": 0},
        }
        (here / "desk.yaml").write_text(json.dumps(recipe))
        built, folder = run(here / "desk.yaml", out=tmp_path / "build")
        missing = json.loads((folder / LOCK).read_text())["unpublished"]
        assert missing == ["*.md", "people.txt", "results.json"]
        resolved = (folder / "recipe.resolved.yaml").read_text()
        assert str(here) not in resolved
        for path in (here / "handbook" / "a.md", here / "people.txt", here / "results.json"):
            (elsewhere / path.name).write_text(path.read_text())
        (elsewhere / "copy.yaml").write_text(resolved)
        again, _ = run(elsewhere / "copy.yaml", out=tmp_path / "again")
    assert len(built.rows) == 10
    assert sorted(again.rows["id"]) == sorted(built.rows["id"])
