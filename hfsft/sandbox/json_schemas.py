"""JSON Schemas that people write: whether one is a schema at all, and what of a value does not follow it, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hfsft.plain import plain

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

LONGEST = 200  # characters of one complaint
TOLD = 3
"""Complaints about one value that are told."""


def wrong_schema(schema: Any) -> str:
    """What is wrong with a schema, as the end of a sentence; empty for one that values can be checked by.

    One that refers to another document is refused: nothing is fetched for it.
    """
    from jsonschema import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    if not isinstance(schema, Mapping):
        return f"must be a mapping, as in {{type: object}}, not {type(schema).__name__}"
    try:
        validator_for(schema, default=Draft202012Validator).check_schema(dict(schema))
    except SchemaError as error:
        return f"is no JSON Schema: {_told(error)}"
    resolver = Registry().with_resource("", DRAFT202012.create_resource(schema)).resolver()
    for target in _references(schema):
        if not target.startswith("#"):
            return f"refers to `{plain(target, LONGEST)}`: write what stands there into it, under $defs"
        try:
            resolver.lookup(target)
        except Unresolvable:
            return f"refers to `{plain(target, LONGEST)}`, which is not in it"
    return ""


def wrong_with(value: Any, schema: Mapping[str, Any]) -> str:
    """What of a value does not follow a schema, the first few things in a line; empty for one that follows it."""
    errors = sorted(_validator(json.dumps(schema)).iter_errors(value), key=lambda error: error.json_path)
    return "; ".join(dict.fromkeys(map(_told, errors[:TOLD])))


@lru_cache(maxsize=64)
def _validator(schema: str) -> Validator:
    from jsonschema.validators import Draft202012Validator, validator_for
    from jsonschema_specifications import REGISTRY

    read = json.loads(schema)
    # The registry of its own knows the drafts alone: the usual one would fetch what a reference names.
    made: Validator = validator_for(read, default=Draft202012Validator)(read, registry=REGISTRY)
    return made


def _told(error: Any) -> str:
    at = str(error.json_path).removeprefix("$").lstrip(".")
    return f"{at + ': ' if at else ''}{plain(error.message, LONGEST)}"


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        for key, inner in schema.items():
            if key in ("$ref", "$dynamicRef") and isinstance(inner, str):
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            yield from _references(inner)
