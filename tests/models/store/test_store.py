"""The response store: one answer per request for ever, shared by processes, mended when damaged."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from hfsft.errors import StoreError
from hfsft.models.http.wire import key_of
from hfsft.models.model import Answer, TokenProbability
from hfsft.models.store import archive
from hfsft.models.store.store import Entry, Store, default_path, write
from hfsft.models.store.writer import Writer
from tests.models.fixture import one, rows
from tests.models.server import LLM


def entry(name: str, text: str = "", **more: str) -> Entry:
    request = json.dumps({"name": name})
    return Entry(key_of(request), request, Answer(text or f"answer to {name}"), more.pop("model", "m"), **more)


def fill(store: Store, entries: list[Entry]) -> None:
    with closing(store.connect()) as connection:
        write(connection, entries)


def test_an_answer_comes_back_word_for_word(store: Store) -> None:
    answer = Answer("täxt\x00 \n", "thought", "length", 12, None, "m-2026", {"a": [1]})
    fill(store, [Entry("ab" * 32, "{}", answer, "m")])
    assert store.get("ab" * 32) == answer
    assert store.get("cd" * 32) is None


CALLS = ({"id": "c1", "name": "weather", "arguments": '{"city": "Tromsø"}'},)
PLACES = (TokenProbability(" 4", -0.25, ((" 4", -0.25), ("5", -1.5))), TokenProbability("<eos>", 0.0))


def test_calls_and_probabilities_come_back_with_the_answer(store: Store) -> None:
    answer, key = Answer("4", extra={"a": [1]}, tool_calls=CALLS, logprobs=PLACES), entry("four").key
    fill(store, [replace(entry("four"), answer=answer)])
    assert store.get(key) == answer
    assert archive.verify(store) == archive.Verified(1, 0, "")
    (exported,) = archive.entries(store)
    assert exported["extra"]["tool_calls"] == list(CALLS)
    assert json.loads(json.dumps(exported["extra"]["logprobs"]))[0] == [" 4", -0.25, [[" 4", -0.25], ["5", -1.5]]]
    fill(store, [entry("goes", model="other")])
    assert archive.prune(store, model="other") == 1
    assert store.get(key) == answer


def test_the_first_answer_stays_and_the_second_writer_gets_it(store: Store) -> None:
    async def both() -> list[Answer]:
        writers = [Writer(store), Writer(store)]
        kept = [await writer.add(entry("x", text)) for writer, text in zip(writers, ("first", "second"), strict=True)]
        for writer in writers:
            writer.close()
        return kept

    assert [answer.text for answer in asyncio.run(both())] == ["first", "first"]


def test_answers_that_come_together_are_committed_together(store: Store) -> None:
    async def many() -> int:
        writer = Writer(store)
        await writer.add(entry("warm"))
        before = archive.size(store)
        await asyncio.gather(*(writer.add(entry(f"n{index}")) for index in range(200)))
        grown = archive.size(store) - before
        writer.close()
        return grown

    # Alone, each commit writes a page of the table and one of the index, 8 KiB and more.
    assert asyncio.run(many()) < 200 * 4096


WRITE_MANY = """
import asyncio, hashlib, sys
from pathlib import Path
from hfsft.models.model import Answer, TokenProbability
from hfsft.models.store.store import Entry, Store
from hfsft.models.store.writer import Writer

async def main(path, name):
    with Store(Path(path)) as store:
        writer = Writer(store)
        for index in range(300):
            request = f'"{name}-{index}"'
            await writer.add(Entry(hashlib.sha256(request.encode()).hexdigest(), request, Answer("x"), "m"))
        writer.close()

