"""JSON Schemas that people write: whether one is a schema at all, and what of a value does not follow it, in words.

They may come from strangers: nothing is fetched for one, and none runs for longer than it may.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hfsft.plain import plain
from hfsft.sandbox.patterns import SECONDS, TooSlowError, compiled, found_in

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
    for pattern in _patterns(schema):
        try:
            compiled(pattern)
        except ValueError as error:  # noqa: PERF203 - the first one is told
            return f"is no JSON Schema: {error}"
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
    """What of a value does not follow a schema, the first few things in a line; empty for one that follows it.

    A schema that takes longer than it may for the value does not fit it, and that is said.
    """
    deadline, validator = _validator(json.dumps(schema))
    deadline.until = time.thread_time() + SECONDS
    try:
        errors = sorted(validator.iter_errors(value), key=lambda error: str(error.json_path))
    except TooSlowError as error:
        return str(error)
    except RecursionError:
        return "the schema refers to itself without end, or the value is nested too deep"
    return "; ".join(dict.fromkeys(map(_told, errors[:TOLD])))


def misfit(value: Any, schema: str) -> tuple[str, str] | None:
    """The one thing of a value that follows a schema least, with the way to it; None where it follows.

    The schema, as JSON, is somebody's of a dataset: what of it cannot be read, or takes too long, asks nothing.
    """
    from jsonschema.exceptions import ValidationError, best_match

    try:
        deadline, validator = _validator(schema, lenient=True)
        deadline.until = time.thread_time() + SECONDS
        error = best_match(validator.iter_errors(value))
    except Exception:  # a schema that is none
        return None
    if not isinstance(error, ValidationError):
        return None
    return ".".join(map(str, error.absolute_path)), error.message


@dataclass
class _Deadline:
    """When the check of one value must have come to an end, in processor time of its thread."""

    until: float = 0.0

    def timed(self, check: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
        """A keyword's check that looks at the clock first."""

        def timed(validator: Any, given: Any, instance: Any, schema: Any) -> Iterator[Any]:
            if time.thread_time() > self.until:
                raise TooSlowError(f"the schema takes longer than {SECONDS:g} seconds on it")
            yield from check(validator, given, instance, schema) or ()

        return timed


@lru_cache(maxsize=512)
def _validator(schema: str, *, lenient: bool = False) -> tuple[_Deadline, Validator]:
    from jsonschema import validators
    from jsonschema_specifications import REGISTRY

    read, deadline = json.loads(schema), _Deadline()
    kind: Any = validators.validator_for(read, default=validators.Draft202012Validator)
    extend: Any = validators.extend
    patterns = {name: _asking_nothing(check) for name, check in PATTERNS.items()} if lenient else PATTERNS
    timed = extend(kind, {name: deadline.timed(check) for name, check in {**kind.VALIDATORS, **patterns}.items()})
    # The registry of its own knows the drafts alone: the usual one would fetch what a reference names.
    return deadline, timed(read, registry=REGISTRY)


def _pattern(validator: Any, pattern: str, instance: Any, _: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if validator.is_type(instance, "string") and not found_in(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _: Any) -> Iterator[Any]:
    if validator.is_type(instance, "object"):
        for pattern, inside in patterns.items():
            for name in (name for name in instance if found_in(pattern, name)):
                yield from validator.descend(instance[name], inside, path=name, schema_path=pattern)


def _asking_nothing(check: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    """A keyword's check that passes where a pattern is none, or takes too long."""

    def checked(*told: Any) -> Iterator[Any]:
        with suppress(TooSlowError, ValueError):
            yield from check(*told)

    return checked


PATTERNS: dict[str, Callable[..., Any]] = {"pattern": _pattern, "patternProperties": _pattern_properties}
"""Keywords whose patterns are searched for within a bound of time."""


def _told(error: Any) -> str:
    at = str(error.json_path).removeprefix("$").lstrip(".")
    return f"{at + ': ' if at else ''}{plain(error.message, LONGEST)}"


def _patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        for key, inner in schema.items():
            if key == "pattern" and isinstance(inner, str):
                yield inner
            elif key == "patternProperties" and isinstance(inner, Mapping):
                yield from inner
            yield from _patterns(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            yield from _patterns(inner)


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
