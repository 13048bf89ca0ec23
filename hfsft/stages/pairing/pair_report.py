"""What is told of pairs: in notes, in the card, in the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median
from typing import TYPE_CHECKING, Any

from hfsft.plain import digits
from hfsft.stages.base import CardPart, Name, Outcome, Panel, ShownTable, Warn
from hfsft.stages.pairing import comparing, picking
from hfsft.stages.pairing.settled import CHOSEN_FELL, REFINED, REJECTED_FELL, UNJUDGED, settled

if TYPE_CHECKING:
    from hfsft.stages.pairing.pairs_section import Pairs

LONGER, ENOUGH = 0.8, 20  # share of pairs whose chosen answer is the longer, of so many at least, that is told
SHOWN = 3  # reasons that a note names
FEW = 0.25  # share of prompts with a pair, below which that is told
WORDS = {
    picking.ALONE: "no other judged answer was there",
    picking.BELOW: "no answer passes the filters by scores",
    picking.TURNS: "the answers are to different turns",
    picking.TIED: "the scores lie closer together than the margin",
    picking.ALIKE: "the texts are nearly the same",
    picking.LENGTH: "the lengths are outside the bounds",
    picking.SHAPE: "plain texts cannot hold it",
    comparing.FLIPPED: "the verdicts in both orders contradict each other",
    comparing.TIE: "a comparison found neither better",
    comparing.AGAINST: "both comparisons found the rejected answer better",
    comparing.UNREAD: "a comparison could not be read",
    UNJUDGED: "no answer reached the judge, or none was scored",
    CHOSEN_FELL: "the chosen answer fell afterwards",
    REJECTED_FELL: "the rejected answer fell for more than its scores",
    REFINED: "the rejected answer was written anew afterwards",
}
"""Reasons in words."""


def figures(outcome: Outcome) -> dict[str, Any]:
    """How many prompts, pairs, and prompts without one by the reason, as JSON."""
    found = settled(outcome)
    if not found.prompts:
        return {}
    count = len(found.pairs)
    return {
        "prompts": found.prompts,
        "pairs": count,
        "prompts_with_pairs": len({pair.chosen for pair in found.pairs}),
        "without": dict(found.without),
        "margin": round(median(pair.margin for pair in found.pairs), 4) if count else None,
        "chosen_longer": round(sum(pair.longer for pair in found.pairs) / count, 4) if count else None,
    }


def notes(found: Mapping[str, Any]) -> Iterator[str]:
    """Whether prompts have pairs, and whether length alone tells the sides apart."""
    if not found:
        return
    prompts, paired = found["prompts"], found["prompts_with_pairs"]
    reasons = list(found["without"].items())
    why = ", ".join(f"{count:,} as {in_words(reason)}" for reason, count in reasons[:SHOWN])
    if others := sum(count for _, count in reasons[SHOWN:]):
        why += f", {others:,} for other reasons"
    if not found["pairs"]:
        yield Warn(f"no preference pair was made of the answers to {prompts:,} prompts: {why}")
    elif paired < FEW * prompts:
        yield Warn(
            f"only {paired:,} of {prompts:,} prompts {'has' if paired == 1 else 'have'} a preference pair: {why}"
        )
    else:
        yield f"{_pairs(found)} of the answers to {paired:,} of {prompts:,} prompts" + (f": {why}" if why else "")
    if found["pairs"] >= ENOUGH and found["chosen_longer"] >= LONGER:
        yield Warn(
            f"in {found['chosen_longer']:.0%} of the preference pairs the chosen answer is the longer one: training on "
            "them teaches length (`pairs: {length: {at_most: 0.3}}` leaves pairs of like length)"
        )


def _pairs(found: Mapping[str, Any]) -> str:
    return "1 preference pair" if found["pairs"] == 1 else f"{found['pairs']:,} preference pairs"


def card(section: Pairs, found: Mapping[str, Any], outcome: Outcome) -> CardPart:
    """How pairs were made, how many there are, and why prompts have none."""
    asked = section.asks(outcome.models)
    bounds = {
        name: f"{limits.at_least if limits.at_least is not None else 0:g} to "
        f"{limits.at_most if limits.at_most is not None else 1:g}"
        for name in ("likeness", "length")
        if (limits := getattr(section, name))
    }
    return CardPart(
        "pairs",
        {
            **{name: found[name] for name in ("prompts", "pairs", "prompts_with_pairs")},
            "rejected": section.rejected,
            "margin": "" if section.margin is None else digits(section.margin),
            "median": "" if found["margin"] is None else digits(found["margin"]),
            "longer": "" if found["chosen_longer"] is None else f"{found['chosen_longer']:.0%}",
            "likeness": bounds["likeness"],
            "length": bounds.get("length", ""),
            "model": Name(outcome.models[asked[0].name].model) if asked else None,
            "plain": section.format == "plain",
            "table": without(found),
        },
    )


def panel(found: Mapping[str, Any] | None) -> Panel | None:
    """How many pairs there are, and why prompts have none."""
    if not found:
        return None
    text = f"{_pairs(found)} of the answers to {found['prompts_with_pairs']:,} of {found['prompts']:,} prompts."
    if found["pairs"]:
        text += f" The median margin is {digits(found['margin'])}; in {found['chosen_longer']:.0%} the chosen answer "
        text += "is the longer one."
    pieces: list[str | ShownTable] = [text]
    if shown := without(found):
        pieces += ["Prompts without a pair:", shown]
    return Panel("pairs", "Preference pairs", pieces)


def without(found: Mapping[str, Any]) -> ShownTable | None:
    """Why prompts have no pair, the most frequent reason first."""
    rows = [(in_words(reason), count) for reason, count in found["without"].items()]
    return ShownTable(("why a prompt has no pair", "prompts"), rows, {1}, "prompts without a pair") if rows else None


def in_words(reason: str) -> str:
    """A reason in words; the step behind it stays in its brackets."""
    name, _, step = reason.partition(" (")
    return WORDS[name] + (f" ({step}" if step else "")
