"""What was asked, and what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from hfsft.models.model import Answer, Model, Price

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hfsft.models.batches.standing import Standing

Spendings = Mapping[str, Mapping[str, Any]]  # what answers took, by model, as `Usage.spent` tells it
# Of one model; a server that calls it otherwise in each answer tells nothing by it.
_MOST_NAMES = 20
_COUNTS = (
    "calls", "stored", "shared", "answers", "input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens",
    "unmetered", "seconds",
)  # fmt: skip


@dataclass
class Spent:
    """So many answers, and the tokens that they took."""

    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unmetered: int = 0  # answers without the server's token counts
    reasoning_tokens: int = 0  # of the output, where the server tells them apart
    cached_tokens: int = 0  # of the input, the same
    served: dict[str, int] = field(default_factory=dict)  # answers by what the server called the model

    def count(self, answer: Answer) -> None:
        """Add one answer."""
        self.answers += 1
        self.unmetered += answer.input_tokens is None or answer.output_tokens is None
        self.input_tokens += answer.input_tokens or 0
        self.output_tokens += answer.output_tokens or 0
        self.reasoning_tokens += answer.reasoning_tokens or 0
        self.cached_tokens += answer.cached_tokens or 0
        if answer.model and (answer.model in self.served or len(self.served) < _MOST_NAMES):
            self.served[answer.model] = self.served.get(answer.model, 0) + 1

    def plus(self, other: Spent) -> None:
        """Add what another counted."""
        for each in fields(Spent):
            if each.name != "served":
                setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        self.served = dict(Counter(self.served) + Counter(other.served))

    def usd_at(self, price: Price | None) -> float | None:
        """What the answers cost at a price; 0 if there is none, None if it cannot be known."""
        if not (self.answers or self.input_tokens or self.output_tokens or self.unmetered):
            return 0.0
        if price is None or (self.unmetered and (price.input or price.output)):
            return None
        return cost(price, self.input_tokens, self.output_tokens, self.cached_tokens)


@dataclass
class Tally(Spent):
    """The exchanges of one stage with one model: the answers that were paid for now, and what else happened."""

    calls: int = 0  # requests sent, repeated ones too
    stored: int = 0  # answers that were there already, or came from another build: each once, and none of now
    shared: int = 0  # those of them that another build asked for while this one wanted them
    seconds: float = 0.0  # sum over all requests, from sending to the answer
    failures: Counter[str] = field(default_factory=Counter)  # faults by cause, healed ones too
    price: Price | None = None
    turn: int = 0  # how often the stage was over
    in_all: Spent = field(default_factory=Spent)  # stored answers too, whoever paid for them: each once in each turn
    once: Spent = field(default_factory=Spent)  # the same, each once in all
    known: dict[int, int] = field(default_factory=dict)  # their last turn, by the first digits of their keys
    # Requests that broke after they were sent, so that they may have been billed: at their most. `unmetered` of them
    # had no `max_tokens`.
    lost: Spent = field(default_factory=Spent)

    @property
    def usd(self) -> float | None:
        """The cost of the answers of now; 0 if none was asked for, None if it cannot be known."""
        return self.usd_at(self.price)

    def answered(self, key: str, answer: Answer, seconds: float, *, kept: bool = True) -> None:
        """Count one answer that the model gave now; one that is not `kept` was paid for all the same."""
        for each in (self, self.in_all, self.once):
            each.count(answer)
            each.answers -= not kept
        self.seconds += seconds
        if kept:
            self.known[short_of(key)] = self.turn

    def found(self, key: str, answer: Answer, *, shared: bool = False) -> bool:
        """Count one answer that was there, or that another build got while this one waited for it (`shared`).

        Prefetched or needed by several rows, it is read more often than that, and counted once: whether it was now.
        """
        last = self.known.get(short := short_of(key))
        if last == self.turn:
            return False
        self.known[short] = self.turn
        self.in_all.count(answer)
        if last is None:
            self.stored += 1
            self.shared += shared
            self.once.count(answer)
        return True

    def read(self, spent: Spent, shorts: Iterable[int]) -> None:
        """Count answers that rows took with which an earlier build was done, none of them counted before."""
        self.known.update(dict.fromkeys(shorts, self.turn))
        self.stored += spent.answers
        for each in (self.in_all, self.once):
            each.plus(spent)

    def sent(self) -> None:
        """Count one request."""
        self.calls += 1

    def broke(self, cause: str) -> None:
        """Count one fault."""
        self.failures[cause] += 1

    def lose(self, input_tokens: int, output_tokens: int, *, bounded: bool) -> None:
        """Count one request that may have been billed though no answer came of it, with the most that it took."""
        self.lost.answers += 1
        self.lost.input_tokens += input_tokens
        self.lost.output_tokens += output_tokens
        self.lost.unmetered += not bounded

    def add(self, other: Tally) -> None:
        """Add another's counts to these; the cost is kept apart, see `Usage.cost_of`."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.failures.update(other.failures)

    def as_dict(self) -> dict[str, Any]:
        """The counts as JSON."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        lost = {"requests": self.lost.answers, "usd_at_most": self.lost.usd_at(self.price)}
        return {
            **counts,
            "seconds": round(self.seconds, 3),
            "failures": dict(self.failures),
            "lost": lost,
            "usd": self.usd,
        }


class Usage:
    """A tally for each stage and model, in the order in which they were first used."""

    def __init__(self, models: Mapping[str, Model]) -> None:
        # What runs in this process costs nothing; elsewhere a missing price is unknown, never 0.
        free = Price(input=0, output=0)
        self.prices = {name: free if model.embedded else model.paid for name, model in models.items()}
        self._tallies: dict[tuple[str, str], Tally] = {}
        self.dialects: dict[str, set[str]] = {}  # by model, the dialects that answers were asked for in

    def of(self, stage: str, model: str) -> Tally:
        """The tally of one stage and model."""
        if (stage, model) not in self._tallies:
            self._tallies[stage, model] = Tally(price=self.prices.get(model))
        return self._tallies[stage, model]

    def spoke(self, model: str, dialects: Iterable[str]) -> None:
        """Note the dialects in which a model gave an answer."""
        self.dialects.setdefault(model, set()).update(dialects)

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
        return total_usd([tally.usd for name, _, tally in self if stage in (None, name)])

    @property
    def lost(self) -> dict[str, Any]:
        """Requests that may have been billed though no answer came of them, and what they cost at most, as JSON."""
        lost = [(tally.lost.answers, tally.lost.usd_at(tally.price)) for _, _, tally in self]
        return {"requests": sum(number for number, _ in lost), "usd_at_most": total_usd(usd for _, usd in lost)}

    def over(self, stage: str) -> None:
        """The stage had its turn: of another one, in which it reads its answers again, they are counted again."""
        for name, _, tally in self:
            tally.turn += name == stage

    def spent(self, stage: str) -> dict[str, dict[str, Any]]:
        """What all answers of one stage took in all its turns, stored ones too, as JSON by model.

        An answer that several rows share is paid for once, and counted once. `usd` is None where it is unknown.
        """
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

    def told(self) -> str:
        """The tokens of all answers of now, those apart that the server tells apart."""
        total = self.total()
        apart = [
            f"{number:,} {what}"
            for number, what in (
                (total.reasoning_tokens, "of them thinking"),
                (total.cached_tokens, "of them from the server's cache"),
            )
            if number
        ]
        return f"{total.input_tokens + total.output_tokens:,} tokens" + (f" ({', '.join(apart)})" if apart else "")

    @property
    def usd(self) -> float | None:
        """The whole cost, None where a part of it is unknown."""
        return self.cost_of()

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON: the totals, and each stage and model under `by_stage`."""
        by_stage = [{"stage": stage, "model": model, **tally.as_dict()} for stage, model, tally in self]
        return {**self.total().as_dict(), "lost": self.lost, "usd": self.usd, "by_stage": by_stage}


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
    finished: bool = False  # nothing more is asked, for this stage or prefetched for another
    stopping: bool = False  # nothing new is asked; the open requests may still finish
    prefetched: tuple[tuple[str, int], ...] = ()  # later stages, and how many of these rows are done with them already
    screened: int = 0  # rows that the filters up to the next such stage have seen
    passed: tuple[tuple[str, int], ...] = ()  # later stages, and how many of those rows their filters let through
    asked: int = 0  # of the rows done, those that a model was asked for now
    budget: str = ""  # how much of which budget is taken, where there is one
    batches: tuple[Standing, ...] = ()  # those that are waited for
    waits: tuple[tuple[str, int], ...] = ()  # processes of other builds, and how many of their answers are waited for
    causes: str = ""  # of the failed rows, counted
    whole: Whole | None = None  # how far the build is, where that is known