asyncio.run(main(*sys.argv[1:]))
"""


def test_several_processes_write_at_once(store: Store) -> None:
    commands = [[sys.executable, "-c", WRITE_MANY, str(store.path), name] for name in "abc"]
    for process in [subprocess.Popen(command, cwd=Path(__file__).parents[3]) for command in commands]:
        assert process.wait(60) == 0
    assert store.read("SELECT count(*) FROM answers") == [(900,)]
    assert archive.verify(store) == archive.Verified(900, 0, "")


def test_a_long_lock_of_another_process_is_waited_for_without_stopping_the_loop(store: Store) -> None:
    async def main() -> int:
        writer = Writer(store)
        await writer.add(entry("first"))
        with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            adding = asyncio.ensure_future(writer.add(entry("second")))
            beats = 0
            for _ in range(10):
                await asyncio.sleep(0.02)
                beats += 1
            assert not adding.done()
            other.execute("COMMIT")
        await adding
        writer.close()
        return beats

    assert asyncio.run(main()) == 10


def damage(path: Path, at: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xff" * length)


def test_a_damaged_page_is_set_aside_and_the_rest_is_saved(store: Store, caplog) -> None:
    fill(store, [entry(f"n{index}", "word " * 200) for index in range(500)])
    with closing(store.connect()) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    data = store.path.read_bytes()
    page = next(at for at in range(40 * 4096, len(data), 4096) if data.count(b"word", at, at + 4096) > 100)
    damage(store.path, page, 4096)
    found = sum(store.get(entry(f"n{index}").key) is not None for index in range(500))
    assert 480 <= found < 500
    assert "is damaged" in caplog.text
    assert "was set aside" in caplog.text
    assert len(list(store.path.parent.glob("*.damaged-*"))) == 1
    assert archive.verify(store).file == ""


@pytest.mark.parametrize("content", [b"not a database at all, but long" * 99, b"SQLite format 3\0"])
def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path, llm, make_pool, caplog, content: bytes) -> None:
    path = tmp_path / "broken.sqlite"
    path.write_bytes(content)
    pool = make_pool(store=Store(path))
    assert pool.drive("generate", rows(5), total=5) == {}
    assert "others will be asked again" in caplog.text
    make_pool(store=Store(path)).drive("generate", rows(5), total=5)
    assert len(llm.requests) == 5


def test_a_flipped_byte_in_an_answer_is_asked_again(llm, make_pool, store: Store) -> None:
    pool = make_pool()
    pool.drive("generate", [("r", one("x"))], total=1)
    with closing(store.connect()) as connection:
        connection.execute("UPDATE answers SET text = replace(text, 'x', 'y')")
    assert archive.verify(store) == archive.Verified(1, 1, "")
    pool.drive("generate", [("r", one("x"))], total=1)
    assert len(llm.requests) == 2
    assert pool.replay(one("x")).endswith("x")
    assert archive.verify(store) == archive.Verified(1, 0, "")


def test_a_store_that_is_deleted_while_in_use_is_made_again(llm, make_pool, store: Store) -> None:
    pool = make_pool()
    pool.drive("generate", rows(3), total=3)
    for file in store.path.parent.glob("responses.sqlite*"):
        file.unlink()
    pool.drive("generate", rows(3), total=3)
    assert len(llm.requests) == 6
    assert pool.replay(rows(1)[0][1])


def test_a_full_disk_stops_the_stage_and_keeps_what_is_there(llm, make_pool, store: Store, monkeypatch) -> None:
    make_pool().drive("generate", rows(20), total=20)
    connect = Store.connect

    def small(self: Store, wait: float = 1) -> sqlite3.Connection:
        connection = connect(self, wait)
        connection.execute("PRAGMA max_page_count=12")
        return connection

    monkeypatch.setattr(Store, "connect", small)
    pool = make_pool()
    with pytest.raises(StoreError, match="the disk is full; nothing kept so far is lost"):
        pool.drive("generate", rows(2000), total=2000)
    monkeypatch.undo()
    pool.close()  # a build that stopped: what it had open, and could not say so on a full disk, is waited for no more
    kept = store.read("SELECT count(*) FROM answers")[0][0]
    assert kept >= 20
    llm.settle()
    before = len(llm.requests)
    make_pool().drive("generate", rows(500), total=500)
    assert len(llm.requests) - before == 500 - kept


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        Store(tmp_path / "file" / "r.sqlite").get("00" * 32)


def test_the_store_lies_below_hf_home(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path))
    assert default_path() == tmp_path / "hfsft" / "responses.sqlite"


def test_answers_are_listed_exported_and_pruned_by_recipe_model_and_age(store: Store) -> None:
    fill(store, [entry(f"a{index}", recipe="alpha") for index in range(600)])
    fill(store, [entry("b", recipe="beta"), entry("c", recipe="beta", model="other")])
    with closing(store.connect()) as connection:
        connection.execute("UPDATE answers SET created = created - 1000 WHERE model = 'other'")
    held = archive.holdings(store)
    assert [(line.recipe, line.model, line.answers) for line in held] == [
        ("alpha", "m", 600), ("beta", "m", 1), ("beta", "other", 1),
    ]  # fmt: skip
    assert abs(held[2].oldest - (time.time() - 1000)) < 60
    assert archive.size(store) > held[0].bytes > 0

    file = io.StringIO()
    assert archive.export(store, file, recipe="beta") == 2
    exported = [json.loads(line) for line in file.getvalue().splitlines()]
    assert {each["request"]["name"]: each["text"] for each in exported} == {"b": "answer to b", "c": "answer to c"}

    assert archive.prune(store, older_than=500) == 1
    before = archive.size(store)
    assert archive.prune(store, recipe="alpha") == 600
    assert archive.size(store) < before
    assert [(line.recipe, line.model) for line in archive.holdings(store)] == [("beta", "m")]
    assert archive.prune(store, recipe="no-such") == 0
    assert archive.verify(store) == archive.Verified(1, 0, "")


def test_pruning_holds_the_file_for_no_longer_than_a_write(store: Store, monkeypatch) -> None:
    fill(store, [entry(f"a{index}", recipe="alpha" if index % 2 else "beta") for index in range(5000)])
    seen: list[str] = []
    connect = store.connect

    def traced() -> sqlite3.Connection:
        connection = connect()
        connection.set_trace_callback(seen.append)
        return connection

    monkeypatch.setattr(store, "connect", traced)
    before = store.path.stat().st_size
    assert archive.prune(store, recipe="alpha") == 2500
    assert store.path.stat().st_size < 0.7 * before
    assert [statement.split()[0] for statement in seen].count("COMMIT") == 5  # a chunk at a time
    assert not [statement for statement in seen if "VACUUM" in statement.split()]
    # Rows are found by walking on from the last chunk, and those that stayed moved to the end.
    assert len([statement for statement in seen if statement.startswith("SELECT rowid")]) == 6
    assert archive.verify(store) == archive.Verified(2500, 0, "")
    assert [line.recipe for line in archive.holdings(store)] == ["beta"]


def test_what_the_pool_stores_is_labelled(make_pool, store: Store, llm: LLM) -> None:
    make_pool(recipe="refunds").drive("generate", rows(3), total=3)
    (kept,) = list(archive.entries(store, recipe="refunds"))[:1]
    label = f"m-1 (localhost:{llm.port})"
    assert (kept["stage"], kept["model"], kept["served"], kept["finish_reason"]) == ("generate", label, "m-1", "stop")
    assert kept["seconds"] >= 0
    assert kept["input_tokens"] > 0
    whole = json.dumps(kept["request"], sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(whole.encode()).hexdigest() == kept["key"]


def test_a_model_is_found_by_its_name_wherever_it_was_served(store: Store) -> None:
    connection = store.connect()
    for number, model in enumerate(["m", "m (localhost:1)", "m (localhost:2)", "m-1 (localhost:1)", "n"]):
        write(connection, [Entry(f"{number:064x}", '"r"', Answer("x"), model)])
    connection.close()
    assert len(list(archive.entries(store, model="m"))) == 3
    assert archive.prune(store, model="m (localhost:2)") == 1
    assert archive.prune(store, model="m") == 2
    assert sorted(held.model for held in archive.holdings(store)) == ["m-1 (localhost:1)", "n"]


def test_what_is_committed_outlasts_a_power_cut_but_for_the_last_moments(store: Store) -> None:
    connection = store.connect()
    found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")]
    connection.close()
    assert found == [1, "wal"]  # NORMAL: the log is synced before the file is written to; no kill can show it


def test_a_new_file_is_made_by_many_at_once(tmp_path: Path) -> None:
    for number in range(20):
        made = [Store(tmp_path / f"{number}.sqlite") for _ in range(6)]
        with ThreadPoolExecutor(6) as threads:
            for connection in threads.map(Store.connect, made):
                connection.close()
