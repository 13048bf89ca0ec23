# ruff: noqa: E501 (sentences as servers write them, one a line)
"""What servers say with status 429 and its like, in the words of those that are asked most."""

from __future__ import annotations

import json
import time

import pytest
from multidict import CIMultiDict

from hfsft.models.http.faults import of_response


def error(message: str, **more: object) -> str:
    return json.dumps({"error": {"message": message, **more}})


def google(message: str, quota: str, delay: object = None) -> str:
    details: list[object] = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota}]}
    ]
    if delay is not None:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
    return json.dumps(
        [{"error": {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": details}}]
    )


QUOTA = "You exceeded your current quota, please check your plan and billing details."
# What is said -> waited for so many seconds (None: as a rate limit without a moment), or why not.
SAID: dict[str, tuple[str, dict[str, str], str | float | None]] = {
    "openai, minute": (
        error("Rate limit reached for gpt-x on tokens per min (TPM): Limit 10000, Used 9000, Requested 2000. Please try again in 6s."),
        {},
        6.0,
    ),
    "openai, milliseconds": (error("Rate limit reached on requests per min. Please try again in 350ms."), {}, 0.35),
    "openai, too large": (
        error("Request too large for gpt-x on tokens per min (TPM): Limit 30000, Requested 41000. The input must be reduced."),
        {"Retry-After": "3"},
        "context_length",
    ),
    "openai, empty account": (error(QUOTA, code="insufficient_quota"), {}, "quota"),
    "a reset and no room told": (error(QUOTA), {"x-ratelimit-reset-requests": "2s", "x-ratelimit-reset-tokens": "9s"}, 2.0),
    "room is left": (error("Slow down"), {"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "9s"}, None),
    "trial over": (error("Your free trial has ended. Purchase a plan to go on."), {}, "quota"),
    "german account": (error("Ihr Guthaben ist aufgebraucht."), {}, "quota"),
    "wallet": (error("Your wallet is empty"), {}, "quota"),
    "one payload": (error("Payload of 9000 tokens exceeds your per-request cap of 6000 tokens"), {}, "context_length"),
    "openai, headers": (
        error("Rate limit reached"),
        {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1.5s"},
        1.5,
    ),
    "groq, minutes": (
        error("Rate limit reached on tokens per day (TPD): Limit 500000, Used 500370, Requested 252. Please try again in 1m47.5s. Visit https://x/docs"),
        {},
        107.5,
    ),
    "groq, too large": (
        error("Rate limit reached on tokens per minute (TPM): Limit 7000, Used 0, Requested ~12903. Please try again in 50.5s."),
        {},
        "context_length",
    ),
    "google, minute": (google(QUOTA + "\nPlease retry in 2.1s.", "RequestsPerMinutePerProject", "2s"), {}, 2.0),
    "google, seconds apart": (google(QUOTA, "RequestsPerMinute", {"seconds": 7, "nanos": 5}), {}, 7.0),
    "google, no moment": (google(QUOTA, "GenerateRequestsPerMinutePerProject"), {}, None),
    "google, day": (google(QUOTA, "GenerateRequestsPerDayPerProject"), {}, "quota"),
    "vertex": (error("Quota exceeded for generate_content_requests_per_minute_per_project with base model: x."), {}, None),
    "azure": (
        error("Requests have exceeded the token rate limit of your pricing tier. Please retry after 26 seconds. Go to https://aka.ms/billing"),
        {},
        26.0,
    ),
    "anthropic": (
        error("This request would exceed your organization's rate limit of 40,000 input tokens per minute."),
        {"retry-after": "12"},
        12.0,
    ),
    "anthropic, in two ways": (
        error("This request would exceed your rate limit of 50,000 input tokens per minute. Please reduce the prompt length or the maximum tokens requested, or try again later."),
        {"retry-after": "9"},
        9.0,
    ),
    "the same, no moment": (error("Over the tokens per minute: reduce the prompt length, or try again later."), {}, None),
    "alibaba, tokens a minute": (
        error("Allocated quota exceeded, please increase your quota limit.", code="insufficient_quota"),
        {},
        None,
    ),
    "hourly, no moment": (error("Hourly token quota of your billing plan exceeded: 100000 tokens per hour."), {}, None),
    "an hour's requests": (error("You may send 60 requests/hour; add a payment method for more."), {}, None),
    "a prompt's own tokens": (error("This would exceed the limit of 10,000 input tokens per minute: your prompt has 12,433 tokens"), {}, "context_length"),
    "a prompt that fits": (error("This would exceed the limit of 10,000 input tokens per minute: your prompt has 2,433 tokens"), {}, None),
    "in prose, too large": (error("Request of 41,000 tokens exceeds your limit of 30,000 tokens per minute"), {}, "context_length"),
    "too large, the other way": (error("Requested 12000 tokens, limit is 8000 per minute"), {}, "context_length"),
    "in prose, fits": (error("Request of 900 tokens exceeds what is left of your limit of 30,000 tokens per minute"), {}, None),
    "requests, no size": (error("Request 61 exceeds the limit of 60 per minute"), {}, None),
    "a window of seconds": (error("20 requests / 10s window. Buy credits for more."), {}, None),
    "every so many seconds": (error("Your free credits allow 1 request every 3 seconds"), {}, None),
    "mistral": (json.dumps({"object": "error", "message": "Rate limit exceeded", "code": "1300"}), {}, None),
    "cohere, minute": (json.dumps({"message": "You are using a Trial key, which is limited to 20 API calls / minute."}), {}, None),
    "cohere, month": (
        json.dumps({"message": "You are using a Trial key, which is limited to 1000 API calls / month. Upgrade for higher rate limits."}),
        {},
        "quota",
    ),
    "cerebras, minute": (json.dumps({"message": "Tokens per minute limit exceeded - too many tokens processed."}), {}, None),
    "cerebras, day": (json.dumps({"message": "Requests per day limit exceeded"}), {}, "quota"),
    "moonshot": (error("Your account reached max request rpm: 3, please try again after 1 seconds"), {}, 1.0),
    "moonshot, at once": (error("request reached organization max concurrency: 1, please try again"), {}, None),
    "moonshot, empty": (error("Your account is not active: exceeded current quota, check your account balance"), {}, "quota"),
    "zhipu": (error("\u60a8\u7684\u8d26\u6237\u5df2\u6b20\u8d39,\u8bf7\u5145\u503c\u540e\u91cd\u8bd5", code="1113"), {}, "quota"),
    "github, minute": (error("Rate limit of 10 per 60s exceeded for UserByModelByMinute. Please wait 9 seconds before retrying."), {}, 9.0),
    "github, day": (error("Rate limit of 50 per 86400s exceeded for ByDay. Please wait 81941 seconds before retrying."), {}, 81941.0),
    "openrouter, minute": (
        error("Rate limit exceeded: free-models-per-min. Add credits", metadata={"headers": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "{}"}}),
        {},
        40.0,
    ),
    "openrouter, day": (error("Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 requests per day"), {}, "quota"),
    "openrouter, upstream": (error("Provider returned error", metadata={"raw": "m is temporarily rate-limited upstream"}), {}, None),
    "xai, spent": (error("Your team has used all available credits or reached its monthly spending limit."), {}, "quota"),
    "at once": (
        json.dumps({"status": 429, "error": "INSUFFICIENT QUOTA", "message": "More requests are open than your limit of concurrent ones."}),
        {},
        None,
    ),
    "a field": (json.dumps({"detail": "slow down", "retry_after_ms": 1500}), {}, 1.5),
    "in words": (error("Limit reached: it resets in 1 minute and 20 seconds"), {}, 80.0),
    "a link": (error("Too many requests. More at https://example.com/billing"), {}, None),
    "a link and a header": (error("Too many requests; for more see billing"), {"Retry-After": "4"}, 4.0),
    "nothing": ("", {}, None),
}  # fmt: skip


@pytest.mark.parametrize("who", SAID)
def test_a_429_is_waited_for_as_long_as_it_says_or_not_at_all(who: str) -> None:
    body, headers, expected = SAID[who]
    body = body.replace('"{}"', f'"{(time.time() + 40) * 1000:.0f}"')
    fault = of_response(429, CIMultiDict(headers), body)
    if isinstance(expected, str):
        assert (fault.kind, fault.cause) == ("down" if expected == "quota" else "row", expected)
    else:
        assert (fault.kind, fault.cause) == ("slow", "rate_limit")
        assert fault.after == (pytest.approx(expected, abs=1) if expected else expected)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (SAID["google, day"][0], f"HTTP 429: {QUOTA}; the quota"),
        (
            SAID["at once"][0],
            "HTTP 429: INSUFFICIENT QUOTA: More requests are open than your limit of concurrent ones.",
        ),
        (SAID["openrouter, upstream"][0], "HTTP 429: Provider returned error: m is temporarily rate-limited upstream"),
        ('{"errors": [{"message": "one of two"}, {"message": "two"}]}', "HTTP 429: one of two"),
        ('{"detail": [{"loc": ["body"], "msg": "field required"}]}', "HTTP 429: field required"),
        ('{"status": 429, "title": "Too Many Requests"}', "HTTP 429: Too Many Requests"),
        ('{"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}', "HTTP 429: rate limit"),
        ("<html><title>x</title><body><h1>429 Too Many</h1></body></html>", "HTTP 429: x 429 Too Many"),
    ],
)
def test_the_sentence_is_shown_not_the_json(body: str, said: str) -> None:
    assert of_response(429, {}, body).message.startswith(said)


@pytest.mark.parametrize(
    ("status", "body", "kind", "cause"),
    [
        (403, "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body>x</body></html>", "down", "firewall"),
        (403, "error code: 1020", "down", "firewall"),
        (403, "<html><body><h1>Access Denied</h1>Reference #18.2d: Akamai</body></html>", "down", "firewall"),
        (403, '{"error": {"message": "Access denied for this key"}}', "down", "refused"),
        (400, error("Your credit balance is too low to use this API."), "down", "quota"),
        (403, error("Your team has either used all available credits or reached its monthly spending limit."), "down", "quota"),
        (400, error("This model's maximum prompt length is 131072 but the request contains 200000 tokens."), "row", "context_length"),
        (422, error("`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000"), "row", "context_length"),
        (400, error("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."), "row", "context_length"),
        (413, error("Request too large on tokens per minute (TPM): Limit 6000, Requested 7204"), "row", "context_length"),
        (403, error("Input token count + max_tokens parameter must be less than the context length of the model being queried."), "row", "context_length"),
        (400, error("The model `m` has been decommissioned and is no longer supported.", code="model_decommissioned"), "down", "refused"),
        (503, error("The model m has been deprecated; please use n instead."), "down", "refused"),
        (503, error("Model m was retired on June 1st."), "down", "refused"),
        (503, error("Model m is overloaded: the old pool was shut down, try again later"), "slow", "overloaded"),
        (400, error("`seed` of this model has been deprecated."), "row", "bad_request"),
        (400, json.dumps({"__type": "ThrottlingException", "message": "Too many requests, please wait before trying again."}), "slow", "rate_limit"),
        (403, json.dumps({"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}), "slow", "rate_limit"),
        (400, error("Rate limit exceeded: 10 requests per minute."), "slow", "rate_limit"),
        (403, error("Your plan has no rate limits for this model"), "down", "refused"),
        (424, json.dumps({"error": "Request failed during generation: Server error: CANCELLED", "error_type": "generation"}), "heal", "server"),
        (503, json.dumps({"error": "Model is loading", "estimated_time": 20.5}), "slow", "overloaded"),
    ],
)  # fmt: skip
def test_what_else_servers_refuse_with(status: int, body: str, kind: str, cause: str) -> None:
    fault = of_response(status, {}, body)
    assert (fault.kind, fault.cause) == (kind, cause)
    assert "key is missing" not in fault.message or status == 401
    if "estimated_time" in body:
        assert fault.after == 20.5
    if cause == "firewall":
        assert "firewall" in fault.message
        assert "this key" not in fault.message
