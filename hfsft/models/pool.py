"""The pool that drives a stage's generators: store first, then the network, until every answer is on disk."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from hfsft.errors import AnswerError, HfsftError, StoreError
from hfsft.models.drive import Drive, Prefetch, advance
from hfsft.models.http import wire
from hfsft.models.limits.losses import Bears, Losses, counted
from hfsft.models.limits.spending import Outlay, outlay
from hfsft.models.limits.usage import Progress, Usage
from hfsft.models.means import Means, own
from hfsft.models.model import Answer, Model, Price, Request
from hfsft.models.ready import Readiness
from hfsft.models.requester import Patience, Requester

if TYPE_CHECKING:
    from hfsft.models.limits.budget import Budget
    from hfsft.models.store.store import Store

T = TypeVar("T")
_READ_ANSWERS = (
    "hfsft.models.http.answer",
    "hfsft.models.endings",
    "hfsft.models.limits.prompt_counts",
    "hfsft.models.structured",
)
Start = Callable[[], Generator[Request, Answer, T]]
"""Begins one row's generator anew."""

_PROGRESS_SECONDS = 0.1
# A server that is slow to open, or says that it is full, is not waited for by whoever has other things to do.
_WAVE_SECONDS = 0.15
_LOOK_SECONDS = 0.005
# A loop that waits takes its turn sooner; one that works may by chance, but not twice.
_AT_ONCE_SECONDS = 0.001
_PROMPT_TURNS = 2
# Twice as many rows as requests: so slow rows leave the others all the room.
_ROWS_PER_REQUEST = 2
_LEAST_WINDOW, _MOST_WINDOW = 64, 8192


class Drives(Protocol):
    """One stage over all its rows, whoever asks for them: in this process a `Drive` does.

    `run` works through it, on the pool's loop; the rest tells how far it is and how it ended.
    """

    stage: str
    finished: bool
    reason: BaseException | None  # why it was stopped early
    failures: dict[str, AnswerError]
    unsure: dict[str, list[str]]
    losses: Losses
    prefetched: Counter[str]
    screened: int
    passed: Counter[str]

    @property
    def done(self) -> int:
        """The rows that are done, whatever became of them."""
        ...

    @property
    def asked(self) -> int:
        """Of the rows done, those that anything was asked for."""
        ...

    @property
    def open(self) -> int:
        """Requests that are open."""
        ...

    async def run(self, window: int) -> None:
        """Work through all rows, at most `window` at once."""
        ...

    def stop(self, reason: BaseException) -> None:
        """Ask nothing more; what is open may finish for some seconds, and is stored."""
        ...

    def abort(self) -> None:
        """Leave at once."""
        ...


class Driving(NamedTuple):
    """A stage whose requests are being sent."""

    drive: Drives
    future: concurrent.futures.Future[None]
    report: Callable[[Drives], None]

    @property
    def ended(self) -> bool:
        """Whether nothing is asked any more."""
        return self.future.done()


class NotStored(StoreError):  # noqa: N818 (a state, which `hfsft plan` counts)
    """An answer that the store does not hold, or no longer; `request` asks for it, behind `before` others."""

    def __init__(self, request: Request, before: int = 0) -> None:
        self.request, self.before = request, before
        super().__init__(f"no answer is stored for a request to {request.model}; build or plan once more")


