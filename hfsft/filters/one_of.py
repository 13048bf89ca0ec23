"""one_of: whether a column holds one of some values, such as a label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import ConfigDict, Field

from hfsft.engine.step import Bound
from hfsft.errors import Problem, nearest
from hfsft.filters.base import Around, Filter

Value = str | int | float


class OneOf(Filter):
    """Keeps rows whose column holds one of the values: `one_of: {column: quality, values: [good, excellent]}`.

    The column may be a label, a topic, a kept column of a source, or any other of texts or numbers. Of labels it is
    known which there are, so that a value that none of them is is an error. Other values compare anew, and ask nobody.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    name: ClassVar[str] = "one_of"
    values: ClassVar[str] = "what the column holds"
    blind: ClassVar[str] = "Whether the label is right: it is what a model, or whoever made the source, chose."
    deciding: ClassVar[frozenset[str]] = frozenset()  # it measures nothing
    example: ClassVar[str] = """\
    label:
      quality: [poor, fair, good, excellent]
    filters:
      - one_of: {column: quality, values: [good, excellent]}
    """

    column: str = Field(min_length=1, description="The column that is compared.")
    allowed: list[Value] = Field(alias="values", min_length=1, description="What it may hold, as it is written there.")
    missing: Literal["reject", "keep"] = Field(
        "reject", description="What becomes of a row in which the column holds nothing, as one without a label."
    )

    @property
    def reads(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def bounds(self) -> list[Bound]:
        """The one comparison."""
        return [Bound(self.name, self.column, missing=self.missing, among=tuple(self.allowed))]

    def problems(self, around: Around) -> Iterator[Problem]:
        """Beside what is wrong with any filter, values that a column of named choices cannot hold."""
        yield from super().problems(around)
        column = around.columns.get(self.column)
        known = column.choices if column else ()
        for index, value in enumerate(self.allowed) if known else ():
            if value not in known:
                said = f"filters[{self.name}]: `{self.column}` is never `{value}`"
                quoted = f'put it in quotes: "{value}"' if str(value) in known else nearest(str(value), known)
                yield Problem(around.place("values", index), said, quoted)
