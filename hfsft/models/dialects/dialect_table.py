"""The dialects of servers: how each is known from a refusal, and what a request looks like in it.

A new dialect is one entry of `TABLE`; builds learn it, remember it, tell of it, and probes ask for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hfsft.models.dialects.refused_request import RefusedRequest

Body = dict[str, Any]

SILENCE_SECONDS = 30.0
"""So long without a byte, and then cut: a gateway lost patience, which it may not where pieces come."""

_CUT = {0, 408, 504, 524}


@dataclass(frozen=True)
class Dialect:
    """One way in which servers take a request that is not OpenAI's."""

    name: str
    needs: Callable[[Body], bool]  # whether a request holds what the server does not take
    refused: Callable[
        [RefusedRequest, Body], bool
    ]  # whether a refusal of such a request, as it was sent, shows the dialect
    change: Callable[[Body], Body] | None  # the request in the dialect; None: there is no saying it, the row fails
    note: str  # what was done, for the end of a build, after the name of the model
    field: str = ""  # of the sampling: dropped only where no author wrote it
    undone: Callable[[RefusedRequest], bool] = lambda _: (
        False
    )  # whether a refusal shows that the server no longer speaks so


def spoken(body: Body, dialects: Collection[str], chosen: Collection[str] = ()) -> tuple[Body, list[str]]:
    """The request in these dialects, and the names of those that changed it.

    `chosen` are the fields of the sampling that no author wrote.
    """
    used = []
    for dialect in TABLE if dialects else ():
        if dialect.name in dialects and dialect.change and _may(dialect, body, chosen):
            body = dialect.change(body)
            used.append(dialect.name)
    return body, used


def learned(refusal: RefusedRequest, body: Body, known: Collection[str], chosen: Collection[str]) -> list[Dialect]:
    """The dialects that a refusal of this request shows, those that are not known yet."""
    return [
        dialect
        for dialect in TABLE
        if dialect.name not in known and _may(dialect, body, chosen) and dialect.refused(refusal, body)
    ]


def unlearned(refusal: RefusedRequest, known: Collection[str]) -> list[Dialect]:
    """The known dialects that a server refuses now."""
    return [dialect for dialect in TABLE if dialect.name in known and dialect.undone(refusal)]


def told(dialects: Mapping[str, Collection[str]]) -> list[str]:
    """One sentence for each dialect that models were asked in, by their names in the recipe."""
    return [f"{model} {each.note}" for model, names in dialects.items() for each in TABLE if each.name in names]


def unsayable(body: Body, dialects: Collection[str]) -> Dialect | None:
    """What a request needs though the server was found not to take it, and no dialect says it otherwise."""
    return next((each for each in TABLE if each.change is None and each.name in dialects and each.needs(body)), None)


def _may(dialect: Dialect, body: Body, chosen: Collection[str]) -> bool:
    return dialect.needs(body) and (not dialect.field or dialect.field in chosen)


def _holds(name: str) -> Callable[[Body], bool]:
    return lambda body: name in body


def _without(*names: str) -> Callable[[Body], Body]:
    return lambda body: {name: value for name, value in body.items() if name not in names}


# --- sampling


def _drops(name: str, spelt: str, note: str) -> Dialect:
    return Dialect(name, _holds(name), lambda refusal, _: refusal.names(name, spelt), _without(name), note, field=name)


_STOP = (
    r"['\"`]stop['\"`]|(?:param\w*|argument|field|property) stop|(?<=: )stop(?=\W*(?:$|\n|\.\s))|stop[ _]?sequences?"
)
_NEWER = "max_completion_tokens"


def _renamed(body: Body) -> Body:
    return {_NEWER if name == "max_tokens" else name: value for name, value in body.items()}


# --- the shape of the answer