class Pool:
    """Asks the models of one recipe.

    `drive` fills the store, `replay` reads it; in place of a store there may be means that pass on to another process,
    which keeps the budget too. `recipe` labels what is stored, for `hfsft store`. `on_progress` is called in the thread
    that drives, ten times a second. `ready` is looked at before the first request; without `download` nothing is
    downloaded for what is only read. One thread and one event loop of its own run everything, so that it works below a
    running loop too.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        store: Store | Means,
        *,
        budget: Budget | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        recipe: str = "",
        patience: Patience | None = None,
        ready: Readiness | None = None,
        download: bool = True,
    ) -> None:
        patience = patience or Patience()
        if not isinstance(store, Means):
            store = own(models, store, Usage(models), budget, recipe, patience.seconds)
        self.means = store
        self.usage = store.usage
        self.models = models
        self.recipe = recipe
        self.patience = patience
        self.ready = ready
        self._on_progress = on_progress
        self._prices: dict[str, Price] = {}  # by model id, as they were kept last
        self._requester = Requester(models, store, recipe, patience, ready=ready, download=download)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._driving = threading.Lock()
        self._started: Driving | None = None

    def start(
        self,
        stage: str,
        tasks: Iterable[tuple[str, Start[Any]]],
        *,
        total: int,
        max_failed_share: float = 0.05,
        bears: Bears | None = None,
        results: dict[str, Any] | None = None,
        prefetch: Callable[[str, Any], Prefetch | None] | None = None,
    ) -> Driving:
        """Start to drive a stage, see `drive`; `finish` must follow, before another one is started.

        `bears` says in full what `max_failed_share` does of failures. `tasks` are drawn in the pool's own thread.
        """
        bears = bears or Bears(max_failed_share)
        return self.begin(Drive(self._requester, stage, iter(tasks), bears, results, prefetch, total), total)

    def rows_done(self, driving: Driving) -> dict[str, AnswerError] | None:
        """Wait until all rows of a stage are done, though answers to what was prefetched may be to come; the failures
        by row id. `finish` must follow all the same. None where that alone can tell what became of the rows.
        """
        drive = driving.drive
        if not isinstance(drive, Drive):
            return None
        self._wait(driving, drive.rows_done)
        if driving.ended or drive.unsure or drive.reason or drive.losses.last_check():
            return None
        return dict(drive.failures)

    def begin(self, drive: Drives, total: int) -> Driving:
        """Start whatever brings the answers of a stage; `finish` must follow, before another one is started."""
        self._driving.acquire()
        future = asyncio.run_coroutine_threadsafe(drive.run(self._window(total)), self._running())
        self._started = Driving(drive, future, self._reporter(total))
        return self._started

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine returns on the pool's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._running()).result()

    def first_sent(self, driving: Driving, wanted: int, seconds: float) -> None:
        """Wait until so many requests are open, a moment at most, or `driving` is done; so many seconds for the first
        of them.
        """
        sent = self._requester.sent
        driving.future.add_done_callback(lambda _: sent.set())
        sent.wait(seconds)
        until = time.monotonic() + _WAVE_SECONDS
        while driving.drive.open < wanted and not driving.ended and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)

    @staticmethod
    def prepare() -> None:
        """Import what reads answers: the first would have to wait for it."""
        for name in _READ_ANSWERS:
            import_module(name)

    def give_way(self, seconds: float) -> None:
        """Wait until the loop is through with what is at hand, and waits for answers; so many seconds at most.

        A thread that goes on holds up each message that the loop sends: it gets the interpreter back late.
        """
        loop, until, prompt = self._running(), time.monotonic() + seconds, 0
        while prompt < _PROMPT_TURNS and (began := time.monotonic()) < until:
            turn = threading.Event()
            loop.call_soon_threadsafe(turn.set)
            turn.wait(until - began)
            prompt = prompt + 1 if time.monotonic() - began < _AT_ONCE_SECONDS else 0

    def finish(self, driving: Driving) -> dict[str, AnswerError]:
        """Wait until the store holds every answer; the failures by row id. Raises as `drive` does."""
        try:
            self._wait(driving)
        finally:
            self._started = None
            self._driving.release()
            self._remember_prices()
        drive = driving.drive
        driving.report(drive)
        if drive.reason is not None:
            raise drive.reason
        return drive.failures

    def drive(self, stage: str, tasks: Iterable[tuple[str, Start[Any]]], **how: Any) -> dict[str, AnswerError]:
        """Run every generator until the store holds every answer; the failures by row id.

        `how` is `total`, the number of rows, and what `start` takes: `results`, where given, gets what each of the
        others returned, by row id. `prefetch`, where given, is called with a row's id and what it returned as soon as
        it is done, and says what to prefetch for a later stage; that may fail without failing the row.

        A generator may catch AnswerError at its `yield`; one that does not fails its row. Raises StageError when more
        than `max_failed_share` of the rows failed (after 20), ModelError when a model cannot be asked, BudgetError
        before a request that could pass the budget, StoreError when answers cannot be kept, KeyboardInterrupt after a
        first Ctrl-C once the open requests are stored, at once after a second.
        """
        return self.finish(self.start(stage, tasks, **how))

    def replay(self, start: Start[T]) -> T:
        """What the generator returns, from stored answers only; AnswerError as in `drive`, else NotStored."""
        turns = start()
        outcome: Answer | AnswerError | None = None
        before = 0
        try:
            while True:
                request = advance(turns, outcome)
                outcome = self._requester.stored(request)
                if outcome is None:
                    raise NotStored(request, before)
                before += 1
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            turns.close()

    def pays_for(self) -> float | None:
        """How many times as much as all answers took so far, stored ones too, the budget has left; None without one."""
        took = Outlay()
        for _, model, tally in self.usage:
            each = tally.once
            took = took.plus(outlay(each.answers, each.input_tokens, each.output_tokens, self.usage.prices.get(model)))
        return self._requester.meter.pays_for(took)

    def waits_for(self, name: str) -> bool:
        """Whether a model's answers are waited for; one in this process has no idle time that others could use."""
        return not (self.models[name].embedded or self.models[name].batch)

    def key(self, request: Request) -> str:
        """The 64 hex digits under which the answer to this request is stored."""
        return wire.key_of(self._requester.asked(request))

    def close(self) -> None:
        """End the thread, the connections and the store's writing; the pool may be used again."""
        if self._started:  # something failed before it could be finished: what is open is stored all the same
            self._running().call_soon_threadsafe(self._started.drive.stop, KeyboardInterrupt())
            with contextlib.suppress(KeyboardInterrupt, HfsftError):
                self.finish(self._started)
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is not None and thread is not None:
            asyncio.run_coroutine_threadsafe(self._requester.close(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
        self.means.answers.close()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _remember_prices(self) -> None:
        """Keep what is known of prices by now beside the answers."""
        named = ((self.models[name].label, price) for name, price in self.usage.prices.items())
        known = {model: price for model, price in named if price is not None}
        if self.recipe and known != self._prices:
            with contextlib.suppress(HfsftError):  # what cannot be kept is a price that is not shown
                self.means.keep_prices(known)
            self._prices = known

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=_run, args=(self._loop,), name="hfsft-pool", daemon=True)
            self._thread.start()
        return self._loop

    def _window(self, total: int) -> int:
        rows = _ROWS_PER_REQUEST * sum(model.at_once for model in self.models.values())
        return max(1, min(total, max(_LEAST_WINDOW, min(rows, _MOST_WINDOW))))

    def _wait(self, driving: Driving, *until: concurrent.futures.Future[None]) -> None:
        """Wait until a stage is at its end, or one of `until` is."""
        try:
            self._watch(driving, *until)
        except BaseException as error:  # Ctrl-C, or an error of `on_progress`
            self._running().call_soon_threadsafe(driving.drive.stop, error)
            try:
                self._watch(driving)
            except BaseException:
                self._running().call_soon_threadsafe(driving.drive.abort)
                raise

    def _watch(self, driving: Driving, *until: concurrent.futures.Future[None]) -> None:
        futures, first = (driving.future, *until), concurrent.futures.FIRST_COMPLETED
        while not concurrent.futures.wait(futures, _PROGRESS_SECONDS, first).done:
            driving.report(driving.drive)
        if driving.ended:
            driving.future.result()

    def _reporter(self, total: int) -> Callable[[Drives], None]:
        began, before = time.monotonic(), self.usage.total()

        def report(drive: Drives) -> None:
            if self._on_progress is None:
                return
            spent = self.usage.total()
            self._on_progress(
                Progress(
                    stage=drive.stage,
                    done=drive.done,
                    total=total,
                    failed=drive.losses.failed.total(),
                    causes=counted(drive.losses.failed),
                    calls=spent.calls - before.calls,
                    answers=spent.answers - before.answers,
                    stored=spent.stored - before.stored,
                    open=drive.open,
                    input_tokens=spent.input_tokens - before.input_tokens,
                    output_tokens=spent.output_tokens - before.output_tokens,
                    usd=self.usage.usd,
                    seconds=time.monotonic() - began,
                    finished=drive.finished,
                    stopping=drive.reason is not None,
                    prefetched=tuple(drive.prefetched.items()),
                    screened=drive.screened,
                    passed=tuple(drive.passed.items()),
                    asked=drive.asked,
                    budget=self._requester.meter.standing(),
                    batches=self._requester.batches.standings() if self._requester.batches else (),
                    waits=self._requester.sharing.waits(),
                )
            )

        return report


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        pending = asyncio.all_tasks(loop)
        for task in pending:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
