"""Executor: who does the work of a plan's steps on rows, wherever these lie.

The engine (`hfsft.engine.run`) knows rows by `Rows` alone and hands each step to an executor; the ledger,
the fingerprints and the order of the steps are its own. `hfsft.engine.parts.local.Local` is the executor of one
machine. Another one gives the same rows: what a step's function makes of rows is told in `Step` and worked out by
`hfsft.engine.outcome`, which knows no executor.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from hfsft.engine.step import Step
from hfsft.rows.batch import Row

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset, Features

    from hfsft.engine.lookahead import Route
    from hfsft.engine.on_daft.work_folder import WorkFolder
    from hfsft.engine.plan import Asker


class Rows(Protocol):
    """Rows in an order that is the same each time, wherever their values lie."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Row]:
        """The rows as mappings."""
        ...

    def __getitem__(self, key: str | slice) -> Any:
        """The values of a column; with a slice, those of every column, by name."""
        ...

    def to_list(self) -> list[Row]:
        """The rows as mappings, all at once."""
        ...

    @property
    def column_names(self) -> list[str]:
        """The columns, in order."""
        ...

    @property
    def features(self) -> Features:
        """The columns with their types."""
        ...

    def select(self, indices: Any) -> Any:
        """Some of the rows, by their numbers."""
        ...

    def slice(self, start: int, stop: int) -> Rows:
        """Those that follow on one another from one number to another."""
        ...

    def without(self, names: Collection[str]) -> Rows:
        """The rows without these columns."""
        ...

    def batches(self, names: Collection[str] | None = None, size: int = 8192) -> Iterator[pa.Table]:
        """The rows as tables of so many, but for the last, with these columns alone: no more is in memory at once."""
        ...


class DataTask(Protocol):
    """Work that is data: any process does it that sees the files of the build."""

    @property
    def rows(self) -> int | None:
        """How many rows it is over; None where that is not known, as of a large file."""
        ...

    def do(self, stops: Callable[[], bool] = ...) -> Any:
        """What it comes to, as JSON. Where it `stops`, nobody waits for that any more."""
        ...


R = TypeVar("R", bound=Rows)


@dataclass(frozen=True)
class Done(Generic[R]):
    """What a step came to: the rows that are left, and those that it took out.

    `failed` are rows whose answers could not be had, `errors` says why, by id. `passed_over` are rows of groups of
    which others stay, `instead` says which of them, by id.
    """

    rows: R
    cached: bool  # whether all of it was made by a build before
    rejected: R | None = None
    failed: R | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    passed_over: R | None = None
    instead: Mapping[str, str] = field(default_factory=dict)
    told: Any = None  # what a source says of its reading, as JSON
    calls: int = 0  # requests that were sent for it now
    spent: Mapping[str, Any] | None = None  # what all answers took, by model; None where that is not known

    @property
    def removed(self) -> int:
        """Number of rows that it took out."""
        return sum(len(rows) for rows in (self.rejected, self.failed, self.passed_over) if rows is not None)


class Executor(Protocol[R]):
    """Works on the rows of one plan. Which of these methods does a step is told by its facets, see `hfsft.engine.run`.

    What was made is kept, so that the same step over the same rows is read back by the next build. `beside` are the
    rows of the side table that a step looks into. Whatever `asker` raises comes through.
    """

    @property
    def shared(self) -> WorkFolder | None:
        """Where tasks write files, as other machines do them; None where all see the disk of this one."""
        ...

    def source(self, step: Step, before: R | None) -> Done[R]:
        """The rows of a source, after those of earlier sources (`before`) where the plan has several."""
        ...

    def lane(self, rows: R, steps: Sequence[Step], beside: R | None) -> Iterator[Done[R]]:
        """What each of these steps comes to, one after the other. They follow on one another and look at one row alone,
        so that an executor may take them all in one pass over some of the rows.
        """
        ...

    def ahead(self, rows: R, step: Step) -> Done[R] | None:
        """What a step makes of each row alone, before its turn, in which it is read back for those that are left then.

        None where it would be made once more, or may take long for nothing.
        """
        ...

    def all(self, rows: R, step: Step, beside: R | None) -> Done[R]:
        """What a step makes of all rows at once: more columns, or the rows of a side table."""
        ...

    def group(self, rows: R, step: Step, beside: R | None) -> Done[R]:
        """What a step makes of the rows of each group: more columns, or fewer rows."""
        ...

    def ask(self, rows: R, step: Step, asker: Asker, route: Route | None) -> Done[R]:
        """What a step makes of the answers of models for each row, or each group.

        `route` leads to the next step that asks, for which rows are prefetched; None prefetches nothing.
        """
        ...

    def dataset(self, rows: R) -> Dataset:
        """The rows as a dataset."""
        ...

    def in_order(self, rows: R, by: Sequence[str]) -> Rows:
        """The rows in the order of columns of text, the first of which counts most."""
        ...

    def each(self, tasks: Sequence[DataTask]) -> list[Any]:
        """What tasks come to, in their order, each done by whatever process is free. Raises what a task raises."""
        ...


Executors = Callable[[Path, "Path | None"], AbstractContextManager[Executor[Any]]]
"""Starts an executor, given the folder of finished steps, and one for what a forecast works out, where it is one."""
