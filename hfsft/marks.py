"""Marks on the fields of a recipe: what a value refers to (a file, a server, a key), or that it is free text.

    tokenizer: Annotated[str | None, FILE] = Field(None, description="...")

The checks that ask the user before an untrusted recipe reads, sends or publishes anything find fields by their marks,
not by names; so does the search for secrets in a recipe.
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
    """A kind of value that a field holds."""

    name: str


FILE = Mark("file")
"""A path of a file or folder, relative to the recipe's folder; where nothing is there, a name on the Hub."""
ROWS = Mark("rows")
"""As `FILE`, and rows are read from it; a dataset on the Hub is read with the user's own login."""
MODEL = Mark("model")
"""As `FILE`, for the weights of a model; or the name by which a server knows a model."""
SERVER = Mark("server")
"""The URL of a server, or a list of URLs, to which rows are sent."""
PROVIDER = Mark("provider")
"""The name of a provider behind the Hub's router, which bills the user who is logged in."""
KEY = Mark("key")
"""The name of an environment variable; its value is sent to a server."""
HEADERS = Mark("headers")
"""HTTP headers, sent to a server unchanged."""
BODY = Mark("body")
"""Fields of the request body, sent to a server unchanged."""
TEMPLATE = Mark("template")
"""Jinja itself, the path of a .jinja file relative to the recipe's folder, or the name of a template."""
REPOSITORY = Mark("repository")
"""A repository on the Hub, to which the dataset is pushed with the user's own login."""
CONTENTS = Mark("contents")
"""What may stand in a file of its own, named by its path relative to the recipe's folder, see `is_contents`."""
PROSE = Mark("prose")
"""Free text for people or models. URLs in it are not addresses that hfsft connects to."""


def is_contents(value: object) -> bool:
    """Whether what stands under a key marked `CONTENTS` is the path of a file: a line that ends as those do."""
    return isinstance(value, str) and "\n" not in value and value.endswith((".yaml", ".yml", ".json", ".jsonl"))


@dataclass(frozen=True)
class Publishes:
    """A field that makes something public, so that the user is asked before an untrusted recipe may set it."""

    what: str  # what is made public, in words; `{}` in it is replaced by the first few items of a list
    unless: Any  # the value that publishes nothing
    alone: bool = False  # whether the user is asked even if the recipe names no repository


AnyMark = Mark | Publishes


def marks(field: FieldInfo) -> list[AnyMark]:
    """The marks on a field."""
    return [mark for mark in field.metadata if isinstance(mark, AnyMark)]


@dataclass(frozen=True)
class Marked:
    """A field of a section, with one of the marks on it."""

    section: BaseModel
    at: Loc  # where the section stands
    key: str
    mark: AnyMark

    @property
    def loc(self) -> Loc:
        """Where the field stands."""
        return (*self.at, type(self.section).model_fields[self.key].alias or self.key)

    @property
    def value(self) -> Any:
        """What stands there."""
        return getattr(self.section, self.key)


def marked(section: BaseModel, at: Loc = ()) -> Iterator[Marked]:
    """Every mark on the fields of a section and of the sections nested in it, in the order of fields."""
    for key, field in type(section).model_fields.items():
        yield from (Marked(section, at, key, mark) for mark in marks(field))
        yield from _inside(getattr(section, key), (*at, key))
    yield from _inside(section.model_extra or {}, at)  # of keys that the author names, as attributes


def _inside(value: Any, at: Loc) -> Iterator[Marked]:
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        # An item of a list that is told apart by its name stands below it: `filters: [{tokens: {...}}]`.
        called = None if "name" in type(value).model_fields else getattr(value, "name", None)
        yield from marked(value, (*at, called) if isinstance(called, str) and isinstance(at[-1], int) else at)
    elif isinstance(value, dict | list | tuple):
        for step, inside in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _inside(inside, (*at, step))
