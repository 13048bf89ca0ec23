"""Sources that lie elsewhere, in an object store or on the Hub, are read in pieces as they are read as a whole."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engine.pieces.test_source_pieces import ROWS, Pieces, cut, small, source, told, whole
from tests.engine.stored.s3_server import KEYS, bucket, s3_server
from tests.hub.fixture import HubServer
from tests.rows.places.test_stored_files import lines, put

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as address:
        bucket(address, "rows")
        yield address


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    small(monkeypatch)
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": server, "AWS_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    return f"s3://rows/{tmp_path.name}"


def parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink, row_group_size=7)
    return sink.getvalue()


@pytest.mark.parametrize("more", [{}, {"where": "topic != 'a'", "keep": ["topic"]}, {"sample": 0.5}], ids=str)
def test_files_of_a_store(s3: str, tmp_path: Path, more: dict[str, Any]) -> None:
    """Each is a piece at least, and Parquet is cut by its row groups; what is as it was is not read again."""
    for name, content in {"a.jsonl": lines(ROWS), "b.parquet": parquet(ROWS), "c.jsonl": lines(ROWS[:20])}.items():
        put(s3, name, content)
    recipe = {"examples": [{"path": s3, **more}]}
    step, each = source(tmp_path, **recipe), Pieces()
    assert cut(step, tmp_path / "work", each) == whole(step)
    assert each.read > 3
    again = Pieces()
    cut(source(tmp_path, **recipe), tmp_path / "work", again)
    assert again.read == 0
    put(s3, "c.jsonl", lines(ROWS[30:50]))
    changed, few = source(tmp_path, **recipe), Pieces()
    assert cut(changed, tmp_path / "work", few) == whole(changed)
    assert few.read == (each.read if more.get("where") or more.get("sample") else 1)


def test_a_file_of_a_store_that_changes_meanwhile(s3: str, tmp_path: Path) -> None:
    put(s3, "a.jsonl", lines(ROWS))
    put(s3, "b.jsonl", lines(ROWS))
    step = source(tmp_path, examples=[{"path": s3}])
    put(s3, "b.jsonl", lines(ROWS[:-1]))
    assert cut(step, tmp_path / "work") is None
    assert "was changed while it was read" in str(whole(step))


PUSH = """
import io, json, sys
import huggingface_hub as h, pyarrow as pa, pyarrow.parquet as pq
api = h.HfApi()
api.create_repo("ana/src", repo_type="dataset", exist_ok=True)
for name, rows in json.loads(sys.argv[1]).items():
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink, row_group_size=7)
    api.upload_file(path_or_fileobj=sink.getvalue(), path_in_repo=name, repo_id="ana/src", repo_type="dataset")
"""
READ = """
import json, sys
from pathlib import Path
import pytest
from tests.engine.pieces.test_source_pieces import Pieces, cut, small, source, whole
small(pytest.MonkeyPatch())
found = []
for number, keys in enumerate(json.loads(sys.argv[1])):
    step, each = source(Path(), examples=[{"path": "ana/src", **keys}]), Pieces()
    pieces = cut(step, Path("work"), each)
    found.append([each.read, json.loads(json.dumps(pieces)) == json.loads(json.dumps(whole(step)))])
    if not found[-1][1]:
        print(pieces and pieces[0][:3], whole(step)[0][:3], file=sys.stderr)
print(json.dumps(found))
"""


def test_a_dataset_on_the_hub_is_read_by_its_files(hub: HubServer) -> None:
    """Their rows are as `datasets` makes them: here with the types of the first file, and in its order."""
    token, of = hub.token("ana"), {"PYTHONPATH": str(ROOT)}
    first = [told(number, topic="abc"[number % 3], n=number) for number in range(20)]
    other = [{"n": str(number), **told(number, topic=None)} for number in range(15, 30)]
    files = {"data/train-00000-of-00002.parquet": first, "data/train-00001-of-00002.parquet": other}
    hub.run(PUSH, json.dumps({**files, "data/test-00000-of-00001.parquet": first[:4]}), token=token)
    asked = [
        {"split": "train", "keep": ["n"]},
        {"split": "train", "where": "topic != 'a'"},
        {"split": "test"},
        {"split": "train", "sample": 0.4, "revision": "main"},
    ]
    found = hub.run(dedent(READ), json.dumps(asked), token=token, env=of).json()
    assert found == [[6, True], [6, True], [0, False], [6, True]]
    hub.run(PUSH, json.dumps({"data/train-00002-of-00003.parquet": first[:9]}), token=token)
    assert hub.run(dedent(READ), json.dumps(asked[:1]), token=token, env=of).json() == [[2, True]]


def test_what_is_no_parquet_and_what_is_not_there_is_read_as_a_whole(hub: HubServer) -> None:
    token, of = hub.token("ana"), {"PYTHONPATH": str(ROOT)}
    push = """
    import huggingface_hub as h
    h.HfApi().create_repo("ana/src", repo_type="dataset")
    h.HfApi().upload_file(path_or_fileobj=b'{"instruction": "q", "response": "a"}\\n' * 90, path_in_repo="a.jsonl",
                          repo_id="ana/src", repo_type="dataset")
    """
    hub.run(dedent(push), token=token)
    found = hub.run(dedent(READ), json.dumps([{}, {"split": "none"}]), token=token, env=of).json()
    assert [read for read, _ in found] == [0, 0]
