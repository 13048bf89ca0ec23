"""Sends one request in words that its server understands, within the budget."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hfsft.models.dialects.learned import remember, server_of
from hfsft.models.http import wire
from hfsft.models.http.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hfsft.models.limits.budget import Meter
    from hfsft.models.limits.throttle import Lane
    from hfsft.models.limits.usage import Tally
    from hfsft.models.model import Answer, Model, Request
    from hfsft.models.store.store import Store

REFUSALS = {400, 415, 422, 501}
"""What a server says that knows chat completions but not this part of them."""


@dataclass(frozen=True)
class Job:
    """One request with all that is needed to send it and to store its answer."""

    stage: str
    request: Request
    model: Model
    asked: str  # the request as canonical JSON
    key: str
    tally: Tally
    begun: bool = False  # whether its row was asked something already: then it is sent first
    looked: int = -1  # the `moment` when the store was looked at for its answer

    @property
    def max_tokens(self) -> int | None:
        """The most tokens that the answer may have; None where nothing bounds it."""
        return self.request.max_tokens or self.model.max_tokens


class Sender:
    """Learns of each server whether it takes a JSON Schema, and by which name it knows the token limit."""

    def __init__(self, meter: Meter, store: Store) -> None:
        self._meter = meter
        self._store = store
        self.stopping = False

    async def send(self, lane: Lane, job: Job) -> tuple[Answer, Mapping[str, str]]:
        """The answer and the response headers; Fault, or BudgetError before a request that could pass the budget."""
        if job.request.schema is None or lane.takes_schema is False:
            return await self._exchange(lane, job, constrain=False)
        if lane.takes_schema is None:
            # The first request finds it out for all.
            async with lane.probe:
                if lane.takes_schema is None:
                    return await self._constrained(lane, job)
            return await self.send(lane, job)
        return await self._constrained(lane, job)

    def payload(self, lane: Lane, job: Job) -> bytes:
        """The body of a request as far as it is known what the server understands."""
        name = lane.client.endpoint.model_name or job.model.model
        constrain = job.request.schema is not None and lane.takes_schema is not False
        return wire.body(job.model, job.request, name, constrain=constrain, modern=lane.modern)

    def learn(self, lane: Lane, model: Model, fault: Fault) -> bool:
        """Whether a fault is the refusal of words that the server is not sent again: then another try may do."""
        if fault.status not in REFUSALS or fault.cause != "bad_request":
            return False
        if "max_completion_tokens" in fault.message:
            lane.modern = True
            remember(self._store, server_of(lane.client, model), "max_tokens")
        elif "response_format" in fault.message or "json_schema" in fault.message:
            lane.takes_schema = False
            remember(self._store, server_of(lane.client, model), "schema")
        else:
            return False
        return True

    async def _constrained(self, lane: Lane, job: Job) -> tuple[Answer, Mapping[str, str]]:
        try:
            result = await self._exchange(lane, job, constrain=True)
        except Fault as fault:
            # A server that takes schemas may still refuse this one.
            if fault.status not in REFUSALS or fault.cause != "bad_request":
                raise
            result = await self._exchange(lane, job, constrain=False)
            if lane.takes_schema is None:
                lane.takes_schema = False
                remember(self._store, server_of(lane.client, job.model), "schema")
        else:
            lane.takes_schema = True
        return result

    async def _exchange(self, lane: Lane, job: Job, *, constrain: bool) -> tuple[Answer, Mapping[str, str]]:
        name = lane.client.endpoint.model_name or job.model.model
        modern = lane.modern
        payload = wire.body(job.model, job.request, name, constrain=constrain, modern=modern)
        try:
            return await self._once(lane, job, payload)
        except Fault as fault:
            if modern or fault.status not in REFUSALS or "max_completion_tokens" not in fault.message:
                raise
        if not lane.modern:
            lane.modern = True
            remember(self._store, server_of(lane.client, job.model), "max_tokens")
        return await self._exchange(lane, job, constrain=constrain)

    async def _once(self, lane: Lane, job: Job, payload: bytes) -> tuple[Answer, Mapping[str, str]]:
        if self.stopping:
            raise asyncio.CancelledError
        claim = await self._meter.claim(job.request.model, payload, job.max_tokens)
        answer: Answer | None = None
        paid = True
        try:
            job.tally.calls += 1
            answer, headers = await lane.client.ask(payload)
            return answer, headers
        except Fault as fault:
            paid = fault.paid
            raise
        finally:
            self._meter.settle(claim, job.request.model, answer, job.tally, paid=paid)
