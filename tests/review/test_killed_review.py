"""Two people review rows by keys in a real browser, by servers of their own and one file; one server is killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browsing import needs_browser
from tests.review.reviewer import Reviewer
from tests.review.serving import Serving
from tests.review.serving_alone import ROWS, session

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = needs_browser


def test_no_verdict_that_was_shown_as_kept_is_lost(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "shop.review.jsonl"
    with ExitStack() as ending:

        def opened(url: str) -> Reviewer:
            context = browser.new_context()
            ending.callback(context.close)
            reviewer = Reviewer(context.new_page())
            reviewer.page.goto(url)
            reviewer.settle()
            return reviewer

        def kept(name: str) -> list[str]:
            lines = map(json.loads, file.read_text().splitlines())
            return [line["row"] for line in lines if line["reviewer"] == name]

        def counted(reviewer: Reviewer) -> int:
            return int(reviewer.text("#counts").split(" of ")[0])

        asked = [sys.executable, "-m", "tests.review.serving_alone", str(file), "ann"]
        killed = ending.enter_context(subprocess.Popen(asked, stdout=subprocess.PIPE, text=True))
        ending.callback(killed.kill)
        assert killed.stdout is not None
        ann = opened(killed.stdout.readline().strip())
        bob = opened(ending.enter_context(Serving(session(file, "bob"))).url)
        for _ in range(3):
            ann.keys("2", "r", "1")
            bob.keys("4", "a")
        assert counted(ann) == len(kept("ann")) == 3
        killed.send_signal(signal.SIGKILL)
        killed.wait(60)
        ann.keys("3", "a")
        assert "The server does not answer" in ann.text("#trouble")
        assert len(kept("ann")) == 3

        ann = opened(ending.enter_context(Serving(session(file, "ann"))).url)
        assert counted(ann) == 3
        for reviewer in (ann, bob):
            for _ in range(ROWS):
                if not reviewer.page.locator("#finished").is_visible():
                    reviewer.keys("4", "a")
        assert len({*kept("ann"), *kept("bob")}) == ROWS
        assert len({*kept("ann")} & {*kept("bob")}) >= ROWS // 2
