"""Rows of one split that stand in another too, or nearly: what training on the first tells of the second."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hfsft.engine.parts.rows import column_of
from hfsft.rows.columns import OF, SIDES
from hfsft.rows.views import OPTIONAL, READS
from hfsft.similarity import families
from hfsft.stages.split.leak import LEAK, USUAL
from hfsft.stages.split.overlap import measuring
from hfsft.stages.split.word_runs import OVERLAP

if TYPE_CHECKING:
    from datasets import Dataset

EXAMPLES = 5


@dataclass(frozen=True)
class SplitLeak:
    """How many rows of one split are the same as, or close to, a row of another."""

    split: str
    of: str
    by: str  # the rule that found them, or the second count, of runs of words
    rows: int
    share: float  # of the split's rows
    examples: tuple[tuple[str, str], ...]  # where both rows stand

    def as_dict(self) -> dict[str, Any]:
        """The leak as JSON."""
        return asdict(self)


def leaks(rows: Dataset, measures: Sequence[tuple[str, str]], splits: Sequence[str]) -> list[SplitLeak]:
    """For each pair of splits and each rule with its measure, the rows that both have; the first split is trained on.

    Rows that fall for one row are one cluster with it: what is in two splits is a leak, whichever of them stays. Behind
    them stands what a second count finds, of runs of eight words one by one.
    """
    if len(splits) < 2:
        return []
    ids, split_of, source = (column_of(rows, name) for name in ("id", "from_source", "source"))
    counts = {split: split_of.count(split) for split in splits}
    found = []
    for rule, measure in measures:
        clusters = list(clusters_of(ids, column_of(rows, f"{measure}{OF}")))
        for place, split in enumerate(splits):
            for of in splits[:place]:
                pairs = list(_shared(clusters, split_of, split, of))
                if pairs:
                    examples = tuple((source[one], source[other]) for one, other in pairs[:EXAMPLES])
                    found.append(SplitLeak(split, of, rule, len(pairs), len(pairs) / counts[split], examples))
    places = {split: [place for place, each in enumerate(split_of) if each == split] for split in splits}
    for at, split in enumerate(splits):
        for of in splits[:at]:
            if alike := _word_for_word(rows, places[of], places[split]):
                examples = tuple((source[one], source[other]) for _, one, other in alike[:EXAMPLES])
                found.append(SplitLeak(split, of, LEAK, len(alike), len(alike) / counts[split], examples))
    return found


def _word_for_word(rows: Dataset, seen: Sequence[int], held: Sequence[int]) -> list[tuple[float, int, int]]:
    """The held-out rows whose runs of eight words one row that is trained on has too, for more than half of them.

    A second count beside the rules for duplicates, which compare characters: the share, the row and the other one, the
    largest share first.
    """
    some = [*seen, *held]
    split = [SIDES[0]] * len(seen) + [SIDES[1]] * len(held)
    columns = rows.select(some).select_columns([name for name in (*READS, *OPTIONAL) if name in rows.column_names])
    measured = measuring()({"id": list(map(str, some)), "split": split, **columns[:]})
    shares, others = measured[OVERLAP], measured[f"{OVERLAP}{OF}"]
    alike = [
        (share, place, int(other))
        for place, share, other in zip(some, shares, others, strict=True)
        if share is not None and share > USUAL
    ]
    return sorted(alike, key=lambda each: (-each[0], each[1]))


def clusters_of(ids: Sequence[str], of: Sequence[str | None]) -> Iterator[list[int]]:
    """Places of rows that are joined by what they fall for."""
    place_of = {row_id: place for place, row_id in enumerate(ids)}
    joined = ((place, place_of[other]) for place, other in enumerate(of) if other is not None and other in place_of)
    members = defaultdict[int, list[int]](list)
    for place, root in enumerate(families(len(ids), joined)):
        members[root].append(place)
    return (each for each in members.values() if len(each) > 1)


def _shared(
    clusters: Sequence[Sequence[int]], split_of: Sequence[str], split: str, of: str
) -> Iterator[tuple[int, int]]:
    """Each row of the split with a row of the other one in its cluster."""
    for cluster in clusters:
        other = next((place for place in cluster if split_of[place] == of), None)
        if other is not None:
            yield from ((place, other) for place in cluster if split_of[place] == split)
