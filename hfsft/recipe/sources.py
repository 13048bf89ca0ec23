"""The sources of a recipe: opened, looked into before anything is paid for, and as the first steps of its plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from functools import partial
from heapq import nsmallest
from itertools import chain, count
from typing import Any

from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import NothingSeenError, Place, Problem, RecipeError, SourceError
from hfsft.filters import DEFAULT_FILTERS
from hfsft.filters.base import Filter
from hfsft.hashing import unit
from hfsft.recipe.recipe import Recipe
from hfsft.rows.batch import Row
from hfsft.rows.choice.mixture import SLACK, Part, mixed
from hfsft.rows.columns import COLUMNS, kept_columns
from hfsft.rows.reading.source_row import SourceRow
from hfsft.rows.reading.tally import reasons, unread_note
from hfsft.rows.row import new_row
from hfsft.stages.examples import ExampleRows, ExampleTable
from hfsft.stages.seeds import Prompts, PromptTable
from hfsft.stages.source import Opened, TableSource

DEFECT, FROM, FAMILY = "defect", "from_source", "family_key"
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
    names = [name for _, _, source in _sources(recipe) if isinstance(source, TableSource) for name in source.keep]
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
            if isinstance(source, TableSource) and source.table(recipe.base).local is None and not hub:
                continue
            if isinstance(source, TableSource) and (note := source.table(recipe.base).doubtful):
                found.notes.append(clean(note))
            rows = list(source.opened(recipe.base, f"{section}[{index}]").rows(FIRST))
        except NothingSeenError as error:
            found.notes.append(f"{clean(error.message)}; whether it leaves out all, a build tells")
            continue
        except SourceError as error:
            found.problems.append(_problem(recipe, section, index, error))
            continue
        fallen = [(row.defect, row.texts["source"]) for row in rows if row.defect is not None]
        if len(fallen) == len(rows):
            which = f"the first {len(rows)} rows" if len(rows) == FIRST else f"its {len(rows)} rows"
            message = f"none of {which} can be used: {clean(reasons(fallen))}"
            found.problems.append(Problem(_place(recipe, section, index, "path"), message))
        if isinstance(source, TableSource) and (note := unread_note([row.texts["unread"] for row in rows])):
            found.notes.append(f"{source.path}: {clean(note)}{' (of the first rows)' if len(rows) == FIRST else ''}")
    return found


def source_steps(recipe: Recipe, opened: list[Opened], place: Place, limit: int | None) -> Iterator[Step]:
    """One step that brings the rows in, `limit` of them at most, and one that sets aside those with a defect."""
    identity: dict[str, Any] = {"seeds": [], "examples": []}
    for (section, _, _), source in zip(_sources(recipe), opened, strict=False):
        identity[section].append(source.identity)
    identity["names"] = names_of(recipe)
    if limit is not None:
        identity["limit"] = limit
    reading = Reading(recipe, opened)
    yield Step(
        "sources",
        rows="source",
        writes={**COLUMNS, **dict.fromkeys([*reading.kept.values(), *reading.lineage, DEFECT], "string")},
        identity=identity,
        version=5,
        role="kept",
        about="As it stood in the source.",
        fn=partial(reading.rows, limit),
        place=place,
    )
    yield compare("sources.defect", Bound(DEFECT, DEFECT, absent=True), place)


class Reading:
    """The rows of all sources of a recipe, as the plan has them."""

    def __init__(self, recipe: Recipe, opened: list[Opened]) -> None:
        self.kept = kept_of(recipe)
        self._recipe, self._opened = recipe, opened
        self._copies: Counter[str] = Counter()
        named = [source for _, _, source in _sources(recipe) if isinstance(source, TableSource) and source.family]
        self.lineage = (FROM, *([FAMILY] if named else []))

    def rows(self, limit: int | None) -> Generator[Row, None, list[dict[str, Any]]]:
        """The rows, section by section; of a preview `limit` of them, by a hash of their ids. What each source came to.

        Raises `RecipeError` where a source cannot be read.
        """
        self._copies.clear()
        parts: dict[str, list[Part]] = {}
        for (section, index, source), opened, name in zip(
            _sources(self._recipe), self._opened, names_of(self._recipe), strict=True
        ):
            part = Part(self._of(section, index, opened, name), source.share, opened.counts)
            parts.setdefault(section, []).append(part)
        found: Iterator[Row] = chain.from_iterable(map(_of_section, parts.values()))
        if limit is not None:
            found = iter(nsmallest(limit, found, key=lambda row: unit(row["id"], "preview")))
        yield from found
        return [
            {"section": section, "name": name, **opened.counts.as_dict()}
            for (section, _, _), opened, name in zip(
                _sources(self._recipe), self._opened, names_of(self._recipe), strict=True
            )
        ]

    def _of(self, section: str, index: int, opened: Opened, name: str) -> Iterator[Row]:
        origin = "seed" if section == "seeds" else "example"
        try:
            for read in opened.rows(None):
                lineage = {FROM: name, FAMILY: read.family}
                yield {**self._row(origin, read), **{column: lineage[column] for column in self.lineage}}
        except SourceError as error:
            raise RecipeError([_problem(self._recipe, section, index, error)]) from None

    def _row(self, origin: str, read: SourceRow) -> Row:
        row, defect = new_row(origin, read.texts), read.defect
        self._copies[row["id"]] += 1
        if copy := self._copies[row["id"]] - 1:
            row = new_row(origin, read.texts, copy)
        if origin == "seed" and defect is None:
            said = "\0".join((read.texts.get(name) or "").strip() for name in SEED_TEXTS)
            self._copies[said] += 1
            defect = SAME_SEED if self._copies[said] > 1 else None
        return {**row, **{column: read.kept.get(name) for name, column in self.kept.items()}, DEFECT: defect}


def _of_section(parts: list[Part]) -> Iterator[Row]:
    if any(part.share for part in parts):
        return mixed(parts, DEFECT)
    return chain.from_iterable(part.rows for part in parts)


def names_of(recipe: Recipe) -> list[str]:
    """What each source is called: as the recipe says, or as its file is, with a number where that is taken."""
    sources = [source for _, _, source in _sources(recipe)]
    taken = {source.name for source in sources if source.name}
    names = []
    for source in sources:
        name = source.name or next(name for name in _numbered(source.own_name) if name not in taken)
        taken.add(name)
        names.append(name)
    return names


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in count(2))


def source_problems(recipe: Recipe) -> Iterator[Problem]:
    """Names that two sources have, and shares that cannot hold."""
    names: Counter[str] = Counter()
    for section, index, source in _sources(recipe):
        if source.name:
            names[source.name] += 1
            if names[source.name] > 1:
                place = recipe.source.place((section, index, "name"))
                yield Problem(place, f"{section}[{index}].name: another source is called {source.name}")
    for section in ("seeds", "examples"):
        shares = [source.share for source in getattr(recipe, section)]
        given, alone = sum(share or 0 for share in shares), None not in shares
        if not any(shares) or (abs(given - 1) <= SLACK if alone else given < 1 - SLACK):
            continue
        first = next(index for index, share in enumerate(shares) if share)
        most = "come to 1" if alone else "come to less than 1, as other sources share what is left"
        place = recipe.source.place((section, first, "share"))
        yield Problem(place, f"{section}: the shares come to {given:g}", f"they must {most}")


def _sources(recipe: Recipe) -> Iterator[tuple[str, int, AnySource]]:
    yield from (("seeds", index, source) for index, source in enumerate(recipe.seeds))
    yield from (("examples", index, source) for index, source in enumerate(recipe.examples))


def _problem(recipe: Recipe, section: str, index: int, error: SourceError) -> Problem:
    """A fault of the source at the key that settles it; one inside a file where it stands there."""
    if error.place is not None and error.key == "path":
        return Problem(error.place, error.message, error.help)
    message = f"{error.place}: {error.message}" if error.place else error.message
    return Problem(_place(recipe, section, index, error.key, error.line), message, error.help)


def _place(recipe: Recipe, section: str, index: int, key: str, line: int = 1) -> Place:
    item = recipe.source.data.get(section, [])
    written = item[index] if isinstance(item, list) and index < len(item) else {}
    there = key if key in written else "path"
    return recipe.source.place_in_text((section, index, there), line)
