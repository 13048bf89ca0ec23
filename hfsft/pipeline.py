"""Load, compile, run, write: what the command and `hfsft.build()` share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.cache import cache_folder, settle
from hfsft.errors import RecipeError, UserError
from hfsft.plan.plan import Plan
from hfsft.recipe.blind import filter_warnings
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import Budget, Recipe, load_recipe
from hfsft.recipe.sources import look

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

    from hfsft.models.estimate import Estimate
    from hfsft.models.usage import Progress, Usage
    from hfsft.plan.asker import Missing
    from hfsft.plan.ledger import FunnelLine, Ledger
    from hfsft.plan.step import Step
    from hfsft.plan.why import Reason
    from hfsft.release.built import Built
    from hfsft.release.publish import Published
    from hfsft.release.rows.preview import Preview

OUT = "build"  # where builds go unless somebody says otherwise
AnyRecipe = str | Path | Mapping[str, Any] | Recipe
"""A recipe's file, its content as a mapping, one already loaded, or `hf://datasets/you/name` for a published one."""


@dataclass(frozen=True)
class Watcher:
    """Who is told how a build goes; each may be left out."""

    on_step: Callable[[Step, int], None] | None = None  # a step begins over so many rows
    on_progress: Callable[[Progress], None] | None = None  # several times a second while models are asked
    on_line: Callable[[FunnelLine], None] | None = None  # a step has ended


@dataclass(frozen=True)
class Publishing:
    """How a build goes to the Hub, where its recipe names a repository."""

    wanted: bool = True
    create_pr: bool = False  # propose it instead of writing it
    tell: Callable[[str], None] = lambda _: None  # is told what takes long


@dataclass(frozen=True)
class StepForecast:
    """What the next build would do at one step."""

    step: Step
    cached: bool
    rows: int  # rows that would come in, as far as known
    missing: Missing | None  # None where the step asks no model or needs nothing
    estimate: Estimate | None = None  # of all its calls, those included that may not come


@dataclass(frozen=True)
class Checked:
    """A recipe without a fault, as far as can be seen before it is built."""

    plan: Plan
    notes: list[str]  # what the first rows of its sources show, and where its filters are blind


def validate(recipe: AnyRecipe, *, overrides: Sequence[str] = (), hub: bool = True) -> Checked:
    """Check a recipe, and the first rows of its sources, without asking any model.

    Without `hub` no dataset of the Hub is looked at. Raises `RecipeError` with all that is wrong.
    """
    loaded = _loaded(recipe, overrides)
    seen = look(loaded, hub=hub)
    try:
        plan = compile_recipe(loaded, weights=False, sources=False)
    except RecipeError as error:
        told = {problem.place for problem in error.problems}
        raise RecipeError([*error.problems, *(each for each in seen.problems if each.place not in told)]) from None
    if seen.problems:
        raise RecipeError(seen.problems)
    return Checked(plan, [*seen.notes, *filter_warnings(loaded)])


def build(
    recipe: AnyRecipe, *, overrides: Sequence[str] = (), out: str | Path = OUT, force: bool = False
) -> DatasetDict:
    """The dataset of a recipe: a `DatasetDict` with `train` and, where rows were held out, `validation`.

    The same is written to `out/<name>`, with card, ledger, funnel, rejected rows and recipe beside it; the build that
    stood there is kept in `out/.previous/<name>`. Raises `UserError` for whatever the user can mend, such as a folder
    there that is no build (with `force` it is moved aside); answers paid for by then are kept.
    """
    from hfsft.release.folder import load_built

    built, folder = run(recipe, overrides=overrides, out=out, force=force)
    publish(built.recipe, folder)
    return load_built(folder)


def run(
    recipe: AnyRecipe,
    *,
    overrides: Sequence[str] = (),
    out: str | Path = OUT,
    watcher: Watcher | None = None,
    publishing: Publishing | None = None,
    force: bool = False,
) -> tuple[Built, Path]:
    """What `build` does up to the folder, with all that is known at its end.

    Where no row is left, the folder is written all the same, and the `UserError` says why rows fell. A folder there
    that is no build is an error before any model is asked, or moved aside with `force`; where the recipe names a
    repository and `publishing` is not off, the Hub is asked then too whether it would take the release.
    """
    started = time.perf_counter()
    how = publishing or Publishing()
    loaded = _loaded(recipe, overrides, how.tell)
    from hfsft.release import former, remembered

    former.require(Path(out) / loaded.name, force)
    sides_before = remembered.read(loaded, Path(out))
    plan = compile_recipe(loaded, former=sides_before)
    if loaded.publish.repo_id and how.wanted:
        from hfsft.release.publish import check

        check(loaded.publish, create_pr=how.create_pr, tell=how.tell)
    if loaded.publish.tokenizer:
        from hfsft.release.tokenizer import load_tokenizer

        load_tokenizer(loaded.publish.tokenizer, base=loaded.base)  # fails now, not after the last answer is paid for
    from hfsft.release import vega

    vega.prepare()
    rows, ledger, usage = _execute(loaded, plan, watcher or Watcher())
    from hfsft.plan.on_datasets import quiet
    from hfsft.plan.why import remember
    from hfsft.release.built import SPLITS, Built
    from hfsft.release.causes import nothing_left
    from hfsft.release.folder import write

    ids: dict[str, list[str]] = {split: [] for split in SPLITS}
    for row_id, split in zip(rows["id"][:], rows["split"][:], strict=True):
        ids[split].append(row_id)
    ledger.finish(
        {split: sorted(found) for split, found in ids.items()}, dict(zip(rows["id"][:], rows["source"][:], strict=True))
    )
    sides = remembered.after(loaded, sides_before, rows)
    built = Built(loaded, plan, rows, ledger, usage, time.perf_counter() - started, sides)
    with quiet():
        folder = write(built, Path(out), force)
    remembered.keep(loaded, sides)
    cache = cache_folder(plan.name)
    remember(plan, cache)
    settle(cache, plan.digest, time.time() - (time.perf_counter() - started))
    if not len(rows):
        raise UserError(nothing_left(built.causes, ledger.rows_in, str(folder)))
    return built, folder


