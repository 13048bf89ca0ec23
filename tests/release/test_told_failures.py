"""What takes rows, and what ends a build, is told with its cause where the user looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft.cli import main
from hfsft.errors import StageError, UserError
from hfsft.pipeline import run
from tests.models.server import LLM, Body
from tests.recipes import SEEDS, reply

TALK = "I like how calm this is, though it might name a day."


def recipe(llm: LLM, rows: int, **judge: Any) -> dict[str, Any]:
    return {
        "name": "told",
        "license": "mit",
        "models": {name: {"model": f"{name}-1", "base_url": llm.url, "concurrency": 4} for name in ("writer", "judge")},
        "seeds": [{"prompts": SEEDS[:rows]}],
        "judge": {"rubric": {"relevance": "Does it answer?", "usefulness": "Does it help?"}, **judge},
        "split": {"validation": 0},
        "filters": [],
    }


def of_judge(llm: LLM) -> int:
    return sum(body["model"] == "judge-1" for body in llm.requests)


def talks(body: Body) -> str:
    return TALK if body["model"] == "judge-1" else reply(body)


def test_a_judge_that_nobody_can_read_stops_the_build_and_is_quoted(tmp_path: Path, home: Path) -> None:
    with LLM(reply=talks) as llm:
        with pytest.raises(StageError) as error:
            run(recipe(llm, 45), out=tmp_path)
        asked = of_judge(llm)
    assert f'judge: 20 of 20 verdicts could not be read; the last: "{TALK}": it holds no JSON' in str(error.value)
    assert "(20 unreadable; more than 50%, see `judge.unscored_at_most`)" in str(error.value)
    # Five of them were asked twice; four requests were open at the end.
    assert 25 <= asked <= 20 + 5 + 2 * 4


def test_verdicts_that_asking_twice_does_not_help_are_asked_for_once_where_they_are_borne(
    tmp_path: Path, home: Path
) -> None:
    with LLM(reply=talks) as llm:
        borne = recipe(llm, 30, unscored_at_most=1)
        said = []
        for _ in range(2):
            with pytest.raises(UserError) as error:
                run(borne, out=tmp_path)
            said.append(str(error.value))
            assert of_judge(llm) == 30 + 5
    assert said[0].startswith("no row is left: judge failed 30 of 30 rows (30 unreadable)")
    assert f'"{TALK}": it holds no JSON (not asked again' in said[0]
    assert said[0] == said[1]


@pytest.mark.parametrize("command", ["build", "preview"])
def test_where_every_row_fails_the_servers_sentence_is_told_with_the_counts(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    file, out = tmp_path / "recipe.yaml", tmp_path / "build"
    with LLM(fault=lambda body, _: "bad_request") as llm:
        file.write_text(yaml.safe_dump(recipe(llm, 2)))
        assert main([command, str(file), *(["--out", str(out)] if command == "build" else [])]) == 1
    said = capsys.readouterr()
    told = " ".join(said.err.split())
    assert "no row is left: generate failed 2 of 2 rows (2 bad_request), the last with: bad_request: " in told
    assert "HTTP 400: " in told
    assert "change what the server names" in told
    rows = said.out if command == "preview" else (out / "told" / "ledger.jsonl").read_text()
    assert rows.count("HTTP 400: ") == 2
