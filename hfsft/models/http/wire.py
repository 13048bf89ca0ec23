"""A request as it is keyed and as it is sent; nothing here touches a network.

{"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 256}
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from hfsft.models.model import Model, Request

_SHORT, _PIECE = 1 << 16, 2047  # bytes

_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_encode_as_given = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def token_limit(model: Model, request: Request) -> int | None:
    """The most tokens that an answer may have, by the request or else the recipe's model; None where neither says."""
    return request.max_tokens or model.max_tokens


def sampling(model: Model, request: Request) -> dict[str, Any]:
    """The sampling of one request as the server gets it: the request's own values, else the recipe's model's."""
    chosen: dict[str, Any] = {}
    for name in ("temperature", "top_p"):
        value = getattr(request, name)
        value = getattr(model, name) if value is None else value
        if value is not None:
            chosen[name] = float(value)
    if (limit := token_limit(model, request)) is not None:
        chosen["max_tokens"] = limit
    if request.stop:
        chosen["stop"] = list(request.stop)
    if request.seed is not None:
        chosen["seed"] = request.seed
    return chosen


def canonical(model: Model, request: Request, revision: str = "") -> str:
    """All that an answer depends on, as canonical JSON; not how fast or with whose key it is asked.

    Where it is asked stands in it only for a model whose name alone says too little.
    """
    asked: dict[str, Any] = {"model": model.model}
    if request.texts:
        own = {"task": model.task, "dimensions": model.dimensions, "pooling": model.pooling}
        asked |= {"texts": texts_of(model, request), **{name: value for name, value in own.items() if value}}
    else:
        asked |= {**_said(request), **sampling(model, request)}
    if apart := model.apart:
        asked["identity"] = apart
    if revision:
        asked["revision"] = revision
    if request.schema is not None:
        asked["schema"] = request.schema
    # What few requests have stands in the text of those alone: so the keys of all others stay as they ever were.
    asked.update(_tools(request))
    if request.logprobs is not None:
        asked["logprobs"] = request.logprobs
    if model.extra_body:
        asked["extra_body"] = model.extra_body
    return sendable(_encode(asked))


def texts_of(model: Model, request: Request) -> list[str]:
    """What a model that writes no text is told: an embedder with its `prefix` before the text."""
    return [(model.prefix or "") + text for text in request.texts]


def texts(model: Model, request: Request) -> bytes:
    """What one such request is sent as: who sends it puts it into one body with others."""
    return sendable(_encode(texts_of(model, request))).encode()


def _said(request: Request) -> dict[str, Any]:
    """What the model is to answer, or to go on with."""
    return {"prompt": request.prompt} if request.prompt else {"messages": list(request.messages)}


def _tools(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = {"tools": list(request.tools)} if request.tools else {}
    return found if request.tool_choice is None else {**found, "tool_choice": request.tool_choice}


def sendable(text: str) -> str:
    """The text as UTF-8 can carry it: half of a surrogate pair becomes a question mark."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def key_of(asked: str) -> str:
    """The SHA-256, as 64 hex digits, under which the answer to `asked` is kept."""
    data, digest = asked.encode(), hashlib.sha256()
    # hashlib lets other threads in where it is given more than 2047 bytes, and whoever is busy keeps them out for
    # milliseconds: too long for what takes microseconds, before each request.
    step = _PIECE if len(data) <= _SHORT else len(data)
    for start in range(0, len(data), step):
        digest.update(data[start : start + step])
    return digest.hexdigest()


def body(model: Model, request: Request, model_name: str) -> dict[str, Any]:
    """The request body as OpenAI has it; what single servers take of it is another matter."""
    sent: dict[str, Any] = {"model": model_name, **_said(request), **sampling(model, request)}
    if request.schema is not None:
        shape = {"name": "answer", "schema": request.schema, "strict": True}
        sent["response_format"] = {"type": "json_schema", "json_schema": shape}
    sent.update(_tools(request))
    if request.logprobs is not None:
        sent["logprobs"] = True
        # Some servers give none at all where the likeliest of each place are to be 0.
        sent.update({"top_logprobs": request.logprobs} if request.logprobs else {})
    sent.update(model.extra_body)
    return sent


def encoded(sent: dict[str, Any]) -> bytes:
    """A request body, word for word."""
    return sendable(_encode_as_given(sent)).encode()
