"""What a row asks of a model that writes no text, and what comes of the answer."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from hfsft.models.model import Answer, Request
from hfsft.models.vectors.numbers import Scored, score_in, vector_in

if TYPE_CHECKING:
    from hfsft.models.vectors.numbers import Vector


def vector_turns(name: str, text: str) -> Generator[Request, Answer, Vector]:
    """Ask the embedder called `name` for the vector of a text, which must not be blank."""
    answer = yield Request(model=name, texts=(text,))
    return vector_in(answer)


def score_turns(name: str, item: tuple[str, ...]) -> Generator[Request, Answer, Scored]:
    """Ask the scorer called `name` for the score of a text, or a pair."""
    answer = yield Request(model=name, texts=item)
    return score_in(answer)
