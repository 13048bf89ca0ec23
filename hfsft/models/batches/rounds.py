"""The batches of a build: a stage's requests are collected, submitted together, and waited for, round after round.

A row whose request went into a batch is put off, and begun anew when the batch is back: its answers are in the store
by then. So a round holds no more of a row than how it is begun.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from hfsft.errors import AnswerError, BudgetError, HfsftError
from hfsft.models.batches import collection, lines, state
from hfsft.models.batches.api import BatchApi
from hfsft.models.batches.attending import Attending
from hfsft.models.batches.collection import Collection
from hfsft.models.batches.intake import Intake, Outcomes
from hfsft.models.batches.speaking import Speaking
from hfsft.models.batches.standing import Standing
from hfsft.models.batches.state import BatchedRequest, OpenBatch
from hfsft.models.http.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from filelock import BaseFileLock

    from hfsft.models.batches.options import BatchOptions
    from hfsft.models.limits.budget import Meter
    from hfsft.models.limits.connect import Gates
    from hfsft.models.limits.sender import Job
    from hfsft.models.limits.usage import Usage
    from hfsft.models.model import Answer, Model, Request
    from hfsft.models.store.store import Store
    from hfsft.models.store.writer import Writer

_log = logging.getLogger("hfsft")
# After a stop, what a server was asked for is waited for as long: so that its id is noted.
_GRACE_SECONDS = 4.0
# What a build that was killed had set aside is given back within it, and what another sets aside is entered.
_ROOM_SECONDS = 0.5


class _Place(NamedTuple):
    """Where the batches of one model are."""

    api: BatchApi
    options: BatchOptions
    intake: Intake


class Batches:
    """What one build has in batches, on one event loop."""

    def __init__(
        self,
        models: Mapping[str, Model],
        store: Store,
        writer: Writer,
        meter: Meter,
        usage: Usage,
        gates: Gates,
        recipe: str,
        patience: float,
        revision: Callable[[str], str],
        refused: Callable[[str, Request, Answer], Fault | None],
    ) -> None:
        self._models = models
        self._store = store
        self._writer = writer
        self._meter = meter
        self._usage = usage
        self._gates = gates
        self._recipe = recipe
        self._patience = patience
        self._revision = revision
        self._refused = refused
        self._outcomes = Outcomes()
        self._places: dict[str, asyncio.Task[_Place]] = {}
        self._collecting: dict[str, Collection] = {}  # by model
        self._attended: dict[str, tuple[Attending, asyncio.Task[None]]] = {}
        self._own: set[str] = set()  # those that were collected here
        self._no_room: BudgetError | None = None
        self._tight = False  # whether there was no room in the round before either
        self._stopping = asyncio.Event()

    def uses(self, model: str) -> bool:
        """Whether the requests to a model go into batches."""
        return self._models[model].batch is not None

    def failed(self, key: str) -> AnswerError | None:
        """Why a request got no answer in this drive; None where it did not fail for good."""
        return self._outcomes.failed.get(key)

    def standings(self) -> tuple[Standing, ...]:
        """How far the batches are that this build waits for."""
        return tuple(attending.standing for attending, task in list(self._attended.values()) if not task.done())

    def reset(self) -> None:
        """Begin a drive: what failed in the one before may be tried again."""
        self._outcomes = Outcomes()
        self._places.clear()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Wait no longer; what is submitted goes on at its server."""
        self._stopping.set()

    async def put(self, job: Job) -> None:
        """Collect one request for a batch, unless one has it. Raises AnswerError, ModelError or StoreError."""
        model = job.request.model
        place = await self._place(model)
        if having := state.holding(self._store, job.key, place.api.client.name):
            self._join(having, place, model)
            return
        try:
            payload, more = place.intake.speaking.payload(job)
        except Fault as fault:
            raise AnswerError(fault.cause, fault.message) from None
        line = lines.written(job.key, place.api.endpoint, payload)
        most = await self._meter.hold(model, len(payload), job.max_tokens)
        if isinstance(most, BudgetError):
            if having := state.holding(self._store, job.key, place.api.client.name):  # by another build's budget
                self._join(having, place, model)
            else:
                self._no_room = most
            return
        try:
            collecting = self._room(job, place, len(line))
            entered = await collecting.add(job.key, BatchedRequest(job.asked, more), line, most)
        except BaseException:
            self._meter.unhold(model, most)
            raise
        if entered is not None:
            self._meter.unhold(model, most)
        if entered:
            self._join(entered, place, model)
        if collecting.full and not collecting.adding and self._collecting.get(model) is not collecting:
            self._submit(collecting, place)

    def _join(self, name: str, place: _Place, model: str) -> None:
        """Wait for a batch that has a request already."""
        if name in self._own and name not in self._attended:
            return  # it is submitted in time
        if name not in self._attended:
            self._attend(name, place, model)
        self._attended[name][0].wanted = True

    async def settle(self) -> None:
        """Submit what was collected, and wait until every batch that has a row's request is back.

        Raises ModelError where one cannot come back, BudgetError where nothing could be submitted within the budget.
        """
        no_room, self._no_room = self._no_room, None
        tight, self._tight = self._tight, False
        for model, collecting in list(self._collecting.items()):
            self._submit(collecting, await self._place(model))
        self._collecting.clear()
        await self._take_up()
        if no_room is not None and not any(attending.wanted for attending, _ in self._attended.values()):
            if tight:
                raise no_room
            self._tight = True
            await asyncio.sleep(_ROOM_SECONDS)
        await self._come_back()

    async def _take_up(self) -> None:
        """Look at what earlier runs left too: what has come back is taken in, whether a row asks for it or not."""
        for model in list(self._places):
            place = await self._place(model)
            for batch in state.open_batches(self._store, self._recipe):
                ours = batch.server == place.api.client.name and batch.label == self._models[model].label
                if ours and batch.name not in self._attended:
                    self._attend(batch.name, place, model, wanted=False)

    async def leave(self, *, stopped: bool) -> None:
        """End a drive; where it was `stopped`, say what goes on at servers."""
        for collecting in self._collecting.values():
            collecting.complete()
            collecting.lock.release()
            with suppress(HfsftError):
                place = await self._place(collecting.batch.model)
                await place.intake.give_up(collecting.batch)
            collection.clean(self._store, collecting.batch.name)
        self._collecting.clear()
        standing = [attending.standing for attending, task in self._attended.values() if not task.done()]
        await self._cancel()
        for each in standing:
            if stopped and each.batch:
                _log.warning(
                    "models.%s: batch %s goes on at %s (%d of %d requests done): the same command picks it up",
                    *(each.model, each.batch, each.server, each.done, each.total),
                )

    async def _come_back(self) -> None:
        stop = asyncio.ensure_future(self._stopping.wait())
        try:
            while tasks := [task for attending, task in self._attended.values() if attending.wanted]:
                await asyncio.wait([*tasks, stop], return_when=asyncio.FIRST_COMPLETED)
                if stop.done():
                    await self._decide()
                    return
                for name, (_, task) in list(self._attended.items()):
                    if task.done():
                        del self._attended[name]
                        task.result()
        finally:
            stop.cancel()

    async def _decide(self) -> None:
        """Let what a server is asked for now be answered, and noted."""
        deciding = [task for attending, task in self._attended.values() if attending.deciding]
        if deciding:
            await asyncio.wait(deciding, timeout=_GRACE_SECONDS, return_when=asyncio.FIRST_COMPLETED)

    async def _cancel(self) -> None:
        tasks = [task for _, task in self._attended.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._attended.clear()

    def _room(self, job: Job, place: _Place, size: int) -> Collection:
        """The collection that a line of so many bytes goes into; AnswerError where it goes into none."""
        model = job.request.model
        collecting = self._collecting.get(model)
        if collecting is not None and not collecting.room(size):
            collecting.full = True
            del self._collecting[model]
            if not collecting.adding:
                self._submit(collecting, place)
            collecting = None
        if collecting is None:
            batch = OpenBatch(
                "", self._recipe, job.stage, model, job.model.label, self._revision(model), place.api.client.name,
                reserved=self._meter.reserves,
            )  # fmt: skip
            most = self._outcomes.most.get(model, place.options.requests_per_file)
            collecting = Collection(self._store, self._writer, batch, place.options, most)
            self._collecting[model] = collecting
            self._own.add(collecting.batch.name)
        if collecting.too_long(size):
            said = f"the request takes {size:,} bytes, and a batch file holds {place.options.megabytes_per_file:g} MB"
            raise AnswerError("too_long", said)
        return collecting

    def _submit(self, collecting: Collection, place: _Place) -> None:
        collecting.complete()
        noted = self._writer.do(partial(state.note, name=collecting.batch.name, state="uploading"))
        self._attend(collecting.batch.name, place, collecting.batch.model, collecting.lock, noted)

    def _attend(
        self,
        name: str,
        place: _Place,
        model: str,
        lock: BaseFileLock | None = None,
        noted: asyncio.Future[None] | None = None,
        *,
        wanted: bool = True,
    ) -> None:
        standing = Standing(name, model, place.api.client.name)
        attending = Attending(
            self._store, self._writer, place.api, place.options, self._patience, standing, place.intake,
            lock=lock, wanted=wanted,
        )  # fmt: skip
        task = asyncio.get_running_loop().create_task(attending.run(noted))
        self._attended[name] = attending, task

    async def _place(self, model: str) -> _Place:
        if model not in self._places or (self._places[model].done() and self._places[model].exception()):
            self._places[model] = asyncio.get_running_loop().create_task(self._found(model))
        return await asyncio.shield(self._places[model])

    async def _found(self, name: str) -> _Place:
        model = self._models[name]
        assert model.batch is not None
        lane = (await self._gates.get(name)).lanes[0]
        api = BatchApi(lane.client, model.timeout, name)
        speaking = Speaking(lane, model, self._store, self._usage)
        intake = Intake(
            self._store, self._writer, self._meter, self._usage, name, lane.client.secrets, self._outcomes, speaking,
            self._refused,
        )  # fmt: skip
        return _Place(api, model.batch, intake)
