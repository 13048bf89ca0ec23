"""The waves of a recipe's build: what brings more rows into it, and the source of each wave."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.cache import put
from hfsft.engine.adding import Kept, SourceRows
from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Step
from hfsft.hashing import unit
from hfsft.recipe.reading import DEFECT, reading
from hfsft.recipe.sources import given_of
from hfsft.rows.batch import Row
from hfsft.rows.columns import WAVE, WRITTEN_BY
from hfsft.rows.reading.summaries import rows_said
from hfsft.stages.evolving.evolve import Evolve
from hfsft.stages.sizing.pace import Brought, Pace
from hfsft.stages.sizing.size import ENDS
from hfsft.stages.sizing.waves import EVOLVE, Grower, NextWave, Waves

if TYPE_CHECKING:
    from hfsft.engine.plan import Plan
    from hfsft.recipe.recipe import Recipe

ACCEPTED = "waves.json"  # in a build's cache: what was accepted of the rows that its waves asked for


def waves_of(
    recipe: Recipe, plan: Plan, pays_for: Callable[[], float | None], tell: Callable[[str], None]
) -> Waves | None:
    """What brings waves into a build of this plan; None where the recipe wants no size.

    Rows come of the sources that models write, in proportion to their `count`; where there are none, of further
    evolutions of people's seeds.
    """
    size, source = recipe.size, plan.steps[0]
    if size is None:
        return None
    writers = [each for each in given_of(recipe) if each.written]
    if writers:
        growers = [Grower(each.name, each.count or 1, each.count or 0) for each in writers]
        bring = partial(_written, source, [each.name for each in writers])
    else:
        assert recipe.evolve is not None, "checked with the recipe"
        growers = [Grower(EVOLVE, 1.0, len(seeds_of(source)) * recipe.evolve.variants)]
        bring = partial(_evolved, source, recipe.evolve)
    attributes = list(recipe.attributes.all) if recipe.attributes and writers else []
    pace = Pace(size.rows, _most(recipe, bool(writers)), size.accepted_at_least)
    people = recipe.guards.people.at_least if recipe.guards and recipe.guards.people else 0.0
    return Waves(
        pace, growers, attributes, bring, pays_for, tell, partial(_carried, recipe), people, recipe.review is not None
    )


def _carried(recipe: Recipe, accepted: Callable[[str], Sequence[Any]]) -> dict[str, Any]:
    """What sections have each row of the next wave bring along."""
    stages = recipe.stages().values()
    return {name: value for stage in stages for name, value in stage.carried(accepted).items()}


def _most(recipe: Recipe, written: bool) -> float:
    """How many rows may come of one that is asked for: itself, what evolves from it, several answers to each."""
    evolve, samples = recipe.evolve, recipe.generate.samples if recipe.generate else None
    rounds = range(evolve.rounds + written) if evolve else range(1)
    answers = samples.count if samples and samples.keep == "all" else 1
    return float(answers * sum((evolve.variants if evolve else 1) ** number for number in rounds))


def keep_accepted(waves: Waves, cache: Path, *, whole: bool) -> None:
    """Keep what was accepted, for the forecast of the next build; a last wave that is not `whole` tells nothing."""
    brought = waves.brought if whole else waves.brought[:-1]
    asked, accepted = sum(wave.asked for wave in brought), sum(wave.accepted for wave in brought)
    put(cache / ACCEPTED, json.dumps({"asked": asked, "accepted": accepted, "others": waves.others}))


def told(waves: Waves, cache: Path) -> tuple[str, float | None]:
    """How many waves may follow the one whose answers the store lacks, in words, and how many times as many rows as
    that one they would ask for; None where it is not known.
    """
    size, brought = waves.pace.size, waves.brought
    if waves.ended:
        return f"size: {size:,} rows are there" if waves.ended == "size" else f"size: {ENDS[waves.ended]}", 0.0
    try:
        last = json.loads((cache / ACCEPTED).read_text(encoding="utf-8"))
        asked, accepted, others = (int(last[name]) for name in ("asked", "accepted", "others"))
    except (OSError, ValueError, LookupError, TypeError):
        asked = accepted = others = 0
    if not (asked and accepted):
        return (
            f"size: {size:,} rows in waves, of which the first is shown; how many follow is not known before it is "
            "known what is accepted"
        ), None
    brought = brought or [Brought(waves.asked[0], round(waves.asked[0] * accepted / asked))]
    ahead = waves.pace.ahead(accepted / asked, others, brought)
    rows, number = sum(wave.asked for wave in (*brought, *ahead)), len(brought) + len(ahead)
    shown = (
        f"size: {size:,} rows; of {asked:,} that the last build asked for, {accepted / asked:.0%} were accepted: about "
        f"{rows_said(rows)} in {number} {'wave' if number == 1 else 'waves'}, this build goes on from what is stored"
    )
    return shown, max(0, rows - sum(waves.asked)) / max(1, waves.asked[-1])


def seeds_of(source: Step) -> list[Row]:
    """The seeds of people that a source reads and that can be used, in the order of a hash of their ids."""
    return _seeds(source.function())


def _seeds(rows: Iterable[Any]) -> list[Row]:
    found = [row for row in rows if not isinstance(row, Kept) and row["origin"] == "seed" and row[DEFECT] is None]
    return sorted(found, key=lambda row: unit(row["id"], "wave"))


def _written(source: Step, names: Sequence[str], wanted: NextWave) -> Step:
    """The step that brings the rows of a wave which models write."""
    assert source.work is not None, "what reads sources is data"
    told = {name: source.work.arguments[name] for name in ("sources", "kept")}
    have = sorted([list(each), rows] for each, rows in wanted.accepted.items())
    more = {
        "attributes": source.work.arguments.get("attributes", []),
        "wave": wanted.wave,
        "slots": [list(wanted.numbers.get(name, (0, 0))) for name in names],
        "have": have,
    }
    return _source(source, wanted, more, Work("hfsft.recipe.reading:filling", {**told, **more}))


def _evolved(source: Step, evolve: Evolve, wanted: NextWave) -> Step:
    """The step that brings further evolutions of people's seeds."""
    assert source.work is not None, "what reads sources is data"
    told = evolve.model_dump(mode="json", exclude_unset=True)
    more = {"wave": wanted.wave, "numbers": list(wanted.numbers[EVOLVE]), "evolve": told}
    arguments = {"reading": dict(source.work.arguments), **more}
    return _source(source, wanted, more, Work("hfsft.pipeline.more_rows:growing", arguments))


