"""The command as a user meets it: a process of its own, with its words, its exit codes and its streams."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.models.server import LLM
from tests.recipes import reply, support
from tests.waiting import until

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROWS = [
    {"instruction": f"Where is parcel {i}, which I sent on day {i * 7}?", "output": f"At depot {i}."} for i in range(30)
]


@pytest.fixture
def server() -> Iterator[LLM]:
    with LLM(reply=reply) as llm:
        yield llm


@pytest.fixture
def hfsft(tmp_path: Path, home: Path) -> Run:
    """Runs the command in an empty folder of its own."""

    def run(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "HF_HOME": str(home)}
        command = [sys.executable, "-m", "hfsft", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False, **more
        )

    return run


def write(tmp_path: Path, recipe: dict[str, Any], name: str = "recipe.yaml") -> str:
    (tmp_path / name).write_text(yaml.safe_dump(recipe, sort_keys=False))
    return name


def clean(tmp_path: Path, **changes: Any) -> str:
    """A recipe that asks no model."""
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return write(tmp_path, {"name": "clean", "examples": [{"path": "rows.jsonl"}], **changes})


def test_build_prints_the_funnel_and_where_it_wrote(hfsft: Run, tmp_path: Path) -> None:
    done = hfsft("build", clean(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "30 rows in = " in done.stdout
    assert "no model calls" in done.stdout
    assert "written to build/clean" in done.stdout
    assert "recipe.yaml:2:1" in done.stdout, "the funnel names the place in the recipe"


def test_quiet_prints_nothing_and_json_only_json(hfsft: Run, tmp_path: Path) -> None:
    recipe = clean(tmp_path)
    quiet = hfsft("build", recipe, "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    summary = json.loads(hfsft("build", recipe, "--json").stdout)
    assert summary["rows_in"] == 30 == sum(summary["fates"].values())
    assert summary["folder"] == "build/clean"


def test_the_second_build_says_that_it_made_no_calls(hfsft: Run, server: LLM, tmp_path: Path) -> None:
    recipe = write(tmp_path, support(server))
    first = hfsft("build", recipe)
    assert "30 model calls" in first.stdout, first.stderr
    assert "judge: 12 of 12 rows" in first.stderr, "plain lines where there is no terminal"
    second = hfsft("build", recipe)
    assert "no model calls" in second.stdout
    assert not second.stderr, "it may end before what draws is even up, and that is no news"
    plan = hfsft("plan", recipe)
    assert "the next build makes 0 model calls" in plan.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["build", "nope.yaml"], 1, "nope.yaml: there is no such file"),
        (["build"], 2, "the following arguments are required: recipe"),
        (["bild"], 2, "there is no command `bild` (did you mean `build`?"),
        (["validate", "recipe.yaml", "--jsno"], 2, "usage: hfsft validate"),
        (["store", "purge"], 2, "there is no action `purge` (did you mean `prune`?"),
        (["init", "x/two words"], 1, "'x/two words' cannot name a dataset"),
        (["init", "food", "--language", "german"], 1, "did you mean `de`, German?"),
        (["init", "food", "--language", "xx"], 1, "'xx' is no ISO 639-1 code"),
        (["validate", "recipe.yaml", "--set", "split.validatoin=1"], 1, "did you mean `validation`?"),
        (["build", "recipe.yaml", "--set", "filters[tokens].at_most=1"], 1, "--set"),
        (["store", "prune"], 1, "say which answers"),
    ],
)
def test_mistakes_have_a_message_an_exit_code_and_no_traceback(
    hfsft: Run, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    clean(tmp_path)
    done = hfsft(*arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("", "rows.jsonl: has no rows"),
        ("{", "rows.jsonl:1:2: not JSON"),
        ('{"a": 1}', "no column holds the instruction"),
        (
            '{"instruction": "a", "output": ""}',
            "no row is left: 1 of 1 were set aside as they were read\n  no response: 1 row",
        ),
    ],
)
def test_data_that_cannot_be_built_is_the_users_to_mend(hfsft: Run, tmp_path: Path, rows: str, message: str) -> None:
    recipe = clean(tmp_path)
    (tmp_path / "rows.jsonl").write_text(rows)
    done = hfsft("build", recipe)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    # Rows that could be read are told of one by one, also where none of them was kept.
    assert (tmp_path / "build").exists() == ("no row is left" in message)


def test_a_model_that_is_not_there_stops_the_build_at_once(hfsft: Run, server: LLM, tmp_path: Path) -> None:
    recipe = support(server, models={"writer": {"base_url": "http://127.0.0.1:9/v1"}})
    done = hfsft("build", write(tmp_path, recipe))
    assert done.returncode == 1
    assert "127.0.0.1:9" in done.stderr


def test_an_output_folder_that_cannot_be_written(hfsft: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    done = hfsft("build", clean(tmp_path), "--out", "taken")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr


def test_a_full_disk_stops_the_build_and_loses_no_answer(hfsft: Run, server: LLM, tmp_path: Path, home: Path) -> None:
    recipe = write(tmp_path, support(server))
    assert hfsft("build", recipe).returncode == 0
    for finished in (home / "datasets" / "hfsft" / "support").glob("*.arrow"):
        finished.unlink()
    # /dev/full takes nothing, like a disk without room: the next step cannot be written there.
    (tmp_path / "full.py").write_text(
        "import pyarrow as pa\n"
        "def full(*a, **k): raise OSError(28, 'No space left on device', '/dev/full')\n"
        "pa.ipc.new_stream = full\n"
        "import sys; from hfsft.cli import main; sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "full.py", "build", recipe]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "HF_HOME": str(home)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    asked = len(server.requests)
    assert hfsft("build", recipe).returncode == 0
    assert len(server.requests) == asked, "the answers were kept"


@pytest.mark.parametrize("walked", [False, True], ids=["before the engine runs", "while it runs"])
def test_ctrl_c_keeps_what_was_answered_and_says_how_to_go_on(
    hfsft: Run, server: LLM, tmp_path: Path, home: Path, walked: bool
) -> None:
    most = 6 if walked else 1
    server.hold = lambda body: len(server.requests) >= most  # those that Ctrl-C finds open are answered after it
    recipe = write(tmp_path, support(server, count=30, models={"writer": {"concurrency": 2}}))
    command = [sys.executable, "-m", "hfsft", "build", recipe]
    build = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "HF_HOME": str(home)}, stderr=subprocess.PIPE, text=True
    )
    # The first requests are out before there is a dataset; the branches are made right before it is their turn.
    until(lambda: len(server.requests) >= most)
    until(lambda: not walked or len(list(home.rglob("*.arrow"))) >= 3)
    build.send_signal(signal.SIGINT)
    assert build.stderr is not None
    heard = ""
    while not heard.endswith("Ctrl-C leaves now\n") and (line := build.stderr.readline()):
        heard += line
    server.hold = None
    stderr = heard + build.communicate(timeout=120)[1]
    assert build.returncode == 130
    assert stderr.count("may still be answered and stored; Ctrl-C leaves now") == 1
    if walked:
        assert re.search(r"^sources +0 +\+30 +30 ", stderr, re.MULTILINE), "the funnel so far"
    standing = r"^evolve\[1\]: \d+ of 60 rows(, generate: \d+ already)?, \d+ not done$"
    assert re.search(standing, stderr, re.MULTILINE)
    assert stderr.endswith(f"interrupted: answers so far are kept; go on with\n  hfsft build {recipe}\n")
    assert "Traceback" not in stderr
    asked = len(server.requests)
    done = hfsft("build", recipe, "--json")
    assert json.loads(done.stdout)["usage"]["calls"] == 30 + 60 + 60 - asked


def test_a_budget_that_is_spent_says_what_was_not_done(hfsft: Run, server: LLM, tmp_path: Path) -> None:
    done = hfsft("build", write(tmp_path, support(server, budget={"calls": 10})))
    assert done.returncode == 1
    assert re.search(r"^evolve\[1\].branch +6 +\+6 +12 ", done.stderr, re.MULTILINE), "the funnel so far"
    # Rows are prefetched, so either of the two may be the step that the last call belonged to.
    told = r"^(?:evolve\[1\]|generate): (\d+) of 12 rows.*, (\d+)( of later steps)? not done$"
    left = re.search(told, done.stderr, re.MULTILINE)
    assert left, done.stderr
    assert int(left[2]) > 0
    assert left[1] == "12" if left[3] else int(left[1]) + int(left[2]) == 12
    assert "error: the budget of 10 calls would be passed by the next request" in done.stderr
    assert hfsft("build", "recipe.yaml", "--set", "budget.calls=10", "--quiet").stderr.count("\n") == 1


def test_why_names_the_field_and_both_values(hfsft: Run, tmp_path: Path) -> None:
    recipe = clean(tmp_path, filters=[{"repetition": {"at_most": 0.4}}])
    assert "no build of this recipe has finished yet" in hfsft("why", recipe).stdout
    hfsft("build", recipe)
    assert "runs again" not in hfsft("why", recipe).stdout
    changed = hfsft("why", recipe, "--set", "filters[repetition].at_most=0.3").stdout
    assert "at_most: 0.4 -> 0.3" in changed
    assert re.search(r"run again because rows change with filters\[repetition\]: .*split\.leak$", changed, re.M)
    rows = (tmp_path / "rows.jsonl").read_text()
    (tmp_path / "rows.jsonl").write_text(rows + '{"instruction": "A new one?", "output": "Yes."}\n' * 2)
    more = hfsft("why", recipe).stdout
    assert re.search(r"^sources +runs again: 2 rows more$", more, re.M)
    assert len(more.splitlines()) < 8
    assert "sha" not in more


@pytest.mark.parametrize("kind", [[], ["--clean"]])
def test_init_writes_a_recipe_to_fill_in_and_never_writes_over_one(hfsft: Run, tmp_path: Path, kind: list[str]) -> None:
    clean(tmp_path)
    done = hfsft("init", "cooking", "--language", "de", *kind)
    assert done.returncode == 0, done.stderr
    untouched = hfsft("validate", "cooking.yaml")
    assert untouched.returncode == 1
    assert re.search(r"^error: cooking.yaml:\d+:\d+: this is still the template's own text", untouched.stderr)
    text = (tmp_path / "cooking.yaml").read_text()
    for old, new in (
        ("Replace me with a question that a user really asked.", "How long do I boil an egg?"),
        ("Replace me with one that is quite different from the first.", "What goes with rice?"),
        ("Replace me with a file or a dataset", "rows.jsonl"),
    ):
        text = text.replace(old, new)
    (tmp_path / "cooking.yaml").write_text(text)
    assert "valid" in hfsft("validate", "cooking.yaml").stdout
    assert yaml.safe_load(text)["language"] == ["de"]
    again = hfsft("init", "cooking")
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert hfsft("init", "two words", "--out", "new/x.yaml").returncode == 1
    assert not (tmp_path / "new").exists()


def test_preview_shows_each_row_and_what_was_sent_for_it(hfsft: Run, server: LLM, tmp_path: Path) -> None:
    recipe = write(tmp_path, support(server, filters=[{"score": {"mean": {"at_least": 5}}}]))
    done = hfsft("preview", recipe, "--rows", "1")
    assert done.returncode == 1, done.stderr  # no row is left
    assert re.search(
        r"^1 of 2 [0-9a-f]{16} rejected by filters\[score\].mean: [\d.]+ \(at_least 5\)$", done.stdout, re.M
    )
    for said in ("  user: ", "  assistant: ", "  reason_usefulness: ", "  (at_least 5)  fell here"):
        assert done.stdout.count(said) == 2, said
    assert "Ask about this in another way" not in done.stdout
    assert re.search(r"^0 of 2 rows left, 5 model calls, [\d,]+ tokens, cost unknown; ", done.stdout, re.M)
    again = hfsft("preview", recipe, "--rows", "1", "--prompts").stdout
    assert "  > user: Ask about this in another way: " in again
    assert again.count("  < answer: ") == 5
    assert "0 of 2 rows left, 0 model calls;" in again


def test_the_store_lists_exports_prunes_and_verifies(hfsft: Run, server: LLM, tmp_path: Path) -> None:
    hfsft("build", write(tmp_path, support(server)))
    listed = json.loads(hfsft("store", "list", "--json").stdout)
    found = {(each["recipe"], each["model"].split(" (")[0], each["answers"], each["usd"]) for each in listed}
    assert found == {("support", "writer-1", 18, None), ("support", "judge-1", 12, None)}
    assert "writer-1" in hfsft("store", "list").stdout
    assert "30 answers, 0 damaged" in hfsft("store", "verify").stdout
    hfsft("store", "export", "answers.jsonl", "--model", "judge-1")
    assert len((tmp_path / "answers.jsonl").read_text().splitlines()) == 12


@pytest.mark.parametrize("command", ["build", "plan", "validate", "preview", "rows", "why", "init", "store", "schema"])
def test_every_command_has_help_with_examples(hfsft: Run, command: str) -> None:
    done = hfsft(command, "--help")
    assert done.returncode == 0
    assert "examples:" in done.stdout
    assert f"hfsft {command}" in done.stdout


def test_schema_is_the_file_beside_the_recipes(hfsft: Run) -> None:
    assert hfsft("schema").stdout == (Path(__file__).parents[2] / "recipes" / "recipe.schema.json").read_text()


def test_version_and_help_are_had_without_a_command(hfsft: Run) -> None:
    from importlib.metadata import version

    assert hfsft("version").stdout == version("hfsft") + "\n"
    assert hfsft("--version").stdout == f"hfsft {version('hfsft')}\n"
    alone = hfsft()
    assert (alone.returncode, alone.stderr) == (2, "")
    assert "examples:" in alone.stdout