def short_of(key: str) -> int:
    """The first digits of a key, by which answers are told apart where they are counted."""
    return int(key[:16], 16)


def spent_together(one: Spendings, other: Spendings) -> dict[str, Any]:
    """What answers took in sum, by model; a number that one of them does not know is None."""
    found: dict[str, Any] = {}
    for model in dict.fromkeys([*one, *other]):
        taken = [each[model] for each in (one, other) if model in each]
        # A build of an older version noted fewer numbers.
        found[model] = {name: _sum([each[name] for each in taken if name in each]) for name in taken[0]}
    return found


def _sum(values: Sequence[Any]) -> Any:
    if None in values:
        return None
    return dict(sum(map(Counter, values), Counter())) if isinstance(values[0], dict) else sum(values)


def spent_since(then: Spendings, now: Spendings) -> dict[str, Any]:
    """What was taken between: the difference of each number; None where it is not known."""
    return {
        model: {name: _difference(then.get(model, {}).get(name), value) for name, value in taken.items()}
        for model, taken in now.items()
    }


def _difference(then: Any, now: Any) -> Any:
    if then is None or now is None:
        return now
    return dict(Counter(now) - Counter(then)) if isinstance(now, dict) else now - then


def total_usd(costs: Iterable[float | None]) -> float | None:
    """The sum of costs; None as soon as one of them is unknown."""
    total: float = 0
    for each in costs:
        if each is None:
            return None
        total += each
    return total


def cost(price: Price, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> float:
    """USD for so many tokens; those that a cache held are among the input."""
    cached = min(cached_tokens, input_tokens)
    saved = 0.0 if price.cached is None else cached * (price.input - price.cached)
    return (input_tokens * price.input - saved + output_tokens * price.output) / 1e6
