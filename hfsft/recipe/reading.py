"""The rows of a recipe's sources as a plan has them: read by what stands in the plan alone, in any process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from heapq import nsmallest
from itertools import chain
from pathlib import Path
from typing import Any, get_args

from hfsft.engine.resources import Resource, Work
from hfsft.errors import Place, Problem, RecipeError, SourceError
from hfsft.hashing import digest, unit
from hfsft.rows.batch import Row
from hfsft.rows.choice.mixture import MixedSource, mixed
from hfsft.rows.columns import variables
from hfsft.rows.reading.source_row import SourceRow
from hfsft.rows.row import new_row
from hfsft.stages.examples import ExampleRows, ExampleTable
from hfsft.stages.seeds import Prompts, PromptTable
from hfsft.stages.source import Opened, TableSource

DEFECT, FROM, FAMILY = "defect", "from_source", "family_key"
SAME_SEED = "the same as another seed"
SEED_TEXTS = variables("response", "reasoning", "reference")

AnySource = Prompts | PromptTable | ExampleRows | ExampleTable
KINDS: dict[str, type[AnySource]] = {kind.__name__: kind for kind in get_args(AnySource)}


@dataclass(frozen=True)
class Given:
    """One source of a recipe."""

    section: str
    index: int
    name: str  # what its rows are called
    source: AnySource
    places: Mapping[str, Sequence[Place]]  # of its keys: where each line of the text stands

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Given:
        """The source of which `as_dict` told."""
        places = {key: [Place(*each) for each in found] for key, found in told["places"].items()}
        return cls(told["section"], told["index"], told["name"], _source(told["kind"], told["source"]), places)

    def as_dict(self) -> dict[str, Any]:
        """The source as JSON."""
        return {
            "section": self.section,
            "index": self.index,
            "name": self.name,
            **_told(self.source),
            "places": {key: [list(astuple(each)) for each in found] for key, found in self.places.items()},
        }


class Opening:
    """An opened source as a resource."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened

    def identity(self) -> str:
        """A hash of what its rows depend on. Raises `SourceError` where there is no such source."""
        return digest(dict(self.opened.identity))

    def load(self) -> Opened:
        """The source, from which rows are read."""
        return self.opened


def opening(kind: str, source: Mapping[str, Any], base: str, place: str) -> Opening:
    """A source, opened in whichever process."""
    return Opening(_source(kind, source).opened(Path(base), place))


def resource_of(given: Given, opened: Opened, base: Path) -> Resource:
    """A source that is open, as it is opened elsewhere: of a dataset on the Hub that is the commit that was found."""
    source = given.source
    if commit := opened.identity.get("table", {}).get("commit"):
        source = source.model_copy(update={"revision": commit})
    arguments = {**_told(source), "base": str(base), "place": f"{given.section}[{given.index}]"}
    return Resource.of("source", Work("hfsft.recipe.reading:opening", arguments), loader=Opening(opened))


def _told(source: AnySource) -> dict[str, Any]:
    return {"kind": type(source).__name__, "source": source.model_dump(mode="json", exclude_unset=True)}


def _source(kind: str, told: Mapping[str, Any]) -> AnySource:
    source: AnySource = KINDS[kind].model_validate(told)
    return source


def lineage_of(given: Sequence[Given]) -> tuple[str, ...]:
    """The columns that say which source a row is of, and of which family the source says it is."""
    named = [each for each in given if isinstance(each.source, TableSource) and each.source.family]
    return (FROM, *([FAMILY] if named else []))


def problem_of(places: Mapping[str, Sequence[Place]], error: SourceError) -> Problem:
    """A fault of a source at the key that settles it; one inside a file where it stands there."""
    if error.place is not None and error.key == "path":
        return Problem(error.place, error.message, error.help)
    message = f"{error.place}: {error.message}" if error.place else error.message
    return Problem(place_of_key(places, error.key, error.line), message, error.help)


def place_of_key(places: Mapping[str, Sequence[Place]], key: str, line: int = 1) -> Place:
    """Where a line of a key's text stands; of one that is not written, where the source does."""
    found = places.get(key) or places["path"]
    return found[min(max(line, 1), len(found)) - 1]


def reading(
    *needs: Resource, sources: Sequence[Mapping[str, Any]], kept: Mapping[str, str], limit: int | None
) -> Callable[[], Iterator[Row]]:
    """What reads the rows of all sources; `kept` are the columns that stay, with the names they have in a row."""
    return partial(Reading([Given.of(each) for each in sources], needs, kept).rows, limit)


class Reading:
    """The rows of all sources of a recipe, as the plan has them."""

    def __init__(self, given: Sequence[Given], needs: Sequence[Resource], kept: Mapping[str, str]) -> None:
        self._given, self._needs, self._kept = given, needs, kept
        self._lineage = lineage_of(given)
        self._copies: Counter[int] = Counter()  # by hashes: the texts themselves would be the whole source in memory

    def rows(self, limit: int | None) -> Generator[Row, None, list[dict[str, Any]]]:
        """The rows, section by section; of a preview `limit` of them, by a hash of their ids. What each source came to.

        Raises `RecipeError` where a source cannot be read.
        """
        self._copies.clear()
        parts: dict[str, list[MixedSource]] = {}
        opened: list[Opened] = [need.load() for need in self._needs]
        for given, source in zip(self._given, opened, strict=True):
            part = MixedSource(self._of(given, source), given.source.share, source.counts)
            parts.setdefault(given.section, []).append(part)
        found: Iterator[Row] = chain.from_iterable(map(_of_section, parts.values()))
        if limit is not None:
            found = iter(nsmallest(limit, found, key=lambda row: unit(row["id"], "preview")))
        yield from found
        return [
            {"section": given.section, "name": given.name, **source.counts.as_dict()}
            for given, source in zip(self._given, opened, strict=True)
        ]

    def _of(self, given: Given, opened: Opened) -> Iterator[Row]:
        origin = "seed" if given.section == "seeds" else "example"
        try:
            for read in opened.rows(None):
                # A hash, so that no rule which rewrites texts makes one family of two.
                family = digest([getattr(given.source, "family", None), read.family], 16) if read.family else None
                lineage = {FROM: given.name, FAMILY: family}
                yield {**self._row(origin, read), **{column: lineage[column] for column in self._lineage}}
        except SourceError as error:
            raise RecipeError([problem_of(given.places, error)]) from None

    def _row(self, origin: str, read: SourceRow) -> Row:
        row, defect = new_row(origin, read.texts), read.defect
        same = int(row["id"], 16)
        self._copies[same] += 1
        if copy := self._copies[same] - 1:
            row = new_row(origin, read.texts, copy)
        if origin == "seed" and defect is None:
            said = int(digest([(read.texts.get(name) or "").strip() for name in SEED_TEXTS], 17), 16)
            self._copies[said] += 1
            defect = SAME_SEED if self._copies[said] > 1 else None
        return {**row, **{column: read.kept.get(name) for name, column in self._kept.items()}, DEFECT: defect}


def _of_section(parts: list[MixedSource]) -> Iterator[Row]:
    if any(part.share for part in parts):
        return mixed(parts, DEFECT)
    return chain.from_iterable(part.rows for part in parts)
