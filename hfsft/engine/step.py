"""Step: one piece of work over rows, as data: what it sees, what it makes, what it depends on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import KW_ONLY, asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from hfsft.engine.resources import Resource, Work
from hfsft.errors import InternalError
from hfsft.hashing import digest
from hfsft.plain import limits
from hfsft.rows.batch import Batch, Row
from hfsft.rows.columns import Column, Role, column, first_of

if TYPE_CHECKING:
    from hfsft.errors import Place
    from hfsft.models.model import Turns

Makes = Literal["source", "same", "many", "fewer"]
Sees = Literal["row", "group", "all"]


BATCH = 1000  # rows that a step is given at once
AMONG = "one of"
"""How the words for a bound begin that names what a value may be."""


@dataclass(frozen=True)
class Bound:
    """One comparison: `column` must lie within `at_least` and `at_most`, both inclusive; None fails it.

    `absent` turns it round: only rows where the column is None stay, as with the column that names a defect. With
    `among` the value must be one of these. `rule` is what the ledger calls the comparison; empty where the column says
    it, with what was found behind a colon, as `too_long: 212 words`.
    """

    rule: str
    column: str
    at_least: float | None = None
    at_most: float | None = None
    missing: Literal["reject", "keep"] = "reject"
    absent: bool = False
    among: tuple[str | int | float, ...] | None = None

    def __str__(self) -> str:
        if self.among is not None:
            return f"{AMONG} {', '.join(map(str, self.among))}"
        return limits(self.at_least, self.at_most) or ("none" if self.absent else "present")

    def keeps(self, value: Any) -> bool:
        """Whether a row with this value stays."""
        if self.absent:
            return value is None
        if value is None:
            return self.missing == "keep"
        if self.among is not None:
            return value in self.among
        if self.at_least is not None and value < self.at_least:
            return False
        return self.at_most is None or value <= self.at_most

    def as_dict(self) -> dict[str, Any]:
        """The comparison as JSON; what few have stands in it where it says something."""
        return {name: value for name, value in asdict(self).items() if name != "among" or value is not None}


@dataclass(frozen=True)
class Step:
    """One step of a plan. Facets say what it does with rows; nobody asks for its name.

    `rows` is what it makes of what it `sees`: the first rows of all (`source`), the `same` rows with more columns,
    `many` rows, or `fewer`. It sees one `row`, a `group` (the rows with one value in the column `group_by`, in the
    order of their ids; a row without a value is a group of its own), or `all` rows. `asks` says whether the function
    asks models. `work` names what makes the function, which is called with the resources in `needs` and its arguments;
    the function is:

    | asks | rows | sees | function |
    | --- | --- | --- | --- |
    | no | source | | `() -> Iterator[Row]`, with every column of `writes`; what a generator returns is kept as told |
    | no | same | row | `(Batch) -> Batch` of the columns in `writes`, row for row; the batch is any rows |
    | no | same | group, all | the same, once over the rows of each group, once over all rows |
    | no | many | row | `(Batch) -> Batch` of all columns, any number of rows, the row itself among them if it stays |
    | no | many | all | `(Batch) -> Batch` of `writes` with an `id`: the rows of a side table, see `makes` |
    | no | fewer | row | none: `bound` decides |
    | no | fewer | group | `(Batch) -> Batch` of `id` and `writes`: the rows that stay, at least one |
    | yes | same | row | `(Row) -> Turns` that returns the columns of `writes` |
    | yes | many | row | `(Row) -> Turns` that returns a list of rows, see below |
    | yes | same | group | `(list[Row]) -> Turns` that returns a row of `id` and `writes` for each |
    | yes | fewer | group | the same, for those that stay, at least one |

    A row whose answers fail is *failed* in the ledger, and of a group each of its rows. What `bound` takes out is
    *rejected* by its rule, what a group leaves out by the rule `not_chosen`, `of` the first row that stays.

    Of asking steps that make `many`, a returned row holds columns of `writes`; all others are those of the row that
    was seen. Where its `id` is that of the row seen, it is this row; else it is a new one, with `parent_id`, and an
    `id` that is, where the function gives none, `child_id(parent, name of the step, place in the list)`. A row that is
    not among those returned is gone, as its children stand for it.

    A side table holds rows that are none of the dataset, such as pairs of rows. The step that `makes` it names it, a
    step with this `table` walks it in place of the dataset, and `beside` names one whose rows the function of a step
    over the dataset is given as a second batch. Its rows have an `id`, are in no ledger, and are gone where they fail.

    A step is data: pickled, it does the same in another process. `writes` maps new columns to their type, in the words
    of `hfsft.rows.features`; `role` is the part that those of them play which `hfsft.rows.columns` does not know by
    name, and `about` says what they hold; `known` are those of them that play another. `identity` is JSON: what
    changes the result beside the rows that come in and what stands here; `version` is raised when the code's behaviour
    changes. `remembered` is a hash of what the step takes from builds before: other rows come out where it differs, but
    no release pins it. A `heavy` step is slow for each row, as one that runs a model: no row is prefetched through it.
    What an asking step made of a row is of no use where the column `lost` holds why, and `losing` says so in words: a
    larger share than `max_lost_share`, which the recipe has under `lost_key`, stops the build, as does one of failed
    rows. Steps of one `kind`, whatever they are called, do the same where all that they depend on is the same: what
    one made, the others read.
    """

    name: str
    _: KW_ONLY
    asks: bool = False
    rows: Makes = "same"
    sees: Sees = "row"
    group_by: str = ""
    heavy: bool = False
    kind: str = ""
    reads: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()  # columns passed on where they exist
    writes: Mapping[str, Any] = field(default_factory=dict)
    role: Role = "measure"
    about: str = ""
    known: tuple[Column, ...] = ()
    rewrites: tuple[str, ...] = ()  # those of `writes` whose texts it replaces by others
    drops: tuple[str, ...] = ()  # columns that no later step needs; only a step that makes the same rows drops any
    makes: str = ""
    table: str = ""
    beside: str = ""
    identity: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    remembered: str = ""
    work: Work | None = None
    needs: tuple[Resource, ...] = ()
    bound: Bound | None = None
    models: tuple[str, ...] = ()  # names under `models:` of whom it asks
    each_model: bool = False  # whether a row asks them all the same, in this order
    follows: float = 0  # requests that a row takes behind its first at most, on average of many rows; none asked again
    max_failed_share: float = 0.05
    lost: str = ""
    losing: str = "rows got nothing of use"
    max_lost_share: float = 1.0
    lost_key: str = ""
    place: Place | None = None

    @cached_property
    def function(self) -> Callable[..., Any]:
        """What it does with rows. Raises `InternalError` for a step without, as one that only compares."""
        if self.work is None:
            raise InternalError(f"step {self.name} has no function")
        function: Callable[..., Any] = self.work.made(*self.needs)
        return function

    def doing(self, function: Callable[..., Any]) -> Step:
        """The step with a function that is at hand in this process, and does what `work` would make."""
        step = replace(self)
        step.__dict__.update(function=function, at_hand=True)
        return step

    @cached_property
    def at_hand(self) -> bool:
        """Whether its function is one that this process alone has."""
        return False

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: the function is made again where it is needed."""
        return {name: value for name, value in self.__dict__.items() if name not in ("function", "at_hand")}

    @property
    def row_by_row(self) -> bool:
        """Whether what becomes of a row depends on that row alone, whatever others there are."""
        return self.sees == "row" and self.rows != "source"

    @property
    def prefetches(self) -> bool:
        """Whether a row may go through it before its turn, while others still wait: the one place that decides it."""
        return self.row_by_row and not self.heavy

    def column(self, name: str, about: str = "") -> Column:
        """One of the columns that it writes; `about` is what it holds where nothing else says so."""
        kind = self.writes[name]
        found = next((each for each in self.known if each.name == name), None)
        return replace(found, type=kind) if found else column(name, kind, self.role, about)

    def given(self, present: Collection[str], *more: str) -> list[str]:
        """The columns that the function gets, of those `present`: `more`, what it groups by, reads, and may use."""
        grouped = (self.group_by,) if self.group_by else ()
        return [name for name in dict.fromkeys((*more, *grouped, *self.reads, *self.optional)) if name in present]

    def depends_on(self) -> dict[str, Any]:
        """All that changes the result beside the rows that come in, as JSON: the identity, columns, bound, version."""
        columns = {"columns": dict(self.writes), **({"drops": list(self.drops)} if self.drops else {})}
        bound = self.bound.as_dict() if self.bound else {}
        pinned: dict[str, list[str]] = {}
        for each in self.needs:
            if each.pinned:
                pinned.setdefault(each.kind, []).append(each.identity)
        told = {kind: found[0] if len(found) == 1 else found for kind, found in pinned.items()}
        needs = {"needs": told} if told else {}
        return {"version": self.version, **columns, **bound, **needs, **self.identity}

    @property
    def pinned(self) -> Step:
        """The step without what it takes from builds before, which no release pins."""
        return replace(self, remembered="", needs=tuple(each for each in self.needs if each.pinned))

    def fingerprint(self, parent: str) -> str:
        """32 hex digits: this step over rows with the fingerprint `parent`."""
        former = [self.remembered, *(each.identity for each in self.needs if not each.pinned)]
        depends_on = self.depends_on() | ({"remembered": former} if any(former) else {})
        facets = [self.asks, self.rows, self.sees, self.group_by, self.makes, self.table, self.beside]
        return digest([self.kind or self.name, facets, depends_on, parent])


