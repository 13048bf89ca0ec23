"""JSON Schemas that may come from strangers: checked by the `jsonschema` package, within a bound of time, offline."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from hfsft.filters.checks.patterns import SECONDS, TooSlowError, found_in
from hfsft.plain import plain

LARGEST = 200_000  # characters of one schema
SHOWN = 160  # of what is said of one fault


class SchemaError(ValueError):
    """What is no schema, with why as the end of a sentence."""


class _Deadline:
    """When the check of one text must have come to an end; of the thread's own processor time."""

    until = 0.0

    def check(self) -> None:
        if time.thread_time() > self.until:
            raise TooSlowError(f"the schema takes longer than {SECONDS:g} seconds on it")


class SchemaCheck:
    """One schema, ready to check values."""

    def __init__(self, schema: Any) -> None:
        from jsonschema import Draft202012Validator, exceptions
        from jsonschema.validators import extend, validator_for
        from referencing import Registry

        kind: Any = validator_for(schema, default=Draft202012Validator)
        try:
            kind.check_schema(schema)
        except exceptions.SchemaError as error:
            raise SchemaError(f"is no JSON Schema: {_path(error)}: {plain(error.message, SHOWN)}") from None
        self._deadline = _Deadline()
        keywords = {name: self._timed(check) for name, check in {**kind.VALIDATORS, **PATTERNS}.items()}
        # Without a registry of its own it would fetch what a schema refers to from wherever that says.
        extended: Any = extend
        self._validator = extended(kind, keywords)(schema, registry=Registry())

    def violation(self, value: Any) -> str | None:
        """The gravest fault of a value, None where it has none."""
        from jsonschema.exceptions import best_match
        from referencing.exceptions import Unresolvable

        self._deadline.until = time.thread_time() + SECONDS
        try:
            error: Any = best_match(self._validator.iter_errors(value))
        except TooSlowError as error:
            return str(error)
        except RecursionError:
            return "the schema refers to itself without end, or the value is nested too deep"
        except Unresolvable as error:
            return f"the schema refers to `{plain(str(error.ref), 80)}`, which does not stand in it"
        return None if error is None else f"{_path(error)}: {plain(error.message, SHOWN)}"

    def _timed(self, check: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
        def timed(validator: Any, given: Any, instance: Any, schema: Any) -> Iterator[Any]:
            self._deadline.check()
            yield from check(validator, given, instance, schema) or ()

        return timed


def _pattern(validator: Any, pattern: str, instance: Any, _: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if validator.is_type(instance, "string") and not found_in(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _: Any) -> Iterator[Any]:
    if validator.is_type(instance, "object"):
        for pattern, inside in patterns.items():
            for name, value in instance.items():
                if found_in(pattern, name):
                    yield from validator.descend(value, inside, path=name, schema_path=pattern)


PATTERNS: dict[str, Callable[..., Any]] = {"pattern": _pattern, "patternProperties": _pattern_properties}
"""Keywords whose patterns are searched for within a bound of time."""


@lru_cache(maxsize=256)
def schema_of(text: str) -> SchemaCheck:
    """The schema that a text holds as JSON. Raises `SchemaError` where it holds none."""
    if len(text) > LARGEST:
        raise SchemaError(f"is longer than {LARGEST:,} characters")
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SchemaError(f"is no JSON: {error}") from None
    if not isinstance(schema, dict):
        raise SchemaError("is no JSON Schema: it must be an object")
    try:
        return SchemaCheck(schema)
    except SchemaError:
        raise
    except Exception as error:  # a pattern that is none, a reference that is none: whatever its author wrote
        raise SchemaError(f"is no JSON Schema: {plain(str(error), SHOWN)}") from None


def _path(error: Any) -> str:
    return plain(str(error.json_path), SHOWN)
