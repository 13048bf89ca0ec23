"""Rewriting: rules that change what rows say, where all others only measure it."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from hfsft.engine.step import Bound, Step, keeping_first
from hfsft.filters.base import Filter
from hfsft.filters.filter_work import work_of
from hfsft.nested import texts_in
from hfsft.privacy.found import Found
from hfsft.privacy.placeholders import Placeholders
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.columns import TEXTS
from hfsft.rows.features import holds_text
from hfsft.rows.reading.summaries import file_of
from hfsft.rows.views import ANSWER, WHOLE

if TYPE_CHECKING:
    from hfsft.errors import Place

Do = Literal["redact", "reject", "report"]
PLACE = "source"  # the column that names a file and a line
FIRST = sorted(WHOLE, key=ANSWER.__contains__)
"""The columns whose values are numbered before those of others, in this order: all turns, then the last answer."""


class Rewriting(Filter):
    """A rule that finds values in all texts of a row, and puts placeholders in their place.

    It runs as soon as rows are read, and again over what each stage writes, so that nothing behind it meets the values:
    no prompt, no measure, no file of a release. Where it rejects, the rows that fall have placeholders as well.
    """

    everywhere: ClassVar[bool] = True
    private: ClassVar[bool] = True  # whether what stood there before is kept nowhere; else it stays in provenance
    deciding: ClassVar[frozenset[str]] = frozenset({"do"})
    libraries: ClassVar[tuple[str, ...]] = ()  # whose tables decide what is found

    do: Do = Field(
        "redact",
        description="`redact` puts placeholders in their place, `reject` takes the rows out (their texts redacted), "
        "`report` only counts.",
    )

    @abstractmethod
    def find(self, text: str) -> Sequence[Found]:
        """What a text holds, in its order, no two overlapping."""

    @property
    def measured(self) -> str:
        """The column with the number of values."""
        return self.name

    @property
    def kinds_column(self) -> str:
        """The column with the kinds, as `EMAIL:2 PHONE:1`."""
        return f"{self.measured}_kinds"

    @property
    def rewrites(self) -> bool:
        """Whether texts change."""
        return self.do != "report"

    @property
    def reads(self) -> tuple[str, ...]:
        """None by name: it reads every text that there is."""
        return ()

    @property
    def writes(self) -> dict[str, Any]:
        """How many different values a row held, and of which kinds."""
        return {self.measured: "int64", self.kinds_column: "string"}

    def measure(self, batch: Batch) -> Batch:
        """The number of different values in each row, and their kinds."""
        return self.walked(batch, (), tuple(batch))

    def bounds(self) -> list[Bound]:
        """Where rows are rejected for them: no value may be there."""
        return [Bound(self.name, self.measured, at_most=0, missing="keep")] if self.do == "reject" else []

    def identity(self) -> dict[str, Any]:
        """Its arguments, whether it rewrites, and which tables it looks things up in."""
        known = {name: version(name) for name in self.libraries}
        return {**super().identity(), "rewrites": self.rewrites, "libraries": known}

    def over(
        self, columns: Mapping[str, Any], present: Iterable[str], place: Place | None = None, label: str = ""
    ) -> list[Step]:
        """The steps over columns of texts that were just written, of rows that have those of `present` too.

        Numbers of placeholders go on from those that stand in any of the row's texts.
        """
        measuring, *keeps = self.steps(place, label)
        changed = dict(columns) if self.rewrites else {}
        rewrite = replace(
            measuring,
            name=measuring.name.removesuffix("measure") + ("redact" if self.rewrites else "measure"),
            reads=tuple(columns),
            optional=tuple(name for name in dict.fromkeys((*present, *self.writes)) if name not in columns),
            writes={**changed, **self.writes},
            rewrites=tuple(changed),
            work=work_of(self, "walked", columns=list(changed), counted=list(columns)),
        )
        told = [name for name in changed if name in TEXTS] if not self.private else []
        return [keeping_first(rewrite, told) if told else rewrite, *keeps]

    def steps_over(self, kinds: Mapping[str, Any]) -> tuple[Step, ...]:
        """Those over all texts of a dataset, those within lists and structs too."""
        columns = {name: kind for name, feature in kinds.items() if holds_text(kind := _words(feature))}
        return tuple(self.over(columns, ()))

    def redacted_text(self, text: str) -> str:
        """One text for itself."""
        replaced: str = Placeholders(self.find, lambda: [text]).replaced(text)
        return replaced

    def walked(self, batch: Batch, columns: Sequence[str], counted: Sequence[str]) -> Batch:
        """The columns rewritten, and what was found in them; what was found before is added, or counted anew."""
        made: Batch = {name: [] for name in (*columns, *self.writes)}
        order = [name for name in (*FIRST, *batch) if name in counted]
        for row in rows_of({name: cells for name, cells in batch.items() if name not in self.writes}):
            given = Placeholders(self.find, partial(_texts, row))
            new: Row = {}
            for name in dict.fromkeys(order if columns else (*order, *row)):
                if name == PLACE:
                    new[name] = self._place(row[name])
                elif columns:
                    new[name] = given.replaced(row[name], name)
                else:
                    given.replaced(row[name], name)  # only counts
            for name in columns:
                made[name].append(new[name])
            made[self.measured].append(given.found.total())
            made[self.kinds_column].append(_told(given.found))
        if columns and self.measured in batch:
            earlier = zip(batch[self.measured], batch[self.kinds_column], strict=True)
            for index, (count, kinds) in enumerate(earlier):
                made[self.measured][index] += count or 0
                made[self.kinds_column][index] = _told(_read(kinds) + _read(made[self.kinds_column][index]))
        return made

    def _place(self, source: str | None) -> str | None:
        """A file and line: the file's name is searched, and the number of the line is never taken for a find."""
        if not source or not self.find(name := file_of(source)):
            return source
        return self.redacted_text(name) + source[len(name) :]


def kinds(values: Iterable[str | None]) -> Counter[str]:
    """How many values of each kind a column of kinds tells of."""
    found: Counter[str] = Counter()
    for value in values:
        found += _read(value)
    return found


def _texts(row: Row) -> Iterator[str]:
    return (text for _, text in texts_in(row))


def _told(found: Counter[str]) -> str | None:
    return " ".join(f"{kind}:{count}" for kind, count in sorted(found.items())) or None


def _read(told: str | None) -> Counter[str]:
    pairs = (part.rpartition(":") for part in (told or "").split())
    return Counter({kind: int(count) for kind, _, count in pairs})


def _words(feature: Any) -> Any:
    """The type of a column in the words of a plan; None for one that holds what no plan has, such as pictures."""
    from datasets import List, Value

    if isinstance(feature, Value):
        return feature.dtype
    if isinstance(feature, List):
        return None if (inner := _words(feature.feature)) is None else [inner]
    if isinstance(feature, list):
        return None if (inner := _words(feature[0])) is None else [inner]
    if isinstance(feature, Mapping):
        found = {name: _words(inner) for name, inner in feature.items()}
        return None if None in found.values() else found
    return None
