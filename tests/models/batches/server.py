"""A provider's batch API on loopback, with real files: what it does with a batch depends on how many came before.

Chat completions are answered too, one by one, so that a test sees what was asked in which way.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.models.loopback import Loopback
from tests.models.server import Body, echo, instance

Line = dict[str, Any]


def said(body: Body) -> str:
    """The default answer, which follows a schema where one is asked for."""
    shape = body.get("response_format")
    return json.dumps(instance(shape["json_schema"]["schema"])) if shape else echo(body)


def failed(status: int, message: str) -> Line:
    """What stands in the error file for a request that a server refused."""
    return {"response": {"status_code": status, "body": {"error": {"message": message}}}, "error": None}


def unfinished(code: str) -> Line:
    """What stands there for a request that was not begun."""
    return {"response": None, "error": {"code": code, "message": f"This request was not executed: {code}"}}


@dataclass
class Provider(Loopback):
    """`with Provider(...) as provider:` serves at `provider.url`."""

    reply: Callable[[Body], str] = said
    looks: int = 1  # a batch is under way for so many looks at it
    end: Callable[[int], str] = lambda number: "completed"  # the state that the nth batch ends in, from 1
    fault: Callable[[Line, int], Line | None] = lambda line, number: None  # what a line of the nth batch fails with
    refusals: Callable[[int], list[Line]] = lambda number: []  # the errors of a batch that ends as failed
    undone: Callable[[Line, int], bool] = lambda line, number: False  # nothing at all comes back for the line
    hold: Callable[[str], bool] = lambda step: False  # a step is not answered as long as this holds of it
    lose: Callable[[str, int], bool] = lambda step, number: False  # done, and the connection cut before it is said
    lacks: tuple[str, ...] = ()  # of files, batches, list, content
    key: str = ""
    together: bool = False  # its dialect
    more: list[bytes] = field(default_factory=list)  # lines that stand in each output file besides
    most_queued: int = 0  # requests that it takes in one batch
    port: int = 0
    most_bytes = 2**28

    def __post_init__(self) -> None:
        self.files: dict[str, tuple[str, bytes]] = {}
        self.batches: dict[str, Body] = {}
        self.asked: Counter[str] = Counter()  # by custom id, the lines of all batches that were created
        self.bodies: list[Body] = []  # of all those lines
        self.chats: list[Body] = []
        self.met: Counter[str] = Counter()  # steps
        self.headers: list[dict[str, str]] = []
        self.open: Counter[str] = Counter()

    def routes(self, app: web.Application) -> None:
        app.router.add_post("/v1/files", self._step("upload", self._upload))
        app.router.add_post("/v1/files/upload", self._step("upload", self._upload))
        app.router.add_get("/v1/files", self._step("files", self._list_files))
        app.router.add_get("/v1/files/{id}/content", self._step("content", self._content))
        app.router.add_get("/elsewhere/{id}", self._elsewhere)
        app.router.add_post("/v1/batches", self._step("create", self._create))
        app.router.add_get("/v1/batches", self._step("list", self._list))
        app.router.add_get("/v1/batches/{id}", self._step("look", self._look))
        app.router.add_post("/v1/chat/completions", self._step("chat", self._chat))

    def _step(self, name: str, handler: Any) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.headers.append(dict(request.headers))
            if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
                return _error(401, f"Incorrect API key provided: {request.headers.get('Authorization')}")
            if name in self.lacks:
                return _error(404, "Not Found")
            self.met[name] += 1
            self.open[name] += 1
            try:
                while self.hold(name):  # noqa: ASYNC110 (a rule that hangs on anything has no event)
                    await asyncio.sleep(0.005)
                if request.transport is None:  # who asked is gone, and nothing was done
                    return web.Response()
                response: web.StreamResponse = await handler(request)
                while self.hold(f"{name} done"):  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            finally:
                self.open[name] -= 1
            if self.lose(name, self.met[name]) and request.transport is not None:
                request.transport.abort()
            return response

        return handle

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        assert form["purpose"] == ("batch-api" if self.together else "batch")
        return web.json_response(self._keep(file.filename, file.file.read()))

    def _keep(self, filename: str, content: bytes) -> Body:
        number = f"file-{len(self.files) + 1}"
        self.files[number] = (filename, content)
        return self._file(number)

    def _file(self, id: str) -> Body:
        filename, content = self.files[id]
        return {"id": id, "object": "file", "filename": filename, "bytes": len(content), "purpose": "batch"}

    async def _list_files(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": list(map(self._file, reversed(self.files)))})

    async def _content(self, request: web.Request) -> web.Response:
        if self.together:
            raise web.HTTPFound(f"/elsewhere/{request.match_info['id']}")
        return web.Response(body=self.files[request.match_info["id"]][1])

    async def _elsewhere(self, request: web.Request) -> web.Response:
        assert "Authorization" not in request.headers
        return web.Response(body=self.files[request.match_info["id"]][1])

    async def _create(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        if self.together and "metadata" in wanted:
            return _error(400, "unknown field metadata")
        lines = [json.loads(line) for line in self.files[wanted["input_file_id"]][1].splitlines()]
        assert len({line["custom_id"] for line in lines}) == len(lines)
        assert {line["url"] for line in lines} == {wanted["endpoint"]} == {"/v1/chat/completions"}
        number = len(self.batches) + 1
        batch: Body = {
            "id": f"batch_{number}", "object": "batch", "endpoint": wanted["endpoint"], "status": "validating",
            "input_file_id": wanted["input_file_id"], "completion_window": wanted["completion_window"],
            "created_at": 1_700_000_000 + number, "metadata": wanted.get("metadata"),
            "output_file_id": None, "error_file_id": None, "errors": None,
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
        }  # fmt: skip
        self.batches[batch["id"]] = batch
        self.asked.update(line["custom_id"] for line in lines)
        self.bodies += [line["body"] for line in lines]
        self._lines = {**getattr(self, "_lines", {}), batch["id"]: lines}
        self._looks = {**getattr(self, "_looks", {}), batch["id"]: 0}
        return web.json_response({"job": self._told(batch), "warning": ""} if self.together else batch)

    def _told(self, batch: Body) -> Body:
        if not self.together:
            return batch
        kept = {name: value for name, value in batch.items() if name not in ("request_counts", "metadata")}
        return {**kept, "status": batch["status"].upper()}

    async def _list(self, request: web.Request) -> web.Response:
        newest = [self._told(batch) for batch in reversed(self.batches.values())]
        if self.together:
            return web.json_response(newest)
        after = request.query.get("after")
        start = 0 if after is None else [batch["id"] for batch in newest].index(after) + 1
        page = newest[start : start + 2]
        return web.json_response({"object": "list", "data": page, "has_more": start + 2 < len(newest)})

    async def _look(self, request: web.Request) -> web.Response:
        batch = self.batches.get(request.match_info["id"])
        if batch is None:
            return _error(404, "No such batch")
        self._looks[batch["id"]] += 1
        if batch["status"] in ("validating", "in_progress"):
            batch["status"] = "in_progress"
            if self._looks[batch["id"]] > self.looks:
                self._finish(batch)
        return web.json_response(self._told(batch))

    def cancel(self, id: str) -> None:
        """Cancel a batch as its owner may, at the provider's own page."""
        self.batches[id]["status"] = "cancelled"

    def _finish(self, batch: Body) -> None:
        number, lines = int(batch["id"].removeprefix("batch_")), self._lines[batch["id"]]
        batch["status"] = self.end(number)
        refusals = self.refusals(number)
        if self.most_queued and len(lines) > self.most_queued:
            batch["status"] = "failed"
            refusals = [
                {"code": "token_limit_exceeded", "message": "Enqueued token limit reached for m-1", "line": None}
            ]
        if batch["status"] == "failed":
            batch["errors"] = {"object": "list", "data": refusals}
            return
        answered, failures = list(self.more), []
        for line in reversed(lines):  # in another order than they came
            told = {"id": f"batch_req_{line['custom_id'][:8]}", "custom_id": line["custom_id"]}
            if fault := self.fault(line, number):
                failures.append(json.dumps({**told, **fault}).encode())
            elif not self.undone(line, number):
                response = {"status_code": 200, "request_id": "1", "body": self.completion(line["body"])}
                answered.append(json.dumps({**told, "response": response, "error": None}).encode())
        if answered:
            batch["output_file_id"] = self._keep("output.jsonl", b"\n".join(answered) + b"\n")["id"]
        if failures:
            batch["error_file_id"] = self._keep("errors.jsonl", b"\n".join(failures) + b"\n")["id"]
        batch["request_counts"] |= {"completed": len(answered), "failed": len(failures)}

    async def _chat(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.chats.append(body)
        return web.json_response(self.completion(body))

    def completion(self, body: Body) -> Body:
        text = self.reply(body)
        usage = {"prompt_tokens": len(json.dumps(body["messages"])) // 4, "completion_tokens": len(text) // 4 + 1}
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return {"id": "c", "object": "chat.completion", "model": body["model"], "choices": [choice], "usage": usage}


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"message": message, "type": "error", "code": None}}, status=status)
