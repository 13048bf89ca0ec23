"""`hfsft review` as its user meets it: the page's address, what stays of a killed process, the summary, files."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from hfsft.cli import main
from hfsft.pipeline.opened_review import open_review
from hfsft.verdicts import VerdictFile
from tests.release import toy

Command = subprocess.Popen[str]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy.release(toy.toy(120), tmp_path_factory.mktemp("reviewed"))


@pytest.fixture
def folder(build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("build").mkdir()
    Path("build/toy").symlink_to(build)
    return tmp_path


def opened(*arguments: str) -> tuple[Command, str]:
    """The command as a process, and the address that it prints."""
    line = [sys.executable, "-m", "hfsft", "review", "build/toy", "--rows", "12", "--overlap", "0.25", *arguments]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    for said in process.stdout:
        if found := re.match(r"http://127\.0\.0\.1:\d+/\S+/$", said):
            return process, found[0].strip()
    raise AssertionError("it printed no address")


def got(url: str, sent: Any = None) -> Any:
    headers = {"Content-Type": "application/json", "Origin": url[: url.index("/", 8)]}
    data = None if sent is None else json.dumps(sent).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
        return json.load(answer)


def say(url: str, number: int, **fields: Any) -> list[str]:
    """Verdicts over the next rows that wait; the ids of those that were told to be kept."""
    name, kept = got(f"{url}queue")["start"], []
    for _ in range(number):
        row = got(f"{url}row/{name}")
        name_next = got(f"{url}verdict", {"id": name, "content": row["content"], "verdict": "accept", **fields})["next"]
        kept.append(name)
        name = name_next
    return kept


def test_a_killed_process_loses_nothing_that_was_kept_and_ctrl_c_tells_the_summary(folder: Path) -> None:
    process, url = opened("--as", "ann")
    with process:
        kept = say(url, 4)
        process.kill()
    with Path("toy.review.jsonl").open("a") as file:
        file.write('{"row": "000000')  # as a writer leaves it that was killed in the middle of a line
    assert [row for row, _ in VerdictFile(Path("toy.review.jsonl")).read().standing] == kept
    process, url = opened("--as", "ann")
    with process:
        assert got(f"{url}queue")["progress"]["done"] == 4
        more = say(url, 1, verdict="reject", reason="style")
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert "toy.review.jsonl:5: the beginning of a line" in said
    assert "toy: 5 of 12 rows of the sample looked at" in said
    assert re.search(r"^ann +4 +0 +1 +0$", said, re.MULTILINE)
    assert "Error rate 20.0% (1 of 5), between 0.5% and 71.6%" in said
    assert more[0] not in kept


def test_the_summary_tells_how_far_two_reviewers_agree(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    review = open_review("build/toy", rows=12, overlap=0.25)
    for reviewer in ("ann", "bob"):
        session = review.session(reviewer)
        for _ in range(4):
            name = session.following(None)
            assert name is not None
            session.keep(name, session.row(name)["content"], {"verdict": "accept"})
    assert main(["review", "build/toy", "--summary"]) == 0
    said = capsys.readouterr().out
    assert "toy: 5 of " in said
    assert re.search(r"^accept or reject +3 ", said, re.MULTILINE)
    assert "`review: {verdicts: toy.review.jsonl}` in a recipe over these rows applies them" in said


def test_the_summary_is_json_too_and_says_where_nobody_has_looked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", "build/toy", "--summary", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["looked_at"] == 0
    assert main(["review", "build/toy", "--summary"]) == 0
    assert capsys.readouterr().out == "toy: nobody has said anything yet (toy.review.jsonl)\n"


def test_rows_go_through_a_spreadsheet_and_verdicts_of_gone_rows_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", "build/toy", "--rows", "5", "--export", "out.csv"]) == 0
    assert re.match(r"wrote \d+ rows to out\.csv\n", capsys.readouterr().out)
    row = Path("out.csv").read_text().splitlines()[1].split(",")[0]
    Path("in.csv").write_text(f"row,verdict,score_usefulness\n{row},accept,4\nbeef,accept,\n")
    assert main(["review", "build/toy", "--import", "in.csv", "--as", "eve"]) == 0
    said = capsys.readouterr().out
    assert "took 1 verdict over from in.csv into toy.review.jsonl" in said
    assert "warning: 1 verdict of rows that are not in the build: left out" in said
    assert re.search(r"^eve +1 +0 +0 +0$", said, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--only", "odd"], 2, "there is no KIND `odd`"),
        (["--rows", "0"], 2, "is no number of rows"),
        (["--overlap", "2"], 2, "is no share (0 to 1)"),
        (["--port", "70000"], 2, "is no port"),
        (["--import", "in.csv", "--as", "two\nlines"], 1, "a name is one line"),
        (["--import", "in.csv", "--as", " "], 1, "a name is one line"),
        (["--import", "none.csv"], 1, "none.csv: cannot be read as CSV"),
        (["--only", "unscored", "--no-open"], 1, "has no row to look at for unscored"),
        (["--anchors", "8"], 1, "score some with hfsft review"),
    ],
)
def test_what_cannot_be_done_is_told(
    folder: Path, arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        found = main(["review", "build/toy", *arguments])
    except SystemExit as error:
        found = int(str(error.code))
    assert found == code
    assert said in capsys.readouterr().err
