"""Demonstrations: complete examples that a model is shown as turns before the row's own.

Which examples help is a matter of likeness to the question as well as of chance: Liu et al. 2022, "What Makes Good
In-Context Examples for GPT-3?", section 3; shown ones that repeat the question would give its answer away.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from hfsft.engine.resources import Work
from hfsft.engine.spread.two_ways import TwoWays
from hfsft.engine.step import Step
from hfsft.errors import Place
from hfsft.hashing import digest
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.messages import Message
from hfsft.rows.views import OPTIONAL, answered, complete, messages, questions
from hfsft.similarity import families
from hfsft.stages.base import Section

if TYPE_CHECKING:
    from hfsft.similarity import LexicalIndex

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


def showing(count: int, by: str) -> TwoWays:
    """What picks so many examples for each row."""
    how: dict[str, Any] = {"count": count, "by": by}
    return TwoWays(partial(_shown, **how), Work("hfsft.stages.answers.demonstration_rounds:shown", how))


def _shown(batch: Batch, *, count: int, by: str) -> Batch:
    """Of each row without an answer the ids and the turns of its demonstrations; None of all others."""
    from hfsft.similarity import LexicalIndex

    rows = list(rows_of(batch))
    asked = asked_in(batch)
    index = LexicalIndex[int]()
    index.add(range(len(rows)), asked)
    family = families(len(rows), chain(_of_one_lineage(rows), index.joined(FAMILY)))
    shown = [place for place, row in enumerate(rows) if can_be_shown(row)]
    examples = [(rows[place]["id"], family[place], asked[place]) for place in shown]
    shelf = Shelf([each for each, *_ in examples], [of for _, of, _ in examples], [said for *_, said in examples])
    found: Batch = {name: [None] * len(rows) for name in (SHOWN, TURNS)}
    for place, row in enumerate(rows):
        if not answered(row):
            picked = [shown[each] for each in shelf.picked(by, row["id"], family[place], asked[place], count)]
            found[SHOWN][place] = [rows[each]["id"] for each in picked]
            found[TURNS][place] = as_json([turn for each in picked for turn in turns_shown(rows[each])])
    return found


def as_json(turns: Sequence[Message]) -> str:
    """Turns as the column has them."""
    return json.dumps(turns, ensure_ascii=False)


def asked_in(batch: Batch) -> list[tuple[str, str]]:
    """What each row asks, and its context."""
    return [(each.said, each.context) for each in questions(batch)]


def can_be_shown(row: Row) -> bool:
    """Whether an example is a conversation from the user's first word to the assistant's last, without tools."""
    if row["origin"] != "example" or not complete(row) or not answered(row) or row.get("tools"):
        return False
    turns = turns_shown(row)
    return bool(turns) and turns[0]["role"] == "user" and turns[-1]["role"] == "assistant" and _alternate(turns)


def _alternate(turns: Sequence[Message]) -> bool:
    return all(
        turn["role"] == ("assistant" if place % 2 else "user") and turn["content"] for place, turn in enumerate(turns)
    )


def turns_shown(row: Row) -> list[Message]:
    """What an example shows: its turns as they are said, without the system prompt."""
    said = (turn for turn in messages(row) if turn["role"] != "system")
    return [{"role": turn["role"], "content": turn["content"]} for turn in said]


def _of_one_lineage(rows: Sequence[Row]) -> Iterator[tuple[int, int]]:
    """Pairs of rows of one seed, of one family that a source names, or of one document."""
    first: dict[Any, int] = {}
    for place, row in enumerate(rows):
        keys = [row["seed_id"], row.get("family_key"), *(row.get("documents") or ())]
        for key in (key for key in keys if key is not None):
            if (earlier := first.setdefault(key, place)) != place:
                yield earlier, place


@dataclass(frozen=True)
class Shelf:
    """The examples that can be shown: their ids, the family that each is of, and what it asks."""

    ids: Sequence[str]
    families: Sequence[int]
    asked: Sequence[tuple[str, str]]

    def picked(self, by: str, row_id: str, family: int, asked: tuple[str, str], count: int) -> list[int]:
        """The places of so many of another family than a row."""
        return self._alike(family, asked[0], count) if by == "likeness" else self._along(row_id, family, count)

    def _along(self, row_id: str, family: int, count: int) -> list[int]:
        """The examples that stand next to points which hang on the row's id.

        An example that is added, or gone, changes the rows next to it alone.
        """
        ring, picked = self._ring, list[int]()
        for number in range(count if ring else 0):
            point = int(digest([row_id, "demonstration", number], 16), 16)
            start = bisect_left(ring, (point,))
            along = (ring[(start + step) % len(ring)][2] for step in range(len(ring)))
            fits = (each for each in along if each not in picked and self.families[each] != family)
            picked += islice(fits, 1)
        return picked

    @cached_property
    def _ring(self) -> list[tuple[int, str, int]]:
        """Where the examples stand on a ring of hashes, each at several points."""
        return sorted(
            (int(digest([each, point], 16), 16), each, place)
            for place, each in enumerate(self.ids)
            for point in range(POINTS)
        )

    def _alike(self, family: int, question: str, count: int) -> list[int]:
        """The examples whose questions are most like the row's, the most like last."""
        alike = dict(self._index.neighbours([question])[0]) if self.ids else {}
        foreign = (place for place in range(len(self.ids)) if self.families[place] != family)
        order = sorted(foreign, key=lambda place: (-alike.get(place, 0.0), self.ids[place]))
        return order[:count][::-1]

    @cached_property
    def _index(self) -> LexicalIndex[int]:
        from hfsft.similarity import LexicalIndex

        index = LexicalIndex[int]()
        index.add(range(len(self.ids)), [question for question, _ in self.asked])
        return index
