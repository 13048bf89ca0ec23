"""Builds with a weak writer, a template that one row breaks, a language that a filter does not know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyarrow.parquet import read_schema

from hfsft.cli.record_view import heading
from hfsft.pipeline import forecast, run, validate
from hfsft.release.reader import open_release
from hfsft.release.rows.records import BuildRows, Wanted
from tests.models.server import LLM, Body, said_to

if TYPE_CHECKING:
    import pytest

EVOLVED = {
    "a lamp": "Sure! Here's the new message:\n\n**Where can I buy a lamp, and does it dim?**",
    "a desk": "Where can I buy a desk?",
    "a chair": "You can buy a chair in any of our shops.",
    "a bed": "I'm sorry, but I can't help with rewriting this message.",
    "a shelf": "1. Where can I buy a shelf?\n2. What does it cost?",
    "a rug": "Wo kann ich einen Teppich kaufen, und was kostet das?",
}


def reply(body: Body) -> str:
    said = said_to(body)
    if not said.startswith("Ask for more"):
        return f"We have it in the shop at the station, second floor ({len(said)})."
    if "does it dim" in said:
        return "Where can I buy a lamp, does it dim, and which bulb fits?"
    return next(text for thing, text in EVOLVED.items() if f"{thing}?" in said)


def recipe(server: LLM, **changes: Any) -> dict[str, Any]:
    return {
        "name": "furniture",
        "license": "apache-2.0",
        "models": {"writer": {"model": "org/weak", "base_url": server.url}},
        "seeds": [{"prompts": [f"Where can I buy {thing}?" for thing in EVOLVED]}],
        "evolve": {"templates": ["Ask for more than this message does: {{ instruction }}"]},
        "filters": [],
        "split": {"validation": 0},
        **changes,
    }


def ledger(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]


def columns(folder: Path, name: str) -> set[str]:
    return {column for path in (folder / name).glob("*.parquet") for column in read_schema(path).names}


def test_no_evolution_that_is_none_is_answered(tmp_path: Path, home: Path) -> None:
    with LLM(reply=reply) as server:
        built, folder = run(recipe(server), out=tmp_path / "build")
        assert len(server.requests) == 6 + 6 + 1
        removed = [entry for entry in ledger(folder) if entry["fate"] == "rejected"]
        assert {entry["stage"] for entry in removed} == {"evolve[1].fault"}
        assert {entry["rule"]: entry["value"] for entry in removed} == {
            "unchanged": "unchanged",
            "answers": "asks for nothing",
            "refuses": "refuses",
            "several": "several",
            "language": "language",
        }
        assert "evolve[1].fault: answers, asks for nothing" in [cause.reason for cause in built.causes]
        kept = set(built.rows["instruction"][:])
        assert kept == {*recipe(server)["seeds"][0]["prompts"], "Where can I buy a lamp, and does it dim?"}
        (note,) = [note for note in built.notes if "evolutions of evolve[1]" in note]
        assert note.startswith("5 of 6 evolutions of evolve[1] fell (83%): ")
        assert "for example: `" in note

        (fallen,) = BuildRows(open_release(str(folder))).find(Wanted(by="answers"))
        assert heading(fallen).endswith("rejected by evolve[1].fault: answers, asks for nothing")

        before = len(server.requests)
        run(recipe(server), out=tmp_path / "build")
        assert len(server.requests) == before


def test_rows_that_fell_do_not_grow_further_and_may_be_kept_all_the_same(tmp_path: Path, home: Path) -> None:
    with LLM(reply=reply) as server:
        evolve = {**recipe(server)["evolve"], "rounds": 2}
        built, folder = run(recipe(server, evolve=evolve), out=tmp_path / "build")
        assert "evolve_fault" not in columns(folder, "provenance") | columns(folder, "rejected")
        second = [line for line in built.ledger.funnel if line.step == "evolve[2].branch"]
        assert [line.added for line in second] == [1]
        evolve = {**recipe(server)["evolve"], "eliminate": False}
        built, folder = run(recipe(server, evolve=evolve), out=tmp_path / "all")
        assert "evolve_fault" in columns(folder, "provenance")
        assert len(built.rows) == 12
        assert sum(fault is not None for fault in built.rows["evolve_fault"][:]) == 5


def attaches(body: Body) -> str:
    return f"Please check the attached plan of room {len(said_to(body))}, what is wrong?"


def test_a_rule_is_told_without_what_the_row_says_where_that_is_withheld(tmp_path: Path, home: Path) -> None:
    with LLM(
        reply=lambda body: f"Please check the attached plan of room {len(said_to(body))}, what is wrong?"
    ) as server:
        _, folder = run(recipe(server, publish={"rejected": False}), out=tmp_path / "build")
    removed = [entry for entry in ledger(folder) if entry["fate"] == "rejected"]
    assert {(entry["rule"], entry["value"]) for entry in removed} == {("missing", "missing")}
    with LLM(
        reply=lambda body: f"Please check the attached plan of room {len(said_to(body))}, what is wrong?"
    ) as server:
        _, folder = run(recipe(server), out=tmp_path / "open")
    removed = [entry for entry in ledger(folder) if entry["fate"] == "rejected"]
    assert {(entry["rule"], entry["value"]) for entry in removed} == {("missing", "the attached plan")}


def test_a_plan_counts_what_is_not_known_yet(tmp_path: Path, home: Path) -> None:
    with LLM(reply=reply) as server:
        steps = {each.step.name: each for each in forecast(recipe(server))}
        assert steps["evolve[1].fault"].rows == steps["generate"].rows == 12


SYSTEM = "You answer questions about {{ topic.upper() }}."


def test_a_template_that_one_row_breaks_fails_that_row(tmp_path: Path, home: Path) -> None:
    rows = [{"prompts": ["Where is it?", "What is it?"], "topic": "lamps"}, {"prompts": ["Why?"]}]
    with LLM(reply=reply) as server:
        changes = {"seeds": rows, "evolve": None, "generate": {"system": SYSTEM, "failed_at_most": 0.5}}
        steps = {each.step.name: each for each in forecast(recipe(server, **changes))}
        assert steps["generate"].rows == 3
        built, folder = run(recipe(server, **changes), out=tmp_path / "build")
        assert len(built.rows) == 2
        (failed,) = [entry for entry in ledger(folder) if entry["fate"] == "failed"]
        assert failed["error"].startswith("template: template generate.system, line 1: ")
        assert any("mend the template" in note for note in built.notes)


def test_validate_and_the_notes_say_in_which_language_a_filter_is_blind(tmp_path: Path, home: Path) -> None:
    rows = [{"instruction": "Iko wapi?", "response": "Iko hapa karibu."}]
    plain = {"name": "x", "license": "mit", "examples": [{"rows": rows}], "split": {"validation": 0}}
    for filters in ({}, {"filters": ["refusal"]}):
        named = {**plain, **filters, "language": ["en", "sw"]}
        (note,) = [note for note in validate(named).notes if "refusal" in note]
        assert "knows no refusals in sw" in note
        assert note in run(named, out=tmp_path / "build")[0].notes
    for silent in ({"language": ["en"]}, {}, {"language": ["sw"], "filters": [{"refusal": {"phrases": ["siwezi"]}}]}):
        assert not [note for note in validate({**plain, **silent}).notes if "refusal" in note]


def test_weights_are_looked_for_beside_the_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hfsft.models.embedded import weights
    from hfsft.recipe.recipe import load_recipe

    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    (home / "small.gguf").write_bytes(b"GGUF\x03\x00\x00\x00")
    (home / "recipe.yaml").write_text("name: x\nmodels: {writer: small.gguf}\nseeds: [{prompts: [Hi there]}]\n")
    monkeypatch.chdir(elsewhere)
    model = load_recipe(home / "recipe.yaml").models["writer"]
    assert weights.find(model) == home / "small.gguf"
    assert model.depends_on()["model"] == "small.gguf"  # where it lies is no part of what an answer depends on
