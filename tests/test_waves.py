"""Builds that go on until they have the rows asked for: exactly as many, hardly a call too many, the same each time."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from hfsft import RecipeError, load_recipe
from hfsft.cli.commands.plan import summary
from hfsft.pipeline import forecast, run
from hfsft.recipe.compile import compile_recipe
from hfsft.release.by_source import by_source
from tests.models.server import LLM, Body, digest, said_to
from tests.waiting import until

SHARE = 2**32


class Writer:
    """Writes prompts, each another one, and answers of which a share, by a hash, is good."""

    def __init__(self, accepted: float, shuffled: int | None = None) -> None:
        self.accepted, self.luck = accepted, random.Random(shuffled) if shuffled is not None else None

    def __call__(self, body: Body) -> str:
        if self.luck:
            time.sleep(self.luck.random() / 100)
        key = digest([body["messages"], body.get("seed")])
        if said_to(body).startswith("WRITE"):
            fault = ("hums", "leaks", "stops")[int(key[0], 16) % 3]
            return f"How do I mend device {key[:12]} that {fault} at {key[12:16]}?"
        good = int(key[:8], 16) / SHARE < self.accepted
        return f"Unplug device {key[:8]} and call us for help." if good else f"BAD {key[:8]}"


def recipe(llm: LLM, size: Any, **more: Any) -> dict[str, Any]:
    return {
        "name": "waves",
        "models": {"writer": {"model": "writer-1", "base_url": llm.url}},
        "attributes": {"tone": {"casual": 3, "urgent": 1}, "intent": ["book", "move"]},
        "seeds": [{"from": "attributes", "templates": ["WRITE a {{ tone }} question to {{ intent }}"]}],
        "size": size,
        "filters": [{"matches": {"column": "response", "none": ["^BAD"]}}],
        **more,
    }


def ids(folder: Path) -> list[str]:
    entries = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    return sorted(entry["id"] for entry in entries if entry["fate"] in ("train", "validation"))


def removed_in(folder: Path) -> list[dict[str, Any]]:
    files = sorted((folder / "rejected").glob("*.parquet"))
    return [row for file in files for row in parquet.read_table(file).to_pylist()]


def answers(llm: LLM) -> list[Body]:
    return [body for body in llm.requests if not said_to(body).startswith("WRITE")]


@pytest.mark.parametrize("accepted", [0.15, 0.5, 0.9])
def test_the_size_is_met_with_hardly_a_call_too_many(accepted: float, tmp_path: Path, home: Path) -> None:
    with LLM(reply=Writer(accepted)) as llm:
        built, folder = run(recipe(llm, 60), out=tmp_path)
        assert len(ids(folder)) == 60
        assert built.ledger.ended == "size"
        assert len(answers(llm)) == built.ledger.rows_in
        (source,) = by_source(built)
        assert (source.taken, source.kept) == (built.ledger.rows_in, 60)
        assert len(answers(llm)) <= 1.1 * 60 / accepted + 3 * (60 * (1 - accepted)) ** 0.5 / accepted
        before = len(llm.requests)
        again, _ = run(recipe(llm, 60), out=tmp_path)
        assert len(llm.requests) == before
        assert sorted(again.rows["id"]) == ids(folder)


def test_answers_in_any_order_make_the_same_rows(tmp_path: Path, home: Path) -> None:
    found = []
    for number, shuffled in enumerate((None, 1, 2)):
        with LLM(reply=Writer(0.4, shuffled)) as llm:
            # Called the same it would be one model, and nothing would be asked twice.
            told = recipe(llm, 30, models={"writer": {"model": f"writer-{number}", "base_url": llm.url}})
            _, folder = run(told, out=tmp_path / str(number))
            found.append((ids(folder), len(llm.requests)))
    assert found[0] == found[1] == found[2]


def test_a_build_that_is_killed_in_a_wave_goes_on_to_the_same_rows(tmp_path: Path, home: Path) -> None:
    with LLM(reply=Writer(0.3)) as llm:
        _, folder = run(recipe(llm, 20), out=tmp_path / "whole")
        wanted, calls = ids(folder), len(llm.requests)
    with LLM(reply=Writer(0.3, 3)) as llm:
        path = tmp_path / "recipe.yaml"
        path.write_text(json.dumps(recipe(llm, 20)))
        command = [sys.executable, "-m", "hfsft", "build", str(path), "--out", str(tmp_path / "killed")]
        environment = {**os.environ, "HF_HOME": str(tmp_path / "killed-home")}
        for least in (calls // 4, calls // 2):
            process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            until(lambda: len(llm.requests) >= least or process.poll() is not None)  # noqa: B023
            process.send_signal(signal.SIGKILL)
            process.wait()
        subprocess.run(command, env=environment, check=True, capture_output=True)
        assert ids(tmp_path / "killed" / "waves") == wanted
        assert len(llm.requests) <= calls + 2 * 64, "what was open when it was killed is asked again"


def test_people_s_seeds_evolve_further_where_nothing_else_brings_rows(tmp_path: Path, home: Path) -> None:
    with LLM(reply=Writer(0.5)) as llm:
        prompts = [f"My {thing} is broken, can I send it back?" for thing in ("lamp", "kettle", "radio")]
        told = recipe(
            llm, 20, seeds=[{"prompts": prompts}], evolve={"templates": ["WRITE more than {{ instruction }}"]}
        )
        del told["attributes"]
        built, folder = run(told, out=tmp_path)
        assert len(ids(folder)) == 20
        evolved = [row for row in built.rows if row["origin"] == "evolved"]
        assert {row["written_by"] for row in evolved} | {None} == {None, "evolve"}
        assert len({row["parent_id"] for row in evolved}) == 3


def test_thin_combinations_are_filled_first(tmp_path: Path, home: Path) -> None:
    class Picky(Writer):
        def __call__(self, body: Body) -> str:
            said = super().__call__(body)
            return said.replace("How do I mend", "urgent: How do I mend") if "urgent" in said_to(body) else said

    with LLM(reply=Picky(1.0)) as llm:
        rule = {"expr": {"that": "tone != 'urgent' or id < '8'"}}
        built, _ = run(recipe(llm, 80, filters=[rule]), out=tmp_path)
    counts = {tone: built.rows["tone"][:].count(tone) for tone in ("casual", "urgent")}
    assert sum(counts.values()) == 80
    assert abs(counts["urgent"] - 20) <= 3, "half of the urgent ones fall, and later waves make up for it"


def test_a_budget_ends_it_with_the_rows_that_it_paid_for(tmp_path: Path, home: Path) -> None:
    with LLM(reply=Writer(0.5)) as llm:
        built, folder = run(recipe(llm, 200, budget={"calls": 150}), out=tmp_path)
        assert len(llm.requests) <= 150
    found = len(ids(folder))
    assert 20 <= found < 100
    (note,) = [note for note in built.notes if "of the 200 rows" in note]
    assert note.startswith(f"{found} of the 200 rows of `size`: the budget would not pay for another wave")


def test_rows_that_a_budget_paid_for_within_a_wave_stay_and_nothing_is_paid_for_twice(
    tmp_path: Path, home: Path
) -> None:
    with LLM(reply=Writer(0.5)) as llm:
        told = recipe(llm, 200, budget={"tokens": 8000}, generate={"max_tokens": 600})
        built, folder = run(told, out=tmp_path)
        waves = Counter(built.rows["wave"][:])
        failed = [row for row in removed_in(folder) if row["fate"] == "failed"]
        assert failed
        assert {row["error"].partition(":")[0] for row in failed} == {"budget"}
        assert built.usage.total().input_tokens + built.usage.total().output_tokens <= 8000
        assert {row["wave"] for row in failed} == {max(waves)}, "of the wave that was cut off rows stay too"
        (note,) = [note for note in built.notes if "of the 200 rows" in note]
        assert note.startswith(f"{len(ids(folder))} of the 200 rows of `size`: the budget would not pay")
        run({**told, "budget": {"tokens": 12000}}, out=tmp_path)
        asked = Counter(digest(body) for body in llm.requests)
        assert max(asked.values()) == 1, "what was paid for is used"


def test_where_too_little_is_accepted_it_ends_and_says_so(tmp_path: Path, home: Path) -> None:
    with LLM(reply=Writer(0.1)) as llm:
        built, folder = run(recipe(llm, {"rows": 50, "accepted_at_least": 0.2}), out=tmp_path)
        assert len(llm.requests) < 400
    (note,) = [note for note in built.notes if "of the 50 rows" in note]
    assert note.startswith(f"{len(ids(folder))} of the 50 rows of `size`: too few of the rows")


def test_plan_tells_waves_by_what_was_accepted(tmp_path: Path, home: Path) -> None:
    with LLM(reply=Writer(0.5)) as llm:
        told = recipe(llm, 40)
        (first,) = [each.note for each in forecast(told) if each.note]
        of_first = summary(forecast(told))
        run(told, out=tmp_path)
        (done,) = [each.note for each in forecast(told) if each.note]
        (more,) = [each.note for each in forecast({**told, "size": 100}) if each.note]
        of_more = summary(forecast({**told, "size": 100}))
    assert of_first.startswith("of the next build, the wave that is shown makes 20 model calls and")
    assert of_first.endswith("\neach wave that follows comes on top of that")
    assert "\nwith the waves that may follow about " in of_more
    assert "how many follow is not known" in first
    assert done == "size: 40 rows are there"
    assert "were accepted: about" in more


def test_a_size_that_nothing_can_meet_is_told_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("name: x\nseeds:\n  - prompts: [Is it late?]\nsize: 20\n")
    with pytest.raises(RecipeError, match=r"recipe.yaml:4:\d+: size: nothing in this recipe brings more rows"):
        compile_recipe(load_recipe(path), weights=False)


def test_rows_beyond_the_size_are_told_and_no_fault(tmp_path: Path, home: Path) -> None:
    rows = [
        {"instruction": f"Where is {thing}?", "response": f"In {place}."}
        for thing, place in zip("abcd", "wxyz", strict=True)
    ]
    with LLM(reply=Writer(1.0)) as llm:
        told = recipe(llm, 2, examples=[{"rows": rows}], filters=[], seeds=[{"prompts": ["How long?"]}], evolve={})
        del told["attributes"]
        built, _ = run(told, out=tmp_path)
    assert [cause.reason for cause in built.causes if cause.stage == "size"] == ["more rows than were asked for"]
    assert not [note for note in built.notes if "`size` took" in note]


def test_a_first_build_finds_no_answers_in_the_store(tmp_path: Path, home: Path) -> None:
    (tmp_path / "book.md").write_text("Devices that hum are sent back. Devices that leak are thrown away. " * 4)
    with LLM(reply=Writer(0.5)) as llm:
        more = {
            "documents": [{"path": str(tmp_path / "book.md")}],
            "seeds": [*recipe(llm, 1)["seeds"], {"from": "documents", "templates": ["WRITE on {{ chunk }}"]}],
            "generate": {"context": {"documents": 1}},
        }
        built, _ = run(recipe(llm, 40, **more), out=tmp_path / "build")
        assert len(set(built.rows["wave"][:])) > 2
        assert (built.usage.calls, built.usage.stored) == (len(llm.requests), 0)
        again, _ = run(recipe(llm, 41, **more), out=tmp_path / "build")
        assert again.usage.stored <= len(llm.requests) - again.usage.calls, "each that was paid for before, once"
