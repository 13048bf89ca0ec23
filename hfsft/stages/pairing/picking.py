"""Which of a prompt's judged answers make a pair, and why those do not that make none.

The best answer is the chosen one, as in best of n; the rejected one is the worst, any other (Tunstall et al. 2023,
"Zephyr: Direct Distillation of LM Alignment", arXiv 2310.16944, section 3.2) or the next best. Pairs whose texts are
nearly the same lower the likelihood of both in training (Pal et al. 2024, "Smaug: Fixing Failure Modes of Preference
Optimisation with DPO-Positive", arXiv 2402.13228, section 3).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from hfsft.hashing import unit
from hfsft.plain import digits
from hfsft.rows.batch import Row
from hfsft.rows.columns import ranked_by
from hfsft.rows.limits import Limits
from hfsft.rows.messages import Message
from hfsft.rows.views import asked_and_answered, turn_text
from hfsft.similarity.novelty import rouge_l
from hfsft.stages.several_answers import best, rank

PAIR, PAIR_ID, MARGIN, FAULT = "pair", "pair_id", "pair_margin", "pair_fault"
CHOSEN, REJECTED = "chosen", "rejected"
SIDES = (CHOSEN, REJECTED)

ALONE, BELOW, TURNS, TIED, ALIKE, LENGTH, SHAPE = (
    "no other answer",
    "no answer passes",
    "other turns",
    "margin",
    "alike",
    "length",
    "not plain",
)
"""Why a prompt has no pair, as the column `pair_fault` begins."""

Rejected = Literal["lowest", "random", "next"]


class Pick(NamedTuple):
    """What becomes of one prompt: the best answer, those it is compared with, and why, where there are none."""

    best: Row
    rejected: Sequence[Row]
    fault: str | None


@dataclass(frozen=True)
class Picking:
    """By what pairs are made."""

    margin: float  # of the mean scores; 0 for any difference
    rejected: Rejected
    per_prompt: int
    length: Limits | None
    likeness: Limits
    plain: bool

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Picking:
        """The same, of which a section told as JSON."""
        limits = {name: told[name] and Limits.model_validate(told[name]) for name in ("length", "likeness")}
        return cls(**{**told, **limits})

    def pick(self, rows: Sequence[Row], failing: Collection[str], unsure: Collection[str] = ()) -> Pick:
        """The pairs of one prompt's answers.

        Those with ids in `failing` fall by their scores, and are never chosen; those in `unsure` fall as their scores
        are, and are on neither side.
        """
        judged = [row for row in rows if row[ranked_by(row)] is not None]
        if not judged:  # no score is known yet, in a forecast: no row without one comes here
            return Pick(rows[0], rows[1 : 1 + self.per_prompt], None if rows[1:] else ALONE)
        sure = [row for row in judged if row["id"] not in unsure]
        able = [row for row in sure if row["id"] not in failing]
        chosen = best(able or judged)
        if not able:
            return Pick(chosen, [], BELOW)
        others = [row for row in sure if row["id"] != chosen["id"]]
        if not others:
            return Pick(chosen, [], ALONE)
        found: list[Row] = []
        faults: list[str] = []
        for other in sorted(others, key=self._rank):
            if fault := next(self._faults(chosen, other), None):
                faults.append(fault)
            elif len(found) < self.per_prompt:
                found.append(other)
        return Pick(chosen, found, None if found else faults[0])

    def _rank(self, row: Row) -> tuple[float, float]:
        """The order in which answers are tried as the rejected one; among equals a hash decides."""
        score = {"lowest": rank(row), "next": -rank(row), "random": 0.0}[self.rejected]
        return score, unit(row["id"], "rejected")

    def _faults(self, chosen: Row, rejected: Row) -> Iterator[str]:
        """Why the two make no pair, each as what it is and what was found."""
        (question, answer), (other_question, other_answer) = map(asked_and_answered, (chosen, rejected))
        if question != other_question:
            yield f"{TURNS}: the two answer different turns of the user"
        margin = margin_of(chosen, rejected)
        if margin <= 0 or margin < self.margin:
            least = f"not at_least {digits(self.margin)}" if self.margin else "the same score"
            yield f"{TIED}: {digits(margin)}, {least}"
        one, other = ("\n\n".join(map(turn_text, turns)) for turns in (answer, other_answer))
        likeness = 1.0 if one == other else round(rouge_l(one, other), 4)
        if wrong := _off(self.likeness, likeness):
            yield f"{ALIKE}: {wrong}"
        apart = round(abs(len(one) - len(other)) / max(len(one), len(other), 1), 4)
        if self.length and (wrong := _off(self.length, apart)):
            yield f"{LENGTH}: {wrong}"
        if self.plain and any(
            _beyond_plain(row, question, each) for row, each in ((chosen, answer), (rejected, other_answer))
        ):
            yield f"{SHAPE}: plain texts hold one question and its answer, without tools"


def margin_of(chosen: Row, rejected: Row) -> float:
    """By how much the score of the first is higher, by which answers are chosen."""
    return round(rank(chosen) - rank(rejected), 9)


def _beyond_plain(row: Row, question: Sequence[Message], answer: Sequence[Message]) -> bool:
    """Whether a row has tools, more than one question, or calls."""
    asked = [turn["role"] for turn in question if turn["role"] != "system"]
    return bool(row.get("tools")) or len(answer) != 1 or asked != ["user"]


def _off(limits: Limits, value: float) -> str:
    """How a value lies outside the bounds; empty where it does not."""
    bound = limits.broken(value)
    return bound and f"{digits(value)}, not {bound}"
