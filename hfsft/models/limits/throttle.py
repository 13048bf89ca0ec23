"""How many requests a model gets at once: few at first, more with each answer, half as many where it is rate limited.

A `Lane` is one endpoint of one model; a `Gate` holds a model's lanes and the queue before them.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from hfsft.errors import ModelError
from hfsft.models.http.faults import Fault
from hfsft.models.http.retry_after import limit_pause

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hfsft.models.http.client import Client

# A quarter of the limit is sent at once: a server that is rate limited refuses before it answers any. Another quarter
# follows after each `_RISE_SECONDS` without a fault, or three requests for each answer, whichever is sooner.
_FIRST_SHARE = 0.25
_FIRST_LEAST = 4
_RISE_SECONDS = 0.01
_GROWTH = 3.0
_REGROWTH = 0.125  # per answer after a slow-down, up to the limit at which it came
# A server that asks for a longer pause than this is not asked again by this build.
LONGEST_PAUSE = 600.0
# A server that has answered may be restarting; one that never has is not there.
_RESTART_SECONDS = 10.0
# So many faults in a row, and no answer among them for so long, are no longer bad luck.
_STREAK = 20
_STREAK_SECONDS = 60.0
# A server that names no moment, and lets nothing in for so long, has another limit than one a minute.
_SHUT_SECONDS = 180.0


Hear = Callable[[str, Fault], None]
"""Is told a server, and what it said there to another process that asks it for this build."""
Spoken = Callable[[str, str, bool], None]
"""Is told a server, and a dialect that another process found it to speak, or, False, not to need any more."""


class News(Protocol):
    """Who tells the processes that ask for one build what servers say to one of them: that they are full, or closed,
    and in which dialects they answer.
    """

    def tell(self, server: str, fault: Fault) -> None:
        """Tell the others."""
        ...

    def listen(self, hear: Hear, spoken: Spoken) -> None:
        """Be told what others heard, and the dialects that they found out."""
        ...


class Alone:
    """No other process asks for this build."""

    def tell(self, server: str, fault: Fault) -> None:
        """Nobody is there."""

    def listen(self, hear: Hear, spoken: Spoken) -> None:
        """Nobody tells."""


class Lane:
    """One endpoint: how many requests are open there, how many may be, and whether it still counts."""

    def __init__(self, client: Client, most: int) -> None:
        self.client = client
        self.most = most
        self.first = self.limit = float(min(most, max(_FIRST_LEAST, most * _FIRST_SHARE)))
        self.open = 0
        self.paused_until = 0.0
        self.down = ""  # why it is no longer asked, empty while it is
        self.dialects: set[str] = set()  # by their names in the table, those that the server was found to speak
        self.unconfirmed: set[str] = set()  # those of them in which it has not answered yet
        self.finding = asyncio.Lock()  # held by the request that finds out what the server refuses
        self.barred: set[str] = set()  # those that it was found not to speak after all
        self.whole = False  # whether an answer came in one piece
        # Whether it is known if the server takes a schema, and the one request that finds out.
        self.schema_tried = False
        self.probe = asyncio.Lock()
        self.unheeded: int | None = 0  # answers in a row that did not heed their schema; None once one has
        self._rising_since: float | None = None
        self._no_fault_yet = True
        self._slowed_at: float | None = None
        self._cut_at = 0.0
        self._streak = 0
        self._has_answered = False
        self._quiet_since: float | None = None  # the first fault since the last answer

    @property
    def probing(self) -> bool:
        """Whether a request is out that finds out whether the endpoint takes a schema."""
        return not self.schema_tried and self.probe.locked()

    async def probed(self) -> None:
        """Wait until that request is back."""
        async with self.probe:
            pass

    def room(self, now: float) -> bool:
        """Whether one more request may go there now."""
        if (seconds := self._rising(now)) is not None:
            rises = int(seconds / _RISE_SECONDS)
            self.limit = min(float(self.most), max(self.limit, self.first * (1 + rises)))
        return not self.down and now >= self.paused_until and self.open < int(self.limit)

    def wait(self, now: float) -> float | None:
        """Seconds until there may be more room though nobody leaves; None if that cannot be."""
        if self.down:
            return None
        if self.paused_until > now:
            return self.paused_until - now
        seconds = self._rising(now)
        return None if seconds is None else _RISE_SECONDS - seconds % _RISE_SECONDS

    def _rising(self, now: float) -> float | None:
        """Seconds since the limit began to rise by itself; None where it does not."""
        if not self._no_fault_yet or self.limit >= self.most or self._rising_since is None:
            return None
        return now - self._rising_since

    def take(self, now: float) -> None:
        """Take one place."""
        self.open += 1
        if self._rising_since is None:
            self._rising_since = now

    def answered(self) -> None:
        """An answer came: allow more at once."""
        self._streak = 0
        self._has_answered = True
        self._quiet_since = None
        if self.open < int(self.limit) or self.limit >= self.most:
            return
        step = _GROWTH if self._slowed_at is None else _REGROWTH if self.limit < self._slowed_at else 1 / self.limit
        self.limit = min(float(self.most), self.limit + step)

    def failed(self, fault: Fault, sent_at: float, now: float) -> None:
        """A fault came: allow fewer, wait as long as the server asks, or give the endpoint up."""
        # A firewall that lets others through stops at what one request says.
        if fault.kind == "row" or (fault.tries and (fault.kind != "down" or self._has_answered)):
            self._streak = 0
            return
        self._no_fault_yet = False
        self._quiet_since = self._quiet_since or now
        quiet = now - self._quiet_since
        if fault.kind == "down":
            restarting = fault.cause == "connection" and self._has_answered and quiet < _RESTART_SECONDS
            self.down = "" if restarting else fault.message
        elif fault.after is not None and fault.after > LONGEST_PAUSE:
            self.down = f"{fault.message}; it asks to be left alone for {fault.after / 3600:.1f} h: go on after that"
        elif fault.cause == "rate_limit" and fault.after is None and not self._has_answered and quiet > _SHUT_SECONDS:
            self.down = f"{fault.message}; it answered none of all requests for {quiet:.0f} s: go on later"
        elif fault.cause not in {"rate_limit", "overloaded"}:
            self._streak += 1
            if self._streak >= _STREAK and quiet > (_STREAK_SECONDS if self._has_answered else _RESTART_SECONDS):
                self.down = f"{self._streak} requests in a row failed, the last with: {fault.message}"
        if fault.after is not None:
            self.pause(fault.after, now)
        if fault.kind == "slow":
            self._slow_down(sent_at, now)

    def pause(self, seconds: float, now: float) -> None:
        """Send nothing for so long; never longer than `LONGEST_PAUSE`."""
        self.paused_until = max(self.paused_until, now + min(seconds, LONGEST_PAUSE))

    def _slow_down(self, sent_at: float, now: float) -> None:
        # All requests that were open at one cut tell of the same trouble: cut once for them.
        if sent_at < self._cut_at:
            return
        self._cut_at = now
        self._slowed_at = self.limit
        self.limit = max(1.0, self.limit / 2)


class Bucket:
    """A fixed bound per minute, never passed in any 60 seconds: a tenth at once, the rest evenly."""

    def __init__(self, per_minute: int) -> None:
        self._size = max(1.0, per_minute / 10)
        # At one a minute the burst is the whole bound: then each waits its full turn.
        self._rate = (per_minute - self._size) / 60 if per_minute > 1 else 1 / 60
        self._level = self._size
        self._at = 0.0

    def wait(self, amount: float, now: float) -> float:
        """Seconds until `amount` may be taken; more than the bucket holds waits for a full one."""
        self._fill(now)
        short = min(amount, self._size) - self._level
        return max(0.0, short / self._rate)

    def take(self, amount: float, now: float) -> None:
        """Take `amount`, negative to give back what was taken too much."""
        self._fill(now)
        self._level = min(self._size, self._level - amount)

    def _fill(self, now: float) -> None:
        if self._at:
            self._level = min(self._size, self._level + (now - self._at) * self._rate)
        self._at = now


class Gate:
    """The queue before one model: first come, first served, to the endpoint with the most room.

    Requests of rows that were asked something already are sent first: rows are finished before others are begun. Once
    there are no other rows (`ending`), the last of them, as many as may be open at once, go before what is asked for a
    later stage: they have the most to ask yet, one after the other, and would be alone at the end.
    """

    def __init__(
        self,
        name: str,
        lanes: list[Lane],
        concurrency: int,
        requests: int | None = None,
        tokens: int | None = None,
        tell: Callable[[Lane, Fault], None] = lambda *_: None,
    ) -> None:
        self.name = name
        self.ending = False
        self._tell = tell
        self.lanes = lanes
        self._most = concurrency
        self._open = 0
        self._begun: deque[tuple[asyncio.Future[Lane], float]] = deque()
        self._ahead: deque[tuple[asyncio.Future[Lane], float]] = deque()  # for a later stage
        self._waiting: deque[tuple[asyncio.Future[Lane], float]] = deque()
        self._requests = Bucket(requests) if requests else None
        self._tokens = Bucket(tokens) if tokens else None
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, tokens: float = 0, *, begun: bool = False, ahead: bool = False) -> Lane:
        """The lane to use, once there is room; ModelError if no endpoint is left. `leave` must follow."""
        self._check()
        if not (self._begun or self._ahead or self._waiting) and (lane := self._free(tokens)):
            return self._grant(lane, tokens)
        turn: asyncio.Future[Lane] = asyncio.get_running_loop().create_future()
        (self._ahead if ahead else self._begun if begun else self._waiting).append((turn, tokens))
        self._pump()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave(turn.result())
            raise

    def leave(self, lane: Lane) -> None:
        """Give the place in `lane` back."""
        lane.open -= 1
        self._open -= 1
        self._pump()

    def back_out(self, lane: Lane, tokens: float) -> None:
        """Give back a place that was not used, and what was taken from the bounds per minute."""
        self._charge(-1, -tokens, time.monotonic())
        self.leave(lane)

    def answered(self, lane: Lane, headers: Mapping[str, str], expected: float, used: float | None) -> None:
        """Take note of an answer: room grows, the server's own limits are honoured, token counts are corrected."""
        now = time.monotonic()
        lane.answered()
        pause = limit_pause(headers)
        if pause:
            lane.pause(pause, now)
            self._tell(lane, Fault("heal", "rate_limit", "its headers say that it is full", after=pause))
        if self._tokens and used is not None:
            self._tokens.take(used - expected, now)
        # The room that was won is used at once, while the answer is still being written.
        self._pump()

    def failed(self, lane: Lane, fault: Fault, sent_at: float) -> None:
        """Take note of a fault; ModelError when it leaves no endpoint."""
        lane.failed(fault, sent_at, time.monotonic())
        # That no connection came about may be for this process alone to say.
        if fault.kind == "slow" or fault.after is not None or (fault.kind == "down" and fault.cause != "connection"):
            self._tell(lane, fault)
        self._check()

    def heard(self, lane: Lane, fault: Fault) -> None:
        """Take note of a fault that another process met there."""
        now = time.monotonic()
        lane.failed(fault, now, now)
        with suppress(ModelError):  # whoever asks next is told
            self._check()

    def _check(self) -> None:
        if all(lane.down for lane in self.lanes):
            error = ModelError(f"models.{self.name}: " + "; ".join(lane.down for lane in self.lanes))
            for queue in (self._begun, self._ahead, self._waiting):
                for turn, _ in queue:
                    if not turn.done():
                        turn.set_exception(error)
                queue.clear()
            raise error

    def _free(self, tokens: float) -> Lane | None:
        if self._open >= self._most:
            return None
        now = time.monotonic()
        if self._wait(tokens, now) > 0:
            return None
        if len(self.lanes) == 1:
            return self.lanes[0] if self.lanes[0].room(now) else None
        free = [lane for lane in self.lanes if lane.room(now)]
        return min(free, key=lambda lane: lane.open / lane.limit) if free else None

    def _wait(self, tokens: float, now: float) -> float:
        wait = self._requests.wait(1, now) if self._requests else 0.0
        return max(wait, self._tokens.wait(tokens, now)) if self._tokens else wait

    def _grant(self, lane: Lane, tokens: float) -> Lane:
        now = time.monotonic()
        lane.take(now)
        self._open += 1
        self._charge(1, tokens, now)
        return lane

    def _charge(self, requests: float, tokens: float, now: float) -> None:
        if self._requests:
            self._requests.take(requests, now)
        if self._tokens:
            self._tokens.take(tokens, now)

    def _pump(self) -> None:
        while queue := self._begun or self._next:
            turn, tokens = queue[0]
            if turn.done():
                queue.popleft()
                continue
            lane = self._free(tokens)
            if lane is None:
                if self._timer is None:
                    self._set_timer(tokens)
                return
            queue.popleft()
            turn.set_result(self._grant(lane, tokens))

    @property
    def _next(self) -> deque[tuple[asyncio.Future[Lane], float]]:
        """Who is next after rows that are in hand."""
        last = self.ending and len(self._waiting) <= self._most
        return (self._waiting or self._ahead) if last else (self._ahead or self._waiting)

    def _set_timer(self, tokens: float) -> None:
        """Call `_pump` again when a pause or a bound per minute ends; `leave` calls it when a place is given back."""
        now = time.monotonic()
        wait = self._wait(tokens, now)
        if waits := [seconds for lane in self.lanes if (seconds := lane.wait(now)) is not None]:
            wait = max(wait, min(waits))
        if wait > 0:
            self._timer = asyncio.get_running_loop().call_later(wait, self._look_again)

    def _look_again(self) -> None:
        self._timer = None
        self._pump()
