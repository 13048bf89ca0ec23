"""The sources of a recipe: opened, looked into before anything is paid for, and as the first steps of its plan."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import NothingSeenError, Place, Problem, SourceError
from hfsft.recipe.documents.opened_corpus import open_corpus
from hfsft.recipe.reading import (
    DEFECT,
    Given,
    columns_of,
    lineage_of,
    models_write,
    place_of_key,
    problem_of,
    resource_of,
)
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.rules import cleaner, filters_of
from hfsft.rows.batch import Row
from hfsft.rows.choice.mixture import SLACK
from hfsft.rows.columns import COLUMNS, kept_columns
from hfsft.rows.reading.summaries import reasons, unread_counts, unread_note
from hfsft.rows.row import new_row
from hfsft.section.late_module import LateModule
from hfsft.stages.seeds import Prompts
from hfsft.stages.source import Opened, TableSource

if TYPE_CHECKING:
    from hfsft.recipe.reading import AnySource
    from hfsft.stages.attributes.shares import AttributeShares
    from hfsft.stages.writing import surroundings
else:
    surroundings = LateModule("hfsft.stages.writing.surroundings")

FIRST = 100  # rows of each source that are read to check a recipe


@dataclass(frozen=True)
class Look:
    """What the first rows of the sources show."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    examples: list[dict[str, Any]] = field(default_factory=list)  # the rows that can be used, of examples


def kept_of(recipe: Recipe) -> dict[str, str]:
    """The columns that sources keep, each with the name it has in a row."""
    names = [name for _, _, source in _sources(recipe) if isinstance(source, TableSource) for name in source.keep]
    written = {column.name for stage in recipe.stages().values() for column in stage.writes()}
    written |= {column.name for column in columns_of(given_of(recipe))}
    written -= set(recipe.attributes.all if recipe.attributes else ())  # which people's rows may have too
    return kept_columns(names, {*written, *(column for rule in filters_of(recipe) for column in rule.writes)})


def in_waves(recipe: Recipe) -> bool:
    """Whether rows are asked for until there are as many as the recipe wants."""
    return recipe.size is not None


def topics_of(recipe: Recipe) -> frozenset[str] | None:
    """The topics that rows may have; None where only their files or whoever writes them will tell."""
    written = [source for source in recipe.seeds if isinstance(source, Prompts)]
    if len(written) < len(recipe.seeds):
        return None
    chosen = [each for stage in recipe.stages().values() for each in stage.writes() if each.name == "topic"]
    if not all(each.choices for each in chosen):
        return None
    return frozenset(
        [*(source.topic for source in written if source.topic), *(topic for each in chosen for topic in each.choices)]
    )


def open_sources(recipe: Recipe, corpus: Resource | None = None) -> tuple[list[Opened], list[Problem]]:
    """Every source, opened, and what is wrong with those that are not there, at its line of the recipe."""
    problems: list[Problem] = []

    def attempt(given: Given) -> Iterator[Opened]:
        try:
            opened = given.opened(recipe.base)
            opened.identity  # noqa: B018 - looks whether it is there, and hashes it, before any row is read
            yield opened
        except SourceError as error:
            problems.append(problem_of(given.places, error))

    return [opened for each in given_of(recipe, corpus) for opened in attempt(each)], problems


