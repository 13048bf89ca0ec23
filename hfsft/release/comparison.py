"""Diff: what changed from one build or release to another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from hfsft.engine.ordering.spilled import Spilled
from hfsft.release.compared.row_changes import ComparedMeans, on_disk, row_changes
from hfsft.release.reader import Release
from hfsft.release.result import SPLITS
from hfsft.rows.columns import criterion_of


@dataclass(frozen=True)
class ScoreShift:
    """The mean score of one criterion over all rows of each build; None where it was not judged.

    `shift` is the mean difference over the rows that both judged: what the judge changed, not what rows did. So the
    means may differ while it is 0: other rows are in.
    """

    criterion: str
    old: float | None
    new: float | None
    shift: float | None
    rows_compared: int


@dataclass(frozen=True)
class StepPair:
    """One step of the funnels: rows left and removed in both builds; None where a build has no such step."""

    step: str
    old_rows: int | None
    new_rows: int | None
    old_removed: int | None
    new_removed: int | None


@dataclass(frozen=True)
class PairsDiff:
    """What changed of preference pairs, each by the ids of its chosen and its rejected row."""

    old: int
    new: int
    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]
    moved: tuple[tuple[str, str], ...]  # from one split to another


@dataclass(frozen=True)
class Diff:
    """What changed, by the ids of rows.

    A row whose answer was corrected has another id; it is told in `rewritten`, not as one removed and one added.
    """

    old: str
    new: str
    columns: tuple[tuple[str, ...], tuple[str, ...]]  # that a trainer reads
    splits: Mapping[str, tuple[int, int]]  # rows in the old and the new build
    added: Mapping[str, str]  # id -> what became of the row in the old build
    removed: Mapping[str, str]  # id -> what became of it in the new one
    changed: Mapping[str, tuple[str, ...]]  # id -> the columns that say something else
    rewritten: Mapping[str, str]  # new id -> the old id of the row that asked the same
    moved: Mapping[str, tuple[str, str]]  # new id -> old and new split
    texts: Mapping[str, Mapping[str, tuple[str, str]]]  # new id -> column -> old and new text, of the first rows
    recipe: Mapping[str, tuple[str | None, str | None]]  # key -> old and new value as JSON; None where it is not set
    scores: tuple[ScoreShift, ...]
    funnel: tuple[StepPair, ...]
    pairs: PairsDiff | None = None  # where one of both has any

    @property
    def leaked(self) -> bool:
        """Whether rows are tested on now that were trained on before: none are, if hfsft built both."""
        return any(old == "train" and new != "train" for old, new in self.moved.values())

    def as_dict(self) -> dict[str, Any]:
        """The diff as JSON, but that what changed of rows may be mappings which no memory holds."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        plain = {"scores": [*map(asdict, self.scores)], "funnel": [*map(asdict, self.funnel)]}
        return {**told, **plain, "pairs": asdict(self.pairs) if self.pairs else None}


def diff(old: Release, new: Release) -> Diff:
    """What changed from `old` to `new`. Of both some rows are held at a time, and of each kind of change `HELD` ids;
    pairs that changed take some 200 bytes each.
    """
    found = row_changes(old, new)
    before, after = found.counts
    return Diff(
        old=old.where,
        new=new.where,
        columns=(old.columns(), new.columns()),
        splits={split: (before[split], after[split]) for split in dict.fromkeys([*old.splits(), *new.splits()])},
        added=found.added,
        removed=found.removed,
        changed=found.changed,
        rewritten=found.rewritten,
        moved=found.moved,
        texts=found.texts,
        recipe=dict(_recipe_changes(old.recipe(), new.recipe())),
        scores=tuple(_scores(found.scores)),
        funnel=tuple(_funnel(old.summary()["funnel"], new.summary()["funnel"])),
        pairs=_pairs(old, new),
    )


def _pairs(old: Release, new: Release) -> PairsDiff | None:
    before, after = map(_splits_of_pairs, (old, new))
    if not (before or after):
        return None
    added, removed = (
        tuple(_two(pair) for pair in one if pair not in other) for one, other in ((after, before), (before, after))
    )
    moved = tuple(_two(pair) for pair, split in after.items() if before.get(pair, split) != split)
    return PairsDiff(len(before), len(after), added, removed, moved)


def _splits_of_pairs(release: Release) -> Spilled[str]:
    """The split of each preference pair, by both its ids."""
    found = on_disk(str, str)
    for split in SPLITS:
        pairs = release.streamed_pairs(split)
        for batch in pairs.batches(["chosen_id", "rejected_id"]) if pairs else ():
            for chosen, rejected in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                found[f"{chosen} {rejected}"] = split
    return found


def _two(pair: str) -> tuple[str, str]:
    chosen, rejected = pair.split(" ")
    return chosen, rejected


def _recipe_changes(
    old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[str | None, str | None]]]:
    before, after = dict(_leaves(old, "")), dict(_leaves(new, ""))
    for key in dict.fromkeys([*after, *before]):
        if before.get(key) != after.get(key):
            yield key, (before.get(key), after.get(key))


def _leaves(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Every value of a recipe by its key; a list of plain values is one."""
    inside: Iterable[tuple[str, Any]] = ()
    if isinstance(value, dict):
        inside = ((f"{key}.{name}" if key else str(name), item) for name, item in value.items())
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        names = [_item(item, index) for index, item in enumerate(value)]
        names = names if len(set(names)) == len(names) else [str(index) for index in range(len(value))]
        inside = (
            (f"{key}[{name}]", item[name] if isinstance(item, dict) and name in item else item)
            for name, item in zip(names, value, strict=True)
        )
    elif value not in (None, [], {}):
        yield key, json.dumps(value, ensure_ascii=False)
    for name, item in inside:
        yield from _leaves(item, name)


def _item(item: Any, index: int) -> str:
    """What an item of a list is called: by its one key, as filters are, else by its number."""
    return str(next(iter(item))) if isinstance(item, dict) and len(item) == 1 else str(index)


def _scores(scores: Mapping[str, ComparedMeans]) -> Iterator[ScoreShift]:
    for name, found in scores.items():
        told = found.old.mean, found.new.mean, found.shift.mean
        yield ScoreShift(str(criterion_of(name)), *told, found.shift.count)


def _funnel(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Iterator[StepPair]:
    """The steps of both, each where it stands in the funnel that has it."""
    before, after = ({line["step"]: line for line in lines} for lines in (old, new))
    for step in _merged(list(before), list(after)):
        a, b = before.get(step, {}), after.get(step, {})
        yield StepPair(step, a.get("rows_out"), b.get("rows_out"), a.get("removed"), b.get("removed"))


def _merged(old: list[str], new: list[str]) -> Iterator[str]:
    """Both lists in one: the new one, with each step that only the old one has before what followed it there."""
    from difflib import SequenceMatcher

    for _, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield from dict.fromkeys([*(step for step in old[a:b] if step not in new), *new[c:d]])
