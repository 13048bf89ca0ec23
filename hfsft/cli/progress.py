"""Progress on standard error: one line for the whole build on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

from hfsft.cli.console import COLUMN_GAP, coloured, count, duration, money, window
from hfsft.release.step_titles import step_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hfsft.engine.step import Step
    from hfsft.models.limits.usage import Progress, Whole

PLAIN_SECONDS = 10  # between two lines of progress where nobody can see one line change
BAR = 20  # columns of the bar


class Line:
    """What a build is doing, on one line that is left empty at its end."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.live = window(self.stream) is not None
        self.last: Progress | None = None
        self._printed_at = time.monotonic()
        self._shown: Any = None  # rich's live display
        self._told = False  # that the build is stopping

    def step(self, step: Step, rows: int) -> None:
        """A step begins; only those that may take long are worth a word."""
        if self.live and not step.row_by_row:
            what = count(rows, "row") if rows else "reading"
            self._replace([(f"{step_name(step.name)}: {what}", 0)], self.last.whole if self.last else None)

    def above(self, text: str) -> None:
        """A sentence that stays, above the line."""
        self.clear()
        print(text, file=self.stream)

    def progress(self, progress: Progress) -> None:
        """Models are asked: how far all is, calls a second, tokens, cost, time left to the end."""
        self.last = progress
        if progress.stopping:
            self._stopping(progress)
            return
        now = time.monotonic()
        if self.live:
            self._replace(parts(progress), progress.whole)
        elif progress.finished or now - self._printed_at >= PLAIN_SECONDS:
            self._printed_at = now
            print(logged(progress), file=self.stream)

    def _stopping(self, progress: Progress) -> None:
        """After an error or the first Ctrl-C: say once what is waited for."""
        if not self._told and progress.open:
            self.clear()
            waiting = count(progress.open, "open request")
            print(f"\nstopping: {waiting} may still be answered and stored; Ctrl-C leaves now", file=self.stream)
            self._told = True

    def clear(self) -> None:
        """Leave the terminal's line empty."""
        if self._shown is not None:
            self._shown.stop()
            self._shown = None

    def _replace(self, told: Sequence[tuple[str, int]], whole: Whole | None) -> None:
        if self._shown is None:
            from rich.console import Console
            from rich.live import Live

            console = Console(file=self.stream, no_color=not coloured(self.stream), highlight=False)
            self._shown = Live(
                console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
            )
            self._shown.start()
        self._shown.update(_drawn(told, whole, window(self.stream) or 80), refresh=True)


def _drawn(told: Sequence[tuple[str, int]], whole: Whole | None, room: int) -> Any:
    """The line as rich draws it, in `room` columns: a bar first, where there is room for one."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    text = fitted(told, room - 1)
    grid = Table.grid(padding=(0, COLUMN_GAP, 0, 0))
    cells: list[Any] = [Text(text, no_wrap=True, overflow="ellipsis")]
    if whole and whole.planned and len(text) + BAR + COLUMN_GAP < room:
        cells.insert(0, ProgressBar(total=whole.planned, completed=whole.done, width=BAR))
    grid.add_row(*cells)
    return grid


def fitted(told: Sequence[tuple[str, int]], room: int) -> str:
    """Parts with how little each matters, side by side: whole ones alone, the least first to go."""
    kept = list(told)
    while len(kept) > 1 and len(_joined(kept)) > room:
        kept.remove(max(kept, key=lambda part: part[1]))
    text = _joined(kept)
    return text if len(text) <= room else ""


def _joined(told: Sequence[tuple[str, int]]) -> str:
    return (" " * COLUMN_GAP).join(text for text, _ in told)


def parts(progress: Progress) -> list[tuple[str, int]]:
    """What is worth telling, in the order of the line, each with how little it matters (0: the most)."""
    whole = progress.whole
    if whole is None:
        return [(standing(progress), 0)]
    found = [
        (step_name(progress.stage), 3),
        (f"{whole.done:,} of {count(whole.planned, 'row')}", 0),
    ]
    if progress.failed:
        found.append((_failed(progress), 2))
    found += [(text, 2) for text in waiting(progress)]
    if whole.calls:
        found += [
            (f"{whole.calls_per_second:.1f} calls/s", 5),
            (f"{whole.tokens:,} tokens", 6),
            (money(whole.usd), 4 if whole.usd is not None else 7),
        ]
    if progress.budget:
        found.append((progress.budget, 4))
    if whole.stored:
        found.append((f"{whole.stored:,} from the store", 8))
    if whole.seconds_left and whole.planned > whole.done:
        found.append((f"{duration(whole.seconds_left)} left", 1))
    return found


def logged(progress: Progress) -> str:
    """The step, and then the whole build, as a line of a log."""
    told = [standing(progress)]
    if progress.stored:
        told.append(f"{progress.stored:,} from the store")
    if progress.calls:
        tokens = progress.input_tokens + progress.output_tokens
        rate = progress.calls / progress.seconds if progress.seconds else 0.0
        told += [f"{rate:.1f} calls/s", f"{tokens:,} tokens", money(progress.usd)]
    told += [progress.budget] if progress.budget else []
    told += waiting(progress)
    whole = progress.whole
    if whole and whole.planned > progress.total:
        told.append(f"whole build: {whole.done:,} of {count(whole.planned, 'row')}")
        if whole.seconds_left and whole.planned > whole.done:
            told.append(f"{duration(whole.seconds_left)} left")
    elif whole and whole.seconds_left and not progress.finished:
        told.append(f"{duration(whole.seconds_left)} left")
    return ", ".join(told)


def waiting(progress: Progress) -> list[str]:
    """What is waited for: batch batch_12 in_progress, 40 of 1,000; 12 wait for process 1234."""
    return _batches(progress) + [
        f"{number:,} wait{'s' * (number == 1)} for process {process}" for process, number in progress.waits
    ]


def _batches(progress: Progress) -> list[str]:
    """How far the batches are that a server works on: one by its id, several by how many of their requests are done."""
    batches = progress.batches
    if not batches:
        return []
    done = f"{sum(each.done for each in batches):,} of {count(sum(each.total for each in batches), 'request')}"
    if len(batches) > 1:
        return [f"{len(batches)} batches: {done}"]
    (only,) = batches
    return [f"batch {only.batch or 'of ' + only.model}, {only.status.replace('_', ' ')}: {done}"]


def _failed(progress: Progress) -> str:
    return f"{progress.failed:,} failed" + (f" ({progress.causes})" if progress.causes else "")


def standing(progress: Progress) -> str:
    """How many rows are done: generate: 700 of 1,000 rows, 2 failed, judge: 650 already."""
    told = [f"{progress.stage}: {progress.done:,} of {count(progress.total, 'row')}"]
    if progress.failed:
        told.append(_failed(progress))
    return ", ".join([*told, *(f"{stage}: {done:,} already" for stage, done in progress.prefetched)])
