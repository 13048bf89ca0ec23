"""What a recogniser finds, and how finds that overlap become finds that stand apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """One find in a text: what it is, and where it begins and ends."""

    kind: str
    start: int
    end: int


def apart(found: Iterable[Found]) -> list[Found]:
    """The finds in the order of the text; those that overlap become one, of the kind that was given first.

    All that any of them covers is covered.
    """
    ranked = list(found)
    rank = {each: place for place, each in reversed(list(enumerate(ranked)))}
    merged: list[Found] = []
    for each in sorted(rank, key=lambda each: (each.start, -each.end)):
        last = merged[-1] if merged else None
        if last is None or each.start >= last.end:
            merged.append(each)
            continue
        kind = min(last, each, key=lambda one: rank.get(one, len(ranked))).kind
        both = Found(kind, last.start, max(last.end, each.end))
        rank[both] = min(rank[last], rank[each])
        merged[-1] = both
    return merged
