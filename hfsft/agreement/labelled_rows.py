"""People's labels joined with the rows of a build: by id and text, with what became of each row."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median_low

from hfsft.agreement.judge_figures import LabelledRow
from hfsft.agreement.label_file import BY, SAW_SCORES
from hfsft.verdicts import ACCEPT, SKIP, Verdict, decided
from hfsft.verdicts.deciding import DISPUTED
from hfsft.verdicts.error_rate import RANDOM

SHORTEST = 4  # signs of an id that may stand for it


@dataclass(frozen=True)
class JudgedRow:
    """A row of a build that the judge scored."""

    id: str
    content: str | None  # the hash of what it says
    judged: Mapping[str, float]  # by criterion, `mean`, `min` and the like
    compared: Mapping[str, float] = field(default_factory=dict)  # by criterion, on the scale that people score by
    fell: bool = False  # at a bound on a score
    reached: bool = True  # whether people may be shown it as one of the build's rows


@dataclass
class _Uncounted:
    """Labels that count for nothing, by why."""

    gone: int = 0
    unscored: int = 0
    changed: int = 0
    seen: int = 0
    several: int = 0

    def said(self) -> Iterator[str]:
        """A sentence for each, with how many."""
        for count, why in (
            (self.gone, "of rows that the build does not have"),
            (self.several, "that name a row by signs which several ids begin with"),
            (self.unscored, "of rows that the judge did not score"),
            (self.changed, "of texts that have changed since"),
            (self.seen, "given after a look at the judge's scores, and so no second opinion"),
        ):
            if count:
                yield f"labels that count for nothing: {count:,} {why}"


def joined(
    labels: Iterable[Verdict], rows: Mapping[str, JudgedRow], ids: Collection[str], models: Collection[str] = ()
) -> tuple[list[LabelledRow], list[str]]:
    """The rows that have labels, and what is odd about these.

    `rows` are those that the judge scored, `ids` those of all rows of the build. Of one reviewer the last label of a
    row counts. A label by one of the `models`, or that says so, is no person's.
    """
    told, ordered = _Uncounted(), sorted(ids)
    given: dict[str, dict[str, Verdict]] = {}
    for label in labels:
        found = [label.row] if label.row in rows else _beginning(ordered, label.row)
        if len(found) != 1:
            told.gone += not found
            told.several += len(found) > 1
        elif (row := rows.get(found[0])) is None:
            told.unscored += 1
        elif label.content and row.content and label.content != row.content:
            told.changed += 1
        elif label.more.get(SAW_SCORES):
            told.seen += 1
        elif label.verdict != SKIP:
            given.setdefault(row.id, {})[label.reviewer] = label
    return [_labelled(rows[row], by_reviewer, models) for row, by_reviewer in sorted(given.items())], list(told.said())


def _beginning(ordered: Sequence[str], start: str) -> list[str]:
    """The ids that begin so; none for signs that are too few."""
    found: list[str] = []
    if len(start) >= SHORTEST:
        for each in ordered[bisect_left(ordered, start) :]:
            if not each.startswith(start) or len(found) > 1:
                break
            found.append(each)
    return found


def _labelled(row: JudgedRow, given: Mapping[str, Verdict], models: Collection[str]) -> LabelledRow:
    """A row by its people's labels, or by models' where there are none of people.

    Its score by a criterion is the median, of two in the middle the lower one, so that it is a score of the scale.
    """
    theirs = {name: label for name, label in given.items() if label.more.get(BY) == "models" or name in models}
    people = {name: label for name, label in given.items() if name not in theirs}
    counted = people or theirs
    decision = decided(counted)
    scores: dict[str, list[float]] = {}
    for label in counted.values():
        for criterion, score in label.scores.items():
            scores.setdefault(criterion, []).append(score)
    drawn = {label.drawn for label in counted.values()}
    return LabelledRow(
        id=row.id,
        judged=row.judged,
        compared=row.compared,
        accepted=None if decision is None else decision.what == ACCEPT,
        scores={criterion: float(median_low(given)) for criterion, given in scores.items()},
        random=True if drawn & set(RANDOM) else None if drawn <= {None, ""} else False,
        fell=row.fell,
        disputed=decision is not None and decision.reason == DISPUTED,
        people=bool(people),
    )


def is_verdict_file(path: Path) -> bool:
    """Whether the first line of a file is one that `hfsft review` writes, which has rules of its own."""
    try:
        with path.open(encoding="utf-8") as file:
            Verdict.from_line(file.readline())
    except (OSError, ValueError):
        return False
    return True
