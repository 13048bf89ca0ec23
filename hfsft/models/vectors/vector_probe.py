"""What one endpoint of a model that writes no text gives for a short text, found out by asking it once."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from hfsft.errors import AnswerError, ModelError
from hfsft.models.dialects.probe import Probed
from hfsft.models.http import wire
from hfsft.models.http.faults import Fault
from hfsft.models.model import Request
from hfsft.models.vectors.door import embedder_of
from hfsft.models.vectors.numbers import score_in, vector_in

if TYPE_CHECKING:
    from hfsft.models.http.client import Client
    from hfsft.models.model import Answer, Model

TEXT, OTHER = "A parcel is late.", "Where is my parcel?"


async def probed(client: Client, model: Model, seconds: float) -> Probed:
    """What asking the endpoint came to, within so many seconds."""
    texts = (TEXT,) if model.task in ("embed", "classify") else (OTHER, TEXT)
    began = time.monotonic()
    found = Probed(calls=1)
    try:
        payload = wire.texts(model, Request("", texts=texts))
        answer, _ = await asyncio.wait_for(client.ask(payload), seconds)
        found.gives = _given(model, answer)
    except asyncio.TimeoutError:
        return Probed(error=f"{client.name}: no answer within {seconds:.3g} s", calls=1)
    except (Fault, AnswerError) as error:
        return Probed(error=error.message if isinstance(error, Fault) else f"{client.name}: {error}", calls=1)
    found.seconds = round(time.monotonic() - began, 3)
    found.served = answer.model
    found.takes.usage = answer.input_tokens is not None
    found.input_tokens, found.unmetered = answer.input_tokens or 0, int(answer.input_tokens is None)
    return found


def probed_here(model: Model) -> Probed:
    """What an embedder that a library runs gives."""
    began = time.monotonic()
    try:
        (vector,) = embedder_of(model).embed([TEXT])
    except ModelError as error:
        return Probed(error=str(error))
    return Probed(seconds=round(time.monotonic() - began, 3), gives=_of(len(vector)))


def _given(model: Model, answer: Answer) -> str:
    if model.task == "embed":
        return _of(len(vector_in(answer)))
    score = score_in(answer)
    return f"a score, as {score.label}" if score.label else "a score"


def _of(width: int) -> str:
    return f"a vector of {width:,} numbers"
