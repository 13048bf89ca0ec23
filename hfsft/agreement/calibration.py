"""What people's labels say of a judge's scores: the figures as they are kept beside a recipe, and their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from hfsft.agreement.library import Figure

State = Literal["uncalibrated", "provisional", "calibrated"]
FEW, ENOUGH = 20, 50
"""Rows with people's labels below which nothing is known, and from which a judge is calibrated."""


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Basis(_Kept):
    """The rows that figures rest on."""

    rows: int  # with a label of people and scores of the judge
    random: bool  # whether they were drawn at random, as far as that is told
    picked: int = 0  # rows that were left out as they were picked for what stands out about them
    disputed: int = 0  # rows of these that as many accept as reject
    models: int = 0  # rows that only models labelled, left out
    fell: int = 0  # rows of these that fell at a bound on a score
    scored: int = 0  # rows of the build that the judge scored
    scored_fell: int = 0  # of them those that fell at a bound on a score
    unseen: int = 0  # of these those that scored lower than any row with a label, or that fell where none of these has
    weighted: bool = False  # whether the two kinds of rows count as they are in the build, not as they were labelled


class ByCriterion(_Kept):
    """The judge's scores by one criterion beside people's."""

    name: str
    rows: int
    kappa: Figure
    weighted_kappa: Figure
    same: float  # share of rows with the same score
    off: float  # mean distance
    bias: float  # mean of the judge's less people's
    constant: float  # the score that people give most often
    constant_same: float  # share of rows that whoever always gives this score is right on
    constant_off: float  # mean distance of whoever always gives people's median
    levels: Sequence[float]
    confusion: Sequence[Sequence[int]]  # people's level by judge's level


class ByBounds(_Kept):
    """What all bounds on scores of the recipe keep, beside what people accept."""

    rows: int
    kappa: Figure
    right: float  # share of rows on which both say the same
    constant: float  # share on which whoever keeps all, or none, says what people say
    kept_accepted: int
    kept_rejected: int
    fell_accepted: int
    fell_rejected: int
    precision: Figure
    recall: Figure


class AtBound(_Kept):
    """What a bound on one score would do."""

    at_least: float
    kept: int  # labelled rows that it keeps
    precision: Figure  # share of what it keeps that people accept
    recall: Figure  # share of what people accept that it keeps
    build: float | None = None  # share of the rows that the judge scored which it keeps


class Suggested(_Kept):
    """The lowest bound on a score at which the precision is what was asked for."""

    score: str
    wanted: float
    at_least: float | None = None  # None where there is no such bound, for the reason in `why`
    low: float | None = None  # the ends of the 95% interval of the bound, over rows drawn again
    high: float | None = None
    precision: Figure | None = None
    recall: Figure | None = None
    kept: int = 0
    why: str = ""
    doubts: Sequence[str] = ()


class Apart(_Kept):
    """A row on which the judge and people lie far apart."""

    row: str
    by: str  # the criterion, or `verdict`
    people: str
    judge: float
    distance: float  # as a share of the scale


class Calibration(_Kept):
    """All that people's labels say of a judge."""

    calibration: Literal[1] = 1  # raised when the file is laid out anew
    at: str  # the day
    judge: Mapping[str, str]  # hashes of what the scores depend on, by what it is, see `parts`
    state: State
    why: str = ""
    basis: Basis
    criteria: Sequence[ByCriterion] = ()
    bounds: ByBounds | None = None
    at_bounds: Mapping[str, Sequence[AtBound]] = {}
    suggested: Suggested | None = None
    among_people: Mapping[str, Figure] = {}  # kappa of people with each other, by criterion, and `verdict`
    apart: Sequence[Apart] = ()
    told: Sequence[str] = ()  # what is odd about the labels

    def as_dict(self) -> dict[str, Any]:
        """It as JSON."""
        found: dict[str, Any] = self.model_dump(mode="json")
        return found


def state_of(labels: int, *, people: bool) -> tuple[State, str]:
    """How much is known of a judge by so many rows with labels, and why it is no more."""
    if not people:
        return "uncalibrated", "the labels are models', and only people's calibrate a judge"
    if labels < FEW:
        return "uncalibrated", f"{labels} of {FEW} rows that are needed at least have people's labels"
    if labels < ENOUGH:
        return "provisional", f"{labels} of {ENOUGH} rows have people's labels"
    return "calibrated", ""
