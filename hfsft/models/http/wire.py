"""A request as it is keyed and as it is sent, and an answer as it is read; nothing here touches a network.

{"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 256}
{"choices": [{"message": {"content": "Hello."}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 9, ...}}
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from hfsft.errors import unusable
from hfsft.keys import Hide, scrub
from hfsft.models.http.faults import Fault, message_in, of_response
from hfsft.models.http.thinking import split_thinking
from hfsft.models.model import Answer, Model, Request

_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_MOST_TOKENS = 10**9  # of one exchange; more is no count
# Names for the same end in servers that do not speak quite the same dialect.
_FINISH = {
    "max_tokens": "length",
    "model_length": "length",
    "safety": "content_filter",
    "recitation": "content_filter",
    "refusal": "content_filter",
}


def sampling(model: Model, request: Request) -> dict[str, Any]:
    """The sampling of one request as the server gets it: the request's own values, else the recipe's model's."""
    chosen: dict[str, Any] = {}
    for name in ("temperature", "top_p"):
        value = getattr(request, name)
        value = getattr(model, name) if value is None else value
        if value is not None:
            chosen[name] = float(value)
    limit = request.max_tokens or model.max_tokens
    if limit is not None:
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
    asked: dict[str, Any] = {"model": model.model, "messages": request.messages, **sampling(model, request)}
    if model.apart:
        asked["identity"] = model.apart
    if revision:
        asked["revision"] = revision
    if request.schema is not None:
        asked["schema"] = request.schema
    if model.extra_body:
        asked["extra_body"] = model.extra_body
    return sendable(_encode(asked))


def sendable(text: str) -> str:
    """The text as UTF-8 can carry it: half of a surrogate pair becomes a question mark."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def key_of(asked: str) -> str:
    """The SHA-256, as 64 hex digits, under which the answer to `asked` is kept."""
    return hashlib.sha256(asked.encode()).hexdigest()


def body(model: Model, request: Request, model_name: str, *, constrain: bool = True, modern: bool = False) -> bytes:
    """The request body, word for word.

    `constrain` hands the schema to the server; without it the schema is told to the model at the end of the prompt.
    `modern` names the token limit as servers do that refuse `max_tokens`.
    """
    sent: dict[str, Any] = {"model": model_name, "messages": list(request.messages), **sampling(model, request)}
    if request.schema is not None:
        if constrain:
            shape = {"name": "answer", "schema": request.schema, "strict": True}
            sent["response_format"] = {"type": "json_schema", "json_schema": shape}
        else:
            sent["messages"] = _with_schema(sent["messages"], request.schema)
    if modern and "max_tokens" in sent:
        sent["max_completion_tokens"] = sent.pop("max_tokens")
    sent.update(model.extra_body)
    return sendable(json.dumps(sent, ensure_ascii=False, separators=(",", ":"), allow_nan=False)).encode()


def _with_schema(messages: list[dict[str, Any]], schema: dict[str, Any]) -> list[dict[str, Any]]:
    told = "Answer with JSON only, no text around it, that follows this JSON Schema:\n" + _encode(schema)
    last = messages[-1] if messages else {}
    if last.get("role") == "user" and isinstance(last.get("content"), str):
        return [*messages[:-1], {**last, "content": f"{last['content']}\n\n{told}"}]
    return [*messages, {"role": "user", "content": told}]


def read(raw: str, hide: Hide = scrub) -> Answer:
    """The answer in a response body, as it is; a Fault, with its message through `hide`, if the body holds none."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise Fault("heal", "unreadable", f"the body is not JSON: {message_in(raw, hide)[:120]!r}", paid=True) from None
    if not isinstance(found, dict):
        raise Fault("heal", "unreadable", "the body is not a JSON object", paid=True)
    if (error := found.get("error")) and not found.get("choices"):
        code = error.get("code") if isinstance(error, dict) else None
        raise of_response(code if isinstance(code, int) and 400 <= code < 600 else 500, {}, raw, hide=hide)
    choices = found.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(first, dict) or not isinstance(message, dict):
        raise Fault("heal", "unreadable", "the body holds no choice", paid=True)
    return _answer(found, first, message)


def _answer(found: dict[str, Any], choice: dict[str, Any], message: dict[str, Any]) -> Answer:
    finish = str(choice.get("finish_reason") or "stop").lower()
    finish = _FINISH.get(finish, finish)
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(part.get("text") or "" for part in content if isinstance(part, dict))
    if not content and isinstance(message.get("refusal"), str):
        content, finish = message["refusal"], "content_filter"
    # JSON may carry half of a surrogate pair, which neither the store nor a dataset can.
    text, thinking = split_thinking(sendable(content) if isinstance(content, str) else "")
    apart = message.get("reasoning_content") or message.get("reasoning")
    usage = found.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    read, written, both = (_count(usage.get(f"{name}_tokens")) for name in ("prompt", "completion", "total"))
    if read is not None and written is not None and both is not None:
        written = max(written, both - read)  # some count what was thought in the total alone
    served = found.get("model")
    return Answer(
        text=text,
        reasoning=sendable("\n\n".join(part for part in (apart, thinking) if isinstance(part, str) and part)),
        finish_reason=finish,
        input_tokens=read,
        output_tokens=written,
        model=sendable(served) if isinstance(served, str) else "",
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_TOKENS else None


def usable(request: Request, answer: Answer) -> Answer:
    """The answer itself; AnswerError if the row that asked cannot use it, with what would have to change.

    Such an answer was paid for and is kept: no build sends the same request again.
    """
    if answer.finish_reason == "content_filter":
        raise unusable("content_filter", "the model or its provider declined to answer")
    if answer.finish_reason == "length" and not request.accept_cut:
        raise unusable("length", f"cut after {answer.output_tokens or 'its most'} tokens", "raise `max_tokens`")
    if not answer.text.strip():
        raise unusable("empty", "the answer holds no text")
    return answer
