"""`against:` of a filter: the sets that rows are compared with, as arguments, and as a resource of its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import BeforeValidator, Field, PrivateAttr

from hfsft.engine.resources import Resource, Work
from hfsft.errors import Problem, SourceError
from hfsft.filters.base import Around, Filter
from hfsft.hashing import digest
from hfsft.marks import ROWS
from hfsft.rows.batch import Batch
from hfsft.rows.columns import TEXTS
from hfsft.rows.other_sets.items import HeldItems
from hfsft.rows.other_sets.other_set import OtherSet
from hfsft.section import Section

KIND = "other sets"  # what the resource is called


class Against(Section):
    """One set that rows are compared with."""

    example: ClassVar[str] = """\
    filters:
      - near_duplicate:
          against: [build/first-release, {path: you/second-release, split: train}]
    """

    path: Annotated[str, ROWS] = Field(
        min_length=1,
        description="A file of rows, a folder of them, the folder of a build, or a dataset on the Hub, owner/name.",
    )
    split: str | None = Field(None, description="The split; left out: all.")
    config: str | None = Field(None, description="The dataset's configuration.")
    revision: str | None = Field(None, description="The dataset's revision on the Hub: a branch, a tag or a commit.")
    instruction: str | None = Field(None, description="Column of the question, where its name does not tell.")
    response: str | None = Field(None, description="Column of the answer, where its name does not tell.")

    def other_set(self, base: Path) -> OtherSet:
        """Where it stands."""
        named = {"instruction": self.instruction, "response": self.response}
        columns = {part: column for part, column in named.items() if column}
        return OtherSet(self.path, base, self.split, self.config, self.revision, columns)


def _from_path(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


AnyAgainst = Annotated[Against, BeforeValidator(_from_path, json_schema_input_type=str | Against)]


class OtherRows(NamedTuple):
    """The rows of all sets: what each is called, and what they say, by column."""

    names: list[str]
    texts: Batch


class SetsLoader:
    """The rows of some sets, as a resource."""

    def __init__(self, sets: Sequence[Mapping[str, Any]], base: str) -> None:
        self._sets = [Against.model_validate(each).other_set(Path(base)) for each in sets]

    def identity(self) -> str:
        """A hash of what they are read from. Raises `SourceError` where that is not there."""
        return digest([each.identity() for each in self._sets])

    def load(self) -> OtherRows:
        """All rows. Raises `SourceError` where they cannot be read."""
        rows = [row for each in self._sets for row in each.rows()]
        return OtherRows([row.name for row in rows], {name: [row.texts[name] for row in rows] for name in TEXTS})


class ComparesSets(Filter):
    """A filter that may compare rows with those of other sets, which its steps have as a resource."""

    against: list[AnyAgainst] = Field(
        [],
        description="Earlier releases and held-out sets: files, folders of builds, datasets on the Hub. Rows that are "
        "alike to one of theirs fall, and name it.",
    )
    _base: Path = PrivateAttr(Path())
    _given: tuple[Resource, ...] | None = PrivateAttr(None)

    def at(self, base: Path) -> ComparesSets:
        """With relative paths looked for below `base`."""
        return self._with(_base=base)

    def given(self, resources: Sequence[Resource]) -> ComparesSets:
        """With the resources that its steps were given."""
        return self._with(_given=tuple(resources))

    def _with(self, **private: Any) -> ComparesSets:
        made = self.model_copy()
        for name, value in private.items():
            setattr(made, name, value)
        return made

    def resources(self) -> tuple[Resource, ...]:
        """The rows of other sets. Raises `SourceError` where they are not there."""
        if self._given is not None:
            return self._given
        if not self.against or not self._opened:
            return ()
        return (Resource.of(KIND, self._work()),)

    def _work(self) -> Work:
        sets = [each.model_dump(mode="json", exclude_unset=True) for each in self.against]
        return Work("hfsft.filters.other_sets.against:SetsLoader", {"sets": sets, "base": str(self._base)})

    @cached_property
    def others(self) -> OtherRows | None:
        """The rows of other sets; None where there are none."""
        found = next((each for each in self.resources() if each.kind == KIND), None)
        return None if found is None else found.load()

    def identity(self) -> dict[str, Any]:
        """Its arguments; of other sets what they hold tells, not what they are called."""
        told = super().identity()
        del told["against"]
        return told

    def problems(self, around: Around) -> Iterator[Problem]:
        """What any filter tells, and sets that cannot be read, each at its place."""
        found = [(index, why) for index, each in enumerate(self.against) if (why := self._missing(each))]
        for index, error in found:
            said = f"filters[{self.name}].against: {error.message}"
            yield Problem(around.place("against", index), said, error.help)
        yield from Filter.problems(self.unopened() if found else self, around)

    def _place(self, wanted: Against) -> OtherSet | HeldItems:
        """Where a set stands, and what is read there."""
        return wanted.other_set(self._base)

    def _missing(self, wanted: Against) -> SourceError | None:
        """Why a set cannot be read."""
        where = self._place(wanted)
        try:
            where.check()
            if self._opened:
                where.identity()
        except SourceError as error:
            return error
        return None
