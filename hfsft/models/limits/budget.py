"""The bound on what is sent: of one build, or of all builds of a dataset together. It is never passed knowingly."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from hfsft.errors import BudgetError, ModelError
from hfsft.models.http.extra import costs_more, thinking_tokens
from hfsft.models.limits.spending import Outlay, Spending, outlay
from hfsft.plain import digits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hfsft.models.limits.usage import Tally, Usage
    from hfsft.models.model import Answer, Model, Price
    from hfsft.models.store.writer import Operation

_log = logging.getLogger("hfsft")
# Tokens that a chat template may add around the messages; each other token is at least one byte of the body.
_TEMPLATE_TOKENS = 128

Per = Literal["build", "dataset"]


@dataclass(frozen=True)
class Budget:
    """Hard bounds: nothing is sent that could pass one of them."""

    usd: float | None = None
    calls: int | None = None
    tokens: int | None = None
    per: Per = "build"  # one build by itself, or all builds of the dataset

    @property
    def bounded(self) -> bool:
        """Whether there is any bound."""
        return any(bound is not None for bound in (self.usd, self.calls, self.tokens))

    def passed(self, taken: Outlay) -> str:
        """The bound that so much would pass, empty if none."""
        if self.calls is not None and taken.calls > self.calls:
            return f"{self.calls:,} calls"
        if self.tokens is not None and taken.tokens > self.tokens:
            return f"{self.tokens:,} tokens"
        if self.usd is not None and taken.usd > self.usd:
            return f"{digits(self.usd)} USD"
        return ""

    def pays_for(self, work: Outlay, taken: Outlay) -> float | None:
        """How many times as much as `work` is left once so much is taken; None where none of it is bounded."""
        pairs = ((self.calls, work.calls, taken.calls), (self.tokens, work.tokens, taken.tokens))
        rests = [
            (bound - used) / took
            for bound, took, used in (*pairs, (self.usd, work.usd, taken.usd))
            if bound is not None and took
        ]
        return max(0.0, min(rests)) if rests else None

    def standing(self, taken: Outlay) -> str:
        """How much is taken of the bound that is nearest, for a line of progress."""
        found = [
            (taken.usd / self.usd, f"${taken.usd:.4f} of ${digits(self.usd)}") if self.usd else None,
            (taken.calls / self.calls, f"{taken.calls:,} of {self.calls:,} calls") if self.calls else None,
            (taken.tokens / self.tokens, f"{taken.tokens:,} of {self.tokens:,} tokens") if self.tokens else None,
        ]
        nearest = max((each for each in found if each), default=None)
        return f"{nearest[1]} {OF[self.per]}" if nearest else ""


OF: dict[Per, str] = {"build": "of this build", "dataset": "of the dataset"}


class Claim(NamedTuple):
    """One request that is about to be sent."""

    size: int  # bytes of its body
    max_tokens: int | None
    most: Outlay | None  # what it can take, where a budget asks


def check_prices(budget: Budget, models: Mapping[str, Model], prices: Mapping[str, Price | None]) -> None:
    """Raise ModelError where a budget in USD cannot be kept: a price is unknown or not all that an answer costs."""
    if budget.usd is None:
        return
    if unknown := [name for name, price in prices.items() if price is None]:
        raise ModelError(
            f"budget.usd cannot be kept: the price of {', '.join(sorted(unknown))} is unknown; "
            "give `price: {input: ..., output: ...}` in USD per million tokens, or bound `calls` or `tokens`"
        )
    for name, model in models.items():
        if more := costs_more(model.extra_body):
            raise ModelError(
                f"budget.usd cannot be kept: models.{name}.extra_body.{more} may cost more than the tokens at "
                "`price`; leave it out, or bound `calls` or `tokens`"
            )


class Meter:
    """Holds the worst case of every open request against the budget, and keeps account of what is sent."""

    def __init__(self, budget: Budget | None, models: Mapping[str, Model], usage: Usage, spending: Spending) -> None:
        self.budget = budget or Budget()
        self._models = models
        self._usage = usage
        self._spending = spending
        self._taken = Outlay()  # by this build
        self._claims = 0
        self._more: dict[str, tuple[int, int]] = {}  # by model: tokens that servers counted beyond the most reckoned
        # Models that have answered, and those whose first answer is still out: no other request goes beside that one.
        self._seen: set[str] = set()
        self._first: set[str] = set()
        self._thinking = {name: thinking_tokens(model.extra_body) for name, model in models.items()}
        self._given_back = asyncio.Event()  # set as soon as anything is, and then another one stands here
        self.bounded = self.budget.bounded
        self._begun: asyncio.Task[None] | None = None

    def standing(self) -> str:
        """How much is taken of the budget, and of which; empty without one."""
        return self.budget.standing(self._total)

    def pays_for(self, work: Outlay) -> float | None:
        """How many times as much as `work` the budget has left; None where it bounds none of it."""
        return self.budget.pays_for(work, self._total)

    @property
    def _total(self) -> Outlay:
        """What is taken of the budget."""
        return self._taken if self.budget.per == "build" else self._spending.total

    def check_prices(self) -> None:
        """Raise ModelError where a budget in USD cannot be kept: a price is unknown or not all that an answer costs."""
        check_prices(self.budget, self._models, self._usage.prices)

    async def claim(self, model: str, size: int, max_tokens: int | None) -> Claim:
        """Reserve the worst case of one request of so many bytes.

        Waits for open ones to settle; BudgetError if that cannot help.
        """
        if not self.bounded:
            return Claim(size, max_tokens, None)
        while model in self._first:  # what its answer takes beyond its `max_tokens` is reckoned with for all others
            await self._given_back.wait()
        if model not in self._seen and (self.budget.usd is not None or self.budget.tokens is not None):
            self._first.add(model)
        try:
            most = await self._room_for(model, size, max_tokens)
        except BaseException:
            self._settled(model)
            raise
        self._claims += 1
        self._taken = self._taken.plus(most)
        return Claim(size, max_tokens, most)

    async def _room_for(self, model: str, size: int, max_tokens: int | None) -> Outlay:
        """The worst case of a request, once no bound is passed by it."""
        while True:
            given_back, most = self._given_back, self._worst(model, size, max_tokens)
            passed = await self._passed(model, most)
            if not passed:
                return most
            if not (self._claims or given_back.is_set()):
                raise BudgetError(self._said(passed))
            await given_back.wait()  # it is set where a request was settled while the bound was looked at

    def _settled(self, model: str) -> None:
        self._first.discard(model)
        self._look_again()

    def _look_again(self) -> None:
        """Let those that wait for room look once more: something was given back."""
        self._given_back.set()
        self._given_back = asyncio.Event()

    def settle(self, claim: Claim, model: str, answer: Answer | None, tally: Tally, *, paid: bool) -> None:
        """Replace a claim by what the request took; the worst case stays where the server may have charged for it."""
        cached = 0 if answer is None else answer.cached_tokens or 0
        if answer is not None and answer.input_tokens is not None and answer.output_tokens is not None:
            read, written = answer.input_tokens, answer.output_tokens
        elif answer is None and not paid:
            read = written = 0
        else:
            most = claim.most or self._worst(model, claim.size, claim.max_tokens)
            read, written = most.input_tokens, most.output_tokens
            if answer is None:
                tally.lose(read, written, bounded=claim.max_tokens is not None)
        if claim.most is not None:
            self._correct(
                model, claim, outlay(1, read, written, self._usage.prices.get(model), cached).less(claim.most)
            )
            if claim.max_tokens is not None and answer is not None:
                self._reckon(model, claim, read, written)
        if claim.most is None or self.budget.per == "build":
            self._spending.note(model, read, written, cached)

    def noted(self) -> asyncio.Future[Any] | None:
        """What brings on disk what was spent; None where nothing waits for it."""
        return self._spending.write()

    @property
    def reserves(self) -> bool:
        """Whether what is set aside is kept beside the answers, for all builds of the dataset."""
        return self.bounded and self.budget.per == "dataset"

    async def hold(self, model: str, size: int, max_tokens: int | None) -> Outlay | BudgetError:
        """The worst case of a request for a batch, once it is set aside; else the error of the bound it would pass."""
        most = self._worst(model, size, max_tokens)
        if self.bounded:
            if passed := await self._passed(model, most):
                return BudgetError(self._said(passed))
            self._taken = self._taken.plus(most)
        return most

    def unhold(self, model: str, most: Outlay) -> None:
        """Give back what was set aside for a request that goes into no batch of ours."""
        if self.bounded:
            self._taken = self._taken.less(most)
        if self.reserves:
            self._spending.correct(model, Outlay().less(most))
        self._look_again()

    def carry(self, most: Outlay) -> None:
        """Set aside what a batch takes at most that another build submitted."""
        if self.bounded:
            self._taken = self._taken.plus(most)

    def returned(self, model: str, most: Outlay, taken: Outlay, *, reserved: bool) -> Operation[Any]:
        """Replace what was set aside for a batch by what it took; what writes that down, once, with the batch's end.

        `reserved`: whether it was set aside for all builds of the dataset when it was submitted.
        """
        by = taken.less(most)
        if self.bounded:
            self._taken = self._taken.plus(by)
        self._look_again()
        return self._spending.adding(model, by if reserved else taken)

    def _correct(self, model: str, claim: Claim, by: Outlay) -> None:
        self._claims -= 1
        self._taken = self._taken.plus(by)
        if self.budget.per == "dataset":
            self._spending.correct(model, by)
        self._settled(model)

    async def _passed(self, model: str, most: Outlay) -> str:
        """The bound that one more request could pass; empty where it is set aside for."""

        def fits(taken: Outlay) -> str:
            return self.budget.passed(taken.plus(most))

        if self.budget.per == "build":
            return fits(self._taken)
        if self._begun is None or (self._begun.done() and self._begun.exception()):
            self._begun = asyncio.get_running_loop().create_task(self._begin())
        await asyncio.shield(self._begun)
        return await self._spending.reserve(model, most, fits)

    async def _begin(self) -> None:
        """Look up what all builds have taken by now."""
        unknown = await self._spending.begin()
        if unknown and self.budget.usd is not None:
            raise ModelError(
                f"budget.usd cannot be kept over all builds: what {', '.join(unknown)} took in earlier ones had no "
                "known price; name it under `models` with a `price`, or bound `calls` or `tokens`"
            )

    def _said(self, passed: str) -> str:
        sent = f"the budget of {passed} would be passed by the next request, so it was not sent"
        if self.budget.per == "build":
            return f"{sent} (it is of this build alone: answers so far are kept, and the next build goes on with them)"
        total = self._spending.total
        usd = f", ${total.usd:.4f}" if self.budget.usd is not None else ""
        return (
            f"{sent} (it is of all builds of the dataset, which took {total.calls:,} calls, {total.tokens:,} tokens"
            f"{usd}, requests still open counted at their most; answers are kept: raise it to go on)"
        )

    def _worst(self, model: str, size: int, max_tokens: int | None) -> Outlay:
        if max_tokens is None and (self.budget.usd is not None or self.budget.tokens is not None):
            raise ModelError(
                f"models.{model}: a budget in USD or tokens needs `max_tokens`, or one answer could pass it alone"
            )
        more = self._more.get(model, (0, 0))
        read, written = self._reckoned(model, size, max_tokens)
        return outlay(1, read + more[0], written + more[1], self._usage.prices.get(model))

    def _reckoned(self, model: str, size: int, max_tokens: int | None) -> tuple[int, int]:
        """The most tokens that a request can take, read and written, by what it says itself."""
        return size + _TEMPLATE_TOKENS, (max_tokens or 0) + self._thinking[model]

    def _reckon(self, model: str, claim: Claim, read: int, written: int) -> None:
        """Note what a server counted beyond that, such as thoughts: said once, and reckoned with from then on."""
        self._seen.add(model)
        most_read, most_written = self._reckoned(model, claim.size, claim.max_tokens)
        before = self._more.get(model, (0, 0))
        self._more[model] = max(before[0], read - most_read), max(before[1], written - most_written)
        if before == (0, 0) != self._more[model]:
            _log.warning(
                "models.%s: its server counts %d tokens read and %d written for a request that could take %d and %d at "
                "most; the budget reckons with so many more from now on",
                *(model, read, written, most_read, most_written),
            )
