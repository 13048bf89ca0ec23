"""Parts of a recipe that are imported where a recipe has them: of all that it may have it names a few."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic_core import core_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue


@dataclass(frozen=True)
class Later:
    """Where the class of such a part stands.

    As a note on a type it is what stands there: `Annotated[Filter, Later("hfsft.filters.score", "Score")]` takes what
    the class takes, with its errors, and imports it at the first value.
    """

    module: str
    name: str

    @property
    def kind(self) -> Any:
        """The class itself."""
        return getattr(import_module(self.module), self.name)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """A model that is validated by its own class."""
        return core_schema.no_info_plain_validator_function(self._valid)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The schema of the class, written out where it stands."""
        kind = self.kind
        kind.model_rebuild()
        return handler(kind.__pydantic_core_schema__)

    def _valid(self, value: Any) -> Any:
        return self.kind.model_validate(value)
