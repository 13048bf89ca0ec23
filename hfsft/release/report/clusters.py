"""The largest groups of rows that fell as duplicates of one row, with the texts that were compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hfsft.engine.ledger import OF
from hfsft.filters.cells import optional, texts
from hfsft.rows.batch import Batch
from hfsft.rows.views import OPTIONAL, READS, questions
from hfsft.similarity import families

if TYPE_CHECKING:
    from hfsft.release.report.page_data import SplitRows

CLUSTERS = 40
MEMBERS = 6  # of a cluster, shown with their text
RULE = "_duplicate_"  # in the name of a measure between the rule and the columns that it compares


def clusters(kept: Sequence[SplitRows], removed: SplitRows) -> list[dict[str, Any]]:
    """The text of the row that stands for each group, how many rows fell for it, and the texts of some of them.

    A row that fell for one that fell itself by the same columns, as of copies of a near duplicate, belongs to the row
    at the end.
    """
    parents: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)  # by the columns compared
    for name in removed.kinds:
        if RULE in name and name.endswith(OF):
            columns = _columns(name.split(RULE, 1)[1].removesuffix(OF), removed.kinds)
            rows = zip(*(removed.column(part) for part in ("id", "rule", name)), strict=True)
            parents[columns] |= {row: of for row, rule, of in rows if of and rule and name.startswith(rule)}
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for columns, parent in parents.items():
        groups |= {(top, columns): rows for top, rows in _groups(parent)}
    largest = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))[:CLUSTERS]
    wanted: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for (top, columns), members in largest:
        wanted[columns] |= {top, *members[:MEMBERS]}
    texts = {columns: _texts([*kept, removed], columns, ids) for columns, ids in wanted.items()}
    return [
        {
            "text": texts[columns].get(top, top),
            "compared": " + ".join(columns),
            "rows": len(members),
            "members": [texts[columns].get(member) or member for member in members[:MEMBERS]],
        }
        for (top, columns), members in largest
    ]


def _groups(parent: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """The rows at the ends of chains, each with the rows that lead to it, of the row that each one fell for."""
    ids = list(dict.fromkeys([*parent, *parent.values()]))
    number = {row: place for place, row in enumerate(ids)}
    roots = families(len(ids), ((number[row], number[of]) for row, of in parent.items()))
    members: dict[int, list[str]] = defaultdict(list)
    top: dict[int, str] = {}
    for row, root in zip(ids, roots, strict=True):
        if row in parent:
            members[root].append(row)
        else:
            top[root] = row
    for root, rows in members.items():
        yield top.get(root, rows[0]), rows


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
