"""A server of a test's own on loopback, in a thread with a loop of its own: `with Server() as server:`."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from typing_extensions import Self


class Loopback:
    """Serves what `routes` says at `url` while it is entered; at `port`, where that is set before."""

    port: int = 0
    most_bytes: int = 2**26  # of one request

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    def routes(self, app: web.Application) -> None:
        """Name the handlers of each address."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _serve(self, ready: threading.Event) -> None:
        async def main() -> None:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            app = web.Application(client_max_size=self.most_bytes)
            self.routes(app)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", self.port)
            await site.start()
            self.port = runner.addresses[0][1]
            ready.set()
            await self._stop.wait()
            await _turns()  # one that connected and left at once is seen to have left
            await runner.cleanup()
            await _turns()

        asyncio.run(main())


async def _turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
