"""What the filters of an audit measured: for each which rows would fall, how many, and for what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from hfsft.engine.parts.rows import column_of
from hfsft.plain import digits, plain
from hfsft.rows.columns import FOUND

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.engine.step import Bound
    from hfsft.filters import Filter

MOST = 5  # things that a rule found which are told, the most frequent first
SHOWN = 100  # characters of one of them
KINDS = "_kinds"  # behind a measure's name: what `pii` and `secrets` found of each kind


@dataclass(frozen=True)
class RuleFinding:
    """What one rule would do to the rows, each rule for itself."""

    name: str  # as recipes write the filter
    arguments: dict[str, Any]  # those that a recipe must give it
    label: str  # with its column
    default: bool  # whether a recipe without filters has it
    rewrites: bool  # whether it would take something out of the rows in place of the rows
    bound: str
    rows: int
    share: float
    found: tuple[tuple[str, int], ...]  # what it found, with the number of rows
    unmeasured: int  # rows in which there was nothing to measure
    places: tuple[int, ...] = field(repr=False)  # of these rows
    bounds: tuple[Bound, ...] = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON, without its rows."""
        told = {name: value for name, value in asdict(self).items() if name not in ("places", "bounds")}
        return {**told, "found": [{"what": what, "rows": rows} for what, rows in self.found]}


def finding_of(rule: Filter, rows: Dataset, *, default: bool, arguments: Mapping[str, Any]) -> RuleFinding:
    """What a rule would do to rows in which its measures stand."""
    rewrites = not rule.bounds()
    bounds = rule.model_copy(update={"do": "reject"}).bounds() if rewrites else rule.bounds()
    places: dict[int, str | float] = {}
    for bound in bounds:
        values, said = column_of(rows, bound.column), said_in(rows, bound)
        for place, value in enumerate(values):
            if not bound.keeps(value):
                places.setdefault(place, what_of(value, said and said[place]))
    unmeasured = 0 if bounds[0].absent else sum(value is None for value in column_of(rows, bounds[0].column))
    return RuleFinding(
        name=rule.name,
        arguments=dict(arguments),
        label=rule.name_with_columns,
        default=default,
        rewrites=rewrites,
        bound=", ".join(map(str, bounds)),
        rows=len(places),
        share=len(places) / len(rows) if len(rows) else 0.0,
        found=_most(list(places.values())),
        unmeasured=unmeasured,
        places=tuple(sorted(places)),
        bounds=tuple(bounds),
    )


def said_in(rows: Dataset, bound: Bound) -> list[Any] | None:
    """What was found in each row in words, where a measure says it."""
    name = next((name for end in (FOUND, KINDS) if (name := bound.column + end) in rows.column_names), None)
    return None if name is None else column_of(rows, name)


def what_of(value: Any, said: Any) -> str | float:
    """What was found in a row: in words where a measure says it, else its number."""
    if isinstance(said, str):
        return plain(said, SHOWN)
    return float(value) if isinstance(value, int | float) else "nothing there" if value is None else plain(value, SHOWN)


def _most(found: Sequence[str | float]) -> tuple[tuple[str, int], ...]:
    """The most frequent words, and of numbers where they lie."""
    words = Counter(each for each in found if isinstance(each, str))
    told = sorted(words.items(), key=lambda each: (-each[1], each[0]))[:MOST]
    numbers = [each for each in found if not isinstance(each, str)]
    if not numbers:
        return tuple(told)
    low, middle, high = min(numbers), median(numbers), max(numbers)
    span = digits(low) if low == high else f"{digits(low)} to {digits(high)}, median {digits(middle)}"
    return ((span, len(numbers)), *told)[:MOST]


@dataclass(frozen=True)
class TextLengths:
    """How long the texts of a column are, in words."""

    column: str
    measure: str  # the column of the lengths
    rows: int
    total: int
    shortest: int
    median: int
    percentile_95: int
    longest: int


def lengths_of(column: str, measure: str, values: Sequence[int | None]) -> TextLengths:
    """The lengths of the rows that have a text there."""
    found = sorted(value for value in values if value is not None) or [0]
    at = len(found) - 1
    return TextLengths(
        column=column,
        measure=measure,
        rows=len(found),
        total=sum(found),
        shortest=found[0],
        median=found[at // 2],
        percentile_95=found[round(at * 0.95)],
        longest=found[-1],
    )
