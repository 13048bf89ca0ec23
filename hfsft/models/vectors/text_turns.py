"""What a row asks of a model that writes no text, and what comes of the answer."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, TypeVar

from hfsft.models.model import Answer, Request
from hfsft.models.vectors.numbers import Scored, score_in, vector_in

if TYPE_CHECKING:
    from hfsft.models.vectors.numbers import Vector

T = TypeVar("T")


def listed(texts: Sequence[T]) -> Sequence[T]:
    """The texts or pairs as they came; TypeError for one text, each letter of which would be taken for a text."""
    if isinstance(texts, str):
        raise TypeError("takes a list of texts, not one text: write it as [text]")
    return texts


def vector_turns(name: str, text: str) -> Generator[Request, Answer, Vector]:
    """Ask the embedder called `name` for the vector of a text, which must not be blank."""
    answer = yield Request(model=name, texts=(text,))
    return vector_in(answer)


def score_turns(name: str, item: tuple[str, ...]) -> Generator[Request, Answer, Scored]:
    """Ask the scorer called `name` for the score of a text, or a pair."""
    answer = yield Request(model=name, texts=item)
    return score_in(answer)