_ANY_SHAPE = re.compile(
    r"response.?format|json.?(?:schema|mode|object|output)|structured.?output|guided|grammar", re.IGNORECASE
)
_NO_SHAPE = re.compile(
    r"json mode (?:is )?not (?:enabled|supported)|(?:un(?:known|recogni[sz]ed|supported|expected)|extra|not support\w*)"
    r"[^.\n]{0,60}response.?format(?!\W{0,3}(?:\w+\W){0,4}(?:type|value|json|of))"
    r"|response.?format['\"`]?(?: parameter| field)? (?:is )?(?:not|un)[ -]?(?:supported|recogni\w*|permitted|allowed)"
    r"(?! (?:type|value)s?\b)",
    re.IGNORECASE,
)
# One that is refused for what stands in it says nothing of others.
_ONE_SHAPE = re.compile(
    r"invalid (?:json.?)?schema|schema (?:is )?invalid|compil|failed to (?:generate|parse|validate)|validate_failed",
    re.IGNORECASE,
)


def _shape(body: Body) -> Any:
    shape = body.get("response_format")
    return shape.get("type") if isinstance(shape, dict) else None


def _refuses_shapes(refusal: RefusedRequest) -> bool:
    """Whether no form of it is taken."""
    wholly = refusal.says(_NO_SHAPE) or (refusal.names("response_format", unknown=True) and not _typed(refusal))
    return refusal.plain and wholly and not refusal.says(_ONE_SHAPE)


def _refuses_schemas(refusal: RefusedRequest, _: Body | None = None) -> bool:
    """Whether a JSON Schema is not taken, though simpler JSON may be."""
    if not refusal.plain or refusal.says(_ONE_SHAPE) or _refuses_shapes(refusal):
        return False
    return refusal.says(_ANY_SHAPE) or any(way.startswith("response_format") for way in refusal.named)


def _typed(refusal: RefusedRequest) -> bool:
    way = any("response_format." in way for way in refusal.named)
    return way or refusal.says(re.compile(r"json_schema|type\b|\bvariant", re.IGNORECASE))


def _as_object(body: Body) -> Body:
    return {**_told(body), "response_format": {"type": "json_object"}}


def _in_words(body: Body) -> Body:
    return _without("response_format")(_told(body))


def _told(body: Body) -> Body:
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


# --- messages

_SYSTEM = re.compile(
    r"system['\"`]? ?(?:role|message|prompt|instruction)s?[^.\n]{0,60}"
    r"(?:not|n't|un)[ -]?(?:support|allow|accept|enabl|avail)\w*"
    r"|(?:not|n't|un)[ -]?(?:support|allow|accept|expect|recogni|know)\w*[^.\n]{0,40}\b(?:system|developer)\b"
    r"|developer instruction[^.\n]{0,30}not|(?:invalid|unknown|unexpected)[^.\n]{0,20}role\W{1,4}system"
    r"|only (?:the )?['\"`]?user['\"`]?(?:,| and| or)[^.\n]{0,60}(?:role|supported|allowed)"
    r"|['\"`]system['\"`] (?:at|in|for) [^\n]{0,40}role|roles? must (?:be )?alternat|must alternate between user"
    r"|should alternate with assistant|first message must (?:be from|have|use)[^.\n]{0,20}user",
    re.IGNORECASE,
)


def _begins_with_system(body: Body) -> bool:
    return any(message.get("role") in ("system", "developer") for message in body["messages"])


def _refuses_system(refusal: RefusedRequest, _: Body | None = None) -> bool:
    role = any(re.fullmatch(r"messages\.\d+\.role", way) for way in refusal.named)
    return refusal.says(_SYSTEM) or (role and refusal.plain and "system" in refusal.text.lower())


def _folded(body: Body) -> Body:
    """The request with all system text at the head of the first message of the user."""
    told = [each["content"] for each in body["messages"] if each.get("role") in ("system", "developer")]
    others = [each for each in body["messages"] if each.get("role") not in ("system", "developer")]
    text = "\n\n".join(_text(content) for content in told)
    place = next((at for at, each in enumerate(others) if each.get("role") == "user"), None)
    if place is None:
        return {**body, "messages": [{"role": "user", "content": text}, *others]}
    first = others[place]
    content = first.get("content")
    joined = [{"type": "text", "text": text}, *content] if isinstance(content, list) else f"{text}\n\n{content}"
    others[place] = {**first, "content": joined}
    return {**body, "messages": others}


