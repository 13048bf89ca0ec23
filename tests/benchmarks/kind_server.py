"""A server of one kind: it answers one customer a row, known by the number of the order in the prompt, judges such
answers, and counts what it would bill."""

from __future__ import annotations

import json
import re
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.models.server import LLM, Body

ROWS = 60
CRITERIA = ("relevance", "usefulness")


def right(row: int) -> str:
    """The answer to one customer, to the letter."""
    return f"Order {row} was charged twice by mistake. We refund it within {row % 9 + 2} days, and write to you."


@dataclass
class Turn:
    """One request as it came."""

    server: KindServer
    body: Body
    request: web.Request

    @property
    def said(self) -> str:
        return json.dumps(self.body["messages"], ensure_ascii=False)

    @property
    def judging(self) -> bool:
        return "Does it help?" in self.said

    @property
    def row(self) -> int:
        return int(found[1]) if (found := re.search(r"order (\d+) was charged", self.said)) else -1

    @property
    def shape(self) -> str:
        return str(self.body.get("response_format", {}).get("type", ""))

    def writes(self, *rows: int) -> bool:
        """Whether it is an answer to one of these customers that is asked for."""
        return not self.judging and self.row in rows

    def first(self, what: str, times: int = 1) -> bool:
        """Whether this happens to the row for the first time, or one of the first `times`."""
        self.server.seen[what, self.row, self.judging] += 1
        return self.server.seen[what, self.row, self.judging] <= times

    def once(self, what: str, times: int = 1) -> bool:
        """Whether this happens at all for the first time, or one of the first `times`."""
        self.server.seen[what, 0, False] += 1
        return self.server.seen[what, 0, False] <= times

    def text(self, *, heeds: bool = True) -> str:
        """The right answer; of a judge that does not heed a schema a verdict in prose, unless it is told in words."""
        if not self.judging:
            return right(self.row)
        verdict = json.dumps({name: {"reason": f"about order {self.row}", "score": 4} for name in CRITERIA})
        if self.shape == "json_schema" and heeds:
            return verdict
        told = "JSON Schema" in self.said or "as JSON only" in self.said
        return f"```json\n{verdict}\n```" if told else "I would give it a 4 for both: it names a date."

    def whole(self, text: str | None = None, finish: str | None = "stop", **more: Any) -> Body:
        """A completion, which the server counts. `thought` tokens beside the text, `usage` and `message` in it."""
        text = self.text() if text is None else text
        read, written = more.pop("read", len(self.said) // 4), len(text) // 4 + 1 + more.pop("thought", 0)
        self.server.billed.update(input=read, output=written, answers=1)
        usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text, **more.pop("message", {})},
            "finish_reason": finish,
            **more.pop("choice", {}),
        }
        return {
            "id": "c-1", "object": "chat.completion", "created": int(time.time()), "model": self.body["model"],
            "choices": [choice], "usage": {**usage, **more.pop("usage", {})}, **more,
        }  # fmt: skip


Answer = Callable[[Turn], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Kind:
    """One kind of server; `failed` is what becomes of its 60 rows, by cause, where they are not kept."""

    name: str
    answer: Answer
    failed: dict[str, int] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    base: str = "/v1"


class KindServer(LLM):
    """Serves one kind at any address, and counts what it would bill."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        self.seen: Counter[tuple[str, int, bool]] = Counter()
        self.billed: Counter[str] = Counter()
        self.sent: deque[float] = deque()
        self.path = r"/{way:.*}chat/completions"

    @property
    def address(self) -> str:
        return self.url.removesuffix("/v1") + self.kind.base

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        self.requests.append(body)
        return await self.kind.answer(Turn(self, body, request))


def said(status: int, body: Any, **headers: str) -> web.Response:
    return web.json_response(body, status=status, headers={name.replace("_", "-"): v for name, v in headers.items()})


def error(status: int, message: str, *, headers: dict[str, str] | None = None, **more: Any) -> web.Response:
    return said(status, {"error": {"message": message, "type": "invalid_request_error", **more}}, **(headers or {}))


def in_pieces(whole: Body, comment: str = ": hello\n\n", between: str = "") -> web.Response:
    """A whole answer as server-sent events."""
    choice = whole["choices"][0]
    message = choice["message"]
    events: list[Body] = [{"delta": {"role": "assistant", "content": ""}, "finish_reason": None}]
    for name in ("reasoning_content", "reasoning", "content"):
        for part in re.findall(r"\S+\s*|\s+", message.get(name) or ""):
            events.append({"delta": {name: part}, "finish_reason": None})
    rest = {name: value for name, value in choice.items() if name not in ("message", "index")}
    events.append({"delta": {}, **rest})
    lines = [{"choices": [{"index": 0, **event}]} for event in events]
    lines.append({"choices": [], "usage": whole["usage"]})
    told = between.join(
        f"data: {json.dumps({'id': 'c-1', 'object': 'chat.completion.chunk', 'model': whole['model'], **line})}\n\n"
        for line in lines
    )
    return web.Response(text=f"{comment}{told}data: [DONE]\n\n", content_type="text/event-stream")
