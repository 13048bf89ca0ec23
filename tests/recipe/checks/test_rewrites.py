"""Where rules that rewrite run in a plan, and what a build of one holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.hashing import digest
from hfsft.pipeline import forecast, run, validate, why
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from tests.models.server import LLM, Body, error, said_to


def recipe(url: str = "http://127.0.0.1:9/v1", **changes: Any) -> dict[str, Any]:
    return {
        "name": "toy",
        "license": "apache-2.0",
        "models": {"writer": {"model": "org/writer", "base_url": url}},
        "seeds": [{"prompts": ["I am ana@example.com. Where is my parcel?"], "topic": "parcels"}],
        "filters": ["pii"],
        "split": {"validation": 0},
        **changes,
    }


SPLIT = ("split.keys", "split.sketch", "split.family", "split.apart", "split.joins", "split")


def names(**changes: Any) -> list[str]:
    return [step.name for step in compile_recipe(load_recipe(recipe(**changes))).steps]


def test_a_rule_runs_right_behind_what_brings_texts() -> None:
    judged = {"judge": {"rubric": {"useful": "Does it help?"}}, "evolve": {"rounds": 2}}
    assert names(filters=[{"tokens": {"at_least": 1}}, "secrets", "pii"], **judged) == [
        *("sources", "filters[secrets].redact", "filters[pii].redact", "sources.defect"),
        *("evolve[1].branch", "evolve[1]", "filters[secrets evolve[1]].redact", "filters[pii evolve[1]].redact"),
        *("evolve[1].check", "evolve[1].fault"),
        *("evolve[2].branch", "evolve[2]", "filters[secrets evolve[2]].redact", "filters[pii evolve[2]].redact"),
        *("evolve[2].check", "evolve[2].fault"),
        *("generate", "filters[secrets generate].redact", "filters[pii generate].redact"),
        *("filters[tokens].measure", "filters[tokens]"),
        *("judge", "filters[secrets judge].redact", "filters[pii judge].redact", "judge.unscored", "judge.place"),
        *SPLIT,
    ]


def test_rows_that_fall_are_never_paid_for() -> None:
    assert names(filters=[{"pii": {"do": "reject"}}]) == [
        *("sources", "filters[pii].redact", "sources.defect", "filters[pii]"),
        *("generate", "filters[pii generate].redact", "filters[pii generate]"),
        *SPLIT,
    ]
    assert "filters[pii].measure" in names(filters=[{"pii": {"do": "report"}}])


def test_regions_are_those_of_the_languages() -> None:
    def identity(**changes: Any) -> Any:
        steps = compile_recipe(load_recipe(recipe(**changes))).steps
        return next(step.identity["regions"] for step in steps if step.name == "filters[pii].redact")

    assert identity(language=["vi"]) == ["VN"]
    assert identity(language=["vi", "de-AT"]) == ["VN", "DE", "AT", "CH"]
    assert identity(language=["vi"], filters=[{"pii": {"regions": ["US"]}}]) == ["US"]
    assert "no region whose telephone numbers stand in qu" in " ".join(validate(recipe(language=["qu"])).notes)


def test_what_a_model_writes_is_redacted_before_it_is_asked_about(tmp_path: Path, home: Path) -> None:
    def reply(body: Body) -> str:
        if said_to(body).startswith("More"):
            return "I am bo@example.com. Where are my two parcels?"
        if "response_format" in body:
            return json.dumps({"useful": {"reason": "It names cy@example.com", "score": 5}})
        return f"Ask di@example.com. You said: {said_to(body)}"

    with LLM(reply=reply) as llm:
        evolve = {"templates": ["More of {{ instruction }}"], "eliminate": False}
        judge = {"rubric": {"useful": "Does it help?"}}
        built, folder = run(recipe(llm.url, evolve=evolve, judge=judge), out=tmp_path / "build")
        assert "@example.com" not in json.dumps(llm.requests)
    rows = {row["origin"]: row for row in built.rows.to_list()}
    assert rows["seed"]["instruction"] == "I am <EMAIL_1>. Where is my parcel?"
    assert rows["evolved"]["instruction"] == "I am <EMAIL_2>. Where are my two parcels?"  # another than its parent's
    assert rows["evolved"]["response"] == "Ask <EMAIL_3>. You said: I am <EMAIL_2>. Where are my two parcels?"
    assert rows["evolved"]["reason_useful"] == "It names <EMAIL_4>"
    assert (rows["seed"]["pii"], rows["seed"]["pii_kinds"]) == (3, "EMAIL:3")
    assert rows["seed"]["topic"] == "parcels"
    assert any("2 rows held 7 values (EMAIL 7); placeholders stand in their place" in note for note in built.notes)
    assert "@example.com" not in (folder / "report.html").read_text()


def test_a_servers_words_about_a_row_that_failed_are_redacted(tmp_path: Path, home: Path) -> None:
    class Rude(LLM):
        async def _fail(self, *_: Any) -> Any:
            return error(400, "ana@example.com may not ask that")

    with Rude(fault=lambda body, coming: "any" if "why" in said_to(body) else "") as llm:
        asked = [{"prompts": ["Where is it?", "And why?"]}]
        built, _ = run(recipe(llm.url, seeds=asked, generate={"failed_at_most": 1}), out=tmp_path / "build")
    (told,) = (entry["error"] for entry in built.ledger.entries() if entry["fate"] == "failed")
    assert "<EMAIL_1> may not ask that" in told


def test_a_report_counts_and_says_that_it_left_them(tmp_path: Path, home: Path) -> None:
    rows = [{"instruction": "Mail ana@example.com", "response": "I wrote to ana@example.com and bo@example.com."}]
    said = recipe(seeds=[], examples=[{"rows": rows}], filters=[{"pii": {"do": "report"}}])
    built, _ = run(said, out=tmp_path / "build")
    (row,) = built.rows.to_list()
    assert row["response"] == rows[0]["response"]
    assert (row["pii"], row["pii_kinds"]) == (2, "EMAIL:2")
    assert any("which still stand there" in note for note in built.notes)


def test_rows_keep_their_side_when_others_come(tmp_path: Path, home: Path) -> None:
    def sides(count: int) -> dict[str, str]:
        words = [" ".join(f"w{digest([n, place], 4)}" for place in range(8)) for n in range(count)]
        rows = [
            {"instruction": f"Ana of ana{n}@example.com asks {said}", "response": f"Call +1 415 555 0{n:03d}"}
            for n, said in enumerate(words)
        ]
        said = recipe(seeds=[], examples=[{"rows": rows}], split={"validation": 0.3})
        built, _ = run(said, out=tmp_path / "build")
        return dict(zip(built.rows["id"][:], built.rows["split"][:], strict=True))

    one, again, more = sides(12), sides(12), sides(20)
    assert one == again == {row: side for row, side in more.items() if row in one}
    assert {"train", "validation"} == set(one.values())
    assert len(more) == 20


def test_why_and_plan_name_the_rule(tmp_path: Path, home: Path) -> None:
    with LLM() as llm:
        run(recipe(llm.url), out=tmp_path / "build")
        changed = recipe(llm.url, filters=[{"pii": {"kinds": ["phone"]}}])
        reasons = {reason.step: reason for reason in why(changed)}
        assert reasons["sources"].reason == ""
        assert any(change.startswith("kinds: without") for change in reasons["filters[pii].redact"].changes)
        (asked,) = [each for each in forecast(changed) if each.missing]
        assert "ana@example.com" in json.dumps([request.messages for request in asked.missing.known.values()])  # type: ignore[union-attr]
        rejecting = recipe(llm.url, filters=[{"pii": {"do": "reject"}}])
        first = next(reason for reason in why(rejecting) if reason.reason)
        assert (first.step, first.reason) == ("filters[pii]", "the step is new")


@pytest.mark.parametrize("texts", [{"topic": "tickets of ana@example.com"}, {"system": "Be ana@example.com."}])
def test_every_column_of_a_source_is_redacted(texts: dict[str, str], tmp_path: Path, home: Path) -> None:
    rows = [{"instruction": "Hello", "response": "Hi", **texts}]
    built, _ = run(recipe(seeds=[], examples=[{"rows": rows}]), out=tmp_path / "build")
    (name,) = texts
    assert built.rows[name][:] == [texts[name].replace("ana@example.com", "<EMAIL_1>")]
