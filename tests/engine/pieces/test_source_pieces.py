"""A source that is read in pieces comes to what it comes to when it is read as a whole: rows and what is told."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import feather

from hfsft.engine.adding import SourceRows
from hfsft.engine.on_daft import part_files
from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.engine.on_daft.parquet_parts import PartRows
from hfsft.engine.on_daft.part_files import PartFiles
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.pieces.source_tasks import PieceTask, in_pieces
from hfsft.engine.step import Step
from hfsft.errors import UserError
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.in_pieces import cut_reading
from hfsft.recipe.recipe import load_recipe
from hfsft.rows.features import arrow_schema
from hfsft.rows.places import file_pieces
from hfsft.rows.reading import table_reader
from tests.fuzz.bounds import tries
from tests.fuzz.test_builds import put, row, usual

FEW = 3  # rows that settle how a file is read


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a few lines."""
    small(monkeypatch)


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_pieces, "PIECE", 300)
    monkeypatch.setattr(cut_reading, "LEAST", 0)
    monkeypatch.setattr(table_reader, "LOOKED_AT", FEW)
    monkeypatch.setattr(file_pieces, "LOOKED_AT", FEW)
    monkeypatch.setattr(part_files, "ROWS", 4)
    monkeypatch.setattr(part_files, "BATCH", 2)


def source(folder: Path, **sections: Any) -> Step:
    (folder / "r.yaml").write_text(yaml.safe_dump({"name": "r", "filters": [], **sections}))
    return compile_recipe(load_recipe(folder / "r.yaml")).steps[0]


