"""Asking once more is given up where it helped none of the first few rows."""

from __future__ import annotations

import asyncio

from hfsft.models.limits.mends import TRIED, Mends


def test_the_first_few_are_asked_and_where_none_helps_no_other() -> None:
    async def told() -> list[bool]:
        mends = Mends()
        first = [await mends.may("judge", "no JSON") for _ in range(TRIED)]
        waiting = [asyncio.create_task(mends.may("judge", "no JSON")) for _ in range(3)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        for _ in range(TRIED):
            mends.ended("judge", "no JSON", helped=False)
        others = [await mends.may("judge", "no score"), await mends.may("label", "no JSON")]
        return [*first, *await asyncio.gather(*waiting), *others]

    assert asyncio.run(told()) == [True] * TRIED + [False] * 3 + [True] * 2


def test_one_that_helps_lets_all_others_ask() -> None:
    async def told() -> list[bool]:
        mends = Mends()
        for _ in range(TRIED):
            await mends.may("judge", "no JSON")
        waiting = [asyncio.create_task(mends.may("judge", "no JSON")) for _ in range(3 * TRIED)]
        await asyncio.sleep(0)
        mends.ended("judge", "no JSON", helped=False)
        mends.ended("judge", "no JSON", helped=True)
        return await asyncio.gather(*waiting)

    assert asyncio.run(told()) == [True] * 3 * TRIED


def test_one_that_never_came_makes_room_for_another() -> None:
    async def told() -> bool:
        mends = Mends()
        for _ in range(TRIED):
            await mends.may("judge", "no JSON")
        waiting = asyncio.create_task(mends.may("judge", "no JSON"))
        await asyncio.sleep(0)
        mends.ended("judge", "no JSON", helped=None)
        return await waiting

    assert asyncio.run(told())
