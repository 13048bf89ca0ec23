"""The rows of a recipe's sources as a plan has them: read by what stands in the plan alone, in any process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from heapq import nsmallest
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, get_args

from hfsft.engine.adding import Former, Kept
from hfsft.engine.resources import Resource, Work
from hfsft.errors import Place, Problem, ReadAnewError, RecipeError, SourceError
from hfsft.hashing import digest, unit
from hfsft.recipe.in_pieces.cut_reading import CutReading
from hfsft.rows.batch import Row
from hfsft.rows.choice.mixture import MixedSource, mixed
from hfsft.rows.choice.row_counts import Counts
from hfsft.rows.columns import WAVE, Column, variables
from hfsft.rows.reading.source_row import SourceRow
from hfsft.rows.row import new_row
from hfsft.section.late_module import LateModule
from hfsft.stages.base import Stage
from hfsft.stages.seeds import Prompts, PromptTable
from hfsft.stages.source import Opened, TableSource
from hfsft.stages.source_tally import SAME_SEED, FormerCopies, SourceTally, keep, said_by

if TYPE_CHECKING:
    from hfsft.stages.examples import AnyExample
    from hfsft.stages.writing import AnyWritten, surroundings
    from hfsft.stages.writing.base import Written

    AnySource = Prompts | PromptTable | AnyExample | AnyWritten
else:
    surroundings = LateModule("hfsft.stages.writing.surroundings")

DEFECT, FROM, FAMILY = "defect", "from_source", "family_key"
SEED_TEXTS = variables("response", "reasoning", "reference")

SEEDS: dict[str, type[Prompts | PromptTable]] = {kind.__name__: kind for kind in (Prompts, PromptTable)}


@dataclass(frozen=True)
class Given:
    """One source of a recipe."""

    section: str
    index: int
    name: str  # what its rows are called
    source: AnySource
    places: Mapping[str, Sequence[Place]]  # of its keys: where each line of the text stands
    around: surroundings.Surroundings | None = None  # of one that models write
    count: int | None = None  # of one that models write: the rows of its first pass

    @property
    def written(self) -> bool:
        """Whether models write its rows."""
        return models_write(self.source)

    def opened(self, base: Path) -> Opened:
        """The source, opened."""
        place = f"{self.section}[{self.index}]"
        if models_write(self.source):
            return self.source.opened(base, place, self.around, self.count)
        return self.source.opened(base, place)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Given:
        """The source of which `as_dict` told."""
        places = {key: [Place(*each) for each in found] for key, found in told["places"].items()}
        around = surroundings.Surroundings.of(told["around"], Path()) if told.get("around") else None
        source = _source(told["kind"], told["source"])
        return cls(told["section"], told["index"], told["name"], source, places, around, told.get("count"))

    def as_dict(self) -> dict[str, Any]:
        """The source as JSON."""
        return {
            "section": self.section,
            "index": self.index,
            "name": self.name,
            **_told(self.source),
            **({"around": self.around.as_dict(), "count": self.count} if self.around else {}),
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


def opening(
    kind: str,
    source: Mapping[str, Any],
    base: str,
    place: str,
    around: Mapping[str, Any] | None = None,
    count: int | None = None,
) -> Opening:
    """A source, opened in whichever process; what is `around` it, and its `count`, are of one that models write."""
    section, _, index = place.rstrip("]").partition("[")
    known = surroundings.Surroundings.of(around, Path(base)) if around else None
    given = Given(section, int(index), known.name if known else "", _source(kind, source), {}, known, count)
    return Opening(given.opened(Path(base)))


def resource_of(given: Given, opened: Opened, base: Path) -> Resource:
    """A source that is open, as it is opened elsewhere: of a dataset on the Hub that is the commit that was found."""
    source = given.source
    if commit := opened.identity.get("table", {}).get("commit"):
        source = source.model_copy(update={"revision": commit})
    written = {"around": given.around.as_dict(), "count": given.count} if given.around else {}
    arguments = {**_told(source), "base": str(base), "place": f"{given.section}[{given.index}]", **written}
    return Resource.of("source", Work("hfsft.recipe.reading:opening", arguments), loader=Opening(opened))


def _told(source: AnySource) -> dict[str, Any]:
    return {"kind": type(source).__name__, "source": source.model_dump(mode="json", exclude_unset=True)}


def _source(kind: str, told: Mapping[str, Any]) -> AnySource:
    source: AnySource = _kind(kind).model_validate(told)
    return source


def _kind(name: str) -> type[AnySource]:
    if name in SEEDS:
        return SEEDS[name]
    from hfsft.stages.examples import AnyExample
    from hfsft.stages.writing import AnyWritten

    kinds = (*get_args(AnyExample), *get_args(AnyWritten))
    found: type[AnySource] = next(each for each in kinds if each.__name__ == name)
    return found


def models_write(source: AnySource) -> TypeGuard[Written]:
    """Whether models write the rows of a source: of sources these alone make steps."""
    return isinstance(source, Stage)


def lineage_of(given: Sequence[Given]) -> tuple[str, ...]:
    """The columns that say which source a row is of, and of which family the source says it is."""
    named = [each for each in given if isinstance(each.source, TableSource) and each.source.family]
    return (FROM, *([FAMILY] if named else []))


def columns_of(given: Sequence[Given]) -> tuple[Column, ...]:
    """The columns that rows have because models write some: the attributes, what kinds of sources bring, and which
    row of which source each is.
    """
    writers = [each.source for each in given if models_write(each.source)]
    if not writers:
        return ()
    from hfsft.stages.writing.empty_rows import COLUMNS

    brought = {column.name: column for each in writers for column in each.brings}
    return (*brought.values(), *COLUMNS)


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
    *needs: Resource,
    sources: Sequence[Mapping[str, Any]],
    kept: Mapping[str, str],
    limit: int | None,
    attributes: Sequence[str] = (),
) -> Reading:
    """What reads the rows of all sources; `kept` are the columns that stay, with the names they have in a row."""
    return Reading([Given.of(each) for each in sources], needs, kept, limit, attributes)


def filling(
    *needs: Resource,
    sources: Sequence[Mapping[str, Any]],
    kept: Mapping[str, str],
    attributes: Sequence[str],
    wave: int,
    slots: Sequence[Sequence[int]],
    have: Sequence[tuple[Sequence[str], int]],
) -> Callable[[], Iterator[Row]]:
    """What brings in the rows of another wave: of each source that models write those of its `slots`, as [from, to).

    `have` are the rows of each combination of attributes that the waves before came to.
    """
    given = [Given.of(each) for each in sources]
    reading = Reading(given, needs, kept, None, attributes)
    return partial(reading.wave, wave, slots, {tuple(combination): rows for combination, rows in have})


class Reading(CutReading):
    """The rows of all sources of a recipe, as the plan has them; of a preview `limit` of them, by a hash of their ids.

    It is the function of a step, and reads on where sources grew, see `hfsft.engine.adding`; several processes may read
    it in pieces.
    """

    def __init__(
        self,
        given: Sequence[Given],
        needs: Sequence[Resource],
        kept: Mapping[str, str],
        limit: int | None,
        attributes: Sequence[str] = (),
    ) -> None:
        self._given, self._needs, self._kept, self._limit = given, needs, kept, limit
        self._attributes = attributes
        self._written = dict.fromkeys((each.name for each in columns_of(given)), None) | dict.fromkeys(attributes)
        self._lineage = lineage_of(given)
        self._tallies = [
            SourceTally(each.source, need.identity, {**each.as_dict(), "places": None, "kept": dict(kept)})
            for each, need in zip(given, needs, strict=bool(needs))  # who reads a piece needs none
        ]
        self._copies: Counter[int] = Counter()  # by hashes: the texts themselves would be the whole source in memory
        self._former = FormerCopies()

    def __call__(self) -> Iterator[Row | Kept]:
        """The rows, section by section. What their generator returns is what each source came to.

        Raises `RecipeError` where a source cannot be read.
        """
        for tally, opened in zip(self._tallies, self._opened, strict=True):
            tally.start(opened)
        self._former = FormerCopies()
        self._copies.clear()
        return self._rows()

    def since(self, mark: Any, before: Former) -> Iterator[Row | Kept]:
        """The same, in which what stands in files as it stood in the reading of that mark is `Kept`.

        Raises `ReadAnewError` where that is not known of some rows, or one that is new is the same as one of these.
        """
        if self._limit is not None:
            raise ReadAnewError
        keep(self._tallies, mark["sources"], self._opened)
        kept = [each for tally in self._tallies for each in tally.kept]
        texts = SEED_TEXTS if any(each.section == "seeds" for each in self._given) else ()
        self._former = FormerCopies.of(kept, before, mark["copies"], texts)
        self._copies = Counter(dict.fromkeys(self._former.hashes, 1))
        return self._rows()

    @property
    def mark(self) -> Any:
        """What was read; None of a preview and of a mixture, of which a row is there because others are."""
        if self._limit is not None or any(each.source.share for each in self._given):
            return None
        copies = {f"{row:x}" for row, count in self._copies.items() if count > 1} | self._former.copies
        told = [tally.as_dict(opened) for tally, opened in zip(self._tallies, self._opened, strict=True)]
        return {"sources": told, "copies": sorted(copies)}

    @property
    def _opened(self) -> list[Opened]:  # type: ignore[override]
        return [need.load() for need in self._needs]

    def wave(
        self, number: int, slots: Sequence[Sequence[int]], have: Mapping[tuple[str, ...], int]
    ) -> Generator[Row, None, list[dict[str, Any]]]:
        """The rows of a later wave, see `filling`. What their generator returns is how many each source brought."""
        told = []
        writers = [pair for pair in zip(self._given, self._opened, strict=True) if pair[0].written]
        for (given, opened), (start, stop) in zip(writers, slots, strict=True):
            assert opened.slots is not None
            rows = opened.slots(start, stop, have)
            yield from ({**self._placeholder(given, row), WAVE: number} for row in rows)
            came = Counts(read=len(rows), taken=len(rows))
            told.append({"section": given.section, "name": given.name, **came.as_dict()})
        return told

    def _placeholder(self, given: Given, row: Mapping[str, Any]) -> Row:
        """A row that a model is to write, with every column of the plan."""
        lineage = {**dict.fromkeys(self._lineage), FROM: given.name}
        return {**dict.fromkeys(self._kept.values()), DEFECT: None, **lineage, **self._written, **row}

    def _rows(self) -> Generator[Row | Kept, None, list[dict[str, Any]]]:
        parts: dict[str, list[MixedSource]] = {}
        for given, tally, opened in zip(self._given, self._tallies, self._opened, strict=True):
            part = MixedSource(self._of(given, tally, opened), given.source.share, opened.counts)
            parts.setdefault("written" if given.written else given.section, []).append(part)
        found: Iterator[Any] = chain.from_iterable(map(_of_section, parts.values()))
        if self._limit is not None:
            found = iter(nsmallest(self._limit, found, key=lambda row: unit(row["id"], "preview")))
        yield from found
        return [
            {"section": given.section, "name": given.name, **tally.counts(opened)}
            for given, tally, opened in zip(self._given, self._tallies, self._opened, strict=True)
        ]

    def _of(self, given: Given, tally: SourceTally, opened: Opened) -> Iterator[Any]:
        try:
            for read in tally.read(opened):
                if isinstance(read, Kept):
                    self._former.left -= 1
                    yield read
                elif read.whole is not None:
                    yield self._placeholder(given, read.whole)
                else:
                    yield self.row(given, read)[0]
        except SourceError as error:
            raise RecipeError([problem_of(given.places, error)]) from None

    def row(self, given: Given, read: SourceRow) -> tuple[Row, int, int | None]:
        """The next row of a source, a hash of what it says, and one of a seed's texts, where it is one to use."""
        origin = "seed" if given.section == "seeds" else "example"
        row, defect = new_row(origin, read.texts), read.defect
        same = int(row["id"], 16)
        self._former.check(same)
        self._copies[same] += 1
        if copy := self._copies[same] - 1:
            row = new_row(origin, read.texts, copy)
        said = None
        if origin == "seed" and defect is None:
            said = said_by([read.texts.get(name) for name in SEED_TEXTS])
            self._former.check(said)
            self._copies[said] += 1
            defect = SAME_SEED if self._copies[said] > 1 else None
        kept = {column: read.kept.get(name) for name, column in self._kept.items()}
        # A hash, so that no rule which rewrites texts makes one family of two.
        family = digest([getattr(given.source, "family", None), read.family], 16) if read.family else None
        lineage = {name: value for name, value in ((FROM, given.name), (FAMILY, family)) if name in self._lineage}
        wave = {WAVE: 1} if WAVE in self._written else {}
        return {**self._written, **row, **kept, **wave, DEFECT: defect, **lineage}, same, said


def _of_section(parts: list[MixedSource]) -> Iterator[Any]:
    if any(part.share for part in parts):
        return mixed(parts, DEFECT)
    return chain.from_iterable(part.rows for part in parts)
