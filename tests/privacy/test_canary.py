"""Personal data in every column, turn and answer: grepped for in all that a build, a release and the screen hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft.errors import UserError
from hfsft.pipeline import run
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


def test_no_value_is_in_anything_that_leaves_the_machine_or_is_shown(hub: HubServer, tmp_path: Path) -> None:
    people, models = Canaries(), Canaries(first=500)
    with LLM(reply=talkative(models)) as llm:
        publish = {"repo_id": "ana/depot", "sources": True}
        path = recipe(tmp_path / "work", people, llm.url, {"pii": {"do": "redact"}}, publish=publish)
        folder = tmp_path / "build" / "depot"
        shown = commands(
            hub, ["validate", path], ["plan", path], ["build", path, "--out", folder.parent], ["why", path]
        )
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
    files = dict(texts(tmp_path / "build")) | released(hub, tmp_path / "hub")
    assert "<EMAIL_1>" in files["rows.jsonl"]
    assert leaks(people, asked) == []
    assert leaks(people, files) == []
    assert leaks(people, shown) == []
    assert leaks(models, files) == []
    assert leaks(models, shown) == []


def test_rows_that_are_rejected_take_their_values_along(tmp_path: Path, home: Path) -> None:
    people, models = Canaries(), Canaries(first=500)
    with LLM(reply=talkative(models)) as llm:
        said = recipe(tmp_path / "work", people, llm.url, {"pii": {"do": "reject"}})
        with pytest.raises(UserError, match="no row is left") as told:
            run(said, out=tmp_path / "build")
        assert llm.requests == []
    files = dict(texts(tmp_path / "build"))
    assert leaks(people, files) == []
    assert leaks(people, {"error": str(told.value)}) == []
    removed = {
        entry["stage"] for entry in map(json.loads, (tmp_path / "build/depot/ledger.jsonl").read_text().splitlines())
    }
    assert removed == {"filters[pii]", "sources.defect"}


def test_what_only_models_say_rejects_their_rows(tmp_path: Path, home: Path) -> None:
    models = Canaries(first=500)
    with LLM(reply=talkative(models)) as llm:
        said = {
            "name": "depot",
            "models": {"writer": {"model": "org/writer", "base_url": llm.url}},
            "seeds": [{"prompts": ["Where is my parcel?"]}],
            "examples": [{"rows": [{"instruction": "And my letter?", "response": "At the depot."}]}],
            "filters": [{"pii": {"do": "reject"}}],
            "split": {"validation": 0},
        }
        built, _ = run(said, out=tmp_path / "build")
    assert built.rows["instruction"][:] == ["And my letter?"]
    assert leaks(models, dict(texts(tmp_path / "build"))) == []


def test_secrets_are_in_no_file_either(tmp_path: Path, home: Path) -> None:
    key = "ghp" + "_" + "Zq3Xw8Rt5Lm2Kp9Vb4Nc7Hd1Sf6Gj0YaEuIo"
    with LLM(reply=lambda body: f"You said {said_to(body)}") as llm:
        rows = [{"instruction": f"Is {key} fine?", "response": f"No, {key} is out.", "context": key, "note": key}]
        said = {
            "name": "depot",
            "models": {"writer": {"model": "org/writer", "base_url": llm.url}},
            "seeds": [{"path": str(tmp_path / jsonl(tmp_path / "seeds.jsonl", rows)), "keep": ["note"]}],
            "filters": ["secrets"],
            "split": {"validation": 0},
        }
        built, _ = run(said, out=tmp_path / "build")
        assert key not in json.dumps(llm.requests)
    assert built.rows["instruction"][:] == ["Is <GITHUB_TOKEN_1> fine?"]
    assert [name for name, text in texts(tmp_path / "build") if key in text] == []
