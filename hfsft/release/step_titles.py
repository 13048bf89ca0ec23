"""Titles of steps whose names say little by themselves: one table for the screen, the card and the report."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

AT_READING = "sources.defect"


class InWords(NamedTuple):
    """A step in words."""

    title: str  # what it is called
    did: str  # what it did to the rows that it took out


@cache
def steps_in_words() -> Mapping[str, InWords]:
    """Step -> its words."""
    from hfsft.stages.judging.anchors import ANCHORED, APART  # every command knows this file, and few name a step
    from hfsft.stages.judging.score_columns import NO_VERDICT
    from hfsft.stages.selecting.twin import ONLY
    from hfsft.stages.sizing.trim import SIZE

    return {
        AT_READING: InWords("sources, set aside while reading", "set aside as they were read"),
        SIZE: InWords("size, rows beyond it", "more rows than were asked for"),
        ONLY: InWords("select, rows by chance", "not selected, and drawn for the configuration `random`"),
        APART: InWords("judge, anchors apart from rows", "asked what an anchor of the judge asks"),
        ANCHORED: InWords("judge, rows that are its anchors", "shown to the judge as anchors"),
        NO_VERDICT: InWords("judge, unreadable verdicts", "not scored: the judge's verdict could not be read"),
    }


def step_name(name: str) -> str:
    """What a step is called to readers."""
    return words.title if (words := steps_in_words().get(name)) else name


def fate_name(fate: str) -> str:
    """What a fate is called to readers."""
    return fate.replace("_", " ")


def step_of(title: str | None) -> str | None:
    """The step of a name that may be the one for readers."""
    return next((step for step, words in steps_in_words().items() if words.title == title), title)
