"""A firewall before a server refuses some requests by what they say: those rows fail, the others go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from hfsft.errors import ModelError
from tests.models.fixture import one, rows
from tests.models.server import LLM

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = "<!DOCTYPE html><html><head><title>Sorry</title></head><body>You have been blocked. Cloudflare</body></html>"


class Walled(LLM):
    """Lets in what does not speak of tables that are dropped."""

    word = "drop table"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.word in await request.text():
            self.met["wall"] += 1
            return web.Response(text=PAGE, status=403, content_type="text/html")
        return await super()._answer(request)


def test_a_request_that_a_firewall_stops_fails_its_row_alone(make_pool: Callable[..., object]) -> None:
    with Walled() as llm:
        pool = make_pool(model={"base_url": llm.url, "concurrency": 1})
        tasks = [*rows(3), ("walled", one("drop table users")), *((f"more-{n}", one(f"more {n}")) for n in range(30))]
        failures = pool.drive("generate", tasks, total=34)  # type: ignore[attr-defined]
        assert {row: error.cause for row, error in failures.items()} == {"walled": "firewall"}
        assert "You have been blocked" in str(failures["walled"])
        assert llm.met["wall"] == 2


def test_where_nobody_is_let_in_the_build_stops_and_does_not_blame_the_key(make_pool: Callable[..., object]) -> None:
    with Walled() as llm:
        llm.word = "messages"
        with pytest.raises(ModelError, match=r"403: You have been blocked.* a firewall before the server") as error:
            make_pool(model={"base_url": llm.url}).drive("generate", rows(5), total=5)  # type: ignore[attr-defined]
        assert "this key" not in str(error.value)
