"""Two commands at once: one sum each, no request twice, and no folder of two builds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hfsft.pipeline import run
from hfsft.release.folder.process_lock import turn
from tests.models.server import LLM
from tests.recipes import reply, support

PRICES = {name: {"price": {"input": 1, "output": 2}} for name in ("writer", "judge")}


@pytest.fixture
def server() -> Iterator[LLM]:
    with LLM(reply=reply, latency=0.05) as llm:
        yield llm


def command(recipe: Path, home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "hfsft", "build", str(recipe), "--json", *arguments],
        cwd=recipe.parent,
        env={**os.environ, "HF_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_builds_of_one_recipe_pay_once_and_tell_the_true_sum(server: LLM, tmp_path: Path, home: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(support(server, count=40, models=PRICES)))
    both = [command(recipe, home), command(recipe, home)]
    ended = [each.communicate(timeout=120) for each in both]
    assert [each.returncode for each in both] == [0, 0], ended
    assert max(server.asked.values()) == 1
    assert len(server.requests) == 40 + 80 + 80
    used = [json.loads(out)["usage"] for out, _ in ended]
    assert sum(each["calls"] for each in used) == 200
    charged = [server._completion(body)["usage"] for body in server.requests]
    cost = sum(each["prompt_tokens"] + 2 * each["completion_tokens"] for each in charged) / 1e6
    assert sum(each["usd"] for each in used) == pytest.approx(cost)
    spent = [json.loads(out)["spent"]["usd"] for out, _ in ended]
    assert spent == [pytest.approx(cost)] * 2, "what the dataset cost, whoever paid"
    files = {path.name for path in (tmp_path / "build" / "support").iterdir()}
    assert {"data", "ledger.jsonl", "hfsft.lock.json", "README.md"} <= files


def test_a_folder_that_another_process_writes_is_waited_for_with_a_word(
    server: LLM, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(support(server, count=4)))
    with turn(tmp_path / "build" / "support"):
        build = command(recipe, home)
        assert build.stderr
        words = next(line for line in build.stderr if "waiting for" in line)
        assert re.search(rf"waiting for process {os.getpid()}, which writes or publishes build.support", words)
        assert not (tmp_path / "build" / "support").exists()
    build.communicate(timeout=60)
    assert build.returncode == 0
    assert (tmp_path / "build" / "support" / "hfsft.lock.json").exists()


def test_two_builds_of_one_name_leave_a_whole_one(server: LLM, tmp_path: Path, home: Path) -> None:
    """In one process too, where a thread builds beside another."""
    recipes = [support(server, count=count) for count in (5, 9)]
    threads = [threading.Thread(target=run, args=(each,), kwargs={"out": tmp_path}) for each in recipes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    funnel = json.loads((tmp_path / "support" / "funnel.json").read_text())
    ledger = (tmp_path / "support" / "ledger.jsonl").read_text().splitlines()
    assert funnel["rows_in"] == len(ledger)
    assert max(server.asked.values()) == 1
