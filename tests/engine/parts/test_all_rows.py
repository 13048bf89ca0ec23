"""What a step makes of all rows is kept as what differs, and read back as it was made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hfsft.engine.parts.all_rows import BASE, BY, PARTS, ROWS, before, keep, kept
from hfsft.engine.parts.files import LAID, Files
from hfsft.engine.parts.rows import Rows
from tests.engine.parts.test_rows import rows_of

STEP = "0" * 32
KINDS = {"family": "string", "near": ["int64"]}


def values(names: list[Any]) -> dict[str, pa.ChunkedArray]:
    near = [None if name is None else [len(name)] for name in names]
    return {
        "family": pa.chunked_array([pa.array(names, pa.string())]),
        "near": pa.chunked_array([pa.array(near, pa.list_(pa.int64()))]),
    }


def write(folder: Path, rows: Rows, names: list[Any]) -> None:
    keep(STEP, rows.key, "", ["id"], rows, values(names), Files(folder))


def read(folder: Path, rows: Rows) -> list[Any] | None:
    found = kept(STEP, rows.key, rows, KINDS, Files(folder))
    if found is None:
        return None
    assert found["near"].to_pylist() == values(found["family"].to_pylist())["near"].to_pylist()
    return list(found["family"].to_pylist())


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_was_kept_comes_back_whatever_was_kept_before(data: st.DataObject, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("cache")
    rows = rows_of(20, 6)
    made: dict[str, tuple[Rows, list[Any]]] = {}
    for _ in range(data.draw(st.integers(1, 4))):
        some = rows.select(data.draw(st.lists(st.sampled_from(range(26)), min_size=1, unique=True)))
        names = data.draw(
            st.lists(st.sampled_from(["a", "bb", None]), min_size=len(some), max_size=len(some))
            if data.draw(st.booleans())
            else st.just(["a"] * len(some))
        )
        if some.key not in made:
            write(folder, some, names)
            made[some.key] = some, names
    for some, names in made.values():
        assert read(folder, some) == names


def test_a_row_less_or_more_costs_next_to_nothing(tmp_path: Path) -> None:
    import hashlib

    rows = rows_of(40_000)
    names = [hashlib.sha256(str(number).encode()).hexdigest()[:16] for number in range(40_000)]
    write(tmp_path, rows, names)
    (first,) = tmp_path.iterdir()
    for chosen in (range(39_000), range(500, 40_000), [*range(0, 30_000, 2), *range(30_000, 40_000)]):
        some = rows.select(chosen)
        changed = [names[number] if number != 35_000 else "another" for number in chosen]
        write(tmp_path, some, changed)
        assert read(tmp_path, some) == changed
    sizes = sorted(path.stat().st_size for path in tmp_path.iterdir())
    assert sizes[-1] == first.stat().st_size
    assert sizes[-2] < 3000


@pytest.mark.parametrize("how", ["gone", "cut"])
def test_without_the_file_that_it_is_beside_nothing_is_read(tmp_path: Path, how: str) -> None:
    rows = rows_of(30)
    write(tmp_path, rows, ["a"] * 30)
    (base,) = tmp_path.iterdir()
    os.utime(base, (1, 1))
    fewer = rows.select(range(25))
    write(tmp_path, fewer, ["a"] * 25)
    assert base.stat().st_mtime > 1, "what is needed was used"
    assert read(tmp_path, fewer) == ["a"] * 25
    if how == "gone":
        base.unlink()
    else:
        base.write_bytes(base.read_bytes()[:-30])
    assert read(tmp_path, fewer) is None


@pytest.mark.parametrize("lost", [ROWS, PARTS, BY, BASE])
def test_a_file_that_is_laid_out_otherwise_is_made_anew(tmp_path: Path, lost: bytes) -> None:
    some, more = rows_of(20, 6).select(range(20)), rows_of(20, 6)
    write(tmp_path, some, ["a"] * 20)
    write(tmp_path, more, ["a"] * 26)
    for name, table in list(Files(tmp_path).tables(STEP)):
        notes = {key: value for key, value in table.schema.metadata.items() if key != lost}
        Files(tmp_path).pack(
            *name.removesuffix("-2").split("-"), pa.table(table.to_pydict(), table.schema.with_metadata(notes))
        )
    assert read(tmp_path, more) is None
    assert before(STEP, "", ["id"], more, KINDS, Files(tmp_path)) is None or lost == BASE
    write(tmp_path, more, ["b"] * 26)
    assert read(tmp_path, more) == ["b"] * 26


def test_a_file_of_another_layout_is_not_read(tmp_path: Path) -> None:
    rows = rows_of(20, 6)
    write(tmp_path, rows, ["a"] * 26)
    for path in tmp_path.glob(f"*{LAID}"):
        path.rename(path.with_name(path.name.replace(LAID, ".arrow")))
    assert read(tmp_path, rows) is None