def _source(source: Step, wanted: NextWave, more: Mapping[str, Any], work: Work) -> Step:
    if wanted.carried:
        work = Work("hfsft.pipeline.more_rows:carrying", {"of": work.as_dict(), "carried": dict(wanted.carried)})
        more = {**more, "carried": dict(wanted.carried)}
    return replace(
        source, name=f"{source.name}.wave[{wanted.wave}]", identity={**source.identity, "brings": dict(more)}, work=work
    )


def carrying(*needs: Resource, of: Mapping[str, Any], carried: Mapping[str, Any]) -> Callable[[], Iterator[Row]]:
    """What brings the rows of a wave, each with the columns that are `carried`."""
    return partial(_carrying, Work(**of).made(*needs), carried)


def _carrying(bring: Callable[[], Iterator[Row]], carried: Mapping[str, Any]) -> Generator[Row, None, Any]:
    rows = SourceRows(bring())
    for row in rows:
        yield {**row, **carried}
    return rows.told


def growing(
    *needs: Resource, reading: Mapping[str, Any], evolve: Mapping[str, Any], wave: int, numbers: Sequence[int]
) -> Callable[[], Iterator[Row]]:
    """What brings further evolutions, of numbers from the first to before the second: each seed in turn gets one."""
    return partial(_grown, needs, reading, Evolve.model_validate(evolve), wave, range(*numbers))


def _grown(
    needs: Sequence[Resource], told: Mapping[str, Any], evolve: Evolve, wave: int, numbers: range
) -> Iterator[Row]:
    seeds = _seeds(reading(*needs, **told)())
    for number in numbers:
        again, which = divmod(number, len(seeds))
        for child in evolve.more_children([seeds[which]], again, again + 1):
            yield {**child, WAVE: wave, WRITTEN_BY: EVOLVE}
