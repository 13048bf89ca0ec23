"""A work folder: a file is there whole or not at all, wherever it is, and what is wrong says where and what to do."""

from __future__ import annotations

import json
import os
import pickle
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow.fs import FileSystem

from hfsft import cache
from hfsft.engine.on_daft.row_groups import PartWriter, read
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.stored import object_storage
from hfsft.errors import UserError
from tests.engine.stored.s3_server import bucket, s3_server

ROWS = pa.table({"text": ["one", "two", "three"], "number": [1, 2, 3]})
PLACES = ("path", "s3", "memory")


@pytest.fixture(params=PLACES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> WorkFolder:
    places: dict[str, Callable[[], str]] = {
        "path": lambda: str(tmp_path / "work"),
        "s3": lambda: str(request.getfixturevalue("s3")),
        "memory": lambda: f"memory://{tmp_path.name}",
    }
    found = WorkFolder.of(places[request.param]()).within("toy")
    found.ready()
    return found


def part(folder: WorkFolder, name: str, rows: pa.Table = ROWS) -> None:
    with PartWriter(folder, name, rows.schema) as writer:
        writer.write(rows)
        writer.note = "noted"


def test_a_part_is_read_as_it_was_written(folder: WorkFolder) -> None:
    part(folder, "a.parquet")
    other = pickle.loads(pickle.dumps(folder))
    assert other == folder
    assert pa.concat_tables(read(other, {"a.parquet": ["number"]}, 3)) == ROWS.select(["number"])
    assert other.noted("a.parquet") == "noted"
    assert other.whole("a.parquet")
    assert not other.whole("a.parquet", "b.parquet")
    assert other.noted("b.parquet") is None


def test_a_damaged_part_is_named(folder: WorkFolder) -> None:
    with folder.writing("a.parquet") as file:
        file.write(b"PAR1 and no footer of Parquet that means anything PAR1")
    with pytest.raises(UserError, match=r"toy/a\.parquet is damaged: delete it, and the same command makes it again$"):
        folder.parquet("a.parquet")
    assert folder.noted("a.parquet") is None


def test_text_is_kept(folder: WorkFolder) -> None:
    assert folder.text("note.json") is None
    folder.put("note.json", "ä")
    folder.put("note.json", "ö")
    assert folder.text("note.json") == "ö"


def test_of_a_part_that_was_given_up_nothing_is_there(folder: WorkFolder) -> None:
    many = pa.table({"text": [f"{number * 7919}" for number in range(9000)]})

    def breaks() -> None:
        with PartWriter(folder, "a.parquet", many.schema) as writer:
            writer.write(many)
            raise KeyError

    with pytest.raises(KeyError):
        breaks()
    assert not folder.whole("a.parquet")
    part(folder, "b.parquet")
    assert folder.whole("b.parquet")
    with pytest.raises(UserError, match="a file that was there is gone"):
        list(read(folder, {"a.parquet": ["text"]}, 9000))


def test_an_error_of_a_step_is_not_one_of_the_folder(folder: WorkFolder) -> None:
    with pytest.raises(FileNotFoundError), PartWriter(folder, "a.parquet", ROWS.schema):
        Path("/nowhere/at/all").read_text()


def test_files_go_that_neither_of_two_builds_used(folder: WorkFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*names: str, at: float) -> None:
        monkeypatch.setattr(cache, "YOUNG", -at), monkeypatch.setattr(object_storage, "YOUNG", -at)
        with folder.at_work(time.time() + at):
            for name in names:
                if not folder.whole(name):
                    part(folder, name)
            folder.used(names)
            if folder.place.startswith("/"):
                for name in names:
                    os.utime(f"{folder.place}/{name}", (time.time() + at,) * 2)

    build("a.parquet", "b.parquet", at=0)
    build("b.parquet", "c.parquet", at=10)
    assert folder.whole("a.parquet", "b.parquet", "c.parquet"), "the last build and the one before it"
    build("b.parquet", "d.parquet", at=20)
    assert folder.whole("b.parquet", "c.parquet", "d.parquet")
    assert not folder.whole("a.parquet")


def test_nothing_goes_while_another_build_is_at_work(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_storage, "YOUNG", -100.0)
    one, other = WorkFolder.of(s3), WorkFolder.of(f"{s3}?region=us-east-1")
    part(one, "old.parquet")
    with one.at_work(time.time() + 50):
        for number in range(2):
            with other.at_work(time.time() + 50):
                other.used([str(number)])
        assert WorkFolder.of(f"{s3}?region=eu-west-1").whole("old.parquet")
    with other.at_work(time.time() + 50):
        pass
    assert not WorkFolder.of(f"{s3}?region=eu-west-2").whole("old.parquet")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://", "names no bucket"),
        ("s3://key:secret@builds/x", "keys do not belong in an address"),
        ("nowhere://x", r"Protocol not known: nowhere \(there are paths, s3://bucket/folder, and what fsspec knows\)"),
        ("s3://builds/x?endpoint=1", "endpoint"),
    ],
)
def test_an_address_that_is_none(address: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as raised:
        WorkFolder.of(address).ready()
    assert "secret" not in str(raised.value)


@pytest.mark.skipif(sys.platform != "linux", reason="of other systems none is known where nobody can make a folder")
def test_a_folder_that_cannot_be_made() -> None:
    with pytest.raises(UserError, match=r"^/proc/none/x: no folder can be made there: name another \["):
        WorkFolder.of("/proc/none").within("x").ready()


def test_a_name_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "work").symlink_to(tmp_path / "gone")
    with pytest.raises(UserError, match=r"work/x: it is no folder: name another \["):
        WorkFolder.of(tmp_path / "work").within("x").ready()


