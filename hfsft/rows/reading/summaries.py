"""Sentences about many rows: why they were set aside, and which of their columns were not carried."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from hfsft.plain import plain

NAME = 60  # characters of a name that are shown
SHOWN = 10  # names, or reasons, that a sentence lists
POSITION = re.compile(r"(:\d+|\[\d+\])$")


def file_of(source: str) -> str:
    """The file or dataset of a row's `source`, without the place in it."""
    return POSITION.sub("", source)


def reasons(removal: Iterable[tuple[str, str | None]]) -> str:
    """`no response: 2 rows, first data.jsonl:1; ...` of pairs of reason and source, the most frequent first."""
    first: dict[str, str | None] = {}
    counts: Counter[str] = Counter()
    for reason, source in removal:
        counts[reason] += 1
        first.setdefault(reason, source)
    said = [
        f"{plain(reason)}: {rows_said(times)}" + (f", first {plain(str(first[reason]))}" if first[reason] else "")
        for reason, times in counts.most_common(SHOWN)
    ]
    more = len(counts) - len(said)
    return "; ".join([*said, *([f"and {more} other reasons"] if more > 0 else [])])


def unread_counts(rows: Iterable[Sequence[str] | None]) -> Counter[str]:
    """In how many of the rows each name stands, of the lists that rows have in `unread`."""
    return Counter(name for names in rows for name in dict.fromkeys(names or ()))


def unread_note(counts: Counter[str]) -> str:
    """`2 columns were not carried: channel (3 rows), id (3) ...` of such counts; empty where all was."""
    if not counts:
        return ""
    listed = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    said = [
        f"{plain(name, NAME)} ({f'{times:,}' if place else rows_said(times)})"
        for place, (name, times) in enumerate(listed[:SHOWN])
    ]
    more = [f"{len(listed) - SHOWN} more"] if len(listed) > SHOWN else []
    what = "columns or fields" if any("[]." in name for name in counts) else "columns"
    if len(counts) == 1:
        what = what.replace("s", "")
    were = "were" if len(counts) > 1 else "was"
    columns = any("[]." not in name for name in counts)
    advice = " (name columns in `keep:` to have them in provenance)" if columns else ""
    return f"{len(counts)} {what} {were} not carried: {', '.join([*said, *more])}{advice}"


def rows_said(count: int) -> str:
    """A number of rows in words: 1 row, 2,500 rows."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"
