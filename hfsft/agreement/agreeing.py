"""How far several reviewers agree: on what they accept, and on the scores that they give by each criterion.

Cohen's kappa takes from the share of rows on which two agree what chance alone would give; of more than two it is the
mean of all pairs (Light 1971, "Measures of response agreement for qualitative data"). Krippendorff's alpha takes all
reviewers at once, and rows that only some of them saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from math import isfinite, nan
from statistics import fmean
from typing import Any

from hfsft.agreement.library import Figure, ShareOf, alpha, kappa, with_interval
from hfsft.verdicts import ACCEPT, SKIP, Verdict
from hfsft.verdicts.error_rate import RANDOM

Labels = Mapping[str, Mapping[str, float]]
"""Row -> reviewer -> label, a number."""
Standing = Mapping[tuple[str, str], Mapping[str, Verdict]]
"""The verdicts that stand, as `hfsft.verdicts.Verdicts.standing` gives them."""

VERDICT = "verdict"
"""What agreement on accepting is called, beside the criteria: 1 for a row that is right as it is, else 0."""
CLEAR = 0.6
"""Kappa below which guidelines leave open what is meant."""
DIFFERING = 10  # rows that are named
MOST_LEVELS = 100


@dataclass(frozen=True)
class Difference:
    """A row that reviewers differ on: what each said, and how far the outermost lie apart."""

    row: str
    labels: Mapping[str, float]

    @property
    def by(self) -> float:
        """The distance between the lowest and the highest label."""
        return max(self.labels.values()) - min(self.labels.values())


@dataclass(frozen=True)
class Agreed:
    """How far reviewers agree by one criterion."""

    name: str
    reviewers: tuple[str, ...]  # who labelled a row that another labelled too
    ordered: bool  # whether labels are scores, of which some lie nearer than others
    same: ShareOf  # rows on which all who labelled them agree, of those that several labelled
    kappa: Figure
    weighted: Figure | None  # quadratic; None where labels have no order
    alpha: Figure
    differing: Sequence[Difference]  # the outermost first
    picked: int = 0  # rows of several reviewers that were not drawn at random, and left out for that
    random: bool = True  # whether the rows were drawn at random, as far as that is told

    @property
    def rows(self) -> int:
        """The rows that several labelled."""
        return self.same.of

    @property
    def main(self) -> Figure:
        """The kappa that tells whether guidelines are clear: of scores the weighted one, as near misses are no miss."""
        return self.weighted or self.kappa

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON, without names of reviewers."""
        return {
            "rows": self.rows,
            "reviewers": len(self.reviewers),
            "same": self.same.as_dict(),
            "kappa": self.kappa.as_dict(),
            "weighted_kappa": self.weighted and self.weighted.as_dict(),
            "alpha": self.alpha.as_dict(),
            "picked": self.picked,
            "random": self.random,
        }


def agreement(standing: Standing, levels: tuple[float, float] | None = None) -> list[Agreed]:
    """How far reviewers agree on what they accept, then on their scores, criterion by criterion.

    Only rows that were drawn at random count, where there are any that several saw: others were picked because they are
    hard. `levels` are the ends of the scale. Raises `UserError` where the libraries are not installed.
    """
    tables = labels_of(standing)
    drawn = drawn_at_random(standing)
    found = []
    for name, labels in tables.items():
        several = {row: given for row, given in labels.items() if len(given) > 1}
        chance = {row: given for row, given in several.items() if row in drawn}
        used, left = (chance, len(several) - len(chance)) if chance else (several, 0)
        scale = levels if name != VERDICT else (0, 1)
        found.append(agreed(name, used, ordered=name != VERDICT, levels=scale, picked=left, random=bool(chance)))
    return found


def labels_of(standing: Standing) -> dict[str, dict[str, dict[str, float]]]:
    """By `verdict` and by each criterion the labels of all rows; of a row with two texts each is a row of its own.

    An edit says that the row is not right as it is.
    """
    ids = [row for row, _ in standing]
    several = {row for row in ids if ids.count(row) > 1} if len(set(ids)) < len(ids) else set()
    found: dict[str, dict[str, dict[str, float]]] = {VERDICT: {}}
    for (row, content), given in standing.items():
        name = row_name(row, content) if row in several else row
        for reviewer, verdict in given.items():
            if verdict.verdict == SKIP:
                continue
            if verdict.verdict is not None:  # a label of scores alone says nothing of that
                right = verdict.verdict == ACCEPT and not verdict.edits
                found[VERDICT].setdefault(name, {})[reviewer] = float(right)
            for criterion, score in verdict.scores.items():
                found.setdefault(criterion, {}).setdefault(name, {})[reviewer] = float(score)
    return found


