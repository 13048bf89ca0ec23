"""JSON Schema of recipes for editors, and tables for the docs: both made from the models alone."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.json_schema import GenerateJsonSchema, JsonRef, JsonSchemaValue

from hfsft.recipe.yaml.type_paths import bare, extra

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_core import core_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def recipe_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a recipe as its author writes it."""
    schema = model.model_json_schema(schema_generator=_AsWritten)
    return {"$schema": DIALECT, **schema}


def dumps(model: type[BaseModel]) -> str:
    """The JSON Schema as a text that is the same for the same models."""
    return json.dumps(recipe_schema(model), indent=2, ensure_ascii=False) + "\n"


def filter_table(filters: Mapping[str, type[BaseModel]]) -> str:
    """A Markdown table of filters: name, what each measures, its arguments with their defaults."""
    rows = [
        (
            f"`{name}`",
            first_sentence(kind),
            ", ".join(_argument(field.alias or name, field) for name, field in kind.model_fields.items()),
        )
        for name, kind in filters.items()
    ]
    return markdown_table(("filter", "what it does", "arguments"), rows)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, each cell on one line."""
    lines = [head, ["---"] * len(head), *rows]
    cells = ([" ".join(cell.split()).replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def first_sentence(kind: type[BaseModel]) -> str:
    """The first sentence of a class's docstring, on one line."""
    text = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
    return re.split(r"(?<=[.!?]) (?=[A-Z`])", text)[0]


def undescribed(model: type[BaseModel]) -> list[str]:
    """The fields of all models reachable from `model` that have no description, as `Model.field`."""
    return [
        f"{kind.__name__}.{name}"
        for kind in reachable(model)
        for name, field in kind.model_fields.items()
        if not field.description
    ]


def reachable(model: type[BaseModel]) -> list[type[BaseModel]]:
    """`model` and every model that its fields lead to, in the order that a reader meets them."""
    found: dict[type[BaseModel], None] = {}
    pending: list[Any] = [model]
    while pending:
        kind = bare(pending.pop())
        if isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, BaseModel):
            if kind not in found:
                found[kind] = None
                pending += [extra(kind), *(field.annotation for field in reversed(kind.model_fields.values()))]
        else:
            pending += [inside for inside in reversed(get_args(kind)) if not isinstance(inside, Tag)]
    return list(found)


def _argument(name: str, field: FieldInfo) -> str:
    if field.is_required():
        return f"`{name}` (required)"
    default = field.get_default(call_default_factory=True, validated_data={})
    return f"`{name}`" if default is None else f"`{name}: {json.dumps(default, default=str)}`".replace('"', "")


class _AsWritten(GenerateJsonSchema):
    """Pydantic's generator, which knows nothing of the short forms that a validator accepts before a model."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """No: a field is called by its key."""
        return False

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """A union told apart by code: `name: {...}`, or the bare name; or by which key of a mapping is there."""
        if not callable(schema["discriminator"]):
            return super().tagged_union_schema(schema)
        inside = {str(tag): self.generate_inner(choice) for tag, choice in schema["choices"].items()}
        if all(tag in self._properties(choice) for tag, choice in inside.items()):
            return {"anyOf": list(inside.values())}
        named = {
            "type": "object",
            "properties": {tag: {"anyOf": [choice, {"type": "null"}]} for tag, choice in inside.items()},
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        }
        return {"anyOf": [named, {"enum": list(inside)}]}

    def _properties(self, schema: JsonSchemaValue) -> Mapping[str, Any]:
        whole = self.get_schema_from_definitions(JsonRef(schema["$ref"])) if "$ref" in schema else schema
        properties: Mapping[str, Any] = (whole or {}).get("properties", {})
        return properties
