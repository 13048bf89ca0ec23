"""A build that comes to what stands in its folder writes nothing; whatever changed, there or here, is seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import hfsft.pipeline.building as building
from hfsft.cli.commands.build import report
from hfsft.pipeline import run
from hfsft.release import unchanged
from hfsft.release.result import Built
from hfsft.stages.base import Warn

RECIPE = """\
name: toy
language: [en]
license: {license}
examples:
  - path: rows.jsonl
split: {{validation: 0.2}}
"""


def start(folder: Path, *, count: int = 30, license: str = "cc0-1.0") -> Path:
    rows = [
        {"instruction": f"How warm is oven number {n} of the {n}th baker?", "response": f"It has {n * 7} degrees."}
        for n in range(count)
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "toy.yaml").write_text(RECIPE.format(license=license), encoding="utf-8")
    return folder / "toy.yaml"


def built(folder: Path) -> Built:
    return run(folder / "toy.yaml", out=folder)[0]


def written(folder: Path) -> dict[str, tuple[int, bytes]]:
    paths = [path for path in sorted((folder / "toy").rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): (path.stat().st_ino, path.read_bytes()) for path in paths}


def test_a_folder_that_says_the_same_stays_as_it_is(tmp_path: Path, home: Path) -> None:
    start(tmp_path)
    first = built(tmp_path)
    before, sides = written(tmp_path), (tmp_path / "toy.sides.jsonl").read_bytes()
    again = built(tmp_path)
    assert again.stands
    assert written(tmp_path) == before
    assert (tmp_path / "toy.sides.jsonl").read_bytes() == sides
    assert again.ledger.counts() == first.ledger.counts()
    assert [note for note in again.notes if isinstance(note, Warn)] == [n for n in first.notes if isinstance(n, Warn)]
    ours, theirs = (json.loads(json.dumps({**each.summary(), "seconds": 0, "funnel": []})) for each in (again, first))
    assert ours == theirs
    assert "written to" not in report(again, tmp_path / "toy")
    assert "nothing changed" in report(again, tmp_path / "toy")


def more_rows(folder: Path) -> None:
    start(folder, count=31)


def another_licence(folder: Path) -> None:
    start(folder, license="apache-2.0")


def another_card(folder: Path) -> None:
    (folder / "toy/README.md").write_text("mine")


def another_row(folder: Path) -> None:
    data = next((folder / "toy/data").glob("*.parquet"))
    data.write_bytes(data.read_bytes()[:-1])


def another_report(folder: Path) -> None:
    (folder / "toy/report.html").write_text("mine")


def no_report(folder: Path) -> None:
    (folder / "toy/report.html").unlink()


def another_summary(folder: Path) -> None:
    path = folder / "toy/funnel.json"
    path.write_text(path.read_text() + " ")


def one_file_more(folder: Path) -> None:
    (folder / "toy/data/train-00009-of-00010.parquet").write_bytes(b"")


def no_sides(folder: Path) -> None:
    (folder / "toy.sides.jsonl").unlink()


def nothing_kept(folder: Path) -> None:
    for path in Path(folder).rglob(unchanged.FILE):
        path.write_text("{}")


@pytest.mark.parametrize(
    "change",
    [
        *(more_rows, another_licence, another_card, another_row, another_report, no_report, another_summary),
        *(one_file_more, no_sides, nothing_kept),
    ],
)
def test_what_changed_is_seen(tmp_path: Path, home: Path, change: Callable[[Path], None]) -> None:
    start(tmp_path)
    built(tmp_path)
    before, sides = written(tmp_path), (tmp_path / "toy.sides.jsonl").read_text()
    change(tmp_path)
    again = built(tmp_path)
    assert not again.stands
    assert {name: each[0] for name, each in written(tmp_path).items()} != {name: e[0] for name, e in before.items()}
    assert set(sides.splitlines()) <= set((tmp_path / "toy.sides.jsonl").read_text().splitlines())
    assert written(tmp_path)["toy/report.html"][1] != b"mine"
    assert built(tmp_path).stands


def test_code_that_was_changed_is_seen(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start(tmp_path)
    built(tmp_path)
    monkeypatch.setattr(unchanged, "_code", lambda: "another")
    assert not built(tmp_path).stands


def test_a_build_that_stopped_is_not_taken_for_one_that_ended_well(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(tmp_path)
    monkeypatch.setattr(building.Split, "stops", lambda self, outcome: iter(["too much leaks"]))
    for _ in range(2):
        with pytest.raises(building.UserError, match="too much leaks"):
            built(tmp_path)
