"""The dialects of servers: how each is known from a refusal, and what a request looks like in it.

A new dialect is one entry of `TABLE`; builds learn it, remember it, tell of it, and probes ask for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from hfsft.letters.late_patterns import at_first_use
from hfsft.models.dialects.likeliest_tokens import LIMITS, at_most, limit_in, more_than
from hfsft.models.dialects.message_forms import folded, has_system, in_parts, refuses_system, refuses_text
from hfsft.models.dialects.piecewise import refuses_pieces, refuses_whole, streamed, unstreamed
from hfsft.models.dialects.refused_request import Body, RefusedRequest
from hfsft.models.dialects.response_shapes import (
    as_object,
    closes,
    in_words,
    opened,
    refuses_closed,
    refuses_schemas,
    refuses_shapes,
    shape_of,
    told_too,
)


@dataclass(frozen=True)
class Dialect:
    """One way in which servers take a request that is not OpenAI's."""

    name: str
    needs: Callable[[Body], bool]  # whether a request holds what the server does not take
    # Whether a refusal of such a request, as it was sent, shows the dialect.
    refused: Callable[[RefusedRequest, Body], bool]
    change: Callable[[Body], Body] | None  # the request in the dialect; None: there is no saying it, the row fails
    note: str  # what it costs, told at the end of a build after the name of the model; empty: nothing
    field: str = ""  # of the sampling: dropped only where no author wrote it
    # Whether a refusal shows that the server does not, or no longer, speak so.
    undone: Callable[[RefusedRequest], bool] = lambda _: False


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


def notes_on(dialects: Mapping[str, Collection[str]]) -> list[str]:
    """One sentence for each dialect that models were asked in, by their names in the recipe."""
    return [
        f"{model} {each.note}"
        for model, names in dialects.items()
        for each in TABLE
        if each.note and each.name in names and not (each.name == "json_schema" and "schema" in names)
    ]


def unsayable(body: Body, dialects: Collection[str]) -> Dialect | None:
    """What a request needs though the server was found not to take it, and no dialect says it otherwise."""
    unchanged = (each for each in TABLE if each.change is None and each.name in dialects) if dialects else ()
    return next((each for each in unchanged if each.needs(body)), None)


def _may(dialect: Dialect, body: Body, chosen: Collection[str]) -> bool:
    return dialect.needs(body) and (not dialect.field or dialect.field in chosen)


def _holds(name: str) -> Callable[[Body], bool]:
    return lambda body: name in body


def _without(*names: str) -> Callable[[Body], Body]:
    return lambda body: {name: value for name, value in body.items() if name not in names}


# --- sampling


_BOTH = at_first_use(
    r"(?:temperature\W.{0,30}\btop[_-]?p|top[_-]?p\W.{0,30}\btemperature)\b[^\n]{0,80}"
    r"(?:\bboth\b|together|at the same time|simultaneous|mutually|only one|one of)"
    r"|(?:\bboth\b|only one of|either|not (?:specify|set|use|combine))[^\n]{0,40}"
    r"(?:temperature\W.{0,30}\btop[_-]?p|top[_-]?p\W.{0,30}\btemperature)\b",
    re.IGNORECASE,
)


def _drops(name: str, spelt: str, note: str) -> Dialect:
    def refused(refusal: RefusedRequest, _: Body) -> bool:
        return refusal.names(name, spelt) and not refusal.says(_BOTH)

    return Dialect(name, _holds(name), refused, _without(name), note, field=name)


def _beside(name: str, other: str) -> Dialect:
    """One of two fields is dropped where a server takes either, and not both."""
    return Dialect(
        f"{name}_beside_{other}",
        lambda body: name in body and other in body,
        lambda refusal, _: refusal.plain and refusal.says(_BOTH),
        _without(name),
        f"takes no `{name}` beside a `{other}`: its own was used",
        field=name,
    )


_STOP = (
    r"['\"`]stop['\"`]|(?:param\w*|argument|field|property) stop|(?<=: )stop(?=\W*(?:$|\n|\.\s))"
    r"|(?:(?<=^)|(?<=\n))stop(?=:| is| are| not)|stop[ _]?sequences?"
)
_NEWER = "max_completion_tokens"


def _renamed(body: Body) -> Body:
    return {_NEWER if name == "max_tokens" else name: value for name, value in body.items()}


# --- what cannot be left out

