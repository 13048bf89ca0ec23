"""`--set section.key=value`: values from the command line, put into a recipe's data before it is checked.

    generate.temperature=0.3    filters[repetition].at_most=0.3    seeds[0].path=other.jsonl

List items are named by their place, from 0, or by their one key; values are YAML.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hfsft.errors import Place, Problem, nearest
from hfsft.keys import masked
from hfsft.marks import Loc, is_contents
from hfsft.recipe.yaml.tree import Text, YamlReading

NAMED = 1_000
"""Items of a list that are told by name; those of a longer one by their place."""
DEEPEST = 50
"""Steps of a path; no recipe has a deeper one."""

STEP = re.compile(r"""\.?(?P<key>[^.\[\]="'\s]+)|\[(?P<item>[^\]"']+)\]|\[(?P<quoted>"[^"]*"|'[^']*')\]""")
NAME = re.compile(r"[A-Za-z_][\w\-]*")


def item_name(item: Any) -> str | None:
    """What a reader calls a list item: the key of `name: {...}`, or itself where it is a bare name; else None."""
    name = item
    if isinstance(item, dict) and len(item) == 1:
        ((name, inside),) = item.items()
        name = name if inside is None or isinstance(inside, dict) else None
    return name if isinstance(name, str) and NAME.fullmatch(name) else None


def name_path(loc: Sequence[str | int], data: Any) -> str:
    """A path as a reader says it, and as `--set` takes it: `filters[repetition].at_most`, `seeds[0].path`."""
    written, inside = "", ""
    for step in loc:
        if isinstance(step, int) and isinstance(data, list):
            names = [item_name(item) for item in data] if len(data) <= NAMED else []
            item = data[step] if step < len(data) else None
            name = item_name(item)
            told = name is not None and names.count(name) == 1
            written += f"[{name}]" if told else f"[{step}]"
            inside = name if told and isinstance(item, dict) and name else ""
            data = item
            continue
        if step != inside:  # the one key of a list item is said already
            written += f".{step}" if NAME.fullmatch(str(step)) else f'["{step}"]'
        inside = ""
        data = data.get(step) if isinstance(data, dict) else None
    return written.removeprefix(".")


class _WrongError(Exception):
    """An override that cannot be applied, and what is allowed."""


def apply(data: dict[str, Any], overrides: Sequence[str]) -> tuple[dict[Loc, str], list[Problem]]:
    """Change `data` in place; gives back which paths came from which override, and what is wrong with the others."""
    changed: dict[Loc, str] = {}
    problems = []
    for override in overrides:
        path, steps, value = _parsed(override)
        place = Place(f"--set {path}")
        if value is None or not steps:
            problems.append(Problem(place, "is no `section.key=value`", "as in generate.temperature=0.3"))
            continue
        if len(steps) > DEEPEST:
            problems.append(Problem(Place("--set"), f"the path has more than {DEEPEST} steps"))
            continue
        reading = YamlReading(Text(str(place), value))
        problems += [Problem(place, problem.message, problem.help) for problem in reading.problems]
        if reading.problems:
            continue
        try:
            changed[_set(data, steps, reading.root.plain() if reading.root else None)] = str(place)
        except _WrongError as error:
            problems.append(Problem(place, *error.args))
    return changed, problems


def _parsed(override: str) -> tuple[str, list[tuple[bool, str]], str | None]:
    """The path as written, its steps (whether it is a list item, its name), and the value's text."""
    steps, position = [], 0
    while position < len(override) and (match := STEP.match(override, position)):
        steps.append((match["item"] is not None, match["item"] or match["key"] or match["quoted"][1:-1]))
        position = match.end()
    if override[position : position + 1] != "=":
        return masked(override.partition("=")[0]), [], None  # a value may stand here too
    return override[:position], steps, override[position + 1 :]


def _set(data: dict[str, Any], steps: list[tuple[bool, str]], value: Any) -> Loc:
    """Put `value` at the end of the path; the path of the first thing that was not there before."""
    here: Any = data
    loc: Loc = ()
    made: Loc | None = None
    for position, (item, name) in enumerate(steps):
        last = position == len(steps) - 1
        if isinstance(here, list):
            if not item:
                raise _WrongError(f"{name_path(loc, data)} is a list", f"name an item, as in {name_path(loc, data)}[0]")
            index = _index(here, name, name_path(loc, data))
            loc += (index,)
            if last:
                here[index] = value
            elif here[index] == name and isinstance(here[index], str):
                here[index] = {name: {}}
                made, loc, here = made or loc, (*loc, name), here[index][name]
            elif isinstance(here[index], dict) and list(here[index]) == [name]:
                here[index][name] = {} if here[index][name] is None else here[index][name]
                loc, here = (*loc, name), here[index][name]
            else:
                here = here[index]
            continue
        if not isinstance(here, dict):
            if is_contents(here):
                raise _WrongError(
                    f"{name_path(loc, data)} is the file {here}", "change it there, or set all of it here"
                )
            kind = "text" if isinstance(here, str) else "a value"
            raise _WrongError(f"{name_path(loc, data)} is {kind}, with nothing inside", "set it as a whole")
        if item:
            raise _WrongError(f"{name_path(loc, data) or 'a recipe'} is no list", f"write .{name}")
        loc += (name,)
        if last:
            here[name] = value
        elif here.get(name) is None:
            made = made or loc
            here[name] = {}
        here = here[name]
    return made or loc


def _index(items: list[Any], name: str, path: str) -> int:
    names = [item_name(item) for item in items]
    if name.isdecimal() and len(name) < 10:
        if int(name) < len(items):
            return int(name)
        raise _WrongError(f"{path} has no item {name}", f"items 0 to {len(items) - 1}" if items else "it is empty")
    if names.count(name) == 1:
        return names.index(name)
    if name in names:
        places = " or ".join(f"{path}[{place}]" for place, other in enumerate(names) if other == name)
        raise _WrongError(f"{path} has {names.count(name)} items called {name}", f"say {places}")
    raise _WrongError(f"{path} has no item `{name}`", nearest(name, [known for known in names if known]))
