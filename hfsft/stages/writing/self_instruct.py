"""Written after what there is: each row is shown some of people's prompts and some that were written before it.

Source: Wang et al. 2023, "Self-Instruct: Aligning Language Models with Self-Generated Instructions", arXiv 2212.10560,
section 2: eight demonstrations, six of them people's and two written in earlier rounds, and an instruction is kept
where its ROUGE-L with every one before it is below 0.7.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from math import nextafter
from typing import Any, ClassVar

from pydantic import Field

from hfsft.engine.resources import Work
from hfsft.engine.spread.two_ways import TwoWays
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import Problem
from hfsft.hashing import unit
from hfsft.rows.batch import Batch, Row
from hfsft.rows.columns import OF, SLOT, WAVE, WRITTEN_BY
from hfsft.rows.row import PEOPLE, WRITTEN
from hfsft.similarity.novelty import By, nearest_before
from hfsft.stages.base import Context
from hfsft.stages.writing.base import Written
from hfsft.stages.writing.written_kind import written_kind

DEMONSTRATIONS, SHOWN = "demonstrations", "demonstration_texts"
NOVELTY = "novelty"
ROUNDS = "hfsft.stages.writing.few_rows:worked_out"  # what makes the same of scattered rows
_NUMBER = re.compile(r"\A\d{1,3}[.)]\s+")
_MORE = re.compile(r"\n[ \t]{0,9}\d{1,3}[.)]\s")  # where a writer goes on with the list
WRITTEN_SHARE = 0.25  # of the demonstrations: two of eight


@written_kind
class SelfInstruct(Written):
    """A new instruction for each row, from a few that people wrote and a few that were written before it."""

    way: ClassVar[str] = "self_instruct"
    looks_at: ClassVar[tuple[str, ...]] = (SLOT, SHOWN)
    compared: ClassVar[tuple[str, ...]] = (SHOWN,)
    example: ClassVar[str] = """\
    seeds:
      - prompts: [Can I move my appointment?, What does a filling cost?]
      - {from: self_instruct, count: 200, demonstrations: 8}
    """
    knows: ClassVar[Mapping[str, Any]] = {DEMONSTRATIONS: []}

    demonstrations: int = Field(
        8,
        ge=1,
        le=40,
        description="Prompts shown to the writer: of four of them three are people's, as far as there are.",
    )
    rounds: int = Field(
        4, ge=1, le=20, description="Rounds of writing: each sees what was written and kept in the rounds before it."
    )
    by: By = Field(
        "rouge_l", description="How likeness is measured: by common words in order, or by runs of characters."
    )
    below: float = Field(
        0.7,
        gt=0,
        le=1,
        description="Likeness to any prompt before it from which on a row falls; 1 keeps all but copies.",
    )

    def problems(self, context: Context) -> Iterator[Problem]:
        """That no person's prompt is there to begin with."""
        if not context.peoples:
            message = "from: self_instruct needs prompts of people to begin with"
            yield Problem(context.place(self.key, "from"), message, "add `prompts` or a file to seeds, or examples")

    def steps(self, context: Context) -> list[Step]:
        """The steps of each round: what is shown, what writes the rows, the checks of them, and how new they are."""
        place, found = context.place(self.key), []
        ranked = {"called": context.called, "rounds": self.rounds}
        for number in range(1, self.rounds + 1):
            step = f"{self._key}[{number}]"
            found += [
                Step(
                    name=f"{step}.shown",
                    sees="all",
                    reads=("id", "origin", WRITTEN_BY, SLOT, WAVE, "instruction"),
                    optional=(DEMONSTRATIONS, SHOWN),
                    writes={DEMONSTRATIONS: ["string"], SHOWN: ["string"]},
                    role="lineage",
                    about="The rows whose prompts the writer was shown.",
                    identity={**ranked, "round": number, "demonstrations": self.demonstrations},
                    work=Work(
                        "hfsft.stages.writing.self_instruct:showing",
                        {**ranked, "number": number, "count": self.demonstrations},
                    ),
                    place=place,
                ),
                self.asking(context, step, number),
                *self.checking(context, step, number),
                Step(
                    name=f"{step}.likeness",
                    sees="all",
                    reads=("id", "origin", WRITTEN_BY, SLOT, WAVE, "instruction"),
                    optional=(NOVELTY, NOVELTY + OF),
                    writes={NOVELTY: "float64", NOVELTY + OF: "string"},
                    about="The highest likeness of the row's prompt to one before it, from 0 to 1.",
                    identity={**ranked, "round": number, "by": self.by, "below": self.below},
                    work=Work(
                        "hfsft.stages.writing.self_instruct:comparing",
                        {**ranked, "number": number, "by": self.by, "below": self.below},
                    ),
                    drops=(SHOWN,) if number == self.rounds else (),
                    place=place,
                ),
                # Of bounds, which are inclusive, the largest number below.
                compare(
                    f"{step}.novelty",
                    Bound(NOVELTY, NOVELTY, at_most=nextafter(self.below, 0), missing="keep"),
                    place,
                ),
            ]
        return found

    @property
    def asked(self) -> tuple[str, ...]:
        """A step for each round."""
        return tuple(f"{self._key}[{number}]" for number in range(1, self.rounds + 1))

    def mine(self, row: Row, called: str, number: int = 0) -> bool:
        """Whether a row is written in that round."""
        return super().mine(row, called) and self.in_round(row[SLOT], number)

    def in_round(self, slot: int, number: int) -> bool:
        """Whether a slot belongs to that round."""
        return round_of(slot, self.rounds) == number

    def taken(self, answer: str) -> str:
        """The instruction, without the number that it would have among those that are shown; of several the first."""
        return _MORE.split(_NUMBER.sub("", super().taken(answer), count=1))[0].strip()

    def shown(self, row: Row) -> dict[str, Any]:
        """The demonstrations."""
        return {DEMONSTRATIONS: row[SHOWN]}


