"""What the recipe withholds of rows that fell, and of samples, stands in no file of the build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
import yaml

from hfsft.cli import main
from hfsft.engine.ledger import Ledger, Removal
from hfsft.pipeline import run
from hfsft.recipe.publish import Publish
from hfsft.release.folder.file_names import LOCK
from hfsft.release.folder.redaction import withhold
from tests.release.samples import dataset, single

SECRET = "canary"


def recipe(folder: Path, **publish: Any) -> Path:
    """Rows that fall by a number, as copies, as they are read and as failed, each with a word of its own in it."""
    folder.mkdir(exist_ok=True)
    rows = [
        {"instruction": f"Where is parcel {n * 7919}?", "response": f"It left on day {n} of May.", "channel": "web"}
        for n in range(12)
    ]
    rows[3] |= {"response": "canary-short", "topic": "canary-topic", "channel": "canary-kept"}
    rows[5] |= {"instruction": rows[4]["instruction"], "response": "It left with canary-copy of May."}
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    chat = [{"role": "canary-role", "content": "canary-turn"}, {"role": "assistant", "content": "Yes, it is there."}]
    (folder / "chats.jsonl").write_text(json.dumps({"messages": chat}) + "\n")
    inline = [{"instruction": f"Is shop {n} open?", "response": f"It is open until {n} o'clock today."} for n in (5, 8)]
    inline.append({"instruction": "May I ask canary-inline?", "response": "canary-yes"})
    whole = {
        "name": "toy",
        "license": "mit",
        "examples": [{"path": "rows.jsonl", "keep": ["channel"]}, {"path": "chats.jsonl"}, {"rows": inline}],
        "filters": [{"tokens": {"at_least": 4}}, "exact_duplicate"],
        "publish": publish,
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(whole))
    return folder / "recipe.yaml"


def holding(folder: Path, word: str) -> list[str]:
    """The files in which the word stands, whatever packs them."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix == ".parquet":
            table = pyarrow.parquet.read_table(path)
            text = f"{table.schema}{table.to_pylist()}"
        else:
            text = path.read_bytes().decode("utf-8", "replace")
        if word in text:
            found.append(path.relative_to(folder).as_posix())
    return found


@pytest.mark.parametrize("sources", [False, True])
def test_what_rows_that_fell_say_stands_nowhere_without_rejected(tmp_path: Path, home: Path, sources: bool) -> None:
    built, folder = run(recipe(tmp_path, rejected=False, sources=sources), out=tmp_path / "build")
    assert built.ledger.counts()["rejected"] == 4
    assert holding(folder, SECRET) == []
    assert holding(folder, str(tmp_path)) == [], "no folder of this machine"
    (removal,) = (folder / "rejected").iterdir()
    rows = pyarrow.parquet.read_table(removal).to_pylist()
    assert sorted((row["source"], row["rule"], row["value"]) for row in rows) == [
        ("chats.jsonl:1", "defect", "unknown role"),
        ("examples[2].rows[2]", "tokens", "1"),
        ("rows.jsonl:4", "tokens", "1"),
        ("rows.jsonl:6", "exact_duplicate", "1"),
    ]
    assert {row["tokens_response"] for row in rows} == {None, 1, 6}
    resolved = yaml.safe_load((folder / "recipe.resolved.yaml").read_text())
    assert len(resolved["examples"][-1]["rows"]) == 2
    assert (folder / "sources").exists() is sources
    again, _ = run(folder / "recipe.resolved.yaml", out=tmp_path / "again") if sources else (built, None)
    assert sorted(again.rows["id"]) == sorted(built.rows["id"])


def test_all_of_it_stands_there_by_default(tmp_path: Path, home: Path) -> None:
    _, folder = run(recipe(tmp_path), out=tmp_path / "build")
    assert {"rejected/rejected-00000-of-00001.parquet", "report.html", "recipe.yaml", "README.md"} <= {
        *holding(folder, "canary-role"),
        *holding(folder, "canary-short"),
        *holding(folder, "canary-inline"),
    }
    assert holding(folder, "canary-inline")[-1] == "report.html"
    assert "canary" not in (folder / LOCK).read_text()


def test_rows_and_why_tell_what_is_left(tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, folder = run(recipe(tmp_path, rejected=False), out=tmp_path / "build")
    assert main(["rows", str(folder), "--fate", "rejected", "--by", "filters[tokens]"]) == 0
    shown = capsys.readouterr().out
    assert "what it says is not in this build" in shown
    assert "rows.jsonl:4" in shown
    assert main(["why", str(folder), "rows.jsonl:4"]) == 0
    shown = capsys.readouterr().out
    assert "tokens_response 1, at_least 4: falls" in shown
    assert main(["report", str(folder)]) == 0
    assert holding(folder, SECRET) == []


def test_no_page_shows_a_row_without_samples(tmp_path: Path, home: Path) -> None:
    _, folder = run(recipe(tmp_path, samples=False), out=tmp_path / "build")
    for words in ("It left on day", "canary-copy", "canary-short"):
        assert not {"report.html", "README.md"} & {*holding(folder, words)}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert 'id="samples"' not in page
    assert 'id="rules"' in page


@pytest.mark.parametrize(("rejected", "said"), [(False, None), (True, "My key is canary.")])
def test_rows_that_fell_keep_their_columns(rejected: bool, said: str | None) -> None:
    rows = dataset(single(instruction="My key is canary.", source="rows.jsonl:1"))
    removal = Removal("filters[tokens]", "tokens", "rejected", "at_most 0", "round", rows)
    (left,) = withhold(Ledger(removals=[removal]), Publish(rejected=rejected)).removals
    assert (left.rows["instruction"][0], left.rows["source"][0]) == (said, "rows.jsonl:1")
    assert left.rows.features == rows.features
    (entry,) = left.entries()
    assert entry["value"] == "0"
