"""Which values and pairs of values of attributes the rows cover, against what was asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from hfsft.plain import plain
from hfsft.rows.row import WRITTEN
from hfsft.stages.base import CardPart, Outcome, Panel, ShownTable

LISTED = 12  # values of an attribute that the card lists
WIDE, LONG = 16, 60  # values of two attributes of which a table is drawn
TABLES = 10  # of pairs
THIN, EXPECTED = 0.5, 2.0  # a pair with less than this part of the rows that its share makes, of this many and more
SPOTS = 15  # thin spots that are listed
EMPTY = 3  # combinations without a row that a note names
LONGEST = 60


@dataclass
class Coverage:
    """How many rows were asked for with these values of some attributes, and how many there are."""

    names: tuple[str, ...]
    asked: Counter[tuple[str, ...]] = field(default_factory=Counter)  # rows that models were to write
    kept: Counter[tuple[str, ...]] = field(default_factory=Counter)  # rows that stayed, whoever wrote them

    def values(self) -> list[tuple[str, ...]]:
        """All that was asked for or is there, the most asked for first."""
        return sorted({*self.asked, *self.kept}, key=lambda each: (-self.asked[each], -self.kept[each], each))

    def expected(self, values: tuple[str, ...]) -> float:
        """The rows that would be there if all kinds of rows had stayed alike."""
        return self.kept.total() * self.asked[values] / max(1, self.asked.total())

    def thin(self) -> list[tuple[str, ...]]:
        """What has less than half of the rows expected, the most lacking first."""
        found = {each: self.expected(each) for each in self.asked}
        spots = [each for each, rows in found.items() if rows >= EXPECTED and self.kept[each] < THIN * rows]
        return sorted(spots, key=lambda each: (self.kept[each] - found[each], each))


def covers(outcome: Outcome, names: Sequence[str], size: int) -> list[Coverage]:
    """The cover of each so many attributes."""
    found = [Coverage(each) for each in combinations(names, size)]
    written: set[str] = set()  # of the rows that were to be written: several answers to one are one of them
    for values, kept in ((outcome.values, True), (outcome.removed, False)):
        columns = {name: values(name) for name in names}
        first = []
        for origin, seed in zip(values("origin"), values("seed_id"), strict=True):
            first.append(origin == WRITTEN and seed not in written)
            if origin == WRITTEN:
                written.add(seed)
        for cover in found:
            rows = zip(*(columns[name] for name in cover.names), strict=True)
            for row, asked in zip(rows, first, strict=True):
                if None in row:
                    continue
                cover.asked[row] += asked
                cover.kept[row] += kept
    for cover in found:
        cover.asked, cover.kept = +cover.asked, +cover.kept
    return found


def empty(outcome: Outcome, names: Sequence[str]) -> Iterator[str]:
    """That combinations of all attributes were asked for and have no row."""
    (cover,) = covers(outcome, names, len(names))
    lacking = [each for each in cover.values() if cover.asked[each] and not cover.kept[each]]
    if not lacking or not cover.kept:
        return
    first = "; ".join(
        f"{', '.join(f'{name} {_short(value)}' for name, value in zip(names, each, strict=True))} "
        f"({cover.asked[each]:,} asked for)"
        for each in lacking[:EMPTY]
    )
    more = f"; and {len(lacking) - EMPTY:,} more" if len(lacking) > EMPTY else ""
    what = "values" if len(names) == 1 else "combinations of attributes"
    yield f"{len(lacking):,} of {len(cover.asked):,} {what} that were asked for have no row: {first}{more}"


def card(outcome: Outcome, names: Sequence[str]) -> CardPart | None:
    """Values with their shares, and the pairs that are thin; None where no row has any."""
    single = [cover for cover in covers(outcome, names, 1) if cover.kept]
    if not single:
        return None
    rows = [line for cover in single for line in _values(cover)]
    table = ShownTable(("attribute", "value", "asked for", "rows", "share"), rows, {2, 3, 4})
    spots = _spots(covers(outcome, names, 2)) if len(names) > 1 else None
    return CardPart("attributes", {"table": table, "spots": spots, "pairs": len(names) > 1})


def panel(outcome: Outcome, names: Sequence[str]) -> Panel | None:
    """Values with their shares, thin pairs, and a table for each two attributes; None where no row has any."""
    single = [cover for cover in covers(outcome, names, 1) if cover.asked or cover.kept]
    if not single:
        return None
    rows = [line for cover in single for line in _values(cover, LONG)]
    pieces: list[str | ShownTable] = [
        "Of each value, the rows that models were to write with it, the rows that stayed, and their share.",
        ShownTable(("attribute", "value", "asked for", "rows", "share"), rows, {2, 3, 4}, "values of attributes"),
    ]
    pairs = covers(outcome, names, 2) if len(names) > 1 else []
    if spots := _spots(pairs):
        pieces += ["Pairs of values with less than half of the rows that their share would make:", spots]
    elif pairs:
        pieces.append("No pair of values has less than half of the rows that its share would make.")
    for cover in pairs[:TABLES]:
        if (table := _crossed(cover)) is not None:
            pieces += [
                f"Rows by {cover.names[0]} and {cover.names[1]}; in brackets how many were to be written.",
                table,
            ]
    return Panel("attributes", "Attributes", pieces, counts=names)


def _values(cover: Coverage, listed: int = LISTED) -> Iterator[list[object]]:
    (name,) = cover.names
    total, values = max(1, cover.kept.total()), cover.values()
    for each in values[:listed]:
        yield [name, _short(each[0]), cover.asked[each], cover.kept[each], f"{cover.kept[each] / total:.0%}"]
    if rest := values[listed:]:
        kept = sum(cover.kept[each] for each in rest)
        yield [name, f"{len(rest):,} others", sum(cover.asked[each] for each in rest), kept, f"{kept / total:.0%}"]


def _spots(pairs: Sequence[Coverage]) -> ShownTable | None:
    found = [(cover.kept[each] - cover.expected(each), cover, each) for cover in pairs for each in cover.thin()]
    if not found:
        return None
    found.sort(key=lambda spot: (spot[0], spot[1].names, spot[2]))
    rows = [
        [
            ", ".join(f"{name}: {_short(value)}" for name, value in zip(cover.names, each, strict=True)),
            cover.asked[each],
            f"{cover.expected(each):.1f}",
            cover.kept[each],
        ]
        for _, cover, each in found[:SPOTS]
    ]
    return ShownTable(("thin pair", "asked for", "expected", "rows"), rows, {1, 2, 3}, "pairs of values with few rows")


def _crossed(cover: Coverage) -> ShownTable | None:
    sides = [list(dict.fromkeys(each[side] for each in cover.values())) for side in (0, 1)]
    if len(sides[0]) > LONG or len(sides[1]) > WIDE:
        return None
    rows = [[_short(down), *(_cell(cover, (down, across)) for across in sides[1])] for down in sides[0]]
    head = (" \u00d7 ".join(cover.names), *map(_short, sides[1]))
    return ShownTable(head, rows, set(range(1, len(head))), f"rows by {cover.names[0]} and {cover.names[1]}")


def _cell(cover: Coverage, values: tuple[str, ...]) -> str:
    asked, kept = cover.asked[values], cover.kept[values]
    return f"{kept:,} ({asked:,})" if asked else f"{kept:,}" if kept else ""


def _short(value: str) -> str:
    return plain(value, LONGEST)
