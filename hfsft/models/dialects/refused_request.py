"""What a server refuses of a request, read from its error: the fields that it names, the sentences that it says.

{"error": {"message": "Unsupported value: 'temperature' does not support 0 with this model.", "param": "temperature"}}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hfsft.models.http.faults import Fault

Body = dict[str, Any]
"""A request as it is sent."""
REFUSALS = {400, 406, 412, 415, 417, 422, 426, 428, 501}
"""What a server says that knows chat completions but not this part of them."""

# A template that fails is a server's own error in some; a router has no model for what is asked.
_LIKE_REFUSALS = {*REFUSALS, 403, 404, 500}
_LONGEST = 4_000  # characters that are looked at: a refusal is short
_FIELDS = {
    "model", "messages", "temperature", "top_p", "max_tokens", "max_completion_tokens", "seed", "stop", "stream",
    "stream_options", "response_format", "logprobs", "top_logprobs", "tools", "tool_choice", "n",
}  # fmt: skip
# Where structured errors name what is wrong: always the first three, the others where a field stands there.
_NAMING = {"param", "field", "loc"}
_MAY_NAME = {
    "parameter", "parameters", "fields", "name", "path", "pointer", "property", "argument", "key", "keys",
}  # fmt: skip
# Names under which validators list what is wrong with a field, and a request that is repeated has other than sentences.
_LISTED = _FIELDS - {"model", "messages", "stop", "stream", "n"}
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
    r"(?:unsupported|unknown|unrecogni[sz]ed) ?(?:param|field|argument)"
    r"|does not support parameters|guided.?decod\w{0,30}[^\n]{0,60}not|keyword argument",
    re.IGNORECASE,
)
# What is listed as right after what is wrong is not itself refused.
_LISTS = re.compile(
    r"(?<!not )(?<!not a )\b(?:did you mean|(?:allowed|supported|valid|available|permitted|expected|known) (?:\w+ )?"
    r"(?:param|field|value|argument|propert|key|option|one of)\w*\b|expected one of)(?! (?:is|are) not| [<>]).*",
    re.IGNORECASE,
)
# What a field is called in other languages: a refusal that calls one so is about it, whatever else it says.
_FIELD = (
    r"(?:param(?:eter|\u00e8tre)|par[a\u00e1\u00e2]metro|\u043f\u0430\u0440\u0430\u043c\u0435\u0442\u0440"
    r"|\u53c2\u6570|\u53c3\u6578|\u5b57\u6bb5|\u30d1\u30e9\u30e1\u30fc\u30bf|\ub9e4\uac1c\ubcc0\uc218|\ud30c\ub77c\ubbf8\ud130"
    r"|feld|campo|champ|\u043f\u043e\u043b\u0435|\u30d5\u30a3\u30fc\u30eb\u30c9|\ud544\ub4dc)"
)
_OPENING = "['\"`\u201e\u201c\u2018\u00ab\u2039\u300c\u300e]"
_CLOSING = "['\"`\u201c\u201d\u2019\u00bb\u203a\u300d\u300f]"
_LONGEST_LINE = 400  # characters of one that points at a field: more may repeat a prompt
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
        spelt = spelt or re.escape(field)
        return bool(_pattern(spelt, unknown=unknown).search(self.text)) or (not unknown and self._points_at(spelt))

    def _points_at(self, spelt: str) -> bool:
        """Whether a sentence in any language is about a field: it stands in quotes, or is called a field."""
        if self.status not in REFUSALS:
            return False
        pattern = _pointing(spelt)
        return any(pattern.search(line) for line in self.text.splitlines() if len(line) < _LONGEST_LINE)


def read_refusal(fault: Fault) -> RefusedRequest:
    """What a fault says of the request that met it."""
    text: list[str] = []
    named: list[str] = []
    for key, value in _strings(fault.message if fault.body is None else fault.body):
        if key in _NAMING or (key in _MAY_NAME and re.split(r"\W", _way(value), maxsplit=1)[0] in _FIELDS):
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


@lru_cache
def _pointing(spelt: str) -> re.Pattern[str]:
    field = rf"(?<![A-Za-z0-9_-])(?:{spelt})(?![A-Za-z0-9_-])"
    called = rf"{_FIELD}[^.\n]{{0,20}}{field}|{field}[^.\n]{{0,20}}{_FIELD}"
    return re.compile(rf"{_OPENING}\s?{field}\s?{_CLOSING}|{called}", re.IGNORECASE)


def _way(value: str) -> str:
    """`body.messages.0.content`, `#/messages/0/content` and `messages[0].content` as one: `messages.0.content`."""
    way = re.sub(r"\[(\w+)\]", r".\1", value)
    if way.startswith(("/", "#/")):
        way = way.lstrip("#/").replace("/", ".")
    return re.sub(r"^(?:body|request|\$)\.", "", way)


def _strings(value: Any, key: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Each text in an error, with the name that it stands under; an error that is written in a text is read too."""
    if depth > _DEEPEST or key in _ECHOES:
        return
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name in ("loc", "path") and isinstance(inner, list):
                yield str(name), ".".join(map(str, inner))
            else:
                if name in _LISTED and isinstance(inner, list) and inner and all(isinstance(one, str) for one in inner):
                    yield "param", str(name)
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