def test_a_bucket_that_is_not_there(s3: str) -> None:
    folder = WorkFolder.of("s3://other/x")
    with pytest.raises(UserError, match=r"^s3://other/x: there is no such bucket: create it, or name another"):
        folder.ready()


def test_a_server_that_is_not_there(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="its server cannot be reached: see AWS_ENDPOINT_URL"):
        WorkFolder.of("s3://builds/x").ready()


def test_keys_that_may_not(tmp_path: Path) -> None:
    """The server asks for rights from its second request on."""
    with s3_server({"INITIAL_NO_AUTH_ACTION_COUNT": "2"}) as address:
        bucket(address, "builds")
        code = (
            "from hfsft.engine.on_daft.work_folder import WorkFolder; from hfsft.errors import UserError\n"
            "try: WorkFolder.of('s3://builds/x').ready()\nexcept UserError as error: print(error)"
        )
        keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_ENDPOINT_URL": address}
        said = subprocess.run([sys.executable, "-c", code], env={**os.environ, **keys}, capture_output=True, text=True)
        assert said.stdout.startswith("s3://builds/x: access was denied: the keys of every machine"), said


def test_region_and_server_are_those_of_the_tools_of_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    config = tmp_path / "config"
    config.write_text("[default]\nregion = eu-west-1\n[profile two]\nregion=eu-west-2\nendpoint_url = http://two\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert dict(WorkFolder.of("s3://a/b").settings) == {"region": "eu-west-1"}
    monkeypatch.setenv("AWS_PROFILE", "two")
    assert dict(WorkFolder.of("s3://a/b").settings) == {"region": "eu-west-2", "endpoint_override": "http://two"}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://all")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://s3")
    assert dict(WorkFolder.of("s3://a/b?region=here").settings) == {"region": "here", "endpoint_override": "http://s3"}
    assert WorkFolder.of("s3://a/b/?region=here").within("c").url("d") == "s3://a/b/c/d"


def test_arrow_finds_the_files_by_their_address(s3: str) -> None:
    folder = WorkFolder.of(s3)
    folder.put("a.json", json.dumps(1))
    files, path = FileSystem.from_uri(folder.url("a.json") + "?region=us-east-1")
    assert files.open_input_stream(path).read() == b"1"


def test_a_disk_that_is_full_leaves_nothing_half_there(tmp_path: Path) -> None:
    """A bound on the size of files is met as a full disk is."""
    folder = WorkFolder.of(tmp_path)
    many = pa.table({"text": [f"{number * 7919 % 100003}" for number in range(20000)]})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(UserError, match="a file may not grow so large there"):
            part(folder, "a.parquet", many)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
    part(folder, "a.parquet", many)
    assert folder.whole("a.parquet")
