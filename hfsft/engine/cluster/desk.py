"""The desk: over the answers, the budget and the account of this process, it serves all that ask for one build.

An asker speaks in sessions, one for each piece of work. What it has open is known here: when a session ends without its
asker, its requests are free again, what they may have cost stays taken, and what it said of rows is forgotten, as
another session says it once more.
"""

from __future__ import annotations

import asyncio
import os
import pickle
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hfsft.engine.cluster.carried import failed
from hfsft.engine.cluster.piece_notes import Took
from hfsft.engine.cluster.post import DESK, letters
from hfsft.errors import HfsftError, InternalError
from hfsft.models.model import FromEnv
from hfsft.models.naming import check_served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hfsft.engine.cluster.actors import Actor
    from hfsft.errors import AnswerError
    from hfsft.models.limits.budget import Claim
    from hfsft.models.limits.losses import Losses
    from hfsft.models.limits.spending import Outlay
    from hfsft.models.limits.usage import Tally
    from hfsft.models.means import Means
    from hfsft.models.model import Answer, Model, Price
    from hfsft.models.ready import Readiness
    from hfsft.models.store.store import Entry

GATHER_SECONDS = 0.001  # that answers to one asker wait for others
ASKER = "asker "  # begins the name of one that has a request open, where other builds have names of their own


@dataclass
class DeskSession:
    """What one asker has under way."""

    name: str
    asker: int
    losses: Losses  # of the stage, whoever asks
    open: set[str] = field(default_factory=set)  # keys of requests
    reserved: dict[int, tuple[Claim, str, Tally]] = field(default_factory=dict)  # by number: what is set aside
    rows: list[tuple[AnswerError | None, str | None]] = field(default_factory=list)  # that it is done with
    took: defaultdict[str, Took] = field(default_factory=lambda: defaultdict(Took))  # by model
    tasks: set[asyncio.Future[Any]] = field(default_factory=set)


