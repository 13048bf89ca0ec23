"""Select: so many rows, the best that differ, beside as many by chance of the same candidates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from math import floor, inf
from typing import Any, ClassVar, Literal

from pydantic import Field, PrivateAttr

from hfsft.engine.resources import Resource, Work
from hfsft.engine.spread.two_ways import TwoWays
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import ModelError, Problem, SourceError, nearest
from hfsft.rows.batch import Batch
from hfsft.rows.columns import COLUMNS, OF, RANKING, REVIEWED, Column, ranked_by, text_under, vector_of
from hfsft.rows.limits import number_in
from hfsft.rows.row import is_approved
from hfsft.stages.base import CardPart, Context, Outcome, Panel, Section, ShownTable, Stage, Warn
from hfsft.stages.guards.like import AnyQueries, packaged, real_queries
from hfsft.stages.selecting.twin import BOTH, CHOSEN, ONLY, RANDOM, SELECTED
from hfsft.stages.selecting.walk import ROUNDING, Room, by_chance, by_order, by_vectors, by_words, order
from hfsft.tallies.exact_mean import ExactMean

SELECT, UNSELECTED, LIKENESS = "select", "unselected", "select_likeness"
PARTS = 10  # of the candidates in the order of a measure, whose shares are shown


class Diverse(Section):
    """How like one row that is taken before it a row may be."""

    example: ClassVar[str] = "select: {rows: 500, diverse: {at_most: 0.9, column: response}}"

    at_most: float = Field(ge=0, le=1, description="The largest likeness to a row that is taken already, from 0 to 1.")
    column: Literal["instruction", "response"] = Field("instruction", description="The texts that are compared.")
    by: Literal["meaning", "words"] = Field(
        "meaning",
        description="By the cosine of the embedder's vectors, or by what two texts have in common of their characters.",
    )


class Select(Stage):
    """Take so many rows, from the best on, each that is not too like one taken before it.

    The order is the mean of a row's places by each column in `by` and by its likeness to real queries; without either,
    the judge's mean score, or a hash. As many rows are drawn by another hash from the same candidates and released as
    the configuration `random`, with the same sides of the split: whether the selection trains a better model than
    chance can be tested, and should be. After DEITA (Liu et al. 2023, arXiv 2312.15685), which walks by a score and
    bounds the likeness of embeddings.
    """

    key: ClassVar[str] = SELECT
    example: ClassVar[str] = """\
    select:
      rows: 6000
      by: score_mean
      diverse: {at_most: 0.9}
      like: real_queries.jsonl
    """

    rows: int = Field(ge=1, description="Rows to take; fewer are taken where too few differ enough.")
    by: str | list[str] = Field(
        [], description="The column of numbers by which rows are ordered, the highest first, or several of them."
    )
    diverse: Diverse | None = Field(None, description="How unlike each other rows must be; left out: nothing is bound.")
    like: AnyQueries = Field(
        None,
        description="A sample of real queries, as a path or as a source: the cosine of a prompt to the nearest counts "
        "as one more column of `by`.",
    )
    random: bool = Field(
        True, description="Release as many rows drawn by chance beside them, as configuration `random`."
    )

    _balanced: tuple[dict[str, Any], ...] = PrivateAttr(())

    def behind(self, earlier: Sequence[Stage]) -> Select:
        """The section with the rules that bound how many rows a value has, which the walk keeps to."""
        found = self.model_copy()
        found._balanced = tuple(
            {name: rule[name] for name in ("counted", "rows", "share", "values") if name in rule}
            for rule in (each.balances for each in earlier)
            if rule
        )
        return found

    @property
    def embeds(self) -> bool:
        """Whether rows are compared by meaning."""
        return self.diverse is not None and self.diverse.by == "meaning"

    @property
    def did(self) -> str:
        """That it takes some of the rows."""
        return "selected"

    @property
    def ordered_by(self) -> list[str]:
        """The columns that it is ordered by."""
        return [self.by] if isinstance(self.by, str) else list(self.by)

    def writes(self) -> list[Column]:
        """The likeness to real queries."""
        return [Column(LIKENESS, "float64", "measure", "Cosine to the nearest real query.")] if self.like else []

    def problems(self, context: Context) -> Iterator[Problem]:
        """Columns that no row has, real queries that are not there, and a size beside it."""
        allowed = (*COLUMNS, *context.kept)
        for name in self.ordered_by:
            if name not in allowed and not name.startswith("score_"):
                said = f"select.by: no column is called `{name}` by then"
                yield Problem(context.place(self.key, "by"), said, nearest(name, allowed))
        if context.waves:
            said = "select: beside `size`, which brings rows until so many are left in the end, it would never be met"
            yield Problem(
                context.place(self.key), said, "leave one of them out; a source's `count` says how many to write"
            )
        try:
            if self.like and context.opened:
                real_queries(self.like, context.base, "select.like")
        except SourceError as error:
            yield Problem(context.place(self.key, "like"), f"select.like: {error.message}", error.help)
        try:
            if self.like:
                packaged()
        except ModelError as error:
            yield Problem(context.place(self.key), f"select: {error}")

    def steps(self, context: Context) -> list[Step]:
        """What measures rows, what walks them, and what takes out those that neither walk nor chance has chosen."""
        place, made = context.place(self.key), list[Step]()
        if self.like:
            measure = Step(
                "select.like",
                reads=("instruction",),
                writes={LIKENESS: "float64"},
                known=tuple(self.writes()),
                work=Work("hfsft.stages.selecting.select:liking"),
                needs=(real_queries(self.like, context.base, "select.like"), packaged()) if context.opened else (),
                place=place,
            )
            made.append(measure)
        compared: str | None = self.diverse.column if self.diverse else None
        if self.embeds and compared:
            made += [context.embed(compared)] if context.embed else []
            compared = vector_of(compared)
        how = {
            "rows": self.rows,
            "by": [*self.ordered_by, *([LIKENESS] if self.like else [])],
            **({"compared": compared, "at_most": self.diverse.at_most} if self.diverse else {}),
            "random": self.random,
            **({"balanced": list(self._balanced)} if self._balanced else {}),
        }
        counted = tuple(rule["counted"] for rule in self._balanced)
        walk = Step(
            "select.walk",
            sees="all",
            reads=("id", *([compared] if compared else [])),
            optional=tuple(
                dict.fromkeys((*self.ordered_by, *([LIKENESS] if self.like else RANKING), *counted, *context.reviewed))
            ),
            writes={UNSELECTED: "string", f"{UNSELECTED}{OF}": "string", CHOSEN: "string"},
            known=(Column(CHOSEN, "string", "lineage", "Whether it was selected, drawn by chance, or both.", True),),
            role="verdict",
            about="Why the row was not taken.",
            identity=how,
            work=Work("hfsft.stages.selecting.select:walking", how),
            place=place,
        )
        return [*made, walk, compare(SELECT, Bound(SELECT, UNSELECTED, absent=True), place)]

    def later(self, context: Context) -> Mapping[str, Sequence[Step]]:
        """Behind the split the rows go that chance alone has chosen: they are released for themselves."""
        if not self.random:
            return {}
        place = context.place(self.key)
        bound = Bound(SELECT, CHOSEN, among=(SELECTED, BOTH))
        return {"split": [compare(ONLY, bound, place)]}

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Whether fewer rows were taken than were wanted."""
        taken = len(outcome.values("id"))
        alike = sum(" like " in (each or "") for each in outcome.removed(UNSELECTED, SELECT))
        if alike and taken < self.rows:
            yield Warn(
                f"{taken:,} of the {self.rows:,} rows of `select`: of the others {alike:,} are too like one of these"
            )

    def card(self, outcome: Outcome) -> CardPart | None:
        """How the rows that were taken compare with all candidates, and with chance; None where no row is left."""
        table = _table(self, outcome)
        return CardPart(SELECT, {"table": table, "random": self.random}) if table else None

    def panel(self, outcome: Outcome) -> Panel | None:
        """The same."""
        table = _table(self, outcome)
        said = "The mean of each measure over all candidates, over the rows taken, and over as many by chance."
        return Panel(SELECT, "Selection", (said, table)) if table else None


