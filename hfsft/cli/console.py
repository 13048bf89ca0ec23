"""What the commands print with: tables, colours, numbers as people say them. Plain and unwrapped without a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import TextIO

from hfsft.plain import harmless

COLUMN_GAP = 2  # columns of the screen between two of a table
STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "head": "1",
    "dim": "2",
    "good": "32",
    "bad": "31",
    "name": "36",
}
"""What a piece of text is -> how a terminal shows it."""


def window(stream: TextIO | None = None) -> int | None:
    """The columns of the terminal that the stream goes to; None where it goes elsewhere."""
    stream = stream or sys.stdout
    return shutil.get_terminal_size().columns if stream.isatty() else None


def coloured(stream: TextIO | None = None) -> bool:
    """Whether colours help: on a terminal that shows them, unless NO_COLOR is set."""
    return bool(window(stream)) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """The text in one of `STYLES`, as it is where colours do not help."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if text and coloured(stream) else text


def remark(kind: str, text: str, stream: TextIO | None = None) -> str:
    """`error: ...`, `warning: ...` or `note: ...`; on a terminal in its colour, and broken between words."""
    first, *rest = harmless(text).split("\n")
    word = f"{kind}: "
    # The colour is no part of the width.
    said = wrapped(word + first, stream)[len(word) :]
    style = kind if kind in STYLES else "error"
    return "\n".join([f"{paint(word.rstrip(), style, stream)} {said}", *rest])


def wrapped(text: str, stream: TextIO | None = None) -> str:
    """One line of text; on a terminal broken between words, the other lines set in."""
    width = window(stream)
    if not width:
        return text
    return textwrap.fill(
        text,
        max(width, 30),
        subsequent_indent="  ",
        replace_whitespace=False,
        break_long_words=False,
        break_on_hyphens=False,
    )


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    right: Sequence[int] = (),
    *,
    drop: Sequence[int] = (),
    styles: Mapping[int, str] | None = None,
) -> str:
    """Rows in aligned columns below their heads; `right` names the columns of numbers.

    On a terminal that is too narrow the columns of `drop` are left out, the first of them first, before any text is
    broken; a number never is. `styles` says how a column is shown there.
    """
    cells = [list(head), *([" ".join(harmless(str(cell)).splitlines()) for cell in row] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(head))]
    room = window()
    if room is None:
        return _plain(cells, widths, right)
    shown = list(range(len(head)))
    for index in drop:
        if sum(widths[column] + COLUMN_GAP for column in shown) - COLUMN_GAP > room:
            shown.remove(index)
    return _drawn(cells, widths, shown, right, styles or {}, room)


def _plain(cells: Sequence[Sequence[str]], widths: Sequence[int], right: Sequence[int]) -> str:
    lines = [
        (" " * COLUMN_GAP)
        .join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        .rstrip()
        for row in cells
    ]
    lines.insert(1, (" " * COLUMN_GAP).join("-" * width for width in widths))
    return "\n".join(lines)


def _drawn(
    cells: Sequence[Sequence[str]],
    widths: Sequence[int],
    shown: Sequence[int],
    right: Sequence[int],
    styles: Mapping[int, str],
    room: int,
) -> str:
    """The columns `shown` as a terminal of `room` columns shows them."""
    from io import StringIO

    from rich.console import Console
    from rich.style import Style
    from rich.table import Table
    from rich.text import Text

    looks = {"dim": "dim", "bad": "red", "good": "green", "name": "cyan"}
    drawn = Table(box=None, padding=(0, COLUMN_GAP, 0, 0), pad_edge=False, header_style="bold" if coloured() else "")
    for index in shown:
        style = Style.parse(looks[styles[index]]) if index in styles else Style()
        number = index in right
        drawn.add_column(
            Text(cells[0][index]),
            justify="right" if number else "left",
            no_wrap=number,
            min_width=widths[index] if number else min(widths[index], 8),
            overflow="fold",
            style=style,
        )
    rule = ["-" * widths[index] for index in shown]
    drawn.add_row(*(Text(line, overflow="crop", no_wrap=True) for line in rule), style="dim")
    for row in cells[1:]:
        drawn.add_row(*(Text(row[index]) for index in shown))
    text = StringIO()
    Console(
        file=text,
        width=room,
        force_terminal=coloured(),
        color_system="standard" if coloured() else None,
        highlight=False,
        emoji=False,
    ).print(drawn)
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip("\n").split("\n"))


def duration(seconds: float) -> str:
    """Seconds as people say them: 8 s, 2 min 05 s, 1 h 12 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def count(number: int, word: str) -> str:
    """A number and its word: 1 row, 2,500 rows."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def money(usd: float | None) -> str:
    """A cost: $0.0123, or that it is unknown."""
    return "cost unknown" if usd is None else f"${usd:.4f}"


def tell(text: str) -> None:
    """Say what takes long, where it does not mix with a command's output."""
    print(text, file=sys.stderr)


def silent(_: str) -> None:
    """Say nothing, with --quiet."""
