"""What requests will cost before they are sent, from what the same model's answers took before.

The store knows the server's own token counts for texts of known length: that is the model's tokenizer, measured. A
model that was never asked is taken at four characters a token, and its answers at the most that they may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hfsft.models.model import Model, Price, Request
from hfsft.models.store import Store
from hfsft.models.usage import cost
from hfsft.models.wire import canonical

CHARACTERS_PER_TOKEN = 4.0
LEAST_ANSWERS = 5  # fewer say too little of a model

_HISTORY = """
SELECT COUNT(*), SUM(LENGTH(request)), SUM(input_tokens), AVG(output_tokens) FROM answers
WHERE model = ? AND input_tokens > 0 AND output_tokens > 0
"""


@dataclass(frozen=True)
class Estimate:
    """Tokens of so many calls, and their cost in USD (None where the price is unknown).

    `measured` tells whether this model's earlier answers were there to go by.
    """

    calls: int
    input_tokens: int
    output_tokens: int
    usd: float | None
    measured: bool


def estimate(
    store: Store,
    model: Model,
    price: Price | None,
    stage: str,
    requests: Sequence[Request],
    more: int = 0,
    sample: Request | None = None,
) -> Estimate:
    """What `requests` and `more` others would take; by the stage's own history where there is some.

    Of the others only `sample` is known: what one asks, without the texts that are still to come.
    """
    rows = store.read(f"{_HISTORY} AND stage = ?", (model.model, stage))
    if not rows or rows[0][0] < LEAST_ANSWERS:
        rows = store.read(_HISTORY, (model.model,))
    answers, characters, tokens, mean_output = rows[0] if rows else (0, 0, 0, None)
    measured = answers >= LEAST_ANSWERS
    per_token = characters / tokens if measured and tokens else CHARACTERS_PER_TOKEN
    lengths = [len(canonical(model, request)) for request in requests]
    typical = [*requests, *([sample] if sample else [])]
    guessed = len(canonical(model, sample)) if sample else 0
    mean_length = sum(lengths) / len(lengths) if lengths else characters / answers if measured else guessed
    limits = [request.max_tokens or model.max_tokens or 0 for request in typical]
    output = float(mean_output or 0) if measured else sum(limits) / len(limits) if limits else 0.0
    calls = len(requests) + more
    input_tokens = round((sum(lengths) + more * mean_length) / per_token)
    output_tokens = round(calls * output)
    usd = cost(price, input_tokens, output_tokens) if price else None
    return Estimate(calls, input_tokens, output_tokens, usd, measured)
