"""Schemas of tools, however they are written -> functions as OpenAI has them, and what is wrong with others.

Read are OpenAI's form (below `function`), the bare function, Anthropic's (`input_schema`), and that of xLAM, ToolACE
and BFCL, where parameters are named without a schema around them and types are Python's:

{"city": {"type": "str, optional"}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hfsft.rows.calls import as_json
from hfsft.sandbox.json_schemas import wrong_schema

NAME = re.compile(r"[A-Za-z_][\w.:/-]{0,127}")
"""What tools may be called: as servers take it, and with dots and slashes, as in published sets."""
TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_PYTHON = {
    "str": "string", "text": "string", "char": "string", "date": "string", "datetime": "string", "float": "number",
    "double": "number", "decimal": "number", "int": "integer", "long": "integer", "bool": "boolean", "list": "array",
    "tuple": "array", "set": "array", "dict": "object", "dictionary": "object", "hashmap": "object", "none": "null",
}  # fmt: skip
_WITHIN = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_EACH = ("anyOf", "oneOf", "allOf", "prefixItems")
_ONE = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
_SCHEMA = ("properties", "$ref", "anyOf", "oneOf", "allOf", "additionalProperties", "required")
DEEP = 64  # levels of a schema that are looked at


class Tool(NamedTuple):
    """One tool as it is offered."""

    name: str
    description: str
    parameters: Mapping[str, Any]  # a JSON Schema of an object

    @property
    def properties(self) -> Mapping[str, Any]:
        """The parameters by name; empty where the schema names none."""
        found = self.parameters.get("properties")
        return found if isinstance(found, Mapping) else {}

    @property
    def required(self) -> list[str]:
        """The names of those that a call must give."""
        found = self.parameters.get("required")
        return [name for name in found if isinstance(name, str)] if isinstance(found, Sequence) else []

    @property
    def open(self) -> bool:
        """Whether a call may give what the schema does not name: only where it says so."""
        return bool(self.parameters.get("additionalProperties") or self.parameters.get("patternProperties")) or any(
            name in self.parameters for name in ("$ref", *_EACH)
        )

    def as_openai(self) -> dict[str, Any]:
        """The tool as a request offers it."""
        told = {"description": self.description} if self.description else {}
        return {"type": "function", "function": {"name": self.name, **told, "parameters": dict(self.parameters)}}


def tool_of(value: Mapping[str, Any]) -> Tool:
    """A tool, from any of the forms; ValueError, in words, where it has no name that can be called."""
    inner = value.get("function")
    function = inner if isinstance(inner, Mapping) else value
    name = function.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError("a tool has no name that can be called (letters, digits, _ - . /)")
    given: Any = next((function[key] for key in ("parameters", "input_schema") if function.get(key) is not None), {})
    if not isinstance(given, Mapping):
        raise ValueError(f"the parameters of {name} are no object")
    description = function.get("description")
    return Tool(name, description if isinstance(description, str) else "", _schema(given))


def tools_in(value: Sequence[Mapping[str, Any]]) -> list[Tool]:
    """All tools of a list; ValueError where one cannot be used or two have one name."""
    found = [tool_of(each) for each in value]
    names = [tool.name for tool in found]
    if twice := next((name for place, name in enumerate(names) if name in names[:place]), None):
        raise ValueError(f"two tools are called {twice}")
    return found


def unfit(tools: Sequence[Tool]) -> Iterator[str]:
    """What is wrong with schemas, so that nothing could be checked by them, in words."""
    for tool in tools:
        try:
            as_json(tool.parameters)
            if wrong := wrong_schema(tool.parameters):
                yield f"the schema of what {tool.name} takes {wrong}"
        except (ValueError, RecursionError):
            yield f"the parameters of {tool.name} cannot be written as JSON"
        if lost := [name for name in tool.required if tool.properties and name not in tool.properties]:
            yield f"{tool.name} requires {', '.join(lost)}, which its properties do not name"


def _schema(given: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of parameters, whether they are written as one or named one by one."""
    kind = given.get("type")
    if isinstance(kind, str | list) or any(name in given for name in _SCHEMA) or not given:
        found = _typed(given)
        return found if found.get("type") else {"type": "object", **found}
    named = {name: value if isinstance(value, Mapping) else {"type": value} for name, value in given.items()}
    required = [name for name, value in named.items() if _required(value)]
    return {
        "type": "object",
        "properties": {name: _typed(value) for name, value in named.items()},
        **({"required": required} if required else {}),
    }


def _required(value: Mapping[str, Any]) -> bool:
    """Whether a parameter named without a schema must be given: it says so, or says nothing against it."""
    told = value.get("required")
    return told if isinstance(told, bool) else "default" not in value and "optional" not in str(value.get("type"))


def _typed(node: Any, deep: int = 0) -> Any:
    """A schema in which types are those of JSON Schema; a type that nobody knows says nothing."""
    if not isinstance(node, Mapping) or deep > DEEP:
        return node
    made: dict[str, Any] = {}
    for name, value in node.items():
        if name in _WITHIN and isinstance(value, Mapping):
            made[name] = {key: _typed(inner, deep + 1) for key, inner in value.items()}
        elif name in _EACH and isinstance(value, list):
            made[name] = [_typed(inner, deep + 1) for inner in value]
        elif name in _ONE:
            made[name] = _typed(value, deep + 1)
        elif name == "type":
            made.update(_type(value))
        elif name == "required" and isinstance(value, bool):
            continue  # as the parameter's own, in older drafts
        else:
            made[name] = value
    return made


def _type(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        known = [found for each in value for found in [_type(each).get("type")] if found]
        return {"type": known} if len(known) == len(value) and known else {}
    if not isinstance(value, str):
        return {}
    word = value.partition(",")[0].strip()
    outer = re.split(r"[\[<(]", word.lower())[0].strip().removeprefix("typing.")
    kind = outer if outer in TYPES else _PYTHON.get(outer)
    if kind is None:
        return {}
    inner = re.fullmatch(r"\w+\[(\w+)\]", word) if kind == "array" else None
    items = _type(inner[1]) if inner else {}
    return {"type": kind, **({"items": items} if items else {})}
