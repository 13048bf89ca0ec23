"""Secrets that stand in a recipe, found by their places: a recipe is published, so none may."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hfsft.filters import FILTERS
from hfsft.keys import LOGIN, LOOKS_LIKE_KEY, addresses, field_speaks, header_speaks, in_address, is_name, opaque
from hfsft.models.model import HEADER
from hfsft.privacy.secrets import find
from hfsft.recipe.overrides import Loc, name_path

KEY_ADVICE = "recipes are published: write `api_key_env: NAME`, and set NAME in the environment"
# What the author names: criteria, columns, speakers, variables; a criterion may well be called `password`.
NAMED_BY_AUTHORS = {"rubric", "scores", "score", "roles", "rows", "prompts", "keep", "columns", "attributes", "labels"}
FINGERPRINTS = {"not_secret"}  # of what looks like a secret and is none
TEXTS = {"description", "prompts", "rows", "rubric", "template", "templates", "system", "context", "why", "anchors"}
HEADERS = {"headers", "header", "extra_headers", "default_headers", "http_headers"}
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


def secrets_in(data: Any) -> list[Secret]:
    """Every secret in a recipe's data; one for each place."""
    found: dict[Loc, Secret] = {}
    for secret in _walk(data, (), data):
        found.setdefault(secret.loc, secret)
    return list(found.values())


def _walk(value: Any, loc: Loc, data: Any) -> Iterator[Secret]:
    if isinstance(value, Mapping):
        if any(LOOKS_LIKE_KEY.search(str(key)) for key in value):
            hidden = next(str(key) for key in value if LOOKS_LIKE_KEY.search(str(key)))
            yield Secret((*loc, hidden), "a key of this mapping looks like a secret key", KEY_ADVICE, hidden)
        for key, inner in value.items():
            yield from _entry(str(key), inner, (*loc, key), data)
            yield from _walk(inner, (*loc, key), data)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _walk(inner, (*loc, index), data)
    elif isinstance(value, str):
        yield from _text(value, loc, data)


def _entry(key: str, value: Any, loc: Loc, data: Any) -> Iterator[Secret]:
    """What the name of an entry says of its value."""
    path = [step for step in loc[:-1] if isinstance(step, str)]
    variable = key == "api_key_env" or (key == "env" and len(path) > 1 and path[-2].lower() in HEADERS)
    if variable and isinstance(value, str) and not is_name(value):
        said = f"{name_path(loc, data)} must name an environment variable, and this is no name of one"
        yield Secret(loc, said, "such as OPENAI_API_KEY; never write the key itself", value)
    elif key == "api_key_header" and isinstance(value, str) and not re.fullmatch(HEADER, value):
        said = f"{name_path(loc, data)} must name a header, and this is no name of one"
        yield Secret(loc, said, "such as api-key; never write the key itself", value)
    elif path and path[-1].lower() in HEADERS and not re.fullmatch(HEADER, key):
        said = f"{name_path(loc[:-1], data)} has a name in it that no header can have"
        yield Secret(loc[:-1], said, "write `headers: {X-Title: my data}`", key)
    elif path and path[-1].lower() in HEADERS:
        yield from _header(key, value, loc, data)
    elif key.lower() in HEADERS and not isinstance(value, Mapping):
        for inner, text in _literals(value, loc):
            yield Secret(
                inner, f"{name_path(loc, data)} must be a mapping", "write `headers: {X-Title: my data}`", text
            )
    elif key not in FINGERPRINTS and _names_fields(path, key) and _names_one(key, value):
        for inner, text in _literals(value, loc, variables=False):
            yield Secret(inner, f"{name_path(loc, data)} is a secret by its name", _field_advice(path), text)


def _header(name: str, value: Any, loc: Loc, data: Any) -> Iterator[Secret]:
    speaks = header_speaks(name)
    for inner, text in _literals(value, loc):
        if speaks or (name.lower() not in PUBLIC_HEADERS and opaque(text)):
            why = "is a secret by its name" if speaks else "looks like a secret key"
            yield Secret(inner, f"{name_path(loc, data)} {why}", _header_advice(name, text), text)


def _text(value: str, loc: Loc, data: Any) -> Iterator[Secret]:
    """What a text says of itself."""
    if match := LOOKS_LIKE_KEY.search(value):
        said = f"{name_path(loc, data)} looks like a secret key ({match[1] or match[2]}...)"
        yield Secret(loc, said, KEY_ADVICE, value)
    elif any(step in TEXTS for step in loc):
        return
    elif LOGIN.search(value):
        yield Secret(loc, f"{name_path(loc, data)} looks like a secret login", KEY_ADVICE, value)
    else:
        for address in [value.strip()] if "base_url" in loc else addresses(value):
            for what, secret in in_address(address, asked="base_url" in loc):
                yield Secret(loc, f"{name_path(loc, data)} holds a secret: {what}", _address_advice(what), secret)
        if "extra_body" in loc and (found := find(value)):  # AccountName=...;AccountKey=...
            said = f"{name_path(loc, data)} looks like a secret ({found[0].kind})"
            yield Secret(loc, said, KEY_ADVICE, value[found[0].start : found[0].end])


def _names_fields(path: list[str], key: str) -> bool:
    if path == ["filters"] and key in FILTERS:
        return False
    if "models" in path[:1]:
        return len(path) > 1 and not SCHEMAS & set(path)
    return not NAMED_BY_AUTHORS & set(path)


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


def _field_advice(path: list[str]) -> str:
    if "extra_body" in path:
        return f"{KEY_ADVICE}; for another header than Authorization write `headers: {{X-Custom: {{env: NAME}}}}`"
    return KEY_ADVICE


def _address_advice(what: str) -> str:
    if what.startswith("a user"):
        return "write `headers: {Authorization: {env: NAME}}`, and set NAME to `Basic ...` in the environment"
    return (
        "write `api_key_env: NAME` with the header that the server takes a key in, such as `api_key_header: api-key`; "
        "an address may say api-version"
    )
