"""The sources of a recipe: opened, looked into before anything is paid for, and as the first steps of its plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Any

from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import Place, Problem, RecipeError, SourceError
from hfsft.filters import DEFAULT_FILTERS
from hfsft.filters.base import Filter
from hfsft.hashing import unit
from hfsft.recipe.recipe import Recipe
from hfsft.rows.batch import Row
from hfsft.rows.columns import COLUMNS, kept_columns
from hfsft.rows.reading.source_row import SourceRow
from hfsft.rows.reading.tally import reasons, unread_note
from hfsft.rows.row import new_row
from hfsft.stages.base import Opened, TableSection
from hfsft.stages.examples import ExampleRows, ExampleTable
from hfsft.stages.seeds import Prompts, PromptTable

DEFECT = "defect"
SAME_SEED = "the same as another seed"
SEED_TEXTS = ("instruction", "context", "system", "topic")
FIRST = 100  # rows of each source that are read to check a recipe

AnySource = Prompts | PromptTable | ExampleRows | ExampleTable


@dataclass(frozen=True)
class Look:
    """What the first rows of the sources show."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def filters_of(recipe: Recipe) -> list[Filter]:
    """The recipe's filters, or the default ones where it has no such section."""
    return list(DEFAULT_FILTERS) if recipe.filters is None else list(recipe.filters)


def kept_of(recipe: Recipe) -> dict[str, str]:
    """The columns that sources keep, each with the name it has in a row."""
    names = [name for _, _, source in _sources(recipe) if isinstance(source, TableSection) for name in source.keep]
    written = {column.name for stage in recipe.stages().values() for column in stage.writes()}
    return kept_columns(names, {*written, *(column for rule in filters_of(recipe) for column in rule.writes)})


def open_sources(recipe: Recipe) -> tuple[list[Opened], list[Problem]]:
    """Every source, opened, and what is wrong with those that are not there, at its line of the recipe."""
    problems: list[Problem] = []

    def attempt(section: str, index: int, source: AnySource) -> Iterator[Opened]:
        try:
            opened = source.opened(recipe.base, f"{section}[{index}]")
            opened.identity  # noqa: B018 - looks whether it is there, and hashes it, before any row is read
            yield opened
        except SourceError as error:
            problems.append(_problem(recipe, section, index, error))

    return [opened for each in _sources(recipe) for opened in attempt(*each)], problems


def look(recipe: Recipe, *, hub: bool = True, clean: Callable[[str], str] = str) -> Look:
    """What the first rows of each source show: what cannot be read, or would be set aside, and what is not carried.

    Without `hub`, no dataset of the Hub is looked at; `clean` is what becomes of words of rows before they are told.
    """
    found = Look()
    for section, index, source in _sources(recipe):
        try:
            if isinstance(source, TableSection) and source.table(recipe.base).local is None and not hub:
                continue
            rows = list(source.opened(recipe.base, f"{section}[{index}]").rows(FIRST))
        except SourceError as error:
            found.problems.append(_problem(recipe, section, index, error))
            continue
        fallen = [(row.defect, row.texts["source"]) for row in rows if row.defect is not None]
        if len(fallen) == len(rows):
            which = f"the first {len(rows)} rows" if len(rows) == FIRST else f"its {len(rows)} rows"
            message = f"none of {which} can be used: {clean(reasons(fallen))}"
            found.problems.append(Problem(_place(recipe, section, index, "path"), message))
        if isinstance(source, TableSection) and (note := unread_note([row.texts["unread"] for row in rows])):
            found.notes.append(f"{source.path}: {clean(note)}{' (of the first rows)' if len(rows) == FIRST else ''}")
    return found


def source_steps(recipe: Recipe, opened: list[Opened], place: Place, limit: int | None) -> Iterator[Step]:
    """One step that brings the rows in, `limit` of them at most, and one that sets aside those with a defect."""
    kept = kept_of(recipe)

    def rows() -> Iterator[Row]:
        copies: Counter[str] = Counter()
        for (section, index, _), source in zip(_sources(recipe), opened, strict=True):
            origin = "seed" if section == "seeds" else "example"
            try:
                for read in source.rows(None):
                    yield _row(origin, read, kept, copies)
            except SourceError as error:
                raise RecipeError([_problem(recipe, section, index, error)]) from None

    def first() -> Iterator[Row]:
        yield from rows() if limit is None else nsmallest(limit, rows(), key=lambda row: unit(row["id"], "preview"))

    identity: dict[str, Any] = {"seeds": [], "examples": []}
    for (section, _, _), source in zip(_sources(recipe), opened, strict=False):
        identity[section].append(source.identity)
    if limit is not None:
        identity["limit"] = limit
    writes = {**COLUMNS, **dict.fromkeys(kept.values(), "string"), DEFECT: "string"}
    yield Step(
        "sources",
        rows="source",
        writes=writes,
        identity=identity,
        version=4,
        role="kept",
        about="As it stood in the source.",
        fn=first,
        place=place,
    )
    yield compare("sources.defect", Bound(DEFECT, DEFECT, absent=True), place)


def _row(origin: str, read: SourceRow, kept: dict[str, str], copies: Counter[str]) -> Row:
    row, defect = new_row(origin, read.texts), read.defect
    copies[row["id"]] += 1
    if copy := copies[row["id"]] - 1:
        row = new_row(origin, read.texts, copy)
    if origin == "seed" and defect is None:
        said = "\0".join((read.texts.get(name) or "").strip() for name in SEED_TEXTS)
        copies[said] += 1
        defect = SAME_SEED if copies[said] > 1 else None
    return {**row, **{column: read.kept.get(name) for name, column in kept.items()}, DEFECT: defect}


def _sources(recipe: Recipe) -> Iterator[tuple[str, int, AnySource]]:
    yield from (("seeds", index, source) for index, source in enumerate(recipe.seeds))
    yield from (("examples", index, source) for index, source in enumerate(recipe.examples))


def _problem(recipe: Recipe, section: str, index: int, error: SourceError) -> Problem:
    """A fault of the source at the key that settles it; one inside a file where it stands there."""
    if error.place is not None and error.key == "path":
        return Problem(error.place, error.message, error.help)
    message = f"{error.place}: {error.message}" if error.place else error.message
    return Problem(_place(recipe, section, index, error.key), message, error.help)


def _place(recipe: Recipe, section: str, index: int, key: str) -> Place:
    item = recipe.source.data.get(section, [])
    written = item[index] if isinstance(item, list) and index < len(item) else {}
    there = key if key in written else "path"
    return recipe.source.place((section, index, there))
