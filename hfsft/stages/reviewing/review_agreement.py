"""How far reviewers agree, for card, report and notes of a build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hfsft.agreement import agreement_said
from hfsft.stages.base import ShownTable
from hfsft.stages.reviewing.decisions import Decisions, names_of


def figures(decisions: Decisions, *, named: bool) -> list[Any]:
    """What there is to say of it, texts and tables as JSON; nothing where one person alone looked at rows."""
    standing, called = decisions.verdicts.standing, names_of(decisions.verdicts)
    if len({reviewer for said in standing.values() for reviewer in said}) < 2:
        return []
    found = agreement_said(standing, called=str if named else called.__getitem__)
    return [said if isinstance(said, str) else {**said._asdict(), "right": list(said.right)} for said in found]


def shown(figures: Mapping[str, Any]) -> list[str | ShownTable]:
    """The same as card and report show it, by the figures of the section."""
    found: Sequence[Any] = figures.get("agreement", ())
    return [f"{said[0].upper()}{said[1:]}." if isinstance(said, str) else ShownTable(**said) for said in found]


def notes(figures: Mapping[str, Any]) -> Iterator[str]:
    """The sentences among them."""
    yield from (f"review: {said}" for said in figures.get("agreement", ()) if isinstance(said, str))
