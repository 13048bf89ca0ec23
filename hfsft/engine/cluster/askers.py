"""The askers of a build: started when they are first needed, each handed one piece after another."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from hfsft.engine.cluster.asker import AskingTerms, Handful, PieceAsker, PieceDone
from hfsft.engine.cluster.carried import ActorGoneError
from hfsft.engine.cluster.desk import Desk
from hfsft.engine.cluster.post import Post
from hfsft.engine.live import Live, bears_of
from hfsft.engine.plan import Asked
from hfsft.errors import InternalError, ModelError, StoreError
from hfsft.models.drive import GRACE_SECONDS
from hfsft.models.limits.budget import Meter
from hfsft.models.limits.losses import Losses
from hfsft.rows.batch import Batch

if TYPE_CHECKING:
    from hfsft.engine.cluster.actors import Actor, Actors
    from hfsft.engine.cluster.desk import DeskSession
    from hfsft.engine.cluster.piece_notes import PieceNotes
    from hfsft.engine.on_daft.ask_step import GroupPiece, PartPiece
    from hfsft.engine.on_daft.parquet_parts import ParquetPart
    from hfsft.engine.plan import Asker
    from hfsft.engine.step import Step
    from hfsft.errors import AnswerError
    from hfsft.models.pool import Pool

_log = logging.getLogger("hfsft")
RESTARTS = 4  # processes that take the place of one asker that died, in one step
_WAVES = 10  # rows of a piece, for each request that its asker may have open: a piece ends with slow ones
_EACH = 4  # pieces for each asker, where there are rows enough
_STOP_SECONDS = GRACE_SECONDS + 3.0  # that askers have, once they are to stop


class Askers:
    """Those of one cluster."""

    def __init__(self, actors: Actors) -> None:
        self._actors = actors
        self._post: Actor | None = None
        self._askers: dict[int, Actor] = {}
        self._terms: dict[int, AskingTerms] = {}
        self._told: set[str] = set()
        self._sessions = count()

    def can(self, step: Step, asker: Asker) -> bool:
        """Whether they can ask the models of a step; where they cannot, it is told once for each model."""
        if not isinstance(asker, Live):
            raise InternalError("a forecast is made by the executor of one machine")
        if step.at_hand:
            return False
        wrong = {name: why for name in step.models if (why := _alone(asker.pool, name))}
        for name in wrong.keys() - self._told:
            _log.warning("models.%s: %s, so that this process asks it, and no asker", name, wrong[name])
        self._told |= wrong.keys()
        return not wrong

    def rows(
        self, asker: Asker, step: Step, parts: Sequence[PartPiece], notes: PieceNotes
    ) -> tuple[Asked, list[ParquetPart]]:
        """What asking for each row of parts came to, and the parts behind the step."""
        assert isinstance(asker, Live)
        pieces, of = list[Handful](), list[int]()
        total = sum(len(part.rows) for part in parts)
        wanted = self._count(asker.pool, step, total)
        for number, part in enumerate(parts):
            share = max(1, round(wanted * len(part.rows) / total)) if total else 1
            for piece in [part] if share == 1 else part.cut(share):
                pieces.append(piece)
                of.append(number)
        asked, came = self._asked(asker, step, pieces, total, notes)
        found: list[list[ParquetPart]] = [[] for _ in parts]
        for number, each in zip(of, came, strict=True):
            found[number].append(each.written)
        return asked, self._joined(asker.pool, parts, found)

    def groups(self, asker: Asker, whole: GroupPiece, notes: PieceNotes) -> tuple[Asked, Batch]:
        """What asking for each group came to, and what the step says of each row."""
        assert isinstance(asker, Live)
        from hfsft.engine.parts.grouped import KINDS

        step, total = whole.step, len(whole.members)
        pieces = whole.cut(self._count(asker.pool, step, total)) if total else []
        asked, came = self._asked(asker, step, list[Handful](pieces), total, notes)
        made: Batch = {name: [None] * len(whole.rows) for name in (*step.writes, *KINDS)}
        for piece, each in zip(pieces, came, strict=True):
            for number, row in piece.told(each.written):
                for name, value in row.items():
                    made[name][number] = value
        return asked, made

    def end(self) -> None:
        """End their processes."""
        for asker in self._askers.values():
            asker.end()
        if self._post is not None:
            self._post.end()
        self._post, self._askers = None, {}

    def again(self, place: int) -> Actor:
        """Another process in the place of an asker that died, wherever there is room now."""
        assert self._post is not None
        actor = self._askers[place] = self._actors.actor(PieceAsker, self._terms[place], self._post, threads=2)
        return actor

    def _count(self, pool: Pool, step: Step, total: int) -> int:
        """Into how many pieces rows are cut: as many for each asker, of some length."""
        askers = len(self._of(pool, step))
        at_once = min(pool.models[name].at_once for name in step.models) / askers
        each = int(total / askers / (_WAVES * at_once))
        return min(total, askers * min(max(each, 1), _EACH))

    def _of(self, pool: Pool, step: Step) -> list[int]:
        """Those who may ask the models of a step."""
        if self._post is None:
            self._start(pool)
        return [place for place, terms in self._terms.items() if terms.models.keys() >= set(step.models)]

    def _start(self, pool: Pool) -> None:
        models = {name: model for name, model in pool.models.items() if not _alone(pool, name)}
        meter = pool.means.meter
        assert isinstance(meter, Meter)
        whole = AskingTerms(models, pool.recipe, pool.patience, meter.budget, 0.0)
        number = self._actors.askers or self._actors.nodes()
        self._post = self._actors.actor(Post, here=True)
        for place in range(number):
            terms = whole.for_one(place, number)
            if terms.models:
                self._terms[place] = terms
                self.again(place)

    def _asked(
        self, live: Live, step: Step, pieces: Sequence[Handful], total: int, notes: PieceNotes
    ) -> tuple[Asked, list[PieceDone]]:
        if not pieces:
            return Asked(spent={}), []
        places = self._of(live.pool, step)
        assert self._post is not None
        askers = {place: self._askers[place] for place in places}
        handing = Handing(live, step, pieces, askers, self.again, self._post, self._sessions, notes)
        asked = live.handed(step, handing, total)
        return asked, [came for came in handing.came if came is not None]

    def _joined(self, pool: Pool, parts: Sequence[PartPiece], found: Sequence[list[ParquetPart]]) -> list[ParquetPart]:
        """The parts behind a step, of which those that were cut are put together by askers."""
        waiting = deque(
            (number, part, pieces)
            for number, (part, pieces) in enumerate(zip(parts, found, strict=True))
            if len(pieces) > 1
        )
        made = [pieces[0] for pieces in found]
        if waiting:
            for number, part in pool.do(_joining(waiting, list(self._askers.values()))):
                made[number] = part
        return made


async def _joining(waiting: deque[Any], askers: Sequence[Actor]) -> list[tuple[int, ParquetPart]]:
    done: list[tuple[int, ParquetPart]] = []

    async def work(actor: Actor) -> None:
        while waiting:
            number, part, pieces = waiting.popleft()
            try:
                done.append((number, await asyncio.wrap_future(actor.call("joined", part, pieces))))
            except ActorGoneError:
                done.append((number, await asyncio.to_thread(part.joined, pieces)))

    await asyncio.gather(*map(work, askers))
    return done


def _alone(pool: Pool, name: str) -> str:
    """Why a model is asked by one process alone; empty where several may."""
    model = pool.models[name]
    if model.embedded:
        return "runs in this process"
    return "is asked in batches" if model.batch else ""


class Handing:
    """One step over all its pieces: a `hfsft.models.pool.Drives`, for which askers do the work."""

    def __init__(
        self,
        live: Live,
        step: Step,
        pieces: Sequence[Handful],
        askers: Mapping[int, Actor],
        again: Callable[[int], Actor],
        post: Actor,
        sessions: count[int],
        notes: PieceNotes,
    ) -> None:
        pool = live.pool
        self.stage = step.name
        self.losses = Losses(step.name, bears_of(step, spares=live.spares))
        self.failures: dict[str, AnswerError] = {}
        self.unsure: dict[str, list[str]] = {}
        self.prefetched: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()
        self.screened = 0
        self.finished = False
        self.reason: BaseException | None = None
        self.came: list[PieceDone | None] = [None] * len(pieces)
        self._desk = Desk(pool.means, pool.models, pool.ready, post, self.stop)
        self._meter, self._spares, self._sessions = pool.means.meter, live.spares, sessions
        self._pieces, self._askers, self._again = pieces, dict(askers), again
        self._notes = notes
        self._left = deque[int]()
        for number, piece in enumerate(pieces):
            if (found := notes.find(piece)) is None:
                self._left.append(number)
                continue
            self.came[number] = PieceDone(found.written, {})
            found.counted_in(self.losses)
            self._desk.read(self.stage, found.took)
        self._deaths: Counter[int] = Counter()
        self._working: set[asyncio.Task[None]] = set()

    @property
    def done(self) -> int:
        """The rows that are done, whatever became of them."""
        return self.losses.done

    @property
    def asked(self) -> int:
        """The same: which of them asked nothing, their askers know."""
        return self.losses.done

    @property
    def open(self) -> int:
        """Requests that are open."""
        return self._desk.open

    async def run(self, window: int) -> None:
        """Hand out all pieces, and serve those who ask until they are done."""
        loop = asyncio.get_running_loop()
        serving = loop.create_task(self._desk.serve())
        try:
            while self._left and self.reason is None:
                alive = [place for place in self._askers if self._deaths[place] <= RESTARTS]
                if not alive:
                    self.stop(ModelError(f"{self.stage}: the processes of all askers ended {RESTARTS + 1} times"))
                    break
                self._working = {loop.create_task(self._work(place)) for place in alive}
                await asyncio.wait(self._working)
        finally:
            serving.cancel()
            await asyncio.wait([serving])
        if (noted := self._meter.noted()) is not None:
            await asyncio.wait([noted])
        self.finished = True
        if self.reason is None:
            self.reason = self.losses.last_check()

    async def _work(self, place: int) -> None:
        """Hand one asker a piece after another."""
        while self._left and self.reason is None and self._deaths[place] <= RESTARTS:
            number = self._left.popleft()
            session = f"{place}-{next(self._sessions)}"
            self._desk.begin(session, place, self.losses)
            dead, came = True, None
            try:
                call = self._askers[place].call("ask", session, self._pieces[number], self._spares)
                came = await asyncio.wrap_future(call)
                dead = False
            except ActorGoneError:
                self._deaths[place] += 1
                self._left.appendleft(number)
            except asyncio.CancelledError:
                return
            except Exception as error:  # whatever it is, the build must end with it
                self.stop(error)
            finally:
                self._end(number, self._desk.end(session, dead=dead), came)
            if dead and self.reason is None:
                self._askers[place] = await asyncio.to_thread(self._again, place)

    def _end(self, number: int, session: DeskSession, came: PieceDone | None) -> None:
        """Keep what came of a piece."""
        if came is None or came.written is None:
            return
        self.came[number] = came
        self.failures.update(came.failures)
        if came.sure and not came.failures:
            self._notes.keep(self._pieces[number], came.written, [why for _, why in session.rows], session.took)

    def stop(self, reason: BaseException) -> None:
        """Hand out nothing more; askers let what is open finish for some seconds, and store it."""
        if self.reason is not None:
            return
        self.reason = reason
        if isinstance(reason, StoreError):
            self.abort()
            return
        self._desk.tell_all("stop")
        asyncio.get_running_loop().call_later(_STOP_SECONDS, self.abort)

    def abort(self) -> None:
        """Leave at once."""
        for task in self._working:
            task.cancel()