def compare(name: str, bound: Bound, place: Place | None = None) -> Step:
    """The step that takes out what a bound does not keep."""
    return Step(name, rows="fewer", reads=(bound.column,), bound=bound, place=place)


def keeping_first(step: Step, columns: Collection[str]) -> Step:
    """The step, with what each of these columns said before it beside it, see `hfsft.rows.columns.first_of`.

    Nothing stands there for rows that it leaves as they are; of several such steps the first that changes a text
    decides. What must not be known, such as what was redacted, is kept by none.
    """
    assert step.work is not None, "only a function rewrites"
    firsts = {first_of(name): step.writes[name] for name in columns}
    return replace(
        step,
        writes={**step.writes, **firsts},
        rewrites=tuple(dict.fromkeys((*step.rewrites, *columns))),
        optional=tuple(dict.fromkeys((*step.optional, *firsts))),
        work=Work("hfsft.engine.step:rewriting", {**step.work.as_dict(), "columns": list(columns), "asks": step.asks}),
    )


def rewriting(
    *needs: Resource, function: str, arguments: Mapping[str, Any], columns: Sequence[str], asks: bool
) -> Callable[..., Any]:
    """What rewrites columns, and tells what they said before."""
    inner = Work(function, arguments).made(*needs)
    firsts = {name: first_of(name) for name in columns}

    def first(was: Any, old: Any, new: Any) -> Any:
        return was if was is not None or old == new else old

    def batch_rewritten(batch: Batch) -> Batch:
        made: Batch = inner({name: values for name, values in batch.items() if name not in firsts.values()})
        for name, kept in firsts.items():
            was = batch.get(kept) or [None] * len(made[name])
            made[kept] = list(map(first, was, batch[name], made[name]))
        return made

    def row_rewritten(row: Row) -> Turns:
        made: Row = yield from inner({name: value for name, value in row.items() if name not in firsts.values()})
        return {**made, **{kept: first(row.get(kept), row[name], made[name]) for name, kept in firsts.items()}}

    return row_rewritten if asks else batch_rewritten


def described(step: Step, fingerprint: str) -> dict[str, Any]:
    """A step as JSON: what it does with rows, by which work, and what it depends on."""
    return {
        "asks": step.asks,
        "rows": step.rows,
        "sees": step.sees,
        **{name: value for name in ("kind", "group_by", "makes", "table", "beside") if (value := getattr(step, name))},
        "heavy": step.heavy,
        "work": step.work.as_dict() if step.work else None,
        "bound": step.bound.as_dict() if step.bound else None,
        "reads": list(step.reads),
        "optional": list(step.optional),
        "rewrites": list(step.rewrites),
        "writes": [step.column(name).as_dict() for name in step.writes],
        "drops": list(step.drops),
        "models": list(step.models),
        "needs": [each.as_dict() for each in step.needs],
        "version": step.version,
        "fingerprint": fingerprint,
    }
