"""Templates that stand in files beside a recipe: read when it is loaded, they stand in it from then on.

Whoever has the recipe then has its templates too: other processes, and who reads the recipe of a release. A row carries
a hash of the text, as for a template that stands in the recipe itself, and no path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.errors import PromptError
from hfsft.marks import TEMPLATE, Loc
from hfsft.prompts import is_file, standing_alone
from hfsft.recipe.checks.path_bounds import leads_outside
from hfsft.recipe.recipe_file import RecipeFile
from hfsft.recipe.yaml.type_paths import places

if TYPE_CHECKING:
    from pydantic import BaseModel


class TemplateFile(NamedTuple):
    """A file in which a template of a recipe stands."""

    name: str
    loc: Loc  # where the recipe names it
    fault: PromptError | None = None  # why it cannot be read: then the recipe names it still


def named(value: Any, loc: Loc = ()) -> Iterator[tuple[Loc, str]]:
    """The files that the value of a key for templates names, each with where below the key it stands.

    Such a value is a template, a list of them, a mapping from topics to templates, or from templates to weights.
    """
    if isinstance(value, str):
        if is_file(value):
            yield loc, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from named(item, (*loc, index))
    elif isinstance(value, Mapping):
        by_topic = all(isinstance(each, str) for each in value.values())
        for key, each in value.items():
            yield from named(each if by_topic else key, (*loc, key))


def with_templates(
    source: RecipeFile, kind: type[BaseModel], base: Path, *, trusted: bool
) -> tuple[RecipeFile, dict[Loc, TemplateFile]]:
    """A recipe with the texts of these files in it, and the files by where sections tell their templates.

    Of a recipe that is not `trusted` no file outside its folder is read.
    """
    texts: dict[Loc, dict[str, str]] = {}
    files: dict[Loc, TemplateFile] = {}
    for at, value in places(source.data, [kind], TEMPLATE):
        for below, name in named(value):
            loc = (*at, *below)
            if not trusted and leads_outside(name, base):
                continue
            try:
                texts.setdefault(at, {})[name] = standing_alone(name, base)
                files |= dict.fromkeys(_told(loc, name, texts[at][name]), TemplateFile(name, loc))
            except PromptError as error:
                files |= dict.fromkeys(_told(loc, name, name), TemplateFile(name, loc, error))
    data = source.data
    for at, read in texts.items():
        data = _changed(data, at, read)
    return replace(source, data=data), files


def _told(loc: Loc, name: str, text: str) -> list[Loc]:
    """Where a section tells a template: one with its weight at that key, or at its item, as one without is; one that
    stands in place of a list as the first of it.
    """
    return [loc[:-1], (*loc[:-1], text)] if loc[-1] == name else [loc, (*loc, 0)]


def _changed(data: Any, at: Loc, read: Mapping[str, str]) -> Any:
    """The data with other texts in place of the names of files, below one place."""
    if at:
        copied = data.copy()
        copied[at[0]] = _changed(data[at[0]], at[1:], read)
        return copied
    if isinstance(data, str):
        return read.get(data, data)
    if isinstance(data, list):
        return [_changed(item, (), read) for item in data]
    if isinstance(data, Mapping) and all(isinstance(each, str) for each in data.values()):
        return {key: read.get(each, each) for key, each in data.items()}
    return {read.get(key, key): each for key, each in data.items()} if isinstance(data, Mapping) else data
