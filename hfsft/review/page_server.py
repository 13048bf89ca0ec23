"""The server of a review on 127.0.0.1: the page, the rows one by one, and verdicts on their way to the file.

A verdict is answered only when it is on disk. Whatever the review raises is answered as an error that the page tells,
with what was typed still in it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from aiohttp import web

from hfsft.errors import HfsftError, UserError
from hfsft.plain import plain
from hfsft.review.edited_texts import columns_of, texts_of
from hfsft.review.review_page import page_of
from hfsft.review.reviewing import ChangedRowError, Reviewing, UnknownRowError, VerdictFields
from hfsft.review.row_view import ROW_TEXTS
from hfsft.review.security import Access, policy
from hfsft.review.verdict_fields import checked
from hfsft.rows.reading.edited_row import fault

MOST_BYTES = 2**24
"""Of one verdict: every text of the longest rows written anew."""
Answer = TypeVar("Answer")


class ReviewServer:
    """Answers the page of one review."""

    def __init__(self, reviewing: Reviewing, access: Access) -> None:
        self.reviewing, self.access = reviewing, access
        self._worker = ThreadPoolExecutor(1, "review")
        self._saw_scores: set[str] = set()  # rows whose scores were asked for before there was a verdict

    def application(self) -> web.Application:
        """The addresses below the token."""
        app = web.Application(client_max_size=MOST_BYTES, middlewares=[self.access.middleware])
        root = f"/{self.access.token}"
        app.router.add_get(f"{root}/", self._page)
        app.router.add_get(f"{root}/queue", self._answering(self._queue))
        app.router.add_get(f"{root}/found", self._answering(self._found))
        app.router.add_get(f"{root}/row/{{id}}", self._answering(self._row))
        app.router.add_get(f"{root}/scores/{{id}}", self._answering(self._scores))
        app.router.add_post(f"{root}/verdict", self._answering(self._verdict))
        app.router.add_post(f"{root}/undo", self._answering(self._undo))
        app.on_cleanup.append(self._end)
        return app

    async def _end(self, app: web.Application) -> None:
        """A verdict that is being written is written to its end."""
        await asyncio.to_thread(self._worker.shutdown)

    async def _call(self, ask: Callable[..., Answer], *given: Any) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._worker, ask, *given)

    def _answering(self, asked: Callable[[Mapping[str, str], Any], Any]) -> Callable[[web.Request], Any]:
        """A handler of what `asked` says of the parts of the address and the JSON that was sent, off the loop."""

        async def answer(request: web.Request) -> web.Response:
            try:
                sent = json.loads(await request.read()) if request.method == "POST" else None
                said = await self._call(asked, {**request.query, **request.match_info}, sent)
            except UnknownRowError as error:
                return _error(404, error)
            except ChangedRowError as error:
                return _error(409, error)
            except (ValueError, RecursionError) as error:
                return _error(400, error)
            except (OSError, HfsftError) as error:
                return _error(500, error)
            return web.json_response(said)

        return answer

    async def _page(self, request: web.Request) -> web.Response:
        made = await self._call(page_of, self.reviewing)
        headers = {"Content-Security-Policy": policy(made.scripts, made.style)}
        return web.Response(text=made.html, content_type="text/html", charset="utf-8", headers=headers)

    def _queue(self, named: Mapping[str, str], sent: Any) -> Any:
        rows = [{**row, "verdict": _in_short(row["verdict"])} for row in self.reviewing.queue()]
        return {"rows": rows, "start": self.reviewing.following(None), "progress": self.reviewing.progress()}

    def _found(self, named: Mapping[str, str], sent: Any) -> Any:
        words = named.get("words", "").split()
        return {"ids": list(self.reviewing.found(words)) if words else None}

    def _row(self, named: Mapping[str, str], sent: Any) -> Any:
        row = dict(self.reviewing.row(named["id"]))
        texts, verdict = row.pop(ROW_TEXTS), self._standing(named["id"])
        edit = texts_of(verdict["edit"], texts) if verdict and verdict.get("edit") else None
        return {**row, "verdict": {**verdict, "edit": edit} if verdict and edit else verdict}

    def _scores(self, named: Mapping[str, str], sent: Any) -> Any:
        scores = self.reviewing.scores(named["id"])
        if self._standing(named["id"]) is None:
            self._saw_scores.add(named["id"])
        return {"scores": scores}

    def _verdict(self, named: Mapping[str, str], sent: Any) -> Any:
        if not isinstance(sent, dict) or not all(isinstance(sent.get(name), str) for name in ("id", "content")):
            raise ValueError("a verdict names the row by its id and its content")
        name, content = sent.pop("id"), sent.pop("content")
        row = self.reviewing.row(name)
        if content != row["content"]:  # told before an edit of texts that it has no more
            raise ChangedRowError(f"row {plain(name)} says something else now")
        fields = checked(sent, self.reviewing.criteria, self.reviewing.reasons, row["editable"])
        if "edit" in fields:
            fields["edit"] = columns_of(fields["edit"], row[ROW_TEXTS])
            if wrong := fault(fields["edit"]):
                raise ValueError(f"the row cannot be edited so: {wrong}")
        if name in self._saw_scores:
            fields["saw_scores"] = True
        self.reviewing.keep(name, content, fields)
        return {"verdict": _in_short(fields), **self._on(name)}

    def _undo(self, named: Mapping[str, str], sent: Any) -> Any:
        undone = self.reviewing.undo()
        if undone is None:
            return {"id": None, **self._on(None)}
        name, taken = undone
        if edit := taken.get("edit"):
            taken = {**taken, "edit": texts_of(edit, self.reviewing.row(name)[ROW_TEXTS])}
        return {"id": name, "taken": taken, **self._on(name)}

    def _on(self, name: str | None) -> dict[str, Any]:
        return {"next": self.reviewing.following(name), "progress": self.reviewing.progress()}

    def _standing(self, name: str) -> VerdictFields | None:
        return next((each["verdict"] for each in self.reviewing.queue() if each["id"] == name), None)


def _in_short(fields: VerdictFields | None) -> dict[str, Any] | None:
    """A verdict as the list of rows shows it: whether there is an edit, and not all that it says."""
    return None if fields is None else {**fields, **({"edit": True} if fields.get("edit") else {})}


def _error(status: int, error: Exception) -> web.Response:
    said = plain(str(error) or type(error).__name__, 1000)
    return web.json_response({"error": said}, status=status)


async def serve(reviewing: Reviewing, port: int, ready: Callable[[str], object]) -> None:
    """Answer on 127.0.0.1 until this is cancelled; `ready` gets the address once it can be opened.

    Raises `UserError` where the port (0: any that is free) is not to be had.
    """
    access = Access(port=port)
    runner = web.AppRunner(ReviewServer(reviewing, access).application(), access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        try:
            await site.start()
        except (OSError, OverflowError) as error:
            raise UserError(f"port {port} of 127.0.0.1 cannot be listened on: {plain(str(error))}") from None
        access.port = runner.addresses[0][1]
        ready(access.url)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
