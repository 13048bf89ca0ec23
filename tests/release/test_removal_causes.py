"""Why rows fell is told wherever no row, or many, or one that somebody wrote, is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.cli import main
from hfsft.engine.ledger import Ledger, Removal
from hfsft.errors import ReleaseError, UserError
from hfsft.pipeline import run
from hfsft.release.comparison import diff
from hfsft.release.hub.release_files import Build
from hfsft.release.reader import open_release
from hfsft.release.removal_causes import REASONS, causes, listed
from hfsft.rows.columns import COLUMNS
from hfsft.rows.row import new_row
from tests.models.server import LLM
from tests.recipes import reply, support
from tests.release.samples import read_jsonl

OPENED = [{"from": "gpt", "value": "Hello, the help desk."}, {"from": "human", "value": "It is late."}]
OPENED += [{"from": "gpt", "value": "The number, please."}]
ENDED = [{"from": "human", "value": "May I pay later?"}, {"from": "gpt", "value": "Within 14 days."}]
ENDED += [{"from": "human", "value": "Thanks!"}]
SOUND = [{"from": "human", "value": "Where is it?"}, {"from": "gpt", "value": "On its way."}]


def chats(folder: Path, *rows: list[dict[str, str]], **changes: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "data.jsonl").write_text("".join(json.dumps({"conversations": row}) + "\n" for row in rows))
    recipe = {"name": "chats", "license": "mit", "examples": [{"path": "data.jsonl"}], "split": {"validation": 0}}
    (folder / "recipe.yaml").write_text(json.dumps({**recipe, **changes}))
    return folder / "recipe.yaml"


def test_a_build_without_rows_says_why_and_is_written(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from datasets import load_dataset

    recipe, out = chats(tmp_path, OPENED, OPENED, ENDED), tmp_path / "build"
    assert main(["build", str(recipe), "--out", str(out)]) == 1
    said = capsys.readouterr().err
    lines = said[said.index("error: ") :].splitlines()
    assert lines[0] == "error: no row is left: 3 of 3 were set aside as they were read"
    assert "`assistant_opens: true`" in lines[1]
    assert ": 2 rows, first data.jsonl:1" in lines[1]
    assert "does not end with the assistant" in lines[2]
    assert ": 1 row, first data.jsonl:3" in lines[2]
    folder = out / "chats"
    assert [(entry["fate"], entry["source"]) for entry in read_jsonl(folder / "ledger.jsonl")] == [
        ("rejected", f"data.jsonl:{line}") for line in sorted((1, 2, 3), key=lambda line: ids(folder)[line])
    ]
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "**No row is left** of the 3 that came in" in card
    assert "load_dataset(" not in card
    assert "2 rows, first data.jsonl:1" in card
    assert "2 rows, first data.jsonl:1" in (folder / "report.html").read_text(encoding="utf-8")
    assert {"recipe.yaml", "recipe.resolved.yaml", "hfsft.lock.json", "rejected"} <= {p.name for p in folder.iterdir()}
    with pytest.raises(FileNotFoundError):
        load_dataset(str(folder))
    with pytest.raises(ReleaseError, match="no row was left in this build, so there is nothing to publish"):
        Build.read(folder)
    assert main(["report", str(folder)]) == 0
    assert diff(open_release(str(folder)), open_release(str(folder))).splits == {}


def ids(folder: Path) -> dict[int, str]:
    return {int(row["source"].rpartition(":")[2]): row["id"] for row in read_jsonl(folder / "ledger.jsonl")}


def test_the_ranges_that_were_measured_stand_beside_the_bounds(tmp_path: Path, home: Path) -> None:
    with LLM(reply=reply) as llm:
        recipe = support(llm, filters=[{"score": {"usefulness": {"at_least": 4}}}, {"tokens": {"at_least": 90}}])
        with pytest.raises(UserError, match="no row is left: 12 of 12 fell") as error:
            run(recipe, out=tmp_path)
    assert "tokens: at_least 90 words, measured " in str(error.value)
    ledger = read_jsonl(tmp_path / "support" / "ledger.jsonl")
    assert {entry["fate"] for entry in ledger} == {"rejected"}


def test_a_few_rows_set_aside_are_told_too(tmp_path: Path, home: Path) -> None:
    built, _ = run(chats(tmp_path, SOUND, ENDED), out=tmp_path / "build")
    (note,) = [note for note in built.notes if "set aside" in note]
    assert note.startswith("1 of 2 rows were set aside as they were read: does not end with the assistant")
    assert "1 row, first data.jsonl:2" in note


def test_why_rows_failed_is_told_and_that_a_judge_lost_complete_rows(tmp_path: Path, home: Path) -> None:
    def fault(body: Any, _: int) -> str:
        return "length" if body["model"] == "judge-1" and "comes tomorrow" in str(body) else ""

    with LLM(reply=reply) as llm:
        llm.fault = fault
        rows = [{"instruction": "Where is it?", "response": "It is on the way and comes tomorrow."}]
        built, folder = run(support(llm, examples=[{"rows": rows}], judge={"failed_at_most": 1}), out=tmp_path)
    (read,) = [note for note in built.notes if "verdict" in note]
    assert "1 row fell because the judge's verdict could not be read: judge failed: length: " in read
    assert "cut after" in read
    assert [
        note
        for note in built.notes
        if note.startswith("1 row that came in complete fell only because the judge failed")
    ]
    assert "judge failed: length: " in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("bound", "values", "said"),
    [
        ("at_least 4", [1.0, 3.0, 2.0], "score usefulness: at_least 4, measured 1 to 3, median 2: 3 rows"),
        ("at_least 4", [1.0, 1.0], "score usefulness: at_least 4, measured 1: 2 rows"),
        ("at_least 4", [None, 2.0], "score usefulness: at_least 4, measured 2, 1 without a value: 2 rows"),
        ("at_least 4", [None], "score usefulness: at_least 4, nothing was measured: 1 row"),
        ("none", ["odd", "odd", "bad"], "score usefulness: odd (2), bad (1): 3 rows"),
        ("none", [f"quotes: {n}" for n in range(REASONS + 1)], f"score usefulness: quotes: 0: {REASONS + 1} rows"),
        ("none", ["\x1b]0;owned\x07\x1b[31mred\u202e\n## x"], "score usefulness: red ## x: 1 row"),
    ],
)
def test_rows_that_fell_for_one_reason_are_one_cause(bound: str, values: list[Any], said: str) -> None:
    ledger = Ledger()
    ledger.removals.append(removal("filters[score].usefulness", bound, values))
    assert listed(causes(ledger))[0] == f"{said}, first a.jsonl:2"


def removal(stage: str, bound: str, values: list[Any]) -> Removal:
    from datasets import Dataset

    rows = [
        {
            **new_row("example", {"instruction": str(index), "source": f"a.jsonl:{100 - index if index else 2}"}),
            "x": value,
        }
        for index, value in enumerate(values)
    ]
    return Removal(
        stage, "x", "rejected", bound, "x", Dataset.from_dict({n: [r[n] for r in rows] for n in ("x", *COLUMNS)})
    )


def test_a_value_is_told_from_a_bound_that_it_hardly_passes() -> None:
    ledger = Ledger()
    ledger.removals.append(removal("filters[x]", "at_most 0.7", [0.70000001]))
    ledger.removals.append(removal("seeds[1].novelty", "below 0.7", [0.7]))
    assert sorted(cause.reason for cause in causes(ledger)) == [
        "seeds[1].novelty: below 0.7, measured 0.7",
        "x: at_most 0.7, measured 0.70000001",
    ]
