"""The base classes of filters: a rule's arguments, documentation and behaviour stand in one class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import getdoc
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, PrivateAttr

from hfsft.engine.resources import Resource
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import ColumnError, ModelError, Problem, nearest
from hfsft.filters.argument_errors import Explained
from hfsft.filters.code_hash import code_of
from hfsft.filters.filter_work import work_of
from hfsft.marks import FILE, marks
from hfsft.plain import digits
from hfsft.rows.batch import Batch
from hfsft.rows.columns import text_under
from hfsft.rows.limits import THRESHOLDS, Limits

if TYPE_CHECKING:
    from typing import TypeVar

    from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

    from hfsft.errors import Place
    from hfsft.rows.columns import Column, Scale

    AnyDataset = TypeVar("AnyDataset", Dataset, DatasetDict, IterableDataset, IterableDatasetDict)


@dataclass(frozen=True)
class Around:
    """What a filter may know of the recipe that it stands in."""

    columns: Mapping[str, Column]  # that rows have
    lacking: Callable[[str], tuple[str, str]]  # why rows have no such column, as the end of a sentence, and what helps
    place: Callable[..., Place]  # where the filter stands, or one of its arguments


class Filter(BaseModel, ABC, metaclass=Explained):
    """A rule over rows: `measure` writes numbers into columns, `bounds` compare them.

    A subclass's fields are its arguments in a recipe, its docstring is its documentation. Fields in `deciding` enter
    only the comparison, so that changing them measures nothing again. No filter edits what a row says, but for those of
    `hfsft.filters.privacy.rewriting`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, allow_inf_nan=False)

    name: ClassVar[str]  # as recipes write it
    package: ClassVar[str] = ""  # name and version of the package that it comes from, where that is not hfsft
    embeds: ClassVar[bool] = False  # whether it may have an embedder make vectors of texts that no column holds
    version: ClassVar[int] = 1  # raised when `measure` changes its numbers
    whole: ClassVar[bool] = False  # whether `measure` must see all rows at once
    heavy: ClassVar[bool] = False  # whether it is slow for each row, as one that runs a model
    everywhere: ClassVar[bool] = False  # whether it runs behind each step that brings texts, over all of these
    deciding: ClassVar[frozenset[str]] = THRESHOLDS
    example: ClassVar[str] = ""  # YAML of a recipe's part that has it; these three are for who asks what it is
    values: ClassVar[str] = ""  # between which its measure lies
    blind: ClassVar[str] = ""  # what it does not see, in a sentence
    says: ClassVar[str] = ""  # to whoever wrote it, with {} for what is wrong, where that is told by the bare words

    _opened: bool = PrivateAttr(True)  # whether what it names is looked for, or the recipe alone is checked

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns without which no text passes, so that nobody need be asked for one."""
        return ()

    @property
    @abstractmethod
    def reads(self) -> tuple[str, ...]:
        """The columns that the measure (or, without one, the comparison) reads."""

    @property
    def optional(self) -> tuple[str, ...]:
        """The columns that the measure uses where they exist."""
        return ()

    @property
    def writes(self) -> dict[str, Any]:
        """The columns that the measure writes, with their types; empty where it only compares."""
        return {}

    def measure(self, batch: Batch) -> Batch:
        """The columns of `writes`, from those of `reads` and what exists of `optional`; None where nothing is there."""
        raise NotImplementedError

    @abstractmethod
    def bounds(self) -> list[Bound]:
        """The comparisons, in the order that they cut."""

    def problems(self, around: Around) -> Iterator[Problem]:
        """What is wrong with it in its recipe: columns that no row has, unusable files, bounds off a scale."""
        for name in self.reads:
            if name not in around.columns:
                why, advice = around.lacking(name)
                yield Problem(around.place(), f"filters[{self.name}] reads {name}, {why}", advice)
        try:
            self.resources()
        except ModelError as error:  # such as a tokenizer that cannot be loaded
            yield Problem(around.place(*self.names_file()), str(error))
        for bound in self.bounds():
            column = around.columns.get(bound.column)
            if column and column.scale:
                yield from self._off(bound, column.scale, around)

    @classmethod
    def names_file(cls) -> tuple[str, ...]:
        """Which of its arguments names a file; none of a filter without any."""
        return tuple(name for name, field in cls.model_fields.items() if FILE in marks(field))[:1]

    def path_of(self, bound: Bound) -> tuple[str, ...]:
        """Under which of its arguments the two thresholds of a comparison stand."""
        return ()

    def _off(self, bound: Bound, scale: Scale, around: Around) -> Iterator[Problem]:
        """A threshold off the scale, so that no row could pass."""
        path = self.path_of(bound)
        at = "".join(f".{step}" for step in path)
        for name, value, off in (
            ("at_least", bound.at_least, bound.at_least is not None and bound.at_least > scale.high),
            ("at_most", bound.at_most, bound.at_most is not None and bound.at_most < scale.low),
        ):
            if off:
                goes = f"{scale.called} go from {digits(scale.low)} to {digits(scale.high)}"
                message = f"filters[{self.name}]{at}: {name} {digits(value or 0)} keeps no row: {goes}"
                yield Problem(
                    around.place(*path, name), message, f"{scale.said_by} says which {scale.called} there are"
                )

    @property
    def name_with_columns(self) -> str:
        """What its steps are called where a recipe uses the filter more than once: with its columns, if it has any."""
        column = getattr(self, "column", None)
        if column is None:
            return self.name
        return f"{self.name} {column if isinstance(column, str) else '+'.join(column)}"

    def warnings(self, languages: Sequence[str]) -> list[str]:
        """Where the filter is blind in data of these languages (ISO 639-1 codes), one sentence each."""
        return []

    def speaking(self, languages: Sequence[str]) -> Filter:
        """The filter for data of these languages, where it does not name its own."""
        return self

    def at(self, base: Path) -> Filter:
        """The filter with its relative paths below `base`."""
        return self

    def unopened(self) -> Filter:
        """The filter without the rows of other sets and the models that it looks things up in: enough to check a
        recipe.
        """
        made = self.model_copy()
        made._opened = False
        return made

    def given(self, resources: Sequence[Resource]) -> Filter:
        """The filter with the resources that its step was given, where it takes them from there."""
        return self

    def resources(self) -> tuple[Resource, ...]:
        """What the measure depends on beside its code and its arguments, such as a tokenizer or a list of words.

        Each stands in the step's identity by a hash of its content. Raises `ModelError` for one that cannot be used.
        """
        return ()

    def identity(self) -> dict[str, Any]:
        """What the measure depends on beside its code and its resources: its arguments."""
        return self.model_dump(mode="json", exclude=set(self.deciding))

    def steps(self, place: Place | None = None, label: str = "") -> list[Step]:
        """One step that measures (none where nothing is written), then one that keeps for each bound.

        `label` is what they are called by, the filter's name where it is empty.
        """
        label = f"filters[{label or self.name}]"
        steps = []
        if self.writes:
            steps.append(
                Step(
                    name=f"{label}.measure",
                    sees="all" if self.whole else "row",
                    heavy=self.heavy,
                    reads=self.reads,
                    optional=tuple(name for name in self.optional if name not in self.reads),
                    writes=self.writes,
                    about=" ".join((getdoc(type(self)) or "").partition("\n\n")[0].split()),
                    identity={"filter": self.name, **self.identity(), **self._origin()},
                    version=self.version,
                    work=work_of(self),
                    needs=self.resources(),
                    place=place,
                )
            )
        bounds = ((f"{label}.{bound.rule}" if bound.rule != self.name else label, bound) for bound in self.bounds())
        return [*steps, *(compare(name, bound, place) for name, bound in bounds)]

    def meaning(self, embed: Callable[[str], Step], place: Place | None = None, label: str = "") -> list[Step]:
        """The steps of a filter that compares the meanings of texts which no column holds; none of any other.

        `embed` makes the step that writes the vectors of a column of texts.
        """
        return []

    def _origin(self) -> dict[str, str]:
        """Of a filter that hfsft does not ship: its package, and what its code does, as a hash."""
        return {**({"package": self.package} if self.package else {}), **code_of(type(self))}

    def apply(self, dataset: AnyDataset) -> tuple[AnyDataset, AnyDataset]:
        """`(kept, rejected)` of any `datasets.Dataset` that has the columns of `reads`; both carry the measure.

        Of a `DatasetDict` each split is filtered for itself. Of a stream (`IterableDataset`) both are streams, in which
        rows are measured as they are read. Raises `ColumnError` naming the columns that are missing, `UserError` for a
        stream where rows are compared with each other.
        """
        if isinstance(dataset, dict):
            pairs = {name: self.apply(rows) for name, rows in dataset.items()}
            kept, rejected = (type(dataset)({name: pair[side] for name, pair in pairs.items()}) for side in (0, 1))
            return kept, rejected
        from hfsft.engine.parts.on_datasets import apply, features_of

        kinds = features_of(dataset)
        steps = self.steps_over(kinds)
        written = {name for step in steps for name in step.writes}
        needed = {name for step in steps for name in step.reads} - written
        for name in sorted(needed - set(kinds)):
            text = text_under(name)
            known = (
                f"add it: hfsft.embedder_of().embed(dataset[{text!r}])" if text in kinds else nearest(name, list(kinds))
            )
            raise ColumnError(f"filters[{self.name}] reads `{name}`, which the dataset does not have ({known})")
        return apply(dataset, steps)

    def steps_over(self, kinds: Mapping[str, Any]) -> tuple[Step, ...]:
        """The steps over a dataset with these columns, told with their types."""
        return tuple(self.steps())


class Bounded(Limits, Filter):
    """A filter with one measure and the two usual bounds.

    Where nothing was measured, as in a column that is empty, the row fails `at_least` and passes `at_most`.
    """

    def bounds(self) -> list[Bound]:
        """The one comparison of the measure."""
        (column,) = self.writes
        return [self.bound(column)]

    def bound(self, column: str) -> Bound:
        """The comparison of a column with the two bounds."""
        missing: Literal["reject", "keep"] = "keep" if self.at_least is None else "reject"
        return Bound(self.name, column, self.at_least, self.at_most, missing)
