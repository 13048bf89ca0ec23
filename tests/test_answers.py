"""Several answers to a prompt over a model server on loopback: what is asked, what stays, what is told of the rest."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hfsft.pipeline import forecast, run
from tests.models.server import LLM, Body, digest, said_to
from tests.recipes import reply, support


def answers(body: Body) -> str:
    """As `reply`; answers come to 0, 1 or 2, by what is asked with which seed, and half of them are bad."""
    number = int(digest([body["messages"], body.get("seed"), body["model"]])[:6], 16)
    if body["model"] == "judge-1" or said_to(body).startswith("Ask about"):
        return reply(body)
    return f"Working it out, number {number}. The answer is {number % 3}.{' bad' if number % 2 else ''}"


@pytest.fixture
def server() -> Iterator[LLM]:
    with LLM(reply=answers) as llm:
        yield llm


@pytest.fixture
def out(tmp_path: Path, home: Path) -> Path:
    return tmp_path / "build"


def recipe(llm: LLM, keep: str, **generate: Any) -> dict[str, Any]:
    """Six seeds, four candidates each, of two models in turn."""
    found = support(llm, evolve=None, generate={"samples": {"count": 4, "keep": keep}, **generate})
    found["models"]["other"] = {"model": "other-1", "base_url": llm.url}
    found["generate"]["model"] = ["writer", "other"]
    found["filters"] = [{"exact_duplicate": {"column": ["instruction"]}}, {"matches": {"none": ["bad"]}}]
    del found["judge"]
    return found


TURNS = ["user", "assistant", "user", "assistant", "user"]


def voting(llm: LLM) -> dict[str, Any]:
    """The majority of the candidates, who were shown two examples each."""
    found = recipe(llm, "majority", demonstrations=2)
    words = ("red", "blue", "green", "tall")
    found["examples"] = [{"rows": [{"instruction": f"Ask {word}?", "response": f"It is {word}."} for word in words]}]
    return found


def fates(built: Any) -> dict[str, list[tuple[str, str]]]:
    """By prompt, the fate and the rule of each of its candidates, in their order."""
    rows = {row["id"]: row for row in built.rows}
    fell = {
        row["id"]: (row, removal.fate, removal.rule)
        for removal in built.ledger.removals
        for row in removal.rows.dataset()
    }
    found = defaultdict[str, list[Any]](list)
    for row, fate, rule in [*((row, "stayed", "") for row in rows.values()), *fell.values()]:
        found[row["prompt_id"]].append((row["candidate"], fate, rule))
    return {prompt: [each[1:] for each in sorted(those)] for prompt, those in found.items()}


def test_of_each_prompt_the_first_valid_answer_stays(server: LLM, out: Path) -> None:
    built, folder = run(recipe(server, "first_valid"), out=out)
    assert len(server.requests) == 6 * 4
    assert Counter(body["model"] for body in server.requests) == {"writer-1": 12, "other-1": 12}
    for those in fates(built).values():
        good = [place for place, (fate, _) in enumerate(those) if fate != "rejected"]
        assert [those[place][0] for place in good] == ["stayed", "not_chosen", "not_chosen", "not_chosen"][: len(good)]
        assert {rule for fate, rule in those if fate == "rejected"} <= {"matches"}
    counts = built.ledger.counts()
    assert sum(counts.values()) == built.ledger.rows_in == 24
    assert counts["not_chosen"] > 0
    entries = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    kept = {row["id"] for row in built.rows}
    assert {each["of"] for each in entries if each["fate"] == "not_chosen"} <= kept
    assert "The first answer that passes the checks and filters stays." in (folder / "README.md").read_text()


def test_the_majority_stays_the_same_in_any_order_of_answers(server: LLM, out: Path) -> None:
    built, folder = run(voting(server), out=out)
    rows = {row["id"]: (row["final_answer"], row["agreement"]) for row in built.rows}
    assert {share for _, share in rows.values() if share} <= {0.5, 1 / 3, 2 / 3, 0.75, 0.25, 1.0}
    shown = {row["id"] for row in built.rows if row["origin"] == "example"}
    assert all(len(set(row["demonstrations"]) & shown) == 2 for row in built.rows if row["origin"] == "seed")
    assert all([turn["role"] for turn in body["messages"]][-5:] == TURNS for body in server.requests)
    slow = random.Random(7)
    with LLM(reply=answers, hold=lambda _: slow.random() < 0.8) as other:
        again, _ = run(voting(other), out=out.parent / "again")
    assert {row["id"]: (row["final_answer"], row["agreement"]) for row in again.rows} == rows
    assert "For each prompt 4 answers were asked for (samples: majority)" in (folder / "report.html").read_text()


def test_an_answer_that_fails_its_check_is_asked_for_again_and_told(server: LLM, out: Path) -> None:
    told = recipe(server, "all", check=[{"matches": {"none": ["bad"]}}], tries=2)
    built, folder = run(told, out=out)
    tries = Counter(row["tries"] for row in built.rows)
    fell = sum(len(each.rows) for each in built.ledger.removals if each.stage == "generate.check")
    assert len(server.requests) == 24 + tries[2] + fell
    assert tries[2]
    assert fell
    assert len(built.rows) == 24 - fell
    card = (folder / "README.md").read_text()
    assert "An answer had to pass matches when it was written, in at most 2 tries." in card
    before = len(server.requests)
    run(told, out=out)
    assert len(server.requests) == before


def test_the_best_needs_a_judge_and_comes_behind_it(server: LLM, out: Path) -> None:
    judged = support(server, evolve=None, generate={"samples": {"count": 3, "keep": "best"}})
    judged["filters"] = []
    built, _ = run(judged, out=out)
    assert len(server.requests) == 6 * 3 * 2
    means = defaultdict[str, list[float]](list)
    for removal in built.ledger.removals:
        for row in removal.rows.dataset():
            means[row["prompt_id"]].append(row["score_mean"])
    assert len(built.rows) == 6
    assert all(row["score_mean"] >= max(means[row["prompt_id"]]) for row in built.rows)


def test_more_candidates_pay_for_the_new_ones_alone(server: LLM, out: Path) -> None:
    one = recipe(server, "all")
    del one["generate"]["samples"]
    one["generate"]["model"] = "writer"
    run(one, out=out)
    assert len(server.requests) == 6
    three = recipe(server, "all")
    three["generate"] |= {"samples": {"count": 3}, "model": "writer"}
    assert sum(len(each.missing.known) for each in forecast(recipe(server, "all")) if each.missing) > 12  # two models
    (missing,) = [each.missing for each in forecast(three) if each.step.name == "generate"]
    assert missing
    assert len(missing.known) == 12
    built, _ = run(three, out=out, force=True)
    assert len(server.requests) == 18
    families = defaultdict[str, set[tuple[str, str]]](set)
    for name in ("train", "validation"):
        for row in built.split(name):
            families[row["prompt_id"]].add((row["family"], name))
    assert all(len(sides) == 1 for sides in families.values())


def test_each_wave_is_shown_how_answers_before_it_begin(server: LLM, out: Path) -> None:
    sized = support(server, generate={"digest": 2}, size={"rows": 16})
    sized["filters"] = [{"matches": {"none": ["bad"]}}]
    del sized["judge"]
    built, _ = run(sized, out=out)
    assert len(built.rows) == 16
    shown = {(row["wave"] or 1, tuple(row["openings"] or ())) for row in built.rows}
    assert all(bool(said) == (wave > 1) for wave, said in shown)
    assert max(wave for wave, _ in shown) > 1
    noted = [body for body in server.requests if "Other answers in this collection" in said_to(body)]
    assert noted
    assert all("- Working it out, number" in said_to(body) for body in noted)
    assert not any("Other answers" in row["instruction"] for row in built.rows)
    before = len(server.requests)
    again, _ = run(sized, out=out.parent / "again")
    assert len(server.requests) == before
    assert again.rows["id"][:] == built.rows["id"][:]
