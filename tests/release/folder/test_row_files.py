"""The files of a build's rows are taken over by the next build where these are the same, and never otherwise."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from hfsft.pipeline import run
from hfsft.release.folder.file_names import FUNNEL
from hfsft.release.folder.previous import ROWS_OF, lent
from hfsft.release.folder.row_files import hang_on
from tests.release.samples import examples

NAMES = ("data", "provenance", "ledger.jsonl")


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] in NAMES
    }


def test_rows_are_written_once_where_they_and_their_files_are_the_same(tmp_path: Path, home: Path) -> None:
    built, folder = run(examples(30), out=tmp_path / "out")
    of = hang_on(built)
    assert json.loads((folder / FUNNEL).read_text())[ROWS_OF] == of
    new = tmp_path / "new"
    new.mkdir()
    assert lent(folder, new, of)
    assert files(new) == files(folder)
    assert len(files(new)) == 5

    plain = built.recipe.publish.model_copy(update={"max_length": 7})
    others = [
        replace(built, rows=built.rows.select(range(29))),
        replace(built, rows=built.rows.select([1, 0, *range(2, 30)])),
        replace(built, rows=built.rows.dataset().rename_column("topic", "subject")),
        replace(built, recipe=built.recipe.model_copy(update={"publish": plain})),
    ]
    assert len({of, *map(hang_on, others)}) == 5

    empty = tmp_path / "empty"
    empty.mkdir()
    assert not lent(folder, empty, hang_on(others[0]))
    (path,) = (folder / "data").glob("train-*")
    path.write_bytes(path.read_bytes() + b"mine")
    assert not lent(folder, empty, of), "what somebody changed by hand is not taken over"
    assert not lent(tmp_path / "none", empty, of)
    assert not list(empty.iterdir())
