"""What the requests of an asker go through: all of it is with the desk, which is told and asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from hfsft.models.limits.budget import Budget, Claim, check_prices
from hfsft.models.limits.losses import Bears, Losses
from hfsft.models.limits.usage import Tally, Usage
from hfsft.models.means import Means
from hfsft.models.model import Answer, Model, Price

if TYPE_CHECKING:
    from hfsft.engine.cluster.line import DeskLine
    from hfsft.errors import AnswerError
    from hfsft.models.http.faults import Fault
    from hfsft.models.limits.spending import Outlay
    from hfsft.models.limits.throttle import Hear, Spoken
    from hfsft.models.store.store import Entry


def bare_answer(answer: Answer) -> Answer:
    """What an answer took, without what it says."""
    return Answer(
        "",
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        model=answer.model,
        reasoning_tokens=answer.reasoning_tokens,
        cached_tokens=answer.cached_tokens,
    )


class FarAnswers:
    """The answers so far, which the desk looks up."""

    def __init__(self, line: DeskLine) -> None:
        self._line = line
        self._known: dict[str, tuple[str, int]] = {}

    async def begin(self, labels: Iterable[str]) -> None:
        """Ask what servers said of models so far."""
        self._known = await self._line.ask("known", list(labels))

    def get(self, key: str) -> None:
        """None: nothing is known here."""

    async def find(self, key: str) -> Answer | None:
        """The answer under a key."""
        found: Answer | None = await self._line.ask("look", key)
        return found

    def served(self, model: str) -> str:
        """What a server called the model in one of its answers; the desk sees to those that come."""
        return self._known[model][0]

    def most_read(self, model: str) -> int:
        """The most tokens of a prompt that servers counted, when the rows that are asked now were begun."""
        return self._known[model][1]

    def close(self) -> None:
        """No file is open here."""


class FarWriter:
    """The desk brings answers on disk."""

    def __init__(self, line: DeskLine) -> None:
        self._line = line

    async def add(self, entry: Entry) -> Answer:
        """Keep one answer; returns once it is on disk."""
        first: Answer | None = await self._line.ask("keep", entry)
        return entry.answer if first is None else first

    def drop(self, key: str) -> asyncio.Future[Any]:
        """Forget the answer under a key."""
        return asyncio.ensure_future(self._line.ask("drop", key))

    def close(self) -> None:
        """Nothing waits here."""


class FarSharing:
    """The desk knows who has which request open."""

    moment = -1

    def __init__(self, line: DeskLine) -> None:
        self._line = line

    def waits(self) -> tuple[tuple[str, int], ...]:
        """None: the desk waits for other builds."""
        return ()

    async def claim(self, key: str, looked: int = -1) -> Answer | str | None:
        """None where the request is to be sent, else its answer, or who has it open."""
        found: Answer | str | None = await self._line.ask("claim", key)
        return found

    def release(self, key: str) -> None:
        """The request was answered or failed."""
        self._line.tell("release", key)

    async def wait(self, key: str, build: str) -> Answer | None:
        """Wait for the answer to a request that another one has open."""
        found: Answer | None = await self._line.ask("wait", key, build)
        return found

    async def close(self) -> None:
        """The desk sees that nothing is open any more."""


class FarMeter:
    """The desk keeps the budget; what a request takes at most is reserved there before it is sent."""

    def __init__(self, line: DeskLine, budget: Budget, models: Mapping[str, Model], usage: Usage) -> None:
        self._line, self._budget, self._models, self._usage = line, budget, models, usage
        self._numbers = count(1)
        self._tickets: dict[int, int] = {}  # by the identity of a claim
        self.bounded = budget.bounded

    def standing(self) -> str:
        """Empty: the desk tells."""
        return ""

    def pays_for(self, work: Outlay) -> None:
        """None: the desk knows."""

    def check_prices(self) -> None:
        """Raise ModelError where a budget in USD cannot be kept."""
        check_prices(self._budget, self._models, self._usage.prices)

    async def claim(self, model: str, size: int, max_tokens: int | None) -> Claim:
        """Reserve the most that a request of so many bytes can take."""
        if not self.bounded:
            return Claim(size, max_tokens, None)
        number = next(self._numbers)
        claim = Claim(size, max_tokens, await self._line.ask("reserve", number, model, size, max_tokens))
        self._tickets[id(claim)] = number
        return claim

    def settle(self, claim: Claim, model: str, answer: Answer | None, tally: Tally, *, paid: bool) -> None:
        """Replace a claim by what the request took."""
        assert isinstance(tally, ToldTally)
        took = None if answer is None else bare_answer(answer)
        number = self._tickets.pop(id(claim), 0)
        self._line.tell("settle", number, claim, tally.stage, model, took, paid)

    def noted(self) -> None:
        """None: nothing waits here."""


class FarSpeech:
    """The desk remembers the dialects of servers."""

    def __init__(self, line: DeskLine) -> None:
        self._line = line
        self.remember = partial(line.tell, "remember")
        self.forget = partial(line.tell, "forget")

    async def spoken_by(self, server: str) -> set[str]:
        """The dialects that a server was found to speak."""
        found: set[str] = await self._line.ask("spoken_by", server)
        return found


class FarNews:
    """The desk tells all others what a server says to one."""

    def __init__(self, line: DeskLine) -> None:
        self._line = line

    def tell(self, server: str, fault: Fault) -> None:
        """Tell the others."""
        self._line.tell("met", server, (fault.kind, fault.cause, fault.message, fault.status, fault.after))

    def listen(self, hear: Hear, spoken: Spoken) -> None:
        """Be told what others heard, and the dialects that they found out."""
        from hfsft.models.http.faults import Fault

        def heard(server: str, said: tuple[Any, ...]) -> None:
            kind, cause, message, status, after = said
            hear(server, Fault(kind, cause, message, status=status, after=after))

        self._line.on("met", heard)
        self._line.on("spoken", spoken)


class FarReady:
    """The desk finds out whether the models of a stage can be asked, once for all."""

    def __init__(self, line: DeskLine) -> None:
        self._line = line
        self._covered: set[str] = set()

    def covers(self, stage: str) -> bool:
        """Whether the models of this stage are known to be ready."""
        return stage in self._covered

    async def look(self, stage: str) -> None:
        """Find out; raises what keeps them from being asked."""
        await self._line.ask("ready", stage)
        self._covered.add(stage)


class ToldTally(Tally):
    """The exchanges of one stage with one model, each told to the desk, which counts them."""

    line: DeskLine
    stage: str
    model: str

    def answered(self, key: str, answer: Answer, seconds: float, *, kept: bool = True) -> None:
        """Tell of one answer that the model gave now."""
        self.line.tell("answered", self.stage, self.model, key, bare_answer(answer), seconds, kept)

    def found(self, key: str, answer: Answer, *, shared: bool = False) -> bool:
        """Tell of one answer that was there, or that another one got while this one waited for it; whether it counts,
        the desk knows.
        """
        self.line.tell("found", self.stage, self.model, key, bare_answer(answer), shared)
        return False

    def sent(self) -> None:
        """Tell of one request."""
        self.line.tell("sent", self.stage, self.model)

    def broke(self, cause: str) -> None:
        """Tell of one fault."""
        self.line.tell("broke", self.stage, self.model, cause)


class ToldUsage(Usage):
    """Of all stages and models."""

    def __init__(self, models: Mapping[str, Model], line: DeskLine) -> None:
        super().__init__(models)
        self._line = line
        self._told: dict[tuple[str, str], ToldTally] = {}

    def of(self, stage: str, model: str) -> Tally:
        """The tally of one stage and model."""
        if (found := self._told.get((stage, model))) is None:
            found = self._told[stage, model] = ToldTally(price=self.prices.get(model))
            found.line, found.stage, found.model = self._line, stage, model
        return found

    def spoke(self, model: str, dialects: Iterable[str]) -> None:
        """Tell of the dialects in which a model gave an answer."""
        self._line.tell("spoke", model, set(dialects))

    def set_price(self, model: str, price: Price) -> None:
        """Use a price that was found, and tell of it."""
        super().set_price(model, price)
        self._line.tell("price", model, price)


class ToldLosses(Losses):
    """The rows of a stage that are done, each told to the desk, which judges how many may be lost."""

    def __init__(self, stage: str, bears: Bears, line: DeskLine) -> None:
        super().__init__(stage, bears._replace(failed=1.0, lost=1.0))
        self._line = line

    def count(self, error: AnswerError | None, why: str | None, rows: int = 1) -> None:
        """Count so many rows, and tell."""
        super().count(error, why, rows)
        self._line.tell("row", self.stage, error, why)

    def take_back(self, error: AnswerError) -> None:
        """Count a row that was done as failed."""
        super().take_back(error)
        self._line.tell("taken_back", self.stage)


def far_means(line: DeskLine, models: Mapping[str, Model], budget: Budget, first: float) -> Means:
    """All of them over one line."""
    usage = ToldUsage(models, line)
    return Means(
        FarAnswers(line),
        FarWriter(line),
        FarSharing(line),
        FarMeter(line, budget, models, usage),
        FarSpeech(line),
        usage,
        FarNews(line),
        keep_prices=lambda _: None,
        losses=partial(ToldLosses, line=line),
        first=first,
    )
