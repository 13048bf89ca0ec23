"""Demonstrations: complete examples that a model is shown as turns before the row's own.

Which examples help is a matter of likeness to the question as well as of chance: Liu et al. 2022, "What Makes Good
In-Context Examples for GPT-3?", section 3; shown ones that repeat the question would give its answer away.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import Any, ClassVar, Literal

from pydantic import Field

from hfsft.engine.resources import Work
from hfsft.engine.step import Step
from hfsft.errors import Place
from hfsft.hashing import digest
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.messages import Message
from hfsft.rows.views import OPTIONAL, answered, complete, messages, questions
from hfsft.similarity import LexicalIndex, families
from hfsft.stages.base import Section

SHOWN, TURNS = "demonstrations", "demonstration_turns"
"""Columns of the ids of the examples that were shown, and of their turns as JSON until the row is answered."""
FAMILY = 0.6  # likeness from which two questions are of one family, as in the split
POINTS = 16  # at which an example stands on the ring, so that each is picked about as often
READS = ("id", "seed_id", "origin", "instruction", "response", "messages")
ALSO = ("family_key", "reasoning", "documents", *(name for name in OPTIONAL if name != "messages"))


class Demonstrations(Section):
    """Which examples a model is shown before it answers."""

    example: ClassVar[str] = """\
    examples: [{path: answered.jsonl}]
    generate:
      demonstrations: {count: 2, by: likeness}
    """

    count: int = Field(2, ge=1, le=20, description="Examples that are shown before each row's own question.")
    by: Literal["hash", "likeness"] = Field(
        "hash",
        description="How they are picked of the recipe's `examples`: by a `hash` of the row's id, or those whose "
        "question is most like the row's, letter by letter, the most like last.",
    )

    def step(self, place: Place | None) -> Step:
        """The step that picks them for each row that has no answer."""
        return Step(
            "generate.demonstrations",
            sees="all",
            reads=READS,
            optional=ALSO,
            writes={SHOWN: ["string"], TURNS: "string"},
            role="lineage",
            about="Ids of the examples that the model was shown before it answered.",
            identity={"count": self.count, "by": self.by},
            work=Work("hfsft.stages.answers.demonstrations:showing", self.model_dump(mode="json")),
            place=place,
        )


def turns_of(row: Mapping[str, Any]) -> list[Message]:
    """What a row shows before its own turns."""
    found: list[Message] = json.loads(row[TURNS]) if row.get(TURNS) else []
    return found


def showing(count: int, by: str) -> Callable[[Batch], Batch]:
    """What picks so many examples for each row."""
    return partial(_shown, count=count, by=by)


def _shown(batch: Batch, *, count: int, by: str) -> Batch:
    """Of each row without an answer the ids and the turns of its demonstrations; None of all others."""
    known = _known(batch)
    asking = [place for place, row in enumerate(known.rows) if not answered(row)]
    picked = (_by_likeness if by == "likeness" else _by_hash)(known, asking, count)
    found: Batch = {name: [None] * len(known.rows) for name in (SHOWN, TURNS)}
    for place, places in zip(asking, picked, strict=True):
        turns = [turn for each in places for turn in _turns(known.rows[each])]
        found[SHOWN][place] = [known.rows[each]["id"] for each in places]
        found[TURNS][place] = json.dumps(turns, ensure_ascii=False)
    return found


def _can_be_shown(row: Row) -> bool:
    """Whether an example is a conversation from the user's first word to the assistant's last, without tools."""
    if row["origin"] != "example" or not complete(row) or not answered(row) or row.get("tools"):
        return False
    turns = _turns(row)
    return bool(turns) and turns[0]["role"] == "user" and turns[-1]["role"] == "assistant" and _alternate(turns)


def _alternate(turns: Sequence[Message]) -> bool:
    return all(
        turn["role"] == ("assistant" if place % 2 else "user") and turn["content"] for place, turn in enumerate(turns)
    )


def _turns(row: Row) -> list[Message]:
    """What an example shows: its turns as they are said, without the system prompt."""
    said = (turn for turn in messages(row) if turn["role"] != "system")
    return [{"role": turn["role"], "content": turn["content"]} for turn in said]


@dataclass(frozen=True)
class _Pool:
    """All rows: what each asks, and the family that it is of; the places of those that can be shown."""

    rows: Sequence[Row]
    asked: Sequence[tuple[str, str]]
    family: Sequence[int]
    shown: Sequence[int]

    def foreign(self, place: int, other: int) -> bool:
        """Whether another row is of another family."""
        return self.family[place] != self.family[other]


def _known(batch: Batch) -> _Pool:
    rows = list(rows_of(batch))
    asked = [(each.said, each.context) for each in questions(batch)]
    index = LexicalIndex[int]()
    index.add(range(len(rows)), asked)
    family = families(len(rows), chain(_of_one_lineage(rows), index.joined(FAMILY)))
    return _Pool(rows, asked, family, [place for place, row in enumerate(rows) if _can_be_shown(row)])


def _of_one_lineage(rows: Sequence[Row]) -> Iterator[tuple[int, int]]:
    """Pairs of rows of one seed, of one family that a source names, or of one document."""
    first: dict[Any, int] = {}
    for place, row in enumerate(rows):
        keys = [row["seed_id"], row.get("family_key"), *(row.get("documents") or ())]
        for key in (key for key in keys if key is not None):
            if (earlier := first.setdefault(key, place)) != place:
                yield earlier, place


def _ring(known: _Pool) -> list[tuple[int, str, int]]:
    """Where the examples stand on a ring of hashes, each at several points."""
    return sorted(
        (int(digest([known.rows[place]["id"], point], 16), 16), known.rows[place]["id"], place)
        for place in known.shown
        for point in range(POINTS)
    )


def _by_hash(known: _Pool, asking: Sequence[int], count: int) -> Iterator[list[int]]:
    """The examples that stand next to points which hang on the row's id.

    An example that is added, or gone, changes the rows next to it alone.
    """
    ring = _ring(known)
    for place in asking:
        picked = list[int]()
        for number in range(count if ring else 0):
            point = int(digest([known.rows[place]["id"], "demonstration", number], 16), 16)
            start = bisect_left(ring, (point,))
            along = (ring[(start + step) % len(ring)][2] for step in range(len(ring)))
            fits = (each for each in along if each not in picked and known.foreign(place, each))
            picked += islice(fits, 1)
        yield picked


def _by_likeness(known: _Pool, asking: Sequence[int], count: int) -> Iterator[list[int]]:
    """The examples whose questions are most like the row's, the most like last."""
    index = LexicalIndex[int]()
    index.add(known.shown, [known.asked[place][0] for place in known.shown])
    for place in asking:
        alike = dict(index.neighbours([known.asked[place][0]])[0]) if known.shown else {}
        foreign = (each for each in known.shown if known.foreign(place, each))
        order = sorted(foreign, key=lambda each: (-alike.get(each, 0.0), known.rows[each]["id"]))
        yield order[:count][::-1]
