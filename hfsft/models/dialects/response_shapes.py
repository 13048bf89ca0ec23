"""A JSON Schema for the answer: how servers refuse one, and what is asked for in its place."""

from __future__ import annotations

import json
import re
from typing import Any

from hfsft.letters.late_patterns import at_first_use
from hfsft.models.dialects.refused_request import Body, RefusedRequest

_ANY_SHAPE = at_first_use(
    r"response.?format|json.?(?:schema|mode|object|output)|structured.?output|guided|grammar", re.IGNORECASE
)
_NO_JSON = at_first_use(r"json mode (?:is )?not (?:enabled|supported)", re.IGNORECASE)
_CLOSED = at_first_use(
    r"(?:unknown|unsupported|unrecogni[sz]ed|unexpected)[^\n]{0,40}additional_?properties"
    r"|additional_?properties['\"`]?[^.\n]{0,40}(?:(?:not|n't|un)[ -]?(?:support|allow|permit|recogni)|cannot find)",
    re.IGNORECASE,
)
_TYPE = at_first_use(r"json.?schema|type\b|\bvariant", re.IGNORECASE)
_SPELT = r"response.?format"
# One that is refused for what stands in it says nothing of others.
_ONE_SHAPE = at_first_use(
    r"invalid (?:json.?)?schema|schema (?:is )?invalid|compil|failed to (?:generate|parse|validate)|validate_failed",
    re.IGNORECASE,
)
_WRITTEN = at_first_use(r"failed to (?:generate|parse|validate)|validate_failed|generated json", re.IGNORECASE)


def shape_of(body: Body) -> Any:
    """`json_schema` or `json_object`, None where any answer will do."""
    shape = body.get("response_format")
    return shape.get("type") if isinstance(shape, dict) else None


def refuses_shapes(refusal: RefusedRequest) -> bool:
    """Whether no form of it is taken."""
    if not refusal.plain or refusal.says(_ONE_SHAPE):
        return False
    return refusal.says(_NO_JSON) or (refusal.names("response_format", _SPELT, unknown=True) and not _typed(refusal))


def refuses_closed(refusal: RefusedRequest) -> bool:
    """Whether a schema is taken, and not that it says of further properties."""
    return refusal.plain and bool(_CLOSED.search(refusal.text))


def closes(body: Body) -> bool:
    """Whether its schema says anything of further properties."""
    return '"additionalProperties"' in json.dumps(body["response_format"])


def opened(body: Body) -> Body:
    """The request with a schema that says nothing of further properties."""
    return {**body, "response_format": _without_closing(body["response_format"])}


def _without_closing(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_closing(inner) for name, inner in value.items() if name != "additionalProperties"}
    return [_without_closing(inner) for inner in value] if isinstance(value, list) else value


def refuses_what_was_written(refusal: RefusedRequest) -> bool:
    """Whether the schema was taken, and what the model wrote does not follow it."""
    return refusal.plain and refusal.says(_WRITTEN)


def refuses_schemas(refusal: RefusedRequest) -> bool:
    """Whether a JSON Schema is not taken, though simpler JSON may be."""
    if not refusal.plain or refusal.says(_ONE_SHAPE) or refuses_closed(refusal) or refuses_shapes(refusal):
        return False
    return refusal.says(_ANY_SHAPE) or any(way.startswith("response_format") for way in refusal.named)


def _typed(refusal: RefusedRequest) -> bool:
    """Whether it is about the form that was asked for, not about asking for one."""
    return any("response_format." in way for way in refusal.named) or refusal.says(_TYPE)


def as_object(body: Body) -> Body:
    """The request for any JSON, with its schema told in the prompt."""
    return {**told_too(body), "response_format": {"type": "json_object"}}


def in_words(body: Body) -> Body:
    """The request with its schema told in the prompt, and no word of it elsewhere."""
    told = told_too(body)
    return {name: value for name, value in told.items() if name != "response_format"}


def told_too(body: Body) -> Body:
    """The request with its schema at the end of the last message of the user; as it is where it has none."""
    shape = body["response_format"].get("json_schema")
    if not isinstance(shape, dict):
        return body
    written = json.dumps(shape["schema"], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    told = "Answer with JSON only, no text around it, that follows this JSON Schema:\n" + written
    messages = body["messages"]
    last = messages[-1] if messages else {}
    if last.get("role") == "user" and isinstance(last.get("content"), str):
        messages = [*messages[:-1], {**last, "content": f"{last['content']}\n\n{told}"}]
    else:
        messages = [*messages, {"role": "user", "content": told}]
    return {**body, "messages": messages}
