"""One request becomes one answer: from the store if it is there, else from a server, with retries.

Where another build has the same request open, its answer is waited for.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfsft.errors import AnswerError, BudgetError, ModelError, bare
from hfsft.models.batches.standing import PutOff
from hfsft.models.http import wire
from hfsft.models.http.faults import Fault
from hfsft.models.limits.connect import Gates, revision_of
from hfsft.models.limits.mends import NOT_ASKED, Mends
from hfsft.models.limits.sender import Job, Sender
from hfsft.models.model import Answer
from hfsft.models.naming import check_served
from hfsft.models.ready import Readiness, Unready
from hfsft.models.store.store import Entry
from hfsft.section.late_module import LateModule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hfsft.models import endings
    from hfsft.models.limits import prompt_counts
    from hfsft.models.limits.throttle import Gate, Lane
    from hfsft.models.means import Means
    from hfsft.models.model import Model, Request
else:  # what reads answers, see `Pool.prepare`
    endings, prompt_counts = LateModule("hfsft.models.endings"), LateModule("hfsft.models.limits.prompt_counts")

_log = logging.getLogger("hfsft")
# Each pause is shortened by up to this share, so that rows that failed together are not sent again together.
_JITTER = 0.5
# Guessed for a bound on tokens per minute until the server says what an answer took.
_USUAL_ANSWER_TOKENS = 256
_BYTES_PER_TOKEN = 4
# Turns of the loop from a place that is given back to the next request on its way, on a connection that is open.
_TURNS_TO_SEND = 2


@dataclass(frozen=True)
class Patience:
    """How long one request is tried: so often while it breaks, so many seconds in all while the server is full."""

    tries: int = 7
    seconds: float = 600.0
    first_pause: float = 0.5
    longest_pause: float = 30.0

    def pause(self, tries: int, *, apart: bool = True) -> float:
        """Seconds to wait before the next try: doubled each time, capped; jittered where all wait `apart`."""
        whole = min(self.longest_pause, self.first_pause * 2.0 ** min(tries - 1, 30))
        return whole * (1 - random.random() * _JITTER) if apart else whole


class Requester:
    """Answers requests on one event loop; the same request is never open twice."""

    def __init__(
        self,
        models: Mapping[str, Model],
        means: Means,
        recipe: str,
        patience: Patience,
        *,
        ready: Readiness | None = None,
        download: bool = True,
    ) -> None:
        self.means = means
        self._models = models
        self._answers = means.answers
        self._writer = means.writer
        self.sharing = means.sharing
        self._usage = means.usage
        self.meter = means.meter
        self._gates = Gates(models, means)
        self._sender = Sender(means)
        self.batches = means.batches and means.batches(self._gates, lambda name: self._revisions[name], self._refused)
        self._recipe = recipe
        self._patience = patience
        self._ready = ready
        self._download = download
        self._revisions: dict[str, str] = {}
        self._asking: dict[str, asyncio.Future[Answer | AnswerError]] = {}
        self._failed: dict[str, AnswerError] = {}  # by key, why a request of this process got no answer
        self._taken_back: dict[str, AnswerError] = {}  # the same of requests that got one, which is none
        self._counts: dict[str, prompt_counts.PromptCounts] = {}  # by model, what its servers counted of prompts
        self._told_cut: set[str] = set()  # models whose cut prompts are kept, as was said
        self._served: dict[str, str] = {}  # what servers said first of a model of theirs, by its label
        self.mends = Mends()
        self._unreported: set[str] = set()  # keys of those that were prefetched: the row itself meets the failure later
        self.exchanging: set[asyncio.Task[Any] | None] = (
            set()
        )  # tasks whose request is open, or whose answer is being written
        # Called with 1 when a request starts to wait for another build, with -1 when it waits no longer.
        self.on_waiting: Callable[[int], None] = lambda _: None

    def asked(self, request: Request) -> str:
        """The canonical text of a request, whose hash is its key; ModelError if the recipe has no such model."""
        model = self._models.get(request.model)
        if model is None:
            raise ModelError(f"no model is named {request.model!r} (there are: {', '.join(sorted(self._models))})")
        if request.model not in self._revisions:
            self._revisions[request.model] = revision_of(model, download=self._download)
        return wire.canonical(model, request, self._revisions[request.model])

    def stored(self, request: Request) -> Answer | AnswerError | None:
        """What the store holds for a request, or why it failed in this process; None if it must be asked."""
        key = wire.key_of(self.asked(request))
        return self._known(request, key, self._answers.get(key))

    async def found(self, request: Request) -> Answer | AnswerError | None:
        """As `stored`, wherever the store is."""
        key = wire.key_of(self.asked(request))
        return self._known(request, key, await self._answers.find(key))

    def _known(self, request: Request, key: str, answer: Answer | None) -> Answer | AnswerError | None:
        if answer is None or self._fault_in(request, answer) is not None:
            return self._failed.get(key)
        return _usable_or_error(request, answer)

    def refuse(self, request: Request) -> AnswerError:
        """Why a request that asks once more is not sent; in this process it stays so."""
        error = AnswerError(NOT_ASKED, "the first few second answers were no better")
        return self._failed.setdefault(wire.key_of(self.asked(request)), error)

    async def outcome(
        self,
        stage: str,
        request: Request,
        *,
        begun: bool = False,
        prefetched: bool = False,
    ) -> Answer | AnswerError:
        """The answer, or why there is none that the row can use; ModelError or StoreError where all must stop.

        `begun`: an earlier request of the row was answered, so that it goes before rows that have not begun.
        `prefetched`: it is asked for a later stage than the one that is driven. Raises PutOff where the answer comes
        with a batch.
        """
        asked = self.asked(request)
        key = wire.key_of(asked)
        tally = self._usage.of(stage, request.model)
        looked = self.sharing.moment
        # What is on its way into the store is waited for: it may get there between a look and the row's next turn.
        if key not in self._asking and (answer := await self._answers.find(key)) is not None:
            if self._fault_in(request, answer) is None:
                tally.found(key, answer)
                return _usable_or_error(request, answer)
            await self._writer.drop(key)  # kept by a version that took it for an answer
        if key in self._unreported and not prefetched:
            self._unreported.discard(key)
            return self._failed[key]
        if self._ready is not None and not self._ready.covers(stage):
            if prefetched:  # whether it comes to that, the stage that is asked now shows
                raise Unready
            await self._ready.look(stage)
        if self.batches and self.batches.uses(request.model) and not request.at_once:
            if prefetched:  # all that its stage asks goes into one batch
                raise Unready
            if (failed := self.batches.failed(key) or self._taken_back.get(key)) is not None:
                return failed
            await self.batches.put(Job(stage, request, self._models[request.model], asked, key, tally))
            raise PutOff
        if key in self._asking:
            outcome = await asyncio.shield(self._asking[key])
            if isinstance(outcome, Answer):
                tally.found(key, outcome)
        else:
            model = self._models[request.model]
            outcome = await self._ask_once(Job(stage, request, model, asked, key, tally, begun, prefetched, looked))
            for _ in range(_TURNS_TO_SEND):  # whoever waited for the place sends first: the server works meanwhile
                await asyncio.sleep(0)
        if prefetched and isinstance(outcome, AnswerError):
            self._unreported.add(key)
        return _usable_or_error(request, outcome) if isinstance(outcome, Answer) else outcome

    def _fault_in(self, request: Request, answer: Answer) -> Fault | None:
        """Why a stored answer to a request is none; None where it is one."""
        model = self._models[request.model]
        if fault := endings.fault_in(request, answer, wire.token_limit(model, request)):
            return fault
        if model.prompt_cut == "keep" or not (found := prompt_counts.cut(request, answer.input_tokens)):
            return None
        # A server that once read as much leaves out of its counts what its cache held.
        if self._answers.most_read(model.label) >= found.least:
            return None
        return Fault("row", "prompt_cut", str(found))

    def may_be_cut(self, request: Request, answer: Answer) -> str:
        """The key of an answer of which later ones may show that its prompt was read in part; empty for any other."""
        counts = self._counts.get(self._models[request.model].label)
        return wire.key_of(self.asked(request)) if counts is not None and counts.at_most(answer) else ""

    def taken_back(self, key: str) -> AnswerError | None:
        """Why an answer that was given counts no longer; None where it does."""
        return self._taken_back.get(key)

    @property
    def sent(self) -> threading.Event:
        """Set once a request was sent."""
        return self._sender.sent

    def reset(self) -> None:
        """Undo `stop` before the next stage; endpoints that were given up are tried again."""
        self._sender.stopping = False
        self._gates.look_again()
        self._gates.ending(False)
        if self.batches:
            self.batches.reset()

    def all_begun(self) -> None:
        """No row of the stage is left that was not begun."""
        self._gates.ending(True)

    def stop(self) -> None:
        """Send nothing more; open requests may still be answered."""
        self._sender.stopping = True
        if self.batches:
            self.batches.stop()

    async def finish(self, *, stopped: bool = False) -> None:
        """Bring on disk what was spent, and leave batches to their servers; a failure is told with the next answer."""
        if self.batches:
            await self.batches.leave(stopped=stopped)
        if (written := self.meter.noted()) is not None:
            await asyncio.wait([written])

    async def close(self) -> None:
        """Close the connections and the file."""
        await self._gates.close()
        await self.sharing.close()
        self.meter.noted()
        self._writer.close()

    async def _ask_once(self, job: Job) -> Answer | AnswerError:
        asking = self._asking[job.key] = asyncio.get_running_loop().create_future()
        outcome: Answer | AnswerError
        try:
            try:
                outcome = await self._ask(job)
                self._failed.pop(job.key, None)
            except AnswerError as error:
                outcome = self._failed[job.key] = bare(error)
            except BudgetError as error:
                asking.set_exception(error)
                asking.exception()  # whether another row waits for it or not, it is met
                raise
            asking.set_result(outcome)
            return outcome
        finally:
            del self._asking[job.key]
            # Without an outcome, whoever waits for the same answer stops with us.
            asking.cancel()

    async def _ask(self, job: Job) -> Answer:
        gate = await self._gates.get(job.request.model)
        began = time.monotonic()
        tries = Counter[str]()  # by cause
        while True:
            try:
                found = await self._enter(gate, job)
            except Fault as fault:
                tries[fault.cause] += 1
                self._give_up(fault, tries, time.monotonic() - began)
                # Texts that went in one request go in one again.
                await asyncio.sleep(self._patience.pause(tries.total(), apart=not job.request.texts))
                continue
            answer = await self._wait(job, found) if isinstance(found, str) else found
            if answer is not None:
                return answer
            began = time.monotonic()

    async def _wait(self, job: Job, build: str) -> Answer | None:
        """The answer that another build asks for, while other rows are worked on; None where it stops without one."""
        self.on_waiting(1)
        try:
            answer = await self.sharing.wait(job.key, build)
        finally:
            self.on_waiting(-1)
        if self._sender.stopping:
            raise asyncio.CancelledError
        if answer is not None:
            job.tally.found(job.key, answer, shared=True)
        return answer

    def _give_up(self, fault: Fault, tries: Counter[str], seconds: float) -> None:
        if self._sender.stopping:
            raise asyncio.CancelledError
        if fault.kind == "row":
            raise AnswerError(fault.cause, fault.message)
        if fault.tries and tries[fault.cause] >= min(fault.tries, self._patience.tries):
            raise AnswerError(fault.cause, f"{fault.message} (asked {fault.tries} times; the next build asks again)")
        full = fault.cause in {"rate_limit", "overloaded"}
        if seconds > self._patience.seconds or (not full and tries.total() >= self._patience.tries):
            raise AnswerError(fault.cause, f"{fault.message} (tried {tries.total()} times in {seconds:.0f} s)")

    async def _enter(self, gate: Gate, job: Job) -> Answer | str:
        """The answer, sent once the gate has room; or the name of another build that has the same request open."""
        most = _USUAL_ANSWER_TOKENS if job.max_tokens is None else job.max_tokens
        expected = len(job.asked) / _BYTES_PER_TOKEN + most
        lane = await gate.enter(expected, begun=job.begun, ahead=job.ahead)
        while job.request.schema is not None and lane.probing:
            # One request finds out whether the server takes a schema; others with one wait, and give their places up.
            gate.back_out(lane, expected)
            await lane.probed()
            lane = await gate.enter(expected, begun=job.begun, ahead=job.ahead)
        try:
            found = await self.sharing.claim(job.key, job.looked)
        except BaseException:
            gate.back_out(lane, expected)
            raise
        if found is not None:
            gate.back_out(lane, expected)
            if not isinstance(found, str):
                job.tally.found(job.key, found, shared=True)
            return found
        try:
            return await self._exchange(gate, lane, job, expected)
        finally:
            self.sharing.release(job.key)

    async def _exchange(self, gate: Gate, lane: Lane, job: Job, expected: float) -> Answer:
        sent_at = time.monotonic()
        task = asyncio.current_task()
        self.exchanging.add(task)
        try:
            answer, headers = await self._sender.send(lane, job)
            seconds = round(time.monotonic() - sent_at, 4)
            fault = self._refused(job.key, job.request, answer)
            job.tally.answered(job.key, answer, seconds, kept=fault is None)
            used = (answer.input_tokens or 0) + (answer.output_tokens or 0)
            if fault is None or fault.kind == "row" or fault.tries:
                gate.answered(lane, headers, expected, used or None)
            if fault is not None:
                fault.message = f"{lane.client.name}: {fault.message}"
                raise fault
            # The place in the lane is kept until the answer is on disk: so a kill loses no more than was open.
            return await self._writer.add(self._entry(job, answer, seconds))
        except Fault as fault:
            job.tally.broke(fault.cause)
            gate.failed(lane, fault, sent_at)
            raise
        finally:
            self.exchanging.discard(task)
            gate.leave(lane)

    def _refused(self, key: str, request: Request, answer: Answer) -> Fault | None:
        """Why an answer that came now may not be kept; None where it may. ModelError where another model gave it."""
        self._check_served(request.model, answer)
        most = wire.token_limit(self._models[request.model], request)
        return endings.fault_in(request, answer, most) or self._cut(key, request, answer)

    def _cut(self, key: str, request: Request, answer: Answer) -> Fault | None:
        """The fault of an answer to a prompt that was read in part; earlier ones of which that is now known go too."""
        model = self._models[request.model]
        label = model.label
        found = self._counts.setdefault(label, prompt_counts.PromptCounts()).look(key, request, answer)
        if not found:
            return None
        if model.prompt_cut == "keep":
            if label not in self._told_cut:
                self._told_cut.add(label)
                _log.warning("models.%s: %s", request.model, next(iter(found.values())))
            return None
        for other, said in found.items():
            if other != key:
                self._failed[other] = self._taken_back[other] = AnswerError("prompt_cut", str(said))
                self._writer.drop(other)
        return Fault("row", "prompt_cut", str(found[key]), paid=True) if key in found else None

    def _check_served(self, name: str, answer: Answer) -> None:
        """Raise ModelError where a server loaded another model under a name that any model may have."""
        model = self._models[name]
        if not model.apart or model.identity or not answer.model:
            return
        if (first := self._served.get(model.label)) is None:
            first = self._served[model.label] = self._answers.served(model.label) or answer.model
        check_served(name, model.model, first, answer.model)

    def _entry(self, job: Job, answer: Answer, seconds: float) -> Entry:
        revision = self._revisions[job.request.model]
        return Entry(job.key, job.asked, answer, job.model.label, revision, self._recipe, job.stage, seconds)


def _usable_or_error(request: Request, answer: Answer) -> Answer | AnswerError:
    try:
        return endings.usable(request, answer)
    except AnswerError as error:
        return error
