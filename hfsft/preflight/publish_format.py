"""Whether the format that a recipe publishes in can hold what the first rows of its sources say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hfsft.errors import Problem
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.sources import OpenedSources


def of_rows(recipe: Recipe, rows: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """What would stop the build at its end, unless filters take such rows out: a problem for each kind of it.

    `rows` are examples as they were read; what is grown from seeds has a form that every format holds.
    """
    from hfsft.release.trainer.dataset_writer import able, in_words
    from hfsft.release.trainer.format_needs import beyond
    from hfsft.release.trainer.formats import FORMATS

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


def of_reasoning(recipe: Recipe) -> list[Problem]:
    """Where reasoning is to stand though no row will have any: a warning that the key does nothing."""
    style = recipe.publish.reasoning
    sections = (getattr(recipe, name) for name in type(recipe).model_fields)
    kept = any(getattr(section, "reasoning", None) in ("keep", "require") for section in sections)
    if style not in ("field", "inline") or kept or recipe.examples:
        return []
    place = recipe.source.place(("publish", "reasoning"))
    said = f"publish.reasoning: {style} says where reasoning stands, and no row will have any"
    return [Problem(place, said, "keep the models' with `generate: {reasoning: keep}`, or take this line out")]


def of_build(recipe: Recipe, sources: OpenedSources, warn: Callable[[str], None]) -> Iterator[Problem]:
    """The same before a build pays for anything; `warn` is told where filters of the recipe may take such rows out."""
    for problem in of_reasoning(recipe):
        warn(str(problem))
    if not recipe.examples:
        return
    from hfsft.release.trainer.formats import FORMATS

    if not FORMATS[recipe.publish.format].refuses:
        return
    for problem in of_rows(recipe, sources.examples()):
        if recipe.filters is None:
            yield problem
        else:
            warn(str(problem))
