"""A thousand rows at a server where every tenth meets a fault, each of the kinds in turn.

Half of the rows ask for JSON, a third for answers in pieces. What a row meets hangs on its number and on how often it
came, so that all is known beforehand: what it becomes, how often it is sent, what the server bills.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from hfsft.models.model import Answer, Model, Request
from hfsft.models.structured import ask
from tests.models.dialects.strict import pieces
from tests.models.server import LLM, Body, error, reset

ROWS = 1000
TIMEOUT = 4.0
SCHEMA = {
    "type": "object",
    "properties": {"said": {"type": "string"}, "sure": {"type": "integer", "minimum": 1, "maximum": 5}},
    "required": ["said", "sure"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Fault:
    """What a row meets: `sent` is how often it is sent, `cause` why it fails (empty: it is kept)."""

    sent: int = 2
    cause: str = ""
    asks: str = "either"  # `json` or `text` where only such a row can meet it


HEALED, KEPT = Fault(), Fault(1)
FAULTS: dict[str, Fault] = {
    # Statuses.
    **dict.fromkeys(
        ("408", "409", "425", "429", "498", "499", "500", "502", "503", "504", "520", "524", "529"), HEALED
    ),
    **dict.fromkeys(("429_after", "429_date", "429_list", "429_sentence", "504_after_silence", "gone"), HEALED),
    "bad_request": Fault(1, "bad_request", "text"),
    "context_length": Fault(1, "context_length"),
    "too_large": Fault(1, "context_length"),
    "prompt_filtered": Fault(1, "content_filter"),
    # Bodies.
    **dict.fromkeys(("reset_before", "reset_after", "truncated", "slow", "empty_body"), HEALED),
    **dict.fromkeys(("wrong_json", "empty_choices", "html", "error_200", "error_list_200"), HEALED),
    # Pieces.
    **dict.fromkeys(("pieces_end", "pieces_reset", "pieces_error", "pieces_garbled"), HEALED),
    "pieces_unasked": KEPT,
    # Endings.
    **dict.fromkeys(("error", "abort", "insufficient_system_resource", "error_in_choice", "load"), HEALED),
    **dict.fromkeys(("empty_once", "filtered_once", "blocked_once", "malformed_function_call"), HEALED),
    "no_text": Fault(3, "empty"),
    "content_filter": Fault(3, "content_filter"),
    "refusal": Fault(3, "content_filter"),
    "unknown_ending": Fault(1, "unknown_ending"),
    "length": Fault(1, "length"),
    "no_ending": KEPT,
    # Texts.
    **dict.fromkeys(("blanks", "think", "reasoning", "two_choices"), KEPT),
    "half_obeyed": Fault(2, asks="json"),
    "fenced": Fault(1, asks="json"),
    "wrong_side": Fault(1, asks="json"),
}


def fault_of(row: int) -> str:
    """The fault that a row meets, empty for none."""
    return list(FAULTS)[row // 10 % len(FAULTS)] if row % 10 == 7 else ""


def wants_json(row: int) -> bool:
    fault = FAULTS.get(fault_of(row), KEPT)
    return fault.asks == "json" or (fault.asks == "either" and (row // 10 // len(FAULTS) + row) % 2 == 0)


def right(row: int) -> str:
    """What each row is to be told."""
    return f"Row {row} is paid back within {row % 13 + 2} days."


def tasks() -> list[tuple[str, Callable[[], Any]]]:
    return [(str(row), _task(row)) for row in range(ROWS)]


def _task(row: int) -> Callable[[], Any]:
    turns = ({"role": "user", "content": f"What of row {row}?"},)
    request = Request("pieces" if row % 3 == 0 else "whole", turns, max_tokens=400)

    def start() -> Any:
        if wants_json(row):
            return (yield from ask(request, SCHEMA, lambda value: value["said"]))
        answer: Answer = yield request
        return answer.text

    return start


def models(url: str) -> dict[str, Model]:
    how: dict[str, Any] = {"base_url": url, "timeout": TIMEOUT, "concurrency": 32, "price": {"input": 1, "output": 2}}
    return {"whole": Model(model="w", **how), "pieces": Model(model="p", stream=True, **how)}


class EveryFault(LLM):
    """Serves them; `sent` counts what came, by row, and `billed` what was answered, in tokens."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.sent: Counter[int] = Counter()
        self.billed: Counter[str] = Counter()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        found = re.search(r"row (\d+)\?", json.dumps(body["messages"]))
        assert found
        row = int(found[1])
        self.requests.append(body)
        self.sent[row] += 1
        fault = fault_of(row)
        if not fault or (FAULTS[fault] == HEALED and self.sent[row] > 1):
            return self._given(body, self._whole(body, row))
        return await self._met(fault, request, body, row)

    def _given(self, body: Body, whole: Body) -> web.Response:
        """A whole answer, or pieces of it, whose tokens are billed."""
        self.billed.update(whole["usage"])
        if body.get("stream"):
            return web.Response(text=pieces(whole), content_type="text/event-stream")
        return web.json_response(whole)

    def _whole(self, body: Body, row: int, text: str | None = None, finish: str | None = "stop", **more: Any) -> Body:
        if text is None:
            text = json.dumps({"said": right(row), "sure": 4}) if "response_format" in body else right(row)
        whole = self._completion(body, text=text, finish="stop", **more)
        whole["choices"][0]["finish_reason"] = finish
        return whole

    async def _met(self, fault: str, request: web.Request, body: Body, row: int) -> web.StreamResponse:
        if fault.isdigit():
            return error(int(fault), "something went wrong")
        if (refused := _refused(fault)) is not None:
            return refused
        whole = self._whole(body, row)
        if fault == "504_after_silence":
            await asyncio.sleep(0.3)
            return web.Response(status=504, text="<html><h1>504 Gateway Time-out</h1></html>", content_type="text/html")
        if fault == "error_list_200":
            return web.json_response([{"error": {"message": "upstream broke", "code": 502}}])
        if fault == "empty_body":
            return web.Response(text="\n", content_type="application/json", status=502)
        if fault.startswith("pieces_"):
            return await self._broken_pieces(fault, request, body, whole)
        if (text := self._other(fault, body, row, whole)) is not None:
            return self._given(body, text)
        return await self._fail(fault, request, body)

    def _other(self, fault: str, body: Body, row: int, whole: Body) -> Body | None:
        """A whole answer with something wrong or odd in it; None where the fault is none of these."""
        text = whole["choices"][0]["message"]["content"]
        half = text[: len(text) // 2]
        if fault in ("error", "abort", "insufficient_system_resource", "load", "malformed_function_call"):
            return self._whole(body, row, half, fault)
        if fault in ("empty_once", "no_text"):
            return self._whole(body, row, "")
        if fault in ("filtered_once", "content_filter"):
            return self._whole(body, row, "", "content_filter")
        if fault == "blocked_once":
            return self._whole(body, row, half, "content_filter: RECITATION")
        if fault == "refusal":
            return self._whole(body, row, "", refusal="I cannot help with that.")
        if fault == "unknown_ending":
            return self._whole(body, row, half, "tuesday")
        if fault == "length":
            whole = self._whole(body, row, half, "length")
            whole["usage"]["completion_tokens"] = 400
            return whole
        if fault == "no_ending" and not body.get("stream"):
            return self._whole(body, row, finish=None)
        if fault == "no_ending":
            return whole
        if fault == "error_in_choice":
            whole = self._whole(body, row, half)
            whole["choices"][0]["error"] = {"code": 502, "message": "the machine is gone"}
            if body.get("stream"):
                whole["choices"][0]["finish_reason"] = "error"
            return whole
        return self._odd(fault, body, row, whole, text)

    def _odd(self, fault: str, body: Body, row: int, whole: Body, text: str) -> Body | None:
        if fault == "blanks":
            return self._whole(body, row, f"\n\n{text}\n")
        if fault == "think":
            return self._whole(body, row, f"<think>\nSECRET\n</think>\n\n{text}")
        if fault == "reasoning":
            return self._whole(body, row, reasoning_content="SECRET")
        if fault == "two_choices" and not body.get("stream"):
            other = self._whole(body, row, "SECRET")["choices"][0]
            whole["choices"].append({**other, "index": 1})
        if fault == "two_choices":
            return whole
        if fault == "fenced":
            return self._whole(body, row, f"Here it is:\n```json\n{text}\n```")
        if fault == "half_obeyed":
            return self._whole(body, row, json.dumps({"said": right(row)})) if len(body["messages"]) == 1 else whole
        if fault == "wrong_side":
            moved = whole["choices"][0]["message"]
            if not body.get("stream"):
                moved["content"], moved["reasoning_content"] = None, text
            return whole
        return None

    async def _broken_pieces(self, fault: str, request: web.Request, body: Body, whole: Body) -> web.StreamResponse:
        """Pieces of an answer, asked for or not, that break in the middle or are whole."""
        text = pieces(whole)
        if fault == "pieces_unasked":
            self.billed.update(whole["usage"])
            return web.Response(text=text, content_type="text/event-stream")
        events = text.split("\n\n")
        begun = "\n\n".join(events[: len(events) // 2]) + "\n\n"
        if fault == "pieces_error":
            begun += 'data: {"error": {"message": "upstream broke", "code": 502}}\n\n'
        if fault == "pieces_garbled":
            begun += 'data: {"choices": [{"delta": {"conte\n\n'
        if fault != "pieces_reset":
            return web.Response(text=begun, content_type="text/event-stream")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(begun.encode())
        reset(request)
        return response


def _refused(fault: str) -> web.Response | None:
    if fault == "429_list":
        info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.05s"}
        words = "You exceeded your current quota, please check your plan and billing details."
        return web.json_response([{"error": {"code": 429, "message": words, "details": [info]}}], status=429)
    if fault == "429_sentence":
        return error(429, "Rate limit reached: Limit 6000, Used 5900, Requested 300. Please try again in 50ms.")
    if fault == "gone":
        return error(400, "The model has crashed without additional information. (Exit code: 6)")
    if fault == "too_large":
        return error(429, "Request too large on tokens per min: Limit 3000, Requested 3502. It must be reduced.")
    if fault == "prompt_filtered":
        return error(400, "Input data may contain inappropriate content.", code="data_inspection_failed")
    return None


def wrong(pool: Any, failures: dict[str, Any], server: EveryFault) -> list[str]:
    """All that is not as it must be: texts, causes, requests, what was spent."""
    found = []
    for name, start in tasks():
        row = int(name)
        fault = fault_of(row)
        meant = FAULTS.get(fault, KEPT)
        cause = failures[name].cause if name in failures else ""
        if cause != meant.cause:
            found.append(f"{fault} (row {row}): {cause or 'kept'}, not {meant.cause or 'kept'}: {failures.get(name)}")
        elif not cause and (text := pool.replay(start).strip()) != right(row):
            found.append(f"{fault} (row {row}): {text!r}")
        if server.sent[row] != meant.sent:
            found.append(f"{fault} (row {row}): sent {server.sent[row]} times, not {meant.sent}")
    if pool.usage.calls != len(server.requests):
        found.append(f"counted {pool.usage.calls} calls of {len(server.requests)}")
    spent, billed = pool.usage.total(), server.billed
    for name, counted in (("prompt_tokens", spent.input_tokens), ("completion_tokens", spent.output_tokens)):
        if counted != billed[name]:
            found.append(f"counted {counted} {name}, the server {billed[name]}")
    usd = (billed["prompt_tokens"] + 2 * billed["completion_tokens"]) / 1e6
    if pool.usage.usd is None or abs(pool.usage.usd - usd) > 1e-9:
        found.append(f"counted ${pool.usage.usd}, the server ${usd}")
    return found
