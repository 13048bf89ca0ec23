"""What requests will cost before they are sent.

A prompt is counted by the model's own tokenizer where one can be had, else by the characters a token that the store's
earlier answers of this model took (those are the server's own counts), else at four characters a token. An answer is
taken to be as long as the model's earlier ones were, else as long as it may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hfsft.models.http.wire import canonical, token_limit
from hfsft.models.limits.usage import cost
from hfsft.models.model import Model, Price, Request
from hfsft.models.store.store import Store

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CHARACTERS_PER_TOKEN = 4.0
MESSAGE_TOKENS = 5  # what a chat template puts around a message: two marks, the role, line breaks
LEAST_ANSWERS = 5  # fewer say too little of a model
TOKENIZER = "tokenizer.json"

MOST_ANSWERS = 2000  # more say no more, and take longer to read

# In the order of the index, so that none but these are read.
_HISTORY = f"""
SELECT COUNT(*), AVG(LENGTH(request)), AVG(input_tokens), AVG(output_tokens) FROM (
    SELECT request, input_tokens, output_tokens FROM answers
    WHERE model = ? {{}} AND input_tokens > 0 AND output_tokens {{}}
    ORDER BY stage DESC, rowid DESC LIMIT {MOST_ANSWERS}
)
"""  # noqa: S608 (a constant)


@dataclass(frozen=True)
class Estimate:
    """Tokens of so many calls, and their cost in USD (None where the price is unknown)."""

    calls: int
    input_tokens: int
    output_tokens: int
    usd: float | None
    prompts: Literal["tokenizer", "history", "characters"]  # what the input tokens were counted by
    answers: Literal["history", "limit"]  # and the output tokens


@dataclass(frozen=True)
class _History:
    """Means of a model's earlier exchanges."""

    characters: float
    input_tokens: float
    output_tokens: float


def estimate(
    store: Store,
    model: Model,
    price: Price | None,
    stage: str,
    requests: Sequence[Request],
    more: int = 0,
    sample: Request | None = None,
    coming: float = 0.0,
) -> Estimate:
    """What `requests` and `more` others would take; by the stage's own history where there is some.

    Of the others only `sample` is known: what one asks, without the texts that are still to come, which are about
    `coming` tokens each.
    """
    history = _history(store, model, stage)
    tokenizer = None if model.embedded else tokenizer_of(model.model)
    typical = [*requests, *([sample] if sample else [])]
    if tokenizer:
        lengths = _counted(tokenizer, typical)
    else:
        per_token = history.characters / history.input_tokens if history else CHARACTERS_PER_TOKEN
        lengths = [_length(model, request, as_stored=bool(history)) / per_token for request in typical]
    known = lengths[: len(requests)]
    each = _mean(known) if known else history.input_tokens if history else _mean(lengths) + coming
    limits = [float(token_limit(model, request) or 0) for request in typical]
    calls = len(requests) + more
    input_tokens = round(sum(known) + more * each)
    output_tokens = round(calls * (history.output_tokens if history else _mean(limits)))
    return Estimate(
        calls,
        input_tokens,
        output_tokens,
        cost(price, input_tokens, output_tokens) if price else None,
        "tokenizer" if tokenizer else "history" if history else "characters",
        "history" if history else "limit",
    )


def summed(estimates: Sequence[Estimate]) -> Estimate:
    """Several of them as one, of at least one: its cost is unknown where that of one is."""
    costs = [each.usd for each in estimates]
    return Estimate(
        sum(each.calls for each in estimates),
        sum(each.input_tokens for each in estimates),
        sum(each.output_tokens for each in estimates),
        None if None in costs else sum(filter(None, costs)),
        estimates[0].prompts,
        "limit" if any(each.answers == "limit" for each in estimates) else "history",
    )


@cache
def tokenizer_of(name: str) -> Tokenizer | None:
    """The tokenizer of a model on the Hub or in a folder; None where the Hub has none, or is not reached."""
    from huggingface_hub import file_exists, hf_hub_download, try_to_load_from_cache

    file = Path(name) / TOKENIZER
    try:
        if not file.is_file():
            if "/" not in name:  # a provider's own name, such as gpt-4o
                return None
            cached = try_to_load_from_cache(name, TOKENIZER)
            # Asked but once: the download would try for a minute where there is no network.
            if not isinstance(cached, str) and not file_exists(name, TOKENIZER):
                return None
            file = Path(cached if isinstance(cached, str) else hf_hub_download(name, TOKENIZER))
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(file))
    except Exception:  # names that the Hub does not know, gated models, files of another kind: all mean the same here
        return None


def _length(model: Model, request: Request, *, as_stored: bool) -> int:
    """The characters of a request: all that it is known by, or of texts their own alone."""
    return sum(map(len, request.texts)) if request.texts and not as_stored else len(canonical(model, request))


def _texts(request: Request) -> tuple[str, ...]:
    """What stands in a request that is no message."""
    return (*request.texts, *([request.prompt] if request.prompt else ()))


def _counted(tokenizer: Tokenizer, requests: Sequence[Request]) -> list[float]:
    texts = [
        text
        for request in requests
        for text in (*_texts(request), *(str(message["content"]) for message in request.messages))
    ]
    counts = iter([len(one.ids) for one in tokenizer.encode_batch(texts, add_special_tokens=False)])
    return [
        float(sum(next(counts) for _ in _texts(request)) + sum(MESSAGE_TOKENS + next(counts) for _ in request.messages))
        for request in requests
    ]


def _history(store: Store, model: Model, stage: str) -> _History | None:
    written = "> 0" if model.task == "chat" else "= 0"  # a vector takes no tokens, and no text takes none
    rows = store.read(_HISTORY.format("AND stage = ?", written), (model.label, stage))
    if not rows or rows[0][0] < LEAST_ANSWERS:
        rows = store.read(_HISTORY.format("", written), (model.label,))
    if not rows or rows[0][0] < LEAST_ANSWERS:
        return None
    return _History(*rows[0][1:])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
