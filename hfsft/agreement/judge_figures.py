"""A judge's scores beside people's labels: kappa, what bounds would keep, and which bound has a wanted precision.

Which rows people looked at decides what can be told. Rows that were drawn at random stand for all that reach the
review; rows that were picked because something stands out about them stand for nobody but themselves, and are left out
where there are others. Rows that fell at a bound on a score reach no review: unless some of them have labels too,
nothing is known of those that people would have accepted, so recall is one among the rows that reached the review
(verification bias: Begg and Greenes 1983, "Assessment of diagnostic tests when disease verification is subject to
selection bias"). Where both kinds have labels each counts as often as its kind is in the build.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import floor, isfinite
from typing import Any, NamedTuple

from hfsft.agreement.agreeing import VERDICT, levels_of
from hfsft.agreement.calibration import Apart, Basis, ByBounds, ByCriterion
from hfsft.agreement.library import Figure, kappa, library, weighted_share, with_interval

APART = 10  # rows of greatest difference that are named
FAR = 0.5  # of the scale, below which a difference is not named
Scales = Mapping[str, tuple[float, float]]
"""By criterion, or what is worked out of several, the ends of its scale."""


class ScoreBound(NamedTuple):
    """A bound of a recipe on one score, both ends inclusive."""

    score: str
    at_least: float | None = None
    at_most: float | None = None

    def keeps(self, judged: Mapping[str, float]) -> bool:
        """Whether a row with these scores stays."""
        value = judged.get(self.score)
        if value is None:
            return False
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


@dataclass(frozen=True)
class LabelledRow:
    """A row with what people say of it and what the judge gave it."""

    id: str
    judged: Mapping[str, float]  # by criterion, `mean` and `min`, as bounds read them
    accepted: bool | None = None  # whether it is right as it is; None where nobody said so
    scores: Mapping[str, float] = field(default_factory=dict)  # people's, by criterion
    random: bool | None = None  # whether it was drawn at random; None where that is not told
    fell: bool = False  # at a bound on a score
    disputed: bool = False
    people: bool = True
    compared: Mapping[str, float] = field(default_factory=dict)  # the judge's by criterion, on people's scale

    def says(self, criteria: Collection[str]) -> bool:
        """Whether it has a label that the judge's scores can be compared with."""
        return self.accepted is not None or any(name in self.compared for name in self.scores if name in criteria)


@dataclass(frozen=True)
class UsedRows:
    """The rows that figures rest on, with the weight of each."""

    rows: Sequence[LabelledRow]
    weights: Sequence[float]
    basis: Basis

    def of(self, fits: Any) -> tuple[list[LabelledRow], list[float]]:
        """Some of its rows, with their weights."""
        found = [(row, weight) for row, weight in zip(self.rows, self.weights, strict=True) if fits(row)]
        return [row for row, _ in found], [weight for _, weight in found]


def used_of(
    labelled: Sequence[LabelledRow], build: Sequence[tuple[float, bool]], score: str, criteria: Collection[str]
) -> UsedRows:
    """The rows that figures rest on, of those with labels.

    `build` has, of each row of the build that has the score, its value and whether the row fell at a bound on a score.
    """
    rows = sorted((row for row in labelled if row.says(criteria)), key=lambda row: row.id)
    people = [row for row in rows if row.people]
    rows, models = (people, len(rows) - len(people)) if people else (rows, 0)
    drawn = [row for row in rows if row.random]
    rows, picked = (drawn, len(rows) - len(drawn)) if drawn else (rows, 0)
    fell = [row.judged[score] for row in rows if row.fell and score in row.judged]
    lowest = min((row.judged[score] for row in rows if score in row.judged), default=0.0)
    # Rows that fell below all that have labels are of a kind that nobody has looked at.
    all_fell = [value for value, fell_there in build if fell_there]
    alike = sum(value >= lowest for value in all_fell) if fell else 0
    stayed = len(build) - len(all_fell)
    weighted = 0 < len(fell) < len(rows) and alike >= len(fell) and stayed > 0
    share = {True: alike / len(fell), False: stayed / (len(rows) - len(fell))} if weighted else {}
    weighted = len(set(share.values())) > 1
    basis = Basis(
        rows=len(rows),
        random=bool(drawn),
        picked=picked,
        disputed=sum(row.disputed for row in rows),
        models=models,
        fell=len(fell),
        scored=len(build),
        scored_fell=len(all_fell),
        unseen=len(all_fell) - alike,
        weighted=weighted,
    )
    return UsedRows(rows, [share.get(row.fell, 1.0) for row in rows], basis)


def by_criteria(used: UsedRows, scales: Scales) -> list[ByCriterion]:
    """The judge beside people, by each criterion that both have scored."""
    found = [_by_criterion(name, used, scales[name]) for name in scales]
    return [each for each in found if each is not None]


