"""A bound on a judge's score written into a recipe's file, with its comments and its layout kept."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.errors import Problem, RecipeError
from hfsft.filters import DEFAULT_FILTERS
from hfsft.filters.listed import filter_name
from hfsft.filters.score import Score
from hfsft.marks import Loc
from hfsft.plain import digits
from hfsft.recipe.editing.value_in_text import NoPlaceError, with_value
from hfsft.recipe.recipe_file import RecipeFile, parse, read

if TYPE_CHECKING:
    from hfsft.recipe.recipe import Recipe

FILTERS, AT_LEAST, AT_MOST = "filters", "at_least", "at_most"


def write_bound(recipe: Recipe, score: str, at_least: float) -> list[str]:
    """Write the lowest value of a score that is kept into the recipe's file; gives back the places that changed.

    Every filter `score` that bounds this score from below gets the bound, else the first one, else a new one behind all
    filters; where the recipe has no `filters`, the default ones are written out with it, as these would else go. Raises
    `RecipeError` where it cannot be written without a change of something else, with what to write.
    """
    source = recipe.source
    path = source.path
    if path is None:
        raise RecipeError([Problem(source.place(()), "came from no file, so no bound can be written into it")])
    text = read(path)
    if text != source.text.text:
        raise RecipeError([Problem(source.place(()), "has changed since it was read", "run the command again")])
    source, changed = parse(text, path), list[Loc]()  # as the file says, whatever was overridden
    for loc, value in _edits(source, score, at_least):
        _check(source, loc, at_least)
        try:
            text = with_value(text, loc, value)
        except NoPlaceError:
            said = f"{score}: {{{AT_LEAST}: {digits(at_least)}}}"
            raise RecipeError(
                [
                    Problem(
                        source.place(loc),
                        "the bound cannot be written here without a change of something else",
                        f"write it yourself, in `filters`: `- score: {{{said}}}`",
                    )
                ]
            ) from None
        changed.append(loc)
    _replace(path, text)
    after = parse(text, path)
    return [str(after.place(loc)) for loc in changed]


def _edits(source: RecipeFile, score: str, at_least: float) -> Iterator[tuple[Loc, Any]]:
    """What to write where."""
    listed = source.data.get(FILTERS)
    if listed is None:
        own = [(rule.name, rule.model_dump(mode="json", exclude_defaults=True)) for rule in DEFAULT_FILTERS]
        usual = [{name: arguments} if arguments else name for name, arguments in own]
        yield (FILTERS,), [*usual, {Score.name: {score: {AT_LEAST: at_least}}}]
        return
    items = listed if isinstance(listed, list) else []
    scores = [place for place, item in enumerate(items) if filter_name(item) == Score.name]
    bounded = {place: items[place][Score.name].get(score) for place in scores if isinstance(items[place], Mapping)}
    places = [place for place, limits in bounded.items() if isinstance(limits, Mapping) and AT_LEAST in limits]
    for place in places or [place for place, limits in bounded.items() if limits is not None][:1] or scores[:1]:
        yield (FILTERS, place, Score.name, score, AT_LEAST), at_least
    if not scores:
        yield (FILTERS, len(items)), {Score.name: {score: {AT_LEAST: at_least}}}


def _check(source: RecipeFile, loc: Loc, at_least: float) -> None:
    """Refuse a bound above which the recipe keeps nothing."""
    here: Any = source.data
    for step in loc[:-1]:
        if isinstance(here, list):
            here = here[step] if isinstance(step, int) and step < len(here) else None
        else:
            here = here.get(step) if isinstance(here, Mapping) else None
    most = here.get(AT_MOST) if isinstance(here, Mapping) else None
    if isinstance(most, int | float) and most < at_least:
        said = f"at_least {digits(at_least)} would keep nothing, as at_most is {digits(most)} here"
        raise RecipeError([Problem(source.place((*loc[:-1], AT_MOST)), said, "raise or remove `at_most` first")])


def _replace(path: Path, text: str) -> None:
    """Put the text in place of the file's, whole or not at all, with its mark of UTF-8 and its rights."""
    target = path.resolve()
    mark = codecs.BOM_UTF8 if target.read_bytes().startswith(codecs.BOM_UTF8) else b""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_bytes(mark + text.encode())
        draft.chmod(target.stat().st_mode)
        draft.replace(target)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise RecipeError(
            [Problem(RecipeFile(path, {}).place(()), f"{path}: cannot be written: {error.strerror}")]
        ) from None