class Desk:
    """Works on one event loop, that of the pool whose means these are."""

    def __init__(
        self,
        means: Means,
        models: Mapping[str, Model],
        ready: Readiness | None,
        post: Actor,
        stop: Callable[[BaseException], None],
    ) -> None:
        self._means, self._models, self._ready, self._post = means, models, ready, post
        self._failed = stop  # is told an error for which all must stop
        self._sessions: dict[str, DeskSession] = {}
        self._holders: dict[str, DeskSession] = {}  # by key of an open request
        self._freed: dict[str, asyncio.Event] = {}  # by key, where somebody waits for it
        self._first: dict[str, str] = {}  # by label, what a server called the model first
        self._out: defaultdict[str, list[tuple[int, str, Any]]] = defaultdict(list)
        self._sending = False

    @property
    def open(self) -> int:
        """Requests that are open."""
        return len(self._holders)

    async def serve(self) -> None:
        """Read letters and answer them, until it is cancelled."""
        try:
            async for letter in letters(self._post, DESK):
                name, said = pickle.loads(letter)  # noqa: S301, of our own processes
                if session := self._sessions.get(name):  # else of one that is dead
                    for number, what, arguments in said:
                        self._hear(session, number, what, arguments)
        except Exception as error:
            self._failed(error)

    def begin(self, name: str, asker: int, losses: Losses) -> None:
        """An asker is given work."""
        self._sessions[name] = DeskSession(name, asker, losses)

    def end(self, name: str, *, dead: bool) -> DeskSession:
        """Its work is done, or, `dead`, its process is; what came of it."""
        session = self._sessions.pop(name)
        for task in session.tasks:
            task.cancel()
        for key in list(session.open):
            self.release(session, key)
        for claim, model, tally in session.reserved.values():  # may have been sent, and billed
            self._means.meter.settle(claim, model, None, tally, paid=True)
        if dead:
            for error, why in session.rows:
                session.losses.count(error, why, -1)
        self._out.pop(name, None)
        return session

    def read(self, stage: str, took: Mapping[str, Took]) -> None:
        """Count what rows took that an earlier build was done with."""
        for model, each in took.items():
            self._means.usage.of(stage, model).read(each.spent, each.keys)

    def tell_all(self, what: str, *said: Any, besides: DeskSession | None = None) -> None:
        """Say something to every asker at work."""
        for session in self._sessions.values():
            if session is not besides:
                self._say(session, 0, what, said)

    def _hear(self, session: DeskSession, number: int, what: str, arguments: tuple[Any, ...]) -> None:
        if what not in HEARD:
            raise InternalError(f"the desk was told {what!r}")
        try:
            answer = getattr(self, what)(session, *arguments)
        except HfsftError as error:
            self._answer(session, number, error)
            return
        if asyncio.iscoroutine(answer) or asyncio.isfuture(answer):
            task = asyncio.ensure_future(answer)
            session.tasks.add(task)
            task.add_done_callback(lambda done: self._done(session, number, done))
        else:
            self._answer(session, number, answer)

    def _done(self, session: DeskSession, number: int, done: asyncio.Future[Any]) -> None:
        session.tasks.discard(done)
        if not done.cancelled():
            error = done.exception()
            self._answer(session, number, done.result() if error is None else error)

    def _answer(self, session: DeskSession, number: int, answer: Any) -> None:
        if isinstance(answer, BaseException):
            if not number:
                self._failed(answer)
                return
            answer = failed(answer, "desk")
        if number:
            self._say(session, number, "", answer)

    def _say(self, session: DeskSession, number: int, what: str, said: Any) -> None:
        if session.name not in self._sessions:
            return
        self._out[session.name].append((number, what, said))
        if not self._sending:
            self._sending = True
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._send)

    def _send(self) -> None:
        self._sending = False
        letters = [(box, pickle.dumps(said, pickle.HIGHEST_PROTOCOL)) for box, said in self._out.items()]
        self._out.clear()
        sent = asyncio.wrap_future(self._post.call("leave", letters))
        sent.add_done_callback(lambda done: done.cancelled() or done.exception())  # `serve` meets it too

    # What askers say.

    def heard(self, session: DeskSession) -> None:
        """All that was said before was heard."""

    def known(self, session: DeskSession, labels: list[str]) -> dict[str, tuple[str, int]]:
        """By label of a model: what a server called it, and the most tokens of a prompt that one counted."""
        answers = self._means.answers
        return {label: (answers.served(label), answers.most_read(label)) for label in labels}

    def keys(self, session: DeskSession, names: list[str]) -> dict[str, str]:
        """What environment variables say here that the servers of these models are told."""
        return keys_of([self._models[name] for name in names])

    def look(self, session: DeskSession, key: str) -> Answer | None:
        """The answer under a key."""
        return self._means.answers.get(key)

    async def claim(self, session: DeskSession, key: str) -> Answer | str | None:
        """None where the asker is to send the request, else its answer, or who has it open."""
        if (holder := self._holders.get(key)) is not None:
            return f"{ASKER}{holder.asker}"
        self._holders[key] = session
        session.open.add(key)
        try:
            found = await self._means.sharing.claim(key)
        except BaseException:
            self._free(session, key)
            raise
        if found is not None:
            self._free(session, key)
        return found

    async def wait(self, session: DeskSession, key: str, build: str) -> Answer | None:
        """The answer once another asker, or another build, is done with the request; None where it has none."""
        if not build.startswith(ASKER):
            return await self._means.sharing.wait(key, build)
        while key in self._holders:
            await self._freed.setdefault(key, asyncio.Event()).wait()
        return self._means.answers.get(key)

    def release(self, session: DeskSession, key: str) -> None:
        """A request was answered or failed."""
        if self._free(session, key):
            self._means.sharing.release(key)

    def _free(self, session: DeskSession, key: str) -> bool:
        if self._holders.get(key) is not session:
            return False
        del self._holders[key]
        session.open.discard(key)
        if (waiting := self._freed.pop(key, None)) is not None:
            waiting.set()
        return True

    async def keep(self, session: DeskSession, entry: Entry) -> Answer | None:
        """Keep one answer; another one where it was there first."""
        self._check_served(entry)
        kept = await self._means.writer.add(entry)
        return None if kept is entry.answer else kept

    def _check_served(self, entry: Entry) -> None:
        """Raise ModelError where two askers were answered by different models under a name that any may have."""
        name = next((name for name, model in self._models.items() if model.label == entry.model), None)
        if name is None or not (model := self._models[name]).apart or model.identity or not entry.answer.model:
            return
        first = self._first.setdefault(entry.model, entry.answer.model)
        check_served(name, model.model, first, entry.answer.model)

    def drop(self, session: DeskSession, key: str) -> Any:
        """Forget an answer."""
        return self._means.writer.drop(key)

    async def reserve(
        self, session: DeskSession, number: int, model: str, size: int, max_tokens: int | None
    ) -> Outlay | None:
        """Set aside what a request can take at most; BudgetError where that may not be."""
        claim = await self._means.meter.claim(model, size, max_tokens)
        tally = self._means.usage.of(session.losses.stage, model)
        if session.name not in self._sessions:  # its asker died meanwhile, and sent nothing
            self._means.meter.settle(claim, model, None, tally, paid=False)
        else:
            session.reserved[number] = claim, model, tally
        return claim.most

    def settle(
        self, session: DeskSession, number: int, claim: Claim, stage: str, model: str, answer: Answer | None, paid: bool
    ) -> None:
        """A request took so much."""
        if number:
            claim, *_ = session.reserved.pop(number)
        self._means.meter.settle(claim, model, answer, self._means.usage.of(stage, model), paid=paid)

    def sent(self, session: DeskSession, stage: str, model: str) -> None:
        """A request was sent."""
        self._means.usage.of(stage, model).sent()

    def broke(self, session: DeskSession, stage: str, model: str, cause: str) -> None:
        """It came to nothing."""
        self._means.usage.of(stage, model).broke(cause)

    def answered(
        self, session: DeskSession, stage: str, model: str, key: str, answer: Answer, seconds: float, kept: bool
    ) -> None:
        """A model answered."""
        self._means.usage.of(stage, model).answered(key, answer, seconds, kept=kept)
        session.took[model].count(key, answer, kept=kept)

    def found(self, session: DeskSession, stage: str, model: str, key: str, answer: Answer, shared: bool) -> None:
        """An answer was there, or came to another one that asked for it."""
        if self._means.usage.of(stage, model).found(key, answer, shared=shared):
            session.took[model].count(key, answer)

    def spoke(self, session: DeskSession, model: str, dialects: set[str]) -> None:
        """Note the dialects in which a model answered."""
        self._means.usage.spoke(model, dialects)

    def price(self, session: DeskSession, model: str, price: Price) -> None:
        """Use a price that an asker found."""
        self._means.usage.set_price(model, price)

    def row(self, session: DeskSession, stage: str, error: AnswerError | None, why: str | None) -> None:
        """A row is done; StageError where too many are lost."""
        session.rows.append((error, why))
        session.losses.count(error, why)
        session.losses.check()

    def taken_back(self, session: DeskSession, stage: str) -> None:
        """The row told before was counted once already, as done."""
        if (None, None) in session.rows:
            session.rows.remove((None, None))
        session.losses.done -= 1

    def spoken_by(self, session: DeskSession, server: str) -> Any:
        """The dialects that a server speaks."""
        return self._means.dialects.spoken_by(server)

    def remember(self, session: DeskSession, server: str, dialect: str) -> None:
        """Keep one; whoever else asks that server speaks it from now on."""
        self._means.dialects.remember(server, dialect)
        self.tell_all("spoken", server, dialect, True, besides=session)

    def forget(self, session: DeskSession, server: str, dialect: str) -> None:
        """Forget one, and so do all others."""
        self._means.dialects.forget(server, dialect)
        self.tell_all("spoken", server, dialect, False, besides=session)

    def met(self, session: DeskSession, server: str, fault: tuple[Any, ...]) -> None:
        """What a server said to one, all others heed."""
        self.tell_all("met", server, fault, besides=session)

    def ready(self, session: DeskSession, stage: str) -> Any:
        """Whether the models of a stage can be asked."""
        return None if self._ready is None or self._ready.covers(stage) else self._ready.look(stage)


def keys_of(models: Iterable[Model]) -> dict[str, str]:
    """What environment variables say here that the models' servers are told, and the login to the Hub."""
    found: dict[str, str] = {}
    for model in models:
        names = {value.env for value in model.headers.values() if isinstance(value, FromEnv)}
        names |= {model.api_key_env} if model.api_key_env else set()
        found |= {name: os.environ[name] for name in names if name in os.environ}
        if model.provider:
            from huggingface_hub import get_token

            found |= {"HF_TOKEN": token} if (token := get_token()) else {}  # or of a file that other machines lack
    return found


HEARD = frozenset((
    "heard", "known", "keys", "look", "claim", "wait", "release", "keep", "drop", "reserve", "settle", "sent", "broke",
    "answered", "found", "spoke", "price", "row", "taken_back", "spoken_by", "remember", "forget", "met",
    "ready",
))  # fmt: skip