def _by_criterion(name: str, used: UsedRows, scale: tuple[float, float]) -> ByCriterion | None:
    rows, weights = used.of(lambda row: name in row.scores and name in row.compared)
    if not rows:
        return None
    import numpy as np

    people = [row.scores[name] for row in rows]
    judge = [row.compared[name] for row in rows]
    labels = {
        row.id: {"people": said, "judge": _nearest(given)} for row, said, given in zip(rows, people, judge, strict=True)
    }
    levels = levels_of(labels, scale)
    places = {level: place for place, level in enumerate(levels)}
    first, second = ([places[given[who]] for given in labels.values()] for who in ("people", "judge"))
    metrics, dummy = library("sklearn.metrics"), library("sklearn.dummy")
    nothing = [[0]] * len(rows)
    usual = dummy.DummyClassifier(strategy="most_frequent").fit(nothing, first, sample_weight=weights)
    middle = dummy.DummyRegressor(strategy="median").fit(nothing, people, sample_weight=weights)
    seed = [[row.id, said, given] for row, said, given in zip(rows, people, judge, strict=True)]
    return ByCriterion(
        name=name,
        rows=len(rows),
        kappa=_kappa(first, second, len(levels), weights, seed, weighted=False),
        weighted_kappa=_kappa(first, second, len(levels), weights, seed, weighted=True),
        same=float(metrics.accuracy_score(first, second, sample_weight=weights)),
        off=float(metrics.mean_absolute_error(people, judge, sample_weight=weights)),
        bias=float(np.average(np.array(judge) - np.array(people), weights=weights)),
        constant=levels[int(usual.predict([[0]])[0])],
        constant_same=float(usual.score(nothing, first, sample_weight=weights)),
        constant_off=float(metrics.mean_absolute_error(people, middle.predict(nothing), sample_weight=weights)),
        levels=levels,
        confusion=metrics.confusion_matrix(first, second, labels=list(range(len(levels)))).tolist(),
    )


def by_bounds(used: UsedRows, bounds: Sequence[ScoreBound]) -> ByBounds | None:
    """What all bounds of the recipe keep, beside what people accept; None where there are no bounds or no verdicts."""
    rows, weights = used.of(lambda row: row.accepted is not None)
    if not rows or not bounds:
        return None
    people = [int(bool(row.accepted)) for row in rows]
    keeps = [int(all(bound.keeps(row.judged) for bound in bounds)) for row in rows]
    metrics, dummy = library("sklearn.metrics"), library("sklearn.dummy")
    nothing = [[0]] * len(rows)
    usual = dummy.DummyClassifier(strategy="most_frequent").fit(nothing, people, sample_weight=weights)
    ((fell_rejected, kept_rejected), (fell_accepted, kept_accepted)) = metrics.confusion_matrix(
        people, keeps, labels=[0, 1]
    ).tolist()
    seed = [[row.id, said, kept] for row, said, kept in zip(rows, people, keeps, strict=True)]
    return ByBounds(
        rows=len(rows),
        kappa=_kappa(people, keeps, 2, weights, seed, weighted=False),
        right=float(metrics.accuracy_score(people, keeps, sample_weight=weights)),
        constant=float(usual.score(nothing, people, sample_weight=weights)),
        kept_accepted=kept_accepted,
        kept_rejected=kept_rejected,
        fell_accepted=fell_accepted,
        fell_rejected=fell_rejected,
        precision=share_among(people, keeps, weights),
        recall=share_among(keeps, people, weights),
    )


def share_among(holds: Sequence[int], among: Sequence[int], weights: Sequence[float]) -> Figure:
    """The share of the rows `among` which something `holds`; of precision and recall each is one."""
    found = [(bool(held), weight) for held, one, weight in zip(holds, among, weights, strict=True) if one]
    return weighted_share([held for held, _ in found], [weight for _, weight in found])


def apart(labelled: Sequence[LabelledRow], scales: Scales, by: str, ends: tuple[float, float] | None) -> list[Apart]:
    """The rows on which the judge and people lie farthest apart, whichever way they were picked; the farthest first.

    Of a row that is accepted or rejected it is how far its score `by` lies from the end of its scale that says so;
    where it has no `ends`, from the best or the worst score of these rows.
    """
    found = []
    values = [row.judged[by] for row in labelled if by in row.judged]
    low, high = ends or ((min(values), max(values)) if values else (0.0, 0.0))
    for row in labelled:
        for name, said in row.scores.items():
            if name in scales and name in row.compared:
                judge, (least, most) = row.compared[name], scales[name]
                away = abs(judge - said) / (most - least)
                found.append(Apart(row=row.id, by=name, people=f"{said:g}", judge=judge, distance=away))
        if row.accepted is not None and by in row.judged and high > low:
            judge = row.judged[by]
            away = abs(judge - (high if row.accepted else low)) / (high - low)
            word = "accept" if row.accepted else "reject"
            found.append(Apart(row=row.id, by=VERDICT, people=word, judge=judge, distance=away))
    far = (each for each in found if each.distance >= FAR)
    return sorted(far, key=lambda each: (-each.distance, each.row, each.by))[:APART]


def _kappa(
    first: Sequence[int], second: Sequence[int], levels: int, weights: Sequence[float], seed: Any, *, weighted: bool
) -> Figure:
    """Cohen's kappa with its interval, or why it is not defined or tells nothing."""
    value = kappa(first, second, levels, weighted=weighted, weights=weights)
    if not isfinite(value):
        return Figure(why="not defined, as people and the judge say one and the same of every row")
    for who, said in (("people", first), ("the judge", second)):
        if len(set(said)) == 1:
            why = f"0 by its definition, as {who} say{'' if who == 'people' else 's'} the same of every row"
            return Figure(value, why=why)
    if list(first) == list(second):
        return Figure(value, why="no interval, as no row differs")
    import numpy as np

    one, other, weigh = np.array(first), np.array(second), np.array(weights)
    return with_interval(
        value,
        lambda rows: kappa(one[rows], other[rows], levels, weighted=weighted, weights=weigh[rows]),
        len(first),
        seed,
    )


def _nearest(score: float) -> float:
    return float(floor(score + 0.5))
