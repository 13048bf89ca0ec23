"""What sections say while a build is under way is printed above its progress, and nowhere with --quiet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hfsft.cli import main
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
