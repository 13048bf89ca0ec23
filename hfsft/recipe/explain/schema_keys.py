"""The keys of a recipe in words, read from its JSON Schema: what is explained is what editors know too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hfsft.plain import digits

KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
PLAIN = re.compile(r"[A-Za-z0-9_./@+ ()\-]*[A-Za-z0-9_./@+()\-]")  # needs no quotes in YAML, whatever stands around it

ANY = "<name>"
"""Stands in a path for any name of the author's own."""

SchemaPart = Mapping[str, Any]
"""A piece of a JSON Schema."""


@dataclass(frozen=True)
class Key:
    """One key: what may stand there, what stands there where it is left out, what it means."""

    path: str  # from its section on, `[]` for any item of a list and `<name>` for any name
    type: str
    allowed: str  # which values of that type; empty for all
    required: bool
    default: Any
    about: str
    inside: tuple[Key, ...] = ()

    @property
    def name(self) -> str:
        """The key itself."""
        return self.path.rpartition(".")[2]

    @property
    def by_name(self) -> bool:
        """Whether names of the author's own stand right below it."""
        return self.type.startswith("mapping of names")

    @property
    def left_out(self) -> str:
        """What holds where the key is left out, in few words."""
        if self.required:
            return "required"
        return "optional" if self.default is None else f"default {written(self.default)}"

    def all(self) -> Iterator[Key]:
        """The key and all below it, in the order that a reader meets them."""
        yield self
        for key in self.inside:
            yield from key.all()

    def as_dict(self) -> dict[str, Any]:
        """The key as JSON."""
        found = {"key": self.path, "type": self.type, "allowed": self.allowed, "required": self.required}
        return {**found, "default": self.default, "about": self.about, "keys": [key.as_dict() for key in self.inside]}