def publish(recipe: Recipe, folder: Path, publishing: Publishing | None = None) -> Published | None:
    """Put a finished build on the Hub; None where the recipe names no repository or publishing is off.

    Nothing is committed where only the figures of the run changed. Raises `ReleaseError`, which says how to go on.
    """
    how = publishing or Publishing()
    if not (recipe.publish.repo_id and how.wanted):
        return None
    from hfsft.release.publish import push

    return push(folder, recipe.publish, create_pr=how.create_pr, news_only=True, tell=how.tell)


def preview(
    recipe: AnyRecipe, rows: int = 3, *, overrides: Sequence[str] = (), watcher: Watcher | None = None
) -> Preview:
    """Each step with the rows that it left of `rows` source rows; answers are kept for the build that follows.

    Which source rows is a hash of their ids. Filters that compare rows see only these few.
    """
    from hfsft.release import remembered
    from hfsft.release.rows.preview import Preview

    loaded = _loaded(recipe, overrides)
    plan = compile_recipe(loaded, limit=rows, former=remembered.read(loaded, Path(OUT)))
    seen: list[tuple[Step, list[dict[str, Any]]]] = []
    _, ledger, usage = _execute(
        loaded, plan, watcher or Watcher(), lambda step, left: seen.append((step, left.to_list()))
    )
    return Preview(loaded, plan, seen, ledger, usage)


def forecast(recipe: AnyRecipe, *, overrides: Sequence[str] = ()) -> list[StepForecast]:
    """What the next build would do at each step: what is cached, what would be asked. Asks no model."""
    import tempfile

    from hfsft.models.estimate import estimate
    from hfsft.models.pool import Pool
    from hfsft.models.store import Store
    from hfsft.plan import engine
    from hfsft.plan.asker import Forecast
    from hfsft.plan.ledger import Ledger
    from hfsft.release import remembered

    loaded = _loaded(recipe, overrides)
    plan = compile_recipe(loaded, former=remembered.read(loaded, Path(OUT)))
    cache = cache_folder(plan.name)
    with (
        Store() as store,
        Pool(loaded.models, store, recipe=plan.name) as pool,
        tempfile.TemporaryDirectory() as scratch,
    ):
        asker, ledger = Forecast(pool), Ledger()
        engine.run(plan, asker, cache, ledger, scratch=Path(scratch))
        found = []
        for step, line in zip(plan.steps, ledger.funnel, strict=True):
            missing, guess = asker.missing.get(step.name), None
            if missing and (missing.known or missing.unknown):
                (name,) = step.models
                price = pool.usage.prices.get(name)
                requests = list(missing.known.values())
                model = loaded.models[name]
                guess = estimate(store, model, price, step.name, requests, missing.unknown, missing.sample)
            found.append(StepForecast(step, line.cached, line.rows_in, missing, guess))
    return found


def budget(recipe: AnyRecipe, *, overrides: Sequence[str] = ()) -> Budget | None:
    """The bounds that a recipe sets to one build; None where it sets none."""
    return _loaded(recipe, overrides).budget


def why(recipe: AnyRecipe, *, overrides: Sequence[str] = ()) -> list[Reason]:
    """For each step, whether the next build would run it again, and because of which change."""
    from hfsft.plan.why import explain

    plan = compile_recipe(_loaded(recipe, overrides))
    return explain(plan, cache_folder(plan.name))


def _loaded(recipe: AnyRecipe, overrides: Sequence[str], tell: Callable[[str], None] = lambda _: None) -> Recipe:
    if isinstance(recipe, str) and recipe.startswith("hf://"):
        from hfsft.release.reader import fetch_recipe

        recipe = fetch_recipe(recipe, tell)
    return load_recipe(recipe, overrides)


def _execute(
    recipe: Recipe, plan: Plan, watcher: Watcher, after: Callable[[Step, Dataset], None] | None = None
) -> tuple[Dataset, Ledger, Usage]:
    from hfsft.models import usage
    from hfsft.models.pool import Pool
    from hfsft.models.store import Store
    from hfsft.plan.ahead import begin
    from hfsft.plan.asker import Live
    from hfsft.plan.ledger import Ledger
    from hfsft.plan.outlook import Outlook

    ledger = Ledger()

    def ended(step: Step, left: Dataset) -> None:
        outlook.ended(step, left)
        if watcher.on_line:
            watcher.on_line(ledger.funnel[-1])
        if after:
            after(step, left)

    def progress(now: Progress) -> None:
        if watcher.on_progress:
            watcher.on_progress(replace(now, whole=outlook.of(now)))

    bounds = usage.Budget(**recipe.budget.model_dump()) if recipe.budget else None
    asked = {name: recipe.models[name] for step in plan.steps for name in step.models}
    with (
        Store() as store,
        Pool(asked, store, budget=bounds, recipe=plan.name, on_progress=progress) as pool,
    ):
        cache, live, outlook = cache_folder(plan.name), Live(pool), Outlook(plan, pool.usage)
        plan = begin(plan, live, cache)
        from hfsft.plan import engine  # takes long: what was begun is asked meanwhile

        rows = engine.run(plan, live, cache, ledger, before=watcher.on_step, after=ended)
        return rows, ledger, pool.usage
