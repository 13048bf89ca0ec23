"""One batch on its way: its file uploaded, the batch begun, waited for, and its answers taken into the store.

What a server may have noticed is noted first, so whoever goes on after a kill, here or in another process, asks the
server instead of submitting again. One process at a time looks after a batch: the one that holds its lock.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from functools import partial
from typing import IO, TYPE_CHECKING, TypeVar

from filelock import Timeout

from hfsft.errors import ModelError, StoreError
from hfsft.models.batches import collection, lines, state
from hfsft.models.batches.intake import Intake
from hfsft.models.batches.remote import ENDED, RemoteBatch
from hfsft.models.http.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from filelock import BaseFileLock

    from hfsft.models.batches.api import BatchApi
    from hfsft.models.batches.options import BatchOptions
    from hfsft.models.batches.standing import Standing
    from hfsft.models.batches.state import OpenBatch
    from hfsft.models.store.store import Store
    from hfsft.models.store.writer import Writer

_T = TypeVar("_T")
# A list of batches may lag behind.
_LOOKS = 2
# The pause between two looks grows by half each time, to so many times the first.
_GROWTH, _MOST_GROWTH = 1.5, 6.0
# An output file has for each request at most so many bytes, besides some that all have.
_BYTES_EACH, _BYTES_MORE = 4_000_000, 64_000_000


class Attending:
    """Looks after one batch until it is taken in; `wanted` says whether this build needs its answers."""

    def __init__(
        self,
        store: Store,
        writer: Writer,
        api: BatchApi,
        options: BatchOptions,
        patience: float,
        standing: Standing,
        intake: Intake,
        *,
        lock: BaseFileLock | None = None,
        wanted: bool = True,
    ) -> None:
        self.standing = standing
        self.wanted = wanted
        self.deciding = False  # whether the server is asked for something that must be noted once it is answered
        self._store = store
        self._writer = writer
        self._api = api
        self._options = options
        self._patience = patience
        self._intake = intake
        self._lock = lock
        self._adopted = lock is None  # begun by another process, or by a run before
        self._name = standing.name

    async def run(self, noted: Awaitable[None] | None = None) -> None:
        """Go on from wherever the batch is, once that is `noted`, until its answers are in the store or never come."""
        if noted is not None:
            await noted
        batch = await self._held()
        if batch is None:
            return
        try:
            remote = await self._begun(batch)
            if remote is not None:
                await self._taken_in(await self._ended(remote))
        finally:
            self._let_go()

    async def _held(self) -> OpenBatch | None:
        """The batch, once this process alone looks after it; None where another one has taken it in."""
        pause = self._options.poll_seconds
        while (batch := state.load(self._store, self._name)) is not None:
            self.standing.batch, self.standing.total = batch.batch, batch.requests
            if self._lock is not None:
                return batch
            with contextlib.suppress(Timeout):
                self._lock = collection.take(self._store, self._name)
                self._intake.carry(self._name)
                continue
            self.standing.status = "another build looks after it"
            await asyncio.sleep(pause)
        self._let_go()
        return None

    def _let_go(self) -> None:
        """Let another process look after the batch; where there is none of it any longer, its files go."""
        if self._lock is None:
            return
        self._lock.release()
        self._lock = None
        with contextlib.suppress(StoreError):
            if state.load(self._store, self._name) is None:
                collection.clean(self._store, self._name)

    async def _begun(self, batch: OpenBatch) -> RemoteBatch | None:
        """The batch at its server, submitted unless it was; None where it is given up instead."""
        if batch.batch:
            return await self._patiently(partial(self._api.get, batch.batch))
        requests = collection.requests_of(self._store, self._name)
        given_up = batch.state == "collecting" or not batch.requests or (batch.state == "uploading" and not self.wanted)
        if given_up or (not batch.file and not requests.exists()):
            await self._intake.give_up(batch)
            return None
        file, before = batch.file, batch.state == "creating"
        if not file:
            self.standing.status = "uploading"
            try:
                file = await self._uploaded(requests)
            except ModelError:  # nothing was submitted
                await self._intake.give_up(batch)
                raise
            await self._writer.do(partial(state.note, name=self._name, state="uploading", file=file))
        return await self._created(batch, file, before)

    async def _uploaded(self, requests: Path) -> str:
        """The server's id of the file; where a run before may have sent it, it is looked for first."""
        size = collection.bytes_of(requests)
        if self._adopted and (found := await self._api.uploaded(requests.name, size)):
            return found
        return await self._patiently(partial(self._api.upload, requests, size, requests.name))

    async def _created(self, batch: OpenBatch, file: str, before: bool) -> RemoteBatch | None:
        """The batch of an uploaded file, looked for where it may be there already, else begun."""
        tries = 0
        while True:
            if before:
                remote = await self._found(batch, file)
                if remote is not None:
                    break
                if not self.wanted:
                    await self._intake.give_up(batch)
                    return None
            before = True
            await self._writer.do(partial(state.note, name=self._name, state="creating"))
            self.standing.status = "submitting"
            self.deciding = True
            try:
                remote = await self._api.create(file, self._name, self._options.completion_window)
                break
            except ModelError:  # there are no batches
                await self._intake.give_up(batch)
                raise
            except Fault as fault:
                tries += 1
                if fault.kind in ("row", "down") or tries > 5:
                    await self._refused(batch, fault)
                await asyncio.sleep(fault.after or self._options.poll_seconds)
            finally:
                self.deciding = False
        await self._writer.do(partial(state.note, name=self._name, state="submitted", batch=remote.id))
        self.standing.batch = remote.id
        return remote

    async def _found(self, batch: OpenBatch, file: str) -> RemoteBatch | None:
        """The batch of a file that may have been submitted; it is looked for more than once."""
        for look in range(_LOOKS):
            if look:
                await asyncio.sleep(self._options.poll_seconds)
            try:
                found = await self._patiently(partial(self._api.find, file, self._name, batch.created), (404, 405))
            except Fault:
                raise ModelError(
                    f"models.{self.standing.model}: its server lists no batches, so it cannot be told whether "
                    f"{self._name} was submitted before: look there, or submit it (again) after "
                    f"`hfsft store batches --forget {self._name}`"
                ) from None
            if found is not None:
                return found
        return None

    async def _refused(self, batch: OpenBatch, fault: Fault) -> None:
        """Raise ModelError for a batch that its server did not begin; the next build submits its requests anew."""
        if fault.kind == "row":  # a plain no: there is none of it at the server
            await self._intake.give_up(batch)
        raise ModelError(f"models.{self.standing.model}: the batch was not begun: {fault.message}")

    async def _ended(self, remote: RemoteBatch) -> RemoteBatch:
        """The batch once it stays as it is."""
        pause = self._options.poll_seconds
        longest = pause * _MOST_GROWTH
        while True:
            self.standing.status = remote.status
            self.standing.done = remote.completed + remote.failed
            if remote.ended:
                return remote
            await asyncio.sleep(pause)
            pause = min(longest, pause * _GROWTH)
            remote = await self._patiently(partial(self._api.get, remote.id))

    async def _patiently(self, ask: Callable[[], Awaitable[_T]], told: tuple[int, ...] = ()) -> _T:
        """What a server says, asked again while it fails; ModelError once that takes too long, or cannot help."""
        began = time.monotonic()
        while True:
            try:
                return await ask()
            except Fault as fault:  # noqa: PERF203 - each try of its own
                if fault.status in told:
                    raise
                seconds = time.monotonic() - began
                if fault.cause == "refused" or fault.kind == "row" or seconds > self._patience:
                    raise ModelError(self._lost(fault)) from None
                await asyncio.sleep(min(fault.after or self._options.poll_seconds, self._patience))

    def _lost(self, fault: Fault) -> str:
        which = f"batch {self.standing.batch}" if self.standing.batch else "its batch"
        said = f"models.{self.standing.model}: {which} cannot be looked at: {fault.message}"
        if fault.status == 404 and self.standing.batch:
            return (
                f"{said}; another key may have submitted it: go on with that one, or give the batch up with "
                f"`hfsft store batches --forget {self.standing.batch}` (its requests are then paid for again)"
            )
        return f"{said}; it goes on there: the same command picks it up"

    async def _taken_in(self, remote: RemoteBatch) -> None:
        """Bring the answers into the store, and forget the batch with the last of them."""
        batch = state.load(self._store, self._name)
        if batch is None:
            return
        assert remote.status in ENDED
        self.standing.status = "reading its answers"
        most = _BYTES_MORE + _BYTES_EACH * batch.requests
        folder = collection.folder_of(self._store)
        taking = self._intake.begin(batch, remote)
        for file in dict.fromkeys(file for file in (remote.output, remote.errors) if file):
            with tempfile.TemporaryFile(dir=folder) as answers:
                await self._patiently(partial(self._download, file, answers, most))
                answers.seek(0)
                await taking.read(lines.split(answers))
        await taking.end(collection.requests_of(self._store, self._name))

    async def _download(self, file: str, answers: IO[bytes], most: int) -> None:
        answers.seek(0)
        answers.truncate()
        await self._api.download(file, answers, most)
