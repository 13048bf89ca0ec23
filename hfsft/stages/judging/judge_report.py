"""What is told of a judge: in notes, in the card, in the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

from hfsft.models.model import Model
from hfsft.plain import plain
from hfsft.rows.columns import score_of
from hfsft.rows.reading.summaries import rows_said
from hfsft.stages.base import CardPart, Name, Outcome, Shares, ShownTable, Warn

UNSCORED = "unscored"
NO_VERDICT = "judge.unscored"
"""The step that takes out the rows that could not be scored."""
SAME = 0.9  # share of rows with one score, from which a judge hardly tells rows apart
WIDE = 11  # scores of a scale, from which a column for each is too many


@dataclass(frozen=True)
class Judged:
    """A build with a judge, and by what that judged."""

    outcome: Outcome
    rubric: Mapping[str, str]
    low: int
    high: int
    anchors: int
    model: Model

    @property
    def unscored(self) -> int:
        """Rows that fell, as their verdict could not be read."""
        return sum(each.rows for each in self.outcome.fell if each.rule == UNSCORED)


def notes(judged: Judged) -> Iterator[str]:
    """Whether the judge tells rows apart, what it could not say, and whom it may favour."""
    outcome, blind = judged.outcome, []
    for name in judged.rubric:
        values = outcome.numbers(score_of(name), fallen=True)
        top, times = Counter(values).most_common(1)[0] if values else (0, 0)
        if len(values) > 1 and times / len(values) >= SAME:
            blind.append(f"{name} ({times / len(values):.0%} got {top:g})")
    if blind:
        yield Warn(f"the judge hardly tells rows apart in {', '.join(blind)}")
    if judged.unscored:
        why = outcome.why(NO_VERDICT)
        yield Warn(f"{rows_said(judged.unscored)} fell because the judge's verdict could not be read: {why}")
    own = judged.model.label
    for name, wrote in outcome.wrote.items():
        if outcome.models[name].label == own:
            yield Warn(f"the judge is the model that wrote in {' and '.join(wrote)}: models favour what they wrote")
    if not judged.anchors:
        yield "the judge had no scored examples (judge.anchors) to measure by, so its scale is its own"


def card(judged: Judged) -> CardPart | None:
    """The scores of the rows that stayed, criterion by criterion."""
    low, high = judged.low, judged.high
    found = {name: values for name in judged.rubric if (values := judged.outcome.numbers(score_of(name)))}
    if not found:
        return None
    counts = {name: dict(sorted(Counter(values).items())) for name, values in found.items()}
    scale = range(low, high + 1)
    shown = scale if high - low < WIDE else ()
    rows = [
        (name, plain(judged.rubric[name], 500), fmean(values), *(counts[name].get(score, 0) for score in shown))
        for name, values in found.items()
    ]
    head = ("criterion", "question", "mean", *map(str, shown))
    return CardPart(
        "scores",
        {
            "table": ShownTable(head, rows, range(2, len(head))),
            "low": low,
            "high": high,
            "model": Name(judged.model.model),
            "anchors": judged.anchors,
            "unscored": judged.unscored,
            "picture": Shares(counts, scale, "criterion", "score"),
        },
    )
