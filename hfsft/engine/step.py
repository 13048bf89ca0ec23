"""Step: one `Dataset.map` or `Dataset.filter`, as data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from hfsft.hashing import digest
from hfsft.rows.batch import Row
from hfsft.rows.columns import Role

if TYPE_CHECKING:
    from hfsft.errors import Place
    from hfsft.models.model import Answer, Request

Turns = Generator["Request", "Answer", Row]
"""A stage's work on one row: yields requests, is sent answers, returns the new columns."""

Kind = Literal["source", "map", "whole", "expand", "ask", "keep"]


@dataclass(frozen=True)
class Bound:
    """One comparison: `column` must lie within `at_least` and `at_most`, both inclusive; None fails it.

    `absent` turns it round: only rows where the column is None stay, as with the column that names a defect. `rule`
    is what the ledger calls the comparison.
    """

    rule: str
    column: str
    at_least: float | None = None
    at_most: float | None = None
    missing: Literal["reject", "keep"] = "reject"
    absent: bool = False

    def __str__(self) -> str:
        parts = []
        if self.at_least is not None:
            parts.append(f"at_least {self.at_least:g}")
        if self.at_most is not None:
            parts.append(f"at_most {self.at_most:g}")
        return " ".join(parts) or ("none" if self.absent else "present")

    def keeps(self, value: Any) -> bool:
        """Whether a row with this value stays."""
        if self.absent:
            return value is None
        if value is None:
            return self.missing == "keep"
        if self.at_least is not None and value < self.at_least:
            return False
        return self.at_most is None or value <= self.at_most


@dataclass(frozen=True)
class Step:
    """One step of a plan.

    `kind` says what `fn` is:

    - `source`: `() -> Iterator[Row]`, the first rows, with every column of `writes`.
    - `map`: `(Batch) -> Batch` of the columns in `writes`, row for row.
    - `whole`: the same, over all rows at once; for measures that compare rows with each other.
    - `expand`: `(Batch) -> Batch` of all columns, any number of rows.
    - `ask`: `(Row) -> Turns`, a generator that asks models; a row whose answer fails is *failed* in the ledger.
    - `keep`: no `fn`; `bound` decides, what falls is *rejected*.

    `writes` maps new columns to their type, in the words of `hfsft.rows.features`. `identity` is JSON: what changes the
    result beside the rows that come in and what stands here; `version` is raised when the code's behaviour changes.
    `role` is the part that columns of `writes` play which `hfsft.rows.columns` does not know by name.
    `remembered` is a hash of what the step takes from builds before: other rows come out where it differs, but no
    release pins it.
    """

    name: str
    kind: Kind
    reads: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()  # columns passed on where they exist
    writes: Mapping[str, Any] = field(default_factory=dict)
    role: Role = "measure"
    drops: tuple[str, ...] = ()  # columns that no later step needs; only a `map` or a `whole` step drops any
    identity: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    remembered: str = ""
    fn: Callable[..., Any] | None = None
    bound: Bound | None = None
    models: tuple[str, ...] = ()  # names under `models:` that an `ask` step uses
    max_failed_share: float = 0.05
    place: Place | None = None

    def sees(self, present: Collection[str], *more: str) -> list[str]:
        """The columns that `fn` gets, of those `present`: `more`, all that it reads, what it uses where it exists."""
        return [name for name in dict.fromkeys((*more, *self.reads, *self.optional)) if name in present]

    def depends_on(self) -> dict[str, Any]:
        """All that changes the result beside the rows that come in, as JSON: the identity, columns, bound, version."""
        columns = {"columns": dict(self.writes), **({"drops": list(self.drops)} if self.drops else {})}
        bound = asdict(self.bound) if self.bound else {}
        return {"version": self.version, **columns, **bound, **self.identity}

    def fingerprint(self, parent: str) -> str:
        """32 hex digits: this step over rows with the fingerprint `parent`."""
        depends_on = self.depends_on() | ({"remembered": self.remembered} if self.remembered else {})
        return digest([self.name, self.kind, depends_on, parent])