class OpenedSources:
    """The sources of a recipe, opened once: by whoever asks first, of several threads too."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe, self._lock = recipe, threading.Lock()
        self._found: tuple[list[Opened], list[Problem]] | None = None
        self._corpus: tuple[Resource | None, list[Problem]] | None = None

    def __call__(self) -> tuple[list[Opened], list[Problem]]:
        """What `open_sources` gives."""
        corpus, wrong = self.corpus()
        with self._lock:
            if self._found is None:
                opened, problems = open_sources(self._recipe, corpus)
                self._found = opened, [*wrong, *problems]
            return self._found

    def corpus(self) -> tuple[Resource | None, list[Problem]]:
        """What `open_corpus` gives."""
        with self._lock:
            if self._corpus is None:
                self._corpus = open_corpus(self._recipe)
            return self._corpus

    def examples(self) -> list[dict[str, Any]]:
        """The first rows of examples, those that can be used; none where a source cannot be opened."""
        opened, problems = self()
        found: list[dict[str, Any]] = []
        for (section, _, _), source in zip(_sources(self._recipe), [] if problems else opened, strict=not problems):
            with suppress(SourceError):  # which a build tells when it reads
                rows = list(source.rows(FIRST)) if section == "examples" else []
                found += [dict(row.texts) for row in rows if row.defect is None]
        return found


def look(recipe: Recipe, *, hub: bool = True, clean: Callable[[str], str] = str) -> Look:
    """What the first rows of each source show: what cannot be read, or would be set aside, and what is not carried.

    Without `hub`, no dataset of the Hub is looked at; `clean` is what becomes of words of rows before they are told.
    """
    found = Look()
    for given in given_of(recipe):
        section, index, source = given.section, given.index, given.source
        try:
            if given.written:
                given.opened(recipe.base)
                continue
            if isinstance(source, TableSource) and source.table(recipe.base).local is None and not hub:
                continue
            if isinstance(source, TableSource) and (note := source.table(recipe.base).doubtful):
                found.notes.append(clean(note))
            rows = list(given.opened(recipe.base).rows(FIRST))
        except NothingSeenError as error:
            found.notes.append(f"{clean(error.message)}; whether it leaves out all, a build tells")
            continue
        except SourceError as error:
            found.problems.append(problem_of(given.places, error))
            continue
        defective = [(row.defect, row.texts["source"]) for row in rows if row.defect is not None]
        if section == "examples":
            found.examples.extend(dict(row.texts) for row in rows if row.defect is None)
        if len(defective) == len(rows):
            which = f"the first {len(rows)} rows" if len(rows) == FIRST else f"its {len(rows)} rows"
            message = f"none of {which} can be used: {clean(reasons(defective))}"
            found.problems.append(Problem(_place(recipe, section, index, "path"), message))
        if isinstance(source, TableSource) and (
            note := unread_note(unread_counts(row.texts["unread"] for row in rows))
        ):
            found.notes.append(f"{source.path}: {clean(note)}{' (of the first rows)' if len(rows) == FIRST else ''}")
    return found


def source_steps(
    recipe: Recipe, opened: list[Opened], place: Place, limit: int | None, corpus: Resource | None = None
) -> Iterator[Step]:
    """One step that brings the rows in, `limit` of them at most, and one that sets aside those with a defect.

    `corpus` is what the recipe's documents came to.
    """
    identity: dict[str, Any] = {"seeds": [], "examples": []}
    for (section, _, _), source in zip(_sources(recipe), opened, strict=False):
        identity[section].append(source.identity)
    given = given_of(recipe, corpus)
    identity["names"] = [each.name for each in given]
    if limit is not None:
        identity["limit"] = limit
    kept, known = kept_of(recipe), columns_of(given)
    attributes = list(recipe.attributes.all) if recipe.attributes else []
    more: list[str] = []
    if recipe.size and not known:
        from hfsft.stages.writing.empty_rows import COLUMNS as OF_WRITTEN

        known = OF_WRITTEN  # which later waves have
        more += [each.name for each in known]
    if recipe.attributes:
        known = (*known, *recipe.attributes.writes())
        identity["attributes"] = attributes
    carried = [each for stage in recipe.stages().values() for each in stage.carries()]
    known = (*known, *carried)
    more += [each.name for each in carried]
    strings = dict.fromkeys([*kept.values(), *lineage_of(given), DEFECT], "string")
    yield Step(
        "sources",
        rows="source",
        writes={**COLUMNS, **strings, **{each.name: each.type for each in known}},
        known=known,
        role="kept",
        about="As it stood in the source.",
        identity=identity,
        version=8,
        work=Work(
            "hfsft.recipe.reading:reading",
            {
                "sources": [each.as_dict() for each in given],
                "kept": kept,
                "limit": limit,
                **({"attributes": [*attributes, *more]} if attributes or more else {}),
            },
        ),
        needs=tuple(map(partial(resource_of, base=recipe.base), given, opened)),
        place=place,
    )
    yield compare("sources.defect", Bound(DEFECT, DEFECT, absent=True), place)


def names_of(recipe: Recipe) -> list[str]:
    """What each source is called: as the recipe says, or as its file is, with a number where that is taken.

    The rules that rewrite texts are applied here: in a row, where they count what it holds, each row would have its own
    name for the source.
    """
    sources, clean = [source for _, _, source in _sources(recipe)], cleaner(recipe)
    taken = {source.name for source in sources if source.name}
    names = []
    for source in sources:
        name = clean(source.name or source.own_name)
        if name != source.name:  # one that the recipe gives is no other source's
            name = next(each for each in _numbered(name) if each not in taken)
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
        if models_write(source) and source.count is None and recipe.size is None:
            place = recipe.source.place((section, index), key=True)
            yield Problem(place, f"{section}[{index}] needs `count`", "the rows that are to be written")
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


def given_of(recipe: Recipe, corpus: Resource | None = None) -> list[Given]:
    """Every source, with what its rows are called and where it stands; `corpus` is what the documents came to."""
    attributes = _attributes(recipe)
    writers = sum(models_write(source) for source in recipe.seeds)
    found = []
    for (section, index, source), name in zip(_sources(recipe), names_of(recipe), strict=True):
        around = count = None
        if models_write(source):
            rests = corpus if source.rests else None
            around = surroundings.Surroundings(name, recipe.base, recipe.stem, attributes, rests)
            count = source.count or (recipe.size.first(writers) if recipe.size else None)
        found.append(Given(section, index, name, source, _places(recipe, section, index), around, count))
    return found


def inline_rows(recipe: Recipe) -> Iterator[tuple[Place, Row]]:
    """The rows of sources that stand in the recipe itself, each with its place."""
    for section, index, source in _sources(recipe):
        if not (isinstance(source, TableSource) or models_write(source)):
            key = "prompts" if isinstance(source, Prompts) else "rows"
            for number, read in enumerate(source.opened(recipe.base, f"{section}[{index}]").rows(None)):
                if read.defect is None:
                    yield recipe.source.place((section, index, key, number)), new_row("example", read.texts)


def _attributes(recipe: Recipe) -> AttributeShares | None:
    """The attributes; None where there are none, or what is wrong with them is told elsewhere."""
    with suppress(SourceError):
        return recipe.attributes.distribution(recipe.base) if recipe.attributes else None
    return None


def _place(recipe: Recipe, section: str, index: int, key: str) -> Place:
    return place_of_key(_places(recipe, section, index), key)


def _places(recipe: Recipe, section: str, index: int) -> dict[str, list[Place]]:
    """For each key that is written, and for `path` in any case, where it stands; of `where`, each line of its text."""
    item = recipe.source.data.get(section, [])
    written = item[index] if isinstance(item, list) and index < len(item) else {}
    texts = {key: value if key == "where" and isinstance(value, str) else "" for key, value in written.items()}
    return {
        key: [recipe.source.place_in_text((section, index, key), line) for line in range(1, text.count("\n") + 2)]
        for key, text in {"path": "", **texts}.items()
    }
