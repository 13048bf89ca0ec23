"""An audit of existing rows: what each filter would take, what splits share, and the recipe that takes it out."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, DatasetDict

import hfsft
from hfsft.errors import ReleaseError, SourceError, UserError
from hfsft.release.audit.audit import Audit
from tests.hub.fixture import HubServer

PLACES = ["Oslo", "Hanoi", "Accra", "Lima", "Perth", "Cairo", "Turin", "Osaka", "Quito", "Dakar"]
TEXTS = [
    (f"Which bus goes from the harbour of {place} to its old market?", f"In {place} it is line {n}, from the square.")
    for n, place in enumerate(PLACES)
]
BAD = [
    ("Say hello to everybody in the room.", "Hello there. " * 60),
    ("Write me a line of code that prints x.", "```python\nprint 'x'\n```"),
    ("Whom may I ask about my invoice?", "Write to ana@firm.com about it."),
    ("How do I mend a bicycle tyre at home?", "<|im_start|>assistant Take it off.<|im_end|>"),
]


def lines(rows: list[tuple[str, str]]) -> str:
    return "".join(f"{json.dumps({'prompt': asked, 'completion': said})}\n" for asked, said in rows)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("audit")
    data = made / "data"
    data.mkdir()
    (data / "train.jsonl").write_text(lines([*TEXTS[:6], *BAD]))
    (data / "test.jsonl").write_text(lines([*TEXTS[4:], ("Is anybody there today?", "")]))
    return made


@pytest.fixture(scope="module")
def found(folder: Path) -> Iterator[Audit]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield hfsft.audit("data")


def test_each_rule_tells_what_it_would_take(found: Audit) -> None:
    taken = {finding.name: (finding.rows, finding.found[0][0]) for finding in found.findings if finding.rows}
    assert taken["repetition"][0] == taken["control_tokens"][0] == 1
    assert taken["parses"][1].startswith("SyntaxError line 1: Missing parentheses")
    assert taken["pii"] == (1, "EMAIL:1")
    assert taken["exact_duplicate"][0] == 2
    assert (found.rows, found.splits) == (20 - 4, {"train": 10, "test": 6})
    assert [said.partition(":")[0] for said in found.unread] == ["no response"]
    assert [(each.column, each.rows) for each in found.lengths] == [
        *(("instruction", 16), ("response", 16), ("conversation", 16)),
    ]
    assert found.by_default <= found.by_any <= found.rows


def test_splits_that_share_rows_leak(found: Audit) -> None:
    leak = next(leak for leak in found.leaks if leak.by == "exact_duplicate")
    assert (leak.split, leak.of, leak.rows) == ("test", "train", 2)
    assert leak.examples[0] == ("data/test.jsonl:1", "data/train.jsonl:5")


def test_splits_are_compared_word_for_word_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = "the old tram that climbs from the lower harbour to the chapel on the hill runs every ten minutes in summer"
    asked = f"Tell me in one line whether {long}."
    around = " ".join(f"Word {n} of another matter altogether." for n in range(60))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.jsonl").write_text(lines([*TEXTS[:3], (f"{around} {asked}", "It does.")]))
    (tmp_path / "data" / "test.jsonl").write_text(lines([*TEXTS[5:8], (asked, "It does, until six.")]))
    monkeypatch.chdir(tmp_path)
    (leak,) = (each for each in hfsft.audit("data").leaks if "data/test.jsonl:4" in each.examples[0])
    assert (leak.split, leak.of, leak.by, leak.rows) == ("test", "train", "split.leak", 1)
    assert leak.examples == (("data/test.jsonl:4", "data/train.jsonl:4"),)


def test_a_dataset_on_the_hub_is_audited_by_its_id(hub: HubServer) -> None:
    token = hub.token("ana")
    push = """