def row_name(row: str, content: str) -> str:
    """What a row is called of which several texts have verdicts."""
    return f"{row} ({content[:8]})"


def drawn_at_random(standing: Standing) -> set[str]:
    """The rows that somebody was shown because they were drawn at random, by both of their names."""
    chance = [key for key, given in standing.items() if any(each.drawn in RANDOM for each in given.values())]
    return {name for row, content in chance for name in (row, row_name(row, content))}


def agreed(
    name: str,
    labels: Labels,
    *,
    ordered: bool,
    levels: tuple[float, float] | None = None,
    picked: int = 0,
    random: bool = True,
) -> Agreed:
    """How far reviewers agree on some rows, by the labels of those that several gave one."""
    several = {row: labels[row] for row in sorted(labels) if len(labels[row]) > 1}
    reviewers = tuple(sorted({reviewer for given in several.values() for reviewer in given}))
    same = ShareOf(sum(len(set(given.values())) == 1 for given in several.values()), len(several))
    outermost = sorted(
        (Difference(row, dict(given)) for row, given in several.items() if len(set(given.values())) > 1),
        key=lambda each: (-each.by, each.row),
    )
    table = _Table(several, reviewers, levels_of(several, levels), ordered)
    return Agreed(
        name,
        reviewers,
        ordered,
        same,
        _measured(table, same, partial(table.kappa, weighted=False)),
        _measured(table, same, partial(table.kappa, weighted=True)) if ordered else None,
        _measured(table, same, table.alpha),
        outermost[:DIFFERING],
        picked,
        random,
    )


def levels_of(labels: Labels, ends: tuple[float, float] | None) -> list[float]:
    """All labels that there may be, in their order: of whole scores each of the scale, else those that were given.

    Weighted kappa counts the steps between two labels, so a level that nobody used is a step all the same.
    """
    given = sorted({label for row in labels.values() for label in row.values()})
    if not given or any(label != int(label) for label in given):
        return given
    low, high = (given[0], given[-1]) if ends is None else (min(given[0], ends[0]), max(given[-1], ends[1]))
    whole = [float(label) for label in range(int(low), int(high) + 1)]
    return whole if len(whole) <= MOST_LEVELS else given


@dataclass(frozen=True)
class _Table:
    """Labels of rows that several gave one."""

    labels: Labels
    reviewers: Sequence[str]
    levels: Sequence[float]
    ordered: bool

    @property
    def places(self) -> Any:
        """For each reviewer and row the place of the label in the levels, -1 for none."""
        import numpy as np

        places = {level: place for place, level in enumerate(self.levels)}
        rows = self.labels.values()
        return np.array(
            [[places[given[name]] if name in given else -1 for given in rows] for name in self.reviewers], dtype=int
        )

    def kappa(self, table: Any, *, weighted: bool) -> float:
        """The mean kappa of all pairs that have one."""
        found = []
        for first, second in combinations(range(len(table)), 2):
            both = (table[first] >= 0) & (table[second] >= 0)
            if both.any():
                found.append(kappa(table[first][both], table[second][both], len(self.levels), weighted=weighted))
        known = [value for value in found if isfinite(value)]
        return fmean(known) if known else nan

    def alpha(self, table: Any) -> float:
        """Krippendorff's alpha."""
        import numpy as np

        values = np.array([*self.levels, nan])  # the place -1 is that of the nan
        return alpha(values[table], ordered=self.ordered)


def _measured(table: _Table, same: ShareOf, figure: Any) -> Figure:
    if not same.of:
        return Figure(why="no row was labelled by two reviewers")
    places = table.places
    value = figure(places)
    if not isfinite(value):
        labels = {label for given in table.labels.values() for label in given.values()}
        if len(labels) > 1:
            return Figure(why="not defined, as no two reviewers who saw the same rows used two labels")
        return Figure(why=f"not defined, as every label is {label_said(labels.pop(), ordered=table.ordered)}")
    if same.count == same.of:
        return Figure(value, why="no interval, as no row differs")
    seed = [[row, sorted(given.items())] for row, given in table.labels.items()]
    return with_interval(value, lambda rows: float(figure(places[:, rows])), same.of, seed)


def label_said(label: float, *, ordered: bool) -> str:
    """A label in words: a score, or what it says of a row."""
    return f"{label:g}" if ordered else ("accept" if label else "reject")
