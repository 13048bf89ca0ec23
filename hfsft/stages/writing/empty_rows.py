"""The rows of a source that models write, before they say anything: which there are, and what each is to be about.

A row is known by the name of its source, its number in it (of rows with one subject, among these) and what it was
given: neither more rows, nor other sources, nor a later wave change its id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Any

from hfsft.hashing import digest, unit
from hfsft.rows.batch import Row
from hfsft.rows.columns import SLOT, WAVE, WRITTEN_BY, Column
from hfsft.rows.row import WRITTEN, new_row
from hfsft.stages.attributes.sampling import Sampler
from hfsft.stages.attributes.shares import Combination
from hfsft.stages.writing.surroundings import Surroundings

COLUMNS = (
    Column(
        WRITTEN_BY,
        "string",
        "lineage",
        "The source of the recipe by which a model wrote the row, or what it grew from.",
    ),
    Column(SLOT, "int32", "lineage", "Which of the rows of its source a written row is, from 0."),
    Column(WAVE, "int32", "lineage", "The pass of writing and filtering in which the row came, from 1."),
)
"""What the rows of a recipe have beside other columns where models write some of them."""


@dataclass(frozen=True)
class RowSubject:
    """What a row is to be written about: its columns, and by what it is known."""

    known_by: str
    columns: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EmptyRows:
    """The rows of one source: called with a range of their numbers, it gives them."""

    around: Surroundings
    subjects: Sequence[RowSubject] = ()  # each is given to as many rows as the others, in an order that a hash decides
    templates: Mapping[str, float] = field(default_factory=dict)  # by name, how often each is to write a row
    varied: bool = True  # whether rows get a combination of attributes

    def __call__(self, start: int, stop: int, have: Mapping[Combination, int] | None = None) -> list[Row]:
        """The rows of the slots from `start` to before `stop`.

        `have` is how many rows of each combination of attributes were accepted in the waves before; none in the first.
        """
        attributes = self.around.attributes if self.varied else None
        names = attributes.names if attributes else ()
        drawn: list[Combination] = [()] * max(0, stop - start)
        if attributes:
            drawn = Sampler(attributes, self.around.name).slots(start, stop, have)
        subjects = self._subjects(start, stop)
        return [
            self._row(slot, dict(zip(names, combination, strict=True)), subject)
            for slot, combination, subject in zip(range(start, stop), drawn, subjects, strict=True)
        ]

    def _row(self, slot: int, combination: Mapping[str, str], subject: RowSubject | None) -> Row:
        # One subject more moves others to other slots: a row is known by how often its subject came before.
        known_by = [slot // len(self.subjects), subject.known_by] if subject else [slot]
        name = self.around.name
        row_id = digest([WRITTEN, name, list(combination.items()), *known_by], 16)
        row = new_row(WRITTEN, {"instruction": ""})
        lineage = {
            "id": row_id,
            "seed_id": row_id,
            "template": self._template(row_id),
            WRITTEN_BY: name,
            SLOT: slot,
            WAVE: 1,
        }
        return {**row, **lineage, **combination, **(subject.columns if subject else {})}

    def _template(self, row_id: str) -> str | None:
        """One of the templates, each as often as its weight says: that for which a hash over its weight is least.

        So another weight moves only the rows that change to or from its template.
        """
        if not self.templates:
            return None
        return min(
            self.templates, key=lambda name: (-log(1 - unit(row_id, "template", name)) / self.templates[name], name)
        )

    def _subjects(self, start: int, stop: int) -> Iterator[RowSubject | None]:
        count = len(self.subjects)
        if not count:
            yield from [None] * max(0, stop - start)
            return
        order: list[RowSubject] = []
        at = -1
        for slot in range(start, stop):
            if slot // count != at:
                at = slot // count
                turn = [self.around.name, at]
                order = sorted(
                    self.subjects, key=lambda each: (unit(digest([*turn, each.known_by]), "subject"), each.known_by)
                )
            yield order[slot % count]
