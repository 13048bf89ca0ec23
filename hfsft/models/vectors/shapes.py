"""How servers are asked for vectors and scores: for each task the ways that are known, the most usual first.

A way says at which address, what is sent for several texts, and how what comes back is read: one text, as
`hfsft.models.vectors.numbers` writes it, for each in their order. A new kind of server is one more line in `WAYS`.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfsft.models.http.faults import Fault
from hfsft.models.vectors.numbers import FLOAT, written

if TYPE_CHECKING:
    from hfsft.models.model import Task
    from hfsft.models.vectors.numbers import Vector

Texts = Sequence[tuple[str, ...]]
"""What is asked for: of each text itself, of each pair both."""
Found = Sequence[str | Fault]
"""What came of each: the answer's text, or why there is none of this one."""


@dataclass(frozen=True)
class Way:
    """One way to ask a server."""

    path: str  # behind `base_url`
    versioned: bool  # whether it stands behind the /v1, or beside it
    body: Callable[[Texts], dict[str, Any]]
    read: Callable[[Any, int], Found]  # raises Fault where the whole cannot be read
    first: bool = False  # whether all that is asked for at once must have the same first text


# Where servers list what came, and how they call a score: Jina and Cohere, Voyage and Mixedbread, NVIDIA.
_LISTS = ("results", "data", "rankings")
_SCORES = ("relevance_score", "score", "logit")


def _items(found: Any, names: Sequence[str], count: int, what: str) -> list[dict[str, Any]]:
    """The items of a response in the order in which they were asked for; a Fault where they are not just those."""
    if isinstance(found, dict) and isinstance(found.get("output"), dict):  # as DashScope wraps it
        found = found["output"]
    items = next((found[name] for name in names if found.get(name)), None) if isinstance(found, dict) else found
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Fault("heal", "unreadable", f"the body holds no {what}", paid=True)
    if len(items) != count:
        raise Fault("heal", "unreadable", f"{count} texts were sent, and {len(items)} {what} came back", paid=True)
    places = [_place(item.get("index")) for item in items]
    if all(place is None for place in places):
        return items
    if sorted(place for place in places if isinstance(place, int)) != list(range(count)):
        raise Fault("heal", "unreadable", f"the `index` of the {what} is not that of the texts sent", paid=True)
    return sorted(items, key=lambda item: int(item["index"]))


def _place(index: Any) -> Any:
    return int(index) if isinstance(index, str) and index.isdecimal() else index


def _vectors(found: Any, count: int) -> Found:
    return [_vector(item.get("embedding")) for item in _items(found, ("data",), count, "vectors")]


def _vector(value: Any) -> str | Fault:
    """A vector as it is kept, from a list of numbers or from base64; the Fault of one that is none."""
    import numpy as np

    try:
        if isinstance(value, str):
            numbers: Vector = np.frombuffer(base64.b64decode(value, validate=True), FLOAT)
        elif isinstance(value, list) and all(type(each) in (int, float) for each in value):
            with np.errstate(over="ignore"):
                numbers = np.asarray(value, np.float64).astype(np.float32)
        else:
            return _unusable("what came for it is no vector of numbers")
    except (ValueError, binascii.Error, OverflowError):
        return _unusable("what came for it is no vector of numbers")
    if not len(numbers):
        return _unusable("the vector that came for it is empty")
    if not np.isfinite(numbers).all():
        return _unusable("the vector that came for it has a number that is infinite, or none (NaN)")
    return written(numbers)


def _unusable(said: str) -> Fault:
    return Fault("row", "vector", said, status=200, paid=True)


def _scores(found: Any, count: int) -> Found:
    """The score of each item, by whichever name it has one."""
    items = _items(found, _LISTS, count, "scores")
    return [_score(next((item[name] for name in _SCORES if name in item), None), item.get("label")) for item in items]


def _score(value: Any, label: Any = None) -> str | Fault:
    if isinstance(value, list) and len(value) == 1:  # of a model with one output
        (value,) = value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return Fault("row", "vector", "what came for it is no score", status=200, paid=True)
    return json.dumps({"score": value, **({"label": label} if isinstance(label, str) and label else {})})


def _classes(found: Any, count: int) -> Found:
    """Of each text the label, and its share; of a model with one output, such as a reward model, that number."""
    told = []
    for item in _items(found, ("data",), count, "labels"):
        shares = item.get("probs")
        numbers = [each for each in shares if isinstance(each, int | float)] if isinstance(shares, list) else []
        told.append(_score(max(numbers, default=None), item.get("label")))
    return told


def _predictions(found: Any, count: int) -> Found:
    """The same from lists of labels with their shares, one for each text."""
    if not isinstance(found, list) or len(found) != count or not all(isinstance(each, list) for each in found):
        raise Fault("heal", "unreadable", f"the body holds no list of labels for each of {count} texts", paid=True)
    told = []
    for each in found:
        scored = [one for one in each if isinstance(one, dict) and isinstance(one.get("score"), int | float)]
        best = max(scored, key=lambda one: float(one["score"]), default={})
        told.append(_score(best.get("score"), best.get("label")))
    return told


def _one(texts: Texts) -> list[str]:
    return [each[0] for each in texts]


def _two(texts: Texts) -> list[str]:
    return [each[1] for each in texts]


WAYS: dict[Task, tuple[Way, ...]] = {
    # OpenAI, vLLM, TEI, llama.cpp, Ollama, Infinity.
    "embed": (Way("/embeddings", True, lambda texts: {"input": _one(texts)}, _vectors),),
    "rerank": (
        # Jina and Cohere, vLLM, Infinity, llama.cpp.
        Way(
            "/rerank",
            True,
            lambda texts: {"query": texts[0][0], "documents": _two(texts), "top_n": len(texts)},
            _scores,
            first=True,
        ),
        # TEI.
        Way(
            "/rerank",
            False,
            lambda texts: {"query": texts[0][0], "texts": _two(texts)},
            _scores,
            first=True,
        ),
    ),
    # vLLM.
    "score": (
        Way(
            "/score",
            False,
            lambda texts: {"text_1": _one(texts), "text_2": _two(texts)},
            _scores,
        ),
    ),
    "classify": (
        # vLLM, SGLang.
        Way("/classify", False, lambda texts: {"input": _one(texts)}, _classes),
        # TEI.
        Way("/predict", False, lambda texts: {"inputs": [list(each) for each in texts]}, _predictions),
    ),
}