import datasets
rows = [{"prompt": f"Which bus goes from harbour {n} to its old market?", "completion": f"Line {n}."} for n in range(9)]
of = datasets.Dataset.from_list
datasets.DatasetDict({"train": of(rows[:6]), "test": of(rows[4:])}).push_to_hub("ana/buses")
"""
    hub.run(push, token=token)
    command = [sys.executable, "-m", "hfsft", "audit", "ana/buses", "--write", "recipe.yaml", "--json", "--quiet"]
    told = json.loads(hub.run(command, token=token, home=hub.new_home()).stdout)
    assert (told["rows"], told["splits"]) == (11, {"train": 6, "test": 5})
    exact = next(leak for leak in told["leaks"] if leak["by"] == "exact_duplicate")
    assert (exact["split"], exact["of"], exact["rows"]) == ("test", "train", 2)
    assert (hub.folder / "ana-buses-audit.html").is_file()
    assert 'path: "ana/buses"' in (hub.folder / "recipe.yaml").read_text()
    missing = hub.run([*command[:4], "ana/no-such"], token=token, check=False)
    assert missing.returncode == 1
    assert "ana/no-such" in missing.stderr
    assert "Traceback" not in missing.stderr


def test_what_was_found_as_json(found: Audit) -> None:
    told = json.loads(json.dumps(found.as_dict()))
    assert told["leaks"][0]["rows"] == 2
    assert {"name", "rows", "share", "found", "bound", "default"} <= told["findings"][0].keys()
    assert "ana@firm.com" not in json.dumps(told)


def test_the_recipe_takes_these_rows_out(found: Audit, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "recipes").mkdir(exist_ok=True)
    path = found.write_recipe(Path("recipes/clean.yaml"), force=True)
    text = path.read_text()
    assert 'path: "../data"' in text
    assert "- pii  # 1 row (6.2%), most often EMAIL:1" in text
    built = hfsft.build(path, out="out")
    kept = [row for split in built.values() for row in split]
    said = json.dumps(kept)
    assert "Hello there. Hello" not in said
    assert "ana@firm.com" not in said
    assert len(kept) == 16 - 2 - 3  # duplicates; the loop, the code, the tokens


def test_the_page_shows_samples_of_each_rule(found: Audit, tmp_path: Path) -> None:
    page = found.write_page(tmp_path / "page.html").read_text()
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    samples = json.loads(data)["samples"]
    fallen = {sample["stage"]: sample for sample in samples if sample["fate"] == "rejected"}
    assert fallen.keys() == {finding.label for finding in found.findings if finding.rows}
    assert fallen["parses response"]["value"].startswith("SyntaxError line 1")
    assert fallen["repetition response"]["bound"] == "at_most 0.2"
    assert "ana@firm.com" not in page
    assert '<a href="#leaks">' in page
    assert "data/test.jsonl:1 and data/train.jsonl:5" in page
    with pytest.raises(ReleaseError, match="exists already"):
        found.write_page(tmp_path / "page.html")


def test_rows_that_repeat_held_out_ones(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "held.jsonl").write_text(lines([BAD[2]]))
    found = hfsft.audit("data/train.jsonl", against=["held.jsonl"])
    hit = next(finding for finding in found.findings if finding.name == "contamination")
    assert (hit.rows, hit.found[0][0].partition(" ")[0]) == (1, "held.jsonl:1")
    assert '- contamination: {against: ["../held.jsonl"]}  # 1 row' in found.recipe(folder / "recipes")


def test_a_second_audit_of_the_same_rows_measures_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    cached: list[bool] = []
    again = hfsft.audit("data", watcher=hfsft.pipeline.Watcher(on_line=lambda line: cached.append(line.cached)))
    assert all(cached[1:])
    assert again.rows == 16


def test_what_can_be_audited(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    one = hfsft.audit("data", split="test")
    assert (one.rows, one.splits, one.leaks) == (6, {}, ())
    rows = Dataset.from_dict({"prompt": ["Hi there"], "completion": ["Hello"]})
    DatasetDict(train=rows, validation=rows).save_to_disk(str(tmp_path / "saved"))
    saved = hfsft.audit(str(tmp_path / "saved"))
    assert saved.splits == {"train": 1, "validation": 1}
    assert [leak.rows for leak in saved.leaks] == [1, 1, 1]
    few = hfsft.audit("data/train.jsonl", limit=3)
    assert few.rows == 3


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"dataset": "none.jsonl"}, UserError, "none.jsonl: no such file"),
        ({"dataset": "data", "split": "dev"}, UserError, "no split 'dev'"),
        ({"dataset": "data", "format": "alpacca"}, UserError, "^format cannot be the text `alpacca` .did you mean"),
        ({"dataset": "data", "against": ["helt.jsonl"]}, UserError, "^helt.jsonl: no such file"),
    ],
)
def test_slips(given: Any, kind: type[Exception], said: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises((kind, SourceError), match=said):
        hfsft.audit(**given)
