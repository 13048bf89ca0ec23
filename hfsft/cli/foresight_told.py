"""What a build of very many rows would take here, as `hfsft plan` tells it before it works out anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hfsft.cli.console import duration, remark, table, wrapped

if TYPE_CHECKING:
    from hfsft.pipeline.foreseeing import Foresight

LONGEST = 3600.0  # seconds of one core, from which on `hfsft plan` does not work out what a build works out
CROWDED = 0.05  # share of rows that meet too many others, from which on it is told


def told(ahead: Foresight) -> tuple[str, bool]:
    """The estimate as people read it, and whether this machine comes to an end with it within the hour."""
    rows = [("steps over single rows", f"{ahead.rows:,}", "", "", duration(ahead.seconds), "")]
    for name, each in ahead.compared.items():
        pairs = (f"{each.compared:.1e}", f"{each.counted:.1e}")
        rows.append((name, f"{each.items:,}", *pairs, duration(each.seconds), _size(each.bytes)))
    head = ("by the first rows, about", "rows", "pairs", "counted", "one core", "memory")
    lines = [table(head, rows, right=range(1, 6))]
    for name, each in ahead.compared.items():
        if each.crowded >= CROWDED:
            said = (
                f"{name}: {each.crowded:.0%} of the rows have more than 48 others in a band of their sketches, and are "
                "compared with some 16 of these in each: more alike rows stay than would of fewer rows (a higher "
                "bound has longer bands, which fewer share)"
            )
            lines.append(wrapped(remark("warning", said)))
    if not ahead.fits:
        said = (
            f"comparing rows takes about {_size(ahead.bytes)} of memory in one process, and this machine has "
            f"{_size(ahead.memory)}: build on several (`hfsft build --engine ray://HOST:PORT --work FOLDER`), raise "
            "the bound, or take a `sample` of the source"
        )
        lines.append(wrapped(remark("warning", said)))
    seconds = ahead.seconds + sum(each.seconds for each in ahead.compared.values())
    if seconds > LONGEST:
        said = f"one core of this machine takes about {duration(seconds)} for it"
        lines.append(wrapped(remark("warning", f"{said}; steps over single rows use all cores, of all machines")))
    return "\n".join(lines), ahead.fits and seconds <= LONGEST


def _size(count: float) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
