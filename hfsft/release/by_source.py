"""What became of the rows of each source: read, left out by its keys, set aside, rejected, kept.

Raises where the counts do not add up to the rows that were read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from hfsft.errors import InternalError
from hfsft.recipe.reading import FROM
from hfsft.release.step_titles import AT_READING

if TYPE_CHECKING:
    from hfsft.release.result import Built

LEFT_OUT = ("where", "sample", "mixture")
"""What leaves rows out before they are rows of the build, as `hfsft.rows.choice.row_counts` counts them."""
GROWN = "evolved"  # of a row's origins, that of one which no source holds


@dataclass(frozen=True)
class OfSource:
    """One source: read = where + sample + mixture + taken, and taken + grown = unreadable + fell + kept."""

    section: str
    name: str
    read: int
    where: int
    sample: int
    mixture: int
    taken: int
    ended: bool  # `limit` was reached: what stands behind was not read
    grown: int  # rows that came of those taken
    unreadable: Mapping[str, int] = field(default_factory=dict)  # rows set aside as they were read, by reason
    removed: int = 0  # rejected by a rule, or failed
    kept: int = 0

    @property
    def left_out(self) -> int:
        """Rows that were read and are no rows of the build."""
        return self.where + self.sample + self.mixture

    def as_dict(self) -> dict[str, Any]:
        """The counts as JSON."""
        return {**asdict(self), "unreadable": dict(self.unreadable)}


def by_source(built: Built) -> list[OfSource]:
    """Each source of the recipe, in its order; none where the source told nothing of its reading.

    Raises `InternalError` where its rows do not add up.
    """
    if not built.ledger.told:
        return []
    kept, taken = _counted(built.rows)
    removed: Counter[str] = Counter()
    unreadable: dict[str, Counter[str]] = defaultdict(Counter)
    for removal in built.ledger.removals:
        counts, came = _counted(removal.rows)
        taken += came
        if removal.stage != AT_READING:
            removed += counts
            continue
        for batch in removal.batches([FROM, removal.value_column]):
            for name, reason in zip(batch[FROM], batch[removal.value_column], strict=True):
                unreadable[name][str(reason)] += 1
    found = []
    for told in _whole(built.ledger.told):
        name = told["name"]
        here = OfSource(
            **told,
            grown=kept[name] + removed[name] + unreadable[name].total() - taken[name],
            unreadable=dict(sorted(unreadable[name].items(), key=lambda item: (-item[1], item[0]))),
            removed=removed[name],
            kept=kept[name],
        )
        if here.read != here.left_out + here.taken or here.taken != taken[name]:
            raise InternalError(f"the rows of {name} do not add up: {here.as_dict()}, {taken[name]} came in")
        found.append(here)
    return found


def _whole(told: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What each source told, over all waves that it brought rows to."""
    found: dict[str, dict[str, Any]] = {}
    for each in told:
        before = found.get(each["name"], {})
        counts = {name: before.get(name, 0) + each[name] for name in ("read", *LEFT_OUT, "taken")}
        found[each["name"]] = {**each, **before, **counts}
    return list(found.values())


def worth_telling(sources: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the counts of sources say more than the funnel: there are several, or rows were left out."""
    return len(sources) > 1 or any(source["ended"] or any(source[key] for key in LEFT_OUT) for source in sources)


def as_table(sources: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """A table of such counts, as texts: its head, and a line for each source; columns without a number are left out."""
    heads = {
        "read": [str(_count(each["read"]) + (" (limit)" if each["ended"] else "")) for each in sources],
        **{key: [_count(each[key]) for each in sources] for key in LEFT_OUT},
        "set aside": [_count(sum(each["unreadable"].values())) for each in sources],
        "grown": [_count(each["grown"]) for each in sources],
        "fell": [_count(each["removed"]) for each in sources],
        "kept": [f"{each['kept']:,}" for each in sources],
    }
    shown = {head: values for head, values in heads.items() if any(values)}
    names = [each["name"] for each in sources]
    return ["source", *shown], [list(line) for line in zip(names, *shown.values(), strict=True)]


def _count(number: int) -> str:
    return f"{number:,}" if number else ""


def _counted(rows: Any) -> tuple[Counter[str], Counter[str]]:
    """The rows of each source, and those of them that stood in it themselves."""
    from hfsft.engine.ordering.streamed_rows import streamed

    every, came = Counter[str](), Counter[str]()
    for table in streamed(rows).batches([FROM, "origin", "parent_id"]):
        names, origins, parents = (column.to_pylist() for column in table.columns)
        every.update(names)
        # Others grew, or are another answer.
        own = (origin != GROWN and parent is None for origin, parent in zip(origins, parents, strict=True))
        came.update(name for name, came_in in zip(names, own, strict=True) if came_in)
    return every, came
