"""How far a whole build is: rows asked of those that will be, over all steps that ask, and the time to the last.

What is still to come is reckoned from a sample of the source rows, which is grown as the steps will grow it, and then
from what the filters leave of the rows that were prefetched.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import TYPE_CHECKING

from hfsft.engine.live import first_request
from hfsft.engine.lookahead import task_of
from hfsft.models.limits.usage import Whole
from hfsft.rows.batch import rows_of
from hfsft.rows.features import placeholder

if TYPE_CHECKING:
    from collections.abc import Callable

    from hfsft.engine.executor import Rows
    from hfsft.engine.plan import Plan
    from hfsft.engine.step import Step
    from hfsft.models.limits.usage import Progress, Usage
    from hfsft.rows.batch import Row

SAMPLE = 200  # source rows that stand for all
WINDOW_SECONDS = 30.0  # the speed is measured over the last so many
_LEAST_SECONDS = 0.2  # between two looks that count towards it
_LEAST_ROWS = 10  # fewer say too little of what the filters leave


class Outlook:
    """Told of each step that ends, it says of any progress how far the whole build is."""

    def __init__(self, plan: Plan, usage: Usage, clock: Callable[[], float] = time.monotonic) -> None:
        self._plan = plan
        self._usage = usage
        self._clock = clock
        self._aside = {step.name for step in plan.steps if step.table}  # over rows that are none of the dataset
        self._asking = [step.name for step in plan.steps if step.asks]
        self._shares: dict[str, tuple[float, float]] = {}  # by step: rows, and rows that are asked, for a source row
        self._done: dict[str, int] = {}  # by step that was asked: the rows that were, in this wave
        self._before = 0  # the same of all steps in the waves before it, whose rows come through once more
        self._rows = 0  # that the sources so far brought
        self._new = 1.0  # share of the rows that are of this wave
        self._prefetched: Counter[str] = Counter()  # by step: the rows that were asked before its turn
        self._looks: deque[tuple[float, int, int]] = deque()  # when, rows done, calls made

    def ended(self, step: Step, left: Rows) -> None:
        """A step has ended, and left these rows."""
        if step.name == self._plan.steps[0].name:  # another wave begins
            self._before += sum(self._done.values())
            self._done, self._prefetched, self._rows = {}, Counter(), 0
            self._looks.clear()
        if step.rows == "source" and len(left):
            self._new, self._rows = 1 - self._rows / len(left), len(left)
            every = max(1, len(left) // SAMPLE)
            sample = left.select(range(0, len(left), every)).to_list()
            self._shares = shares(self._plan.steps[1:], sample)

    def of(self, progress: Progress) -> Whole:
        """How far the build is, `progress` being that of the step that asks now."""
        self._prefetched.update({stage: done - self._prefetched[stage] for stage, done in progress.prefetched})
        stage, prefetched = progress.stage, self._prefetched[progress.stage]
        done = max(prefetched, min(progress.done, progress.asked + prefetched))
        rows, asked = self._shares.get(stage, (1.0, 1.0))
        self._done[stage] = done
        total = progress.total * self._new
        planned = done if progress.finished else max(done, round(total * asked / rows) if rows else 0)
        later = self._asking[self._asking.index(stage) + 1 :] if stage in self._asking else []
        later = [name for name in later if name not in self._aside]
        each = self._rows * self._new if stage in self._aside else total / rows if rows else 0.0
        left, passed = 1.0, dict(progress.passed)
        for name in later:
            if name in passed and progress.screened >= _LEAST_ROWS:
                left = passed[name] / progress.screened  # what the filters between leave
            _, will = self._shares.get(name, (1.0, 1.0))
            planned += max(self._prefetched[name], round((each * will if each else total) * left))
            done += self._prefetched[name]
        before = self._before + sum(number for name, number in self._done.items() if name != stage)
        used = self._usage.total()
        speed, calls = self._speed(before + done, used.calls)
        return Whole(
            done=before + done,
            planned=before + planned,
            calls=used.calls,
            stored=used.stored,
            tokens=used.input_tokens + used.output_tokens,
            usd=self._usage.usd,
            calls_per_second=calls,
            seconds_left=(planned - done) / speed if speed else None,
        )

    def _speed(self, done: int, calls: int) -> tuple[float, float]:
        """Rows and calls a second, over the last while."""
        now = self._clock()
        if self._looks and done < self._looks[-1][1]:
            self._looks.clear()  # the rows of a step that was started before its turn are gone through once more
        if self._looks and self._looks[0][1:] == (done, calls):
            self._looks.clear()  # nothing came yet: processes that ask are being started, or a server is
        while len(self._looks) > 1 and now - self._looks[0][0] > WINDOW_SECONDS:
            self._looks.popleft()
        if not self._looks or now - self._looks[-1][0] >= _LEAST_SECONDS:
            self._looks.append((now, done, calls))
        began, done_then, calls_then = self._looks[0]
        seconds = now - began
        return ((done - done_then) / seconds, (calls - calls_then) / seconds) if seconds else (0.0, 0.0)


def shares(steps: tuple[Step, ...], sample: list[Row]) -> dict[str, tuple[float, float]]:
    """For each step that asks: its rows, and those of them that it asks for, as multiples of the sample's.

    Rows that only a measure or an answer could take out stay in.
    """
    found: dict[str, tuple[float, float]] = {}
    rows = sample
    try:
        for step in steps:
            if not rows:
                break
            if step.makes or step.table:
                continue
            if step.bound and step.bound.column in rows[0]:
                rows = [row for row in rows if step.bound.keeps(row[step.bound.column])]
            elif step.rows == "many" and not step.asks and step.sees == "row":
                rows = list(rows_of(step.function({name: [row[name] for row in rows] for name in rows[0]})))
            elif step.asks:
                asked = [first_request(task_of(step, row).start) is not None for row in rows]
                found[step.name] = len(rows) / len(sample), sum(asked) / len(sample)
                blank = {name: placeholder(kind) for name, kind in step.writes.items()}
                rows = [{**blank, **row, **(blank if new else {})} for row, new in zip(rows, asked, strict=True)]
    except Exception:  # a template over a text that is not there yet; a line of progress must not end a build
        return found
    return found
