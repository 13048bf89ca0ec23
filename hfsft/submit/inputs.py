"""The files that a build of a recipe reads, all in its folder: what has to be taken along to another machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hfsft.errors import Problem, RecipeError
from hfsft.marks import FILE, MODEL, ROWS, marked
from hfsft.recipe.recipe import Recipe
from hfsft.rows.tables.folder import matches


def inputs(recipe: Recipe) -> list[str]:
    """Their paths in the recipe's folder: its own file, those called like it, and those that it names.

    Raises `RecipeError` for those that lie elsewhere, where another machine has them not.
    """
    base = recipe.base.resolve()
    own = [
        path for path in base.iterdir() if path.is_file() and recipe.stem and path.name.startswith(f"{recipe.stem}.")
    ]
    found, problems = {path.name for path in own}, list[Problem]()
    for loc, name in _named(recipe):
        for path in _files(recipe.base, name):
            if path.resolve().is_relative_to(base):
                found.add(path.resolve().relative_to(base).as_posix())
            else:
                said = f"{name} lies outside the recipe's folder, which alone is taken along"
                problems.append(Problem(recipe.source.place(loc), said, "put it beside the recipe, or on the Hub"))
                break
    if problems:
        raise RecipeError(list(dict.fromkeys(problems)))
    return sorted(found)


def _named(recipe: Recipe) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The paths that a recipe names, some of which may be names on the Hub."""
    for each in marked(recipe):
        if each.mark in (FILE, ROWS, MODEL):
            values = each.value if isinstance(each.value, list | tuple) else [each.value]
            yield from ((each.loc, value) for value in values if isinstance(value, str) and value)
    yield from ((file.loc, file.name) for file in recipe.template_files.values())
    yield from ((loc, str(Path(file.text.file).absolute())) for loc, file in recipe.source.files.items())


def _files(base: Path, name: str) -> Iterator[Path]:
    """The files of a path: itself, those in it, or those that it is a pattern of; none of a name on the Hub."""
    path = base / Path(name).expanduser()
    try:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.is_file())
        elif path.is_file():
            yield path
        else:
            yield from (found for _, found in matches(base, name))
    except OSError:  # a name that is no path at all
        return
