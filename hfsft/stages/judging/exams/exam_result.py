"""What an exam came to: its bounds, its result, and the words in which both are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from hfsft.engine.step import Bound
from hfsft.rows.limits import Limits
from hfsft.stages.base import Section, ShownTable
from hfsft.stages.judging.exams.exam_figures import ExamFigures

MEND = (
    "Take another model, ask by a checklist or for expected scores, mend the anchors, move the bounds under "
    "judge.exam, or say `on_fail: warn`."
)
UNITS = ("error", "bias")
"""The figures that are differences of scores."""
SHARES = ("adjacent", "consistency", "commonest", "unscored")
"""The figures that are shares."""
HEAD = ("criterion", "error", "bias", "rank", "adjacent", "consistency", "entropy", "commonest", "unscored", "exam")


class Exam(Section):
    """What a judge must reach in its exam, by each criterion.

    It grades each anchor while that is left out of its prompt, and ten things twice: examples of the recipe, else
    anchors. A bound that does not hold is told, or stops the build before any row is judged.
    """

    example: ClassVar[str] = """\
    judge:
      rubric: {usefulness: Would it help a real person act?}
      anchors:
        - instruction: How long does a refund take?
          response: It depends.
          scores: {usefulness: 1}
        - instruction: How long does a refund take?
          response: Five working days; after seven, ask your bank.
          scores: {usefulness: 5}
      exam:
        error: {at_most: 1}
        rank: {at_least: 0.5}
        on_fail: stop
    """

    error: Limits | None = Field(
        None,
        description="Mean distance from the right scores. Where some criteria are checklists and others are not, "
        "shares of yes are put on the scale first, here and for `bias`.",
    )
    bias: Limits | None = Field(
        None, description="Mean of the score less the right one: above 0 of a judge that is too kind."
    )
    rank: Limits | None = Field(
        Limits(at_least=0),
        description="How far it puts anchors in the right order: Kendall's tau-b, -1 to 1; 0 for no order at all.",
    )
    adjacent: Limits | None = Field(
        None, description="Share of scores that are right or one level off (of scales of more than ten, a tenth)."
    )
    consistency: Limits | None = Field(
        None, description="Share of what was graded twice that got the same score, within half a level."
    )
    entropy: Limits | None = Field(
        None, description="How evenly it uses the scores, in bits: 0 for one score, 2.32 for all of five alike."
    )
    commonest: Limits | None = Field(
        Limits(at_most=0.9),
        description="Share of anchors that got the score which most of them got. A judge above it is told to be none, "
        "unless the right scores have as large a share.",
    )
    unscored: Limits | None = Field(Limits(at_most=0.5), description="Share of verdicts that cannot be read.")
    on_fail: Literal["warn", "stop"] = Field(
        "warn",
        description="What becomes of a build whose judge fails: `warn` tells it, here, in the card and in the report; "
        "`stop` ends it, so that nothing but the exam was paid for.",
    )

    @model_validator(mode="after")
    def _can_hold(self) -> Exam:
        for name in (*SHARES, "rank"):
            limits: Limits | None = getattr(self, name)
            least, what = (-1, "lies between -1 and 1") if name == "rank" else (0, "is a share, from 0 to 1")
            for bound in (limits.at_least, limits.at_most) if limits else ():
                if bound is not None and not least <= bound <= 1:
                    raise ValueError(f"{name}: {what}, and {bound:g} is none")
        return self

    def broken(self, figures: ExamFigures, unit: float = 1.0) -> list[str]:
        """The figures of a criterion that do not hold; what is a difference of scores is told in so many as `unit`."""
        found = []
        for name in ExamFigures._fields:
            limits: Limits | None = getattr(self, name, None)
            value: float | None = getattr(figures, name)
            if limits is None or (value is None and name in ("commonest", "unscored")):
                continue  # what there was nothing to reckon from
            value = value * unit if value is not None and name in UNITS else value
            right = figures.right or 0.0
            if (name == "commonest" and value is not None and value <= right) or (name == "rank" and right == 1):
                continue  # what anchors alone are to blame for
            if not Bound(name, name, limits.at_least, limits.at_most).keeps(value):
                found.append(name)
        return found


@dataclass(frozen=True)
class Examined:
    """What the exam of one judge came to."""

    judge: str
    of: str  # hash of rubric, anchors and model
    anchors: int
    twice: int
    figures: Mapping[str, ExamFigures]  # by criterion
    broken: Mapping[str, Sequence[str]]  # by criterion the figures that do not hold, of those that have any
    units: Mapping[str, float] = field(
        default_factory=dict
    )  # by criterion how wide the scale is that shares are put on

    def as_dict(self) -> dict[str, Any]:
        """The exam as JSON."""
        return {
            "of": self.of,
            "anchors": self.anchors,
            "twice": self.twice,
            "criteria": {
                name: {key: value if value is None else round(value, 4) for key, value in each._asdict().items()}
                for name, each in self.figures.items()
            },
            "broken": {name: list(each) for name, each in self.broken.items()},
            **({"units": dict(self.units)} if self.units else {}),
        }

    @classmethod
    def from_dict(cls, judge: str, told: Mapping[str, Any]) -> Examined:
        """The exam as `as_dict` gives it."""
        figures = {name: ExamFigures(**each) for name, each in told["criteria"].items()}
        return cls(judge, told["of"], told["anchors"], told["twice"], figures, told["broken"], told.get("units", {}))


def wrong_with(each: Examined, bounds: Exam) -> list[str]:
    """What is wrong with a judge, a sentence each; of one that gives one score whatever it reads, that it is none."""
    said = []
    for name, broken in each.broken.items():
        figures = each.figures[name]
        if figures.error is None:
            said.append(f"`{each.judge}` is no judge of {name}: none of its verdicts can be read")
            continue
        if "commonest" in broken:
            share = shown("commonest", figures.commonest)
            said.append(f"`{each.judge}` is no judge of {name}: one score is {share} of what it gives the anchors")
        unit = each.units.get(name, 1.0)
        told = [
            f"{key} {_in_units(key, getattr(figures, key), unit)}, not {_bound(getattr(bounds, key))}"
            for key in broken
            if key != "commonest" and not (key == "rank" and figures.rank is None and "commonest" in broken)
        ]
        if told:
            said.append(f"`{each.judge}` fails by {name}: {'; '.join(told)}")
    return said


def told(found: Sequence[Examined]) -> str:
    """Who was examined on what, in a line."""
    each, names = found[0], [f"`{each.judge}`" for each in found]
    who, each_of = (names[0], "") if len(names) == 1 else (", ".join(names), " each")
    return (
        f"{who}{each_of} graded {counted(each.anchors, 'anchor')} that it was not shown before, and "
        f"{counted(each.twice, 'text')} twice"
    )


def result_table(found: Sequence[Examined]) -> ShownTable:
    """The figures of an exam, a line for each criterion, of each judge where there are several."""
    several = len(found) > 1
    rows = [
        (
            *([each.judge] if several else []),
            name,
            *(shown(key, getattr(figures, key)) for key in HEAD[1:-1]),
            f"fails: {', '.join(each.broken[name])}" if each.broken.get(name) else "passed",
        )
        for each in found
        for name, figures in each.figures.items()
    ]
    head = [*(["judge"] if several else []), *HEAD]
    return ShownTable(head, rows, range(1 + several, len(head) - 1), about="What the exam of the judge found")


def results(figures: Mapping[str, Any]) -> list[Examined]:
    """The exams among the figures of a build, judge by judge."""
    return [Examined.from_dict(judge, each) for judge, each in figures.get("exam", {}).items()]


def shown(figure: str, value: float | None) -> str:
    """A figure as people read it; nothing where there is none."""
    if value is None:
        return ""
    if figure in SHARES:
        return f"{value:.0%}"
    return f"{value:+.2f}" if figure in ("bias", "rank") else f"{value:.2f}"


def _in_units(figure: str, value: float | None, unit: float) -> str:
    """A figure, of shares also what it is on the scale of the other criteria, by which bounds go."""
    said = shown(figure, value) or "cannot be told"
    return f"{said} ({shown(figure, value * unit)} on the scale)" if value and unit != 1 and figure in UNITS else said


def _bound(limits: Limits) -> str:
    return str(Bound("", "", limits.at_least, limits.at_most))


def counted(number: int, word: str) -> str:
    """So many of something, in words."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")
