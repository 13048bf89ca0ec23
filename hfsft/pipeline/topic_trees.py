"""The trees of topics of a recipe, shown before anything else is paid for, and written where they can be edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml

from hfsft.errors import UserError
from hfsft.loading import AnyRecipe, AnyTrust, load
from hfsft.pipeline.building import Watcher, execute
from hfsft.recipe.checks.trust import ASKING
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.sources import given_of
from hfsft.rows.columns import WRITTEN_BY
from hfsft.stages.writing.topics import PATH, FromTopics, file_beside, tree_of

if TYPE_CHECKING:
    from pathlib import Path

    from hfsft.models.limits.usage import Usage

HEAD = (
    "# The topics of {}: each source by its name. Take out what is not wanted, add what lacks, or put it elsewhere.\n"
    "# Builds of this recipe use what stands here; without this file they grow the tree anew, from the same answers.\n"
)


@dataclass(frozen=True)
class TopicTrees:
    """The trees by source: those that were known, as the recipe or a file has them, and those that were grown."""

    known: dict[str, Any]
    grown: dict[str, Any]
    file: Path | None  # where those that were grown are written; None where the recipe is in no file
    usage: Usage | None  # what growing took


def topic_trees(
    recipe: AnyRecipe, *, overrides: Sequence[str] = (), watcher: Watcher | None = None, trust: AnyTrust = None
) -> TopicTrees:
    """Grow every tree of topics that is not known yet, and write it beside the recipe.

    The answers are those that a build would ask for, so that a build pays none of them again. Raises `UserError` where
    the recipe has none, or a tree cannot be grown.
    """
    loaded = load(recipe, overrides, trust, ASKING)
    sources = {each.index: (each.name, each.source) for each in given_of(loaded) if isinstance(each.source, FromTopics)}
    if not sources:
        raise UserError("the recipe has no source with `from: topics`, so there is no tree to show")
    known = {
        name: tree
        for name, source in sources.values()
        if (tree := source.grown_in(loaded.base, loaded.stem, name)) is not None
    }
    wanted = {index: source for index, (name, source) in sources.items() if name not in known}
    file = loaded.base / file_beside(loaded.stem) if loaded.stem else None
    if not wanted:
        return TopicTrees(known, {}, file, None)
    whole = _whole(loaded, wanted)
    plan = compile_recipe(whole)
    growing = {f"seeds[{index}].topics" for index in wanted}
    first = [step for step in plan.steps if step.rows == "source" or step.name.startswith("sources.")]
    plan = replace(plan, steps=(*first, *(step for step in plan.steps if step.name in growing)))
    rows, ledger, usage = execute(whole, plan, watcher or Watcher(), at_once=True)
    ways: dict[str, dict[tuple[str, ...], None]] = {name: {} for name, _ in sources.values() if name not in known}
    for name, way in zip(rows[WRITTEN_BY][:], rows[PATH][:], strict=True):
        if name in ways and way:
            ways[name][tuple(way)] = None
    if not all(ways.values()):
        causes = {error for removal in ledger.removals for error in removal.errors.values()}
        raise UserError(f"no tree could be grown: {'; '.join(sorted(causes)[:3]) or 'no topic came'}")
    grown = {name: tree_of(list(found)) for name, found in ways.items()}
    if file is not None:
        kept = {name: tree for name, tree in known.items() if file.is_file()}
        text = yaml.safe_dump({**kept, **grown}, allow_unicode=True, sort_keys=False, width=1_000)
        file.write_text(HEAD.format(loaded.name) + text, encoding="utf-8")
    return TopicTrees(known, grown, file, usage)


def _whole(recipe: Recipe, wanted: dict[int, FromTopics]) -> Recipe:
    """The recipe with as many rows of these sources as their trees have ends."""
    counts = {index: source.breadth**source.depth for index, source in wanted.items()}
    seeds = [
        source.model_copy(update={"count": counts[index]}) if index in counts else source
        for index, source in enumerate(recipe.seeds)
    ]
    return recipe.model_copy(update={"seeds": seeds})
