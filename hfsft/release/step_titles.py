"""Titles of steps whose names say little by themselves: one table for the screen, the card and the report."""

from __future__ import annotations

from typing import NamedTuple

from hfsft.stages.judging.anchors import ANCHORED, APART
from hfsft.stages.judging.judge_report import NO_VERDICT
from hfsft.stages.selecting.twin import ONLY
from hfsft.stages.sizing.trim import SIZE

AT_READING = "sources.defect"


class InWords(NamedTuple):
    """A step in words."""

    title: str  # what it is called
    did: str  # what it did to the rows that it took out


STEPS = {
    AT_READING: InWords("sources, set aside while reading", "set aside as they were read"),
    SIZE: InWords("size, rows beyond it", "more rows than were asked for"),
    ONLY: InWords("select, rows by chance", "not selected, and drawn for the configuration `random`"),
    APART: InWords("judge, anchors apart from rows", "asked what an anchor of the judge asks"),
    ANCHORED: InWords("judge, rows that are its anchors", "shown to the judge as anchors"),
    NO_VERDICT: InWords("judge, unreadable verdicts", "not scored: the judge's verdict could not be read"),
}
"""Step -> its words."""


def step_name(name: str) -> str:
    """What a step is called to readers."""
    return STEPS[name].title if name in STEPS else name


def fate_name(fate: str) -> str:
    """What a fate is called to readers."""
    return fate.replace("_", " ")


def step_of(title: str | None) -> str | None:
    """The step of a name that may be the one for readers."""
    return next((step for step, words in STEPS.items() if words.title == title), title)
