"""What sections say while a build is under way is printed above its progress, and nowhere with --quiet."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hfsft.cli import main
from hfsft.cli.commands.build import so_far
from hfsft.engine.ledger import FunnelLine
from hfsft.models.limits.usage import Progress, Whole
from tests.stages.judging.exams.judged_run import recipe
from tests.stages.judging.scripted_judge import ScriptedJudge


@pytest.mark.usefixtures("home")
def test_an_exam_is_printed_before_the_rows_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with ScriptedJudge(constant=2) as judge:
        Path("recipe.yaml").write_text(json.dumps(recipe(judge, rows=4)))
        assert main(["build", "recipe.yaml"]) == 0
        shown = capsys.readouterr()
        lines = shown.err.splitlines()
        start = next(number for number, line in enumerate(lines) if line.startswith("exam of the judge: `judge`"))
        assert lines[start + 1].split() == [
            "criterion", "error", "bias", "rank", "adjacent", "consistency", "entropy", "commonest", "unscored", "exam",
        ]  # fmt: skip
        assert lines[start + 3].split("  ")[0] == "use"
        assert lines[start + 3].endswith("fails: rank, commonest")
        assert lines[start + 4].startswith("warning: `judge` is no judge of use")
        assert not [line for line in lines[:start] if line.startswith("judge: ")]
        assert "exam of the judge" not in shown.out
        assert main(["build", "recipe.yaml", "--quiet"]) == 0
        assert capsys.readouterr().err == ""


def test_a_build_that_is_stopped_while_the_last_answers_of_the_judge_are_to_come_says_so() -> None:
    generated = FunnelLine("generate", "recipe.yaml:8:1", 60, 0, 0, 60, cached=False, calls=60, seconds=1.0)
    whole = Whole(110, 120, calls=110, stored=0, tokens=0, usd=None, calls_per_second=50.0, seconds_left=1.0)
    none = dict.fromkeys(("failed", "stored", "input_tokens", "output_tokens"), 0)
    took: dict[str, Any] = {**none, "calls": 110, "answers": 110, "open": 8, "usd": None, "seconds": 1.0}
    progress = Progress("generate", 60, 60, **took, prefetched=(("judge", 50),), whole=whole)
    text = so_far([generated], progress)
    assert text.splitlines()[-1] == "generate: 60 of 60 rows, judge: 50 already, 10 of later steps not done"
    judged = replace(generated, step="judge")
    assert so_far([generated, judged], progress).splitlines()[-1].startswith("judge ")
