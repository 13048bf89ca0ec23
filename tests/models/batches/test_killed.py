"""Builds that are killed, interrupted or run beside another: each request is submitted once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft.models.store.store import Store
from hfsft.pipeline import Watcher, run
from tests.models.batches.server import Provider, failed
from tests.models.server import said_to
from tests.waiting import until

ROWS = 40


@pytest.fixture
def recipe(provider: Provider, tmp_path: Path) -> Path:
    written = {
        "name": "toy",
        "models": {
            "writer": {
                "model": "m-1",
                "base_url": provider.url,
                "price": {"input": 1, "output": 2},
                "batch": {"poll_seconds": 0.05, "discount": 0.5},
                "max_tokens": 50,
            }
        },
        "seeds": [{"prompts": [f"Tell me of number {number}, please." for number in range(ROWS)]}],
        "generate": {"model": "writer", "on_error": "reject", "failed_at_most": 0.5},
        "filters": [],
        "split": {"validation": 0},
        "budget": {"calls": ROWS, "per": "dataset"},
    }
    file = tmp_path / "recipe.yaml"
    file.write_text(yaml.safe_dump(written))
    return file


class Build:
    """`hfsft build` of a recipe."""

    def __init__(self, recipe: Path, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hfsft", "build", str(recipe), "--json"],
            cwd=recipe.parent,
            env={**os.environ, "HF_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self) -> tuple[dict[str, Any], str]:
        out, err = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, err
        return dict(json.loads(out)), err

    def kill(self, number: int = signal.SIGKILL) -> str:
        self.process.send_signal(number)
        return self.process.communicate(timeout=60)[1]


# A file of requests that nobody was told of yet, or was; a batch the same; it is waited for; read, and half read.
POINTS = ["upload", "upload done", "create", "create done", "look", "content", "second content"]


class Held:
    """The next coming of a step is held at a provider until it is free."""

    def __init__(self, provider: Provider, point: str) -> None:
        self.now = self._free = False
        self._provider = provider
        self._name = point.removeprefix("second ")
        self._step = self._name.removesuffix(" done")
        self._from = provider.met[self._step] + 1 + point.startswith("second")
        provider.hold = self._holds

    def _holds(self, name: str) -> bool:
        if name != self._name or self._free or self._provider.met[self._step] < self._from:
            return False
        self.now = True
        return True

    def free(self) -> None:
        self._free = True
        until(lambda: not any(self._provider.open.values()))


def test_a_build_that_is_killed_at_each_point_submits_nothing_twice(
    provider: Provider, recipe: Path, home: Path
) -> None:
    provider.fault = lambda line, number: failed(400, "no") if "number 7," in said_to(line["body"]) else None
    for point in POINTS:
        held = Held(provider, point)
        build = Build(recipe, home)
        until(lambda held=held, build=build: held.now or build.process.poll() is not None)
        assert held.now, f"{point}: {build.kill()}"
        build.kill()
        held.free()
    built, _ = Build(recipe, home).ended()
    assert len(provider.batches) == 1
    assert len(provider.asked) == ROWS
    assert set(provider.asked.values()) == {1}
    assert built["usage"]["failures"] in ({}, {"bad_request": 1})
    with Store(home / "hfsft" / "responses.sqlite") as store:
        assert store.read("SELECT count(*) FROM answers") == [(ROWS - 1,)]
        charged = [provider.completion(body)["usage"] for body in provider.bodies if "number 7," not in said_to(body)]
        cost = sum(each["prompt_tokens"] + 2 * each["completion_tokens"] for each in charged) / 1e6 / 2
        assert store.read("SELECT calls, usd FROM spending") == [(ROWS - 1, pytest.approx(cost))]
        assert store.read("SELECT * FROM batches") == store.read("SELECT * FROM batched") == []
    assert not list((home / "hfsft").glob(".*batches"))


def test_two_builds_at_once_share_a_batch(provider: Provider, recipe: Path, home: Path) -> None:
    provider.looks = 5
    both = [Build(recipe, home), Build(recipe, home)]
    used = [each.ended()[0]["usage"] for each in both]
    assert set(provider.asked.values()) == {1}
    assert len(provider.asked) == ROWS
    assert sum(each["calls"] for each in used) == ROWS
    assert [each["answers"] + each["stored"] for each in used] == [ROWS, ROWS]


def test_one_of_two_builds_goes_on_with_the_batch_of_the_other(
    provider: Provider, recipe: Path, home: Path, tmp_path: Path
) -> None:
    held = Held(provider, "look")
    first = Build(recipe, home)
    until(lambda: held.now)
    told: set[str] = set()
    watcher = Watcher(on_progress=lambda now: told.update(each.status for each in now.batches))
    with ThreadPoolExecutor() as threads:
        second = threads.submit(run, recipe, out=tmp_path / "beside", watcher=watcher)
        until(lambda: "another build looks after it" in told or second.done())
        first.kill()
        held.free()
        built, _ = second.result()
    assert "another build looks after it" in told
    assert set(provider.asked.values()) == {1}
    assert len(provider.batches) == 1
    assert built.usage.calls == ROWS


def test_ctrl_c_leaves_the_batch_and_says_how_to_go_on(provider: Provider, recipe: Path, home: Path) -> None:
    provider.looks = 10**9
    build = Build(recipe, home)
    until(lambda: provider.met["look"] > 2)
    told = build.kill(signal.SIGINT)
    assert f"batch batch_1 goes on at {provider.url} (0 of {ROWS} requests done): the same command picks it up" in told
    assert "interrupted" in told
    assert "Traceback" not in told
    listed, planned = (
        subprocess.run(
            [sys.executable, "-m", "hfsft", *words], env={**os.environ, "HF_HOME": str(home)},
            capture_output=True, text=True, check=True,
        ).stdout
        for words in (("store", "batches"), ("plan", str(recipe)))
    )  # fmt: skip
    assert "batch_1" in listed
    assert f" {ROWS} " in listed
    assert f"of these calls {ROWS} stand in a batch that the next build takes up: batch_1" in " ".join(planned.split())
    provider.looks = 0
    built, _ = Build(recipe, home).ended()
    assert len(provider.batches) == 1
    assert built["usage"]["calls"] == ROWS
