"""The rows of a build, one record each, read from its folder: found by what became of them and by what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hfsft.errors import ReleaseError, nearest
from hfsft.plain import limits
from hfsft.release.report.page_data import PageData
from hfsft.release.result import SPLITS
from hfsft.rows.columns import CONTENT, LEDGER, REFERENCE, column, known
from hfsft.rows.views import Said, content, said

if TYPE_CHECKING:
    from hfsft.release.reader import Release

KEPT = "kept"  # what `Wanted.fate` may say for any split
VERDICT = tuple(name for name in LEDGER if name != "fate")  # what is known of a row that fell
_LEAST_PREFIX = 4  # hex digits of an id that may stand for it


@dataclass(frozen=True)
class Measure:
    """What one rule read of a row: its step, the column, the value, and its bounds."""

    step: str
    column: str
    value: Any
    bound: str
    removed: bool = False  # whether the row fell here


@dataclass(frozen=True)
class ReleaseRow:
    """One row with its fate; what `VERDICT` names is None for a row that was kept."""

    row: Mapping[str, Any]
    fate: str
    verdict: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The row's id."""
        return str(self.row["id"])

    @property
    def content(self) -> str | None:
        """The hash of what it says; None for one that says nothing."""
        return self.row.get(CONTENT) or content(self.row)

    def said(self) -> list[Said]:
        """Who says, thinks and calls what, as far as the row came."""
        return said(self.row)

    @property
    def silent(self) -> bool:
        """Whether the build withholds what the row says."""
        return not self.said()

    def columns(self) -> dict[str, Any]:
        """Every other column that holds something: measures, scores, reasons, labels, what sources had of their own."""
        own = {name: value for name, value in self.row.items() if not known(name) and column(name).role != "vector"}
        return {name: value for name, value in own.items() if value not in (None, "", [])}

    def texts(self) -> Iterator[str]:
        """All that the row says: its turns and tools, its topic, its kept columns, the judge's reasons."""
        yield from (f"{each.name} {each.text}" for each in self.said())
        about = (self.row.get(name) for name in ("topic", REFERENCE))
        yield from (value for value in (*about, *self.columns().values()) if isinstance(value, str))

    def measures(self, bounds: Sequence[Mapping[str, Any]]) -> list[Measure]:
        """What each rule read of the row, in the order that they cut; those behind its fall never saw it."""
        found = []
        for bound in bounds:
            value = self.row.get(bound["column"])
            removed = self.fate == "rejected" and self.verdict.get("stage") == bound["step"]
            if value is not None or removed:
                found.append(Measure(bound["step"], bound["column"], value, _limits(bound), removed))
            if removed:
                break
        return found

    def as_dict(self) -> dict[str, Any]:
        """The record as JSON: ids, fate and verdict first, then every column."""
        named = {"id": self.id, CONTENT: self.content, "fate": self.fate}
        return {**named, **self.verdict, **{name: value for name, value in self.row.items() if name not in named}}


def _limits(bound: Mapping[str, Any]) -> str:
    return limits(bound.get("at_least"), bound.get("at_most"))


@dataclass(frozen=True)
class Wanted:
    """Which rows: each part that is given must fit."""

    fate: str | None = None
    by: str | None = None  # the step that took the row out, or its rule
    topic: str | None = None
    source: str | None = None  # part of the place where it was read
    find: str | None = None  # part of what it says, in any case

    def fits(self, record: ReleaseRow) -> bool:
        """Whether a record is wanted."""
        row = record.row
        if self.fate and record.fate != self.fate and not (self.fate == KEPT and record.fate in SPLITS):
            return False
        if self.by and self.by not in (record.verdict.get("stage"), record.verdict.get("rule")):
            return False
        if self.topic and (row.get("topic") or "").casefold() != self.topic.casefold():
            return False
        if self.source and self.source not in (row.get("source") or ""):
            return False
        return not self.find or any(self.find.casefold() in text.casefold() for text in record.texts())


class BuildRows:
    """The rows of one build or release."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self._story = PageData(release)

    def __iter__(self) -> Iterator[ReleaseRow]:
        """Every row, those that were kept first."""
        for table in self._story.kept:
            for row in table:
                yield ReleaseRow(row, table.split)
        for row in self._story.removed:
            verdict = {name: row.get(name) for name in VERDICT}
            yield ReleaseRow({name: value for name, value in row.items() if name not in verdict}, row["fate"], verdict)

    @property
    def bounds(self) -> list[dict[str, Any]]:
        """Every rule with a number, in the order that they cut."""
        found: list[dict[str, Any]] = self._story.summary["bounds"]
        return found

    def find(self, wanted: Wanted) -> Iterator[ReleaseRow]:
        """The rows that are wanted. Raises `ReleaseError` for a rule or a topic that no row bears."""
        if wanted.by:
            steps = [line["step"] for line in self._story.summary["funnel"] if line["removed"]]
            rules = sorted(filter(None, set(self._story.removed.column("rule"))))
            self._check("rule", wanted.by, list(dict.fromkeys([*steps, *rules])))
        if wanted.topic:
            topics = {topic for topic in (*self._story.values("topic"), *self._story.removed.column("topic")) if topic}
            if wanted.topic.casefold() not in {topic.casefold() for topic in topics}:
                self._check("topic", wanted.topic, sorted(topics)[:20])
        return (record for record in self if wanted.fits(record))

    def one(self, name: str) -> ReleaseRow:
        """The row of that id, of an id that begins so, or read at that place (`tickets.jsonl:3`).

        Raises `ReleaseError` where no row fits, or several do.
        """
        found = []
        for record in self:
            source = record.row.get("source") or ""
            if record.id == name:
                return record
            by_id = len(name) >= _LEAST_PREFIX and record.id.startswith(name)
            if by_id or source == name or source.endswith(f"/{name}"):
                found.append(record)
        # What grew from a seed was read where the seed was: the place means the seed itself.
        seeds = [record for record in found if not record.row.get("parent_id")] or found
        if len(seeds) == 1:
            return seeds[0]
        if not seeds:
            raise ReleaseError(
                f"{self.release.where}: has no row {name} (give an id, its first digits, or a place such as "
                "tickets.jsonl:3; `hfsft rows` lists them)"
            )
        named = ", ".join(record.id for record in seeds[:10])
        raise ReleaseError(f"{self.release.where}: {name} fits {len(seeds):,} rows: {named}")

    def steps_met(self, record: ReleaseRow) -> set[str]:
        """The steps that the row went through, the one that took it out among them."""
        names = [line["step"] for line in self._story.summary["funnel"]]
        removed = record.verdict.get("stage")
        return set(names[: names.index(removed) + 1] if removed in names else names)

    def parents(self) -> dict[str, str | None]:
        """Of every row the id of the one it grew from, None for one that grew from none."""
        ids, parents = ([*self._story.values(name), *self._story.removed.column(name)] for name in ("id", "parent_id"))
        return dict(zip(ids, parents, strict=True))

    def named(self, ids: Sequence[str]) -> dict[str, ReleaseRow]:
        """The rows of some ids, as far as there are such."""
        wanted = set(ids)
        return {record.id: record for record in self if record.id in wanted} if wanted else {}

    def _check(self, what: str, name: str, known: Iterator[str] | Sequence[str]) -> None:
        names = list(known)
        if name not in names:
            hint = nearest(name, names)
            said = f"{self.release.where}: no row fell by `{name}`" if what == "rule" else f"no row is about `{name}`"
            raise ReleaseError(f"{said} ({hint})" if hint else said)
