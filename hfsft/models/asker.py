"""One request becomes one answer: from the store if it is there, else from a server, through every fault that heals."""

from __future__ import annotations

import asyncio
import importlib
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfsft.errors import AnswerError, ModelError
from hfsft.models import wire
from hfsft.models.faults import Fault
from hfsft.models.model import Answer, Endpoint, Model, Price, Request
from hfsft.models.store import Entry, Store
from hfsft.models.throttle import Gate, Lane
from hfsft.models.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp

    from hfsft.models.usage import Meter, Tally, Usage

# Half a surprise is enough to leave the others' beat: each pause is shortened by up to this share.
_JITTER = 0.5
# What a server says that knows chat completions but not this part of them.
_REFUSALS = {400, 415, 422, 501}


@dataclass(frozen=True)
class Patience:
    """How long one request is tried: so often while it breaks, so many seconds in all while the server is full."""

    tries: int = 7
    seconds: float = 600.0
    first_pause: float = 0.5
    longest_pause: float = 30.0

    def pause(self, tries: int) -> float:
        """Seconds to wait before the next try: doubled each time, capped, jittered."""
        whole = min(self.longest_pause, self.first_pause * 2.0 ** min(tries - 1, 30))
        return whole * (1 - random.random() * _JITTER)


class Asker:
    """Answers requests on one event loop; the same request is never open twice."""

    def __init__(
        self, models: Mapping[str, Model], store: Store, usage: Usage, meter: Meter, recipe: str, patience: Patience
    ) -> None:
        self._models = models
        self._store = store
        self._writer = Writer(store)
        self._usage = usage
        self._meter = meter
        self._recipe = recipe
        self._patience = patience
        self._revisions: dict[str, str] = {}
        self._gates: dict[str, asyncio.Task[Gate]] = {}
        self._asking: dict[str, asyncio.Future[Answer | AnswerError]] = {}
        self._session: aiohttp.ClientSession | None = None
        self.lapsed: dict[str, AnswerError] = {}  # requests of this process that no server answered, by key
        self.exchanging: set[asyncio.Task[Any] | None] = set()  # tasks whose request is out, or being written
        self.stopping = False

    def asked(self, request: Request) -> str:
        """The canonical text of a request, whose hash is its key; ModelError if the recipe has no such model."""
        model = self._models.get(request.model)
        if model is None:
            raise ModelError(f"no model is named {request.model!r} (there are: {', '.join(sorted(self._models))})")
        return wire.canonical(model, request, self._revision(request.model, model))

    def stored(self, request: Request) -> Answer | AnswerError | None:
        """What the store holds for a request, or why it lapsed in this process; None if it must be asked."""
        key = wire.key_of(self.asked(request))
        answer = self._store.get(key)
        return self.lapsed.get(key) if answer is None else _judged(request, answer)

    async def outcome(self, stage: str, request: Request) -> Answer | AnswerError:
        """The answer, or why there is none that the row can use; ModelError or StoreError where all must stop."""
        asked = self.asked(request)
        key = wire.key_of(asked)
        if (answer := self._store.get(key)) is not None:
            self._usage.of(stage, request.model).stored += 1
            return _judged(request, answer)
        if key in self._asking:
            outcome = await asyncio.shield(self._asking[key])
        else:
            outcome = await self._ask_once(stage, request, asked, key)
        return _judged(request, outcome) if isinstance(outcome, Answer) else outcome

    def begin(self) -> None:
        """Start afresh after a stop: endpoints that were set aside are looked for again."""
        self.stopping = False
        for name, task in list(self._gates.items()):
            if task.done() and (task.cancelled() or task.exception() or any(lane.down for lane in task.result().lanes)):
                del self._gates[name]

    async def close(self) -> None:
        """Close the connections."""
        for task in self._gates.values():
            task.cancel()
        if self._session is not None:
            await self._session.close()
        self._writer.close()

    async def _ask_once(self, stage: str, request: Request, asked: str, key: str) -> Answer | AnswerError:
        asking = self._asking[key] = asyncio.get_running_loop().create_future()
        try:
            outcome: Answer | AnswerError
            try:
                outcome = await self._ask(stage, request, asked, key)
                self.lapsed.pop(key, None)
            except AnswerError as error:
                outcome = self.lapsed[key] = error
            asking.set_result(outcome)
            return outcome
        finally:
            del self._asking[key]
            # Whoever waits for the same answer stops with us.
            asking.cancel()

    async def _ask(self, stage: str, request: Request, asked: str, key: str) -> Answer:
        gate = await self._gate(request.model)
        tally = self._usage.of(stage, request.model)
        began = time.monotonic()
        tries = 0
        while True:
            try:
                answer, seconds = await self._enter(gate, tally, request, asked, key, stage)
            except Fault as fault:
                tries += 1
                self._give_up(fault, tries, time.monotonic() - began)
            else:
                tally.answered(answer, seconds)
                return answer
            await asyncio.sleep(self._patience.pause(tries))

    def _give_up(self, fault: Fault, tries: int, seconds: float) -> None:
        if self.stopping:
            raise asyncio.CancelledError
        if fault.kind == "row":
            raise AnswerError(fault.cause, fault.message)
        full = fault.cause in {"rate_limit", "overloaded"}
        if seconds > self._patience.seconds or (not full and tries >= self._patience.tries):
            raise AnswerError(fault.cause, f"{fault.message} (tried {tries} times in {seconds:.0f} s)")

    async def _enter(
        self, gate: Gate, tally: Tally, request: Request, asked: str, key: str, stage: str
    ) -> tuple[Answer, float]:
        model = self._models[request.model]
        expected = len(asked) / 4 + (request.max_tokens or model.max_tokens or 256)
        lane = await gate.enter(expected)
        sent_at = time.monotonic()
        task = asyncio.current_task()
        self.exchanging.add(task)
        try:
            answer, headers = await self._understood(lane, tally, model, request)
            seconds = time.monotonic() - sent_at
            used = (answer.input_tokens or 0) + (answer.output_tokens or 0)
            gate.answered(lane, headers, expected, float(used) or None)
            # The place in the lane is kept until the answer is on disk: so a kill loses no more than was open.
            entry = Entry(
                key, asked, answer, model.model, self._revisions[request.model], self._recipe, stage, round(seconds, 4)
            )
            return await self._writer.add(entry), seconds
        except Fault as fault:
            tally.failures[fault.cause] += 1
            gate.failed(lane, fault, sent_at)
            raise
        finally:
            self.exchanging.discard(task)
            gate.leave(lane)

    async def _understood(
        self, lane: Lane, tally: Tally, model: Model, request: Request
    ) -> tuple[Answer, Mapping[str, str]]:
        """Ask with the schema if the server takes one; the first request finds that out for all."""
        if request.schema is None or lane.takes_schema is False:
            return await self._exchange(lane, tally, model, request, constrain=False)
        if lane.takes_schema is None:
            async with lane.probe:
                if lane.takes_schema is None:
                    return await self._constrained(lane, tally, model, request)
            return await self._understood(lane, tally, model, request)
        return await self._constrained(lane, tally, model, request)

    async def _constrained(
        self, lane: Lane, tally: Tally, model: Model, request: Request
    ) -> tuple[Answer, Mapping[str, str]]:
        try:
            result = await self._exchange(lane, tally, model, request, constrain=True)
        except Fault as fault:
            # A server that takes schemas may still refuse this one.
            if fault.status not in _REFUSALS or fault.cause != "bad_request":
                raise
            result = await self._exchange(lane, tally, model, request, constrain=False)
            if lane.takes_schema is None:
                lane.takes_schema = False
        else:
            lane.takes_schema = True
        return result

    async def _exchange(
        self, lane: Lane, tally: Tally, model: Model, request: Request, *, constrain: bool
    ) -> tuple[Answer, Mapping[str, str]]:
        name = lane.client.endpoint.model_name or model.model
        payload = wire.body(model, request, name, constrain=constrain, modern=lane.modern)
        try:
            return await self._send(lane, tally, request.model, payload, request.max_tokens or model.max_tokens)
        except Fault as fault:
            if lane.modern or fault.status not in _REFUSALS or "max_completion_tokens" not in fault.message:
                raise
            lane.modern = True
        return await self._exchange(lane, tally, model, request, constrain=constrain)

    async def _send(
        self, lane: Lane, tally: Tally, model: str, payload: bytes, max_tokens: int | None
    ) -> tuple[Answer, Mapping[str, str]]:
        claim = await self._meter.claim(model, payload, max_tokens) if self._meter.bounded else None
        answer: Answer | None = None
        paid = True
        tally.calls += 1
        try:
            answer, headers = await lane.client.ask(payload)
            return answer, headers
        except Fault as fault:
            paid = fault.paid
            raise
        finally:
            if claim is not None:
                self._meter.settle(claim, model, answer, paid=paid)

    async def _gate(self, name: str) -> Gate:
        if name not in self._gates:
            self._gates[name] = asyncio.get_running_loop().create_task(self._open_gate(name))
        return await asyncio.shield(self._gates[name])

    async def _open_gate(self, name: str) -> Gate:
        model = self._models[name]
        await asyncio.to_thread(self._find_prices, name)
        self._meter.check_prices()
        # What talks HTTP is imported where it is needed: a build that finds every answer stored starts sooner.
        from hfsft.models.client import Client, new_session

        endpoints = await asyncio.to_thread(_endpoints, name, model)
        self._session = self._session or new_session()
        lanes = [
            Lane(Client(self._session, endpoint, model.timeout), min(model.concurrency, endpoint.concurrency))
            for endpoint in endpoints
        ]
        return Gate(name, lanes, model.concurrency, model.requests_per_minute, model.tokens_per_minute)

    def _find_prices(self, name: str) -> None:
        for other, model in self._models.items():
            wanted = other == name or self._meter.bounded
            if wanted and self._usage.prices[other] is None and (price := _listed(model)):
                self._usage.set_price(other, price)

    def _revision(self, name: str, model: Model) -> str:
        if name not in self._revisions:
            revision = model.revision or ""
            if model.embedded:
                revision = _embedded().revision(model)
            self._revisions[name] = revision
        return self._revisions[name]


def _judged(request: Request, answer: Answer) -> Answer | AnswerError:
    try:
        return wire.usable(request, answer)
    except AnswerError as error:
        return error


def _listed(model: Model) -> Price | None:
    if not model.provider:
        return None
    from hfsft.models.endpoints import listed_price

    return listed_price(model)


def _endpoints(name: str, model: Model) -> list[Endpoint]:
    if model.embedded:
        return [_embedded().start(model)]
    from hfsft.models.endpoints import endpoints_of

    return endpoints_of(name, model)


def _embedded() -> Any:
    # Only a recipe with an embedded model pays for the import.
    return importlib.import_module("hfsft.models.embedded")
