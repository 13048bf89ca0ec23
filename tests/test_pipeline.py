"""The whole path over a model server on loopback: what is paid for, what is kept, what a change costs."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hfsft import pipeline
from hfsft.errors import BudgetError, StageError
from hfsft.pipeline import forecast, run
from tests.models.server import LLM
from tests.recipes import SEEDS, reply, support
from tests.waiting import until


@pytest.fixture
def server() -> Iterator[LLM]:
    with LLM(reply=reply) as llm:
        yield llm


@pytest.fixture
def out(tmp_path: Path, home: Path) -> Path:
    return tmp_path / "build"


def calls(llm: LLM, recipe: dict[str, Any], out: Path) -> int:
    before = len(llm.requests)
    run(recipe, out=out)
    return len(llm.requests) - before


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in ("funnel.json", "report.html"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


IMPORTED_LATE = """
import json, sys
from hfsft.pipeline import Watcher, run
known = set()
judged = lambda line: known.update(sys.modules if line.step == "judge" else ())
run(json.loads(sys.argv[1]), out=sys.argv[2], watcher=Watcher(on_line=judged))
print(len(known) > 100, *(name for name in sys.modules if name.startswith("hfsft.release") and name not in known))
print("datasets" in sys.modules)
"""


def test_what_writes_a_release_is_imported_while_models_are_waited_for(server: LLM, out: Path) -> None:
    command = [sys.executable, "-c", IMPORTED_LATE, json.dumps(support(server)), str(out)]
    late, datasets = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert late == "True"
    assert datasets == "False", "which takes half a second to import, beside models that answer"


def test_what_is_built_loads_with_load_dataset_and_adds_up(server: LLM, out: Path) -> None:
    from datasets import load_dataset

    built, folder = run(support(server), out=out)
    assert len(server.requests) == 6 + 12 + 12
    counts = built.ledger.counts()
    assert sum(counts.values()) == built.ledger.rows_in == 12
    loaded = load_dataset(str(folder))
    assert {split: len(rows) for split, rows in loaded.items()} == {
        split: counts[split] for split in ("train", "validation") if counts[split]
    }
    assert [turn["role"] for turn in loaded["train"][0]["messages"]] == ["system", "user", "assistant"]
    ledger = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    assert len(ledger) == 12
    rejected = load_dataset(str(folder), "rejected", split="rejected")
    assert len(rejected) == counts["rejected"]
    assert all(row["stage"].startswith("filters[score]") and row["bound"] == "at_least 3" for row in rejected)


def test_the_same_recipe_again_asks_nothing_and_gives_the_same_bytes(server: LLM, out: Path) -> None:
    recipe = support(server)
    run(recipe, out=out)
    before = content(out / "support")
    assert calls(server, recipe, out) == 0
    assert content(out / "support") == before


def test_the_answers_alone_give_the_same_bytes(server: LLM, out: Path, home: Path) -> None:
    import shutil

    recipe = support(server)
    run(recipe, out=out)
    before = content(out / "support")
    shutil.rmtree(home / "datasets")
    assert calls(server, recipe, out) == 0
    assert content(out / "support") == before


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"filters": [{"score": {"mean": {"at_least": 4}}}]}, 0),
        ({"split": {"validation": 0.5}}, 0),
        ({"models": {"writer": {"concurrency": 2, "timeout": 60}}}, 0),
        ({"judge": {"rubric": {"usefulness": "Does it really help?"}}}, 12),
        (
            {
                "judge": {
                    "anchors": [
                        {"instruction": text, "response": "b", "scores": {"relevance": score, "usefulness": score}}
                        for text, score in (("Why?", 1), ("When?", 5))
                    ]
                }
            },
            12 + 4,  # the exam grades each anchor, and once more
        ),
        ({"generate": {"temperature": 0.1}}, 12),
        ({"evolve": {"temperature": 0.1}}, 6),
    ],
    ids=[
        "threshold",
        "split",
        "how fast",
        "rubric",
        "anchor",
        "generate: the same texts come back",
        "evolve: the same texts come back",
    ],
)
def test_a_change_asks_only_for_what_hangs_on_it(
    server: LLM, out: Path, changes: dict[str, Any], expected: int
) -> None:
    run(support(server), out=out)
    assert calls(server, support(server, **changes), out) == expected


def test_ten_added_seeds_ask_only_for_themselves_and_move_no_old_row(server: LLM, out: Path) -> None:
    first, _ = run(support(server, count=10), out=out)
    assert calls(server, support(server, count=20), out) == 10 + 20 + 20
    second, _ = run(support(server, count=20), out=out)
    old = dict(zip(first.rows["id"], first.rows["split"], strict=True))
    new = dict(zip(second.rows["id"], second.rows["split"], strict=True))
    assert all(new[row_id] == "train" for row_id, split in old.items() if split == "train")


def test_one_changed_seed_asks_only_for_itself(server: LLM, out: Path) -> None:
    run(support(server), out=out)
    changed = support(server, seeds=[{"prompts": ["Where is my new sofa?", *SEEDS[1:6]]}])
    assert calls(server, changed, out) == 1 + 2 + 2


def test_examples_are_judged_and_not_answered(server: LLM, out: Path) -> None:
    rows = [{"instruction": "Where is it?", "response": "It is on the way and comes tomorrow."}]
    built, _ = run(support(server, examples=[{"rows": rows}]), out=out)
    assert len(server.requests) == 6 + 12 + 13
    kept = [row for row in built.rows if row["origin"] == "example"]
    removal = [row for each in built.ledger.removals for row in each.rows if row["origin"] == "example"]
    (example,) = kept or removal
    assert example["system"] == "You are a support agent."


def test_rules_run_as_early_as_their_columns_exist(server: LLM, out: Path) -> None:
    rules = [
        {"score": {"mean": {"at_least": 1}}},
        {"tokens": {"column": "response", "at_least": 1}},
        {"near_duplicate": {"column": "instruction"}},
    ]
    names = [each.step.name for each in forecast(support(server, filters=rules))]
    order = [
        name
        for name in names
        if not name.endswith((".measure", ".decide", ".sketch", ".keys")) and not name.startswith(("sources", "evolve"))
    ]
    assert order == [
        "filters[near_duplicate]",
        "generate",
        "filters[tokens]",
        "judge",
        "judge.unscored",
        "judge.place",
        "filters[score].mean",
        *("split.family", "split.apart", "split.joins", "split", "split.leak"),
    ]


def test_plan_predicts_the_calls_of_the_next_build(server: LLM, out: Path) -> None:
    recipe = support(server)
    first = {each.step.name: each.missing for each in forecast(recipe) if each.missing}
    assert {name: (len(each.known), each.unknown) for name, each in first.items()} == {
        "evolve[1]": (6, 0),
        "generate": (6, 6),
        "judge": (0, 12),
    }
    run(recipe, out=out)
    assert not server.requests[30:]
    more = support(server, count=8)
    second = {each.step.name: each.missing for each in forecast(more) if each.missing}
    assert {name: (len(each.known), each.unknown) for name, each in second.items()} == {
        "evolve[1]": (2, 0),
        "generate": (2, 2),
        "judge": (0, 4),
    }
    assert calls(server, more, out) == 2 + 4 + 4
    assert not [each for each in forecast(more) if each.missing and (each.missing.known or each.missing.unknown)]


def test_plan_knows_rows_whose_stored_answers_fail_them(server: LLM, out: Path) -> None:
    server.fault = lambda body, _: "length" if body["messages"][-1]["content"] == SEEDS[0] else ""
    recipe = support(server, generate={"failed_at_most": 1.0, "max_tokens": 1})  # cut at it, not before it
    built, _ = run(recipe, out=out)
    assert built.ledger.counts()["failed"] == 1
    missing = [each.missing for each in forecast(recipe) if each.missing]
    assert [(len(each.known), each.unknown) for each in missing] == [(0, 0)] * len(missing)
    assert calls(server, recipe, out) == 0, "an answer that was cut is paid for once"


def test_failed_rows_are_in_the_ledger_and_asked_again(server: LLM, out: Path) -> None:
    refused = SEEDS[0]
    server.fault = lambda body, _: "bad_request" if body["messages"][-1]["content"] == refused else ""
    recipe = support(server, generate={"failed_at_most": 1.0})
    built, folder = run(recipe, out=out)
    assert built.ledger.counts()["failed"] == 1
    failed = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines() if '"failed"' in line]
    assert failed[0]["stage"] == "generate"
    assert failed[0]["error"].startswith("bad_request")
    server.fault = None
    assert calls(server, recipe, out) == 2  # its answer and its verdict
    again, _ = run(recipe, out=out)
    assert again.ledger.counts()["failed"] == 0


def test_a_build_may_be_told_to_stop_at_the_first_failure(server: LLM, out: Path) -> None:
    server.fault = lambda body, _: "bad_request" if body["messages"][-1]["content"] == SEEDS[0] else ""
    with pytest.raises(StageError, match="generate"):
        run(support(server, generate={"on_error": "fail"}), out=out)
    assert not out.exists()


def test_what_each_kept_row_cost_is_told(server: LLM, out: Path) -> None:
    price = {"price": {"input": 1.0, "output": 2.0}}
    recipe = support(server, models={"writer": price, "judge": price})
    built, folder = run(recipe, out=out)
    assert built.usage.usd
    assert built.spent["usd"] == pytest.approx(built.usage.usd)
    each = built.usage.usd / len(built.rows)
    assert built.summary()["usd_per_row"] == pytest.approx(each, abs=1e-6)
    assert f", {each:.6f} USD for each row kept." in (folder / "README.md").read_text()
    assert f"{each:.6f} for each row kept" in (folder / "report.html").read_text()


def test_what_each_row_cost_hangs_on_no_interruption(server: LLM, out: Path, home: Path) -> None:
    import shutil

    price = {"price": {"input": 1.0, "output": 2.0}}
    recipe = support(server, models={"writer": price, "judge": price})
    with pytest.raises(BudgetError):
        run({**recipe, "budget": {"calls": 20}}, out=out)
    built, _ = run(recipe, out=out)  # most is paid for, two of three steps were finished
    spent, paid = built.spent, built.usage.usd
    assert paid
    assert spent["usd"] > paid * 1.5
    assert spent["answers"] == len(server.requests) == 30
    rebuilt, folder = run(recipe, out=out)
    assert (rebuilt.usage.usd, rebuilt.spent) == (0, spent)
    assert "USD for each row kept." in (folder / "README.md").read_text()
    shutil.rmtree(home / "datasets")  # the answers alone are left
    forecast(recipe)  # reads them too, and leaves the telling to the build
    assert run(recipe, out=out)[0].spent == spent
    dearer = {"price": {"input": 2.0, "output": 4.0}}
    repriced = support(server, models={"writer": dearer, "judge": dearer})
    assert run(repriced, out=out)[0].spent["usd"] == pytest.approx(2 * spent["usd"])


def test_a_budget_is_never_passed_and_what_was_paid_for_is_kept(server: LLM, out: Path) -> None:
    with pytest.raises(BudgetError, match="10 calls"):
        run(support(server, budget={"calls": 10}), out=out)
    assert len(server.requests) == 10
    assert calls(server, support(server), out) == 20


def test_preview_shows_rows_stage_by_stage_and_its_answers_are_kept(server: LLM, out: Path) -> None:
    seen = {step.name: rows for step, rows in pipeline.preview(support(server), 2)}
    asked = len(server.requests)
    assert [len(seen[name]) for name in ("sources", "evolve[1]", "generate")] == [2, 4, 4]
    assert calls(server, support(server), out) == 30 - asked


def test_a_key_stands_in_no_file_that_is_written(
    server: LLM, out: Path, home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server.key = "canary-0123456789abcdef"
    monkeypatch.setenv("CANARY", server.key)
    models = {name: {"api_key_env": "CANARY"} for name in ("writer", "judge")}
    run(support(server, models=models), out=out)
    files = [path for folder in (out, home) for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert not [path for path in files if server.key.encode() in path.read_bytes()]
    assert server.key not in caplog.text


BUILD = """
import sys, json
from hfsft.pipeline import run
run(json.load(open(sys.argv[1])), out=sys.argv[2])
"""


def test_a_killed_build_asks_again_only_for_what_was_open(server: LLM, out: Path, home: Path, tmp_path: Path) -> None:
    server.latency = 0.05
    models = {name: {"concurrency": 4} for name in ("writer", "judge")}
    recipe = support(server, count=20, models=models)
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    argv = [sys.executable, "-c", BUILD, str(tmp_path / "recipe.json"), str(out)]
    clock = random.Random(7)
    for _ in range(3):
        most = len(server.requests) + clock.randrange(1, 25)
        build = subprocess.Popen(argv, env={**os.environ, "HF_HOME": str(home)}, stderr=subprocess.PIPE)
        until(lambda most=most: len(server.requests) >= most)
        build.send_signal(signal.SIGKILL)
        build.communicate()
        server.settle()
    done = subprocess.run(argv, env={**os.environ, "HF_HOME": str(home)}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    # Rows go ahead: writer and judge may each have their four open.
    assert len(server.requests) <= 20 + 40 + 40 + 3 * (4 + 4)
    killed = content(out / "support")
    argv[-1] = str(tmp_path / "whole")
    subprocess.run(argv, env={**os.environ, "HF_HOME": str(tmp_path / "hf2")}, check=True, timeout=300)
    assert content(tmp_path / "whole" / "support") == killed


def test_a_model_that_was_served_under_two_names_is_told(server: LLM, out: Path, monkeypatch: Any) -> None:
    whole = LLM._completion

    def named(self: LLM, body: Any, *args: Any, **more: Any) -> Any:
        date = "2026-01" if len(self.requests) < 10 else "2026-02"
        return {**whole(self, body, *args, **more), "model": f"{body['model']}-{date}"}

    monkeypatch.setattr(LLM, "_completion", named)
    names = {name: {"model": f"{name}-1", "identity": name} for name in ("writer", "judge")}
    recipe = support(server, models=names)
    built, _ = run(recipe, out=out)
    notes = [note for note in built.notes if "was served under 2 names" in note]
    assert len(notes) == 1
    assert notes[0].startswith("generate: writer-1 was served under 2 names (answers): writer-1-2026-0")
    again, _ = run(recipe, out=out)
    assert [note for note in again.notes if "was served under 2 names" in note] == notes, "stored answers count too"