_LOGPROBS = at_first_use(
    r"log.?prob\w{0,30}[^\n]{0,80}(?:not|n't|un)[ -]?(?:support|allow|avail|enabl|permit)\w{0,30}"
    r"|log.?prob\w{0,30}[^.\n]{0,20}(?:turned|switched) off"
    r"|(?:not|n't|un)[ -]?(?:support|allow|permit|return|give|provide)\w{0,30}[^.\n]{0,60}log.?prob",
    re.IGNORECASE,
)
_ONE_TOOL = at_first_use(r"tools?[.\[]\d|parameters of|function name|schema", re.IGNORECASE)
_TOOLS = at_first_use(
    r"(?:tool|function)s?[ _-]?(?:us(?:e|age)|call\w{0,30}|choice)?[^.\n]{0,60}"
    r"(?:(?:not|n't|un)[ -]?(?:support|allow|avail|enabl)\w{0,30}|disabled)"
    r"|(?:cannot|can't|unable to) (?:call|use) (?:\btools?\b|function)"
    r"|(?:not|n't|un)[ -]?support\w{0,30}[^.\n]{0,30}(?:\btools?\b|function)|no endpoints found that support tool"
    r"|tool\w{0,30}[^.\n]{0,40}requires? --|--enable-auto-tool-choice",
    re.IGNORECASE,
)


def _refuses_tools(refusal: RefusedRequest, _: Body) -> bool:
    """Whether it is about tools as such, not about one of them."""
    one = any(re.match(r"tools\.\d", way) for way in refusal.named) or refusal.says(_ONE_TOOL)
    return not one and (refusal.says(_TOOLS) or refusal.names("tools") or refusal.names("tool_choice"))


def _refuses_probabilities(refusal: RefusedRequest, body: Body) -> bool:
    named = refusal.says(_LOGPROBS) or refusal.names("logprobs") or refusal.names("top_logprobs")
    return named and limit_in(refusal, body) is None


def _table() -> Iterator[Dialect]:
    yield Dialect(
        "max_tokens",
        _holds("max_tokens"),
        lambda refusal, _: refusal.plain and (_NEWER in refusal.text or refusal.names("max_tokens", unknown=True)),
        _renamed,
        "",
        undone=lambda refusal: refusal.names(_NEWER, unknown=True),
    )
    yield _drops("temperature", "temperature", "takes no temperature: its own was used")
    yield _drops("top_p", "top[_-]?p", "takes no `top_p`: its own was used")
    yield _beside("top_p", "temperature")
    yield _beside("temperature", "top_p")
    yield _drops("seed", "(?:random_)?seed", "takes no seed: asked anew, it may answer otherwise")
    yield _drops("stop", _STOP, "takes no `stop`: answers were not ended early")
    yield Dialect(
        "json_schema",
        lambda body: shape_of(body) == "json_schema",
        lambda refusal, _: refuses_schemas(refusal),
        as_object,
        "takes no JSON Schema: it was asked for JSON, and the schema was told in the prompt",
    )
    yield Dialect(
        "schema",
        lambda body: shape_of(body) is not None,
        lambda refusal, body: refuses_shapes(refusal) or (shape_of(body) != "json_schema" and refuses_schemas(refusal)),
        in_words,
        "takes no `response_format`: the schema of its answers was told in the prompt",
    )
    yield Dialect(
        "unheeded",
        lambda body: shape_of(body) == "json_schema",
        lambda _, __: False,  # no refusal shows it, only answers do
        told_too,
        "takes a JSON Schema and does not heed it: the schema was told in the prompt too",
    )
    yield Dialect(
        "open_schema",
        lambda body: shape_of(body) == "json_schema" and closes(body),
        lambda refusal, _: refuses_closed(refusal),
        opened,
        "takes no `additionalProperties` in a JSON Schema: it was left out",
    )
    yield Dialect(
        "system",
        has_system,
        refuses_system,
        folded,
        "knows no system role: the system prompt was sent at the head of the first message",
    )
    yield Dialect("parts", lambda _: True, refuses_text, in_parts, "")
    yield Dialect("stream", unstreamed, refuses_whole, streamed, "", undone=refuses_pieces)
    yield Dialect(
        "stream_options",
        _holds("stream_options"),
        lambda refusal, _: refusal.names("stream_options") or refusal.names("include_usage"),
        _without("stream_options"),
        "was not asked for the tokens of its answers in pieces, as it takes no `stream_options`",
    )
    for limit in LIMITS:
        yield Dialect(
            f"top_logprobs_{limit}",
            partial(more_than, limit),
            lambda refusal, body, limit=limit: limit_in(refusal, body) == limit,  # type: ignore[misc]
            partial(at_most, limit),
            f"gives the probabilities of the {limit} likeliest tokens of each place alone",
        )
    yield Dialect(
        "logprobs",
        _holds("logprobs"),
        _refuses_probabilities,
        None,
        "gives no probabilities of tokens",
    )
    yield Dialect(
        "tools",
        _holds("tools"),
        _refuses_tools,
        None,
        "takes no tools",
    )


TABLE: tuple[Dialect, ...] = tuple(_table())
NAMED = {dialect.name: dialect for dialect in TABLE}
SHAPED = {"json_schema", "schema", "unheeded"}
"""Those in which the schema is told in words."""
