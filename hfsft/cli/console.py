"""Tables and the progress line."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from hfsft.models.usage import Progress
    from hfsft.plan.step import Step

PLAIN_SECONDS = 10  # between two lines of progress where nobody can see one line change


def table(head: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[int] = ()) -> str:
    """Rows in aligned columns below their heads; `right` names the columns of numbers."""
    cells = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(head))]
    lines = [
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """Seconds as people say them: 8 s, 2 min 05 s, 1 h 12 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def count(number: int, word: str) -> str:
    """A number and its word: 1 row, 2,500 rows."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


class Line:
    """Progress on standard error: one line that changes on a terminal, a plain line now and then elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self.last: Progress | None = None
        self._printed_at = time.monotonic()
        self._shown = ""
        self._told = False  # that the build is stopping

    def step(self, step: Step, rows: int) -> None:
        """A step begins; only those that may take long are worth a word."""
        if self.live and step.kind in ("whole", "source"):
            self._replace(f"{step.name}: {count(rows, 'row')}" if rows else f"{step.name}: reading")

    def progress(self, progress: Progress) -> None:
        """Models are asked: rows, calls a second, tokens, cost, time left."""
        self.last = progress
        if progress.stopping:
            self._stopping(progress)
            return
        now = time.monotonic()
        if not self.live and not progress.finished and now - self._printed_at < PLAIN_SECONDS:
            return
        self._printed_at = now
        text = self._text(progress)
        if self.live:
            self._replace(text)
        else:
            print(text, file=self.stream)

    def _stopping(self, progress: Progress) -> None:
        """After an error or the first Ctrl-C: say once what is waited for."""
        if not self._told and progress.open:
            self.clear()
            waiting = count(progress.open, "open request")
            print(f"\nstopping: {waiting} may still be answered and stored; Ctrl-C leaves now", file=self.stream)
            self._told = True

    def clear(self) -> None:
        """Leave the terminal's line empty."""
        if self._shown:
            self._replace("")
            self._shown = ""

    def _text(self, progress: Progress) -> str:
        rate = progress.calls / progress.seconds if progress.seconds else 0.0
        parts = [standing(progress)]
        if progress.stored:
            parts.append(f"{progress.stored:,} from the store")
        if progress.calls:
            tokens = progress.input_tokens + progress.output_tokens
            parts += [f"{rate:.1f} calls/s", f"{tokens:,} tokens"]
            parts.append("cost unknown" if progress.usd is None else f"${progress.usd:.4f}")
        left = progress.total - progress.done
        if progress.done and left and progress.calls:
            parts.append(f"{duration(progress.seconds / progress.done * left)} left")
        return ", ".join(parts)

    def _replace(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        text = text[:width]
        self.stream.write("\r" + text + " " * max(0, len(self._shown) - len(text)) + ("\r" if not text else ""))
        self.stream.flush()
        self._shown = text


def standing(progress: Progress) -> str:
    """How many rows are done: generate: 700 of 1,000 rows, 2 failed, judge: 650 already."""
    parts = [f"{progress.stage}: {progress.done:,} of {count(progress.total, 'row')}"]
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    return ", ".join([*parts, *(f"{stage}: {done:,} already" for stage, done in progress.ahead)])


def tell(text: str) -> None:
    """Say what takes long, where it does not mix with a command's output."""
    print(text, file=sys.stderr)


def silent(_: str) -> None:
    """Say nothing, with --quiet."""
