"""Sends one request in words that its server understands, within the budget."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.models.dialects import dialect_table as table
from hfsft.models.dialects.authored import chosen, refused_key
from hfsft.models.dialects.dialect_table import SHAPED
from hfsft.models.dialects.learned import server_of
from hfsft.models.dialects.refused_request import REFUSALS, read_refusal
from hfsft.models.dialects.response_shapes import refuses_what_was_written
from hfsft.models.http import wire
from hfsft.models.http.faults import Fault
from hfsft.section.late_module import LateModule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hfsft.models import structured
    from hfsft.models.limits.throttle import Lane
    from hfsft.models.limits.usage import Tally
    from hfsft.models.means import Means
    from hfsft.models.model import Answer, Model, Request
else:
    structured = LateModule("hfsft.models.structured")

# A request is put into so many dialects at most, one after another, as its server refuses it.
_MOST_CHANGES = 2 * len(table.TABLE)
_TURN_SECONDS = 1.0
# So many answers in a row that do not heed their schema are no longer the model's bad luck.
_UNHEEDED = 3


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
    ahead: bool = False  # whether it is asked for a later stage than the one that is driven
    looked: int = -1  # the `moment` when the store was looked at for its answer

    @property
    def max_tokens(self) -> int | None:
        """The most tokens that the answer may have; None where nothing bounds it, 0 where it is no text."""
        return 0 if self.request.texts else wire.token_limit(self.model, self.request)


class Sent(NamedTuple):
    """A request as it went out."""

    body: dict[str, Any]
    used: list[str]  # the dialects that changed it
    known: frozenset[str]  # those that were known then
    ours: frozenset[str]  # the fields of its sampling that no author wrote


class Sender:
    """Learns the dialect of each server from what it refuses, once for all requests; see the table of dialects."""

    def __init__(self, means: Means) -> None:
        self._meter = means.meter
        self._learned = means.dialects
        self._usage = means.usage
        self.stopping = False
        self.sent = threading.Event()  # whether a request ever was

    async def send(self, lane: Lane, job: Job) -> tuple[Answer, Mapping[str, str]]:
        """The answer and the response headers, or Fault.

        BudgetError before a request that could pass the budget; RefusedKeyError where the server refuses what the
        recipe's author wrote.
        """
        if job.request.texts:
            return await self._once(lane, job, wire.texts(job.model, job.request))
        if job.request.prompt:
            return await self._once(lane, job, wire.encoded(wire.body(job.model, job.request, _named(lane, job))))
        if job.request.schema is None or lane.schema_tried:
            return await self._exchange(lane, job)
        async with lane.probe:  # the first request finds out for all whether a schema is taken
            if not lane.schema_tried:
                return await self._exchange(lane, job)
        return await self.send(lane, job)

    async def _exchange(self, lane: Lane, job: Job) -> tuple[Answer, Mapping[str, str]]:
        plain = wire.body(job.model, job.request, _named(lane, job))
        ours = chosen(job.request)
        tried: set[str] = set()  # for this request alone: a server that takes schemas may refuse one of them
        learned: list[str] = []
        fault: Fault | None = None
        garbled = False  # whether the server takes the schema, and the model's JSON broke
        finding = False  # whether this request is the one that finds out, for which others wait
        try:
            while True:
                known = frozenset({*lane.dialects, *tried, *_wanted(job.model)})
                sent = Sent(*table.spoken(plain, known, ours), known, ours)
                if unsayable := table.unsayable(sent.body, known):
                    said = lane.client.name if fault is None else fault.message
                    raise Fault("row", f"no_{unsayable.name}", f"{said}: the server {unsayable.note}") from None
                try:
                    result = await self._once(lane, job, wire.encoded(sent.body))
                except Fault as met:
                    fault = met
                    if not finding and (_late(lane, fault, sent) or _shown(lane, job, fault, sent)):
                        finding = await _turn(lane, fault)
                        if finding and _late(lane, fault, sent):
                            lane.finding.release()
                            finding = False
                    fresh = _late(lane, fault, sent) or self._learn(lane, job, fault, sent)
                    if not fresh and "response_format" in sent.body and fault.status in REFUSALS:
                        fresh = _guessed(fault, tried)
                        tried.update(fresh)
                        garbled = bool(fresh) and refuses_what_was_written(read_refusal(fault))
                    learned += fresh
                    if not fresh or len(learned) > _MOST_CHANGES:
                        self._unlearn(lane, job, learned if fault.kind == "row" else [])
                        raise
                    continue
                if garbled:
                    lane.schema_tried = True
                self._confirm(lane, job, sent.used, tried, result[0])
                return result
        finally:
            if finding:
                lane.finding.release()

    def _learn(self, lane: Lane, job: Job, fault: Fault, sent: Sent) -> list[str]:
        """The names of the dialects that a fault shows; all later requests to the server are put into them.

        Nothing where it shows none. RefusedKeyError where it is about what the author wrote.
        """
        refusal = read_refusal(fault)
        if gone := [each.name for each in table.unlearned(refusal, lane.dialects & set(sent.used))]:
            self._forget(lane, job, gone)
            lane.barred.update(gone)
            return gone
        found = _shown(lane, job, fault, sent)
        if not any(each.change for each in found) and (
            error := refused_key(refusal, sent.body, job.model, job.request, job.stage, fault.message)
        ):
            raise error
        lane.unconfirmed.update(each.name for each in found if each.name not in lane.dialects)
        lane.dialects.update(each.name for each in found)
        return [each.name for each in found]

    def _confirm(self, lane: Lane, job: Job, used: list[str], tried: set[str], answer: Answer) -> None:
        """Keep the dialects in which an answer came."""
        lane.whole = lane.whole or "stream" not in used
        found = {*used} - _wanted(job.model)
        if job.request.schema is not None:
            if tried and not lane.schema_tried:
                lane.dialects |= tried
                lane.unconfirmed |= tried
            lane.schema_tried = True
            self._heed(lane, job, used, answer)
        # What was tried for one request alone tells nothing of the server.
        found -= tried - lane.dialects
        if found:
            self._usage.spoke(job.request.model, found)
        for name in found:
            if name in lane.dialects and name not in lane.unconfirmed:
                continue
            lane.dialects.add(name)
            lane.unconfirmed.discard(name)
            self._learned.remember(server_of(lane.client, job.model), name)

    def _heed(self, lane: Lane, job: Job, used: list[str], answer: Answer) -> None:
        """Note whether an answer follows its schema; of a server none of whose answers does, it is told in words."""
        if lane.unheeded is None or answer.finish_reason != "stop" or SHAPED & set(used):
            return
        if job.request.mends:  # which was told in words what was wrong
            return
        if structured.follows(answer, job.request.schema or {}):
            lane.unheeded = None
            return
        lane.unheeded += 1
        if lane.unheeded >= _UNHEEDED:
            lane.dialects.add("unheeded")
            lane.unconfirmed.add("unheeded")

    def _unlearn(self, lane: Lane, job: Job, names: list[str]) -> None:
        """Take back what did not help."""
        self._forget(lane, job, [name for name in names if name in lane.unconfirmed])

    def _forget(self, lane: Lane, job: Job, names: list[str]) -> None:
        for name in names:
            lane.dialects.discard(name)
            if name in lane.unconfirmed:
                lane.unconfirmed.discard(name)
            else:
                self._learned.forget(server_of(lane.client, job.model), name)

    async def _once(self, lane: Lane, job: Job, payload: bytes) -> tuple[Answer, Mapping[str, str]]:
        if self.stopping:
            raise asyncio.CancelledError
        claim = await self._meter.claim(job.request.model, len(payload), job.max_tokens)
        answer: Answer | None = None
        paid = True
        try:
            job.tally.sent()
            self.sent.set()
            answer, headers = await lane.client.ask(payload, going_on=bool(job.request.prompt))
            return answer, headers
        except Fault as fault:
            paid = fault.paid
            raise
        finally:
            self._meter.settle(claim, job.request.model, answer, job.tally, paid=paid)


def _named(lane: Lane, job: Job) -> str:
    """What the server calls the model."""
    return lane.client.endpoint.model_name or job.model.model


def _shown(lane: Lane, job: Job, fault: Fault, sent: Sent) -> list[table.Dialect]:
    """The dialects that a fault shows, those that were not known when its request was sent."""
    # One that gave whole answers before gives an empty one by mistake.
    never = {"stream"} if job.model.stream is False or (fault.status == 200 and lane.whole) else set()
    return table.learned(read_refusal(fault), sent.body, sent.known | lane.barred | never, sent.ours)


def _late(lane: Lane, fault: Fault, sent: Sent) -> list[str]:
    """The names of what other requests found out of the server while this one was under way, where it was refused."""
    if fault.kind != "row":
        return []
    found = [name for name in lane.dialects - sent.known if table.spoken(sent.body, [name], sent.ours)[1]]
    return found + [name for name in sent.used if name not in lane.dialects and name in lane.barred]


async def _turn(lane: Lane, fault: Fault) -> bool:
    """Wait until no other request finds out what the server refuses; whether it is this one's turn to.

    A refusal comes at once and an answer may take long: so nobody waits for more than a moment, and for what is no
    refusal not at all.
    """
    if fault.kind != "row":
        return False
    try:
        await asyncio.wait_for(lane.finding.acquire(), _TURN_SECONDS)
    except asyncio.TimeoutError:
        return False
    return True


def _wanted(model: Model) -> set[str]:
    """What the recipe itself says of the model's dialect."""
    return {*(["stream"] if model.stream else []), *(["seed"] if model.seed is None else [])}


def _guessed(fault: Fault, tried: set[str]) -> list[str]:
    """What to try for a request with a schema that is refused for no reason that is known."""
    return ["schema"] if fault.cause == "bad_request" and "schema" not in tried else []
