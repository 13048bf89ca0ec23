"""What came back of a batch: answers into the store, causes for what failed, the rest to be submitted again."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from hfsft.errors import AnswerError, ModelError
from hfsft.models.batches import lines, state
from hfsft.models.batches.speaking import dialects_of, request_of
from hfsft.models.dialects.refused_request import REFUSALS
from hfsft.models.http.faults import Fault
from hfsft.models.limits.spending import Outlay, outlay
from hfsft.models.model import Answer
from hfsft.models.store.store import Entry, keep

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from hfsft.errors import RefusedKeyError
    from hfsft.keys import KnownSecrets
    from hfsft.models.batches.remote import RemoteBatch
    from hfsft.models.batches.speaking import Speaking
    from hfsft.models.batches.state import BatchedRequest, OpenBatch
    from hfsft.models.limits.budget import Meter
    from hfsft.models.limits.usage import Usage
    from hfsft.models.model import Request
    from hfsft.models.store.store import Store
    from hfsft.models.store.writer import Writer

# A request whose failure may heal, or that a batch brought nothing for, is submitted so often in all.
MOST_TRIES = 3
# And so often while each try is put otherwise.
_MOST_WORDINGS = 8
_SHARE = 200  # lines that are read, and answers that are committed, at a time
# How servers say that too much waits with them already.
_QUEUE_FULL = ("token_limit", "enqueued", "queue", "rate_limit", "quota")


class Outcomes:
    """What became of the requests of one drive that went into batches."""

    def __init__(self) -> None:
        self.failed: dict[str, AnswerError] = {}  # by key, for good
        self.tries: Counter[str] = Counter()
        self.most: dict[str, int] = {}  # by model, requests that its server takes in one batch, where it refused more


class Intake:
    """Takes in the batches of one model."""

    def __init__(
        self,
        store: Store,
        writer: Writer,
        meter: Meter,
        usage: Usage,
        model: str,
        secrets: KnownSecrets,
        outcomes: Outcomes,
        speaking: Speaking,
        refused: Callable[[str, Request, Answer], Fault | None],
    ) -> None:
        self.store = store
        self.writer = writer
        self.meter = meter
        self.usage = usage
        self.model = model
        self.secrets = secrets
        self.outcomes = outcomes
        self.speaking = speaking
        self.refused = refused

    def begin(self, batch: OpenBatch, remote: RemoteBatch) -> Taking:
        """Start to take in one batch."""
        return Taking(self, batch, remote)

    def carry(self, name: str) -> None:
        """Hold against the budget of this build what a batch takes at most that another one submitted."""
        self.meter.carry(state.held(self.store, name))

    async def give_up(self, batch: OpenBatch) -> None:
        """Forget a batch that no server was asked for: nothing of it was paid."""
        await self.close(batch, Outlay())

    async def close(self, batch: OpenBatch, used: Outlay) -> None:
        """Forget a batch, and count what it took in place of what was set aside for it."""
        most = state.held(self.store, batch.name)
        count = self.meter.returned(self.model, most, used, reserved=batch.reserved)

        def closing(connection: sqlite3.Connection) -> None:
            if connection.execute("SELECT 1 FROM batches WHERE name = ?", (batch.name,)).fetchone():
                state.drop(connection, batch.name)
                count(connection)

        await self.writer.do(closing)


class Taking:
    """One batch that has ended, while its files are read."""

    def __init__(self, intake: Intake, batch: OpenBatch, remote: RemoteBatch) -> None:
        self._intake = intake
        self._batch = batch
        self._remote = remote
        self._answered: set[bytes] = set()
        self._faults: dict[str, Fault] = {}
        self._used = Outlay()
        self._tally = intake.usage.of(batch.stage, intake.model)

    async def read(self, found: Iterator[bytes]) -> None:
        """Keep the answers of one file."""
        while share := list(islice(found, _SHARE)):
            returned = [lines.read(line, self._intake.secrets) for line in share]
            known = state.lines(self._intake.store, self._batch.name, {each.key for each in returned if each.key})
            kept = []
            for key, outcome in returned:
                if key not in known or bytes.fromhex(key) in self._answered:
                    continue  # not asked here, or told twice
                if isinstance(outcome, Fault):
                    self._faults.setdefault(key, outcome)
                    continue
                request = request_of(self._intake.model, *known[key])
                if fault := self._intake.refused(key, request, outcome):
                    self._refuse(key, outcome, fault)
                    continue
                self._answered.add(bytes.fromhex(key))
                self._faults.pop(key, None)
                entry = self._entry(key, known[key].request, outcome)
                kept.append((entry, self._intake.writer.do(partial(keep, entry=entry))))
            for entry, done in kept:
                self._count(entry, await done)

    def _refuse(self, key: str, answer: Answer, fault: Fault) -> None:
        """Take an answer that may not be kept for a fault; it was paid for all the same."""
        self._used = self._used.plus(self._taken(key, answer))
        self._tally.answered(key, answer, 0.0, kept=False)
        fault.paid = False
        self._faults[key] = fault

    def _taken(self, key: str, answer: Answer) -> Outlay:
        read, written = answer.input_tokens, answer.output_tokens
        if read is None or written is None:
            most = state.most_of(self._intake.store, key)
            read, written = most.input_tokens, most.output_tokens
        return self._cost(read, written, answer.cached_tokens or 0)

    def _entry(self, key: str, request: str, answer: Answer) -> Entry:
        batch = self._batch
        return Entry(key, request, answer, batch.label, batch.revision, batch.recipe, batch.stage)

    def _count(self, entry: Entry, answer: Answer) -> None:
        self._used = self._used.plus(self._taken(entry.key, entry.answer))
        if answer is entry.answer:  # else it was there before, such as of a run that was killed while it read them
            self._tally.sent()
            self._tally.answered(entry.key, entry.answer, 0.0)

    def _cost(self, read: int, written: int, cached: int = 0) -> Outlay:
        return outlay(1, read, written, self._intake.usage.prices.get(self._intake.model), cached)

    async def end(self, requests: Path) -> None:
        """Settle what no answer came for, and forget the batch. Raises ModelError where the build cannot go on."""
        rest = {key.hex() for key in state.keys_of(self._intake.store, self._batch.name) - self._answered}
        error = self._why_nothing(requests, rest)
        for key in rest - self._faults.keys():
            self._faults[key] = Fault("heal", *self._why_missing())
        otherwise, refused = self._put_otherwise(requests)
        for key, fault in self._faults.items():
            if fault.paid:
                most = state.most_of(self._intake.store, key)
                self._used = self._used.plus(self._cost(most.input_tokens, most.output_tokens))
                self._tally.lose(most.input_tokens, most.output_tokens, bounded=bool(most.output_tokens))
            if error is None and fault.kind == "down":
                error = ModelError(f"models.{self._intake.model}: {fault.message}")
            if fault.cause not in _UNSENT:
                self._tally.sent()
                self._tally.broke(fault.cause)
            self._settle(key, fault, again=key in otherwise)
        if self._answered:
            self._intake.speaking.confirm()
        await self._intake.close(self._batch, self._used)
        if error is not None or refused is not None:
            raise error or refused or AssertionError

    def _put_otherwise(self, requests: Path) -> tuple[set[str], RefusedKeyError | None]:
        """The requests that were refused for words left out from now on; the error where an author wrote them."""
        refused = {key for key, fault in self._faults.items() if fault.kind == "row" and fault.status in REFUSALS}
        known = state.lines(self._intake.store, self._batch.name, refused)
        otherwise, error = set(), None
        for key, body in _bodies(requests, known.keys()):
            learned = self._learn(self._faults[key], key, body, known[key])
            if learned is True:
                otherwise.add(key)
            elif learned:
                error = error or learned
        return otherwise, error

    def _learn(self, fault: Fault, key: str, body: dict[str, Any], asked: BatchedRequest) -> bool | RefusedKeyError:
        request, sent = request_of(self._intake.model, *asked), dialects_of(asked.more)
        return self._intake.speaking.learn(fault, key, body, sent, request, self._batch.stage)

    def _settle(self, key: str, fault: Fault, *, again: bool) -> None:
        """Fail a request for good, or leave it to the next batch."""
        outcomes = self._intake.outcomes
        if fault.cause == _FULL:
            return
        outcomes.tries[key] += 1
        tries = outcomes.tries[key]
        if fault.kind == "row" and not again:
            outcomes.failed[key] = AnswerError(fault.cause, fault.message)
        elif tries >= (_MOST_WORDINGS if again else fault.tries or MOST_TRIES):
            outcomes.failed[key] = AnswerError(fault.cause, f"{fault.message} (submitted {tries} times)")

    def _why_missing(self) -> tuple[str, str]:
        if self._remote.status == "expired":
            return "expired", f"batch {self._remote.id} expired before it was answered"
        if self._remote.status == "completed":
            return "missing", f"batch {self._remote.id} is complete and says nothing of this request"
        return self._remote.status, f"batch {self._remote.id} ended as {self._remote.status} before it was answered"

    def _why_nothing(self, requests: Path, rest: set[str]) -> ModelError | None:
        """What stops the build, where a batch was cancelled or refused; what concerns single lines fails these."""
        which, model = f"batch {self._remote.id}", self._intake.model
        if self._remote.status == "cancelled":
            kept = f"{len(self._answered):,} of its answers are kept"
            return ModelError(
                f"models.{model}: {which} was cancelled at its server; {kept}: the same command submits the rest"
            )
        if self._remote.status != "failed":
            return None
        refusals = self._remote.refusals
        if any(sign in f"{each.code} {each.message}".lower() for each in refusals for sign in _QUEUE_FULL):
            return self._smaller(rest)
        by_line = {each.line: each.message for each in refusals if each.line}
        for number, key in _keys_at(requests, set(by_line)):
            self._faults[key] = Fault("row", "bad_request", by_line[number], status=400)
        if rest & self._faults.keys():
            # The others were refused with them: they go into the next batch as they are.
            self._faults |= {key: Fault("heal", _FULL, "") for key in rest - self._faults.keys()}
            return None
        said = "; ".join(dict.fromkeys(each.message for each in refusals)) or "it does not say why"
        whole = Fault("row", "bad_request", said, status=400)
        for key, body in _bodies(requests, rest, most=1):
            asked = state.lines(self._intake.store, self._batch.name, [key])[key]
            learned = self._learn(whole, key, body, asked)
            if learned is True:
                self._faults |= {each: Fault("heal", _FULL, "") for each in rest}
                return None
            if learned:
                return learned
        return ModelError(f"models.{model}: {which} was refused: {said}")

    def _smaller(self, rest: set[str]) -> ModelError | None:
        """Make the next batches half as large; a single request that is too much already stops the build."""
        refusals = self._remote.refusals
        if len(rest) <= 1:
            said = refusals[0].message
            return ModelError(f"models.{self._intake.model}: batch {self._remote.id} was refused: {said}")
        most = self._intake.outcomes.most
        most[self._intake.model] = min(most.get(self._intake.model, len(rest)), max(1, len(rest) // 2))
        self._faults |= {key: Fault("heal", _FULL, "") for key in rest}
        return None


_FULL = "not_begun"
# No server began to work on these.
_UNSENT = {_FULL, "cancelled", "failed"}


def _bodies(requests: Path, keys: Collection[str], most: int | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Some requests of a file as they were submitted, at most so many."""
    if not keys or not requests.exists():
        return
    with requests.open("rb") as file:
        found = ((lines.key_in(line), line) for line in file)
        for key, line in islice(((key, line) for key, line in found if key in keys), most):
            yield key, json.loads(line)["body"]


def _keys_at(requests: Path, numbers: set[int]) -> Iterator[tuple[int, str]]:
    """The keys in some lines of a file, which count from 1."""
    if not numbers or not requests.exists():
        return
    with requests.open("rb") as file:
        for number, line in enumerate(file, 1):
            if number in numbers and (key := lines.key_in(line)):
                yield number, key
