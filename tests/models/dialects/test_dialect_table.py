"""What servers say when they refuse a part of a request, and the dialect that each shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hfsft.models.dialects import dialect_table as table
from hfsft.models.dialects.refused_request import read_refusal
from hfsft.models.http.faults import Fault

SCHEMA = {"type": "object", "properties": {"score": {"type": "integer"}}, "additionalProperties": False}
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
     ["top_p_beside_temperature", "temperature_beside_top_p"]),
    (400, "You may set either temperature or top_p, but not both.",
     ["top_p_beside_temperature", "temperature_beside_top_p"]),
    (400, openai("temperature and top_p are mutually exclusive", "top_p"),
     ["top_p_beside_temperature", "temperature_beside_top_p"]),
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
    (500, "x does not support parameters: {'seed': 1}, for model=y. To drop these, set `drop_params=True`", ["seed"]),
    (400, "json: unknown field \"seed\"", ["seed"]),
    (400, {"message": 'upstream said: {"error": {"message": "Unknown parameter: \'seed\'.", "param": "seed"}}'},
     ["seed"]),
    # in other languages, and in the shapes of other validators
    (400, "Le param\u00e8tre \u00ab temperature \u00bb n'est pas pris en charge.", ["temperature"]),
    (400, "El par\u00e1metro temperature no es compatible con este modelo", ["temperature"]),
    (400, "\u53c2\u6570 seed \u4e0d\u88ab\u8be5\u6a21\u578b\u652f\u6301", ["seed"]),
    (422, {"title": "Unprocessable", "invalid-params": [{"name": "seed", "reason": "not permitted"}]}, ["seed"]),
    (400, {"json": {"seed": ["Unknown field."]}}, ["seed"]),
    (422, {"errors": [{"path": ["seed"], "message": "Unrecognized key"}]}, ["seed"]),
    (400, {"errors": [{"source": {"pointer": "#/seed"}, "title": "Rejected"}]}, ["seed"]),
    (406, "Unsupported parameter: 'seed'", ["seed"]),
    (400, {"request": {"seed": 7, "stop": ["x"]}, "message": "This prompt is too strange"}, []),
    (400, "We cannot answer questions on how to seed a lawn", []),
    # the shape of the answer
    (400, "response_format is not supported", ["schema"]),
    (422, extra("response_format"), ["schema"]),
    (400, "JSON mode is not enabled for models/small", ["schema"]),
    (400, "This response_format type is unavailable now", ["json_schema"]),
    (400, "'response_format.type' : value is not one of the allowed values ['text','json_object']", ["json_schema"]),
    (400, "This model does not support response format `json_schema`. See supported models.", ["json_schema"]),
    (422, "Failed to deserialize the JSON body into the target type: response_format: unknown variant `json_schema`, "
          "expected `json_object` or `regex`", ["json_schema"]),
    (500, {"object": "error", "message": "Request is specified with GuidedDecodingParams, but GuidedDecoder is "
           "not setup. Please provide a valid GuidedDecodingConfig", "code": 500}, ["json_schema"]),
    (400, "Invalid schema for response_format 'answer': 'additionalProperties' is required", []),
    (400, [{"error": {"code": 400, "message": "Invalid JSON payload received. Unknown name \"additionalProperties\" at "
            "'generation_config.response_schema': Cannot find field.\nInvalid JSON payload received. Unknown name "
            "\"seed\": Cannot find field.", "status": "INVALID_ARGUMENT"}}], ["seed", "open_schema"]),
    (400, "additionalProperties is not supported in response_format.json_schema", ["open_schema"]),
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
    (400, "Unsupported value: 'messages[0].role' does not support 'system' with this model.", ["system"]),
    (400, "messages: system is not a permitted role", ["system"]),
    (400, "messages[0].role: value must be one of 'user', 'assistant'", ["system"]),
    (400, "Le r\u00f4le \u00ab system \u00bb n'est pas pris en charge", ["system"]),
    (400, "role 'system' is invalid, allowed: user, assistant", ["system"]),
    (500, "upstream 'system' is out of order", []),
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
    (422, {"detail": [{"loc": ["body", "stream"], "msg": "Input should be True"}]}, ["stream"]),
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


SAID_OTHERWISE: dict[str, list[str]] = {
    "temperature": [
        "invalid temperature: only 1 is allowed for this model",
        "temperature is fixed at 1 for this model",
        "`temperature` may only be set to 1 when thinking is enabled.",
        "\u4e0d\u652f\u6301temperature\u53c2\u6570",
        "This model does not accept the temperature parameter.",
        "temperature not allowed",
        "Invalid value for 'temperature': expected 1, got 0",
        "temperature: Input should be greater than 0",
        "temperature should be in (0, 1]",
        "The temperature parameter is illegal",
        "sampling parameters (temperature) cannot be changed for this model",
    ],
    "seed": [
        "The 'seed' parameter is not currently supported",
        "Additional properties are not allowed ('seed' was unexpected)",
        "Unrecognized key(s) in object: 'seed'",
        "seed: Extra inputs are not permitted",
        "The following parameters are not supported: seed",
        "Parameter seed: not a valid parameter for this model",
    ],
    "seed,top_p": ["Unsupported parameters: top_p, seed"],
    "stop": [
        "'stop' is not supported with reasoning models",
        "parameter `stop` is unsupported",
        "stop: Extra inputs are not permitted",
        "stop is not supported by this model",
    ],
    "temperature,top_p": ["temperature and top_p are not configurable"],
    "system": [
        "System messages are not supported",
        "system prompt is not supported",
        "Model does not support system instructions",
        "Unsupported role: system",
        "role 'system' is not allowed",
        "'system' is not one of ['user', 'assistant'] - 'messages.0.role'",
        "Invalid role: system",
        'messages: first message must use the "user" role',
        "only 'user' and 'assistant' roles are allowed",
        "unexpected role 'system'",
        "A conversation must start with a user message. Try again with a conversation that starts with a user message.",
        "A conversation must alternate between user and assistant roles.",
        "The first message must be from the user",
        "This model has no system role",
        "messages with role 'system' are not accepted",
        "unknown variant `system`, expected `user` or `assistant`",
        "role must be user or assistant",
    ],
    "stream": [
        "stream must be true",
        "Only streaming requests are supported",
        "This endpoint requires streaming",
        "Non-stream mode not supported",
        "please use stream=true",
        "This model requires stream=true",
        "stream=False is not supported",
        "this model must be called with stream",
        "only supports streaming output",
        "Set `stream: true`",
        "\u8be5\u6a21\u578b\u4ec5\u652f\u6301\u6d41\u5f0f\u8f93\u51fa",
        "Synchronous (non-streaming) calls are disabled for this model",
        "stream is required",
        "streaming mode is mandatory",
        "'stream' must be set to True",
        "You must enable streaming",
        "Please enable streaming",
    ],
    "schema": [
        "Unknown parameter: 'response_format'",
        "Extra inputs are not permitted: response_format",
        "Unrecognized request argument supplied: response_format",
    ],
    "json_schema": [
        "json_schema response format is not supported",
        "Structured outputs are not supported by this model",
        "Response format type 'json_schema' not supported",
        "response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later",
    ],
    "logprobs": ["logprobs are not supported", "top_logprobs is unavailable", "This model does not return logprobs"],
    "tools": [
        "tools is not supported",
        "Tool use is not supported",
        "`tools` unsupported",
        "This model does not support function calling",
        "tool calling is disabled",
    ],
    "parts": [
        "messages[0].content: expected array, received string",
        'messages[0].content: invalid type: string "Hi", expected a sequence',
        "'content' must be an array",
        "content must be a list",
    ],
    "max_tokens": ["Please use max_completion_tokens", "max_tokens is not supported"],
    "": [
        "max_tokens must be at most 8192",
        "Invalid API version",
        "the prompt has too many tokens",
        "model does not exist",
        "Invalid request: message content cannot be empty",
        "Invalid messages",
        "The tool of my trade is not working",
        "content policy violation: not allowed",
    ],
}


@pytest.mark.parametrize(("names", "said"), [(names, said) for names, all_ in SAID_OTHERWISE.items() for said in all_])
def test_servers_say_the_same_in_many_words(names: str, said: str) -> None:
    assert shown(400, said) == [each.name for each in table.TABLE if each.name in names.split(",")]


def test_what_the_author_wrote_is_no_dialect() -> None:
    assert shown(400, "Unsupported parameter: temperature", chosen={"seed"}) == []


def test_all_dialects_together() -> None:
    names = {each.name for each in table.TABLE if each.change}
    sent, used = table.spoken({**FULL, "top_logprobs": 50}, names, OURS)
    beside = {"top_p_beside_temperature", "temperature_beside_top_p"}
    assert set(used) == names - beside - {"unheeded", "open_schema"}
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


def test_of_a_schema_only_the_form_that_it_was_told_in_is_noted() -> None:
    (told,) = table.notes_on({"judge": {"json_schema", "schema"}})
    assert told.startswith("judge takes no `response_format`")
