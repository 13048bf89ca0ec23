"""One stage over all its rows: every generator run to its end, with a bounded number of them in flight."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.errors import AnswerError, BudgetError, HfsftError, StoreError, bare
from hfsft.models.batches.standing import PutOff
from hfsft.models.limits.losses import UNPAID, Bears, Losses
from hfsft.models.limits.mends import Mending
from hfsft.models.model import Answer, Request, Turns
from hfsft.models.ready import Unready

if TYPE_CHECKING:
    from hfsft.models.requester import Requester


class Prefetched:
    """In place of what starts a row: what it came to before."""

    def __init__(self, made: Any) -> None:
        self.made = made

    def __call__(self) -> Turns:
        """Turns that ask nothing and return it."""
        yield from ()
        return self.made


class Prefetch(NamedTuple):
    """What a row asks for a later stage, as soon as it is done with the one that is driven."""

    stage: str
    start: Callable[[], Turns]
    done: Callable[[Any], None]  # is told what the generator returned
    bears: Bears = Bears(1.0)  # how many of its rows that stage may lose


# After a stop, open requests get this long to be answered and stored.
GRACE_SECONDS = 5.0
# A row that is answered from the store never waits: after so long the worker lets the loop run other tasks.
_YIELD_SECONDS = 0.01
# Rows that wait for another build's answer make room for others; so many windows of rows may be open in all.
_MOST_WINDOWS = 8
# Filters that take longer than this for a row would keep the loop from sending the requests of others. The first row
# tells nothing: for it, templates and expressions are made ready.
_SLOW_SECONDS = 0.01
_LOOKS = 2
_MOMENT = 0.25  # seconds
_MOST_PASSED_OVER = 10_000


def advance(turns: Turns, outcome: Answer | AnswerError | None) -> Request:
    """The generator's next request, after it is told the outcome of the last; StopIteration at its end."""
    if outcome is None:
        return next(turns)
    if isinstance(outcome, AnswerError):
        return turns.throw(outcome)
    return turns.send(outcome)


