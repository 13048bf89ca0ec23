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
            "This model's maximum context length is 4096 tokens. However, your request has 3900 input tokens plus 1024 "
            "'max_tokens'. Please reduce one or the other. (parameter=input_tokens, max_tokens, value=(3900, 1024))"
        )
        param = "input_tokens, max_tokens"
        return said(400, {"error": {"message": words, "type": "BadRequestError", "param": param, "code": 400}})
    if turn.writes(12):  # as versions before 0.11 say it
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


async def tgi(turn: Turn) -> web.StreamResponse:
    if turn.body.get("temperature") == 0:
        words = "Input validation error: `temperature` must be strictly positive"
        return said(422, {"error": words, "error_type": "validation"})
    if turn.writes(26):
        words = (
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 8740 `inputs` tokens and "
            "1024 `max_new_tokens`"
        )
        return said(422, {"error": words, "error_type": "validation"})
    if turn.row % 10 == 7 and turn.first("overloaded"):
        return said(429, {"error": "Model is overloaded", "error_type": "overloaded"})
    if turn.once("loading", 3):
        return said(503, {"error": "Model m is currently loading", "estimated_time": 0.5})
    if turn.row % 20 == 11 and turn.first("generation"):
        return said(
            424, {"error": "Request failed during generation: Server error: CANCELLED", "error_type": "generation"}
        )
    return said(200, turn.whole(finish="eos_token", system_fingerprint="3.0.1-sha-x"))


async def litellm(turn: Turn) -> web.StreamResponse:
    body = turn.body
    refused = [name for name in ("seed", "response_format") if name in body]
    if refused:
        words = (
            f"litellm.UnsupportedParamsError: x_ai does not support parameters: {refused}, for model=m. To drop these, set "
            "`litellm.drop_params=True` or for proxy:\n\n`litellm_settings:\n drop_params: true`\n. \n If you want to use "
            "these params dynamically send allowed_openai_params=['seed'] in your request.. Received Model Group=m\n"
            "Available Model Group Fallbacks=None"
        )
        return said(400, {"error": {"message": words, "type": "None", "param": None, "code": "400"}})
    if turn.writes(27):
        words = (
            "litellm.ContextWindowExceededError: litellm.BadRequestError: ContextWindowExceededError: OpenAIException - This "
            "model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.. Received Model "
            "Group=m\nAvailable Model Group Fallbacks=None"
        )
        return said(400, {"error": {"message": words, "type": None, "param": None, "code": "400"}})
    if turn.row % 10 == 4 and turn.first("cooldown"):
        words = (
            "No deployments available for selected model, Try again in 1 seconds. Passed model=m. pre-call-checks=False, "
            "cooldown_list=['d1']"
        )
        return said(429, {"error": {"message": words, "type": "None", "param": "None", "code": "429"}})
    if turn.row % 20 == 15 and turn.first("upstream"):
        words = "litellm.InternalServerError: AnthropicException - Overloaded. Received Model Group=m"
        return said(500, {"error": {"message": words, "type": None, "param": None, "code": "500"}})
    return said(200, turn.whole(message={"tool_calls": None, "function_call": None}))


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
