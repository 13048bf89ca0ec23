"""Size: as many rows as were asked for, brought in waves until they have passed every rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import ceil
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from hfsft.engine.step import Step
from hfsft.errors import Problem
from hfsft.rows.columns import WAVE
from hfsft.stages.base import Context, Outcome, Panel, ShownTable, Stage, Warn
from hfsft.stages.sizing.pace import Pace
from hfsft.stages.sizing.trim import SIZE, trimming
from hfsft.stages.sizing.waves import EVOLVE

ENDS = {
    "budget": "the budget would not pay for another wave (raise it, and the next build goes on from here)",
    "exhausted": "too few of the rows that were asked for last were accepted (see which rules took them; other seeds, "
    "attributes or templates bring rows that are new; `size.accepted_at_least` says when to give up)",
    "people": "more rows of models would be too many beside those of people (add rows of people, or lower "
    "`guards.people`)",
}


class Size(Stage):
    """Bring rows in waves until so many are accepted.

    A wave is one pass of writing and filtering. Each asks for as many rows as will most likely do, by what was accepted
    of those before, and rather for too few than for too many. Rows of people count; of more rows than were asked for
    the best stay, in turn over the thinnest combinations of attributes.
    """

    key: ClassVar[str] = "size"
    example: ClassVar[str] = """\
    evolve: {variants: 2}
    size: 2000
    """

    rows: int = Field(ge=1, description="Accepted rows in all; `size: 2000` says the same in short.")
    accepted_at_least: float = Field(
        0.02,
        ge=0,
        le=1,
        description="Share of the rows asked for that must be accepted; a wave that brings less is the last one.",
    )

    def first(self, sources: int) -> int:
        """The rows that each of so many sources brings in the first pass, where the recipe leaves that open."""
        return ceil(Pace(self.rows).pilot / sources)

    def problems(self, context: Context) -> Iterator[Problem]:
        """Whether anything can bring more rows."""
        if EVOLVE not in context.sections and not any(key.startswith("seeds[") for key in context.sections):
            advice = "let a model write seeds (`from: attributes` and others), or add `evolve`"
            yield Problem(context.place(self.key), "size: nothing in this recipe brings more rows", advice)

    def steps(self, context: Context) -> list[Step]:
        """Two steps that let go of rows beyond the size."""
        return trimming(self.rows, context.attributes, context.place(self.key), context.reviewed)

    def losses(self, outcome: Outcome) -> Iterator[str]:
        """Whether rows are missing, and why no wave brought them."""
        found = len(outcome.values("id"))
        if found < self.rows and outcome.ended in ENDS:
            yield Warn(f"{found:,} of the {self.rows:,} rows of `size`: {ENDS[outcome.ended]}")

    def panel(self, outcome: Outcome) -> Panel | None:
        """What each wave asked for, and how much of it was accepted."""
        kept = Counter(wave for wave in outcome.values(WAVE) if wave is not None)
        fell = Counter(wave for wave in outcome.removed(WAVE) if wave is not None)
        beyond = Counter(wave for wave in outcome.removed(WAVE, SIZE) if wave is not None)
        waves = sorted({*kept, *fell})
        if not waves:
            return None
        rows = [
            (
                wave,
                kept[wave] + fell[wave],
                kept[wave],
                beyond[wave] or None,
                f"{kept[wave] / (kept[wave] + fell[wave]):.0%}",
            )
            for wave in waves
        ]
        head = ("wave", "rows", "in the dataset", "beyond the size", "share")
        return Panel(
            SIZE,
            "Waves",
            (
                f"{len(outcome.values('id')):,} of {self.rows:,} rows",
                ShownTable(head, rows, range(len(head)), "Rows of each wave"),
            ),
        )


def _from_number(value: Any) -> Any:
    return {"rows": value} if isinstance(value, int) and not isinstance(value, bool) else value


AnySize = Annotated[Size, BeforeValidator(_from_number, json_schema_input_type=int | Size)]
"""The size as a recipe writes it: a bare number, or the full mapping."""