class Pieces:
    """Does tasks in this process, and counts them."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def __call__(self, tasks: Sequence[Any]) -> list[dict[str, Any]]:
        self.done += tasks
        return [json.loads(json.dumps(task.do())) for task in tasks]

    @property
    def read(self) -> int:
        return sum(isinstance(task, PieceTask) for task in self.done)


def whole(step: Step) -> Any:
    try:
        read = SourceRows(step.function())
        rows = pa.Table.from_pylist(list(read), schema=arrow_schema(step.writes)).to_pylist()
        return rows, read.told
    except UserError as error:
        return str(error)


def cut(step: Step, folder: Path, each: Pieces | None = None) -> Any:
    """The rows and what is told; None where they have to be read as a whole."""
    files = PartFiles(WorkFolder.of(folder))
    files.folder.ready()
    found = in_pieces(step, files, each or Pieces())
    return found and (PartRows(files.folder, tuple(found[0]), step.writes).to_list(), found[1])


def told(number: int, **more: Any) -> dict[str, Any]:
    return {"instruction": f"Question {number}?", "response": f"Answer {number}.", **more}


def jsonl(path: Path, rows: Sequence[Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), "utf-8")


ROWS = [told(number % 23, topic="abc"[number % 3]) for number in range(60)]


def of_jsonl(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    jsonl(path.with_suffix(".jsonl"), rows)


def of_csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path.with_suffix(".csv").write_text(text.getvalue(), "utf-8")


def of_parquet(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(list(rows)), path.with_suffix(".parquet"), row_group_size=7)


def of_arrow(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(list(rows))
    with pa.OSFile(str(path.with_suffix(".arrow")), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)


def of_feather(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    feather.write_feather(pa.Table.from_pylist(list(rows)), str(path.with_suffix(".feather")), chunksize=7)


def of_gzip(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.with_suffix(".jsonl.gz").write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))


WRITERS = {
    "jsonl": of_jsonl,
    "csv": of_csv,
    "parquet": of_parquet,
    "arrow": of_arrow,
    "feather": of_feather,
    "gzip": of_gzip,
}
CHOICES: list[dict[str, Any]] = [
    {},
    {"where": "topic != 'a'"},
    {"sample": 0.5},
    {"keep": ["topic"]},
    {"family": "topic"},
]


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("more", CHOICES, ids=str)
@pytest.mark.parametrize("section", ["examples", "seeds"])
def test_folders_of_files(kind: str, more: dict[str, Any], section: str, tmp_path: Path) -> None:
    """Rows that stand in several files are copies there, too."""
    (tmp_path / "rows").mkdir()
    for name, rows in (("a", ROWS), ("b", ROWS[5:30]), ("c", ROWS[40:])):
        WRITERS[kind](tmp_path / "rows" / name, rows)
    step, each = source(tmp_path, **{section: [{"path": "rows", **more}]}), Pieces()
    assert cut(step, tmp_path / "work", each) == whole(step)
    assert each.read >= 3
    if kind not in ("arrow", "gzip"):
        assert each.read > 3, "files themselves are cut"


def test_several_sources_in_their_order(tmp_path: Path) -> None:
    jsonl(tmp_path / "a.jsonl", ROWS)
    jsonl(tmp_path / "b.jsonl", ROWS[:9])
    jsonl(tmp_path / "s.jsonl", [{"prompt": f"Question {number % 7}?"} for number in range(40)])
    step = source(
        tmp_path,
        seeds=[{"prompts": ["Question 3?", "Question 50?"]}, {"path": "s.jsonl"}],
        examples=[{"path": "b.jsonl", "limit": 4}, {"path": "a.jsonl"}, {"path": "b.jsonl", "name": "more"}],
    )
    assert cut(step, tmp_path / "work") == whole(step)


def test_columns_are_those_that_the_first_rows_of_all_files_settle(tmp_path: Path) -> None:
    """The second file has other columns, the third lacks some, and a row within one is bad."""
    jsonl(tmp_path / "rows" / "a.jsonl", [*ROWS[:20], {"instruction": 5, "response": None}, [], *ROWS[20:]])
    turns = [{"role": "user", "content": "So?"}, {"role": "assistant", "content": "So."}]
    jsonl(tmp_path / "rows" / "b.jsonl", [{"messages": turns, "n": number} for number in range(30)])
    jsonl(tmp_path / "rows" / "c.jsonl", [{"instruction": f"{number}?", "odd": 1} for number in range(30)])
    step = source(tmp_path, examples=[{"path": "rows"}])
    found = cut(step, tmp_path / "work")
    assert found == whole(step)
    assert {each["defect"] for each in found[0]} > {None}


@pytest.mark.parametrize(
    "recipe",
    [
        {"examples": [{"path": "rows", "share": 0.5}, {"path": "other.jsonl"}]},
        {"examples": [{"path": "rows", "limit": 12}]},
        {"examples": [{"path": "rows", "sample": 12}]},
        {"examples": [{"path": "rows", "where": "topic == 'none'"}]},
        {"examples": [{"path": "rows", "where": "topic + 1 > 2"}]},
        {"examples": [{"path": "nothing"}]},
    ],
    ids=str,
)
def test_what_cannot_be_cut_is_read_as_a_whole(recipe: dict[str, Any], tmp_path: Path) -> None:
    jsonl(tmp_path / "rows" / "a.jsonl", ROWS)
    jsonl(tmp_path / "other.jsonl", ROWS[:9])
    try:
        step = source(tmp_path, **recipe)
    except UserError:
        return
    assert cut(step, tmp_path / "work") is None
    with OnDaft(tmp_path / "cache") as executor:
        try:
            done = executor.source(step, None)
            found: Any = (done.rows.to_list(), done.told)
        except UserError as error:
            found = str(error)
    assert found == whole(step)


def test_a_bad_line_is_told_with_its_place(tmp_path: Path) -> None:
    """The one that stands first, as where the files are read one after the other."""
    jsonl(tmp_path / "rows" / "a.jsonl", ROWS)
    for name in ("b.jsonl", "c.jsonl"):
        jsonl(tmp_path / "rows" / name, ROWS)
        with (tmp_path / "rows" / name).open("a") as file:
            file.write('{"instruction": \n' + json.dumps(ROWS[0]) + "\n")
    step = source(tmp_path, examples=[{"path": "rows"}])
    assert cut(step, tmp_path / "work") is None
    with OnDaft(tmp_path / "cache") as executor, pytest.raises(UserError, match=r"rows/b.jsonl:61:\d+: not JSON"):
        executor.source(step, None)


def test_what_was_read_is_not_read_again(tmp_path: Path) -> None:
    """Of a file that grew only what is behind is, and of a build that ended before its end what it had not read."""
    path = tmp_path / "rows" / "a.jsonl"
    jsonl(path, ROWS)
    jsonl(tmp_path / "rows" / "b.jsonl", ROWS)
    step, each = source(tmp_path, examples=[{"path": "rows"}]), Pieces()
    cut(step, tmp_path / "work", each)
    again = Pieces()
    cut(step, tmp_path / "work", again)
    assert again.read == 0
    with path.open("a") as file:
        file.write(json.dumps(told(99)) + "\n")
    grown, more = source(tmp_path, examples=[{"path": "rows"}]), Pieces()
    assert cut(grown, tmp_path / "work", more) == whole(grown)
    assert 1 <= more.read <= 2 < each.read
    next((tmp_path / "work").glob("*.parquet")).unlink()
    assert cut(grown, tmp_path / "work") == whole(grown)


def of_lines(text: str, folder: Path) -> tuple[Any, Any, int]:
    """What a CSV comes to in pieces and as a whole, and how many pieces were read."""
    (folder / "a.csv").write_bytes(text.encode())
    step, each = source(folder, examples=[{"path": "a.csv"}]), Pieces()
    return cut(step, folder / "work", each), whole(step), each.read


HEAD = "instruction,response,topic\n"


def test_a_csv_is_cut_between_its_rows(tmp_path: Path) -> None:
    """Rows with lines within, empty lines, and lines that end as on Windows."""
    rows = "".join(f'"Q {number}\n\nand ""more""?",A {number}.,x\n' + "\n" * (number % 5 == 0) for number in range(60))
    found, wanted, read = of_lines(HEAD + rows, tmp_path)
    assert found == wanted
    assert read > 3
    windows, wanted, read = of_lines((HEAD + rows).replace("\n", "\r\n"), tmp_path)
    assert windows == wanted
    assert read > 3


def test_a_csv_whose_quotation_marks_mislead_is_read_as_a_whole(tmp_path: Path) -> None:
    """One within a field is a letter, so that what stands between two of them may be the end of a row, or none."""
    odd = 'A pipe of 5",yes,x\n'
    rows = "".join(f'"Q {number}\nand more\nand more?",A {number}.,x\n' for number in range(60))
    found, wanted, _ = of_lines(HEAD + odd + rows, tmp_path)
    assert found is None
    assert len(wanted[0]) == 61
    even, wanted, _ = of_lines(HEAD + odd + odd + rows, tmp_path)
    assert even == wanted


def test_a_file_that_changes_meanwhile_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rows" / "a.jsonl"
    jsonl(path, ROWS)

    class Changing(Pieces):
        def __call__(self, tasks: Sequence[Any]) -> list[dict[str, Any]]:
            found = super().__call__(tasks)
            jsonl(path, ROWS[:-1])
            return found

    step = source(tmp_path, examples=[{"path": "rows"}])
    assert cut(step, tmp_path / "work", Changing()) is None
    assert "was changed while it was read" in str(whole(step))


@tries(6)
@given(
    st.lists(st.lists(st.one_of(usual, row), min_size=1, max_size=12), min_size=1, max_size=3),
    st.sampled_from(["examples", "seeds"]),
    st.sampled_from(["jsonl", "csv", "parquet"]),
)
def test_any_rows(files: list[list[dict[str, Any]]], section: str, kind: str) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        small(patch)
        folder = Path(name)
        (folder / "rows").mkdir()
        for number, rows in enumerate([*files, files[0]]):
            put(rows, kind, folder / "rows" / f"{number}.{kind}", "surrogates")
        try:
            step = source(folder, **{section: [{"path": "rows"}]})
        except UserError:
            return
        found = cut(step, folder / "work")
        assert found is None or found == whole(step)


def test_worker_processes_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_reader, "LOOKED_AT", 1000)
    monkeypatch.setenv("HFSFT_PROCESSES", "2")
    jsonl(tmp_path / "rows" / "a.jsonl", ROWS)
    jsonl(tmp_path / "rows" / "b.jsonl", ROWS)
    step = source(tmp_path, examples=[{"path": "rows"}])
    with OnDaft(tmp_path / "cache") as executor:
        done = executor.source(step, None)
    assert (done.rows.to_list(), done.told) == whole(step)
    assert max(part.length for part in done.rows.parts) > part_files.ROWS, "those of this process have no more"
