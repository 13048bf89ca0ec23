"""The reference of recipes as a page: what `hfsft explain` says of everything, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from hfsft.recipe.explain.schema_keys import ANY, Key
from hfsft.recipe.explain.subjects import Form, Subject, subjects, type_told
from hfsft.recipe.json_schema import markdown_table

HEAD = """\
# The recipe, key by key

Written by `make docs` from the classes that recipes are made of; `hfsft explain NAME` prints the same of one key.
"""
BEHIND = "As many filters as you like, in any order: each runs as early as what it reads is final."


def reference() -> str:
    """The whole page."""
    keys = [each for each in subjects() if each.kind != "filter"]
    filters = [each for each in subjects() if each.kind == "filter"]
    parts = [
        HEAD,
        markdown_table(("key", "what it is"), [(f"[`{each.name}`](#{each.name})", each.summary) for each in keys]),
    ]
    parts += [part for each in keys for part in _subject(each, "##")]
    parts += ["## The filters\n", f"{BEHIND}\n"]
    parts += [part for each in filters for part in _subject(each, "###")]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _subject(subject: Subject, level: str) -> Iterator[str]:
    yield f"{level} {subject.name}\n"
    if subject.kind != "filter":
        facts = (subject.key.type, _code(subject.key.left_out), _code(subject.key.allowed))
        yield f"{subject.key.about}\n\nHolds: {'; '.join(filter(None, facts))}.\n"
    for form in subject.forms:
        yield from _form(form)
    if subject.range:
        yield f"Its measure: {subject.range}. Blind to: {subject.blind}\n"
    if subject.writes:
        yield "Writes:\n"
        rows = [(f"`{each.name}`", f"`{type_told(each)}`", each.about) for each in subject.writes]
        yield markdown_table(("column", "type", "what it holds"), rows)
    if subject.asks:
        yield f"Asks the model, of those under `models`, that {', '.join(f'`{key}`' for key in subject.asks)} names.\n"


def _form(form: Form) -> Iterator[str]:
    if form.about:
        yield f"{form.about}\n"
    if form.keys:
        keys = [key for top in form.keys for key in top.all()]
        rows = [(f"`{_short(key)}`", key.type, _code(key.left_out), _code(key.allowed), key.about) for key in keys]
        yield markdown_table(("key", "type", "left out", "allowed", "what it says"), rows)
    if form.example:
        yield f"```yaml\n{form.example}\n```\n"


def _short(key: Key) -> str:
    """The key without its section."""
    return key.path.partition(".")[2].removeprefix(f"{ANY}.")


def _code(said: str) -> str:
    """What is to be typed as it stands, as code."""
    if said.startswith("default "):
        return f"`{said.removeprefix('default ')}`"
    return f"`{said}`" if " | " in said or said.startswith("as ") else said
