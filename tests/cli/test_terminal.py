"""What the command shows on a terminal: fitted to its width, in colours, with one line for the whole build."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from hfsft.cli.console import table
from hfsft.cli.progress import fitted, logged, parts
from hfsft.models.limits.usage import Progress, Whole
from tests.cli import terminal
from tests.models.server import LLM
from tests.recipes import reply, support

HFSFT = [sys.executable, "-m", "hfsft"]
HEAD = ("step", "rows in", "removed", "left", "recipe")
ROWS = [
    ("sources", "1,000", "", "1,000", "recipes/quickstart.yaml:19:1"),
    ("filters[tokens]", "1,000", "-12", "988", "x"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[LLM]:
    with LLM(reply=reply) as llm:
        yield llm


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, server: LLM, charts: Callable[[Path], None]) -> Path:
    """A folder with a recipe that was built once."""
    made = tmp_path_factory.mktemp("terminal")
    charts(made / "hf")
    told = support(server)
    for name in told["models"]:
        told["models"][name]["identity"] = f"qwen-{name}"  # of one family, which is warned of
    (made / "recipe.yaml").write_text(yaml.safe_dump(told, sort_keys=False))
    command = [*HFSFT, "build", "recipe.yaml", "--quiet"]
    subprocess.run(command, cwd=made, env={**terminal.os.environ, "HF_HOME": str(made / "hf")}, check=True)
    return made


def show(folder: Path, columns: int, *arguments: str, typed: str = "", **environment: str) -> terminal.Screen:
    return terminal.run([*HFSFT, *arguments], columns, folder, typed, HF_HOME=str(folder / "hf"), **environment)


@pytest.mark.parametrize("columns", [38, 60, 140])
def test_a_table_fits_by_leaving_columns_out(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr("hfsft.cli.console.window", lambda stream=None: columns)
    monkeypatch.setenv("NO_COLOR", "1")
    shown = table(HEAD, ROWS, right=(1, 2, 3), drop=(4, 1))
    assert max(map(len, shown.splitlines())) <= columns
    assert ("quickstart.yaml:19:1" in shown) == (columns > 60)
    assert ("rows in" in shown) == (columns > 38)
    assert [word for word in ("1,000", "-12", "988", "filters[tokens]") if word not in shown] == []


def test_a_table_is_plain_and_whole_where_there_is_no_terminal() -> None:
    lines = table(HEAD, ROWS, right=(1, 2, 3), drop=(4, 1)).splitlines()
    assert lines[0] == "step             rows in  removed   left  recipe"
    assert lines[2].endswith("recipes/quickstart.yaml:19:1")


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_a_build_fits_the_window_at_any_width(folder: Path, columns: int) -> None:
    screen = show(folder, columns, "build", "recipe.yaml")
    assert screen.code == 0
    end = screen.text[screen.text.index("step  ") :]
    assert max(map(len, end.splitlines())) <= columns
    assert ("recipe.yaml:" in end) == (columns > 80)
    assert "\x1b[1;36mnote:\x1b[0m TRL trains on prompts too" in screen.raw
    told = screen.raw.replace("\r\n", " ")
    assert re.search("\x1b\\[1;33mwarning:\x1b\\[0m .*famil", told), "what may spoil the data"


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_are_off_where_they_are_not_wanted(folder: Path, environment: dict[str, str]) -> None:
    for arguments in (["build", "recipe.yaml", "-q"], ["rows", "build/support"], ["validate", "none.yaml"]):
        assert not re.search(r"\x1b\[[0-9;]*m", show(folder, 80, *arguments, **environment).raw)


def test_errors_warnings_and_notes_are_told_apart_by_colour(folder: Path) -> None:
    assert show(folder, 80, "validate", "none.yaml").raw.startswith("\x1b[1;31merror:\x1b[0m none.yaml: there is no")


def test_prune_asks_and_takes_no_for_an_answer(folder: Path) -> None:
    asked = show(folder, 100, "store", "prune", "--model", "judge-1", typed="n\n")
    assert asked.code == 1
    assert "12 answers" in asked.text
    assert "nothing was deleted" in asked.text


def test_what_a_row_says_cannot_steer_the_terminal(tmp_path: Path, charts: Callable[[Path], None]) -> None:
    charts(tmp_path / "hf")
    evil = "Where is it?\x1b]0;owned\x07\x1b[31m\u202edear"
    row = {"instruction": evil, "output": "Here, سلام\u200cها, 👩\u200d👧."}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    (tmp_path / "recipe.yaml").write_text(
        "name: odd\nexamples: [{path: rows.jsonl}]\nfilters: []\nsplit: {validation: 0}\n"
    )
    terminal.run([*HFSFT, "build", "recipe.yaml", "-q"], 80, tmp_path, HF_HOME=str(tmp_path / "hf"))
    shown = terminal.run([*HFSFT, "rows", "build/odd"], 80, tmp_path, HF_HOME=str(tmp_path / "hf"), NO_COLOR="1")
    assert "\\u001b]0;owned\\u0007\\u001b[31m\\u202edear" in shown.text
    assert "\x1b]" not in shown.raw
    assert "سلام\u200cها, 👩\u200d👧" in shown.text


def test_one_line_tells_of_the_whole_build(server: LLM, tmp_path: Path, charts: Callable[[Path], None]) -> None:
    charts(tmp_path / "hf")
    server.latency = 0.1
    models = {name: {"concurrency": 4, "price": {"input": 1, "output": 1}} for name in ("writer", "judge")}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(support(server, count=20, models=models), sort_keys=False))
    screen = terminal.run([*HFSFT, "build", "recipe.yaml"], 60, tmp_path, HF_HOME=str(tmp_path / "hf"))
    server.latency = 0
    assert screen.code == 0, screen.text
    told = [terminal.CODES.sub("", state) for state in screen.states]
    counts = [
        (found[1], int(found[2]), int(found[3]))
        for state in told
        if (found := re.search(r"(evolve\[1\]|generate|judge)  (\d+) of (\d+) rows", state))
    ]
    done = [done for _, done, _ in counts]
    assert len(counts) > 10
    assert done == sorted(done), "it never goes back"
    assert done[-1] == 20 + 40 + 40
    assert {planned for _, _, planned in counts} == {100}, "20 to evolve, 40 to answer, 40 to judge"
    assert all(len(state) <= 60 for state in told if "calls/s" in state or " left" in state)
    assert any(re.search(r"\d+(\.\d)? s left", state) for state in told)


WHOLE = Whole(1234, 4000, 1200, 34, 1234567, 1.2345, 12.3, 125.0)
PROGRESS = Progress("generate", 700, 1000, 2, 690, 690, 10, 8, 400_000, 90_000, 1.2345, 60.0, whole=WHOLE)


@pytest.mark.parametrize(
    ("room", "text"),
    [
        (
            200,
            "generate  1,234 of 4,000 rows  2 failed  12.3 calls/s  1,234,567 tokens  $1.2345  34 from the store"
            "  2 min 05 s left",
        ),
        (100, "generate  1,234 of 4,000 rows  2 failed  12.3 calls/s  1,234,567 tokens  $1.2345  2 min 05 s left"),
        (60, "generate  1,234 of 4,000 rows  2 failed  2 min 05 s left"),
        (38, "1,234 of 4,000 rows  2 min 05 s left"),
        (25, "1,234 of 4,000 rows"),
        (10, ""),
    ],
)
def test_parts_are_left_out_and_never_cut(room: int, text: str) -> None:
    assert fitted(parts(PROGRESS), room) == text


def test_a_log_has_the_step_and_the_whole_build() -> None:
    assert logged(PROGRESS) == (
        "generate: 700 of 1,000 rows, 2 failed, 10 from the store, 11.5 calls/s, 490,000 tokens, $1.2345, "
        "whole build: 1,234 of 4,000 rows, 2 min 05 s left"
    )


def test_rich_is_not_imported_without_a_terminal(folder: Path) -> None:
    code = "import sys; from hfsft.cli import main; main(['validate', 'recipe.yaml']); sys.exit('rich' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, stdout=subprocess.DEVNULL)
