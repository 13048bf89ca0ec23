# ruff: noqa: E501 (sentences as servers write them, one a line)
"""Hosted services, scripted after what their makers document: what they refuse, how they fail, what they count."""

from __future__ import annotations

import asyncio
import json
import time

from aiohttp import web

from tests.benchmarks.kind_server import Turn, error, in_pieces, said
from tests.models.server import Body


async def openai_reasoning(turn: Turn) -> web.StreamResponse:
    body = turn.body
    if "max_tokens" in body:
        words = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        return error(400, words, param="max_tokens", code="unsupported_parameter")
    for name in ("temperature", "top_p"):
        if body.get(name, 1) != 1:
            words = f"Unsupported value: '{name}' does not support {body[name]} with this model. Only the default (1) value is supported."
            return error(400, words, param=name, code="unsupported_value")
    shape = body.get("response_format", {}).get("json_schema", {})
    if shape.get("strict") and (lacks := _not_strict(shape["schema"])):
        words = f"Invalid schema for response_format 'answer': In context=(), {lacks}"
        return error(400, words, param="response_format", code=None)
    await asyncio.sleep(0.01)
    thought = {"usage": {"completion_tokens_details": {"reasoning_tokens": 320}}, "thought": 320}
    if turn.writes(5, 17):  # all of its tokens went into the thought
        thought["thought"] = body["max_completion_tokens"] - 1
        thought["usage"] = {"completion_tokens_details": {"reasoning_tokens": body["max_completion_tokens"]}}
        return said(200, turn.whole("", "length", **thought))
    return said(200, turn.whole(message={"refusal": None, "annotations": []}, **thought))


def _not_strict(schema: Body) -> str:
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            return "'additionalProperties' is required to be supplied and to be false."
        if set(schema.get("required", ())) != set(schema["properties"]):
            return "'required' is required to be supplied and to be an array including every key in properties."
        return next((lacks for inner in schema["properties"].values() if (lacks := _not_strict(inner))), "")
    return ""


async def azure(turn: Turn) -> web.StreamResponse:
    if "api-version" not in turn.request.query:
        return error(404, "Resource not found", code="404")
    if turn.request.headers.get("api-key") != "azure-secret-0123456789":
        return error(401, "Access denied due to invalid subscription key or wrong API endpoint.", code="401")
    if turn.writes(3, 30):
        words = (
            "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. "
            "Please modify your prompt and retry."
        )
        inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": True}}}
        return error(400, words, param="prompt", code="content_filter", innererror=inner)
    if turn.row % 10 == 1 and turn.first("limit"):
        words = (
            "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded "
            "token rate limit of your current OpenAI S0 pricing tier. Please retry after 1 second. Please go here: "
            "https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit."
        )
        return error(429, words, code="429", headers={"retry_after": "1", "x_ratelimit_remaining_tokens": "0"})
    if turn.writes(44) and turn.first("filtered"):
        return said(200, turn.whole("", "content_filter"))
    safe = {"content_filter_results": {"violence": {"filtered": False, "severity": "safe"}}}
    return said(200, turn.whole(choice=safe, prompt_filter_results=[{"prompt_index": 0, **safe}]))


async def anthropic(turn: Turn) -> web.StreamResponse:
    # It ignores response_format, seed and most of the rest.
    if turn.row % 12 == 2 and turn.first("overloaded"):
        return said(529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    if turn.row % 20 == 7 and turn.first("limit"):
        words = (
            "This request would exceed your organization's rate limit of 50,000 input tokens per minute. For details, "
            "refer to: https://docs.claude.com/en/api/rate-limits; see the response headers for current usage. Please "
            "reduce the prompt length or the maximum tokens requested, or try again later. You may also contact sales."
        )
        return said(
            429, {"error": {"code": "rate_limit_error", "message": words, "type": "rate_limit_error"}}, retry_after="1"
        )
    if turn.writes(9):
        return said(200, turn.whole("", "content_filter"))
    details = {"usage": {"completion_tokens_details": None, "prompt_tokens_details": None}}
    return said(200, turn.whole(turn.text(heeds=False), **details))


async def gemini(turn: Turn) -> web.StreamResponse:
    text = json.dumps(turn.body)
    places = {"seed": "", "additionalProperties": " at 'generation_config.response_schema'"}
    if unknown := [name for name in places if f'"{name}"' in text]:
        lines = [
            f'Invalid JSON payload received. Unknown name "{name}"{places[name]}: Cannot find field.'
            for name in unknown
        ]
        violations = [
            {**({"field": places[name][5:-1]} if places[name] else {}), "description": line}
            for name, line in zip(unknown, lines, strict=True)
        ]
        details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}]
        found = {"code": 400, "message": "\n".join(lines), "status": "INVALID_ARGUMENT", "details": details}
        return said(400, [{"error": found}])
    now, sent = time.monotonic(), turn.server.sent
    while sent and sent[0] < now - 1:
        sent.popleft()
    if len(sent) >= 15:
        return _quota(turn)
    sent.append(now)
    if turn.row % 15 == 4 and turn.first("overloaded"):
        words = "The model is overloaded. Please try again later."
        return said(503, [{"error": {"code": 503, "message": words, "status": "UNAVAILABLE"}}])
    if turn.writes(12):
        return said(200, turn.whole("", "content_filter: RECITATION"))
    if turn.writes(20) and turn.first("empty"):  # the thought took all
        return said(200, turn.whole(""))
    whole = turn.whole(thought=150)
    whole["usage"]["completion_tokens"] -= 150  # what it thought stands in the total alone
    return said(200, whole)


