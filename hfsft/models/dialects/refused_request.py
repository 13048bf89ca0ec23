"""What a server refuses of a request, read from its error: the fields that it names, the sentences that it says.

{"error": {"message": "Unsupported value: 'temperature' does not support 0 with this model.", "param": "temperature"}}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hfsft.models.http.faults import Fault

Body = dict[str, Any]
"""A request as it is sent."""
REFUSALS = {400, 415, 422, 501}
"""What a server says that knows chat completions but not this part of them."""

# A template that fails is a server's own error in some; a router has no model for what is asked.
_LIKE_REFUSALS = {*REFUSALS, 403, 404, 500}
_LONGEST = 4_000  # characters that are looked at: a refusal is short
_FIELDS = {
    "model", "messages", "temperature", "top_p", "max_tokens", "max_completion_tokens", "seed", "stop", "stream",
    "stream_options", "response_format", "logprobs", "top_logprobs", "tools", "tool_choice", "n",
}  # fmt: skip
_DEEPEST = 5  # one error within another, as gateways pass them on
# What repeats the request is no sentence about it.
_ECHOES = {"input", "ctx", "url", "request", "messages", "failed_generation", "request_id", "doc_url"}

_UNKNOWN = (
    r"(?:not|n't|isn't|aren't)\s(?:\w+\s){0,2}?(?:support|allow|permit|accept|recogni|enabl|avail|implement)\w*"
    r"|unsupport\w*|unknown|unrecogni\w*|unexpected|unavailable|extra (?:input|field|param)\w*|forbidden|deprecated"
    r"|\u4e0d\u652f\u6301|\u672a\u77e5|\u4e0d\u5141\u8bb8|disabled"
    r"|cannot find|removed?\b|no longer|does not exist|not a valid (?:field|param\w*|argument|property)"
)
_VALUE = (
    r"|invalid|must|should|(?:not|cannot|can't) (?:both )?be|may only|only|range|greater|less than|at least|at most"
    r"|not one of|not a valid|fixed|illegal|configurable|cannot be changed|\u65e0\u6548|\u975e\u6cd5"
)
# Some gateways say it as an error of their own.
_GATEWAY = re.compile(
    r"unsupported ?params|does not support parameters|guided.?decod\w{0,30}[^\n]{0,60}not|keyword argument",
    re.IGNORECASE,
)
# What is listed as right after what is wrong is not itself refused.
_LISTS = re.compile(
    r"(?<!not )(?<!not a )\b(?:did you mean|(?:allowed|supported|valid|available|permitted|expected|known) (?:\w+ )?"
    r"(?:param|field|value|argument|propert|key|option|one of)\w*\b|expected one of)(?! (?:is|are) not| [<>]).*",
    re.IGNORECASE,
)
_GAP = r"(?:(?![.;]\s).){0,90}?"
_LOC = re.compile(r"""['"]loc['"]:\s*[\[(]([^\])]*)[\])]""")


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """An error of a server that may be about the shape of the request."""

    status: int
    text: str  # all sentences, one a line
    named: tuple[str, ...] = ()  # ways to fields, as `param` and `loc` give them: `messages[0].role`, `seed`
    waited: float = 0.0  # seconds without a byte before it came

    @property
    def plain(self) -> bool:
        """Whether it speaks of the request at all, rather than of the server."""
        return self.status in REFUSALS or (self.status == 500 and bool(_GATEWAY.search(self.text)))

    def says(self, pattern: re.Pattern[str]) -> bool:
        """Whether its sentences hold a pattern, and it may be a refusal."""
        return self.status in _LIKE_REFUSALS and bool(pattern.search(self.text))

    def names(self, field: str, spelt: str = "", *, unknown: bool = False) -> bool:
        """Whether it is this field that is refused; `unknown`: the field as such, not its value.

        `spelt` is a pattern for all its spellings. Where a structured part of the error names fields, only these are.
        """
        if not self.plain:
            return False
        tops = {re.split(r"\W", way, maxsplit=1)[0] for way in self.named}
        if field in tops:
            return not unknown or bool(re.search(_UNKNOWN, self.text, re.IGNORECASE))
        if tops & _FIELDS:
            return False
        return bool(_pattern(spelt or re.escape(field), unknown=unknown).search(self.text))


def read_refusal(fault: Fault) -> RefusedRequest:
    """What a fault says of the request that met it."""
    text: list[str] = []
    named: list[str] = []
    for key, value in _strings(fault.message if fault.body is None else fault.body):
        if key in ("param", "field", "loc"):
            named.append(_way(value))
        else:
            found = _LOC.findall(value)
            named += [_way(".".join(part.strip(" '\"") for part in loc.split(","))) for loc in found]
            text.append(value)
    sentences = "\n".join(_LISTS.sub("", line) for part in text for line in part.splitlines())
    return RefusedRequest(fault.status, sentences[:_LONGEST], tuple(way for way in named if way), fault.waited)


_patterns: dict[tuple[str, bool], re.Pattern[str]] = {}


def _pattern(spelt: str, *, unknown: bool) -> re.Pattern[str]:
    key = (spelt, unknown)
    if key not in _patterns:
        refused, field = _UNKNOWN if unknown else _UNKNOWN + _VALUE, rf"(?<![A-Za-z0-9_-])(?:{spelt})(?![A-Za-z0-9_-])"
        _patterns[key] = re.compile(rf"(?:{field}){_GAP}(?:{refused})|(?:{refused}){_GAP}(?:{field})", re.IGNORECASE)
    return _patterns[key]


def _way(value: str) -> str:
    """`body.messages.0.content` and `messages[0].content` as one: `messages.0.content`."""
    way = re.sub(r"\[(\w+)\]", r".\1", value)
    return re.sub(r"^(?:body|request|\$)\.", "", way)


def _strings(value: Any, key: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Each text in an error, with the name that it stands under; an error that is written in a text is read too."""
    if depth > _DEEPEST or key in _ECHOES:
        return
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == "loc" and isinstance(inner, list):
                yield "loc", ".".join(map(str, inner))
            else:
                yield from _strings(inner, str(name), depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner, key, depth + 1)
    elif isinstance(value, str):
        value = value[: 2 * _LONGEST]
        start = min((at for mark in ("{", "[{") if (at := value.find(mark)) >= 0), default=-1)
        inner, end = _json(value, start) if start >= 0 else (None, 0)
        if inner is None:
            yield key, value
            return
        yield key, value[:start]
        yield from _strings(inner, key, depth + 1)
        yield key, value[end:]


def _json(text: str, start: int) -> tuple[Any, int]:
    """The object or list that begins there, and where it ends; None where there is none."""
    try:
        return json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError):
        return None, start
