"""From a build to the one behind it: two people review by keys alone, one process is killed between two keys."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hfsft.verdicts import VerdictFile
from tests.browsing import needs_browser
from tests.review.reviewer import Reviewer
from tests.stages.judging.scripted_judge import ScriptedJudge, answer
from tests.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = needs_browser

HFSFT = [sys.executable, "-m", "hfsft"]
RECIPE = """
name: shop
models: {judge: {model: org/judge, base_url: URL}}
examples: [{path: rows.jsonl}]
judge: {rubric: {usefulness: Does it help?}}
filters: [{score: {usefulness: {at_least: 2}}}]
review: {rows: 12, reviewers: 2, overlap: 0.25, eyes: 0, error: {at_most: 0.8}, guidelines: how.md, reasons: [rude]}
split: {validation: 0.1}
"""
Open = Callable[[str], tuple["subprocess.Popen[str]", Reviewer]]


@pytest.fixture
def asked(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """How many requests a judge got, of a recipe in the working directory."""
    monkeypatch.chdir(tmp_path)
    rows = [
        {"instruction": f"What of {n}?", "response": answer(1 + n % 5, n, 12), "topic": "ab"[n % 2]} for n in range(60)
    ]
    Path("rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    Path("how.md").write_text("# Look twice")
    with ScriptedJudge() as judge:
        Path("shop.yaml").write_text(RECIPE.replace("URL", judge.url))
        yield lambda: len(judge.requests)


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """The command of one reviewer as a process, and its page."""
    processes: list[subprocess.Popen[str]] = []

    def start(name: str) -> tuple[subprocess.Popen[str], Reviewer]:
        line = [*HFSFT, "review", "shop.yaml", "--as", name, "--no-open"]
        process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        processes.append(process)
        assert process.stdout
        address = next(found[0] for said in process.stdout if (found := re.search(r"http://127\S+", said)))
        page = browser.new_page()
        page.goto(address)
        reviewer = Reviewer(page)
        reviewer.settle()
        return process, reviewer

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def built(code: int) -> str:
    done = subprocess.run([*HFSFT, "build", "shop.yaml"], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def judged(one: Reviewer, count: int) -> None:
    """Verdicts by keys alone: of each row with an answer worth less than 3 that it be rejected."""
    for _ in range(count):
        if "(worth 2)" in one.text("main"):
            one.keys("2", "r", "1")
        else:
            one.keys("4", "a")


def standing() -> dict[tuple[str, str], Any]:
    return VerdictFile(Path("shop.review.jsonl")).read().standing


def test_two_people_review_a_build_and_the_next_one_asks_no_model(asked: Callable[[], int], opened: Open) -> None:
    assert "people have looked at none that was drawn at random" in built(1)
    before = asked()
    first, ann = opened("ann")
    judged(ann, 3)
    assert ann.text("#counts").startswith("3 of 12")
    first.kill()
    first.wait()
    assert len(standing()) == 3, "what the page told to be kept is on disk"
    ann.page.keyboard.press("a")
    until(lambda: "ot kept" in ann.text("body"))
    first, ann = opened("ann")
    second, bob = opened("bob")
    judged(ann, 4)
    while (bob.shown and "left" in bob.text("#counts")) or not bob.page.locator("#finished").is_visible():
        judged(bob, 1)
    for process in (first, second):
        process.send_signal(signal.SIGINT)
    told = second.communicate(timeout=60)[0]
    assert "shop: 12 of 12 rows of the sample looked at" in told
    assert re.search(r"^usefulness +3 +100% ", told, re.MULTILINE)
    assert re.search(r"^Error rate \d+\.\d% \(\d+ of 12\)", told, re.MULTILINE)
    after = built(0)
    assert asked() == before
    wrong = [row for (row, _), said in standing().items() if any(each.verdict == "reject" for each in said.values())]
    assert re.search(rf"^review +\d+ +-{len(wrong)} ", after, re.MULTILINE)
