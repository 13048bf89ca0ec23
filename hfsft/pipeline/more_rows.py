"""The waves of a recipe's build: what brings more rows into it, and the source of each wave."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.cache import put
from hfsft.engine.adding import Kept
from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Step
from hfsft.hashing import unit
from hfsft.recipe.reading import DEFECT, reading
from hfsft.rows.batch import Row
from hfsft.rows.reading.summaries import rows_said
from hfsft.stages.evolving.evolve import Evolve
from hfsft.stages.sizing.pace import Brought, Pace
from hfsft.stages.sizing.size import ENDS
from hfsft.stages.sizing.waves import EVOLVE, WAVE, WRITTEN_BY, Grower, NextWave, Waves

if TYPE_CHECKING:
    from hfsft.engine.plan import Plan
    from hfsft.recipe.recipe import Recipe

ACCEPTED = "waves.json"  # in a build's cache: what was accepted of the rows that its waves asked for


def waves_of(
    recipe: Recipe, plan: Plan, pays_for: Callable[[], float | None], tell: Callable[[str], None]
) -> Waves | None:
    """What brings waves into a build of this plan; None where the recipe wants no size."""
    if recipe.size is None or recipe.evolve is None:
        return None
    source = plan.steps[0]
    evolve = recipe.evolve
    seeds = seeds_of(source)
    grower = Grower(EVOLVE, 1.0, len(seeds) * evolve.variants)
    most = sum(evolve.variants**number for number in range(evolve.rounds))
    return Waves(
        Pace(recipe.size.rows, most, recipe.size.accepted_at_least),
        [grower],
        (),
        partial(_source, source, evolve),
        pays_for,
        tell,
    )


def keep_accepted(waves: Waves, cache: Path) -> None:
    """Keep what was accepted, for the forecast of the next build."""
    asked, accepted = sum(wave.asked for wave in waves.brought), sum(wave.accepted for wave in waves.brought)
    put(cache / ACCEPTED, json.dumps({"asked": asked, "accepted": accepted, "others": waves.others}))


def told(waves: Waves, cache: Path) -> str:
    """How many waves may follow those that the store holds answers for, in words."""
    size, brought = waves.pace.size, waves.brought
    if waves.ended:
        return f"size: {size:,} rows are there" if waves.ended == "size" else f"size: {ENDS[waves.ended]}"
    try:
        last = json.loads((cache / ACCEPTED).read_text(encoding="utf-8"))
        asked, accepted, others = (int(last[name]) for name in ("asked", "accepted", "others"))
    except (OSError, ValueError, LookupError, TypeError):
        asked = accepted = others = 0
    if not (asked and accepted):
        return (
            f"size: {size:,} rows in waves, of which the first is shown; how many follow is not known before it is "
            "known what is accepted"
        )
    brought = brought or [Brought(waves.asked[0], round(waves.asked[0] * accepted / asked))]
    ahead = waves.pace.ahead(accepted / asked, others, brought)
    rows, number = sum(wave.asked for wave in (*brought, *ahead)), len(brought) + len(ahead)
    return (
        f"size: {size:,} rows; of {asked:,} that the last build asked for, {accepted / asked:.0%} were accepted: about "
        f"{rows_said(rows)} in {number} {'wave' if number == 1 else 'waves'}, this build goes on from what is stored"
    )


def seeds_of(source: Step) -> list[Row]:
    """The seeds of people that a source reads and that can be used, in the order of a hash of their ids."""
    rows = source.function()
    found = [row for row in rows if not isinstance(row, Kept) and row["origin"] == "seed" and row[DEFECT] is None]
    return sorted(found, key=lambda row: unit(row["id"], "wave"))


def _source(source: Step, evolve: Evolve, wanted: NextWave) -> Step:
    """The step that brings the rows of a wave."""
    assert source.work is not None, "what reads sources is data"
    numbers = {name: list(each) for name, each in wanted.numbers.items()}
    arguments = {"sources": source.work.as_dict(), "evolve": evolve.model_dump(mode="json", exclude_unset=True)}
    return Step(
        f"sources.wave[{wanted.wave}]",
        rows="source",
        writes=source.writes,
        role=source.role,
        about=source.about,
        identity={**source.identity, "wave": wanted.wave, "numbers": numbers, "variants": evolve.variants},
        work=Work("hfsft.pipeline.more_rows:growing", {**arguments, "wave": wanted.wave, "numbers": numbers}),
        needs=source.needs,
        place=source.place,
    )


def growing(
    *needs: Resource,
    sources: Mapping[str, Any],
    evolve: Mapping[str, Any],
    wave: int,
    numbers: Mapping[str, Sequence[int]],
) -> Callable[[], Iterator[Row]]:
    """What brings the rows of a wave."""
    return partial(_grown, needs, sources, Evolve.model_validate(evolve), wave, numbers)


def _grown(
    needs: Sequence[Resource],
    sources: Mapping[str, Any],
    evolve: Evolve,
    wave: int,
    numbers: Mapping[str, Sequence[int]],
) -> Iterator[Row]:
    seeds = seeds_of(Step("sources", rows="source").doing(reading(*needs, **sources["arguments"])))
    start, stop = numbers.get(EVOLVE, (0, 0))
    for number in range(start, stop):
        again, which = divmod(number, len(seeds))
        for child in evolve.more_children([seeds[which]], again, again + 1):
            yield {**child, WAVE: wave, WRITTEN_BY: EVOLVE}