def round_of(slot: int, rounds: int) -> int:
    """The round in which a row is written: rows of all rounds come in turn, so that more rows change no round."""
    return 1 + slot % rounds


def ranks_of(batch: Batch, called: str, rounds: int) -> list[tuple[int, int] | None]:
    """For each row of the source the wave and the round in which it is written; None for all others."""
    rows = zip(batch["origin"], batch[WRITTEN_BY], batch[WAVE], batch[SLOT], strict=True)
    return [
        (wave or 1, round_of(slot, rounds)) if origin == WRITTEN and by == called else None
        for origin, by, wave, slot in rows
    ]


def looked_at(rank: tuple[int, int] | None, number: int, text: Any) -> bool:
    """Whether a row is compared in that round: one of a later wave in each up to its own."""
    return rank is not None and bool(text) and (rank[1] == number or (rank[1] < number and rank[0] > 1))


def showing(called: str, rounds: int, number: int, count: int) -> TwoWays:
    """What picks the demonstrations of the rows of a round."""
    how: dict[str, Any] = {"called": called, "rounds": rounds, "number": number, "count": count}
    return TwoWays(partial(_shown, **how), Work(ROUNDS, {"way": "showing", "how": how}))


def _shown(batch: Batch, *, called: str, rounds: int, number: int, count: int) -> Batch:
    """Of each row of the round the rows that it is shown; other rows keep what they were shown.

    They are of people, and of those written in rounds before it and in no later wave: what a row of a wave sees does
    not change when another wave comes.
    """
    ranks, ids, texts = ranks_of(batch, called, rounds), batch["id"], batch["instruction"]
    absent = [None] * len(ids)
    picked, said = list(batch.get(DEMONSTRATIONS) or absent), list(batch.get(SHOWN) or absent)
    peoples = _Ring([ids[at] for at, origin in enumerate(batch["origin"]) if origin in PEOPLE and texts[at]], ids)
    waves = sorted({rank[0] for rank in ranks if rank and rank[1] == number})
    for wave in waves:
        before = [ids[at] for at, rank in enumerate(ranks) if rank and rank[0] <= wave and rank[1] < number]
        written = _Ring(before, ids)
        for at, rank in enumerate(ranks):
            if rank != (wave, number):
                continue
            share = min(len(before), max(round(count * WRITTEN_SHARE), count - len(peoples.ids)))
            found = [*peoples.near(ids[at], count - share), *written.near(ids[at], share)]
            found.sort(key=partial(_turn, ids, ids[at]))
            picked[at], said[at] = [ids[each] for each in found], [texts[each] for each in found]
    return {DEMONSTRATIONS: picked, SHOWN: said}


