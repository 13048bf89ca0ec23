"""Secrets that stand in a recipe, found by their places: a recipe is published, so none may."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfsft.keys import LOGIN, LOOKS_LIKE_KEY, addresses, field_speaks, header_speaks, in_address, is_name, opaque
from hfsft.marks import BODY, HEADERS, KEY, PROSE, SERVER, Loc, Mark, marks
from hfsft.models.model import HEADER
from hfsft.recipe.overrides import name_path
from hfsft.recipe.yaml.type_paths import inside

if TYPE_CHECKING:
    from pydantic import BaseModel

KEY_ADVICE = "recipes are published: write `api_key_env: NAME`, and set NAME in the environment"
CALLED_HEADERS = {"headers", "header", "extra_headers", "default_headers", "http_headers"}
# Headers that name who asks, some by a long run of letters and digits.
PUBLIC_HEADERS = {"openai-organization", "openai-project", "http-referer", "referer", "x-title", "user-agent"}
# What a JSON Schema in `extra_body` says of an answer: its properties are names, not values.
SCHEMAS = {"properties", "$defs", "definitions", "json_schema", "guided_json", "response_format", "schema"}


@dataclass(frozen=True)
class Secret:
    """One secret: its path, what to say of it and what to do; `value` is never to be said."""

    loc: Loc
    message: str
    help: str
    value: str


@dataclass(frozen=True)
class _At:
    """What is known of a place by the types of a recipe."""

    data: Any  # the whole recipe
    kinds: tuple[Any, ...]  # what may stand there
    marks: frozenset[Mark] = frozenset()  # on the fields that lead there
    own: frozenset[Mark] = frozenset()  # on the last of them, where that is the last step
    known: bool = True  # whether the last step is a field of ours, or a name that authors give to something of theirs

    def inside(self, step: str | int, within: Any) -> _At:
        found = [each for kind in self.kinds for each in inside(kind, step, within)]
        own = frozenset(mark for each in found if each.field for mark in marks(each.field) if isinstance(mark, Mark))
        known = any(each.field or each.named for each in found)
        return _At(self.data, tuple(each.kind for each in found), self.marks | own, own, known)


def secrets_in(data: Any, model: type[BaseModel]) -> list[Secret]:
    """Every secret in a recipe's data, which should be one of `model`; one for each place."""
    found: dict[Loc, Secret] = {}
    for secret in _walk(data, (), _At(data, (model,))):
        found.setdefault(secret.loc, secret)
    return list(found.values())


def _walk(value: Any, loc: Loc, at: _At) -> Iterator[Secret]:
    if isinstance(value, Mapping):
        if any(LOOKS_LIKE_KEY.search(str(key)) for key in value):
            hidden = next(str(key) for key in value if LOOKS_LIKE_KEY.search(str(key)))
            yield Secret((*loc, hidden), "a key of this mapping looks like a secret key", KEY_ADVICE, hidden)
        for key, inner in value.items():
            there = at.inside(str(key), value)
            yield from _entry(str(key), inner, (*loc, key), there, at)
            yield from _walk(inner, (*loc, key), there)
    elif isinstance(value, list | tuple):
        there = at.inside(0, value)  # as at any other place in it
        for index, inner in enumerate(value):
            yield from _walk(inner, (*loc, index), there)
    elif isinstance(value, str):
        yield from _text(value, loc, at)


def _entry(key: str, value: Any, loc: Loc, at: _At, around: _At) -> Iterator[Secret]:
    """What the name of an entry says of its value; `around` is the mapping that it is in."""
    data = at.data
    path = [step for step in loc[:-1] if isinstance(step, str)]
    header = HEADERS in around.own or (bool(path) and path[-1].lower() in CALLED_HEADERS)
    below = HEADERS in around.marks - around.own or (len(path) > 1 and path[-2].lower() in CALLED_HEADERS)
    variable = key == "api_key_env" or KEY in at.own or (key == "env" and below)
    if variable and isinstance(value, str) and not is_name(value):
        said = f"{name_path(loc, data)} must name an environment variable, and this is no name of one"
        yield Secret(loc, said, "such as OPENAI_API_KEY; never write the key itself", value)
    elif key == "api_key_header" and isinstance(value, str) and not re.fullmatch(HEADER, value):
        said = f"{name_path(loc, data)} must name a header, and this is no name of one"
        yield Secret(loc, said, "such as api-key; never write the key itself", value)
    elif header and not re.fullmatch(HEADER, key):
        said = f"{name_path(loc[:-1], data)} has a name in it that no header can have"
        yield Secret(loc[:-1], said, "write `headers: {X-Title: my data}`", key)
    elif header:
        yield from _header(key, value, loc, data)
    elif (HEADERS in at.own or key.lower() in CALLED_HEADERS) and not isinstance(value, Mapping):
        for inner, text in _literals(value, loc):
            yield Secret(
                inner, f"{name_path(loc, data)} must be a mapping", "write `headers: {X-Title: my data}`", text
            )
    elif not at.known and not SCHEMAS & set(path) and _names_one(key, value):
        for inner, text in _literals(value, loc, variables=False):
            yield Secret(inner, f"{name_path(loc, data)} is a secret by its name", _field_advice(at), text)


