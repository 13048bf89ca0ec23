"""An OpenAI-compatible server on loopback that answers by rule and fails on purpose.

What it does with a request depends on the request alone (its hash) and on how often it came, never on time or order:
so a test knows each answer beforehand, and two builds meet the same faults.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.models.loopback import Loopback
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

Body = dict[str, Any]

# Healed by asking again; the row must come through.
HEALING = (
    "429", "429_after", "429_date", "500", "502", "503", "reset_before", "reset_after", "truncated", "wrong_json",
    "empty_choices", "html", "error_200", "slow",
)  # fmt: skip
# True of the request itself: asking again changes nothing.
LASTING = ("length", "content_filter", "no_text", "bad_request", "context_length")


def said_to(body: Body) -> str:
    """The text of the last message."""
    return str(body["messages"][-1]["content"])


def echo(body: Body) -> str:
    """The default answer: a hash of all messages, then the last of them."""
    return f"{digest(body['messages'])[:12]} {said_to(body)}"


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def instance(schema: Body) -> Any:
    """The smallest value that follows a schema."""
    kind = schema.get("type")
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object":
        return {name: instance(inner) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [instance(schema.get("items", {}))] * schema.get("minItems", 1)
    return {"integer": schema.get("minimum", 1), "number": schema.get("minimum", 1.0), "boolean": True}.get(kind, "ok")


@dataclass
class LLM(Loopback):
    """`with LLM(...) as llm:` serves at `llm.url`; what came is in `llm.requests`, how often in `llm.asked`."""

    reply: Callable[[Body], str] = echo
    latency: float = 0.0
    hold: Callable[[Body], bool] | None = None  # a body is not answered as long as this holds of it
    faults: tuple[str, ...] = ()  # of these, each request that is hit meets one
    share: float = 0.0  # of the requests that are hit
    times: int = 1  # a healing fault comes so often, then the request is answered
    fault: Callable[[Body, int], str] | None = None  # instead: the fault of one body at its nth coming, from 1
    takes_schema: bool = True
    models: tuple[str, ...] = ()  # names it knows; all if empty
    key: str = ""  # the only one it lets in; any if empty
    headers: dict[str, str] = field(default_factory=dict)  # of every answer
    port: int = 0
    drip_seconds: float = 30.0
    most_open: int = 0
    usage: bool = True
    refuses: tuple[str, ...] = ()  # parts of a request: fields of its body, or `system`
    gives: tuple[str, ...] = ()  # of logprobs, tools and stream, what it answers with where that is asked for
    heeds_schema: bool = True
    reasoning_tokens: int = 0
    path: str = "/v1/chat/completions"  # where it is asked, as aiohttp writes a route

    def __post_init__(self) -> None:
        self.requests: list[Body] = []
        self.sent_headers: list[dict[str, str]] = []
        self.asked: Counter[str] = Counter()  # by hash of the body
        self.met: Counter[str] = Counter()  # faults given
        self.answered = 0
        self.open = 0
        self.peak = 0

    def planned(self, body: Body) -> str:
        """The fault that this body meets, empty for none."""
        number = int(digest(body)[:8], 16)
        return self.faults[number % len(self.faults)] if number / 2**32 < self.share and self.faults else ""

    def settle(self) -> None:
        """Wait until all that clients have sent is in `requests`, and nothing is open: they may be dead by now."""
        for _ in range(20):  # turns of the loop: from a connection that waits to a request that is read takes a few
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._loop).result(60)
        until(lambda: not self.open, again=0.005)

    def routes(self, app: web.Application) -> None:
        app.router.add_post(self.path, self._chat)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        self.open += 1
        self.peak = max(self.peak, self.open)
        try:
            return await self._answer(request)
        finally:
            self.open -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        name = digest(body)
        self.requests.append(body)
        self.sent_headers.append(dict(request.headers))
        self.asked[name] += 1
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return error(401, f"Incorrect API key provided: {request.headers.get('Authorization')}")
        if self.models and body["model"] not in self.models:
            return error(404, f"The model {body['model']} does not exist")
        if not self.takes_schema and "response_format" in body:
            return error(400, "response_format is not supported")
        if part := next((part for part in self.refuses if part in body or _holds(body, part)), ""):
            hint = ". Use 'max_completion_tokens' instead" if part == "max_tokens" else ""
            return error(400, f"Unsupported parameter: '{part}'{hint}")
        if self.latency:
            await asyncio.sleep(self.latency)
        while self.hold and self.hold(body):  # noqa: ASYNC110 (a rule that hangs on anything has no event)
            await asyncio.sleep(0.005)
        if self.most_open and self.open > self.most_open:
            self.met["429"] += 1
            return error(429, "too many requests at once")
        fault = self._fault(body, self.asked[name])
        if fault:
            self.met[fault] += 1
            return await self._fail(fault, request, body)
        self.answered += 1
        if body.get("stream") and "stream" in self.gives:
            return web.Response(text='data: {"choices": []}\n\ndata: [DONE]\n\n', content_type="text/event-stream")
        return web.json_response(self._completion(body), headers=self.headers)

    def _fault(self, body: Body, coming: int) -> str:
        if self.fault:
            return self.fault(body, coming)
        planned = self.planned(body)
        return planned if planned in LASTING or coming <= self.times else ""

    def _completion(self, body: Body, text: str | None = None, finish: str = "stop", **more: Any) -> Body:
        if text is None and (shape := body.get("response_format")) and self.reply is echo and self.heeds_schema:
            text = json.dumps(instance(shape["json_schema"]["schema"]))
        text = self.reply(body) if text is None else text
        usage: Body = {"prompt_tokens": len(json.dumps(body["messages"])) // 4, "completion_tokens": len(text) // 4 + 1}
        if self.reasoning_tokens:
            usage["completion_tokens_details"] = {"reasoning_tokens": self.reasoning_tokens}
        if body.get("tools") and "tools" in self.gives:
            more["tool_calls"] = [{"id": "1", "type": "function", "function": {"name": "greet", "arguments": "{}"}}]
        choice: Body = {"index": 0, "message": {"role": "assistant", "content": text, **more}, "finish_reason": finish}
        if body.get("logprobs") and "logprobs" in self.gives:
            choice["logprobs"] = {"content": [{"token": "a", "logprob": -0.1, "top_logprobs": []}]}
        return {
            "id": "chatcmpl-1", "object": "chat.completion", "created": int(time.time()), "model": body["model"],
            "choices": [choice], **({"usage": usage} if self.usage else {}),
        }  # fmt: skip

    async def _fail(self, fault: str, request: web.Request, body: Body) -> web.StreamResponse:
        if fault in {"500", "502", "503", "429"}:
            return error(int(fault), "something went wrong")
        if fault == "429_after":
            return error(429, "slow down", {"Retry-After": "0.05"})
        if fault == "429_date":
            return error(429, "slow down", {"Retry-After": formatdate(time.time() + 2, usegmt=True)})
        if fault == "429_hour":
            return error(429, "come back later", {"Retry-After": "3600"})
        if fault == "quota":
            return error(429, "You exceeded your current quota", code="insufficient_quota")
        if fault == "403":
            return error(403, "not for you")
        if fault == "bad_request":
            return error(400, "this request makes no sense")
        if fault == "context_length":
            return error(400, "maximum context length is 2048 tokens", code="context_length_exceeded")
        if fault == "error_200":
            return web.json_response({"error": {"message": "upstream broke", "code": 502}})
        if fault == "wrong_json":
            return web.json_response(["what?"])
        if fault == "empty_choices":
            return web.json_response({**self._completion(body), "choices": []})
        if fault == "html":
            return web.Response(text="<html><body><h1>Welcome</h1></body></html>", content_type="text/html")
        if fault == "truncated":
            return web.Response(text=json.dumps(self._completion(body))[:-40], content_type="application/json")
        if fault == "length":
            return web.json_response(self._completion(body, finish="length"))
        if fault == "content_filter":
            return web.json_response(self._completion(body, text="", finish="content_filter"))
        if fault == "no_text":
            return web.json_response(self._completion(body, text=""))
        if fault == "reasoning":
            return web.json_response(self._completion(body, reasoning_content="SECRET THOUGHT"))
        if fault == "think":
            return web.json_response(self._completion(body, text=f"<think>SECRET THOUGHT</think>\n{self.reply(body)}"))
        if fault == "reset_before":
            reset(request)
            return web.Response()
        return await self._broken_off(fault, request, body)

    async def _broken_off(self, fault: str, request: web.Request, body: Body) -> web.StreamResponse:
        whole = json.dumps(self._completion(body)).encode()
        response = web.StreamResponse(headers={"Content-Length": str(len(whole)), "Content-Type": "application/json"})
        await response.prepare(request)
        if fault == "slow":
            # A byte now and then: each gap is short, the whole is not.
            with contextlib.suppress(ConnectionError):  # the client leaves before the end
                for at in range(len(whole)):
                    await response.write(whole[at : at + 1])
                    await asyncio.sleep(self.drip_seconds / len(whole))
            return response
        await response.write(whole[: len(whole) // 2])
        reset(request)
        return response


def _holds(body: Body, part: str) -> bool:
    return part == "system" and any(message["role"] == "system" for message in body["messages"])


def error(status: int, message: str, headers: dict[str, str] | None = None, code: str = "") -> web.Response:
    found = {"error": {"message": message, "type": "error", "code": code or None}}
    return web.json_response(found, status=status, headers=headers)


def reset(request: web.Request) -> None:
    """Cut the connection without a farewell."""
    if request.transport is not None:
        request.transport.abort()