_PARTS = re.compile(
    r"content['\"`]?[^.\n]{0,40}(?:must|should|expected|valid)[^.\n]{0,30}\b(?:list|array|sequence)\b"
    r"|(?:valid|expected)[^.\n]{0,30}\b(?:list|array)\b[^.\n]{0,40}content"
    r"|content['\"`]?[^.\n]{0,30}(?:cannot|can't|not) be an? string",
    re.IGNORECASE,
)
_A_LIST = re.compile(r"\b(?:list|array|sequence)\b", re.IGNORECASE)


def _refuses_text(refusal: RefusedRequest, _: Body | None = None) -> bool:
    content = any(re.fullmatch(r"messages\.\d+(?:\.\w+)?\.content(?:\..*)?", way) for way in refusal.named)
    return refusal.says(_PARTS) or (content and refusal.plain and refusal.says(_A_LIST))


def _in_parts(body: Body) -> Body:
    messages = [
        {**each, "content": [{"type": "text", "text": each["content"]}]}
        if isinstance(each.get("content"), str)
        else each
        for each in body["messages"]
    ]
    return {**body, "messages": messages}


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if isinstance(part, dict))
    return str(content or "")


# --- streams

_ONLY_STREAMS = re.compile(
    r"only (?:be )?(?:support|accept|allow|work|avail|call|used)\w*[^.\n]{0,40}stream|stream\w*[^.\n]{0,20}\bonly\b"
    r"|non.?stream\w*[^.\n]{0,50}(?:not|n't|un)[ -]?(?:support|allow|accept|avail|enabl)\w*|for non.?streaming"
    r"|(?:not|n't|un)[ -]?(?:support|allow)\w*[^.\n]{0,30}non.?stream"
    r"|stream\w*['\"`]?[^.\n]{0,30}(?:must|should|needs? to|has to) be[^.\n]{0,20}(?:true|enabled|set|used|on)\b"
    r"|(?:must|please|need to|requires?)\b[^.\n]{0,30}(?:set|enable|use|pass)?[^.\n]{0,15}['\"`]?stream\w*['\"`]?"
    r"(?:\W{1,3}(?:to )?true| mode|ing (?:mode|request))"
    r"|streaming is (?:\w+ )?(?:required|recommended|mandatory)"
    r"|stream\w*\W{1,4}false[^.\n]{0,30}(?:not|un)[ -]?support",
    re.IGNORECASE,
)
_NO_STREAMS = re.compile(
    r"(?<!non-)(?<!non)\bstream(?:ing|s)?\b(?:(?!only)[^.\n]){0,40}"
    r"(?:not|n't|un)[ -]?(?:yet )?(?:support|allow|avail|enabl|implement)\w*"
    r"|(?:not|n't|un)[ -]?(?:support|allow)\w*[^.\n]{0,20}(?<!non-)\bstream(?:ing|s)?\b",
    re.IGNORECASE,
)


def _unstreamed(body: Body) -> bool:
    return not body.get("stream")


def _refuses_whole(refusal: RefusedRequest, _: Body | None = None) -> bool:
    """Whether the server, or a gateway before it, hands out answers only in pieces."""
    cut = refusal.status in _CUT and refusal.waited > SILENCE_SECONDS
    return cut or (refusal.status == 200 and not refusal.text.strip()) or refusal.says(_ONLY_STREAMS)


def _refuses_pieces(refusal: RefusedRequest) -> bool:
    return refusal.names("stream", unknown=True) or (refusal.plain and refusal.says(_NO_STREAMS))


def streamed(body: Body) -> Body:
    """The request for an answer in pieces, of which the last tells the tokens."""
    return {**body, "stream": True, "stream_options": {"include_usage": True}}


