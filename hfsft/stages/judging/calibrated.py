"""Whether people's labels say that a judge is right: its calibration in figures, notes, card and report.

`hfsft calibrate` leaves it beside the recipe; it holds for the judge that it was made of, see `parts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hfsft.agreement.agreement_said import ResultTable
from hfsft.agreement.calibration import Calibration
from hfsft.agreement.calibration_file import ENDING, calibration_of
from hfsft.agreement.calibration_said import at_bounds_table, basis_said, criteria_table, doubts, state_said
from hfsft.hashing import digest
from hfsft.stages.base import Outcome, ShownTable, Warn

ASKS = "judge"
"""The step that asks for scores."""
PARTS = {
    "rubric": ("rubric", "weights", "scale", "per"),
    "anchors": ("anchors",),
    "model": ("model", "models", "combine", "task"),
    "template": ("template", "question"),
}
"""What scores depend on, by what it is called, and where a step's identity says it; all else are `settings`."""
NOT_OF_SCORES = ("control", "turns")
"""Of the identity what changes no score that people's labels are compared with."""
NOBODY = "the judge is uncalibrated: no comparison of its scores with people's is known"


def parts(identity: Mapping[str, Any]) -> dict[str, str]:
    """Hashes of what a judge's scores depend on, by the identity of its step."""
    named = [key for keys in PARTS.values() for key in keys]
    rest = {key: value for key, value in identity.items() if key not in (*named, *NOT_OF_SCORES)}
    found = {part: {key: identity[key] for key in keys if key in identity} for part, keys in PARTS.items()}
    return {part: digest(said, 16) for part, said in {**found, "settings": rest}.items()}


def figures(outcome: Outcome) -> dict[str, Any]:
    """What the judge is, and its calibration where there is one."""
    identity = outcome.identities.get(ASKS)
    if identity is None:
        return {}
    judge, path = parts(identity), outcome.beside(ENDING)
    found = calibration_of(path, judge) if path else None
    return {"judged_by": judge, **({"calibration": found.as_dict()} if found else {})}


def calibration_in(figures: Mapping[str, Any]) -> Calibration | None:
    """The calibration that a build's figures hold."""
    return Calibration.model_validate(figures["calibration"]) if "calibration" in figures else None


def notes(figures: Mapping[str, Any]) -> Iterator[str]:
    """Its state, where somebody has calibrated it."""
    found = calibration_in(figures)
    if found:
        yield Warn(state_said(found)) if found.state == "uncalibrated" else state_said(found)
        yield from map(Warn, doubts(found))


def card(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Its state, and what it rests on, for the card's part on scores."""
    found = calibration_in(figures)
    if found is None:
        return {"calibrated": NOBODY, "calibration": [], "calibration_told": []}
    return {
        "calibrated": state_said(found),
        "calibration_told": [*basis_said(found.basis), *doubts(found)],
        "calibration": [shown(each) for each in tables(found)],
    }


def pieces(figures: Mapping[str, Any]) -> Iterator[str | ShownTable]:
    """Its calibration, for the report."""
    found = calibration_in(figures)
    if found:
        told = (state_said(found), *basis_said(found.basis), *doubts(found))
        yield " ".join(f"{each[0].upper()}{each[1:]}." for each in told)
        yield from (shown(each) for each in tables(found))


def tables(found: Calibration) -> Iterator[ResultTable]:
    """The figures that readers of the data want: by criterion, and what bounds would keep."""
    if found.criteria:
        yield criteria_table(found.criteria)
    for score, bounds in found.at_bounds.items():
        yield at_bounds_table(score, bounds, found.basis)


def shown(table: ResultTable) -> ShownTable:
    """A table as card and report show it."""
    return ShownTable(*table)
