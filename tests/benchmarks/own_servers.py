# ruff: noqa: E501 (sentences as servers write them, one a line)
"""Servers that people run themselves, and a gateway before one, scripted after what their makers document."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tests.benchmarks.kind_server import Turn, in_pieces, said

GATEWAY_SECONDS = 0.4
"""After so long without a byte the gateway cuts."""


async def vllm(turn: Turn) -> web.StreamResponse:
    if turn.writes(11):
        words = (
            "This model's maximum context length is 4096 tokens. However, you requested 5120 tokens (4096 in the messages"
            ", 1024 in the completion). Please reduce the length of the messages or completion."
        )
        return said(400, {"object": "error", "message": words, "type": "BadRequestError", "param": None, "code": 400})
    stop = {"stop_reason": None, "logprobs": None}
    if turn.judging and turn.row % 2:  # the model does not think, and its parser waits for the end of a thought
        whole = turn.whole(choice=stop)
        message = whole["choices"][0]["message"]
        message["content"], message["reasoning_content"] = None, message["content"]
        return said(200, whole)
    if turn.writes(21) and turn.first("abort"):
        return said(200, turn.whole(turn.text()[:40], "abort", choice=stop))
    thought = "\nThe order was charged twice.\n"
    name = "reasoning" if turn.row % 3 else "reasoning_content"
    return said(
        200, turn.whole(f"\n\n{turn.text()}", message={name: thought, "tool_calls": []}, thought=8, choice=stop)
    )


async def ollama(turn: Turn) -> web.StreamResponse:
    if turn.once("load"):
        return said(200, turn.whole("", "load"))
    count = len(turn.said) // 4
    return said(200, turn.whole(read=min(count, 2048), system_fingerprint="fp_ollama"))


async def lm_studio(turn: Turn) -> web.StreamResponse:
    if turn.shape == "json_object":
        return said(400, {"error": "'response_format.type' must be 'json_schema' or 'text'"})
    if turn.row % 15 == 7 and turn.first("crash"):
        words = "The model has crashed without additional information. (Exit code: 18446744072635812000)"
        return said(400, {"error": words})
    if turn.row % 15 == 8 and turn.first("unloaded"):
        return said(400, {"error": "Model was unloaded while the request was still in queue.."})
    if turn.writes(13):
        words = (
            "Trying to keep the first 4321 tokens when context the overflows. However, the model is loaded with context "
            "length of only 4096 tokens, which is not enough. Try to load the model with a larger context length, or "
            "provide a shorter input"
        )
        return said(400, {"error": words})
    return said(200, turn.whole(stats={}, system_fingerprint="m"))


async def llama_cpp(turn: Turn) -> web.StreamResponse:
    if turn.once("loading", 4):
        return said(503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}})
    if any(message["role"] == "system" for message in turn.body["messages"]):
        words = "\n------------\nWhile executing CallExpression at line 1, column 80 in source:\nError: Jinja Exception: System role not supported"
        return said(500, {"error": {"code": 500, "message": words, "type": "server_error"}})
    if turn.writes(14):
        words = "request (5120 tokens) exceeds the available context size (4096 tokens), try increasing it"
        found = {
            "code": 400,
            "message": words,
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 5120,
            "n_ctx": 4096,
        }
        return said(400, {"error": found})
    if turn.writes(15):  # its context is full before `max_tokens`
        return said(200, turn.whole(turn.text()[:50], "length"))
    return said(200, turn.whole(timings={"prompt_n": 20, "predicted_per_second": 40.1}))


async def gateway(turn: Turn) -> web.StreamResponse:
    if turn.body.get("stream"):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(turn.request)
        text = in_pieces(turn.whole()).text or ""
        for at in range(0, len(text), len(text) // 4 + 1):
            await response.write(text[at : at + len(text) // 4 + 1].encode())
            await asyncio.sleep(GATEWAY_SECONDS / 8)
        return response
    if turn.row % 2 and not turn.judging:  # long answers alone take longer than it waits
        await asyncio.sleep(GATEWAY_SECONDS)
        page = "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n<center><h1>504 Gateway Time-out</h1></center>\r\n</body></html>"
        return web.Response(status=504, text=page, content_type="text/html")
    return said(200, turn.whole())
