"""Verdicts of people that lie beside a recipe and decide nothing."""

from __future__ import annotations

from collections.abc import Iterator

from hfsft.errors import Place, Problem, SourceError, place_of
from hfsft.recipe.recipe import Recipe


def slips(recipe: Recipe) -> Iterator[Problem]:
    """A file of verdicts that the recipe does not apply, and beginnings of lines in one that it does."""
    section = recipe.review
    path = recipe.verdicts
    if path is None or not recipe.stem or not path.is_file():
        return
    from hfsft.stages.reviewing.decisions import verdicts_in

    try:
        found = verdicts_in(path)
    except SourceError:  # told as a problem, where the recipe applies it
        return
    if section is None and found.standing:
        lie = "verdict of people lies" if len(found) == 1 else "verdicts of people lie"
        said = f"{len(found):,} {lie} here, and the recipe has no section that applies them"
        yield Problem(Place(place_of(path).file), said, "`review: {}` does")
    elif section is not None:
        for told in found.told:
            where, _, said = told.partition(": ")
            yield Problem(Place(where), said, "its writer was stopped; delete the line, or leave it")
