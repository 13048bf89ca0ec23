"""The largest groups of rows that fell as duplicates of one row, with the texts that were compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from hfsft.filters.cells import optional, texts
from hfsft.rows.batch import Batch
from hfsft.rows.columns import OF
from hfsft.rows.views import OPTIONAL, READS, questions
from hfsft.tallies.frequent import frequent

if TYPE_CHECKING:
    from hfsft.release.report.split_rows import SplitRows

Columns = tuple[str, ...]

CLUSTERS = 40
COUNTED = 100_000  # groups that are counted exactly
MEMBERS = 6  # of a cluster, shown with their text
RULE = "_duplicate_"  # in the name of a measure between the rule and the columns that it compares


def clusters(kept: Sequence[SplitRows], removed: SplitRows, compared: Mapping[str, str]) -> list[dict[str, Any]]:
    """The text of the row that stands for each group, how many rows fell for it, and the texts of some of them.

    `compared` names the measure by which a step's rows fell. The row that stands is the one that the ledger names, so
    that one that fell itself by the same columns, as of copies of a near duplicate, belongs to the row at the end.
    Groups are counted exactly up to `COUNTED`, beyond that the largest are found all the same.
    """
    read = partial(_fell, removed, compared)
    counts = frequent(lambda: ((top, columns) for _, top, columns in read()), COUNTED).counts
    largest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:CLUSTERS]
    members: dict[tuple[str, Columns], list[str]] = {group: [] for group, _ in largest}
    for row, top, columns in read() if members else ():
        some = members.get((top, columns))
        if some is not None and len(some) < MEMBERS:
            some.append(row)
    wanted: dict[Columns, set[str]] = defaultdict(set)
    for (top, columns), some in members.items():
        wanted[columns] |= {top, *some}
    texts = {columns: _texts([*kept, removed], columns, ids) for columns, ids in wanted.items()}
    return [
        {
            "text": texts[columns].get(top, top),
            "compared": " + ".join(columns),
            "rows": count,
            "members": [texts[columns].get(member) or member for member in members[top, columns]],
        }
        for (top, columns), count in largest
    ]


def _fell(removed: SplitRows, compared: Mapping[str, str]) -> Iterator[tuple[str, str, Columns]]:
    """The rows that fell as duplicates: id, that of the row that stands, and the columns that were compared."""
    measures = [name.removesuffix(OF) for name in removed.kinds if RULE in name and name.endswith(OF)]
    columns = {name: _columns(name.split(RULE, 1)[1], removed.kinds) for name in measures}
    given = [removed.column(name) for name in ("id", "rule", "stage", "of")]
    for row, rule, stage, of in zip(*given, strict=True) if measures else ():
        if of and rule:
            by = compared.get(stage) or next((name for name in measures if name.startswith(rule)), "")
            if by in columns:
                yield row, of, columns[by]


def _columns(joined: str, known: Mapping[str, str]) -> tuple[str, ...]:
    """The columns whose names, joined by `_`, are `joined`; as one name where they are not known."""
    for name in sorted(known, key=len, reverse=True):
        if joined == name:
            return (name,)
        if joined.startswith(f"{name}_"):
            rest = _columns(joined[len(name) + 1 :], known)
            if rest[-1] in known:
                return (name, *rest)
    return (joined,)


def _texts(tables: Sequence[SplitRows], columns: tuple[str, ...], ids: set[str]) -> dict[str, str]:
    """What was compared of some rows, by their ids."""
    found = {}
    question = OPTIONAL if set(READS) & set(columns) else ()
    reads = dict.fromkeys(("id", *columns, *question, *(name for column in columns for name in optional(column))))
    for table in tables:
        places = [place for place, row in enumerate(table.column("id")) if row in ids]
        rows = [row for _, row in table.rows(places, reads)]
        batch: Batch = {name: [row.get(name) for row in rows] for name in reads}
        parts = [_parts(batch, name) for name in columns]
        for row, *compared in zip(batch["id"], *parts, strict=True):
            found[row] = "\n\n".join(text for text in compared if text)
    return found


def _parts(batch: Batch, column: str) -> list[str]:
    if column not in READS:
        return [text or "" for text in texts(batch, column)]
    asked = questions(batch)
    return ["\n\n".join(part for part in (each.system, each.said, each.context) if part) for each in asked]
