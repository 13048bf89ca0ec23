"""What the author of a recipe wrote and a server refuses: never left out unasked, so the build stops at its line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hfsft.errors import RefusedKeyError
from hfsft.models.dialects.dialect_table import NAMED

if TYPE_CHECKING:
    from hfsft.models.dialects.refused_request import RefusedRequest
    from hfsft.models.model import Model, Request

_SAMPLED = {"temperature": "temperature", "top_p": "top[_-]?p"}
_HERS = "what a recipe says is not left out unasked: "


def chosen(request: Request) -> frozenset[str]:
    """The fields of the sampling that hfsft chose: no recipe has a key for a request's seed or its ends."""
    ours = {name for name in request.chosen if getattr(request, name) is not None}
    return frozenset({"seed", "stop", *ours})


def refused_key(
    refusal: RefusedRequest, body: dict[str, Any], model: Model, request: Request, stage: str, message: str
) -> RefusedKeyError | None:
    """The error at the key of the recipe that a refusal is about; None where it is about none."""
    for name, spelt in _SAMPLED.items():
        if name in body and name not in chosen(request) and refusal.names(name, spelt):
            if getattr(request, name) is not None:
                section = re.split(r"\W", stage, maxsplit=1)[0]
                advice = f"{_HERS}take out this line, or write `{name}: null`"
                return RefusedKeyError((section, name), message, advice)
            return RefusedKeyError(("models", request.model, name), message, f"{_HERS}take out this line")
    for name in model.extra_body:
        if name in body and refusal.names(name):
            return RefusedKeyError(("models", request.model, "extra_body", name), message, f"{_HERS}take it out")
    pieces = NAMED["stream"]
    wrong = pieces.undone(refusal) if model.stream else model.stream is False and pieces.refused(refusal, body)
    if wrong and refusal.plain:
        return RefusedKeyError(("models", request.model, "stream"), message, f"{_HERS}take out this line")
    return None
