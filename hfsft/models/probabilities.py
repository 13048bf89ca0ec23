"""How likely a model takes each of some values, by the token probabilities of its answer.

Servers give the likeliest tokens of each place, as the model weighs them: llama.cpp before its grammar was applied, and
all of them among tokens that mean the same (`4`, ` 4`, `"4`) or nothing that was asked for. So only the values count,
by all tokens that spell them, and their probabilities are made to sum to 1; what the others had is told as `lost`.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hfsft.errors import ModelError, unusable
from hfsft.models.model import Request
from hfsft.models.vectors.door import model_of

if TYPE_CHECKING:
    from hfsft.models.model import Answer, Model, TokenProbability

MOST = 20
"""The likeliest tokens of each place that are asked for: as many as most servers give."""
# What stands around a value in prose, JSON and markdown; before it also the blanks as tokenizers write them.
_BEFORE = " \t\r\n\u2581\u0120\u010a\"'`*([{"
_BEHIND = " \t\r\n\u0120\u010a\"'`*)]},.;:!?"


@dataclass(frozen=True)
class Distribution:
    """What share each value has, all of them together 1; `lost` is the probability of all else, from 0 to 1."""

    shares: Mapping[str, float]
    lost: float

    @property
    def expected(self) -> float:
        """The mean of the values by their shares. Raises `ValueError` where they are no numbers."""
        return math.fsum(float(value) * share for value, share in self.shares.items())

    @property
    def likeliest(self) -> str:
        """The value with the largest share; of equal ones the first."""
        return max(self.shares, key=lambda value: self.shares[value])


def distribution(
    places: Sequence[TokenProbability], values: Sequence[object], *, after: Sequence[str] = ()
) -> Distribution | None:
    """The probabilities of the values where an answer takes one of them; None where it takes none.

    That is the first place where its tokens spell a value by itself, behind the texts of `after`, each behind the one
    before: `('"usefulness"', '"score"')`. Upper and lower case are one. Of a value that several tokens spell, each of
    them is followed along the answer; where another value begins alike and the answer goes another way, nobody knows
    which of them was meant, and what both had is lost.
    """
    named = _by_spelling(values)
    walk = _Walk(places, named)
    start = _behind(places, after)
    at = next((at for at in range(start, len(places)) if walk.spelt(at)), None)
    if at is None:
        return None
    walk.follow(at, "", 1.0)
    total = math.fsum(walk.found.values())
    if total <= 0:
        return None
    return Distribution({value: walk.found[name] / total for name, value in named.items()}, max(0.0, 1.0 - total))


def _by_spelling(values: Sequence[object]) -> dict[str, str]:
    """The values by how they are told apart. Raises `ValueError` for none, for two that are one, and for a blank."""
    named = {str(value).strip().casefold(): str(value) for value in values}
    if not named or len(named) < len(values) or "" in named:
        raise ValueError("values must be some different texts")
    return named


class _Walk:
    """Adds up what each value has, along the tokens of one answer."""

    def __init__(self, places: Sequence[TokenProbability], named: Mapping[str, str]) -> None:
        self._places = places
        self._names = tuple(named)
        self.found = dict.fromkeys(named, 0.0)

    def spelt(self, at: int) -> bool:
        """Whether the tokens from a place on spell a value, and no longer word."""
        token = self._places[at].token
        before = self._places[at - 1].token[-1:] if at and token[:1] not in tuple(_BEFORE) else ""
        if before.isalnum():
            return False
        text = token.lstrip(_BEFORE)
        for place in self._places[at + 1 :]:
            if not text or self._longer(text) == []:
                break
            if not self._longer(text + place.token) and self._exact(text + place.token) is None:
                break
            text += place.token
            at += 1
        behind = self._places[at + 1].token[:1] if at + 1 < len(self._places) else ""
        exact = self._exact(text)
        return exact is not None and not (behind.isalnum() and len(text) == len(exact))

    def follow(self, at: int, before: str, mass: float) -> None:
        """Share out the probability `mass` of what the answer says by this place: `before`, of one value."""
        place = self._places[at]
        told = place.top if any(token == place.token for token, _ in place.top) else (*place.top, place[:2])
        whole = self._exact(before) if before else None
        untold = 1.0
        for token, logprob in told:
            share = math.exp(logprob)
            untold -= share
            if before and not token:  # the end of the answer
                self._take(whole, mass * share)
                continue
            text = before + token if before else token.lstrip(_BEFORE)
            exact, longer = self._exact(text) if text else None, self._longer(text) if text else []
            meant = [*([] if exact is None else [exact]), *longer]
            if longer and token == place.token and at + 1 < len(self._places):
                self.follow(at + 1, text, mass * share)
            elif len(meant) == 1:
                self._take(meant[0], mass * share)
            elif not meant:
                self._take(whole, mass * share)
            elif token == place.token:  # where the answer ends
                self._take(exact, mass * share)
        self._take(whole, mass * max(0.0, untold))

    def _take(self, name: str | None, mass: float) -> None:
        if name is not None:
            self.found[name] += mass

    def _exact(self, text: str) -> str | None:
        """The value that a text is, but for what stands behind it."""
        plain = text.casefold()
        return next((name for name in self._names if name in (plain, plain.rstrip(_BEHIND))), None)

    def _longer(self, text: str) -> list[str]:
        """The values that a text is the beginning of."""
        plain = text.casefold()
        return [name for name in self._names if name != plain and name.startswith(plain)]


def _behind(places: Sequence[TokenProbability], after: Sequence[str]) -> int:
    """The first place behind these texts; one past the last where they do not stand there."""
    text = "".join(place.token for place in places)
    end = 0
    for mark in after:
        if (found := text.find(mark, end)) < 0:
            return len(places)
        end = found + len(mark)
    length = 0
    for at, place in enumerate(places):
        if length >= end:
            return at
        length += len(place.token)
    return len(places)


def ask(
    request: Request, values: Sequence[object], *, after: Sequence[str] = ()
) -> Generator[Request, Answer, Distribution | None]:
    """The probabilities of the values in the answer to a request; None where it takes none of them.

    Raises `AnswerError("no_logprobs")` where the server gave no probabilities.
    """
    answer = yield replace(request, logprobs=MOST)
    if not answer.logprobs:
        raise unusable("no_logprobs", "the server gave no probabilities of tokens", "ask another server")
    return distribution(answer.logprobs, values, after=after)


def probabilities(
    model: Model | str | Mapping[str, Any], prompts: Sequence[str], values: Sequence[object], *, max_tokens: int = 16
) -> list[Distribution | None]:
    """How likely a model answers each prompt with each of the values; None for a prompt that it answers otherwise.

    `model` is what a recipe has under a name of `models:`. Answers come from the response store where they stand there.
    Raises `AnswerError` for the first prompt without a usable answer, `ModelError` where the model cannot be asked.
    """
    from hfsft.models.pool import Pool
    from hfsft.models.store.store import Store

    if isinstance(prompts, str):
        raise TypeError("prompts must be a list of texts, not one text")
    _by_spelling(values)
    named = {"model": model_of(model)}
    if named["model"].task != "chat":
        raise ModelError(f"the model writes no text: its task is {named['model'].task} (name a model that chats)")
    requests = [
        Request("model", ({"role": "user", "content": prompt},), temperature=0.0, max_tokens=max_tokens)
        for prompt in prompts
    ]
    tasks = [(str(number), lambda request=request: ask(request, values)) for number, request in enumerate(requests)]
    found: dict[str, Distribution | None] = {}
    with Store() as store, Pool(named, store) as pool:
        for error in pool.drive("probabilities", tasks, total=len(tasks), max_failed_share=1, results=found).values():
            raise error
    return [found[number] for number, _ in tasks]
