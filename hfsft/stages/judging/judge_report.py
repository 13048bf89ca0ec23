"""What is told of a judge: in notes, in the card, in the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import floor, sqrt
from statistics import fmean
from typing import Any

from hfsft.models.model import Model
from hfsft.plain import plain
from hfsft.rows.columns import lost_of, score_of, spread_of
from hfsft.rows.reading.summaries import rows_said
from hfsft.stages.base import CardPart, Name, Outcome, Shares, ShownTable, Warn
from hfsft.stages.judging import jury_report
from hfsft.stages.judging.bias import bias_report
from hfsft.stages.judging.rubric import Rubric
from hfsft.stages.judging.score_columns import NO_VERDICT

SAME = 0.9  # share of rows with one score, from which a judge hardly tells rows apart
SOME = 5  # rows, below which one score for all says nothing
FEW = 10  # rows, below which nothing is said of how sure their scores are
EVEN = 0.9  # of the spread of probabilities that are all alike, from which a judge does not know
MOST_LOST = 0.5  # probability of what is no score, from which it does not answer what it is asked
WIDE = 11  # scores of a scale, from which a column for each is too many


@dataclass(frozen=True)
class Judged:
    """A build with a judge, and by what that judged."""

    outcome: Outcome
    rubric: Rubric
    anchors: int
    models: Mapping[str, Model]  # who judges, by their names under `models:`
    expected: bool = False  # whether scores are means of probabilities, where these are known
    adjusted: bool = False  # whether there are scores without the length of the answer

    @property
    def figures(self) -> Mapping[str, Any]:
        """What was measured of it."""
        return self.outcome.figures.get("judge", {})

    @property
    def digits(self) -> tuple[int, int]:
        """How many of how many verdicts are the digit that was written, for lack of its probabilities."""
        scores, known = (
            sum(len(self.outcome.numbers(of(name), fallen=True)) for name in self.rubric.criteria)
            for of in (score_of, lost_of)
        )
        return scores - known, scores

    @property
    def read_as(self) -> dict[str, int]:
        """How many scores are the digit that was written, and how many a mean of probabilities; empty without any."""
        digits, scores = self.digits
        return {"digit": digits, "expected": scores - digits} if scores else {}

    def counts(self, name: str, *, fallen: bool = False) -> Counter[float]:
        """How many rows have each score by a criterion, a mean of probabilities as the nearest whole one."""
        values = self.outcome.numbers(score_of(name), fallen=fallen)
        if self.rubric.criteria[name].checklist:
            return Counter(round(value, 1) for value in values)
        return Counter(float(floor(value + 0.5)) for value in values)

    @property
    def unknowing(self) -> Iterator[str]:
        """The criteria by which the probabilities are spread as if they were drawn from nowhere, or say no score."""
        for name, criterion in self.rubric.criteria.items():
            spreads, lost = (self.outcome.numbers(of(name), fallen=True) for of in (spread_of, lost_of))
            if len(spreads) < FEW:
                continue
            scores = self.rubric.high - self.rubric.low + 1
            even = 0.5 / sqrt(len(criterion.checklist)) if criterion.checklist else sqrt((scores**2 - 1) / 12)
            if fmean(spreads) >= EVEN * even:
                yield f"{name} (spread {fmean(spreads):.2f}, {even:.2f} where all are alike)"
            elif fmean(lost) >= MOST_LOST:
                yield f"{name} ({fmean(lost):.0%} of the probability is for no score)"

    @property
    def unscored(self) -> int:
        """Rows that fell, as their verdict could not be read."""
        return unscored(self.outcome)


def unscored(outcome: Outcome) -> int:
    """Rows that fell, as what the judge said of them could not be read."""
    return sum(each.rows for each in outcome.fell if each.step == NO_VERDICT)


def notes(judged: Judged) -> Iterator[str]:
    """Whether the judge tells rows apart, what it could not say, and whom it may favour."""
    outcome, blind = judged.outcome, []
    for name in judged.rubric.criteria:
        counts = judged.counts(name, fallen=True)
        top, times = counts.most_common(1)[0] if counts else (0.0, 0)
        if counts.total() >= SOME and times / counts.total() >= SAME:
            blind.append(f"{name} ({times / counts.total():.0%} got {top:g})")
    if blind:
        yield Warn(f"the judge hardly tells rows apart in {', '.join(blind)}")
    digits, scores = judged.digits if judged.expected else (0, 0)
    if digits:
        which = "all scores" if digits == scores else f"of {scores:,} scores {digits:,}"
        both = "" if digits == scores else ", and both kinds stand in one column"
        yield Warn(f"{which} were read as digits, as the server gave no probabilities of their tokens{both}")
    if judged.expected and (unknowing := list(judged.unknowing)):
        yield Warn(f"the judge hardly knows what to say of {', '.join(unknowing)}")
    if judged.unscored:
        why = outcome.why(NO_VERDICT)
        yield Warn(f"{rows_said(judged.unscored)} fell because the judge's verdict could not be read: {why}")
    yield from jury_report.favours(judged.models, outcome)
    yield from jury_report.notes(judged.figures.get("jury", {}))
    yield from bias_report.notes(judged.figures.get("bias", {}), adjusted=judged.adjusted)
    if not judged.anchors:
        yield "the judge had no scored examples (judge.anchors) to measure by, so its scale is its own"


def card(judged: Judged) -> CardPart | None:
    """The scores of the rows that stayed, criterion by criterion."""
    rubric, outcome = judged.rubric, judged.outcome
    found = {name: values for name in rubric.criteria if (values := outcome.numbers(score_of(name)))}
    if not found:
        return None
    scaled = [name for name in found if not rubric.criteria[name].checklist]
    counts = {name: dict(sorted(judged.counts(name).items())) for name in scaled}
    scale = range(rubric.low, rubric.high + 1)
    shown = scale if scaled and len(scale) <= WIDE else ()
    sure = (spread_of, lost_of) if judged.expected else ()
    rows = [
        (
            name,
            plain(rubric.criteria[name].about, 500),
            fmean(values),
            *(fmean(known) if (known := outcome.numbers(of(name))) else None for of in sure),
            *(counts[name].get(score, 0) if name in counts else None for score in shown),
        )
        for name, values in found.items()
    ]
    head = ("criterion", "question", "mean", *(("spread", "lost") if sure else ()), *map(str, shown))
    digits, scores = judged.digits if judged.expected else (0, 0)
    return CardPart(
        "scores",
        {
            "table": ShownTable(head, rows, range(2, len(head))),
            "low": rubric.low,
            "high": rubric.high,
            "model": Name(next(iter(judged.models.values())).model),
            "judges": len(judged.models),
            "anchors": judged.anchors,
            "unscored": judged.unscored,
            "scaled": bool(scaled),
            "listed": len(scaled) < len(found),
            "expected": judged.expected,
            "digits": digits,
            "scores": scores,
            **jury_report.values(judged.figures.get("jury", {})),
            **bias_report.values(judged.figures.get("bias", {}), adjusted=judged.adjusted),
            "picture": Shares(counts, scale, "criterion", "score") if counts else None,
        },
    )


def pieces(figures: Mapping[str, Any]) -> Iterator[str | ShownTable]:
    """How several judges agree, and what the scores go along with, for the report."""
    of_jury, of_bias = figures.get("jury", {}), figures.get("bias", {})
    if shown := jury_report.table(of_jury):
        yield f"{of_jury['combine'].capitalize()} of the judges' scores."
        yield shown
    if told := jury_report.counted(of_jury):
        yield f"{told[0].upper()}{told[1:]}."
    if shown := bias_report.table(of_bias):
        yield bias_report.ABOUT
        yield shown
    if told := bias_report.fillers(of_bias):
        yield told