def _quota(turn: Turn) -> web.Response:
    words = (
        "You exceeded your current quota, please check your plan and billing details. For more information on this error,"
        " head to: https://ai.google.dev/gemini-api/docs/rate-limits.\n* Quota exceeded for metric: generativelanguage."
        "googleapis.com/generate_content_free_tier_requests, limit: 15\nPlease retry in 1.02s."
    )
    kinds = "type.googleapis.com/google.rpc"
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
        "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
        "quotaDimensions": {"model": turn.body["model"]},
        "quotaValue": "15",
    }
    details = [
        {"@type": f"{kinds}.QuotaFailure", "violations": [violation]},
        {"@type": f"{kinds}.Help", "links": [{"description": "Learn more", "url": "https://ai.google.dev"}]},
        {"@type": f"{kinds}.RetryInfo", "retryDelay": "1s"},
    ]
    return said(429, [{"error": {"code": 429, "message": words, "status": "RESOURCE_EXHAUSTED", "details": details}}])


async def openrouter(turn: Turn) -> web.StreamResponse:
    if turn.writes(8):
        words = 'This model requires moderation. Your input was flagged for "violence". No credits were charged.'
        return error(403, words, code=403, metadata={"reasons": ["violence"], "flagged_input": "order 8"})
    if turn.row % 10 == 3 and turn.first("limit"):
        raw = "the model is temporarily rate-limited upstream. Please retry shortly, or add your own key"
        inner = {"message": "Provider returned error", "code": 429, "metadata": {"raw": raw, "provider_name": "X"}}
        if turn.row % 20 == 3:  # before a provider began
            return said(429, {"error": inner, "user_id": "u"}, retry_after="1")
        return said(200, {"error": inner, "user_id": "u"})
    if turn.row % 10 == 6 and turn.first("broken"):
        broken = {"error": {"code": 502, "message": "Upstream error from X: connection lost"}}
        whole = turn.whole(turn.text()[:30], "error", choice={**broken, "native_finish_reason": "error"})
    else:
        whole = turn.whole(message={"reasoning": "The customer wants it back."}, provider="X")
    if turn.body.get("stream"):
        return in_pieces(whole, ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n", ": OPENROUTER PROCESSING\n\n")
    return web.Response(text="\n         \n" * 3 + json.dumps(whole), content_type="application/json")


async def groq(turn: Turn) -> web.StreamResponse:
    names = ("x_ratelimit_limit_requests", "x_ratelimit_remaining_requests", "x_ratelimit_reset_requests")
    headers = dict(zip(names, ("14400", "14370", "2m59.56s"), strict=True))
    headers |= {
        "x_ratelimit_limit_tokens": "6000",
        "x_ratelimit_remaining_tokens": "5400",
        "x_ratelimit_reset_tokens": "600ms",
    }
    start = "for model `m` in organization `org_01` service tier `on_demand` on tokens per minute (TPM): Limit 6000, "
    if turn.writes(16):
        words = f"Request too large {start}Requested 8200, please reduce your message size and try again."
        return error(413, words, code="rate_limit_exceeded")
    if turn.row % 8 == 5 and turn.first("limit"):
        words = (
            f"Rate limit reached {start}Used 5900, Requested 420. Please try again in 1.2s. Need more tokens? Upgrade to "
            "Dev Tier today at https://console.groq.com/settings/billing"
        )
        return error(429, words, code="rate_limit_exceeded", headers={"retry_after": "2", **headers})
    if turn.row % 20 == 9 and turn.first("capacity"):
        return error(498, "Flex tier capacity exceeded, try again later", code="capacity_exceeded")
    if turn.judging and turn.row % 12 == 10 and turn.first("garbled"):
        words = "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details."
        return error(400, words, code="json_validate_failed", failed_generation='{"relevance": {')
    whole = turn.whole(usage={"queue_time": 0.03}, x_groq={"id": "req_1"}, message={"reasoning": "Charged twice."})
    return said(200, whole, **headers)


async def together(turn: Turn) -> web.StreamResponse:
    if turn.writes(17):
        words = "Input token count + `max_tokens` parameter must be less than the context length of the model being queried."
        return error(403, words, param="max_tokens", code=None)
    if turn.row % 10 == 2 and turn.first("limit"):
        words = (
            "You have reached the rate limit specific to this model m. The maximum rate limit for this model is 60.0 "
            "queries and 60000 tokens per minute. This limit differs from the general rate limits published at Together "
            "AI rate limits documentation. For inquiries about increasing your model-specific rate limit, please contact "
            "our sales team."
        )
        return error(429, words, type="model_rate_limit", param=None, code=None, headers={"x_ratelimit_reset": "1"})
    if turn.row % 20 == 5 and turn.first("overloaded"):
        return error(503, "The engine is currently overloaded, please try again later", type="service_unavailable")
    if turn.row % 20 == 8 and turn.first("gateway"):
        return web.Response(status=524, text="error code: 524", content_type="text/plain")
    return said(200, turn.whole(finish="eos", message={"tool_calls": []}, choice={"seed": 12345678901234567890}))


async def xai(turn: Turn) -> web.StreamResponse:
    if turn.writes(23):
        words = "This model's maximum prompt length is 131072 but the request contains 200000 tokens."
        return said(400, {"code": "Client specified an invalid argument", "error": words})
    if turn.writes(24):
        words = "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_DATA_LEAKAGE"
        return said(
            403, {"code": "The caller does not have permission to execute the specified operation", "error": words}
        )
    if turn.row % 15 == 1 and turn.first("capacity"):
        return said(
            429, {"code": "Some resource has been exhausted", "error": "Too many requests for team t, model m."}
        )
    whole = turn.whole(message={"refusal": None, "reasoning_content": "Charged twice."}, thought=30)
    details = {"reasoning_tokens": 30}
    whole["usage"]["completion_tokens"] -= 30  # beside them, in the total alone
    whole["usage"]["completion_tokens_details"] = details
    return said(200, whole)


async def dashscope(turn: Turn) -> web.StreamResponse:
    if not turn.body.get("stream"):
        words = (
            "<400> InternalError.Algo.InvalidParameter: This model only support stream mode, please enable the stream "
            "parameter to access the model. "
        )
        return error(400, words, param=None, code="invalid_parameter_error")
    if turn.shape:
        words = "<400> InternalError.Algo.InvalidParameter: Json mode response is not supported when enable_thinking is true"
        return error(400, words, param=None, code="invalid_parameter_error")
    if turn.writes(18):
        words = "Input data may contain inappropriate content."
        return error(400, words, type="data_inspection_failed", param=None, code="data_inspection_failed")
    if turn.row % 15 == 3 and turn.first("limit"):
        return error(429, "Requests rate limit exceeded, please try again later.", code="limit_requests")
    if turn.row % 15 == 6 and turn.first("allocated"):
        return error(429, "Allocated quota exceeded, please increase your quota limit.", code="insufficient_quota")
    return in_pieces(turn.whole(message={"reasoning_content": "The order was charged twice."}, thought=7))


async def deepseek(turn: Turn) -> web.StreamResponse:
    if turn.shape == "json_schema":
        return error(400, "This response_format type is unavailable now", param=None, code="invalid_request_error")
    if turn.shape == "json_object" and "json" not in turn.said.lower():
        words = "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'."
        return error(400, words, code="invalid_request_error")
    blank = "\n" * 40
    if turn.row % 12 == 5 and turn.first("resource"):
        whole = turn.whole(turn.text()[:20], "insufficient_system_resource")
    elif turn.judging and turn.row % 20 == 11 and turn.first("empty"):
        whole = turn.whole("")
    else:
        whole = turn.whole(message={"reasoning_content": "Charged twice, so refund it."}, thought=9)
    count = whole["usage"]["prompt_tokens"]
    whole["usage"] |= {"prompt_cache_hit_tokens": count // 2, "prompt_cache_miss_tokens": count - count // 2}
    return web.Response(text=blank + json.dumps(whole), content_type="application/json")


async def mistral(turn: Turn) -> web.StreamResponse:
    if "seed" in turn.body:
        detail = [
            {"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted", "input": 7}
        ]
        found = {
            "object": "error",
            "message": {"detail": detail},
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        }
        return said(422, found)
    if turn.row % 10 == 4 and turn.first("limit"):
        return said(429, {"message": "Requests rate limit exceeded"})
    if turn.row % 20 == 13 and turn.first("capacity"):
        words = "Service tier capacity exceeded for this model."
        return said(
            429, {"object": "error", "message": words, "type": "service_tier_capacity_exceeded", "code": "3505"}
        )
    if turn.writes(19):
        return said(200, turn.whole(turn.text()[:40], "model_length"))
    if turn.row % 20 == 14 and turn.first("error"):
        return said(200, turn.whole(turn.text()[:40], "error"))
    if turn.row % 4 == 1:  # Magistral's thoughts are parts of the content
        parts = [
            {"type": "thinking", "thinking": [{"type": "text", "text": "Charged twice."}], "closed": True},
            {"type": "text", "text": turn.text()},
        ]
        return said(200, turn.whole(message={"content": parts, "tool_calls": None}, thought=5))
    return said(200, turn.whole(message={"tool_calls": None}))
