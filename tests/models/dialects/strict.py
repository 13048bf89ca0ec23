"""A server that refuses what its rules name, and hands out answers in pieces where it is asked to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from tests.models.server import LLM, Body, error

Rule = Callable[[Body], str]
"""What is wrong with a request, in the server's words; empty where nothing is."""


@dataclass
class Strict(LLM):
    """As `LLM`; `refused` counts what it refused, by its words. `cut` is how it answers what is not streamed."""

    rules: tuple[Rule, ...] = ()
    status: int = 400
    cut: Callable[[Body], web.Response | None] = lambda _: None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refused: list[str] = []

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        if said := next((said for rule in self.rules if (said := rule(body))), ""):
            self.refused.append(said)
            return error(self.status, said)
        if not body.get("stream"):
            return self.cut(body) or await super()._answer(request)
        self.requests.append(body)
        return web.Response(text=pieces(self._completion(body)), content_type="text/event-stream")


def pieces(whole: Body) -> str:
    """A whole answer as server-sent events."""
    choice = whole["choices"][0]
    words = choice["message"]["content"].split(" ")
    deltas = [{"content": word if number == 0 else f" {word}"} for number, word in enumerate(words)]
    events = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]})
    events.append({"choices": [], "usage": whole.get("usage")})
    told = (f"data: {json.dumps({'model': whole['model'], **event})}\n\n" for event in events)
    return ": hello\n\n" + "".join(told) + "data: [DONE]\n\n"


def takes_no(field: str) -> Rule:
    return lambda body: f"Unsupported parameter: '{field}' is not supported with this model." if field in body else ""


def not_both(body: Body) -> str:
    both = "temperature" in body and "top_p" in body
    return "`temperature` and `top_p` cannot both be specified for this model. Please use only one." if both else ""


def open_schemas(body: Body) -> str:
    words = (
        "Invalid JSON payload received. Unknown name \"additionalProperties\" at 'response_schema': Cannot find field."
    )
    return words if "additionalProperties" in json.dumps(body.get("response_format")) else ""


def no_system(body: Body) -> str:
    return "System role not supported" if body["messages"][0]["role"] == "system" else ""


def only_streams(body: Body) -> str:
    return "" if body.get("stream") else "This model only supports streaming: set stream to true"


def no_schema(body: Body) -> str:
    wrong = body.get("response_format", {}).get("type") == "json_schema"
    return "'response_format.type': value is not one of the allowed values ['text', 'json_object']" if wrong else ""


def newer(body: Body) -> str:
    return "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead." if "max_tokens" in body else ""