def _table(section: Select, outcome: Outcome) -> ShownTable | None:
    """Means and medians of what rows are ordered by, and their length, of candidates, taken rows, and chance."""
    if not len(outcome.values("id")):
        return None
    chosen = [how in (BOTH, RANDOM) for how in _candidates(outcome, CHOSEN)]
    taken = len(outcome.values("id"))
    rows = []
    for name in _measured(section):
        every, kept, by_chance = ExactMean(), ExactMean(), ExactMean()
        for place, (value, drawn) in enumerate(zip(_candidates(outcome, name), chosen, strict=True)):
            if (number := _number(value)) is not None:
                for mean in (every, *[kept] * (place < taken), *[by_chance] * drawn):
                    mean.add(number)
        rows.append((name, *(_said(mean) for mean in (every, kept, by_chance))))
    counts = (len(chosen), taken, sum(chosen))
    return ShownTable(
        ("mean of", "candidates", "selected", "by chance"), [("(rows)", *counts), *rows], (1, 2, 3), "Selection"
    )


def _candidates(outcome: Outcome, name: str) -> Iterator[Any]:
    """A column of the rows that were taken, then of those that were not."""
    return chain(outcome.values(name), outcome.removed(name, SELECT), outcome.removed(name, ONLY))


def _measured(section: Select) -> list[str]:
    return [*section.ordered_by, *([LIKENESS] if section.like else []), "instruction", "response"]