def _header(name: str, value: Any, loc: Loc, data: Any) -> Iterator[Secret]:
    speaks = header_speaks(name)
    for inner, text in _literals(value, loc):
        if speaks or (name.lower() not in PUBLIC_HEADERS and opaque(text)):
            why = "is a secret by its name" if speaks else "looks like a secret key"
            yield Secret(inner, f"{name_path(loc, data)} {why}", _header_advice(name, text), text)


def _text(value: str, loc: Loc, at: _At) -> Iterator[Secret]:
    """What a text says of itself."""
    data, asked, sent = at.data, SERVER in at.marks, BODY in at.marks
    if match := LOOKS_LIKE_KEY.search(value):
        said = f"{name_path(loc, data)} looks like a secret key ({match[1] or match[2]}...)"
        yield Secret(loc, said, KEY_ADVICE, value)
    elif PROSE in at.marks:
        return
    elif LOGIN.search(value):
        yield Secret(loc, f"{name_path(loc, data)} looks like a secret login", KEY_ADVICE, value)
    else:
        for address in [value.strip()] if asked else addresses(value):
            for what, secret in in_address(address, asked=asked):
                yield Secret(loc, f"{name_path(loc, data)} holds a secret: {what}", _address_advice(what), secret)
        if not sent:
            return
        from hfsft.privacy.credentials.secrets import find

        if found := find(value):  # AccountName=...;AccountKey=...
            said = f"{name_path(loc, data)} looks like a secret ({found[0].kind})"
            yield Secret(loc, said, KEY_ADVICE, value[found[0].start : found[0].end])


def _literals(value: Any, loc: Loc, *, variables: bool = True) -> Iterator[tuple[Loc, str]]:
    """Texts and numbers that stand in place of a value; with `variables`, `{env: NAME}` is none."""
    if isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _literals(inner, (*loc, index), variables=variables)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if not variables or key != "env" or not isinstance(inner, str):  # which is checked where it stands
                yield from _literals(inner, (*loc, key), variables=variables)
    elif value is not None and not isinstance(value, bool) and str(value).strip():
        yield loc, str(value)


def _names_one(key: str, value: Any) -> bool:
    """Whether a field's name says that what stands in it is a secret; of a list its first item tells the kind."""
    if isinstance(value, list | tuple):
        return any(_names_one(key, item) for item in value[:1])
    return field_speaks(key, "..." if isinstance(value, Mapping) else value)


def _header_advice(name: str, value: str) -> str:
    if name.lower() == "authorization" and re.match(r"(?i)bearer\s", value):
        return KEY_ADVICE
    if name.lower() in ("authorization", "proxy-authorization", "cookie"):
        return f"recipes are published: write `{name}: {{env: NAME}}`, and set NAME in the environment"
    return (
        f"recipes are published: write `api_key_env: NAME` with `api_key_header: {name}`, or `{name}: {{env: NAME}}`, "
        "and set NAME in the environment"
    )


def _field_advice(at: _At) -> str:
    if BODY in at.marks:
        return f"{KEY_ADVICE}; for another header than Authorization write `headers: {{X-Custom: {{env: NAME}}}}`"
    return KEY_ADVICE


def _address_advice(what: str) -> str:
    if what.startswith("a user"):
        return "write `headers: {Authorization: {env: NAME}}`, and set NAME to `Basic ...` in the environment"
    return (
        "write `api_key_env: NAME` with the header that the server takes a key in, such as `api_key_header: api-key`; "
        "an address may say api-version"
    )
