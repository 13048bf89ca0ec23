"""Diff: what changed from one build or release to another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from hfsft.release.reader import Release
from hfsft.release.result import SPLITS
from hfsft.release.step_titles import fate_name
from hfsft.rows.columns import TEXTS, criterion_of
from hfsft.rows.views import OPTIONAL, READS, Question, in_lines, questions

NEW, GONE = "new", "no longer made"
SHOWN = 10  # rows whose old and new texts a diff holds
LONGEST = 4_000  # characters of each


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
    def leaked(self) -> list[str]:
        """The rows that are tested on now and were trained on before: none, if hfsft built both."""
        return [row_id for row_id, (old, new) in self.moved.items() if old == "train" and new != "train"]

    def as_dict(self) -> dict[str, Any]:
        """The diff as JSON."""
        return asdict(self)


def diff(old: Release, new: Release) -> Diff:
    """What changed from `old` to `new`."""
    before, after = _rows(old), _rows(new)
    rewritten = dict(_rewritten(before, after))
    both = {row_id: row_id for row_id in before if row_id in after} | rewritten  # new id -> old id
    changed = {row_id: _changes(before[was], after[row_id]) for row_id, was in both.items()}
    moved = {row_id: (before[was]["split"], after[row_id]["split"]) for row_id, was in both.items()}
    gone = before.keys() - after.keys() - set(rewritten.values())
    differing = [row_id for row_id, columns in changed.items() if columns]
    removed_before, removed_after = _fates(old), _fates(new)
    splits = dict.fromkeys([*old.splits(), *new.splits()])
    return Diff(
        old=old.where,
        new=new.where,
        columns=(old.columns(), new.columns()),
        splits={split: (_count(before, split), _count(after, split)) for split in splits},
        added={row_id: removed_before.get(row_id, NEW) for row_id in after if row_id not in both},
        removed={row_id: removed_after.get(row_id, GONE) for row_id in before if row_id in gone},
        changed={row_id: changed[row_id] for row_id in differing if row_id not in rewritten},
        rewritten=rewritten,
        moved={row_id: (a, b) for row_id, (a, b) in moved.items() if a != b},
        texts={
            row_id: {name: (_said(before[both[row_id]], name), _said(after[row_id], name)) for name in changed[row_id]}
            for row_id in differing[:SHOWN]
        },
        recipe=dict(_recipe_changes(old.recipe(), new.recipe())),
        scores=tuple(_scores(before, after)),
        funnel=tuple(_funnel(old.summary()["funnel"], new.summary()["funnel"])),
        pairs=_pairs(old, new),
    )


def _pairs(old: Release, new: Release) -> PairsDiff | None:
    before, after = (
        {(pair["chosen_id"], pair["rejected_id"]): split for split in SPLITS for pair in release.pairs(split) or ()}
        for release in (old, new)
    )
    if not (before or after):
        return None
    added, removed = (tuple(sorted(one.keys() - other)) for one, other in ((after, before), (before, after)))
    moved = tuple(sorted(pair for pair, split in after.items() if before.get(pair, split) != split))
    return PairsDiff(len(before), len(after), added, removed, moved)


def _rows(release: Release) -> dict[str, dict[str, Any]]:
    """Texts, scores and split of every row, by id and in the order of the ids."""
    found: dict[str, dict[str, Any]] = {}
    for split in release.splits():
        rows = release.rows(split)
        wanted = [name for name in rows.column_names if name in ("id", *TEXTS) or criterion_of(name)]
        for row in rows.select_columns(wanted):
            found[row["id"]] = {**row, "split": split}
    return dict(sorted(found.items()))


def _rewritten(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """New and old id of rows that ask the same to the letter and that only one build has: what was answered changed."""
    old, new = (
        _by_question(rows, [row_id for row_id in rows if row_id not in other])
        for rows, other in ((before, after), (after, before))
    )
    for asked, ids in new.items():
        if len(ids) == 1 and len(old.get(asked, ())) == 1:
            yield ids[0], old[asked][0]


def _by_question(rows: Mapping[str, Mapping[str, Any]], ids: list[str]) -> dict[Question, list[str]]:
    columns = (*READS, *OPTIONAL)
    found: dict[Question, list[str]] = {}
    batch = {name: [rows[row_id].get(name) for row_id in ids] for name in columns}
    for row_id, question in zip(ids, questions(batch), strict=True):
        found.setdefault(question, []).append(row_id)
    return found


def _said(row: Mapping[str, Any], name: str) -> str:
    text = in_lines(row[name]) if isinstance(row.get(name), list) else str(row.get(name) or "")
    return text[:LONGEST]


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


def _fates(release: Release) -> dict[str, str]:
    rows = release.rejected()
    if rows is None:
        return {}
    return {
        row["id"]: f"{fate_name(row['fate'])} {'at' if row['fate'] == 'failed' else 'by'} {row['stage']}"
        for row in rows.select_columns(["id", "fate", "stage"])
    }


def _count(rows: Mapping[str, Mapping[str, Any]], split: str) -> int:
    return sum(row["split"] == split for row in rows.values())


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in TEXTS if old.get(name) != new.get(name))


def _scores(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> Iterator[ScoreShift]:
    names = dict.fromkeys(name for rows in (before, after) for row in rows.values() for name in row)
    for name in names:
        criterion = criterion_of(name)
        if criterion is None:
            continue
        old, new = (
            {key: row[name] for key, row in rows.items() if row.get(name) is not None} for rows in (before, after)
        )
        shifts = [new[key] - score for key, score in old.items() if key in new]
        yield ScoreShift(criterion, _mean(old), _mean(new), fmean(shifts) if shifts else None, len(shifts))


def _mean(scores: Mapping[str, float]) -> float | None:
    return fmean(scores.values()) if scores else None


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
