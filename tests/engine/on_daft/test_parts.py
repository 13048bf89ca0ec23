"""Parts: made once, found again after a build that was killed, and reported as the local executor reports its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.on_daft import part_files, row_groups, row_wise
from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from hfsft.errors import SourceError
from hfsft.rows.batch import Batch, Row
from tests.engine.held import held
from tests.engine.test_engine import ASK, COLUMNS, KEEP, MEASURE, TWINS, Echo, source
from tests.engine.toys import BEST, RANKED

if TYPE_CHECKING:
    from datasets import Dataset

WORDS = " ".join("abcdefgh"[: 1 + number * 7 % 5] for number in range(57))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of ten rows, row groups of four, batches of three."""
    monkeypatch.setattr(part_files, "ROWS", 10)
    monkeypatch.setattr(part_files, "BATCH", 5)
    monkeypatch.setattr(row_groups, "GROUP", 4)
    monkeypatch.setattr(row_wise, "BATCH", 3)


def made(folder: Path, executor: Any, *steps: Step) -> Any:
    ledger = Ledger()
    rows = engine.run(Plan("toy", steps), Echo(("7", "31")), folder, ledger, executor=executor)
    removed = [(each.stage, each.rows.to_list(), dict(each.errors), dict(each.instead)) for each in ledger.removals]
    return rows.to_list(), removed, [line.cached for line in ledger.funnel]


@pytest.mark.usefixtures("small")
def test_rows_of_many_parts_keep_their_order(tmp_path: Path) -> None:
    steps = (source(WORDS), MEASURE, KEEP, ASK, TWINS, RANKED, BEST)
    local = made(tmp_path / "local", None, *steps)
    assert made(tmp_path / "daft", OnDaft, *steps) == local
    again = made(tmp_path / "daft", OnDaft, *steps)
    assert again[:2] == local[:2]
    assert len(list((tmp_path / "daft").glob("*.parts.json"))) == len({"source", "pass", "twins", "rank", "best"})


@pytest.mark.usefixtures("small")
def test_a_build_that_broke_goes_on_behind_its_last_part(tmp_path: Path) -> None:
    """It broke in the fourth part: the three before it are not made again."""
    seen: list[str] = []
    breaks = True

    def length(batch: Batch) -> Batch:
        seen.extend(batch["id"])
        if breaks and "33" in batch["id"]:
            raise SourceError("the disk is full")
        return {"length": [len(text) for text in batch["text"]]}

    measure = replace(MEASURE, optional=("id",), work=held(length))
    with pytest.raises(SourceError, match="the disk is full"):
        made(tmp_path, OnDaft, source(WORDS), measure, KEEP)
    assert not list(tmp_path.glob("tmp*")), "nothing half written is left"
    done, seen[:], breaks = {row_id for row_id in seen if int(row_id) < 30}, [], False
    rows, _, _ = made(tmp_path, OnDaft, source(WORDS), measure, KEEP)
    assert len(done) == 30
    assert not done & set(seen)
    assert rows == made(tmp_path / "local", None, source(WORDS), MEASURE, KEEP)[0]


@pytest.mark.usefixtures("small")
def test_rows_that_come_behind_cost_what_is_new(tmp_path: Path) -> None:
    seen: list[str] = []

    def length(batch: Batch) -> Batch:
        seen.extend(batch["id"])
        return {"length": [len(text) for text in batch["text"]]}

    measure = replace(MEASURE, optional=("id",), work=held(length))
    made(tmp_path, OnDaft, source(WORDS), measure, KEEP)
    seen.clear()
    rows, _, _ = made(tmp_path, OnDaft, source(f"{WORDS} more words"), measure, KEEP)
    assert seen == [str(number) for number in range(50, 59)]
    assert rows == made(tmp_path / "local", None, source(f"{WORDS} more words"), MEASURE, KEEP)[0]


@pytest.mark.usefixtures("small")
def test_of_a_part_whose_file_is_gone_nothing_is_believed(tmp_path: Path) -> None:
    steps = (source(WORDS), MEASURE, KEEP)
    whole = made(tmp_path, OnDaft, *steps)
    for path in sorted(tmp_path.glob("*.parquet"))[::3]:
        path.write_bytes(path.read_bytes()[:-20]) if path.stat().st_size % 2 else path.unlink()
    assert made(tmp_path, OnDaft, *steps)[:2] == whole[:2]


def test_columns_of_every_type_come_back_as_they_were(tmp_path: Path) -> None:
    kinds = {
        **COLUMNS,
        "vector": "vector[3]",
        "any": "json",
        "turns": [{"role": "string", "content": "string"}],
        "bytes": "binary",
        "inside": {"names": ["string"], "number": "float64"},
    }
    full: Row = {
        "vector": [1.0, 2.0, 3.0],
        "any": '{"a": [1, null]}',
        "turns": [{"role": "user", "content": "é"}],
        "bytes": b"\0",
        "inside": {"names": ["x"], "number": 0.1},
    }

    def rows() -> Iterator[Row]:
        for number in range(6):
            yield {"id": str(number), "text": "a" * number, **(full if number % 2 else dict.fromkeys(full))}

    typed = Step("source", rows="source", writes=kinds, identity={"typed": 1}, work=held(rows))
    found: list[Dataset] = []
    for name, executor in (("local", None), ("daft", OnDaft)):
        found.append(
            engine.run(Plan("t", (typed, MEASURE, KEEP)), Echo(), tmp_path / name, Ledger(), executor=executor)
        )
    assert found[0].features == found[1].features
    assert found[0].to_list() == found[1].to_list()
