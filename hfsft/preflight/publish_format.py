"""Whether the format that a recipe publishes in can hold what the first rows of its sources say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hfsft.errors import Problem
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.sources import OpenedSources
from hfsft.release.trainer.dataset_writer import able, in_words
from hfsft.release.trainer.format_needs import beyond
from hfsft.release.trainer.formats import FORMATS


def of_rows(recipe: Recipe, rows: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """What would stop the build at its end, unless filters take such rows out: a problem for each kind of it.

    `rows` are examples as they were read; what is grown from seeds has a form that every format holds.
    """
    chosen = FORMATS[recipe.publish.format]
    place = recipe.source.place(("publish", "format"))
    found = [beyond(dict(row)) & chosen.refuses for row in rows]
    return [
        Problem(
            place,
            f"publish.format: {recipe.publish.format} cannot hold {in_words(say)}, which {count:,} of {len(rows):,} "
            "rows have that were looked at",
            f"choose {able(chosen.refuses)}, or take such rows out",
        )
        for say in sorted(chosen.refuses)
        if (count := sum(say in said for said in found))
    ]


def of_build(recipe: Recipe, sources: OpenedSources, warn: Callable[[str], None]) -> Iterator[Problem]:
    """The same before a build pays for anything; `warn` is told where filters of the recipe may take such rows out."""
    if not FORMATS[recipe.publish.format].refuses:
        return
    for problem in of_rows(recipe, sources.examples()):
        if recipe.filters is None:
            yield problem
        else:
            warn(str(problem))
