"""Parts of a recipe that stand in files of their own: read when it is loaded, they stand in it from then on.

    judge: {rubric: rubric.yaml, anchors: anchors.jsonl}

What is wrong in such a file is told at its place there. Whoever has the loaded recipe needs no file: other processes,
and who builds from the recipe of a release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.errors import Problem, RecipeError, place_of
from hfsft.marks import CONTENTS, Loc, is_contents
from hfsft.recipe.checks.path_bounds import leads_outside
from hfsft.recipe.overrides import name_path
from hfsft.recipe.recipe_file import ContentFile, RecipeFile, read, secret_texts
from hfsft.recipe.yaml.tree import Node, Text, YamlReading
from hfsft.recipe.yaml.type_paths import places

if TYPE_CHECKING:
    from pydantic import BaseModel


def with_contents(source: RecipeFile, kind: type[BaseModel], base: Path, *, trusted: bool) -> RecipeFile:
    """A recipe with the contents of these files in it; what is wrong with a file is among what was found.

    Of a recipe that is not `trusted` no file outside its folder is read.
    """
    files: dict[Loc, ContentFile] = {}
    problems: list[Problem] = []
    for loc, name in places(source.data, [kind], CONTENTS):
        if not is_contents(name) or (not trusted and leads_outside(name, base)):
            continue
        try:
            files[loc] = _file(base / name)
        except RecipeError as error:
            problems += [_at(source, loc, each) for each in error.problems]
    data: Any = deepcopy(source.data) if files else source.data
    for loc, file in files.items():
        here = data
        for step in loc[:-1]:
            here = here[step]
        here[loc[-1]] = file.root.plain()
    return replace(source, data=data, files=files, found=(*source.found, *problems))


def _at(source: RecipeFile, loc: Loc, problem: Problem) -> Problem:
    """A problem with a file as a whole stands where the recipe names it."""
    if problem.place.line:
        return problem
    return Problem(
        source.place(loc), f"{name_path(loc, source.data)}: {problem.place}: {problem.message}", problem.help
    )


def _file(path: Path) -> ContentFile:
    """What stands in a file. Raises `RecipeError`."""
    text = Text(place_of(path).file, read(path, "a file of data"))
    if secrets := list(secret_texts(text)):
        raise RecipeError(secrets)
    if path.suffix == ".jsonl":
        return ContentFile(text, Node(0, len(text.text), list(_lines(text))))
    reading = YamlReading(text)
    if reading.root is None and not reading.problems:
        raise RecipeError([Problem(place_of(path), "is empty")])
    if reading.problems or reading.root is None:
        raise RecipeError(reading.problems)
    return ContentFile(text, reading.root)


def _lines(text: Text) -> Iterator[Node]:
    """The values of JSON lines, each of which stands with all that is in it at the start of its line."""
    for start, line in text.lines(0, len(text.text)):
        if line.strip():
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                at = start + getattr(error, "pos", 0)
                said = f"is no JSON: {getattr(error, 'msg', 'nested too deeply')}"
                raise RecipeError([Problem(text.place(at), said, "one value stands in each line")]) from None
            yield _node(value, start, start + len(line))


def _node(value: Any, start: int, end: int) -> Node:
    if isinstance(value, dict):
        return Node(start, end, {key: (Node(start, end, key), _node(each, start, end)) for key, each in value.items()})
    return Node(start, end, [_node(each, start, end) for each in value] if isinstance(value, list) else value)