def _number(value: Any) -> float | None:
    found = number_in(value)
    return float(len(value)) if found is None and isinstance(value, str) else found


def _said(mean: ExactMean) -> str:
    return "" if mean.mean is None else f"{mean.mean:.3g}"


def liking(queries: Resource, embedder: Resource) -> Callable[[Batch], Batch]:
    """What measures how like the nearest real query each prompt is."""
    return lambda batch: {LIKENESS: queries.load().nearest([text or "" for text in batch["instruction"]], embedder)}


def room_in(rows: int, balanced: Sequence[Mapping[str, Any]]) -> Room:
    """How many of the rows wanted may have one value, by the rules of balance: a share is one of these rows."""
    most = []
    for rule in balanced:
        number, share = ((rule.get(name) or {}).get("at_most") for name in ("rows", "share"))
        most.append(min(inf if number is None else number, inf if share is None else floor(rows * share + ROUNDING)))
    return Room(most, [rule.get("values") for rule in balanced])


def walking(**how: Any) -> TwoWays:
    """What says of each row whether it is taken, and if not, why."""
    return TwoWays(partial(_walk, **how), Work("hfsft.stages.selecting.select_rounds:walked", {"how": how}))


def _walk(
    batch: Batch,
    *,
    rows: int,
    by: Sequence[str],
    random: bool,
    compared: str | None = None,
    at_most: float = 1.0,
    balanced: Sequence[Mapping[str, Any]] = (),
) -> Batch:
    ids, count = batch["id"], len(batch["id"])
    walk = order(ids, [list(map(number_in, batch[name])) for name in measures_in(batch, by)])
    if REVIEWED in batch:  # what people approved comes first
        walk.sort(key=lambda row: not is_approved(batch[REVIEWED][row]))
    rules = [rule for rule in balanced if rule["counted"] in batch]
    room, columns = room_in(rows, rules), [batch[rule["counted"]] for rule in rules]
    if compared is None:
        taken, alike = by_order(walk, rows, room, columns)
    else:
        through = by_words if text_under(compared) is None else by_vectors
        taken, alike = through(walk, batch[compared], rows, at_most, room, columns)
    chosen, drawn = set(taken), by_chance(ids, min(rows, len(taken))) if random else set()
    reason: list[str | None] = [None] * count
    of: list[str | None] = [None] * count
    how: list[str | None] = [None] * count
    for row in range(count):
        how[row] = how_chosen(row in chosen, row in drawn)
        if how[row] is not None:
            continue
        if row in alike:
            share, other = alike[row]
            reason[row], of[row] = too_like(share), ids[other]
        else:
            reason[row] = behind(len(taken), balanced)
    return {UNSELECTED: reason, f"{UNSELECTED}{OF}": of, CHOSEN: how}


def measures_in(names: Collection[str], by: Sequence[str]) -> list[str]:
    """The columns of these that rows are ordered by."""
    return [name for name in (by or [ranked_by(names)]) if name in names]


def how_chosen(selected: bool, drawn: bool) -> str | None:
    """By what a row was chosen."""
    return BOTH if selected and drawn else SELECTED if selected else RANDOM if drawn else None


def too_like(share: float) -> str:
    """Why a row was not taken that is so like another one."""
    return f"{share:.2f} like a row that is taken"


def behind(taken: int, balanced: Sequence[Mapping[str, Any]]) -> str:
    """Why a row was not taken that others stand before."""
    return f"not among the first {taken:,}{' that its values have room for' if balanced else ''}"
