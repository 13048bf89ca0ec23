"""What a build's requests go through, a protocol for each: who keeps answers, who shares them out, who counts.

A build alone has all of it in its own process (`own`). Where several processes ask for one build, each has means that
pass on to the one that keeps the answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from hfsft.models.dialects.learned import Learned
from hfsft.models.limits import prices
from hfsft.models.limits.budget import Meter
from hfsft.models.limits.losses import Losses
from hfsft.models.limits.spending import Spending
from hfsft.models.limits.throttle import Alone
from hfsft.models.store.sharing import Sharing
from hfsft.models.store.writer import Writer

if TYPE_CHECKING:
    from hfsft.models.batches.rounds import Batches
    from hfsft.models.limits.budget import Budget, Claim
    from hfsft.models.limits.connect import Gates
    from hfsft.models.limits.losses import Bears
    from hfsft.models.limits.spending import Outlay
    from hfsft.models.limits.throttle import News
    from hfsft.models.limits.usage import Tally, Usage
    from hfsft.models.model import Answer, Model, Price, Request
    from hfsft.models.store.store import Entry, Store


class AnswerSource(Protocol):
    """Who has the answers so far; `hfsft.models.store.store.Store` is the file itself."""

    def get(self, key: str) -> Answer | None:
        """The answer under a key as far as it is known here; None for any other."""
        ...

    async def find(self, key: str) -> Answer | None:
        """The answer under a key, wherever that has to be looked up."""
        ...

    def served(self, model: str) -> str:
        """What a server called the model in one of its answers; empty where it never said."""
        ...

    def most_read(self, model: str) -> int:
        """The most tokens of a prompt that servers of the model counted in its last answers."""
        ...

    def close(self) -> None:
        """Close the file, where it is open here."""
        ...


class Writing(Protocol):
    """Who brings answers on disk; `hfsft.models.store.writer.Writer` does."""

    async def add(self, entry: Entry) -> Answer:
        """Keep one answer; returns once it is on disk, with the answer that was there first if there was one."""
        ...

    def drop(self, key: str) -> Awaitable[Any]:
        """Forget the answer under a key; whoever wants to know that it is gone awaits it."""
        ...

    def close(self) -> None:
        """Write what still waits."""
        ...


class Claiming(Protocol):
    """Who sees to it that no request is open twice; `hfsft.models.store.sharing.Sharing` does among builds."""

    @property
    def moment(self) -> int:
        """A number that stays as long as nobody else may have written to the store; -1 where that is not known."""
        ...

    def waits(self) -> tuple[tuple[str, int], ...]:
        """Others whose answers are waited for, and how many of each."""
        ...

    async def claim(self, key: str, looked: int = -1) -> Answer | str | None:
        """None where the request is to be sent (`release` must follow), else its answer, or who has it open."""
        ...

    def release(self, key: str) -> None:
        """The request was answered or failed."""
        ...

    async def wait(self, key: str, build: str) -> Answer | None:
        """Wait for the answer to a request that `build` has open; None once it has not."""
        ...

    async def close(self) -> None:
        """Leave the others."""
        ...


class Metering(Protocol):
    """Who keeps the budget and the account; `hfsft.models.limits.budget.Meter` does."""

    bounded: bool

    def standing(self) -> str:
        """How much is taken of the budget, and of which; empty without one."""
        ...

    def pays_for(self, work: Outlay) -> float | None:
        """How many times as much as `work` the budget has left; None where it bounds none of it."""
        ...

    def check_prices(self) -> None:
        """Raise ModelError where a budget in USD cannot be kept."""
        ...

    async def claim(self, model: str, size: int, max_tokens: int | None) -> Claim:
        """Reserve the most that a request of so many bytes can take; BudgetError where that may not be."""
        ...

    def settle(self, claim: Claim, model: str, answer: Answer | None, tally: Tally, *, paid: bool) -> None:
        """Replace a claim by what the request took."""
        ...

    def noted(self) -> asyncio.Future[Any] | None:
        """What brings on disk what was spent; None where nothing waits for it."""
        ...


class Speech(Protocol):
    """Who remembers the dialects of servers; `hfsft.models.dialects.learned.Learned` does, beside the answers."""

    async def spoken_by(self, server: str) -> set[str]:
        """The dialects that a server was found to speak."""
        ...

    def remember(self, server: str, dialect: str) -> None:
        """Keep one."""
        ...

    def forget(self, server: str, dialect: str) -> None:
        """Delete one, which the server was now seen not to need."""
        ...


Batching = Callable[["Gates", Callable[[str], str], Callable[["str", "Request", "Answer"], Any]], "Batches"]
"""Makes what asks in batches: told the gates, who knows a model's revision, and which answers may not be kept."""


@dataclass
class Means:
    """All of them. `batches` is None where no model is asked in batches; of a model with several servers the one at
    the share `first` (0 to 1) of their list is asked first."""

    answers: AnswerSource
    writer: Writing
    sharing: Claiming
    meter: Metering
    dialects: Speech
    usage: Usage
    news: News
    keep_prices: Callable[[Mapping[str, Price]], None]
    batches: Batching | None = None
    losses: Callable[[str, Bears], Losses] = Losses
    first: float = 0.0


def own(
    models: Mapping[str, Model], store: Store, usage: Usage, budget: Budget | None, recipe: str, patience: float
) -> Means:
    """Those of a build alone, over its own store; `patience` is how long another build's answer is waited for."""
    writer = Writer(store)
    spending = Spending(store, writer, recipe, models, usage.prices)
    meter = Meter(budget, models, usage, spending)

    def batches(
        gates: Gates, revision: Callable[[str], str], refused: Callable[[str, Request, Answer], Any]
    ) -> Batches:
        from hfsft.models.batches.rounds import Batches

        return Batches(models, store, writer, meter, usage, gates, recipe, patience, revision, refused)

    return Means(
        store,
        writer,
        Sharing(store, writer, patience),
        meter,
        Learned(store),
        usage,
        Alone(),
        partial(prices.remember, store, recipe),
        batches if any(model.batch is not None for model in models.values()) else None,
    )
