"""Answers that are deleted, exported or mended while others use the store: none is served after it, none is lost."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hfsft.cli import main
from hfsft.errors import StoreError
from hfsft.models.limits import prices, spending
from hfsft.models.model import Price
from hfsft.models.store import archive
from hfsft.models.store.store import Store, store_error
from hfsft.models.store.writer import Writer
from hfsft.pipeline import Watcher, run
from tests.models.server import LLM
from tests.models.store.test_store import damage, entry, fill
from tests.recipes import reply, support

if TYPE_CHECKING:
    from hfsft.models.limits.usage import Progress


@pytest.fixture
def server() -> Iterator[LLM]:
    with LLM(reply=reply) as llm:
        yield llm


def test_what_a_build_wrote_while_its_answers_were_deleted_is_not_taken_up(
    server: LLM, home: Path, tmp_path: Path
) -> None:
    recipe = support(server, count=4)
    pruned: list[int] = []

    def progress(now: Progress) -> None:
        if now.stage == "generate" and now.finished and not pruned:
            pruned.append(main(["store", "prune", "--model", "writer-1", "--yes"]))

    first, _ = run(recipe, out=tmp_path, watcher=Watcher(on_progress=progress))
    assert pruned == [0]
    assert first.usage.calls == 4 + 8 + 8
    second, _ = run(recipe, out=tmp_path)
    assert second.usage.calls == 4 + 8, "what the writer said was deleted; the judge's words on the same are kept"
    assert run(recipe, out=tmp_path)[0].usage.calls == 0


def test_an_export_beside_a_prune_writes_each_answer_once(store: Store) -> None:
    fill(store, [entry(f"n{index}", recipe="alpha" if index % 3 else "beta") for index in range(3000)])
    exported = archive.entries(store)
    found = [next(exported) for _ in range(700)]
    assert archive.prune(store, recipe="alpha") == 2000
    found += exported
    keys = [each["key"] for each in found]
    assert len(keys) == len(set(keys))
    assert {each["key"] for each in archive.entries(store)} <= set(keys)


def damaged(store: Store) -> None:
    fill(store, [entry(f"n{index}", "word " * 200) for index in range(500)])
    with closing(store.connect()) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = store.path.read_bytes()
    page = next(at for at in range(40 * 4096, len(data), 4096) if data.count(b"word", at, at + 4096) > 100)
    damage(store.path, page, 4096)


def test_whoever_has_the_file_open_goes_on_with_it_when_it_is_mended(store: Store) -> None:
    store.get("00" * 32)
    with closing(store.connect()) as other:
        damaged(store)
        store.close()
        with Store(store.path) as mending:
            assert sum(mending.get(entry(f"n{index}").key) is not None for index in range(500)) >= 480
            assert archive.verify(mending).file == ""
            other.execute("INSERT INTO prices VALUES ('r', 'm', 1, 2)")
            assert prices.known(mending) == {("r", "m"): Price(input=1, output=2)}
    with Store(store.path) as after:
        assert prices.known(after) == {("r", "m"): Price(input=1, output=2)}


def test_a_file_that_is_none_is_replaced_and_its_log_with_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a new file the moment that the old one is gone keeps what it writes there."""
    fill(store, [entry("before")])
    store.close()
    store.path.write_bytes(b"no database at all" * 300)
    replace, opened = Path.replace, []

    def interrupted(self: Path, target: Path) -> Any:
        done = replace(self, target)
        if self == store.path:
            connection = sqlite3.connect(store.path, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE IF NOT EXISTS prices (recipe TEXT, model TEXT, input REAL, output REAL)")
            connection.execute("INSERT INTO prices VALUES ('r', 'm', 1, 2)")
            opened.append(connection)
        return done

    monkeypatch.setattr(Path, "replace", interrupted)
    assert store.get("00" * 32) is None
    monkeypatch.undo()
    assert len(opened) == 1
    with Store(store.path) as after:
        assert prices.known(after) == {("r", "m"): Price(input=1, output=2)}
    opened[0].close()


def test_what_was_spent_and_deleted_is_known_after_damage(store: Store) -> None:
    with closing(store.connect()) as connection:
        connection.execute("INSERT INTO spending VALUES ('r', 'm', 9, 100, 200, 0.5, 0, 0)")
    fill(store, [entry("gone", recipe="r")])
    assert archive.prune(store, recipe="r") == 1
    mark = store.pruned()
    assert mark
    damaged(store)
    store.close()
    assert store.get(entry("n0").key)
    archive.verify(store)
    for index in range(500):
        store.get(entry(f"n{index}").key)
    assert store.pruned() == mark
    assert spending.spent(store, "r", {})["m"].calls == 9
    assert archive.prune(store, model="m")
    assert store.pruned() != mark


OPENS = """
import sys
from pathlib import Path
from contextlib import closing
from hfsft.models.store.store import Store, write, Entry
from hfsft.models.model import Answer

sys.stdin.readline()
with Store(Path(sys.argv[1])) as store, closing(store.connect()) as connection:
    write(connection, [Entry(sys.argv[2] * 32, "{}", Answer("x"), "m")])
"""


def test_many_processes_make_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite"
    opening = [
        subprocess.Popen(
            [sys.executable, "-c", OPENS, str(path), f"a{number}"],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        for number in range(6)
    ]
    ended = [process.communicate("go\n", timeout=60)[1] for process in opening]
    assert [process.returncode for process in opening] == [0] * 6, ended
    with Store(path) as store:
        assert store.read("SELECT count(*) FROM answers") == [(6,)]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("database or disk is full", "the disk is full; nothing kept so far is lost"),
        ("attempt to write a readonly database", "cannot be written; set HF_HOME"),
        ("unable to open database file", "unable to open"),
        ("database is locked", "another process has held the file for 60 s"),
        ("locking protocol", "does not lock files as SQLite needs it, .*; set HF_HOME to a folder on a local disk"),
        ("disk I/O error", "or its disk fails; set HF_HOME to a folder on a local disk"),
    ],
)
def test_every_failure_of_the_file_says_what_to_do(tmp_path: Path, said: str, told: str) -> None:
    with pytest.raises(StoreError, match=told):
        raise store_error(tmp_path / "r.sqlite", sqlite3.OperationalError(said))


def test_a_lock_that_nobody_gives_back_ends_with_a_word(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    monkeypatch.setattr("hfsft.models.store.writer.LOCK_SECONDS", 0.2)

    async def main() -> None:
        writer = Writer(store)
        await writer.add(entry("first"))
        with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="another process has held the file"):
                await writer.add(entry("second"))
            other.execute("ROLLBACK")
        await writer.add(entry("third"))
        writer.close()

    asyncio.run(main())
    assert [json.loads(request)["name"] for (request,) in store.read("SELECT request FROM answers")] == [
        "first",
        "third",
    ]
