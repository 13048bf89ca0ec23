"""Parts of a recipe that are imported where a recipe has them: of all that it may have it names a few."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag, TypeAdapter
from pydantic_core import core_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue


@dataclass(frozen=True)
class Later:
    """Where the type of such a part stands: a class of models, or a choice of them.

    As a note on a type it is what stands there: `Annotated[Filter, Later("hfsft.filters.score", "Score")]` takes what
    the class takes, with its errors, and imports it at the first value.
    """

    module: str
    name: str
    marked: str = ""  # the key by which each of a choice is told from what else may stand there
    implied_by: str = ""  # as the section itself says

    @property
    def kind(self) -> Any:
        """The type itself."""
        return getattr(import_module(self.module), self.name)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """What is validated by its own type."""
        return core_schema.no_info_plain_validator_function(self._valid)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The schema of the type, written out where it stands."""
        kind = self.kind
        if not _is_model(kind):
            return handler(_adapter(self).core_schema)
        kind.model_rebuild()
        return handler(kind.__pydantic_core_schema__)

    def _valid(self, value: Any) -> Any:
        marked = self.marked in value if isinstance(value, Mapping) else isinstance(value, BaseModel)
        if self.marked and not marked:
            raise ValueError(f"has no `{self.marked}`")
        kind = self.kind
        return kind.model_validate(value) if _is_model(kind) else _adapter(self).validate_python(value)


def later_in(kind: Any) -> Later | None:
    """Where the type stands that is meant, of one that is imported later; None of any other."""
    parts = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    notes = (note for part in parts if get_origin(part) is Annotated for note in get_args(part)[1:])
    return next((note for note in notes if isinstance(note, Later)), None)


def imported(kind: Any) -> Any:
    """A type with all that is imported later in its place, but for what is told apart by its name before."""
    if get_origin(kind) is Annotated:
        first, *notes = get_args(kind)
        if any(isinstance(note, Tag) for note in notes):
            return kind
        home = next((note for note in notes if isinstance(note, Later)), None)
        inside = imported(home.kind if home else first)
        rest = [note for note in notes if note is not home]
        return Annotated[(inside, *rest)] if rest else inside
    parts = tuple(map(imported, get_args(kind)))
    if parts == get_args(kind):
        return kind
    return Union[parts] if get_origin(kind) in (Union, UnionType) else get_origin(kind)[parts]  # noqa: UP007


@cache
def _adapter(home: Later) -> TypeAdapter[Any]:
    return TypeAdapter(home.kind)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