class Drive:
    """Runs on the pool's loop; `failures` and `reason` tell how it ended."""

    def __init__(
        self,
        requester: Requester,
        stage: str,
        tasks: Iterator[tuple[str, Callable[[], Turns]]],
        bears: Bears,
        results: dict[str, Any] | None = None,
        prefetch: Callable[[str, Any], Prefetch | None] | None = None,
        total: int = 0,
    ) -> None:
        self.stage = stage
        self.losses = requester.means.losses(stage, bears)
        self._bears = bears
        self._later: dict[str, Losses] = {}  # the same of later stages, of the rows that were prefetched
        self.asked = 0  # of the rows done, those that asked anything now
        self.prefetched: Counter[str] = Counter()  # by stage, the rows whose answers are there before its turn
        self.screened = 0  # rows that the steps up to the next stage that asks were run on
        self.passed: Counter[str] = Counter()  # by stage, those of them that no filter before it rejected
        self.failures: dict[str, AnswerError] = {}
        self.unsure: dict[str, list[str]] = {}  # by row, keys of answers that may yet turn out to be none
        self.rows_done: Future[None] = Future()  # set once all rows are done, for some of which others are prefetched
        self.finished = False
        self.reason: BaseException | None = None  # why it was stopped early
        self._requester = requester
        self._tasks = tasks  # rows as they are begun
        self._begun, self._total = 0, total
        self._put_off: list[tuple[str, Callable[[], Turns]]] = []  # those whose answers come with a batch
        self._results = results
        self._find_next = prefetch
        self._looked = 0  # rows for which the next stage was looked for
        self._slow = True  # whether the filters took long the last time; known once `_LOOKS` rows were looked at
        self._passed_over = deque[tuple[str, Any]](maxlen=_MOST_PASSED_OVER)  # rows that nobody looked at meanwhile
        self._finding = asyncio.Lock()  # one row at a time: filters need not be safe for several threads
        self._workers: set[asyncio.Task[None]] = set()
        self._window = self._working = 0  # workers there may be, and are, besides those that wait for another build
        self._more = True  # whether there may be rows that no worker has taken
        self._bug: BaseException | None = None
        self._yielded = 0.0

    @property
    def open(self) -> int:
        """Requests that are open, or whose answers are being written."""
        return len(self._requester.exchanging)

    @property
    def done(self) -> int:
        """The rows that are done, whatever became of them."""
        return self.losses.done

    async def run(self, window: int) -> None:
        """Work through all tasks, at most `window` at once."""
        self._requester.reset()
        self._requester.on_waiting = self._waiting
        self._yielded = time.monotonic()
        self._window = window
        await self._round()
        while self._put_off and self.reason is None and (batches := self._requester.batches):
            try:
                await batches.settle()
            except BudgetError as error:
                for row_id, _ in self._put_off:
                    self._leave(row_id, error)
                break
            except HfsftError as error:
                self.stop(error)
                break
            self._tasks, self._put_off, self._more = iter(self._put_off), [], True
            await self._round()
        await self._requester.finish(stopped=self.reason is not None)
        self._take_back()
        self.finished = True
        if self.reason is None:
            self.reason = self.losses.last_check()
        self.reason = self._bug or self.reason

    async def _round(self) -> None:
        """Work through the tasks once."""
        self._fill()
        while self._workers:
            await asyncio.wait(self._workers)

    def _take_back(self) -> None:
        """Fail the rows whose answers turned out to be none after they were given."""
        for row_id, keys in self.unsure.items():
            if error := next(filter(None, map(self._requester.taken_back, keys)), None):
                self.failures[row_id] = error
                self.losses.take_back(error)
                if self._results is not None:
                    self._results.pop(row_id, None)

    @property
    def _has_work(self) -> bool:
        return self._more or bool(self._passed_over and not self._slow)

    def _fill(self) -> None:
        """As many workers as the window has room for, besides those that wait for another build."""
        loop = asyncio.get_running_loop()
        most = _MOST_WINDOWS * self._window
        while self._has_work and self.reason is None and self._working < self._window and len(self._workers) < most:
            self._working += 1
            worker = loop.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._ended)

    def _ended(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        # A worker's own end is caught in `_work`; what is left here is a bug that must not pass for success.
        if not worker.cancelled() and (bug := worker.exception()):
            self._bug = bug

    def _waiting(self, change: int) -> None:
        """One more worker waits for another build's answer (1), or one less (-1): another works in its place."""
        self._working -= change
        self._fill()

    def stop(self, reason: BaseException) -> None:
        """Ask nothing more; what is open may finish for some seconds, and is stored."""
        if self.reason is not None:
            return
        self.reason = reason
        self._requester.stop()
        if isinstance(reason, StoreError):
            self.abort()
            return
        for worker in list(self._workers):
            if worker not in self._requester.exchanging:
                worker.cancel()
        asyncio.get_running_loop().call_later(GRACE_SECONDS, self.abort)

    def abort(self) -> None:
        """Leave at once; open requests are given up."""
        for worker in list(self._workers):
            worker.cancel()

    async def _work(self) -> None:
        try:
            for row_id, start in self._tasks:
                if self.reason is not None:
                    return
                self._begun += 1
                if self._begun == self._total:
                    self._requester.all_begun()
                following, unsure = None, list[str]()
                result: Any
                try:
                    if isinstance(start, Prefetched):  # as most rows of a stage are that was prefetched
                        result = start.made
                    else:
                        result = await self._row(self.stage, start(), unsure=unsure, why=self._bears.why)
                    if self._results is not None:
                        self._results[row_id] = result
                    if unsure:
                        self.unsure[row_id] = unsure
                    following = await self._next(row_id, result)
                except AnswerError as error:
                    result = self.failures[row_id] = bare(error)
                except PutOff:
                    self._put_off.append((row_id, start))
                    continue
                except BudgetError as error:
                    self._leave(row_id, error)
                    continue
                self._count(result)
                self.losses.check()
                if following:
                    await self._prefetch(following)
                await self._catch_up()
                if time.monotonic() - self._yielded > _YIELD_SECONDS:
                    await asyncio.sleep(0)
                    self._yielded = time.monotonic()
                if self._working > self._window:
                    return  # others took its place
            self._more = False
            await self._catch_up()
        except Exception as error:  # whatever it is, the build must end with it
            self.stop(error)
        finally:
            self._working -= 1  # at once: others that are done in the same moment must see it

    def _leave(self, row_id: str, error: BudgetError) -> None:
        """Fail a row that the budget does not pay for, or stop with it."""
        if not self._bears.unpaid:
            self.stop(error)
            return
        self.failures[row_id] = unpaid = AnswerError(UNPAID, str(error))
        self._count(unpaid)

    def _count(self, outcome: Any) -> None:
        self.losses.add(outcome)
        if self.losses.done == self._total and not self.rows_done.done():
            self.rows_done.set_result(None)

    async def _next(self, row_id: str, result: Any) -> Prefetch | None:
        """What to prefetch for a row, None for nothing.

        The filters up to the next stage that asks are run in a thread as long as they are slow. While they work on
        one row, other rows are passed over: they are asked when the stage has its turn, or as soon as the filters are
        fast again. Until it is known whether they are slow, the others wait for a moment.
        """
        if self._find_next is None:
            return None
        if not await self._may_look():
            self._passed_over.append((row_id, result))
            return None
        try:
            if self._slow:
                found, seconds = await asyncio.to_thread(self._look, row_id, result)
            else:
                found, seconds = self._look(row_id, result)
            self._looked += 1
            was_slow, self._slow = self._slow, self._looked < _LOOKS or seconds > _SLOW_SECONDS
            self.screened += 1
        finally:
            self._finding.release()
        if was_slow and not self._slow:
            self._fill()  # for rows that were passed over: at the end of the stage no worker may be left for them
        return found

    async def _catch_up(self) -> None:
        """Prefetch for rows that were passed over while the filters were slow, as they are when the machine is busy."""
        while self._passed_over and not self._slow and self.reason is None:
            if following := await self._next(*self._passed_over.popleft()):
                await self._prefetch(following)

    async def _may_look(self) -> bool:
        """Whether a row is looked at, which then has `_finding` until it is released."""
        if not self._finding.locked():
            return await self._finding.acquire()
        if self._known_slow:
            return False
        try:
            await asyncio.wait_for(self._finding.acquire(), _MOMENT)
        except asyncio.TimeoutError:
            self._looked = max(self._looked, _LOOKS)  # slow, as is known now
            return False
        if self._known_slow:
            self._finding.release()
            return False
        return True

    @property
    def _known_slow(self) -> bool:
        return self._slow and self._looked >= _LOOKS

    def _look(self, row_id: str, result: Any) -> tuple[Prefetch | None, float]:
        """What to prefetch for a row, and how long it took to find out, without the wait for a thread."""
        assert self._find_next is not None
        began = time.monotonic()
        found = self._find_next(row_id, result)
        return found, time.monotonic() - began

    async def _prefetch(self, following: Prefetch) -> None:
        self.passed[following.stage] += 1
        unsure = list[str]()
        made: Any
        try:
            made = await self._row(
                following.stage, following.start(), prefetched=True, unsure=unsure, why=following.bears.why
            )
            if not unsure:  # else the turn of its stage finds the answers in the store, or asks again
                following.done(made)
            self.prefetched[following.stage] += 1
        except (Unready, BudgetError) as error:
            if isinstance(error, BudgetError) and not self._bears.unpaid:
                raise
            return  # is met again when the turn of its stage comes
        except AnswerError as error:  # is met again then too, without being asked again
            made = error
        # The turn of its stage would stop for it: what this stage still asks would be paid for in vain.
        losses = self._later.setdefault(following.stage, Losses(following.stage, following.bears))
        losses.add(made)
        losses.check()

    async def _row(
        self,
        stage: str,
        turns: Turns,
        *,
        unsure: list[str],
        why: Callable[[Any], str | None],
        prefetched: bool = False,
    ) -> Any:
        """What a generator returns. `unsure` gets the keys of answers of which later ones may show that they are none;
        `why` says of what is returned whether it is of no use; `prefetched`: whether it is asked for a later stage.
        """
        outcome: Answer | AnswerError | None = None
        mending = Mending(self._requester.mends, stage)
        try:
            while True:
                request, begun = advance(turns, outcome), outcome is not None
                mending.ended(True)
                if (
                    request.mends
                    and await self._requester.found(request) is None
                    and not await mending.may(request.mends)
                ):
                    outcome = self._requester.refuse(request)
                    continue
                outcome = await self._requester.outcome(stage, request, begun=begun, prefetched=prefetched)
                if self.reason is not None:
                    raise asyncio.CancelledError
                if isinstance(outcome, Answer) and (key := self._requester.may_be_cut(request, outcome)):
                    unsure.append(key)
        except StopIteration as stop:
            mending.ended(not why(stop.value))
            self.asked += outcome is not None and not prefetched
            return stop.value
        except AnswerError as error:
            mending.ended(False if error.cause == "unreadable" else None)
            self.asked += outcome is not None and not prefetched
            raise
        finally:
            mending.ended(None)
            turns.close()
