"""Plan: the flat list of steps that a recipe compiles to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from hfsft.engine.step import Step, Turns
from hfsft.errors import InternalError
from hfsft.hashing import digest
from hfsft.rows.batch import Row
from hfsft.rows.columns import Column, column

if TYPE_CHECKING:
    from collections.abc import Iterator


class Task(NamedTuple):
    """One row of an ask step."""

    id: str
    row: Row  # the columns that the step sees
    start: Callable[[], Turns]  # begins its generator anew
    pending: bool = False  # its texts are not known yet
    then: Callable[[Row], tuple[Step, Task] | None] | None = None  # from its new columns to the next step that asks


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

    def ask(self, step: Step, tasks: Iterable[Task], total: int) -> Asked:
        """Bring every answer of the tasks into the store, or say which could not be had."""
        ...

    def goes_ahead(self, step: Step) -> bool:
        """Whether a row may be asked what `step` asks before the step's turn."""
        ...

    def replay(self, step: Step, row_id: str, start: Callable[[], Turns]) -> Row:
        """The new columns of a row that `step` asked for, from stored answers."""
        ...


WORKED = frozenset((
    (False, "source", "row"), (False, "same", "row"), (False, "same", "all"), (False, "many", "row"),
    (False, "fewer", "row"), (True, "same", "row"),
))  # fmt: skip
"""The facets of steps that the engine can walk: `asks`, `rows`, `sees`."""


@dataclass(frozen=True)
class Plan:
    """The steps of one recipe, in the order that rows meet them."""

    name: str
    steps: tuple[Step, ...]

    def check(self) -> None:
        """Raise `InternalError` if a step reads a column that no step before it writes, or two share a name.

        So it does for facets that mean nothing together, or that the engine cannot walk.
        """
        columns: set[str] = set()
        names: set[str] = set()
        for step in self.steps:
            missing = sorted(set(step.reads) - columns)
            if missing:
                raise InternalError(f"step {step.name} reads {', '.join(missing)}, which no earlier step writes")
            if step.name in names:
                raise InternalError(f"two steps are called {step.name}")
            if wrong := _wrong_facets(step):
                raise InternalError(f"step {step.name}: {wrong}")
            names.add(step.name)
            columns |= set(step.writes)

    def columns(self) -> dict[str, Column]:
        """Every column that the plan's rows have behind its last step, by its name: the registry of these rows."""
        columns: dict[str, Column] = {}
        for step in self.steps:
            for name, kind in step.writes.items():
                known = columns.get(name)  # a step that writes a column anew does not change the part it plays
                written = column(name, kind, step.role, step.about or f"Written by {step.name}.")
                columns[name] = replace(known, type=kind) if known else written
            columns = {name: each for name, each in columns.items() if name not in step.drops}
        return columns

    def settled(self) -> set[str]:
        """The columns in which no kept row holds anything, such as one for defects: a step took the others out."""
        found: set[str] = set()
        for step in self.steps:
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
        rows, lineage = "", dict[str, str]()
        for step in self.steps:
            reads = list(lineage) if step.rows == "many" else step.given(lineage, *(["id"] * step.asks))
            known = [] if step.sees == "row" else [rows]
            parent = digest([*known, {name: lineage[name] for name in reads}]) if lineage else ""
            fingerprint = replace(step, remembered="").fingerprint(parent)
            if step.rows in ("source", "many"):
                lineage = dict.fromkeys([*lineage, *step.writes], fingerprint)
            lineage |= dict.fromkeys(step.writes, fingerprint)
            if step.rows != "same":
                rows = digest([rows, fingerprint])
            yield step, fingerprint


def _wrong_facets(step: Step) -> str:
    """What is wrong with the facets of a step, in words; empty where nothing is."""
    compares = (step.rows, step.sees) == ("fewer", "row")
    if compares != (step.bound is not None):
        return "a bound takes rows out one by one, and nothing else does"
    if (step.sees == "group") != bool(step.group_by):
        return "a step that sees groups says by which column, and no other does"
    if step.drops and step.rows != "same":
        return "only a step that makes the same rows drops columns"
    if step.models and not step.asks:
        return "it names models, but asks none"
    if (step.asks, step.rows, step.sees) not in WORKED or step.makes or step.table or step.beside:
        asks = "asks and " if step.asks else ""
        return f"no engine takes one that {asks}makes {step.rows} rows of {step.sees}"
    return ""
