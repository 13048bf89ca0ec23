"""What a recipe's `extra_body` may not say, wherever in it: how much an answer may take, how many there are.

Servers and the gateways before them know the same bound under many names (`max_new_tokens`, `options.num_predict`,
`generation_config.maxOutputTokens`): a value beside ours would be in no sum that a budget is held against.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hfsft.keys import letters

_OURS = {"model", "messages", "input", "seed", "response_format", "stream_options"}
_STREAM_ADVICE = "write `stream:` in the model"
_SAMPLED = {"temperature", "top_p"}
_SAMPLING_ADVICE = "write `{}:` in the model or the stage"
_LIMIT_ADVICE = "write `max_tokens:` in the model or the stage"

# Names without case and marks between words, so that `maxOutputTokens` is `max_output_tokens`.
_LIMIT = re.compile(
    r"max.*(token|length|len).*|max(output|completion|response|gen|new).*|n(um)?predict"
    r"|tokenlimit|(output|completion|response|generation)(tokens?|length|limit)"
)
_NO_LIMIT = re.compile(r"model|input|prompt|context|think|reason|image|search|logprob|cache|seq")  # of something else
_COUNT = re.compile(
    r"n|bestof|candidates|n(um)?(returnsequences|(sample|candidate|completion|choice|response|generation)s?)"
    r"|(sample|candidate|completion|choice|response|generation)count"
)
# What holds names of the author's own, or bounds on a shape: `maxLength` of a schema is no bound on tokens.
_SHAPE = re.compile(r"schema|guided|grammar|structured|tools?$|functions?$|metadata|logitbias|templatekwargs")
_THINKING = re.compile(r"think|reason")
# What costs other than the tokens do, or by another price; matched from the start of the name.
_COSTS = re.compile(r"models$|fallback|route$|servicetier|plugins|websearch|searchparameters|transforms$")


def refused(extra: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The fields that hfsft sets itself, each as its dotted path (`options.num_predict`) and advice, empty for none."""
    found = []
    for name, way, _ in _walk(extra):
        top, plain = "." not in way, letters(name)
        if top and name in _OURS:
            found.append((way, ""))
        elif top and name == "stream":
            found.append((way, _STREAM_ADVICE))
        elif top and name in _SAMPLED:
            found.append((way, _SAMPLING_ADVICE.format(name)))
        elif _LIMIT.fullmatch(plain) and not _NO_LIMIT.search(plain) and not _thinks(way):
            found.append((way, _LIMIT_ADVICE))
        elif _COUNT.fullmatch(plain):
            found.append((way, ""))
    return found


def thinking_tokens(extra: Mapping[str, Any]) -> int:
    """Tokens that the fields allow for thinking; a server may count them beside those of the answer."""
    return sum(
        value
        for name, way, value in _walk(extra)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0
        if _thinks(way) and re.search(r"token|budget|length|len", letters(name))
    )


def costs_more(extra: Mapping[str, Any]) -> str:
    """The first field by which an answer may cost more than its tokens do at the model's price; empty if none."""
    return next((name for name in extra if _COSTS.match(letters(name))), "")


def _walk(value: Any, way: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every field at any depth: its name, its dotted path, its value."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            found = f"{way}.{name}" if way else str(name)
            yield str(name), found, inner
            if not _SHAPE.search(letters(str(name))):
                yield from _walk(inner, found)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, way)


def _thinks(way: str) -> bool:
    return bool(_THINKING.search(way.lower()))