# --- what cannot be left out

_LOGPROBS = re.compile(
    r"log.?prob\w*[^\n]{0,80}(?:not|n't|un)[ -]?(?:support|allow|avail|enabl|permit)\w*"
    r"|(?:not|n't|un)[ -]?(?:support|allow|permit)\w*[^.\n]{0,60}log.?prob",
    re.IGNORECASE,
)
_TOOLS = re.compile(
    r"(?:tool|function)s?[ _-]?(?:us(?:e|age)|call\w*|choice)?[^.\n]{0,60}"
    r"(?:not|n't|un)[ -]?(?:support|allow|avail|enabl)\w*"
    r"|(?:not|n't|un)[ -]?support\w*[^.\n]{0,30}(?:\btools?\b|function)|no endpoints found that support tool"
    r"|tool\w*[^.\n]{0,40}requires? --|--enable-auto-tool-choice",
    re.IGNORECASE,
)


def _table() -> Iterator[Dialect]:
    yield Dialect(
        "max_tokens",
        _holds("max_tokens"),
        lambda refusal, _: refusal.plain and (_NEWER in refusal.text or refusal.names("max_tokens", unknown=True)),
        _renamed,
        f"takes the bound on tokens as `{_NEWER}`",
        undone=lambda refusal: refusal.names(_NEWER, unknown=True),
    )
    yield _drops("temperature", "temperature", "takes no temperature: its own was used")
    yield _drops("top_p", "top[_-]?p", "takes no `top_p`: its own was used")
    yield _drops("seed", "(?:random_)?seed", "takes no seed: asked anew, it may answer otherwise")
    yield _drops("stop", _STOP, "takes no `stop`: answers were not ended early")
    yield Dialect(
        "json_schema",
        lambda body: _shape(body) == "json_schema",
        _refuses_schemas,
        _as_object,
        "takes no JSON Schema: it was asked for JSON, and the schema was told in the prompt",
    )
    yield Dialect(
        "schema",
        lambda body: _shape(body) is not None,
        lambda refusal, body: _refuses_shapes(refusal) or (_shape(body) != "json_schema" and _refuses_schemas(refusal)),
        _in_words,
        "takes no `response_format`: the schema of its answers was told in the prompt",
    )
    yield Dialect(
        "unheeded",
        lambda body: _shape(body) == "json_schema",
        lambda _, __: False,  # no refusal shows it, only answers do
        _told,
        "takes a JSON Schema and does not heed it: the schema was told in the prompt too",
    )
    yield Dialect(
        "system",
        _begins_with_system,
        _refuses_system,
        _folded,
        "knows no system role: the system prompt was sent at the head of the first message",
    )
    yield Dialect("parts", lambda _: True, _refuses_text, _in_parts, "takes messages as lists of parts only")
    yield Dialect("stream", _unstreamed, _refuses_whole, streamed, "was asked for answers in pieces, as it gives no "
        "whole ones", undone=_refuses_pieces)  # fmt: skip
    yield Dialect(
        "stream_options",
        _holds("stream_options"),
        lambda refusal, _: refusal.names("stream_options") or refusal.names("include_usage"),
        _without("stream_options"),
        "was not asked for the tokens of its answers in pieces, as it takes no `stream_options`",
    )
    yield Dialect(
        "logprobs",
        _holds("logprobs"),
        lambda refusal, _: refusal.says(_LOGPROBS) or refusal.names("logprobs") or refusal.names("top_logprobs"),
        None,
        "gives no probabilities of tokens",
    )
    yield Dialect(
        "tools",
        _holds("tools"),
        lambda refusal, _: refusal.says(_TOOLS) or refusal.names("tools") or refusal.names("tool_choice"),
        None,
        "takes no tools",
    )


TABLE: tuple[Dialect, ...] = tuple(_table())
NAMED = {dialect.name: dialect for dialect in TABLE}
SHAPED = {"json_schema", "schema", "unheeded"}
"""Those in which the schema is told in words."""
