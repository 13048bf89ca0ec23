"""`hfsft explain`: what a key, a section or a filter of a recipe means."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hfsft.cli.arguments import command
from hfsft.cli.console import paint, remark, window

if TYPE_CHECKING:
    from hfsft.recipe.explain.schema_keys import Key
    from hfsft.recipe.explain.subjects import Form, Subject

WIDEST = 80
LONG = 45  # characters of a default that has lines of its own
IN, FAR = "  ", "      "


def add(commands: Any) -> None:
    """Add the command."""
    examples = (
        "  hfsft explain                      everything that has a name in a recipe\n"
        "  hfsft explain judge                a section: its keys, an example, what it writes\n"
        "  hfsft explain judge.scale          one key\n"
        "  hfsft explain near_duplicate       a filter: what it measures, and where it is blind"
    )
    parser = command(commands, "explain", "say what a key, a section or a filter of a recipe means", run, examples)
    parser.add_argument("name", nargs="?", help="such as judge, judge.scale, near_duplicate, seeds.path; left out: all")
    parser.add_argument("--json", action="store_true", help="print it as JSON, a list")


def run(arguments: argparse.Namespace) -> None:
    """Print what the name stands for."""
    from hfsft.recipe.explain.subjects import Subject, found, installed, subjects

    model, unusable = installed()
    known = subjects(model)
    for said in unusable:
        print(remark("warning", said, sys.stderr), file=sys.stderr)
    there: list[Subject | Key] = list(known) if arguments.name is None else found(arguments.name, model)
    if arguments.json:
        print(json.dumps([each.as_dict() for each in there], ensure_ascii=False, indent=2))
    elif arguments.name is None:
        print("\n".join(_contents(known)))
    else:
        parts = (_subject(each) if isinstance(each, Subject) else _key(each, whole=True) for each in there)
        print("\n\n".join("\n".join(lines) for lines in parts))


def _contents(known: tuple[Subject, ...]) -> Iterator[str]:
    width = max(len(each.name) for each in known) + len(IN)
    heads = {"key": "What a recipe says of its dataset", "section": "Sections", "filter": "Filters, under `filters`"}
    for kind, head in heads.items():
        yield paint(head, "head")
        for each in (subject for subject in known if subject.kind == kind):
            name = paint(each.name.ljust(width), "name")
            first, *more = textwrap.wrap(each.summary, _width() - len(IN) - width) or [""]
            yield f"{IN}{name}{first}"
            yield from (f"{IN}{' ' * width}{line}" for line in more)
        yield ""
    yield "hfsft explain NAME says more: of judge, judge.scale, near_duplicate, ..."


def _subject(subject: Subject) -> Iterator[str]:
    from hfsft.recipe.explain.subjects import type_told

    if subject.kind == "filter":
        yield f"{paint(subject.name, 'name')}: a filter, under `filters`"
    else:
        yield from _key_head(subject.key)
        yield from _set_in(subject.key.about, IN)
    for form in subject.forms:
        yield from _form(form, several=len(subject.forms) > 1)
    if subject.range:
        yield from ("", paint("Its measure", "head"), *_set_in(subject.range, IN))
        yield from ("", paint("Blind to", "head"), *_set_in(subject.blind, IN))
    if subject.writes:
        yield from ("", paint("Writes", "head"))
        for column in subject.writes:
            yield f"{IN}{paint(column.name, 'name')}: {type_told(column)}"
            yield from _set_in(column.about, FAR)
    if subject.kind == "section" and (subject.writes or subject.asks):
        yield from ("", paint("Asks", "head"))
        keys = ", ".join(subject.asks)
        yield from _set_in(f"the model, of those under `models`, that {keys} names" if keys else "nobody", IN)


def _form(form: Form, several: bool) -> Iterator[str]:
    for paragraph in form.about.split("\n\n") if form.about else ():
        yield ""
        yield from _set_in(paragraph, IN)
    if form.keys:
        yield from ("", paint("Keys" if not several else "Its keys", "head"))
        for key in form.keys:
            for each in key.all():
                yield from _key(each)
    if form.example:
        yield from ("", paint("Example", "head"))
        yield from (f"{IN}{line}" for line in form.example.splitlines())


def _key(key: Key, whole: bool = False) -> Iterator[str]:
    """A key below its section; by itself, `whole`, with all that stands below it."""
    head = list(_key_head(key))
    yield from head if whole else (f"{IN}{line}" for line in head)
    yield from _set_in(key.about, IN if whole else FAR)
    if _is_long(key):
        yield from _set_in(key.left_out, IN if whole else FAR)
    if whole:
        for each in key.inside:
            for inner in each.all():
                yield from _key(inner)


def _key_head(key: Key) -> Iterator[str]:
    facts = ", ".join(part for part in (key.type, key.allowed, "" if _is_long(key) else key.left_out) if part)
    name = f"{key.path}: "
    first, *more = textwrap.wrap(name + facts, _width() - len(IN), subsequent_indent=IN * 2, break_on_hyphens=False)
    yield paint(name.rstrip(": "), "name") + first[len(name) - 2 :] if first.startswith(name.rstrip()) else first
    yield from more


def _is_long(key: Key) -> bool:
    return len(key.left_out) > LONG


def _set_in(text: str, indent: str) -> list[str]:
    width = _width()
    return textwrap.wrap(
        " ".join(text.split()), width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def _width() -> int:
    return max(min(window() or WIDEST, WIDEST), 30)
