"""The server of a review in a thread of its own: `with Serving(reviewing) as served: served.url`."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from hfsft.review.page_server import serve
from hfsft.review.reviewing import Reviewing

if TYPE_CHECKING:
    from typing_extensions import Self


class Serving:
    """Serves a review while it is entered; `end` ends it before, as Ctrl-C would."""

    def __init__(self, reviewing: Reviewing, port: int = 0) -> None:
        self.reviewing, self.port = reviewing, port
        self.url = ""
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(10)

    def _serve(self) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.create_task(serve(self.reviewing, self.port, self._listens))
            with suppress(asyncio.CancelledError):
                await self._task

        asyncio.run(main())

    def run(self) -> None:
        """Serve in this thread, until the server ends by itself."""
        asyncio.run(serve(self.reviewing, self.port, self._listens))

    def _listens(self, url: str) -> None:
        self.url = url
        self._ready.set()
