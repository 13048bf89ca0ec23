"""What servers say when they refuse a part of a request, and the dialect that each shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hfsft.models.dialects import dialect_table as table
from hfsft.models.dialects.refused_request import read_refusal
from hfsft.models.http.faults import Fault

SCHEMA = {"type": "object", "properties": {"score": {"type": "integer"}}}
FULL: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
    "temperature": 0.0,
    "top_p": 0.9,
    "seed": 7,
    "stop": ["\n"],
    "max_tokens": 16,
    "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}},
    "tools": [{"type": "function", "function": {"name": "greet"}}],
    "logprobs": True,
    "top_logprobs": 20,
}
OURS = {"temperature", "top_p", "seed", "stop"}


def shown(status: int, said: Any, body: dict[str, Any] = FULL, chosen: set[str] = OURS) -> list[str]:
    """The dialects that an error shows; `said` is its body, or the sentence in the usual one."""
    fault = Fault("row", "bad_request", "", status=status)
    wrapped = {"error": {"message": said, "type": "invalid_request_error"}} if isinstance(said, str) else said
    fault.body = json.dumps(wrapped)
    return [each.name for each in table.learned(read_refusal(fault), body, (), chosen)]


def openai(message: str, param: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": "unsupported"}}


def extra(*fields: str, **around: Any) -> dict[str, Any]:
    """A list of fields that pydantic did not know."""
    found = [
        {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted", "input": FULL}
        for name in fields
    ]
    return {"detail": found, **around}


SAID: list[tuple[int, Any, list[str]]] = [
    # the bound on tokens
    (400, openai("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
                 "instead.", "max_tokens"), ["max_tokens"]),
    (400, "max_tokens is deprecated, use max_completion_tokens", ["max_tokens"]),
    # sampling, by its value and as such
    (400, openai("Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is "
                 "supported.", "temperature"), ["temperature"]),
    (400, {"detail": "Unsupported parameter: temperature"}, ["temperature"]),
    (400, {"type": "error", "error": {"type": "x", "message": "`temperature` is deprecated for this model."}},
     ["temperature"]),
    (400, "temperature: range: -1 or 0..1", ["temperature"]),
    (422, {"error": "Input validation error: `temperature` must be strictly positive", "error_type": "validation"},
     ["temperature"]),
    (422, {"error": "Input validation error: `top_p` must be > 0.0 and < 1.0", "error_type": "validation"}, ["top_p"]),
    (400, "gpt-x models don't support temperature=0.0. Only temperature=1 is supported.", ["temperature"]),
    (400, "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
     ["temperature", "top_p"]),
    (400, "Unrecognized request argument supplied: seed", ["seed"]),
    (422, extra("seed"), ["seed"]),
    (422, extra("seed", "top_p"), ["top_p", "seed"]),
    (422, {"object": "error", "message": extra("seed"), "type": "invalid_request_error"}, ["seed"]),
    (400, {"object": "error", "message": "[{'type': 'extra_forbidden', 'loc': ('body', 'seed'), 'msg': 'Extra inputs "
           "are not permitted', 'input': 42}]", "type": "BadRequestError", "param": None}, ["seed"]),
    (400, [{"error": {"code": 400, "message": "Invalid JSON payload received. Unknown name \"seed\": Cannot find "
            "field.", "status": "INVALID_ARGUMENT"}}], ["seed"]),
    (400, "property 'seed' is unsupported", ["seed"]),
    (400, "Argument not supported on this model: stop", ["stop"]),
    (400, {"code": "Client specified an invalid argument", "error": "Argument not supported on this model: stop"},
     ["stop"]),
    (400, "This model doesn't support the stopSequences field. Remove stopSequences and try again.", ["stop"]),
    (400, "Model g does not support parameter stop.", ["stop"]),
    (400, "XException: a does not support parameters: {'seed': 7}, for model=c", ["seed"]),
    (400, "json: unknown field \"seed\"", ["seed"]),
    (400, {"message": 'upstream said: {"error": {"message": "Unknown parameter: \'seed\'.", "param": "seed"}}'},
     ["seed"]),
    # the shape of the answer
    (400, "response_format is not supported", ["schema"]),
    (422, extra("response_format"), ["schema"]),
    (400, "JSON mode is not enabled for models/small", ["schema"]),
    (400, "This response_format type is unavailable now", ["json_schema"]),
    (400, "'response_format.type' : value is not one of the allowed values ['text','json_object']", ["json_schema"]),
    (400, "This model does not support response format `json_schema`. See supported models.", ["json_schema"]),
    (422, "Failed to deserialize the JSON body into the target type: response_format: unknown variant `json_schema`, "
          "expected `json_object` or `regex`", ["json_schema"]),
    (400, "Invalid schema for response_format 'answer': 'additionalProperties' is required", []),
    # no system role
    (400, {"object": "error", "message": "System role not supported", "code": 400}, ["system"]),
    (500, {"error": {"code": 500, "message": "Jinja Exception: System role not supported", "type": "server_error"}},
     ["system"]),
    (400, "Developer instruction is not enabled for models/small", ["system"]),
    (400, openai("Unsupported value: 'messages[0].role' does not support 'system' with this model.",
                 "messages[0].role"), ["system"]),
    (400, "Conversation roles must alternate user/assistant/user/assistant/...", ["system"]),
    (400, "Error rendering prompt with jinja template: \"Only user and assistant roles are supported!\"", ["system"]),
    (500, "Only user, assistant and tool roles are supported, got system.", ["system"]),
    (400, "This model doesn't support system messages. Try again without a system message.", ["system"]),
    (400, "Value 'system' at 'messages.1.member.role' failed to satisfy constraint: Member must satisfy enum value set",
     ["system"]),
    # messages as parts
    (422, {"detail": [{"type": "list_type", "loc": ["body", "messages", 0, "content"],
                       "msg": "Input should be a valid list", "input": "Hi"}]}, ["parts"]),
    (400, "messages[0].content must be an array of content parts", ["parts"]),
    # only in pieces
    (400, "This model only support stream mode, please enable the stream parameter to access the model.", ["stream"]),
    (400, {"detail": "Stream must be set to true"}, ["stream"]),
    (400, "parameter.enable_thinking must be set to false for non-streaming calls", ["stream"]),
    (400, "Non-streaming requests are not supported by this model", ["stream"]),
    (400, "Streaming is required for this model", ["stream"]),
    # what cannot be left out
    (400, "`logprobs` is not supported with this model", ["logprobs"]),
    (403, "You are not allowed to request logprobs from this model.", ["logprobs"]),
    (400, "Logprobs is not enabled for models/small", ["logprobs"]),
    # how many of the likeliest tokens
    (400, "Invalid value for 'top_logprobs': must be less than or equal to 5.", ["top_logprobs_5"]),
    (400, openai("Invalid 'top_logprobs': integer above maximum value. Expected a value <= 8, but got 20 instead.",
                 "top_logprobs"), ["top_logprobs_8"]),
    (422, {"detail": [{"type": "less_than_equal", "loc": ["body", "top_logprobs"],
                       "msg": "Input should be less than or equal to 5", "input": 20}]}, ["top_logprobs_5"]),
    (400, "Requested sample logprobs of 20, which is greater than max allowed: 10", ["top_logprobs_8"]),
    (422, "Input validation error: `top_n_tokens` must be >= 0 and <= 5. Given: 20", ["top_logprobs_5"]),
    (400, "top_logprobs must be between 0 and 5", ["top_logprobs_5"]),
    (400, "Unsupported parameter: top_logprobs", ["logprobs"]),
    (400, "library/small:latest does not support tools", ["tools"]),
    (404, "No endpoints found that support tool use. Try disabling \"greet\".", ["tools"]),
    (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set', ["tools"]),
    (400, "Function calling is not enabled for models/small", ["tools"]),
    # of no part of the request, or of one that nobody sent
    (400, "maximum context length is 2048 tokens", []),
    (400, "the prompt speaks of stop words and of the temperature outside", []),
    (400, "property 'store' is unsupported, did you mean 'stop'?", []),
    (400, "Unknown parameter: 'top_a'. Supported parameters: temperature, top_p, seed, 'stop'", []),
    (500, "cannot allocate memory", []),
    (401, "Incorrect API key provided", []),
    (429, "temperature is not supported while the server is busy", []),
]  # fmt: skip


@pytest.mark.parametrize(("status", "said", "names"), SAID, ids=[f"{number}" for number in range(len(SAID))])
def test_a_refusal_shows_its_dialect(status: int, said: Any, names: list[str]) -> None:
    assert shown(status, said) == names


def test_what_the_author_wrote_is_no_dialect() -> None:
    assert shown(400, "Unsupported parameter: temperature", chosen={"seed"}) == []


def test_all_dialects_together() -> None:
    names = {each.name for each in table.TABLE if each.change}
    sent, used = table.spoken({**FULL, "top_logprobs": 50}, names, OURS)
    assert set(used) == names - {"unheeded"}
    told = sent["messages"][0]["content"][0]["text"]
    assert told.startswith("Be brief.\n\nHi\n\nAnswer with JSON only")
    assert told.endswith(json.dumps(SCHEMA, separators=(",", ":"), sort_keys=True))
    assert {key: value for key, value in sent.items() if key != "messages"} == {
        "model": "m",
        "max_completion_tokens": 16,
        "stream": True,
        "tools": FULL["tools"],
        "logprobs": True,
        "top_logprobs": 1,
    }


def test_the_system_text_goes_to_the_head_of_the_first_user_message() -> None:
    turns = [
        {"role": "system", "content": "A"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "system", "content": "B"},
    ]
    sent, _ = table.spoken({"messages": turns}, {"system"})
    assert sent["messages"] == [
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": [{"type": "text", "text": "A\n\nB"}, {"type": "text", "text": "Hi"}]},
    ]
    alone, _ = table.spoken({"messages": [{"role": "system", "content": "A"}]}, {"system"})
    assert alone["messages"] == [{"role": "user", "content": "A"}]


def test_a_schema_is_told_at_the_end_of_the_prompt() -> None:
    for name, shape in (
        ("json_schema", {"type": "json_object"}),
        ("schema", None),
        ("unheeded", FULL["response_format"]),
    ):
        sent, used = table.spoken(FULL, {name})
        assert used == [name]
        assert sent.get("response_format") == shape
        assert sent["messages"][-1]["content"].startswith("Hi\n\nAnswer with JSON only")
    ends = {**FULL, "messages": [*FULL["messages"], {"role": "assistant", "content": "{"}]}
    assert table.spoken(ends, {"schema"})[0]["messages"][-1]["role"] == "user"
