"""What was asked, what it cost, and the bound that it never passes."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from hfsft.errors import BudgetError, ModelError
from hfsft.models.model import Answer, Model, Price

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Tokens that a chat template may add around the messages; each other token is at least one byte of the body.
_TEMPLATE_TOKENS = 128
# Of one model; a server that calls it otherwise in each answer tells nothing by it.
_MOST_NAMES = 20
_COUNTS = ("calls", "stored", "shared", "answers", "input_tokens", "output_tokens", "unmetered", "seconds")


@dataclass
class Spent:
    """So many answers, and the tokens that they took."""

    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unmetered: int = 0  # answers without the server's token counts
    served: dict[str, int] = field(default_factory=dict)  # answers by what the server called the model

    def count(self, answer: Answer) -> None:
        """Add one answer."""
        self.answers += 1
        self.unmetered += answer.input_tokens is None or answer.output_tokens is None
        self.input_tokens += answer.input_tokens or 0
        self.output_tokens += answer.output_tokens or 0
        if answer.model and (answer.model in self.served or len(self.served) < _MOST_NAMES):
            self.served[answer.model] = self.served.get(answer.model, 0) + 1

    def usd_at(self, price: Price | None) -> float | None:
        """What the answers cost at a price; 0 if there is none, None if it cannot be known."""
        if not self.answers:
            return 0.0
        if price is None or (self.unmetered and (price.input or price.output)):
            return None
        return cost(price, self.input_tokens, self.output_tokens)


@dataclass
class Tally(Spent):
    """The exchanges of one stage with one model: the answers that were paid for now, and what else happened."""

    calls: int = 0  # requests sent, repeated ones too
    stored: int = 0  # answers that were there already, or came from another build
    shared: int = 0  # those of them that another build asked for while this one wanted them
    seconds: float = 0.0  # sum over all requests, from sending to the answer
    failures: Counter[str] = field(default_factory=Counter)  # faults by cause, healed ones too
    price: Price | None = None
    again: int = 0  # answers of rows that went ahead: they are read once more, but not counted
    in_all: Spent = field(default_factory=Spent)  # stored answers too, whoever paid for them

    @property
    def usd(self) -> float | None:
        """The cost of the answers of now; 0 if none was asked for, None if it cannot be known."""
        return self.usd_at(self.price)

    def answered(self, answer: Answer, seconds: float) -> None:
        """Count one answer that the model gave now."""
        self.count(answer)
        self.in_all.count(answer)
        self.seconds += seconds

    def found(self, answer: Answer, *, ahead: bool) -> None:
        """Count one answer that the store held, once though a row that went ahead reads it twice."""
        if self.again and not ahead:
            self.again -= 1
        else:
            self.stored += 1
            self.in_all.count(answer)
            self.again += ahead

    def came(self, answer: Answer) -> None:
        """Count one answer that another build asked for while this one wanted it."""
        self.stored += 1
        self.shared += 1
        self.in_all.count(answer)

    def add(self, other: Tally) -> None:
        """Add another's counts to these; the cost is kept apart, see `Usage.cost_of`."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.failures.update(other.failures)

    def as_dict(self) -> dict[str, Any]:
        """The counts as JSON."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        return {**counts, "seconds": round(self.seconds, 3), "failures": dict(self.failures), "usd": self.usd}


class Usage:
    """A tally for each stage and model, in the order in which they were first used."""

    def __init__(self, models: Mapping[str, Model]) -> None:
        # What runs in this process costs nothing; elsewhere a missing price is unknown, never 0.
        free = Price(input=0, output=0)
        self.prices = {name: free if model.embedded else model.price for name, model in models.items()}
        self._tallies: dict[tuple[str, str], Tally] = {}

    def of(self, stage: str, model: str) -> Tally:
        """The tally of one stage and model."""
        if (stage, model) not in self._tallies:
            self._tallies[stage, model] = Tally(price=self.prices.get(model))
        return self._tallies[stage, model]

    def set_price(self, model: str, price: Price) -> None:
        """Use a price that was found later, such as a provider's own listing."""
        self.prices[model] = price
        for (_, name), tally in self._tallies.items():
            if name == model:
                tally.price = price

    def __iter__(self) -> Iterator[tuple[str, str, Tally]]:
        return iter([(stage, model, tally) for (stage, model), tally in list(self._tallies.items())])

    def total(self, stage: str | None = None) -> Tally:
        """All counts together, of one stage or of all; its cost is `cost_of(stage)`."""
        total = Tally()
        for name, _, tally in self:
            if stage in (None, name):
                total.add(tally)
        return total

    def cost_of(self, stage: str | None = None) -> float | None:
        """The USD of one stage or of all; None as soon as one part is unknown."""
        return together([tally.usd for name, _, tally in self if stage in (None, name)])

    def spent(self, stage: str) -> dict[str, dict[str, Any]]:
        """What all answers of one stage took, stored ones too, as JSON by model; `usd` is None where it is unknown."""
        return {
            model: {**asdict(tally.in_all), "usd": tally.in_all.usd_at(tally.price)}
            for name, model, tally in self
            if name == stage
        }

    @property
    def calls(self) -> int:
        """Requests sent, repeated ones too."""
        return self.total().calls

    @property
    def stored(self) -> int:
        """Answers that were in the store already."""
        return self.total().stored

    @property
    def input_tokens(self) -> int:
        """Tokens read, as the servers count them."""
        return self.total().input_tokens

    @property
    def output_tokens(self) -> int:
        """Tokens written, as the servers count them."""
        return self.total().output_tokens

    @property
    def usd(self) -> float | None:
        """The whole cost, None where a part of it is unknown."""
        return self.cost_of()

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON: the totals, and each stage and model under `by_stage`."""
        by_stage = [{"stage": stage, "model": model, **tally.as_dict()} for stage, model, tally in self]
        return {**self.total().as_dict(), "usd": self.usd, "by_stage": by_stage}


@dataclass(frozen=True)
class Whole:
    """How far a whole build is: rows asked of those planned, over all steps that ask; what they took so far."""

    done: int
    planned: int  # as far as can be reckoned
    calls: int
    stored: int
    tokens: int
    usd: float | None
    calls_per_second: float
    seconds_left: float | None  # until the last row is asked; None while nothing is known


@dataclass(frozen=True)
class Progress:
    """How far one stage is: rows `done` of `total` (failed ones too); what was asked since it began, `seconds` ago."""

    stage: str
    done: int
    total: int
    failed: int
    calls: int
    answers: int
    stored: int
    open: int
    input_tokens: int
    output_tokens: int
    usd: float | None  # of the whole run so far
    seconds: float
    finished: bool = False  # nothing more is asked, for this stage or ahead for another
    stopping: bool = False  # nothing new is asked; the open requests may still finish
    ahead: tuple[tuple[str, int], ...] = ()  # later stages, and how many of these rows are done with them already
    tried: int = 0  # rows whose way to the next such stage was looked at
    led: tuple[tuple[str, int], ...] = ()  # later stages, and how many of those rows come to them
    asked: int = 0  # of the rows done, those that a model was asked for now
    waits: tuple[tuple[str, int], ...] = ()  # processes of other builds, and how many of their answers are waited for
    whole: Whole | None = None  # how far the build is, where that is known


@dataclass(frozen=True)
class Budget:
    """Hard bounds on one build: nothing is sent that could pass one of them."""

    usd: float | None = None
    calls: int | None = None
    tokens: int | None = None


def together(costs: Iterable[float | None]) -> float | None:
    """The sum of costs; None as soon as one of them is unknown."""
    total: float = 0
    for each in costs:
        if each is None:
            return None
        total += each
    return total


def cost(price: Price, input_tokens: int, output_tokens: int) -> float:
    """USD for so many tokens."""
    return (input_tokens * price.input + output_tokens * price.output) / 1e6


@dataclass(frozen=True)
class Claim:
    """The most that one request can cost."""

    tokens: int
    usd: float


class Meter:
    """Holds the worst case of every open request against the budget."""

    def __init__(self, budget: Budget | None, usage: Usage) -> None:
        self._budget = budget or Budget()
        self._usage = usage
        self._calls = 0
        self._tokens = 0
        self._usd = 0.0
        self._claims = 0
        self._changed: asyncio.Event | None = None

    @property
    def bounded(self) -> bool:
        """Whether there is any bound."""
        return self._budget != Budget()

    def check_prices(self) -> None:
        """Raise ModelError if a budget in USD stands over a model whose price is unknown."""
        if self._budget.usd is None:
            return
        unknown = [name for name, price in self._usage.prices.items() if price is None]
        if unknown:
            raise ModelError(
                f"budget.usd cannot be kept: the price of {', '.join(sorted(unknown))} is unknown; "
                "give `price: {input: ..., output: ...}` in USD per million tokens, or bound `calls` or `tokens`"
            )

    async def claim(self, model: str, payload: bytes, max_tokens: int | None) -> Claim:
        """Set the worst case of one request aside; waits for open ones to settle, BudgetError if that cannot help."""
        claim = self._worst(model, payload, max_tokens)
        while passed := self._passed(claim):
            if not self._claims:
                raise BudgetError(
                    f"the budget of {passed} would be passed by the next request, so it was not sent "
                    "(answers so far are kept; raise it to go on)"
                )
            self._changed = self._changed or asyncio.Event()
            self._changed.clear()
            await self._changed.wait()
        self._claims += 1
        self._add(1, claim.tokens, claim.usd)
        return claim

    def settle(self, claim: Claim, model: str, answer: Answer | None, *, paid: bool) -> None:
        """Replace a claim by what the request took; the worst case stays where the server may have charged for it."""
        self._claims -= 1
        if answer is not None and answer.input_tokens is not None and answer.output_tokens is not None:
            price = self._usage.prices.get(model)
            took = cost(price, answer.input_tokens, answer.output_tokens) if price else 0.0
            self._add(0, answer.input_tokens + answer.output_tokens - claim.tokens, took - claim.usd)
        elif answer is None and not paid:
            self._add(0, -claim.tokens, -claim.usd)
        if self._changed is not None:
            self._changed.set()

    def _worst(self, model: str, payload: bytes, max_tokens: int | None) -> Claim:
        if self._budget.usd is None and self._budget.tokens is None:
            return Claim(0, 0.0)
        if max_tokens is None:
            raise ModelError(
                f"models.{model}: a budget in USD or tokens needs `max_tokens`, or one answer could pass it alone"
            )
        read = len(payload) + _TEMPLATE_TOKENS
        price = self._usage.prices.get(model)
        return Claim(read + max_tokens, cost(price, read, max_tokens) if price else 0.0)

    def _passed(self, claim: Claim) -> str:
        bound = self._budget
        if bound.calls is not None and self._calls + 1 > bound.calls:
            return f"{bound.calls:,} calls"
        if bound.tokens is not None and self._tokens + claim.tokens > bound.tokens:
            return f"{bound.tokens:,} tokens"
        if bound.usd is not None and self._usd + claim.usd > bound.usd:
            return f"{bound.usd:g} USD"
        return ""

    def _add(self, calls: int, tokens: int, usd: float) -> None:
        self._calls += calls
        self._tokens += tokens
        self._usd += usd
