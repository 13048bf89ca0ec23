"""Marks on the fields of a recipe: what a value reaches, or may say, so that no check needs a list of their names.

    tokenizer: Annotated[str | None, FILE] = Field(None, description="...")

Whoever asks before a stranger's recipe reads, sends or publishes goes by them, and who looks for secrets in one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Mark:
    """One thing that the value of a field is."""

    name: str


FILE = Mark("file")
"""A file or a folder, relative to the recipe's, or else what the Hub calls so."""
ROWS = Mark("rows")
"""The same, and rows are read from it, from the Hub with the user's own login."""
MODEL = Mark("model")
"""The same, of weights, or the name of a model that a server has."""
SERVER = Mark("server")
"""An address, or several, that rows are sent to."""
PROVIDER = Mark("provider")
"""Who runs a model for the Hub, paid by the user's login."""
KEY = Mark("key")
"""An environment variable whose value is sent."""
HEADERS = Mark("headers")
"""Headers that are sent as they are."""
BODY = Mark("body")
"""Fields that are sent as they are, under names that are not ours."""
REPOSITORY = Mark("repository")
"""What is published is written there, with the user's own login."""
PROSE = Mark("prose")
"""Text that people wrote for people or models, in which addresses are only spoken of."""


@dataclass(frozen=True)
class Publishes:
    """What a field makes public, and therefore is asked for."""

    what: str  # in words; `{}` in it stands for the first few of a list
    unless: Any  # the value that publishes nothing
    alone: bool = False  # whether it is asked for where no repository is named, too


AnyMark = Mark | Publishes


def marks(field: FieldInfo) -> list[AnyMark]:
    """The marks on a field."""
    return [mark for mark in field.metadata if isinstance(mark, AnyMark)]


@dataclass(frozen=True)
class Marked:
    """A field of a section with one of its marks."""

    section: BaseModel
    at: Loc  # where the section stands
    key: str
    mark: AnyMark

    @property
    def loc(self) -> Loc:
        """Where the field stands."""
        return (*self.at, self.key)

    @property
    def value(self) -> Any:
        """What stands there."""
        return getattr(self.section, self.key)


def marked(section: BaseModel, at: Loc = ()) -> Iterator[Marked]:
    """Every mark in a section and in those inside it, in the order of their fields."""
    for key, field in type(section).model_fields.items():
        yield from (Marked(section, at, key, mark) for mark in marks(field))
        yield from _inside(getattr(section, key), (*at, key))


def _inside(value: Any, at: Loc) -> Iterator[Marked]:
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        # An item of a list that is told apart by its name stands below it: `filters: [{tokens: {...}}]`.
        called = None if "name" in type(value).model_fields else getattr(value, "name", None)
        yield from marked(value, (*at, called) if isinstance(called, str) and isinstance(at[-1], int) else at)
    elif isinstance(value, dict | list | tuple):
        for step, inside in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _inside(inside, (*at, step))
