"""What is looked for in one turn of the loop is read together, and each that looks gets its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from hfsft.errors import StoreError
from hfsft.models.model import Answer
from hfsft.models.store import store as stores
from hfsft.models.store.store import Store
from tests.models.store.test_store import entry, fill


@pytest.fixture
def reads(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many values each reading of the store asked for."""
    found, read = list[int](), store.read

    def counted(query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        found.append(len(values))
        return read(query, values)

    monkeypatch.setattr(store, "read", counted)
    return found


def test_many_that_look_at_once_read_the_store_together(
    store: Store, reads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_AT_ONCE", 8)
    entries = [entry(str(number)) for number in range(20)]
    fill(store, entries[::2])

    async def look() -> list[Answer | None]:
        return await asyncio.gather(*(store.find(each.key) for each in [*entries, *entries]))

    assert asyncio.run(look()) == [each.answer if number % 2 == 0 else None for number, each in enumerate(entries)] * 2
    assert reads == [8, 8, 4]


def test_what_was_written_since_is_found_and_another_loop_may_look(store: Store) -> None:
    one = entry("one")

    async def look() -> Answer | None:
        return await store.find(one.key)

    assert asyncio.run(look()) is None
    fill(store, [one])
    assert asyncio.run(look()) == one.answer


def test_one_that_is_stopped_leaves_the_others_their_answer(store: Store) -> None:
    one = entry("one")
    fill(store, [one])

    async def look() -> Any:
        stopped, other = (asyncio.ensure_future(store.find(one.key)) for _ in range(2))
        await asyncio.sleep(0)
        stopped.cancel()
        return await asyncio.gather(stopped, other, return_exceptions=True)

    stopped, other = asyncio.run(look())
    assert isinstance(stopped, asyncio.CancelledError)
    assert other == one.answer


def test_a_store_that_cannot_be_read_fails_each_that_looks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(keys: Sequence[str]) -> dict[str, Answer]:
        raise StoreError("the disk is full")

    monkeypatch.setattr(store, "_many", broken)

    async def look() -> Any:
        return await asyncio.gather(*map(store.find, ("a", "b", "a")), return_exceptions=True)

    assert [str(error) for error in asyncio.run(look())] == ["the disk is full"] * 3
