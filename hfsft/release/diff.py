"""Diff: what changed from one build or release to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from hfsft.plan.row import TEXTS
from hfsft.release.reader import Release

SCORE = "score_"
NEW, GONE = "new", "no longer made"


@dataclass(frozen=True)
class ScoreShift:
    """The mean score of one criterion in both builds; None where it was not judged.

    `shift` is the mean difference over the rows that both judged: what the judge changed, not what rows did.
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
class Diff:
    """What changed, by the ids of rows."""

    old: str
    new: str
    columns: tuple[tuple[str, ...], tuple[str, ...]]  # that a trainer reads
    splits: Mapping[str, tuple[int, int]]  # rows in the old and the new build
    added: Mapping[str, str]  # id -> what became of the row in the old build
    removed: Mapping[str, str]  # id -> what became of it in the new one
    changed: Mapping[str, tuple[str, ...]]  # id -> the columns that say something else
    moved: Mapping[str, tuple[str, str]]  # id -> old and new split
    scores: tuple[ScoreShift, ...]
    funnel: tuple[StepPair, ...]

    @property
    def leaked(self) -> list[str]:
        """The rows that are tested on now and were trained on before: none, if hfsft built both."""
        return [row_id for row_id, (old, new) in self.moved.items() if (old, new) == ("train", "validation")]

    def as_dict(self) -> dict[str, Any]:
        """The diff as JSON."""
        return asdict(self)


def diff(old: Release, new: Release) -> Diff:
    """What changed from `old` to `new`."""
    before, after = _rows(old), _rows(new)
    both = [row_id for row_id in before if row_id in after]
    changed = {row_id: _changes(before[row_id], after[row_id]) for row_id in both}
    moved = {row_id: (before[row_id]["split"], after[row_id]["split"]) for row_id in both}
    fell_before, fell_after = _fates(old), _fates(new)
    splits = dict.fromkeys([*old.splits(), *new.splits()])
    return Diff(
        old=old.where,
        new=new.where,
        columns=(old.columns(), new.columns()),
        splits={split: (_count(before, split), _count(after, split)) for split in splits},
        added={row_id: fell_before.get(row_id, NEW) for row_id in after if row_id not in before},
        removed={row_id: fell_after.get(row_id, GONE) for row_id in before if row_id not in after},
        changed={row_id: columns for row_id, columns in changed.items() if columns},
        moved={row_id: (a, b) for row_id, (a, b) in moved.items() if a != b},
        scores=tuple(_scores(before, after)),
        funnel=tuple(_funnel(old.summary()["funnel"], new.summary()["funnel"])),
    )


def _rows(release: Release) -> dict[str, dict[str, Any]]:
    """Texts, scores and split of every row, by id and in the order of the ids."""
    found: dict[str, dict[str, Any]] = {}
    for split in release.splits():
        rows = release.rows(split)
        wanted = [name for name in rows.column_names if name in ("id", *TEXTS) or name.startswith(SCORE)]
        for row in rows.select_columns(wanted):
            found[row["id"]] = {**row, "split": split}
    return dict(sorted(found.items()))


def _fates(release: Release) -> dict[str, str]:
    rows = release.rejected()
    if rows is None:
        return {}
    return {
        row["id"]: f"failed at {row['stage']}" if row["fate"] == "failed" else f"rejected by {row['stage']}"
        for row in rows.select_columns(["id", "fate", "stage"])
    }


def _count(rows: Mapping[str, Mapping[str, Any]], split: str) -> int:
    return sum(row["split"] == split for row in rows.values())


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in TEXTS if old.get(name) != new.get(name))


def _scores(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> Iterator[ScoreShift]:
    names = dict.fromkeys(name for rows in (before, after) for row in rows.values() for name in row)
    for name in names:
        if not name.startswith(SCORE):
            continue
        old, new = (
            {key: row[name] for key, row in rows.items() if row.get(name) is not None} for rows in (before, after)
        )
        shifts = [new[key] - score for key, score in old.items() if key in new]
        yield ScoreShift(
            name.removeprefix(SCORE), _mean(old), _mean(new), fmean(shifts) if shifts else None, len(shifts)
        )


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
