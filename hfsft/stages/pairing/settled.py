"""What became of the pairs that were named behind the judge, once all rows have their fate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hfsft.rows.columns import adjusted_of, first_of
from hfsft.stages.base import Outcome
from hfsft.stages.pairing.picking import FAULT, PAIR, PAIR_ID, REJECTED
from hfsft.stages.several_answers import MEAN, PROMPT

UNJUDGED, CHOSEN_FELL, REJECTED_FELL, REFINED = "none judged", "chosen fell", "rejected fell", "rejected refined"
NOT_CHOSEN = "not_chosen"
_READ = ("id", PROMPT, PAIR, PAIR_ID, FAULT, MEAN, adjusted_of("mean"), first_of(MEAN), "response")


class SettledPair(NamedTuple):
    """A chosen and a rejected row, by their ids, with the scores by which they are so."""

    chosen: str
    rejected: str
    score_chosen: float
    score_rejected: float
    longer: bool  # whether the chosen answer is the longer one

    @property
    def margin(self) -> float:
        """By how much the chosen one's score is higher."""
        return round(self.score_chosen - self.score_rejected, 9)


@dataclass(frozen=True)
class Settled:
    """The pairs, and of each prompt that has none why."""

    prompts: int
    pairs: Sequence[SettledPair]
    without: Mapping[str, int] = field(default_factory=dict)  # reason -> prompts


class _Answer(NamedTuple):
    """One answer to a prompt, and what became of it."""

    id: str
    prompt: str
    pair: str | None
    pair_id: str | None
    fault: str | None
    mean: float | None
    adjusted: float | None
    first_mean: float | None
    length: int  # of what it says, in characters
    fell: str = ""  # the step that took it out
    usable: bool = True  # as the rejected side

    @property
    def score(self) -> float:
        """The score by which answers are chosen."""
        return (self.mean if self.adjusted is None else self.adjusted) or 0.0


def settled(outcome: Outcome) -> Settled:
    """The pairs whose chosen row stayed, and whose rejected row stayed too, was passed over or fell by its scores."""
    answers = {each.id: each for each in _answers(outcome)}
    prompts: dict[str, list[_Answer]] = {}
    for each in answers.values():
        prompts.setdefault(each.prompt, []).append(each)
    pairs: list[SettledPair] = []
    without: Counter[str] = Counter()
    for those in prompts.values():
        whys = []
        named = [each for each in those if each.pair == REJECTED]
        found = []
        for rejected in sorted(named, key=lambda each: each.id):
            chosen = answers[rejected.pair_id or ""]
            if why := _why(chosen, rejected):
                whys.append(why)
                continue
            longer = chosen.length > rejected.length
            found.append(SettledPair(chosen.id, rejected.id, chosen.score, rejected.score, longer))
        if not found:
            faults = (each.fault.partition(":")[0] for each in those if each.fault)
            without[whys[0] if whys else next(faults, UNJUDGED)] += 1
        pairs += found
    ordered = sorted(pairs, key=lambda pair: (pair.chosen, -pair.margin, pair.rejected))
    return Settled(len(prompts), ordered, dict(without.most_common()))


def _why(chosen: _Answer, rejected: _Answer) -> str:
    """Why the two are no pair after all; empty where they are."""
    if chosen.fell:
        return f"{CHOSEN_FELL} ({chosen.fell})"
    if not rejected.usable:
        return f"{REJECTED_FELL} ({rejected.fell})"
    return REFINED if rejected.first_mean is not None else ""


def _answers(outcome: Outcome) -> Iterator[_Answer]:
    """All answers to prompts, those that stayed first."""
    yield from _of([outcome.values(name) for name in _READ], "", usable=True)
    usable: dict[str, bool] = {}
    for each in outcome.fell:
        usable[each.step] = usable.get(each.step, False) or each.by_score or each.rule == NOT_CHOSEN
    for step, able in usable.items():
        yield from _of([outcome.removed(name, step) for name in _READ], step, usable=able)


def _of(columns: Sequence[Iterable[Any]], fell: str, usable: bool) -> Iterator[_Answer]:
    for values in zip(*columns, strict=True):
        if values[1] is not None:
            yield _Answer._make([*values[:-1], len(values[-1] or ""), fell, usable])
