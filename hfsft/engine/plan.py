"""Plan: the flat list of steps that a recipe compiles to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from hfsft.engine.step import Step
from hfsft.errors import InternalError
from hfsft.hashing import digest
from hfsft.rows.batch import Row
from hfsft.rows.columns import FOUND, OF, Column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hfsft.models.model import Turns


class Task(NamedTuple):
    """One row of an ask step."""

    id: str
    row: Row  # the columns that the step sees
    start: Callable[[], Turns]  # begins its generator anew
    pending: bool = False  # its texts are not known yet
    following: Callable[[Row], tuple[Step, Task] | None] | None = None  # its new columns -> what to prefetch


@dataclass(frozen=True)
class Asked:
    """What asking came to: rows that failed (id -> cause) and rows whose answers are not known yet.

    `calls` were sent now; `spent` is what all answers took, whoever asked for them when, as JSON by model (None where
    that is not known).
    """

    failures: Mapping[str, str] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    calls: int = 0
    spent: Mapping[str, Any] | None = None


class Asker(Protocol):
    """What the engine needs of whoever asks models."""

    def awaits(self) -> bool:
        """Whether answers to what was prefetched are still to come, once those that came were taken in."""
        ...

    def ask(self, step: Step, tasks: Iterable[Task], total: int) -> Asked:
        """Bring every answer of the tasks into the store, or say which could not be had."""
        ...

    def may_prefetch(self, step: Step) -> bool:
        """Whether rows may be asked what `step` asks before its turn."""
        ...

    def replay(self, step: Step, row_id: str, start: Callable[[], Turns]) -> Any:
        """What the function of `step` returned for a row, or a group, from stored answers: columns, or rows."""
        ...


WORKED = frozenset((
    (False, "source", "row"), (False, "same", "row"), (False, "same", "group"), (False, "same", "all"),
    (False, "many", "row"), (False, "many", "all"), (False, "fewer", "row"), (False, "fewer", "group"),
    (True, "same", "row"), (True, "many", "row"), (True, "same", "group"), (True, "fewer", "group"),
))  # fmt: skip
"""The facets of steps that mean something: `asks`, `rows`, `sees`."""


@dataclass(frozen=True)
class Plan:
    """The steps of one recipe, in the order that rows meet them."""

    name: str
    steps: tuple[Step, ...]

    def check(self) -> None:
        """Raise `InternalError` if a step reads a column that no step before it writes, or two share a name.

        So it does for facets that mean nothing together, and for a side table that no step before makes.
        """
        columns: dict[str, set[str]] = {"": set()}  # by table
        names: set[str] = set()
        for step in self.steps:
            for table in (step.table, step.beside):
                if table not in columns:
                    raise InternalError(f"step {step.name} looks at {table}, which no earlier step makes")
            missing = sorted(set(step.reads) - columns[step.table])
            if missing:
                raise InternalError(f"step {step.name} reads {', '.join(missing)}, which no earlier step writes")
            if step.name in names:
                raise InternalError(f"two steps are called {step.name}")
            if wrong := _wrong_facets(step):
                raise InternalError(f"step {step.name}: {wrong}")
            names.add(step.name)
            columns.setdefault(step.makes or step.table, set()).update(step.writes)

    def with_source(self, source: Step) -> Plan:
        """The plan with one more source, after those that it has."""
        count = sum(step.rows == "source" for step in self.steps)
        return replace(self, steps=(*self.steps[:count], source, *self.steps[count:]))

    def columns(self) -> dict[str, Column]:
        """Every column that the rows have after the last step, by name."""
        columns: dict[str, Column] = {}
        for step in self._over_dataset():
            for name, kind in step.writes.items():
                known = columns.get(name)  # a step that writes a column anew does not change the part it plays
                written = step.column(name, _beside(name, step) or step.about or f"Written by {step.name}.")
                columns[name] = replace(known, type=kind) if known else written
            columns = {name: each for name, each in columns.items() if name not in step.drops}
        return columns

    def _over_dataset(self) -> Iterator[Step]:
        return (step for step in self.steps if not (step.table or step.makes))

    def settled(self) -> set[str]:
        """The columns in which no kept row holds anything, such as one for defects: a step took the others out."""
        found: set[str] = set()
        for step in self._over_dataset():
            found -= set(step.writes)
            if step.bound and step.bound.absent:
                found.add(step.bound.column)
        return found

    @property
    def digest(self) -> str:
        """A hash of all that the result depends on, see `fingerprints`."""
        return digest([fingerprint for _, fingerprint in self.fingerprints()])

    def after(self, pruned: str) -> Plan:
        """The same plan, in which what steps made of answers is not what they made before some of these were deleted.

        `pruned` is the store's mark of that, see `Store.pruned`.
        """
        told = (replace(step, remembered=step.remembered + pruned) if step.models else step for step in self.steps)
        return replace(self, steps=tuple(told)) if pruned else self

    def fingerprints(self) -> Iterator[tuple[Step, str]]:
        """Each step with a hash of all that its result depends on, as it is when no row fails, without builds before.

        Of a step that looks at one row alone that is what it reads; of one that sees all rows, also which these are.
        """
        tables: dict[str, tuple[str, dict[str, str]]] = {"": ("", {})}  # which rows, and the lineage of their columns
        for step in self.steps:
            rows, lineage = tables[step.table]
            grows = step.rows in ("source", "many") and not step.makes
            reads = list(lineage) if grows else step.given(lineage, *(["id"] * step.asks))
            known: list[Any] = [] if step.sees == "row" else [rows]
            if step.beside:
                known.append(tables[step.beside])
            parent = digest([*known, {name: lineage[name] for name in reads}]) if lineage else ""
            fingerprint = step.pinned.fingerprint(parent)
            if step.makes:
                rows, lineage = "", {}
            if grows:
                lineage = dict.fromkeys([*lineage, *step.writes], fingerprint)
            lineage = lineage | dict.fromkeys(step.writes, fingerprint)
            if step.rows != "same":
                rows = digest([rows, fingerprint])
            tables[step.makes or step.table] = rows, lineage
            yield step, fingerprint


def _beside(name: str, step: Step) -> str:
    """What a column holds that stands beside a measure of the same step; empty for any other."""
    for suffix, about in ((OF, "The row that `{}` compares it with."), (FOUND, "What `{}` counts, in words.")):
        if name.endswith(suffix) and (measure := name.removesuffix(suffix)) in step.writes:
            return about.format(measure)
    return ""


def _wrong_facets(step: Step) -> str:
    """What is wrong with the facets of a step, in words; empty where nothing is."""
    compares = (step.rows, step.sees) == ("fewer", "row")
    if compares != (step.bound is not None):
        return "a bound takes rows out one by one, and nothing else does"
    if (step.sees == "group") != bool(step.group_by):
        return "a step that sees groups says by which column, and no other does"
    if step.drops and step.rows != "same":
        return "only a step that makes the same rows drops columns"
    if not set(step.rewrites) <= set(step.writes):
        return "what it rewrites it writes"
    if step.models and not step.asks:
        return "it names models, but asks none"
    asks = "asks and " if step.asks else ""
    if (step.asks, step.rows, step.sees) not in WORKED:
        return f"no step {asks}makes {step.rows} rows of {step.sees}"
    if bool(step.makes) != ((step.rows, step.sees) == ("many", "all")):
        return "a step that makes many rows of all makes a side table, and no other does"
    if step.beside and (step.asks or step.bound or step.table):
        return "only a step over the dataset that asks nobody looks into a side table"
    return ""