def _turn(ids: Sequence[str], row_id: str, other: int) -> float:
    """Where among the demonstrations of a row another one stands."""
    return unit(row_id, "shown", ids[other])


class _Ring:
    """Rows in the order of hashes of their ids, of which each other row meets some: one row more moves few of these."""

    def __init__(self, ids: Sequence[str], all_ids: Sequence[str]) -> None:
        self.ids = sorted(ids, key=lambda each: (unit(each, "demonstration"), each))
        self._hashes = [unit(each, "demonstration") for each in self.ids]
        self._places = {each: place for place, each in enumerate(all_ids)}

    def near(self, row_id: str, count: int) -> list[int]:
        """The places of so many rows, each the next on the ring behind a hash of the row's id."""
        found: dict[str, None] = {}
        for turn in range(min(count, len(self.ids))):
            at = bisect_left(self._hashes, unit(row_id, "pick", turn)) % len(self.ids)
            while self.ids[at] in found:
                at = (at + 1) % len(self.ids)
            found[self.ids[at]] = None
        return [self._places[each] for each in found]


def comparing(called: str, rounds: int, number: int, by: By, below: float) -> TwoWays:
    """What measures how much the rows of a round are like those before them."""
    how: dict[str, Any] = {"called": called, "rounds": rounds, "number": number, "by": by, "below": below}
    return TwoWays(partial(_compared, **how), Work(ROUNDS, {"way": "comparing", "how": how}))


def _compared(batch: Batch, *, called: str, rounds: int, number: int, by: By, below: float) -> Batch:
    """Of each row of the round its likeness to the nearest prompt of people, of rounds before it, or of its own round
    where that has the lower id; other rows keep what was found of them.

    A row of a later wave is compared with all of the waves before it, whose rows never hang on those that come behind:
    so it is in the round of each of them.
    """
    ids, texts = batch["id"], batch["instruction"]
    absent = [None] * len(ids)
    likeness, nearest = list(batch.get(NOVELTY) or absent), list(batch.get(NOVELTY + OF) or absent)
    ranks = {at: rank for at, rank in enumerate(ranks_of(batch, called, rounds)) if rank and texts[at]}
    there = sorted((*rank, ids[at], at) for at, rank in ranks.items() if rank[1] <= number)
    peoples = [at for at, origin in enumerate(batch["origin"]) if origin in PEOPLE and texts[at]]
    for wave in sorted({each[0] for each in there}):
        mine = [at for of, turn, _, at in there if of == wave and looked_at((of, turn), number, texts[at])]
        before = [at for of, turn, _, at in there if of < wave or (of == wave == 1 and turn < number)]
        among, given = [*peoples, *before, *mine], len(peoples) + len(before)
        found = nearest_before([texts[at] for at in among], [0] * given + [1] * len(mine), by, below)
        for at, near in zip(mine, found[given:], strict=True):
            likeness[at] = near.likeness if near else None
            nearest[at] = ids[among[near.place]] if near else None
    return {NOVELTY: likeness, NOVELTY + OF: nearest}
