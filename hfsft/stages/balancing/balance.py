"""Balance: no value of a column has more than its share of the rows, and which have less than they should is told."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator

from hfsft.engine.resources import Work
from hfsft.engine.spread.two_ways import TwoWays
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import Problem, nearest
from hfsft.hashing import unit
from hfsft.plain import plain
from hfsft.rows.batch import Batch
from hfsft.rows.columns import COLUMNS, RANKING, REVIEWED, Column, ranked_by
from hfsft.rows.limits import Limits, number_in
from hfsft.rows.row import is_approved
from hfsft.similarity import normalise, split_words
from hfsft.stages.balancing.caps import Caps, Groups, short, taken
from hfsft.stages.base import CardPart, Context, Outcome, Panel, ShownTable, Stage, Warn

BALANCE, UNBALANCED = "balance", "unbalanced"
SHOWN, LONGEST = 12, 60  # values that a table lists, and the characters of each
NAMED = 3  # values that a note names


class Balance(Stage):
    """Let go of rows of values that have more than their share, and tell which have less than they should.

    Rows go until every rule of the list holds, the worst first: by the column that `by` names, else by the judge's mean
    score, else by a hash of their ids; those that people accepted or edited in a review go last. Nothing can bring rows
    of a value that has too few: a minimum keeps other rules from taking any of them, and is told, or ends the build,
    where it is missed.
    """

    key: ClassVar[str] = BALANCE
    example: ClassVar[str] = """\
    balance:
      - {column: topic, share: {at_most: 0.2}, rows: {at_least: 20}}
      - {column: response, opening: 3, share: {at_most: 0.05}}
      - {column: response, bands: [50, 200], share: {at_least: 0.1}}
    """

    column: str = Field(min_length=1, description="The column by whose values rows are counted; `topic`, for one.")
    opening: int | None = Field(
        None, ge=1, le=20, description="Count by so many words that the column's texts open with, not by whole texts."
    )
    bands: list[int] | None = Field(
        None, min_length=1, description="Count by length: the words up to which each band goes, the last open above."
    )
    values: list[str] | None = Field(
        None, min_length=1, description="The values that are bound; left out: each that a row has."
    )
    rows: Limits | None = Field(None, description="Rows of each value.")
    share: Limits | None = Field(None, description="Share of all rows that each value has, from 0 to 1.")
    by: str | None = Field(None, min_length=1, description="A column of numbers: rows with the highest stay.")
    on_fail: Literal["warn", "stop"] = Field(
        "warn", description="What a bound that is missed means: a note, or the end of the build."
    )
    _listed: str = PrivateAttr(BALANCE)
    _before: tuple[Balance, ...] = PrivateAttr(())

    @field_validator("bands")
    @classmethod
    def _rising(cls, bands: list[int] | None) -> list[int] | None:
        if bands and (bands != sorted(set(bands)) or bands[0] < 1):
            raise ValueError("must be whole numbers from 1 on, each above the one before")
        return bands

    @model_validator(mode="after")
    def _bounds_something(self) -> Balance:
        if self.rows is None and self.share is None:
            raise ValueError("needs rows or share")
        if self.opening and self.bands:
            raise ValueError("takes opening or bands, not both")
        for limit in filter(None, (self.share.at_least, self.share.at_most) if self.share else ()):
            if not 0 < limit <= 1:
                raise ValueError("share must lie between 0 and 1")
        return self

    def listed(self, key: str) -> Balance:
        """The rule under its place in the list."""
        return self._with(key, self._before)

    def behind(self, earlier: Sequence[Stage]) -> Balance:
        """The rule with those before it, which must hold still when it has taken its rows."""
        return self._with(self._listed, tuple(each for each in earlier if isinstance(each, Balance)))

    def _with(self, key: str, before: tuple[Balance, ...]) -> Balance:
        found = self.model_copy()
        found._listed, found._before = key, before
        return found

    @property
    def counted(self) -> str:
        """The column that holds by what rows are counted."""
        return f"{self.column}_opening" if self.opening else f"{self.column}_band" if self.bands else self.column

    @property
    def caps(self) -> Caps:
        """The bounds as numbers."""
        rows, share = self.rows or Limits.model_construct(), self.share or Limits.model_construct()
        values = tuple(self.values) if self.values else None
        return Caps(rows.at_most, rows.at_least, share.at_most, share.at_least, values)

    @property
    def told(self) -> dict[str, Any]:
        """The rule as data."""
        told = self.model_dump(mode="json", exclude_none=True, exclude={"on_fail"})
        return {**told, "counted": self.counted}

    @property
    def balances(self) -> Mapping[str, Any]:
        """The same."""
        return self.told

    def writes(self) -> list[Column]:
        """The opening, or the band of lengths, where it counts by one."""
        return [self._derived()] if self.counted != self.column else []

    def _derived(self) -> Column:
        what = f"The first {self.opening} words" if self.opening else "The band of lengths, in words,"
        return Column(self.counted, "string", "measure", f"{what} of `{self.column}`.")

    def problems(self, context: Context) -> Iterator[Problem]:
        """A column that no row has."""
        allowed = (*(name for name, kind in COLUMNS.items() if kind == "string"), "from_source", *context.kept)
        for loc in ("column", "by"):
            name = getattr(self, loc)
            if name and name not in allowed and not (loc == "by" and name.startswith("score_")):
                said = f"balance.{loc}: no column is called `{name}` by then"
                yield Problem(context.place(self.key, loc), said, nearest(name, allowed))

    def steps(self, context: Context) -> list[Step]:
        """What counts by openings or lengths, where it does; what finds the rows that go; what takes them out."""
        place, rules = context.place(self.key), [each.told for each in (*self._before, self)]
        derived = Step(
            f"{self._listed}.measure",
            reads=(self.column,),
            writes={self.counted: "string"},
            known=(self._derived(),),
            identity={"opening": self.opening, "bands": self.bands},
            work=Work(
                "hfsft.stages.balancing.balance:deriving",
                {"column": self.column, "to": self.counted, "opening": self.opening, "bands": self.bands},
            ),
            place=place,
        )
        columns = dict.fromkeys(name for rule in rules for name in (rule["counted"], rule.get("by")) if name)
        step = Step(
            f"{self._listed}.decide",
            sees="all",
            reads=("id",),
            optional=tuple(dict.fromkeys((*columns, *RANKING, *context.reviewed))),
            writes={UNBALANCED: "string"},
            role="verdict",
            about="The value that has more rows than it may, and the rows that it has.",
            identity={"rules": rules},
            work=Work("hfsft.stages.balancing.balance:deciding", {"rules": rules}),
            place=place,
        )
        said = " and ".join(f"{name} {bound}" for name, bound in (("rows", self.rows), ("share", self.share)) if bound)
        bound = Bound(BALANCE, UNBALANCED, absent=True)
        return [*([derived] if self.writes() else []), step, compare(self._listed, bound, place)] if said else []

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """The values that have more or less than they should."""
        if self.on_fail == "warn":
            yield from map(Warn, self._missed(outcome))

    def stops(self, outcome: Outcome) -> Iterator[str]:
        """The same, where that is to end the build."""
        if self.on_fail == "stop":
            yield from self._missed(outcome)

    def _missed(self, outcome: Outcome) -> Iterator[str]:
        """Of each bound how many values miss it, and what those have that miss it most."""
        counts = Counter(value for value in outcome.values(self.counted) if value is not None)
        total, by_bound = len(outcome.values("id")), dict[str, list[str]]()
        for value, has, bound in short(self.caps, counts, total) if total else ():
            by_bound.setdefault(bound, []).append(f"{plain(value, LONGEST)} has {has}")
        for bound, missed in by_bound.items():
            more = f", and {len(missed) - NAMED:,} more values miss it" if len(missed) > NAMED else ""
            yield f"balance of {self.counted}: {'; '.join(missed[:NAMED])}{more}, and the recipe wants {bound}"

    def card(self, outcome: Outcome) -> CardPart | None:
        """How many rows each value had before and has now; None where no row is left."""
        table = _table(self.counted, outcome)
        return CardPart(BALANCE, {"first": not self._before, "column": self.counted, "table": table}) if table else None

    def panel(self, outcome: Outcome) -> Panel | None:
        """The same."""
        table = _table(self.counted, outcome)
        title = f"Balance of {self.counted}"
        pieces = ("Rows that came so far, and what the rules of balance and all behind them left of these.",)
        return Panel(f"balance-{self.counted}", title, (*pieces, table)) if table else None


def balanced_steps(outcome: Outcome) -> list[str]:
    """The steps that took rows to balance or to select."""
    return list(dict.fromkeys(each.step for each in outcome.fell if each.rule in (BALANCE, "select")))


def _table(column: str, outcome: Outcome) -> ShownTable | None:
    """Of each value, the most frequent first, the rows before and after as numbers and as shares."""
    kept = Counter(outcome.values(column))
    fell = (value for step in balanced_steps(outcome) for value in outcome.removed(column, step))
    before = kept + Counter(value for value in fell if value is not None or None in kept)  # else not counted yet
    if not kept.total():
        return None
    ordered = sorted(before, key=lambda value: (-before[value], str(value)))
    rows: list[Sequence[object]] = [
        (
            "none" if value is None else plain(str(value), LONGEST),
            *(part for counts in (before, kept) for part in (counts[value], f"{counts[value] / counts.total():.1%}")),
        )
        for value in ordered[:SHOWN]
    ]
    if rest := ordered[SHOWN:]:
        sums = [sum(counts[value] for value in rest) for counts in (before, kept)]
        parts = zip(sums, (before, kept), strict=True)
        rows.append((f"{len(rest):,} others", *(p for n, c in parts for p in (n, f"{n / c.total():.1%}"))))
    return ShownTable((column, "before", "share", "after", "share"), rows, range(1, 5), f"Rows by {column}")


def deriving(column: str, to: str, opening: int | None, bands: list[int] | None) -> Callable[[Batch], Batch]:
    """What makes the column of openings or bands of a column of texts; None stands where there is no word."""
    return partial(_derive, column=column, to=to, opening=opening, bands=bands)


def _derive(batch: Batch, *, column: str, to: str, opening: int | None, bands: list[int] | None) -> Batch:
    found: list[str | None] = []
    for text in batch[column]:
        words = split_words(normalise(text)) if text else []
        if not words:
            found.append(None)
        elif opening:
            found.append(" ".join(words[:opening]))
        else:
            assert bands, "checked with the recipe"
            at = bisect_left(bands, len(words))
            low = bands[at - 1] + 1 if at else 1
            found.append(f"{low}-{bands[at]} words" if at < len(bands) else f"{low} words or more")
    return {to: found}


def deciding(rules: Sequence[Mapping[str, Any]]) -> TwoWays:
    """What says of each row whether it goes, and for which value."""
    told = [dict(rule) for rule in rules]
    return TwoWays(partial(_decide, rules=told), Work("hfsft.stages.balancing.balance_rounds:decided", {"rules": told}))


def sections_of(rules: Sequence[Mapping[str, Any]]) -> list[Balance]:
    """The rules of which these are the data."""
    return [Balance.model_validate({name: rule[name] for name in rule if name != "counted"}) for rule in rules]


def _decide(batch: Batch, *, rules: Sequence[Mapping[str, Any]]) -> Batch:
    ids, count = batch["id"], len(batch["id"])
    empty: list[Any] = [None] * count
    sections = sections_of(rules)
    values = [as_texts(batch.get(each.counted) or empty) for each in sections]
    sizes = [Counter(column) for column in values]
    groups = [Groups.of(column, each.values) for column, each in zip(values, sections, strict=True)]
    theirs = list(map(is_approved, batch.get(REVIEWED, empty)))
    ranks = [_ranked(ids, batch.get(each.by or ranked_by(batch)) or empty, theirs) for each in sections]
    found: list[str | None] = [None] * count
    for row, number in enumerate(taken([each.caps for each in sections], groups, ranks).tolist()):
        if number >= 0:
            rule, value = sections[number], values[number][row]
            found[row] = told_of(rule.counted, value or "", sizes[number][value], count)
    return {UNBALANCED: found}


def told_of(counted: str, value: str, size: int, count: int) -> str:
    """Why a row goes: its value, and the rows that have it of all."""
    return f"{counted} {plain(value, LONGEST)}: {size:,} of {count:,} rows"


def as_texts(values: Sequence[Any]) -> list[str | None]:
    """Values as what rows are counted by."""
    return [None if value is None else str(value) for value in values]


def _ranked(ids: Sequence[str], values: Sequence[Any], first: Sequence[bool]) -> Any:
    """The rank of each row."""
    import numpy as np

    places = list(map(place_of, values, first, ids))
    ranks = np.empty(len(ids), np.int64)
    ranks[sorted(range(len(ids)), key=places.__getitem__)] = np.arange(len(ids))
    return ranks


def place_of(value: Any, first: bool, row_id: str) -> tuple[bool, bool, float, float, str]:
    """What rows are ordered by: those to come first, then the highest score, of equal ones a hash of the id."""
    score = number_in(value)
    return not first, score is None, -(score or 0.0), unit(row_id, BALANCE), row_id
