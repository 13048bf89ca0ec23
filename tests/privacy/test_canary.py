"""Personal data in every column, turn and answer: grepped for in all that a build, a release and the screen hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hub.fixture import HubServer
from tests.models.server import LLM, Body, said_to
from tests.privacy.canaries import Canaries, leaks, texts

RUBRIC = {"usefulness": "Would it help?"}


def jsonl(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path.name


def recipe(folder: Path, people: Canaries, url: str, rule: dict[str, Any], **changes: Any) -> Path:
    """A recipe with personal data wherever people may bring some."""
    folder.mkdir(exist_ok=True)
    rows = [
        {
            "instruction": f"Where is parcel {number}? {people.sing('instruction')}",
            "response": f"It waits at depot {number}. {people.sing('response')}",
            "context": f"Parcel {number}. {people.sing('context')}",
            "system": f"You answer for the depot. {people.sing('system')}",
            "topic": f"parcels {people.sing('topic')}",
            "note": people.sing("kept column"),
            "meta": {"agent": people.sing("kept object")},
        }
        for number in range(2)
    ]
    chats = [
        {"messages": [{"role": role, "content": f"turn {turn}. {people.sing('turn')}"} for turn, role in turns]}
        for turns in [
            [(1, "user"), (2, "assistant"), (3, "user"), (4, "assistant")],
            [(1, "user"), (2, "user")],  # which cannot be used
            [(1, people.sing("role")), (2, "assistant")],
        ]
    ]
    seeds = [{"prompt": f"How do I open a lost box? {people.sing('seed')}", "topic": people.sing("topic of a seed")}]
    name = f"tickets of {next(iter(people.let_out))}.jsonl"
    said: dict[str, Any] = {
        "name": "depot",
        "language": ["en"],
        "license": "apache-2.0",
        "models": {"writer": {"model": "org/writer", "base_url": url}},
        "seeds": [
            {
                "prompts": [f"What is a parcel? {people.sing('recipe')}"],
                "context": people.sing("context in the recipe"),
            },
            {"path": jsonl(folder / "seeds.jsonl", seeds), "topic": "topic"},
        ],
        "examples": [
            {"path": jsonl(folder / name, rows), "keep": ["note", "meta"]},
            {"path": jsonl(folder / "chats.jsonl", chats)},
            {"rows": [{"instruction": f"Hello. {people.sing('row')}", "response": people.sing("row")}]},
        ],
        "evolve": {
            "templates": [
                "Ask for more: {{ instruction }} {{ context }} {{ topic }} {{ system }} {{ note }} {{ meta }}"
            ],
            "eliminate": False,
        },
        "judge": {"rubric": RUBRIC},
        "filters": [rule],
        "split": {"validation": 0.3},
        **changes,
    }
    path = folder / "depot.yaml"
    path.write_text(yaml.safe_dump(said, allow_unicode=True, width=1000), encoding="utf-8")
    return path


def talkative(models: Canaries) -> Any:
    """A model that says what it was told again, and personal data of its own."""

    def reply(body: Body) -> str:
        told = said_to(body)
        if "response_format" in body or "usefulness" in told:
            return json.dumps({"usefulness": {"reason": f"It names {models.sing('reason')}", "score": 4}})
        return f"{models.sing('answer')} Again: {told[:4000]}"

    return reply


MANY = """
import contextlib, io, json, sys
from hfsft.cli import main
for command in json.loads(sys.argv[1]):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main(command)
    print(json.dumps([" ".join(command), code, said.getvalue()]))
"""


def commands(hub: HubServer, *lines: list[Any]) -> dict[str, str]:
    """What the commands wrote, one after the other in one process."""
    said = json.dumps([[str(part) for part in line] for line in lines])
    done = hub.run(MANY, said, token=hub.token("ana"))
    return {name: text for name, _, text in map(json.loads, done.stdout.splitlines())}


def released(hub: HubServer, folder: Path) -> dict[str, str]:
    """Every file of the release as text."""
    for name, content in hub.repo("ana/depot").files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return {f"hub: {name}": text for name, text in texts(folder)}


@pytest.mark.parametrize("do", ["redact", "reject"])
def test_no_value_is_in_anything_that_leaves_the_machine_or_is_shown(hub: HubServer, tmp_path: Path, do: str) -> None:
    people, models = Canaries(), Canaries(first=500)
    with LLM(reply=talkative(models)) as llm:
        publish = {"repo_id": "ana/depot", "sources": True}
        path = recipe(tmp_path / "work", people, llm.url, {"pii": {"do": do}}, publish=publish)
        folder = tmp_path / "build" / "depot"
        build = ["build", path, "--out", folder.parent]
        shown = commands(hub, ["validate", path], ["plan", path], build, ["why", path])
        asked = {f"request {number}": json.dumps(body) for number, body in enumerate(llm.requests)}
        ledger = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
        first, *_, last = [entry["id"] for entry in ledger]
        shown |= commands(
            hub,
            ["rows", folder],
            ["rows", folder, "--json"],
            ["report", folder],
            ["diff", folder, folder],
            ["why", folder, first],
            ["why", folder, last, "--json"],
            ["preview", path, "--prompts"],
            ["export", folder, "--format", "messages", "--out", tmp_path / "build" / "rows.jsonl"],
        )
    files = dict(texts(tmp_path / "build"))
    if do == "redact":
        assert "<EMAIL_1>" in files["rows.jsonl"]
        files |= released(hub, tmp_path / "hub")
    assert any("EMAIL" in text for text in files.values())
    assert leaks(people, asked) == []
    assert leaks(people, files) == []
    assert leaks(people, shown) == []
    assert leaks(models, files) == []
    assert leaks(models, shown) == []