class Schema:
    """A JSON Schema, and the keys in it."""

    def __init__(self, whole: SchemaPart) -> None:
        self.whole = whole

    def keys(self, model: SchemaPart, path: str = "") -> tuple[Key, ...]:
        """The keys of an object."""
        found = [
            self.key(f"{path}.{name}".lstrip("."), part, name in model.get("required", ()))
            for name, part in model.get("properties", {}).items()
        ]
        more = model.get("additionalProperties")
        if isinstance(more, Mapping) and model.get("title"):  # any other key has this form
            found.append(self.key(f"{path}.{ANY}".lstrip("."), more, False))
        return tuple(found)

    def key(self, path: str, part: SchemaPart, required: bool) -> Key:
        """One key, and what stands below it."""
        about = part.get("description") or self.resolved(part).get("description", "")
        inside: dict[str, Key] = {}
        for suffix, model in self.models(part):
            for key in self.keys(model, path + suffix):
                inside.setdefault(key.path, key)
        default = self._short(part.get("default"), part)
        return Key(path, self.type_of(part), self.allowed(part), required, default, about, tuple(inside.values()))

    def models(self, part: SchemaPart) -> Iterator[tuple[str, SchemaPart]]:
        """The objects with keys of their own that may stand somewhere in a value, each with the way there."""
        for choice in self.choices(part):
            if choice.get("maxProperties") == 1:
                continue  # an item that is told apart by its one key, such as a filter, is explained by itself
            if choice.get("title") and ("properties" in choice):
                yield "", choice
            elif choice.get("type") == "array" and "items" in choice:
                yield from ((f"[]{suffix}", model) for suffix, model in self.models(choice["items"]))
            elif isinstance(choice.get("additionalProperties"), Mapping):
                more = choice["additionalProperties"]
                yield from ((f".{ANY}{suffix}", model) for suffix, model in self.models(more))

    def resolved(self, part: SchemaPart) -> SchemaPart:
        """The part itself, where another one only refers to it."""
        reference = part.get("$ref")
        if reference is None:
            return part
        found: SchemaPart = self.whole["$defs"][reference.rpartition("/")[2]]
        return found

    def tags(self, part: SchemaPart) -> dict[str, SchemaPart]:
        """The items of a list that are told apart by their one key, such as filters: by that key."""
        lists = [choice["items"] for choice in self.choices(part) if choice.get("items")]
        named = [each for items in lists for each in self.choices(items) if each.get("maxProperties") == 1]
        return {tag: inner for each in named for tag, inner in each["properties"].items()}

    def choices(self, part: SchemaPart) -> list[SchemaPart]:
        """What may stand there, but for nothing."""
        part = self.resolved(part)
        choices = part.get("anyOf") or part.get("oneOf")
        if choices is None:
            return [] if part.get("type") == "null" else [part]
        return [inner for choice in choices for inner in self.choices(choice)]

    def type_of(self, part: SchemaPart) -> str:
        """The type of a value in words."""
        return " or ".join(dict.fromkeys(map(self._type, self.choices(part)))) or "anything"

    def allowed(self, part: SchemaPart) -> str:
        """Which values may stand there; empty where the type says all."""
        said = "; ".join(dict.fromkeys(filter(None, map(self._allowed, self.choices(part)))))
        null_says_more = {"type": "null"} in part.get("anyOf", ()) and part.get("default") is not None
        return f"{said} | null" if said and null_says_more else said

    def _type(self, part: SchemaPart) -> str:
        if "enum" in part or "const" in part:
            return "text"
        kind = part.get("type")
        if kind == "array" and "prefixItems" in part:
            items = [self.type_of(each) for each in part["prefixItems"]]
            return f"list of {len(items)} {_plural(' or '.join(dict.fromkeys(items)))}"
        if kind == "array":
            return f"list of {_plural(self.type_of(part['items']))}" if part.get("items") else "list"
        if kind == "object":
            more = part.get("additionalProperties")
            of = isinstance(more, Mapping) and more and not part.get("title")
            return (
                f"mapping of names to {_plural(self.type_of(more))}" if of and isinstance(more, Mapping) else "mapping"
            )
        return KINDS.get(str(kind), "anything")

    def _allowed(self, part: SchemaPart) -> str:
        if "enum" in part or "const" in part:
            return " | ".join(written(value) for value in part.get("enum", [part.get("const")]))
        said = []
        low, high = part.get("minimum"), part.get("maximum")
        above, below = part.get("exclusiveMinimum"), part.get("exclusiveMaximum")
        if low is not None and high is not None:
            said.append(f"{digits(low)} to {digits(high)}")
        else:
            for word, bound in (("at least", low), ("above", above), ("at most", high), ("below", below)):
                if bound is not None:
                    said.append(f"{word} {digits(bound)}")
        if part.get("pattern"):
            said.append(f"as {part['pattern']}")
        elif part.get("minLength") or (part.get("minItems") and "prefixItems" not in part) or part.get("minProperties"):
            said.append("not empty")
        inner = part.get("items") or part.get("additionalProperties")
        if isinstance(inner, Mapping) and not any(True for _ in self.models(inner)) and (each := self.allowed(inner)):
            said.append(f"each {each}" if len(each) < 200 else "")
        return ", ".join(filter(None, said))

    def _short(self, default: Any, part: SchemaPart) -> Any:
        """A default without what is a default itself, or nothing."""
        if isinstance(default, Mapping):
            models = [model for _, model in self.models(part)]
            known = {name: each for model in models for name, each in model.get("properties", {}).items()}
            own = part.get("additionalProperties", self.resolved(part).get("additionalProperties"))
            inner = own if isinstance(own, Mapping) else {}
            return {
                name: self._short(value, known.get(name, inner))
                for name, value in default.items()
                if value is not None and (name not in known or value != known[name].get("default"))
            }
        return default


def written(value: Any) -> str:
    """A value in one line of YAML."""
    if isinstance(value, str):
        plain = PLAIN.fullmatch(value) and not _is_other(value)
        return value if plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{written(str(name))}: {written(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(written, value)) + "]"
    return json.dumps(int(value) if isinstance(value, float) and value.is_integer() else value)


def _is_other(text: str) -> bool:
    """Whether YAML reads the bare word as a number or as yes, no or nothing."""
    words = ("true", "false", "null", "yes", "no", "on", "off", "~")
    return text.lower() in words or bool(re.fullmatch(r"[-+.\d][\d._eE+\-]*", text)) or text[:1] in "-?@ "


def _plural(words: str) -> str:
    """`text or mapping` -> `texts or mappings`; what has a list in it, `lists of texts`."""
    first, of, rest = words.partition(" of ")
    if of:
        return f"{first}s{of}{rest}"
    many = {"true or false": "true or false", "anything": "anything"}
    return many.get(words) or " or ".join(many.get(word, f"{word}s") for word in words.split(" or "))
