"""Vectors and scores as answers hold them: as text, to the last bit.

A vector is its single-precision numbers in base64, lowest byte first, as the API sends them where it is asked to; a
score is JSON: {"score": 0.93, "label": "POSITIVE"}.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, NamedTuple

from hfsft.errors import AnswerError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.models.model import Answer

    Vector = NDArray[np.float32]  # of one text, or of one text a row

FLOAT = "<f4"


class Scored(NamedTuple):
    """What a scorer says of a text or a pair: a number, and what it calls it where it names classes."""

    value: float
    label: str = ""


def written(vector: Vector) -> str:
    """A vector as text."""
    return base64.b64encode(vector.astype(FLOAT).tobytes()).decode()


def vector_in(answer: Answer) -> Vector:
    """The vector that an answer holds, of length 1. Raises `AnswerError` where it holds none."""
    import numpy as np

    try:
        found = np.frombuffer(base64.b64decode(answer.text, validate=True), FLOAT)
    except ValueError:
        raise AnswerError("unreadable", "the answer holds no vector") from None
    from hfsft.similarity import units

    one: Vector = units(found[None])[0]
    return one


def score_in(answer: Answer) -> Scored:
    """The score that an answer holds. Raises `AnswerError` where it holds none."""
    try:
        found = json.loads(answer.text)
        return Scored(float(found["score"]), str(found.get("label") or ""))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise AnswerError("unreadable", "the answer holds no score") from None


def in_words(answer: Answer) -> str:
    """An answer for people: nobody reads the numbers of a vector."""
    try:
        return answer.text if answer.text.startswith("{") else f"a vector of {len(vector_in(answer)):,} numbers"
    except AnswerError:
        return answer.text
